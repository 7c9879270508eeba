-- Media that customers send, from the webhook that names one to its object in Cloud Storage, so that none is lost and none waits unseen.

-- One element of a message's media. Intake adds it as `pending`; functions/media_transfer does the rest. The texts are
-- what the provider said, so their limits are wide: a delivery must not fail for one of them.
CREATE TABLE platform.media_transfers (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    message_id UUID NOT NULL,
    ordinal INTEGER NOT NULL, -- place among the message's media
    kind TEXT NOT NULL CHECK (char_length(kind) <= 200), -- 'image', 'audio', … : the provider's word

    provider_media_id TEXT CHECK (char_length(provider_media_id) <= 2000), -- resolved to a URL at each attempt
    url TEXT CHECK (char_length(url) <= 20000), -- of the payload, for what has no id
    declared_mime_type TEXT CHECK (char_length(declared_mime_type) <= 2000),
    declared_sha256 TEXT CHECK (char_length(declared_sha256) <= 2000), -- hex or base64, as received
    declared_size BIGINT, -- bytes
    file_name TEXT CHECK (char_length(file_name) <= 20000), -- the customer's: shown, never part of an object's name
    voice BOOLEAN NOT NULL DEFAULT FALSE,

    state TEXT NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'transferring', 'stored', 'expired', 'refused', 'failed')),
    attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0), -- also the fence: an older attempt writes nothing
    next_attempt_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    lease_until TIMESTAMP WITH TIME ZONE,
    media_asset_id UUID,
    error_code TEXT CHECK (char_length(error_code) <= 200),
    error_detail TEXT CHECK (char_length(error_detail) <= 20000),

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    UNIQUE (organization_id, message_id, ordinal),
    FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections (organization_id, id),
    FOREIGN KEY (organization_id, message_id) REFERENCES platform.messages (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, media_asset_id)
        REFERENCES platform.media_assets (organization_id, id) ON DELETE SET NULL (media_asset_id)
) WITH (fillfactor = 80);
CREATE INDEX idx_media_transfers_connection ON platform.media_transfers (organization_id, connection_id);
CREATE INDEX idx_media_transfers_asset ON platform.media_transfers (organization_id, media_asset_id)
    WHERE media_asset_id IS NOT NULL;
CREATE INDEX idx_media_transfers_pending ON platform.media_transfers (organization_id, next_attempt_at)
    WHERE state = 'pending';
CREATE INDEX idx_media_transfers_leased ON platform.media_transfers (lease_until) WHERE state = 'transferring';
SELECT platform.track_updates('platform.media_transfers');
SELECT platform.isolate_tenant('platform.media_transfers');
SELECT platform.admit_all_tenants('platform.media_transfers', 'worker_role');
SELECT platform.admit_all_tenants('platform.media_transfers', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON platform.media_transfers TO application_role;
GRANT SELECT, UPDATE ON platform.media_transfers TO worker_role;
GRANT SELECT, INSERT ON platform.media_transfers TO definer_role;

-- Graph blocks a number whose media calls fail too often (20 errors in 60 minutes): the moments of the latest errors.
CREATE TABLE platform.media_throttles (
    organization_id UUID NOT NULL,
    connection_id UUID NOT NULL,
    error_times TIMESTAMP WITH TIME ZONE[] NOT NULL DEFAULT '{}' CHECK (cardinality(error_times) <= 100),
    PRIMARY KEY (organization_id, connection_id),
    FOREIGN KEY (organization_id, connection_id)
        REFERENCES integrations.connections (organization_id, id) ON DELETE CASCADE
);
SELECT platform.isolate_tenant('platform.media_throttles');
GRANT SELECT, INSERT, UPDATE ON platform.media_throttles TO application_role;

-- Up to which moment an organization's objects and rows were compared, and when that is done next (NULL: nothing was
-- written since). Objects are named by UUIDv7, so the ones that were begun in a period are one range of names.
CREATE TABLE platform.media_audits (
    organization_id UUID PRIMARY KEY REFERENCES platform.organizations (id) ON DELETE CASCADE,
    audited_until TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT '-infinity',
    due_at TIMESTAMP WITH TIME ZONE
);
CREATE INDEX idx_media_audits_due ON platform.media_audits (due_at) WHERE due_at IS NOT NULL;
SELECT platform.isolate_tenant('platform.media_audits');
SELECT platform.admit_all_tenants('platform.media_audits', 'worker_role');
GRANT SELECT, INSERT, UPDATE ON platform.media_audits TO application_role;
GRANT SELECT ON platform.media_audits TO worker_role;

-- A transfer whose worker never came back is pending again; whether it is tried once more is decided when it is claimed.
CREATE FUNCTION agents.expire_transfers(p_batch int)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    moved int;
BEGIN
    UPDATE platform.media_transfers t
    SET state = 'pending', next_attempt_at = clock_timestamp(), lease_until = NULL, error_code = 'worker_lost'
    FROM (
        SELECT x.organization_id, x.id FROM platform.media_transfers x
        WHERE x.state = 'transferring' AND x.lease_until <= clock_timestamp()
        ORDER BY x.lease_until LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    ) stale
    WHERE t.organization_id = stale.organization_id AND t.id = stale.id;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

-- The transfers that should be moving and are not, fairly: each organization's oldest come first in turns.
CREATE FUNCTION agents.transfers_to_wake(p_grace_seconds double precision, p_per_organization int, p_limit int)
RETURNS TABLE (organization_id uuid, transfer_id uuid) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE waiting AS (
        -- a loose index scan: one look-up for each organization that has anything pending
        (SELECT t.organization_id FROM platform.media_transfers t WHERE t.state = 'pending' ORDER BY t.organization_id LIMIT 1)
        UNION ALL
        SELECT (SELECT t.organization_id FROM platform.media_transfers t
                WHERE t.state = 'pending' AND t.organization_id > waiting.organization_id ORDER BY t.organization_id LIMIT 1)
        FROM waiting WHERE waiting.organization_id IS NOT NULL
    )
    SELECT waiting.organization_id, d.id
    FROM waiting, LATERAL (
        SELECT t.id, t.next_attempt_at, row_number() OVER (ORDER BY t.next_attempt_at) AS rank
        FROM platform.media_transfers t
        WHERE t.organization_id = waiting.organization_id AND t.state = 'pending'
          AND t.next_attempt_at <= clock_timestamp() - make_interval(secs => p_grace_seconds)
        ORDER BY t.next_attempt_at LIMIT p_per_organization
    ) d
    ORDER BY d.rank, d.next_attempt_at LIMIT p_limit
$$;

GRANT EXECUTE ON FUNCTION
    agents.expire_transfers(int),
    agents.transfers_to_wake(double precision, int, int)
TO worker_role;
