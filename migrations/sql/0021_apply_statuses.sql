-- Brings a message to what its provider's statuses say, in whatever order they came and whether they or the message came first.

-- How far each status has got. A failure counts more than "sent", and does not erase that the message was delivered or read.
CREATE FUNCTION platform.delivery_rank(p_status text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE p_status WHEN 'sent' THEN 1 WHEN 'failed' THEN 2 WHEN 'delivered' THEN 3 WHEN 'read' THEN 4 ELSE 0 END
$$;

-- Merges the stored statuses of these messages into them; pairs by position, of one organization each. Safe to repeat: every
-- time of a message only moves to the earliest report, and its status only upwards.
CREATE FUNCTION platform.merge_statuses(p_organization_ids uuid[], p_provider_message_ids text[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH reported AS (
        SELECT s.organization_id, s.connection_id, s.provider_message_id,
               min(s.occurred_at) FILTER (WHERE s.status = 'sent') AS sent_at,
               min(s.occurred_at) FILTER (WHERE s.status = 'delivered') AS delivered_at,
               min(s.occurred_at) FILTER (WHERE s.status = 'read') AS read_at,
               min(s.occurred_at) FILTER (WHERE s.status = 'failed') AS failed_at,
               (array_agg(s.error_code ORDER BY s.occurred_at, s.error_code) FILTER (WHERE s.status = 'failed'))[1] AS error_code,
               (array_agg(s.error_detail ORDER BY s.occurred_at, s.error_code) FILTER (WHERE s.status = 'failed'))[1] AS error_detail,
               max(platform.delivery_rank(s.status)) AS reached
        FROM unnest(p_organization_ids, p_provider_message_ids) AS asked (organization_id, provider_message_id)
        JOIN platform.message_statuses s USING (organization_id, provider_message_id)
        GROUP BY s.organization_id, s.connection_id, s.provider_message_id
    ), locked AS (
        -- in one order for everybody, so that two deliveries about the same messages cannot block each other
        SELECT m.id, r.*
        FROM reported r
        JOIN platform.messages m ON m.organization_id = r.organization_id AND m.connection_id = r.connection_id
                                AND m.external_message_id = r.provider_message_id AND m.direction = 'outbound'
        ORDER BY m.id
        FOR NO KEY UPDATE OF m
    )
    UPDATE platform.messages m
    SET sent_at = least(m.sent_at, l.sent_at), delivered_at = least(m.delivered_at, l.delivered_at),
        read_at = least(m.read_at, l.read_at), failed_at = least(m.failed_at, l.failed_at),
        error_code = coalesce(l.error_code, m.error_code), error_detail = coalesce(l.error_detail, m.error_detail),
        delivery_status = CASE WHEN l.reached > platform.delivery_rank(m.delivery_status)
                               THEN (ARRAY['sent', 'failed', 'delivered', 'read'])[l.reached] ELSE m.delivery_status END
    FROM locked l
    WHERE m.organization_id = l.organization_id AND m.id = l.id;
END
$$;

-- For whoever has just learnt a message's provider id: applies what came before it was known. The lock makes sure that a status
-- stored at this very moment is seen by one of the two.
CREATE FUNCTION platform.apply_statuses(p_organization_id uuid, p_provider_message_id text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_provider_message_id, 20));
    -- nearly always there is none yet; the id is new, so what came before it came today, and one or two months are looked at
    IF EXISTS (SELECT FROM platform.message_statuses s
               WHERE s.organization_id = p_organization_id AND s.provider_message_id = p_provider_message_id
                 AND s.received_at > clock_timestamp() - interval '1 day')
    THEN
        PERFORM platform.merge_statuses(ARRAY[p_organization_id], ARRAY[p_provider_message_id]);
    END IF;
END
$$;
