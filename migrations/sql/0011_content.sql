-- Generated content and the media it uses.

CREATE TABLE platform.content (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,
    agent_execution_id UUID, -- departments.agent_executions, by value: its months are dropped
    agent_execution_created_at TIMESTAMP WITH TIME ZONE,

    -- Content Classification
    content_type TEXT NOT NULL CHECK (content_type IN ('social_post', 'whatsapp_response', 'email', 'blog_post')),
    platform TEXT CHECK (platform IN ('instagram', 'facebook', 'whatsapp', 'email')),

    -- Content Data
    title TEXT CHECK (char_length(title) <= 1000),
    body TEXT NOT NULL CHECK (octet_length(body) <= 1000000),
    media_urls JSONB NOT NULL DEFAULT '[]'::JSONB CHECK (jsonb_typeof(media_urls) = 'array'),
    metadata JSONB NOT NULL DEFAULT '{}'::JSONB CHECK (jsonb_typeof(metadata) = 'object'),

    -- Scheduling & Publishing
    scheduled_for TIMESTAMP WITH TIME ZONE,
    published_at TIMESTAMP WITH TIME ZONE,
    status TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'scheduled', 'published', 'failed')),

    -- Engagement Tracking
    engagement_metrics JSONB NOT NULL DEFAULT '{
        "views": 0,
        "likes": 0,
        "comments": 0,
        "shares": 0,
        "clicks": 0
    }'::JSONB CHECK (jsonb_typeof(engagement_metrics) = 'object'),

    -- Quality Control
    human_reviewed BOOLEAN NOT NULL DEFAULT FALSE,
    human_approved BOOLEAN NOT NULL DEFAULT FALSE,
    review_notes TEXT CHECK (char_length(review_notes) <= 20000),

    -- Content Analysis
    sentiment_score NUMERIC(3, 2) CHECK (sentiment_score BETWEEN -1 AND 1),
    readability_score INTEGER CHECK (readability_score BETWEEN 0 AND 100),
    brand_alignment_score NUMERIC(3, 2) CHECK (brand_alignment_score BETWEEN 0 AND 1),

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
);
CREATE INDEX idx_content_org ON platform.content (organization_id, created_at);
CREATE INDEX idx_content_type ON platform.content (organization_id, content_type);
CREATE INDEX idx_content_platform ON platform.content (organization_id, platform);
CREATE INDEX idx_content_status ON platform.content (organization_id, status);
CREATE INDEX idx_content_scheduled ON platform.content (scheduled_for) WHERE status = 'scheduled';
CREATE INDEX idx_content_published ON platform.content (organization_id, published_at) WHERE published_at IS NOT NULL;
SELECT platform.track_updates('platform.content');
SELECT platform.isolate_tenant('platform.content');
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.content TO application_role;

CREATE TABLE platform.media_assets (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,

    -- Asset Information
    filename TEXT NOT NULL CHECK (char_length(filename) BETWEEN 1 AND 1000),
    original_filename TEXT CHECK (char_length(original_filename) <= 1000),
    mime_type TEXT NOT NULL CHECK (char_length(mime_type) BETWEEN 1 AND 200),
    file_size_bytes BIGINT NOT NULL CHECK (file_size_bytes >= 0),

    -- Storage
    storage_provider TEXT NOT NULL DEFAULT 'gcs' CHECK (storage_provider IN ('gcs', 's3', 'local')),
    storage_path TEXT NOT NULL CHECK (char_length(storage_path) BETWEEN 1 AND 2000),
    public_url TEXT CHECK (char_length(public_url) <= 4096),

    -- What is stored: the hash of its bytes (the same bytes are stored once in an organization), and Cloud Storage's
    -- checksum and generation of the object. Deleting goes in two steps: the row says so, then the object and the row go.
    sha256 TEXT CHECK (char_length(sha256) = 64),
    crc32c TEXT CHECK (char_length(crc32c) <= 20),
    generation BIGINT,
    state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'deleting', 'missing')), -- missing: its object is not there
    deleting_at TIMESTAMP WITH TIME ZONE,

    -- Image-specific Data
    image_metadata JSONB, -- width, height, format, etc.
    alt_text TEXT CHECK (char_length(alt_text) <= 5000),

    -- AI Generation Data
    generation_prompt TEXT CHECK (octet_length(generation_prompt) <= 1000000),
    generation_model TEXT CHECK (char_length(generation_model) <= 200),
    generation_cost NUMERIC(20, 10) CHECK (generation_cost >= 0), -- USD; NULL: the price is unknown

    -- Usage Tracking
    usage_count INTEGER NOT NULL DEFAULT 0 CHECK (usage_count >= 0),
    last_used_at TIMESTAMP WITH TIME ZONE,

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    UNIQUE (organization_id, id)
);
CREATE INDEX idx_media_org ON platform.media_assets (organization_id, created_at);
CREATE INDEX idx_media_type ON platform.media_assets (organization_id, mime_type);
CREATE UNIQUE INDEX idx_media_storage ON platform.media_assets (organization_id, storage_provider, storage_path);
CREATE UNIQUE INDEX media_assets_bytes ON platform.media_assets (organization_id, sha256) WHERE state = 'ready';
CREATE INDEX idx_media_deleting ON platform.media_assets (organization_id, deleting_at) WHERE state = 'deleting';
SELECT platform.track_updates('platform.media_assets');
SELECT platform.isolate_tenant('platform.media_assets');
SELECT platform.admit_all_tenants('platform.media_assets', 'worker_role');
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.media_assets TO application_role;
GRANT SELECT (id, organization_id, state, deleting_at, created_at, updated_at) ON platform.media_assets TO worker_role;
