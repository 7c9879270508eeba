-- When each connection was last heard of, and the alarm for one that sends and hears nothing: its webhooks go somewhere else or nowhere.

-- The newest message of a connection that its provider took.
CREATE INDEX idx_outbox_accepted ON platform.outbox (organization_id, connection_id, accepted_at) WHERE accepted_at IS NOT NULL;

-- Looks at one slice of the connections (p_slice of p_slices; a sweep each minute looks at each every p_slices minutes) and at all that
-- are silent. Each costs two look-ups in an index, and is written only when something came or went since.
-- A webhook may be faster than the recording of the send that it is about, hence the minute.
-- Returns the changes: 'silent' (the alarm is raised) or 'heard' (it is over).
CREATE FUNCTION integrations.watch_channels(p_silent_seconds double precision, p_slices int, p_slice int)
RETURNS TABLE (organization_id uuid, connection_id uuid, change text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    WITH looked AS (
        SELECT n.organization_id, n.id,
               (SELECT e.created_at FROM integrations.webhook_events e
                WHERE e.organization_id = n.organization_id AND e.connection_id = n.id
                  AND e.created_at > coalesce(n.last_webhook_at, n.created_at)
                ORDER BY e.created_at DESC LIMIT 1) AS webhook_at,
               (SELECT o.accepted_at FROM platform.outbox o
                WHERE o.organization_id = n.organization_id AND o.connection_id = n.id AND o.accepted_at IS NOT NULL
                ORDER BY o.accepted_at DESC LIMIT 1) AS send_at
        FROM integrations.connections n
        WHERE n.status <> 'revoked'
          AND (abs(hashtext(n.id::text) % p_slices) = p_slice
               OR EXISTS (SELECT FROM integrations.connection_alerts a
                          WHERE a.organization_id = n.organization_id AND a.connection_id = n.id AND a.kind = 'silent'
                            AND a.cleared_at IS NULL))
    )
    UPDATE integrations.connections n
    SET last_webhook_at = greatest(n.last_webhook_at, l.webhook_at), last_send_at = greatest(n.last_send_at, l.send_at)
    FROM looked l
    WHERE n.organization_id = l.organization_id AND n.id = l.id
      AND (l.webhook_at > coalesce(n.last_webhook_at, '-infinity') OR l.send_at > coalesce(n.last_send_at, '-infinity'));

    RETURN QUERY
        UPDATE integrations.connection_alerts a SET cleared_at = moment
        FROM integrations.connections n
        WHERE a.kind = 'silent' AND a.cleared_at IS NULL
          AND n.organization_id = a.organization_id AND n.id = a.connection_id AND n.last_webhook_at > a.raised_at
        RETURNING a.organization_id, a.connection_id, 'heard';

    RETURN QUERY
        WITH unheard AS MATERIALIZED ( -- the alert is raised for what was found, not while it is looked for
            SELECT n.organization_id, n.id
            FROM integrations.connections n
            WHERE n.status = 'active' AND n.provider IN ('whatsapp', 'instagram', 'messenger')
              AND n.last_send_at > coalesce(n.last_webhook_at, n.created_at) + interval '1 minute'
              AND (SELECT o.accepted_at FROM platform.outbox o
                   WHERE o.organization_id = n.organization_id AND o.connection_id = n.id
                     AND o.accepted_at > coalesce(n.last_webhook_at, n.created_at) + interval '1 minute'
                   ORDER BY o.accepted_at LIMIT 1) <= moment - make_interval(secs => p_silent_seconds)
        )
        SELECT u.organization_id, u.id, 'silent' FROM unheard u
        WHERE integrations.raise_alert(u.organization_id, u.id, 'silent', 'no_webhook', NULL);
END
$$;
GRANT EXECUTE ON FUNCTION integrations.watch_channels(double precision, int, int) TO worker_role;
