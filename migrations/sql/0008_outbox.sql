-- Outbound messages from their commit to their acceptance by the provider, each attempt to send them, and every status
-- that a provider reported.

CREATE TABLE platform.outbox (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(), -- travels as biz_opaque_callback_data, so that a status can settle it
    organization_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    message_id UUID,
    execution_id UUID, -- departments.agent_executions, by value: its months are dropped
    turn_seq BIGINT NOT NULL, -- to_seq of the turn
    part SMALLINT NOT NULL DEFAULT 1 CHECK (part >= 0),
    kind TEXT NOT NULL DEFAULT 'reply' CHECK (kind IN ('reply', 'handoff', 'update', 'human', 'template', 'survey')),
    recipient TEXT NOT NULL CHECK (char_length(recipient) BETWEEN 1 AND 500),
    payload JSONB NOT NULL CHECK (jsonb_typeof(payload) = 'object'),

    state TEXT NOT NULL DEFAULT 'ready'
        CHECK (state IN ('ready', 'sending', 'accepted', 'refused', 'uncertain', 'held', 'cancelled')),
    resend_policy TEXT NOT NULL DEFAULT 'resend' CHECK (resend_policy IN ('resend', 'hold')),
    attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    not_before TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    sending_at TIMESTAMP WITH TIME ZONE,
    uncertain_at TIMESTAMP WITH TIME ZONE,
    accepted_at TIMESTAMP WITH TIME ZONE,
    provider_message_id TEXT CHECK (char_length(provider_message_id) BETWEEN 1 AND 1000),
    error_code TEXT CHECK (char_length(error_code) <= 200),
    error_detail TEXT CHECK (char_length(error_detail) <= 20000),
    cancel_reason TEXT CHECK (char_length(cancel_reason) <= 2000),
    duplicate_detected_at TIMESTAMP WITH TIME ZONE,

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    UNIQUE (organization_id, conversation_id, turn_seq, part),
    FOREIGN KEY (organization_id, conversation_id)
        REFERENCES platform.conversations (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections (organization_id, id),
    FOREIGN KEY (organization_id, message_id)
        REFERENCES platform.messages (organization_id, id) ON DELETE SET NULL (message_id)
) WITH (fillfactor = 80);
CREATE INDEX idx_outbox_connection ON platform.outbox (organization_id, connection_id, provider_message_id);
CREATE INDEX idx_outbox_message ON platform.outbox (organization_id, message_id);
CREATE INDEX idx_outbox_waiting ON platform.outbox (state, not_before) WHERE state IN ('ready', 'sending', 'uncertain');
SELECT platform.track_updates('platform.outbox');
SELECT platform.isolate_tenant('platform.outbox');
SELECT platform.admit_all_tenants('platform.outbox', 'worker_role');
SELECT platform.admit_all_tenants('platform.outbox', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON platform.outbox TO application_role;
GRANT SELECT, UPDATE ON platform.outbox TO worker_role;

CREATE TABLE platform.outbox_attempts (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    outbox_id UUID NOT NULL,
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'refused', 'retry', 'uncertain', 'abandoned')),
    http_status INTEGER CHECK (http_status BETWEEN 100 AND 599),
    error_code TEXT CHECK (char_length(error_code) <= 200),
    latency_ms INTEGER CHECK (latency_ms >= 0),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, created_at, id)
) PARTITION BY RANGE (created_at);
INSERT INTO platform.partitioned_tables (table_name) VALUES ('platform.outbox_attempts');
CREATE INDEX idx_outbox_attempts_outbox ON platform.outbox_attempts (organization_id, outbox_id);
SELECT platform.isolate_tenant('platform.outbox_attempts');
SELECT platform.admit_all_tenants('platform.outbox_attempts', 'worker_role');
SELECT platform.admit_all_tenants('platform.outbox_attempts', 'definer_role');
GRANT SELECT, INSERT ON platform.outbox_attempts TO application_role, worker_role;

CREATE TABLE platform.message_statuses (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    provider_message_id TEXT NOT NULL CHECK (char_length(provider_message_id) BETWEEN 1 AND 1000),
    status TEXT NOT NULL CHECK (char_length(status) BETWEEN 1 AND 100), -- the provider's word, also one not known yet
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    message_id UUID, -- NULL: no message with this provider's id is known yet
    outbox_id UUID,
    recipient TEXT CHECK (char_length(recipient) <= 500),
    error_code TEXT CHECK (char_length(error_code) <= 200),
    error_detail TEXT CHECK (char_length(error_detail) <= 20000),
    pricing_billable BOOLEAN,
    pricing_model TEXT CHECK (char_length(pricing_model) <= 100),
    pricing_type TEXT CHECK (char_length(pricing_type) <= 100),
    pricing_category TEXT CHECK (char_length(pricing_category) <= 100),
    conversation_origin TEXT CHECK (char_length(conversation_origin) <= 100),
    PRIMARY KEY (organization_id, received_at, id)
) PARTITION BY RANGE (received_at);
INSERT INTO platform.partitioned_tables (table_name) VALUES ('platform.message_statuses');
CREATE INDEX idx_message_statuses_provider_message
    ON platform.message_statuses (organization_id, connection_id, provider_message_id);
SELECT platform.isolate_tenant('platform.message_statuses');
SELECT platform.admit_all_tenants('platform.message_statuses', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON platform.message_statuses TO application_role;

-- What WhatsApp charges for, per organization and month (UTC): a message is one charge, however many of its statuses
-- say so, in the month of the first that did.
CREATE VIEW platform.whatsapp_charges WITH (security_invoker = true) AS
    SELECT message.organization_id,
           date_trunc('month', message.first_occurred_at, 'UTC') AS month,
           message.pricing_category AS category,
           message.pricing_type AS type,
           count(*) AS messages
    FROM (
        SELECT s.organization_id, s.connection_id, s.provider_message_id,
               min(s.occurred_at) AS first_occurred_at,
               max(s.pricing_category) AS pricing_category,
               max(s.pricing_type) AS pricing_type
        FROM platform.message_statuses AS s
        WHERE s.pricing_billable
        GROUP BY s.organization_id, s.connection_id, s.provider_message_id
    ) AS message
    GROUP BY message.organization_id, date_trunc('month', message.first_occurred_at, 'UTC'),
             message.pricing_category, message.pricing_type;
GRANT SELECT ON platform.whatsapp_charges TO application_role;
