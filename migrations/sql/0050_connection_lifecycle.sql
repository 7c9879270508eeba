-- A connection that needs a person: its sends are paused, not lost, and its owner is told once. Also what is known of the account's
-- business, and when it was last heard of.

ALTER TABLE integrations.connections
    ADD COLUMN business_account_id TEXT CHECK (char_length(business_account_id) BETWEEN 1 AND 255),
    ADD COLUMN business_portfolio_id TEXT CHECK (char_length(business_portfolio_id) BETWEEN 1 AND 255),
    ADD COLUMN attention_reason TEXT CHECK (char_length(attention_reason) BETWEEN 1 AND 200),
    ADD COLUMN attention_since TIMESTAMP WITH TIME ZONE,
    ADD COLUMN owner_notified_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN last_webhook_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN last_send_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN token_refreshed_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN token_refresh_after TIMESTAMP WITH TIME ZONE;
COMMENT ON COLUMN integrations.connections.business_account_id IS
    'WhatsApp Business Account, or the page that an Instagram account belongs to: what account-level webhooks name';
COMMENT ON COLUMN integrations.connections.business_portfolio_id IS 'scope of business-scoped user ids and usernames';
COMMENT ON COLUMN integrations.connections.attention_reason IS 'one word: why status is expired or error; NULL while it is neither';
COMMENT ON COLUMN integrations.connections.last_webhook_at IS 'written by the sweep every few minutes, not by intake';
COMMENT ON COLUMN integrations.connections.last_send_at IS 'as last_webhook_at: the newest message that the provider accepted';
COMMENT ON COLUMN integrations.connections.token_refresh_after IS 'no other worker renews the token before this';

-- Account-level events name the business and not the account.
CREATE INDEX idx_connections_business ON integrations.connections (provider, business_account_id)
    WHERE business_account_id IS NOT NULL AND status <> 'revoked';

-- What the owner of a connection is told: once, until it is over. Rows are kept as its history.
CREATE TABLE integrations.connection_alerts (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    -- paused: nothing is sent; silent: sends succeed and no webhook arrives; token_expiring: soon nothing can be sent;
    -- provider_warning: the provider says something that does not stop sends, for example that a template is paused
    kind TEXT NOT NULL CHECK (kind IN ('paused', 'silent', 'token_expiring', 'provider_warning')),
    reason TEXT NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 200),
    detail TEXT CHECK (char_length(detail) <= 20000), -- the provider's words, for people
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),
    cleared_at TIMESTAMP WITH TIME ZONE,
    FOREIGN KEY (organization_id, connection_id)
        REFERENCES integrations.connections (organization_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX connection_alerts_open ON integrations.connection_alerts (organization_id, connection_id, kind, reason)
    WHERE cleared_at IS NULL;
CREATE INDEX idx_connection_alerts_connection ON integrations.connection_alerts (organization_id, connection_id, raised_at);
SELECT platform.isolate_tenant('integrations.connection_alerts');
SELECT platform.admit_all_tenants('integrations.connection_alerts', 'worker_role');
SELECT platform.admit_all_tenants('integrations.connection_alerts', 'definer_role');
GRANT SELECT, INSERT, UPDATE (cleared_at) ON integrations.connection_alerts TO application_role, worker_role, definer_role;

-- Whether the owner was told just now; false while the same alert is open.
CREATE FUNCTION integrations.raise_alert(p_organization_id uuid, p_connection_id uuid, p_kind text, p_reason text, p_detail text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO integrations.connection_alerts (organization_id, connection_id, kind, reason, detail)
    VALUES (p_organization_id, p_connection_id, p_kind, p_reason, p_detail)
    ON CONFLICT (organization_id, connection_id, kind, reason) WHERE cleared_at IS NULL DO NOTHING;
    RETURN FOUND;
END
$$;
GRANT EXECUTE ON FUNCTION integrations.raise_alert(uuid, uuid, text, text, text) TO application_role, worker_role, definer_role;

-- Whoever pauses a connection (a refused send, an account event, an expiry) gets the same: the moment, a reason, and one alert, which
-- ends with the pause. A reason that the statement sets stands; else the state gives it.
CREATE FUNCTION integrations.follow_connection_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IN ('expired', 'error') AND OLD.status = 'active' THEN
        NEW.attention_reason := coalesce(NEW.attention_reason,
            CASE NEW.status WHEN 'expired' THEN 'token_refused' ELSE 'account_refused' END);
        NEW.attention_since := clock_timestamp();
        IF integrations.raise_alert(NEW.organization_id, NEW.id, 'paused', NEW.attention_reason, NEW.last_error) THEN
            NEW.owner_notified_at := clock_timestamp();
        END IF;
    ELSIF NEW.status IN ('active', 'revoked') THEN
        NEW.attention_reason := NULL;
        NEW.attention_since := NULL;
        NEW.owner_notified_at := NULL;
        UPDATE integrations.connection_alerts a SET cleared_at = clock_timestamp()
        WHERE a.organization_id = NEW.organization_id AND a.connection_id = NEW.id AND a.cleared_at IS NULL
          AND (a.kind = 'paused' OR NEW.status = 'revoked');
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER follow_connection_status BEFORE UPDATE OF status ON integrations.connections
    FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION integrations.follow_connection_status();

GRANT SELECT (business_account_id, business_portfolio_id, attention_reason, attention_since, owner_notified_at, last_webhook_at,
              last_send_at, token_refreshed_at, token_refresh_after)
    ON integrations.connections TO worker_role;
GRANT UPDATE (status, attention_reason, last_error, last_webhook_at, last_send_at) ON integrations.connections TO worker_role;
GRANT SELECT (business_account_id, business_portfolio_id), UPDATE (status, attention_reason, last_error)
    ON integrations.connections TO definer_role;
