-- Organizations (the tenants), their users and sessions, and the wrapped keysets that encrypt their secrets.

CREATE TABLE platform.organizations (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name TEXT NOT NULL CHECK (char_length(name) BETWEEN 1 AND 500),
    slug TEXT UNIQUE NOT NULL CHECK (char_length(slug) BETWEEN 1 AND 200),

    -- Business Information
    business_type TEXT NOT NULL CHECK (char_length(business_type) BETWEEN 1 AND 100), -- 'fashion', 'food', 'services', etc.
    industry_vertical TEXT CHECK (char_length(industry_vertical) <= 200),
    target_market TEXT CHECK (char_length(target_market) <= 500),

    -- Configuration; the application checks the zone against pg_timezone_names
    timezone TEXT NOT NULL DEFAULT 'America/Sao_Paulo' CHECK (timezone ~ '^[A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+)*$'),
    locale TEXT NOT NULL DEFAULT 'pt-BR' CHECK (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    currency TEXT NOT NULL DEFAULT 'BRL' CHECK (currency ~ '^[A-Z]{3}$'),

    -- Billing
    subscription_plan TEXT NOT NULL DEFAULT 'starter' CHECK (subscription_plan IN ('starter', 'growth', 'scale')),
    billing_status TEXT NOT NULL DEFAULT 'trial' CHECK (billing_status IN ('trial', 'active', 'suspended', 'cancelled')),
    trial_ends_at TIMESTAMP WITH TIME ZONE,

    -- Security
    encryption_key_id TEXT CHECK (char_length(encryption_key_id) <= 500), -- platform.encryption_keys.id

    -- The switch that stops every automatic reply of the organization
    ai_paused_at TIMESTAMP WITH TIME ZONE,
    ai_paused_reason TEXT CHECK (char_length(ai_paused_reason) <= 2000),

    -- Metadata
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    deleted_at TIMESTAMP WITH TIME ZONE, -- Soft delete

    -- Search
    search_vector tsvector GENERATED ALWAYS AS
        (to_tsvector('pg_catalog.portuguese'::regconfig, name || ' ' || COALESCE(business_type, ''))) STORED
);
CREATE INDEX idx_organizations_business_type ON platform.organizations (business_type);
CREATE INDEX idx_organizations_subscription ON platform.organizations (subscription_plan, billing_status);
CREATE INDEX idx_organizations_search ON platform.organizations USING gin (search_vector);
SELECT platform.track_updates('platform.organizations');
SELECT platform.isolate_tenant('platform.organizations', 'id');
SELECT platform.admit_all_tenants('platform.organizations', 'worker_role');
GRANT SELECT, INSERT, UPDATE ON platform.organizations TO application_role;
GRANT SELECT (id, slug, timezone, locale, currency, subscription_plan, billing_status, trial_ends_at, ai_paused_at,
              created_at, updated_at, deleted_at) ON platform.organizations TO worker_role;

CREATE TABLE platform.users (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,

    -- Identity
    email TEXT NOT NULL CHECK (char_length(email) BETWEEN 3 AND 320),
    phone TEXT CHECK (char_length(phone) <= 50),
    full_name TEXT NOT NULL CHECK (char_length(full_name) BETWEEN 1 AND 500),
    avatar_url TEXT CHECK (char_length(avatar_url) <= 4096),

    -- Authentication
    password_hash TEXT CHECK (char_length(password_hash) <= 500),
    email_verified_at TIMESTAMP WITH TIME ZONE,
    phone_verified_at TIMESTAMP WITH TIME ZONE,
    two_factor_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    two_factor_secret TEXT CHECK (char_length(two_factor_secret) <= 2000), -- AEAD ciphertext, base64

    -- Authorization
    role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member')),
    permissions JSONB NOT NULL DEFAULT '[]'::JSONB CHECK (jsonb_typeof(permissions) = 'array'),

    -- Session Management
    last_login_at TIMESTAMP WITH TIME ZONE,
    login_count INTEGER NOT NULL DEFAULT 0 CHECK (login_count >= 0),

    -- Preferences
    notification_preferences JSONB NOT NULL DEFAULT '{
        "email": {"marketing": true, "alerts": true, "reports": true},
        "sms": {"alerts": true, "critical": true},
        "push": {"real_time": true, "daily_summary": false}
    }'::JSONB CHECK (jsonb_typeof(notification_preferences) = 'object'),

    -- Metadata
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    deleted_at TIMESTAMP WITH TIME ZONE,

    CONSTRAINT idx_users_organization UNIQUE (organization_id, id)
);
CREATE UNIQUE INDEX idx_users_email ON platform.users (organization_id, lower(email)) WHERE deleted_at IS NULL;
CREATE INDEX idx_users_role ON platform.users (organization_id, role);
SELECT platform.track_updates('platform.users');
SELECT platform.isolate_tenant('platform.users');
GRANT SELECT, INSERT, UPDATE ON platform.users TO application_role;

CREATE TABLE platform.user_sessions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    user_id UUID NOT NULL,

    -- Session Data: SHA-256 of a random 256-bit token; a token that was used and comes again revokes its family
    refresh_token_hash TEXT NOT NULL CHECK (char_length(refresh_token_hash) BETWEEN 1 AND 500),
    access_token_jti TEXT NOT NULL CHECK (char_length(access_token_jti) BETWEEN 1 AND 500), -- JWT ID for revocation
    device_info JSONB,
    ip_address INET,
    user_agent TEXT CHECK (char_length(user_agent) <= 4096),
    token_family_id UUID NOT NULL DEFAULT gen_random_uuid(),
    used_at TIMESTAMP WITH TIME ZONE,
    replaced_by UUID,

    -- Lifecycle
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    FOREIGN KEY (organization_id, user_id) REFERENCES platform.users (organization_id, id) ON DELETE CASCADE,
    CHECK (expires_at > created_at)
);
CREATE INDEX idx_sessions_user ON platform.user_sessions (organization_id, user_id);
CREATE UNIQUE INDEX idx_sessions_token ON platform.user_sessions (refresh_token_hash);
CREATE INDEX idx_sessions_jti ON platform.user_sessions (organization_id, access_token_jti);
CREATE INDEX idx_sessions_family ON platform.user_sessions (organization_id, token_family_id);
CREATE INDEX idx_sessions_expires ON platform.user_sessions (expires_at);
SELECT platform.isolate_tenant('platform.user_sessions');
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.user_sessions TO application_role;

CREATE TABLE platform.encryption_keys (
    id TEXT PRIMARY KEY CHECK (char_length(id) BETWEEN 1 AND 200),
    organization_id UUID REFERENCES platform.organizations (id) ON DELETE CASCADE, -- NULL: the platform's own keysets
    wrapped_keyset BYTEA CHECK (octet_length(wrapped_keyset) BETWEEN 1 AND 65536),
    master_key TEXT NOT NULL CHECK (char_length(master_key) BETWEEN 1 AND 1000), -- name of the key that wraps it
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    destroyed_at TIMESTAMP WITH TIME ZONE,
    CHECK ((wrapped_keyset IS NULL) = (destroyed_at IS NOT NULL))
);
COMMENT ON TABLE platform.encryption_keys IS
    'Keysets wrapped by the master key; destroying one (wrapped_keyset NULL) erases what it encrypted';
CREATE INDEX idx_encryption_keys_organization ON platform.encryption_keys (organization_id);
SELECT platform.isolate_tenant('platform.encryption_keys');
SELECT platform.admit_all_tenants('platform.encryption_keys', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON platform.encryption_keys TO application_role;
GRANT SELECT, INSERT ON platform.encryption_keys TO definer_role;

-- The wrapped keyset of this id: the transaction's own organization's, or a platform keyset. No row: no such key, or a
-- key of another organization, which are not told apart.
CREATE FUNCTION platform.get_encryption_key(key_id text)
    RETURNS TABLE (wrapped_keyset bytea, master_key text, destroyed_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.wrapped_keyset, k.master_key, k.destroyed_at
    FROM platform.encryption_keys AS k
    WHERE k.id = $1
      AND (k.organization_id IS NULL OR k.organization_id = platform.current_organization_id())
$$;
GRANT EXECUTE ON FUNCTION platform.get_encryption_key(text) TO application_role, intake_role, worker_role;
ALTER FUNCTION platform.get_encryption_key(text) OWNER TO definer_role;

-- Stores a wrapped keyset unless the id exists, and returns what is stored now: of two that make the same key at once
-- both get the first one's. `key_organization_id` is the transaction's own organization, or NULL for a platform keyset.
CREATE FUNCTION platform.add_encryption_key(
    key_id text, key_organization_id uuid, new_wrapped_keyset bytea, new_master_key text
)
    RETURNS TABLE (wrapped_keyset bytea, master_key text, destroyed_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF key_organization_id IS DISTINCT FROM NULL
        AND key_organization_id IS DISTINCT FROM platform.current_organization_id()
    THEN
        RAISE EXCEPTION 'an encryption key is made in the transaction of its own organization'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO platform.encryption_keys (id, organization_id, wrapped_keyset, master_key)
    VALUES (key_id, key_organization_id, new_wrapped_keyset, new_master_key)
    ON CONFLICT (id) DO NOTHING;
    RETURN QUERY SELECT k.wrapped_keyset, k.master_key, k.destroyed_at
    FROM platform.encryption_keys AS k
    WHERE k.id = key_id AND k.organization_id IS NOT DISTINCT FROM key_organization_id;
END
$$;
GRANT EXECUTE ON FUNCTION platform.add_encryption_key(text, uuid, bytea, text)
    TO application_role, intake_role, worker_role;
ALTER FUNCTION platform.add_encryption_key(text, uuid, bytea, text) OWNER TO definer_role;

-- The switches of the whole platform: one row for each, so that whoever asks reads one row.
CREATE TABLE platform.switches (
    name TEXT PRIMARY KEY CHECK (name IN ('ai')), -- 'ai': nothing automatic is sent, of no organization
    paused_at TIMESTAMP WITH TIME ZONE,
    reason TEXT CHECK (char_length(reason) <= 2000),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
);
INSERT INTO platform.switches (name) VALUES ('ai');
SELECT platform.track_updates('platform.switches');
GRANT SELECT ON platform.switches TO application_role, worker_role;
GRANT UPDATE (paused_at, reason) ON platform.switches TO worker_role;
