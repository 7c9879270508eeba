-- Messages of customers, and what people or other apps sent from the account: rows, the conversation's state, and files to fetch.

-- Who records a message and who records an amendment of a message that it does not see yet take turns, so that one of the two sees the
-- other. Messages share; buckets, because a group may hold any number of organizations.
CREATE FUNCTION integrations.guard_amendments(p_winners integrations.new_item[])
RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM CASE WHEN b.amended THEN pg_advisory_xact_lock(21, b.bucket)::text ELSE pg_advisory_xact_lock_shared(21, b.bucket)::text END
    FROM (SELECT uuid_hash(w.organization_id) & 255 AS bucket, bool_or(w.kind IN ('edit', 'deletion', 'reaction')) AS amended
          FROM unnest(p_winners) w
          WHERE w.kind IN ('message', 'echo', 'edit', 'deletion', 'reaction')
          GROUP BY 1 ORDER BY 1) b;
END
$$;

-- Stores the messages, moves their conversations, and returns the wake-ups. Echoes (but p_own, by place, which are ours) are a person's
-- work: they take their conversation over in the same statement. Messages that nobody is to answer have no seq and move nothing.
CREATE FUNCTION integrations.record_messages(
    p_winners integrations.new_item[], p_contacts uuid[], p_own int[], p_moment timestamptz, p_oldest timestamptz,
    p_quiet_seconds double precision, p_ceiling_seconds double precision)
RETURNS jsonb LANGUAGE plpgsql
AS $$
DECLARE
    told record;
BEGIN
    WITH said AS MATERIALIZED (
        SELECT w.*, w.kind = 'message' AND w.answerable AS answers
        FROM integrations.items_of(p_winners, p_contacts) w
        WHERE CASE w.kind WHEN 'message' THEN true WHEN 'echo' THEN w.place <> ALL (p_own) END -- not by OR: the planner would expect one row
    ), burst AS (
        SELECT s.organization_id, s.connection_id, s.provider, s.contact_id, count(*) FILTER (WHERE s.answers) AS messages,
               count(*) AS said, min(s.id::text)::uuid AS id, bool_or(s.kind = 'echo') AS taken_over,
               coalesce(min(s.happened_at) FILTER (WHERE s.answers) <= p_oldest, false) AS late,
               max(s.happened_at) FILTER (WHERE s.answers) AS newest_at, min(s.customer_phone) AS customer_phone,
               (array_agg(s.customer ORDER BY s.happened_at DESC))[1] AS customer,
               (array_agg(s.customer_name ORDER BY s.happened_at DESC) FILTER (WHERE s.customer_name IS NOT NULL))[1] AS customer_name
        FROM said s
        GROUP BY s.organization_id, s.connection_id, s.provider, s.contact_id
    ), conversation AS (
        INSERT INTO platform.conversations AS c (
            id, organization_id, connection_id, contact_id, channel, customer_external_id, customer_phone, customer_name, status,
            automation_state, assigned_to_human, escalated_at, human_takeover_count, last_in_seq, first_pending_at, run_at, last_inbound_at,
            message_count)
        SELECT b.id, b.organization_id, b.connection_id, b.contact_id, CASE b.provider WHEN 'messenger' THEN 'facebook' ELSE b.provider END,
               b.customer, b.customer_phone, b.customer_name,
               CASE WHEN b.late OR b.taken_over THEN 'escalated' ELSE 'active' END, CASE WHEN b.late OR b.taken_over THEN 'human' ELSE 'auto' END,
               b.late OR b.taken_over, CASE WHEN b.late OR b.taken_over THEN p_moment END, (b.late OR b.taken_over)::int, b.messages,
               CASE WHEN b.messages > 0 AND NOT b.late AND NOT b.taken_over THEN p_moment END,
               CASE WHEN b.messages > 0 AND NOT b.late AND NOT b.taken_over
                    THEN p_moment + make_interval(secs => least(p_quiet_seconds, p_ceiling_seconds)) END, b.newest_at, b.said
        FROM burst b
        ORDER BY b.organization_id, b.connection_id, b.contact_id
        ON CONFLICT (organization_id, connection_id, contact_id) WHERE status IN ('active', 'escalated') AND continued_in IS NULL DO UPDATE
        SET last_in_seq = c.last_in_seq + excluded.last_in_seq,
            message_count = c.message_count + excluded.message_count,
            last_inbound_at = greatest(c.last_inbound_at, excluded.last_inbound_at),
            customer_external_id = CASE WHEN excluded.last_inbound_at >= c.last_inbound_at OR c.last_inbound_at IS NULL AND excluded.last_in_seq > 0
                                        THEN excluded.customer_external_id ELSE c.customer_external_id END,
            customer_phone = coalesce(c.customer_phone, excluded.customer_phone),
            customer_name = CASE WHEN excluded.last_inbound_at >= c.last_inbound_at OR c.customer_name IS NULL
                                 THEN coalesce(excluded.customer_name, c.customer_name) ELSE c.customer_name END,
            -- one late message is enough to give the conversation to people: nobody answers it automatically any more
            automation_state = CASE WHEN c.automation_state = 'auto' THEN excluded.automation_state ELSE c.automation_state END,
            status = CASE WHEN excluded.assigned_to_human THEN excluded.status ELSE c.status END,
            assigned_to_human = c.assigned_to_human OR excluded.assigned_to_human,
            escalated_at = CASE WHEN excluded.human_takeover_count > 0 AND c.automation_state = 'auto' THEN p_moment
                                ELSE coalesce(c.escalated_at, excluded.escalated_at) END,
            human_takeover_count = c.human_takeover_count + CASE c.automation_state WHEN 'auto' THEN excluded.human_takeover_count ELSE 0 END,
            -- a burst begins when nothing waits; further messages put the turn off, up to the ceiling
            first_pending_at = CASE WHEN c.automation_state <> 'auto' OR excluded.assigned_to_human THEN NULL
                                    WHEN excluded.last_in_seq = 0 THEN c.first_pending_at
                                    WHEN c.run_at IS NULL THEN p_moment ELSE coalesce(c.first_pending_at, p_moment) END,
            run_at = CASE WHEN c.automation_state <> 'auto' OR excluded.assigned_to_human THEN NULL
                          WHEN excluded.last_in_seq = 0 THEN c.run_at
                          ELSE least(CASE WHEN c.run_at IS NULL THEN p_moment ELSE coalesce(c.first_pending_at, p_moment) END
                                         + make_interval(secs => p_ceiling_seconds),
                                     p_moment + make_interval(secs => p_quiet_seconds)) END
        RETURNING c.id, c.organization_id, c.connection_id, c.contact_id, c.last_in_seq, c.first_pending_at, c.run_at, c.escalated_at
    ), escalations AS (
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata, created_at)
        SELECT c.organization_id, 'conversation.escalated', 'conversation', c.id,
               jsonb_build_object('reason', CASE WHEN b.taken_over THEN 'human_echo' ELSE 'message_too_old' END), p_moment
        FROM conversation c JOIN burst b USING (organization_id, connection_id, contact_id) WHERE c.escalated_at = p_moment
    ), messages AS (
        INSERT INTO platform.messages (
            id, organization_id, conversation_id, connection_id, direction, message_type, text_content, metadata, sender_type,
            external_message_id, reply_to_external_id, platform_timestamp, delivery_status, seq, received_at, created_at)
        SELECT s.id, s.organization_id, c.id, s.connection_id, 'inbound', s.message_type, s.text, coalesce(s.metadata, '{}'), 'customer',
               s.event_id, s.reply_to, s.happened_at, 'received',
               -- by the provider's time, then by arrival
               CASE WHEN s.answers THEN c.last_in_seq + 1 - row_number() OVER (
                   PARTITION BY c.id, s.answers ORDER BY s.happened_at DESC, s.delivery DESC, s.ordinal DESC) END,
               p_moment, p_moment
        FROM said s JOIN conversation c USING (organization_id, connection_id, contact_id)
        WHERE s.kind = 'message'
    ), amended AS (
        -- what was said about these messages before they came
        SELECT s.organization_id, s.connection_id, s.event_id
        FROM said s
        WHERE s.kind = 'message'
          AND EXISTS (SELECT FROM platform.message_amendments a
                      WHERE a.organization_id = s.organization_id AND a.connection_id = s.connection_id AND a.target = s.event_id
                        AND a.message_id IS NULL)
    )
    SELECT (SELECT coalesce(jsonb_agg(jsonb_build_object('organization_id', c.organization_id, 'conversation_id', c.id, 'run_at', c.run_at)), '[]')
            FROM conversation c WHERE c.first_pending_at = p_moment) AS wake_ups,
           (SELECT jsonb_agg(jsonb_build_object('organization_id', c.organization_id, 'id', c.id, 'taken_over', b.taken_over) ORDER BY c.id)
            FROM conversation c JOIN burst b USING (organization_id, connection_id, contact_id)
            WHERE b.taken_over OR b.late AND c.escalated_at = p_moment) AS handoffs,
           array_agg(a.organization_id) AS organization_ids, array_agg(a.connection_id) AS connection_ids, array_agg(a.event_id) AS targets
    INTO told
    FROM amended a;
    IF told.handoffs IS NOT NULL THEN
        PERFORM agents.open_handoff(h.organization_id, h.id, CASE WHEN h.taken_over THEN 'human_echo' ELSE 'message_too_old' END, h.taken_over)
        FROM jsonb_to_recordset(told.handoffs) AS h (organization_id uuid, id uuid, taken_over boolean);
    END IF;
    IF told.targets IS NOT NULL THEN
        PERFORM platform.merge_amendments(told.organization_ids, told.connection_ids, told.targets);
    END IF;
    RETURN told.wake_ups;
END
$$;

-- One transfer for each file of these messages that its provider still has. Returns [{organization_id, transfer_id}].
CREATE FUNCTION integrations.record_media(p_winners integrations.new_item[], p_items jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    transfers jsonb;
BEGIN
    WITH made AS (
        INSERT INTO platform.media_transfers (
            organization_id, connection_id, message_id, ordinal, kind, provider_media_id, url, declared_mime_type, declared_sha256,
            declared_size, file_name, voice)
        SELECT w.organization_id, w.connection_id, w.id, f.ordinal - 1, f.kind, f.id, f.url, f.mime_type, f.sha256, f.size, f.filename,
               coalesce(f.voice, false)
        FROM unnest(p_winners) w
        CROSS JOIN LATERAL ROWS FROM (jsonb_to_recordset(p_items -> w.place -> 'media') AS (
            kind text, id text, url text, mime_type text, sha256 text, size bigint, filename text, voice boolean)) WITH ORDINALITY AS f (
            kind, id, url, mime_type, sha256, size, filename, voice, ordinal)
        -- an echo that turned out to be ours has no message
        WHERE w.kind IN ('message', 'echo')
          AND EXISTS (SELECT FROM platform.messages m WHERE m.organization_id = w.organization_id AND m.id = w.id AND m.deleted_at IS NULL)
        RETURNING organization_id, id
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('organization_id', organization_id, 'transfer_id', id)), '[]') INTO transfers FROM made;
    RETURN transfers;
END
$$;
