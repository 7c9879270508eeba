-- Conversations with customers (one open one per customer and connection) and their messages.

CREATE TABLE platform.conversations (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,
    connection_id UUID NOT NULL,

    -- Conversation Details
    channel TEXT NOT NULL CHECK (channel IN ('whatsapp', 'instagram', 'facebook', 'email')),
    external_conversation_id TEXT CHECK (char_length(external_conversation_id) <= 1000), -- Platform-specific ID

    -- Participants
    customer_phone TEXT CHECK (char_length(customer_phone) <= 50),
    customer_email TEXT CHECK (char_length(customer_email) <= 320),
    customer_name TEXT CHECK (char_length(customer_name) <= 1000),
    customer_external_id TEXT NOT NULL CHECK (char_length(customer_external_id) BETWEEN 1 AND 500), -- Platform user ID

    -- Status
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'resolved', 'escalated', 'archived')),
    priority TEXT NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),

    -- The turn protocol: seq of the newest inbound message and of the newest answered one, when the next turn is due,
    -- and the lease of the worker that runs it. A commit under an older fence is refused.
    automation_state TEXT NOT NULL DEFAULT 'auto' CHECK (automation_state IN ('auto', 'human', 'paused', 'dead')),
    last_in_seq BIGINT NOT NULL DEFAULT 0,
    done_seq BIGINT NOT NULL DEFAULT 0,
    first_pending_at TIMESTAMP WITH TIME ZONE,
    run_at TIMESTAMP WITH TIME ZONE,
    lease_until TIMESTAMP WITH TIME ZONE,
    fence BIGINT NOT NULL DEFAULT 0,
    turn_attempts INTEGER NOT NULL DEFAULT 0 CHECK (turn_attempts >= 0),
    last_inbound_at TIMESTAMP WITH TIME ZONE,
    opted_out_at TIMESTAMP WITH TIME ZONE,

    -- Assignment
    assigned_to_human BOOLEAN NOT NULL DEFAULT FALSE,
    assigned_user_id UUID,
    escalated_at TIMESTAMP WITH TIME ZONE,
    resolved_at TIMESTAMP WITH TIME ZONE,

    -- Metrics
    first_response_time_seconds INTEGER CHECK (first_response_time_seconds >= 0),
    resolution_time_seconds INTEGER CHECK (resolution_time_seconds >= 0),
    message_count INTEGER NOT NULL DEFAULT 0 CHECK (message_count >= 0),
    human_takeover_count INTEGER NOT NULL DEFAULT 0 CHECK (human_takeover_count >= 0),

    -- Metadata
    tags JSONB NOT NULL DEFAULT '[]'::JSONB CHECK (jsonb_typeof(tags) = 'array'),
    summary TEXT CHECK (char_length(summary) <= 100000),
    satisfaction_score INTEGER CHECK (satisfaction_score BETWEEN 1 AND 5),

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    CONSTRAINT idx_conversations_org UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections (organization_id, id),
    FOREIGN KEY (organization_id, assigned_user_id)
        REFERENCES platform.users (organization_id, id) ON DELETE SET NULL (assigned_user_id),
    CHECK (0 <= done_seq AND done_seq <= last_in_seq)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX conversations_open ON platform.conversations (organization_id, connection_id, customer_external_id)
    WHERE status IN ('active', 'escalated');
CREATE INDEX idx_conversations_due ON platform.conversations (run_at) WHERE run_at IS NOT NULL;
CREATE INDEX idx_conversations_channel ON platform.conversations (organization_id, connection_id);
CREATE INDEX idx_conversations_status ON platform.conversations (organization_id, status, created_at);
CREATE INDEX idx_conversations_customer_phone ON platform.conversations (organization_id, customer_phone)
    WHERE customer_phone IS NOT NULL;
CREATE INDEX idx_conversations_assigned ON platform.conversations (organization_id, assigned_user_id)
    WHERE assigned_user_id IS NOT NULL;
SELECT platform.track_updates('platform.conversations');
SELECT platform.isolate_tenant('platform.conversations');
SELECT platform.admit_all_tenants('platform.conversations', 'worker_role');
SELECT platform.admit_all_tenants('platform.conversations', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON platform.conversations TO application_role;
GRANT SELECT, UPDATE ON platform.conversations TO worker_role;

CREATE TABLE platform.messages (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    connection_id UUID NOT NULL,

    -- Message Details
    direction TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    seq BIGINT CHECK (seq > 0), -- place among the conversation's inbound messages
    message_type TEXT NOT NULL DEFAULT 'text' CHECK (char_length(message_type) BETWEEN 1 AND 50), -- 'text', 'image', …

    -- Content
    text_content TEXT CHECK (octet_length(text_content) <= 1000000),
    media_urls JSONB NOT NULL DEFAULT '[]'::JSONB CHECK (jsonb_typeof(media_urls) = 'array'),
    metadata JSONB NOT NULL DEFAULT '{}'::JSONB CHECK (jsonb_typeof(metadata) = 'object'),

    -- Source
    sender_type TEXT NOT NULL CHECK (sender_type IN ('customer', 'ai', 'human')),
    sender_user_id UUID,
    agent_id UUID,

    -- External Platform Data
    external_message_id TEXT CHECK (char_length(external_message_id) BETWEEN 1 AND 1000),
    platform_timestamp TIMESTAMP WITH TIME ZONE,

    -- AI Processing
    intent_classification TEXT CHECK (char_length(intent_classification) <= 200),
    sentiment_score NUMERIC(3, 2) CHECK (sentiment_score BETWEEN -1 AND 1),
    confidence_score NUMERIC(3, 2) CHECK (confidence_score BETWEEN 0 AND 1),
    entities_extracted JSONB NOT NULL DEFAULT '[]'::JSONB CHECK (jsonb_typeof(entities_extracted) = 'array'),

    -- Response Generation (for AI messages)
    prompt_used TEXT CHECK (octet_length(prompt_used) <= 1000000),
    model_used TEXT CHECK (char_length(model_used) <= 200),
    generation_time_ms INTEGER CHECK (generation_time_ms >= 0),
    tokens_used INTEGER CHECK (tokens_used >= 0),

    -- Delivery Status
    delivery_status TEXT NOT NULL DEFAULT 'pending'
        CHECK (delivery_status IN ('received', 'pending', 'sent', 'delivered', 'read', 'failed')),
    sent_at TIMESTAMP WITH TIME ZONE,
    delivered_at TIMESTAMP WITH TIME ZONE,
    read_at TIMESTAMP WITH TIME ZONE,
    failed_at TIMESTAMP WITH TIME ZONE,
    error_code TEXT CHECK (char_length(error_code) <= 200),
    error_detail TEXT CHECK (char_length(error_detail) <= 20000),

    received_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    UNIQUE (organization_id, id),
    UNIQUE (conversation_id, seq),
    -- the provider's id counts once per connection; rows without one do not collide
    UNIQUE (organization_id, connection_id, external_message_id),
    FOREIGN KEY (organization_id, conversation_id)
        REFERENCES platform.conversations (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections (organization_id, id),
    FOREIGN KEY (organization_id, sender_user_id)
        REFERENCES platform.users (organization_id, id) ON DELETE SET NULL (sender_user_id),
    FOREIGN KEY (organization_id, agent_id)
        REFERENCES departments.agents (organization_id, id) ON DELETE SET NULL (agent_id),
    CHECK (seq IS NULL OR direction = 'inbound')
);
CREATE INDEX idx_messages_conversation ON platform.messages (organization_id, conversation_id, created_at);
CREATE INDEX idx_messages_sender ON platform.messages (organization_id, sender_user_id) WHERE sender_user_id IS NOT NULL;
CREATE INDEX idx_messages_agent ON platform.messages (organization_id, agent_id) WHERE agent_id IS NOT NULL;
CREATE INDEX idx_messages_intent ON platform.messages (organization_id, intent_classification)
    WHERE intent_classification IS NOT NULL;
CREATE INDEX idx_messages_sentiment ON platform.messages (organization_id, sentiment_score)
    WHERE sentiment_score IS NOT NULL;
SELECT platform.isolate_tenant('platform.messages');
SELECT platform.admit_all_tenants('platform.messages', 'worker_role');
SELECT platform.admit_all_tenants('platform.messages', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON platform.messages TO application_role;
GRANT SELECT ON platform.messages TO worker_role;
