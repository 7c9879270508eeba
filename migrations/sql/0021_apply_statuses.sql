-- Brings a message to what was reported about it (statuses, watermarks, edits, deletions, reactions), in whatever order that came and
-- whether it or the message came first.

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

-- Brings messages to what their watermarks say: all that a contact was sent on a connection until a watermark. Triples by position. A message
-- was sent when its last attempt began: its provider's own time is not known. Safe to repeat, as above.
CREATE FUNCTION platform.merge_watermarks(p_organization_ids uuid[], p_connection_ids uuid[], p_contact_ids uuid[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- who records a message as sent and who records a watermark take turns, so that one of the two sees the other
    PERFORM pg_advisory_xact_lock(hashtextextended(asked.contact_id::text, 21))
    FROM (SELECT DISTINCT contact_id FROM unnest(p_contact_ids) AS a (contact_id) ORDER BY contact_id) asked;
    WITH sent AS (
        SELECT m.organization_id, m.id, m.connection_id, c.contact_id, coalesce(o.sending_at, m.platform_timestamp, m.created_at) AS at
        FROM (SELECT DISTINCT * FROM unnest(p_organization_ids, p_connection_ids, p_contact_ids)) asked (organization_id, connection_id, contact_id)
        JOIN platform.conversations c ON c.organization_id = asked.organization_id AND c.connection_id = asked.connection_id
                                     AND c.contact_id = asked.contact_id
        JOIN platform.messages m ON m.organization_id = c.organization_id AND m.conversation_id = c.id AND m.direction = 'outbound'
                                AND m.external_message_id IS NOT NULL
        LEFT JOIN platform.outbox o ON o.organization_id = m.organization_id AND o.message_id = m.id
    ), reported AS (
        SELECT s.organization_id, s.id, min(w.occurred_at) FILTER (WHERE w.status = 'delivered') AS delivered_at,
               min(w.occurred_at) FILTER (WHERE w.status = 'read') AS read_at
        FROM sent s
        JOIN platform.message_watermarks w ON w.organization_id = s.organization_id AND w.connection_id = s.connection_id
                                          AND w.contact_id = s.contact_id AND w.occurred_at >= s.at
        GROUP BY s.organization_id, s.id
    ), locked AS (
        SELECT r.* FROM reported r JOIN platform.messages m ON m.organization_id = r.organization_id AND m.id = r.id
        WHERE r.delivered_at < coalesce(m.delivered_at, 'infinity') OR r.read_at < coalesce(m.read_at, 'infinity')
        ORDER BY r.id
        FOR NO KEY UPDATE OF m
    )
    UPDATE platform.messages m
    SET delivered_at = least(m.delivered_at, l.delivered_at), read_at = least(m.read_at, l.read_at),
        delivery_status = CASE WHEN l.read_at IS NOT NULL THEN 'read'
                               WHEN platform.delivery_rank(m.delivery_status) < platform.delivery_rank('delivered') THEN 'delivered'
                               ELSE m.delivery_status END
    FROM locked l
    WHERE m.organization_id = l.organization_id AND m.id = l.id;
END
$$;

-- Brings messages to what was said about them later; triples by position. A deletion erases the content wherever intake keeps it and stays;
-- of edits the newest counts; each person has one reaction, the newest. The first text of an edited message is in its metadata.
CREATE FUNCTION platform.merge_amendments(p_organization_ids uuid[], p_connection_ids uuid[], p_targets text[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH amended AS MATERIALIZED (
        SELECT m.organization_id, m.id, m.connection_id, m.external_message_id AS target
        FROM (SELECT DISTINCT * FROM unnest(p_organization_ids, p_connection_ids, p_targets)) asked (organization_id, connection_id, target)
        JOIN platform.messages m ON m.organization_id = asked.organization_id AND m.connection_id = asked.connection_id
                                AND m.external_message_id = asked.target
        ORDER BY m.id
        FOR NO KEY UPDATE OF m
    ), told AS (
        SELECT x.organization_id, x.id, min(a.occurred_at) FILTER (WHERE a.kind = 'deletion') AS deleted_at,
               max(a.occurred_at) FILTER (WHERE a.kind = 'edit') AS edited_at,
               (array_agg(a.text_content ORDER BY a.occurred_at DESC, a.event_key DESC) FILTER (WHERE a.kind = 'edit'))[1] AS text_content,
               bool_or(a.kind = 'reaction') AS reacted
        FROM amended x JOIN platform.message_amendments a USING (organization_id, connection_id, target)
        GROUP BY x.organization_id, x.id
    ), applied AS (
        UPDATE platform.message_amendments a
        SET message_id = x.id, text_content = CASE WHEN t.deleted_at IS NULL THEN a.text_content END
        FROM amended x JOIN told t USING (organization_id, id)
        WHERE a.organization_id = x.organization_id AND a.connection_id = x.connection_id AND a.target = x.target
          AND (a.message_id IS NULL OR t.deleted_at IS NOT NULL)
    )
    UPDATE platform.messages m
    SET deleted_at = least(m.deleted_at, t.deleted_at), edited_at = greatest(m.edited_at, t.edited_at),
        text_content = CASE WHEN t.deleted_at IS NULL THEN coalesce(t.text_content, m.text_content) END,
        metadata = CASE WHEN t.deleted_at IS NOT NULL THEN '{}'
                        WHEN t.edited_at IS NOT NULL AND m.edited_at IS NULL AND m.text_content IS NOT NULL
                        THEN m.metadata || jsonb_build_object('first_text', m.text_content) ELSE m.metadata END,
        reactions = CASE WHEN t.reacted THEN (
                SELECT coalesce(jsonb_agg(jsonb_build_object('by', r.actor, 'emoji', r.emoji, 'at', r.occurred_at) ORDER BY r.actor)
                                FILTER (WHERE r.emoji IS NOT NULL), '[]')
                FROM (SELECT DISTINCT ON (a.actor) a.actor, a.emoji, a.occurred_at
                      FROM platform.message_amendments a
                      WHERE a.organization_id = x.organization_id AND a.connection_id = x.connection_id AND a.target = x.target
                        AND a.kind = 'reaction'
                      ORDER BY a.actor, a.occurred_at DESC, a.event_key DESC) r)
            ELSE m.reactions END
    FROM amended x JOIN told t USING (organization_id, id)
    WHERE m.organization_id = x.organization_id AND m.id = x.id;
    PERFORM agents.forget_words(m)
    FROM (SELECT DISTINCT * FROM unnest(p_organization_ids, p_connection_ids, p_targets)) asked (organization_id, connection_id, target)
    JOIN platform.messages m ON m.organization_id = asked.organization_id AND m.connection_id = asked.connection_id
                            AND m.external_message_id = asked.target AND m.deleted_at IS NOT NULL;
END
$$;

-- A send's provider id has become known, and an echo with it was taken for a person's message: it is no message of its own then.
CREATE FUNCTION platform.release_echo(p_organization_id uuid, p_message_id uuid, p_provider_message_id text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE platform.messages e
    SET external_message_id = NULL, delivery_status = 'failed', error_code = 'own_echo',
        metadata = e.metadata || jsonb_build_object('echo_of', p_message_id)
    FROM platform.messages m
    WHERE m.organization_id = p_organization_id AND m.id = p_message_id
      AND e.organization_id = m.organization_id AND e.connection_id = m.connection_id AND e.external_message_id = p_provider_message_id
      AND e.id <> m.id AND e.direction = 'outbound' AND e.sender_type = 'human';
END
$$;

-- For whoever has just learnt a message's provider id: applies what came before it was known. The lock makes sure that what is stored at
-- this very moment is seen by one of the two.
CREATE FUNCTION platform.apply_statuses(p_organization_id uuid, p_provider_message_id text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_provider_message_id, 20));
    -- nearly always there is none yet; the id is new, so what came before it came today, and one or two months are looked at
    IF EXISTS (SELECT FROM platform.message_statuses s
               WHERE s.organization_id = p_organization_id AND s.provider_message_id = p_provider_message_id
                 AND s.received_at > clock_timestamp() - interval '1 day')
    THEN
        PERFORM platform.merge_statuses(ARRAY[p_organization_id], ARRAY[p_provider_message_id]);
    END IF;
    SELECT x.connection_id, c.channel, c.contact_id INTO m
    FROM integrations.connections n
    JOIN platform.messages x ON x.organization_id = n.organization_id AND x.connection_id = n.id AND x.external_message_id = p_provider_message_id
    JOIN platform.conversations c ON c.organization_id = x.organization_id AND c.id = x.conversation_id
    WHERE n.organization_id = p_organization_id
    LIMIT 1;
    IF EXISTS (SELECT FROM platform.message_amendments a
               WHERE a.organization_id = p_organization_id AND a.connection_id = m.connection_id AND a.target = p_provider_message_id
                 AND a.message_id IS NULL)
    THEN
        PERFORM platform.merge_amendments(ARRAY[p_organization_id], ARRAY[m.connection_id], ARRAY[p_provider_message_id]);
    END IF;
    IF m.channel = 'facebook' AND m.contact_id IS NOT NULL THEN
        PERFORM platform.merge_watermarks(ARRAY[p_organization_id], ARRAY[m.connection_id], ARRAY[m.contact_id]);
    END IF;
END
$$;
