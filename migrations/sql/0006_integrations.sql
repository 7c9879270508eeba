-- Connections to providers, and everything their webhooks delivered: raw deliveries, the events in them, and the keys
-- that make each event count once.

CREATE TABLE integrations.connections (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,

    -- Integration Details
    integration_type TEXT NOT NULL
        CHECK (integration_type IN ('whatsapp', 'instagram', 'facebook', 'stripe', 'mercadopago')),
    provider TEXT NOT NULL CHECK (provider IN ('whatsapp', 'instagram', 'messenger', 'stripe', 'mercadopago')),
    account_identifier TEXT NOT NULL CHECK (char_length(account_identifier) BETWEEN 1 AND 500), -- phone number id, page id

    -- Authentication: base64 of AEAD ciphertext, bound to organization, table, column and row
    access_token TEXT CHECK (char_length(access_token) <= 20000),
    refresh_token TEXT CHECK (char_length(refresh_token) <= 20000),
    token_expires_at TIMESTAMP WITH TIME ZONE,

    -- Configuration
    configuration JSONB NOT NULL DEFAULT '{}'::JSONB CHECK (jsonb_typeof(configuration) = 'object'),
    webhook_url TEXT CHECK (char_length(webhook_url) <= 4096),
    webhook_secret TEXT CHECK (char_length(webhook_secret) <= 20000), -- as the tokens

    -- Status
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'expired', 'revoked', 'error')),
    last_sync_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT CHECK (char_length(last_error) <= 20000),

    -- Rate Limiting
    rate_limit_per_hour INTEGER CHECK (rate_limit_per_hour >= 0),
    requests_this_hour INTEGER NOT NULL DEFAULT 0 CHECK (requests_this_hour >= 0),
    rate_limit_reset_at TIMESTAMP WITH TIME ZONE,

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    UNIQUE (organization_id, integration_type, account_identifier),
    CONSTRAINT idx_connections_org UNIQUE (organization_id, id)
);
-- One account belongs to one organization at a time, so that a message has one owner.
CREATE UNIQUE INDEX connections_account ON integrations.connections (provider, account_identifier)
    WHERE status <> 'revoked';
CREATE INDEX idx_connections_status ON integrations.connections (organization_id, status);
CREATE INDEX idx_connections_sync ON integrations.connections (last_sync_at) WHERE status = 'active';
SELECT platform.track_updates('integrations.connections');
SELECT platform.isolate_tenant('integrations.connections');
SELECT platform.admit_all_tenants('integrations.connections', 'worker_role');
SELECT platform.admit_all_tenants('integrations.connections', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON integrations.connections TO application_role;
GRANT SELECT (id, organization_id, integration_type, provider, account_identifier, token_expires_at, status,
              last_sync_at, rate_limit_per_hour, requests_this_hour, rate_limit_reset_at, created_at, updated_at)
    ON integrations.connections TO worker_role;
GRANT SELECT (id, organization_id, provider, account_identifier, status) ON integrations.connections TO definer_role;

-- Whose account this is, by ids alone: intake asks before there is a tenant. No row: nobody's.
CREATE FUNCTION integrations.resolve_connection(provider text, account text)
    RETURNS TABLE (organization_id uuid, connection_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.organization_id, c.id
    FROM integrations.connections AS c
    WHERE c.provider = $1 AND c.account_identifier = $2 AND c.status <> 'revoked'
$$;
GRANT EXECUTE ON FUNCTION integrations.resolve_connection(text, text) TO intake_role;
ALTER FUNCTION integrations.resolve_connection(text, text) OWNER TO definer_role;

-- A request as it came, sealed by the platform keyset of its month: one may hold items of several organizations.
CREATE TABLE integrations.webhook_deliveries (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    received_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    -- 'meta': it came to the callback that is one for all of Meta's products, and its body does not say which
    provider TEXT NOT NULL CHECK (provider IN ('whatsapp', 'instagram', 'messenger', 'meta', 'stripe', 'mercadopago')),
    status TEXT NOT NULL DEFAULT 'stored' CHECK (status IN ('stored', 'quarantined')),
    quarantine_reason TEXT CHECK (char_length(quarantine_reason) <= 2000),
    sealed_body BYTEA NOT NULL,
    body_key_id TEXT NOT NULL CHECK (char_length(body_key_id) BETWEEN 1 AND 200), -- platform.encryption_keys.id
    body_size INTEGER NOT NULL CHECK (body_size >= 0), -- bytes before sealing
    headers JSONB NOT NULL DEFAULT '{}'::JSONB CHECK (jsonb_typeof(headers) = 'object'),
    verified_by TEXT CHECK (char_length(verified_by) <= 200), -- which of the active secrets signed it
    item_count INTEGER NOT NULL DEFAULT 0 CHECK (item_count >= 0),
    PRIMARY KEY (received_at, id)
) PARTITION BY RANGE (received_at);
INSERT INTO platform.partitioned_tables (table_name) VALUES ('integrations.webhook_deliveries');
CREATE INDEX idx_webhook_deliveries_quarantined ON integrations.webhook_deliveries (provider, received_at)
    WHERE status = 'quarantined';
SELECT platform.admit_all_tenants('integrations.webhook_deliveries', 'worker_role');
SELECT platform.admit_all_tenants('integrations.webhook_deliveries', 'definer_role');
GRANT SELECT, UPDATE ON integrations.webhook_deliveries TO worker_role;

-- One item of a delivery. The organization is unknown until its account is: such items are quarantined.
CREATE TABLE integrations.webhook_events (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    organization_id UUID,
    connection_id UUID,
    delivery_id UUID,
    delivery_received_at TIMESTAMP WITH TIME ZONE,
    ordinal INTEGER CHECK (ordinal >= 0), -- place in the delivery
    provider TEXT CHECK (provider IN ('whatsapp', 'instagram', 'messenger', 'stripe', 'mercadopago')),
    account_identifier TEXT CHECK (char_length(account_identifier) <= 500),

    -- Event Details
    event_type TEXT NOT NULL CHECK (char_length(event_type) BETWEEN 1 AND 200),
    event_id TEXT CHECK (char_length(event_id) <= 1000), -- External event ID

    -- Payload: kept for what could not be parsed or routed; what was understood is in its own rows
    headers JSONB,
    payload JSONB,
    signature TEXT CHECK (char_length(signature) <= 4096),

    -- Processing
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'processing', 'processed', 'failed', 'quarantined', 'unparsed')),
    processed_at TIMESTAMP WITH TIME ZONE,
    error_message TEXT CHECK (char_length(error_message) <= 20000),
    retry_count INTEGER NOT NULL DEFAULT 0 CHECK (retry_count >= 0),

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    PRIMARY KEY (created_at, id),
    FOREIGN KEY (organization_id, connection_id)
        REFERENCES integrations.connections (organization_id, id) ON DELETE SET NULL (connection_id)
) PARTITION BY RANGE (created_at);
INSERT INTO platform.partitioned_tables (table_name, retention) VALUES ('integrations.webhook_events', '3 months');
CREATE INDEX idx_webhook_events_connection ON integrations.webhook_events (organization_id, connection_id, created_at);
CREATE INDEX idx_webhook_events_status ON integrations.webhook_events (status, created_at) WHERE status <> 'processed';
CREATE INDEX idx_webhook_events_type ON integrations.webhook_events (organization_id, event_type, created_at)
    WHERE status <> 'processed';
SELECT platform.isolate_tenant('integrations.webhook_events');
SELECT platform.admit_all_tenants('integrations.webhook_events', 'worker_role');
SELECT platform.admit_all_tenants('integrations.webhook_events', 'definer_role');
GRANT SELECT ON integrations.webhook_events TO application_role;
GRANT SELECT, UPDATE ON integrations.webhook_events TO worker_role;

-- The key of every event ever taken in: a redelivery, also days later, finds it and changes nothing. By itself and not
-- by month, because a unique key of a table kept by month holds only within the month.
CREATE TABLE integrations.webhook_keys (
    provider TEXT NOT NULL CHECK (char_length(provider) BETWEEN 1 AND 50),
    account TEXT NOT NULL CHECK (char_length(account) <= 500),
    event_key TEXT NOT NULL CHECK (char_length(event_key) BETWEEN 1 AND 512),
    first_seen TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, account, event_key)
);
SELECT platform.admit_all_tenants('integrations.webhook_keys', 'definer_role');
