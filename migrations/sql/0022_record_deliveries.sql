-- Intake's one round trip: stores webhook deliveries, claims each item's key, and gives the winners their event, message or status.

-- p_deliveries: [{id, provider, status, quarantine_reason, body_key_id, body_size, headers, verified_by, item_count}]
-- p_items: [{delivery (its place in p_deliveries, from 0), ordinal, id, kind, account, key, digest, …}]: the fields of the record below;
--   id becomes the id of the event and of what it creates.
-- p_bodies: the sealed raw bodies in base64, in the order of p_deliveries.
-- Returns {wake_ups: [{organization_id, conversation_id, run_at}], deliveries: [[new, duplicate, unparsed, quarantined], …]}.
-- Everything happens in one order (keys, conversations, outbox, messages, each sorted), so that concurrent calls do not block each other.
CREATE FUNCTION integrations.record_deliveries(
    p_deliveries jsonb, p_items jsonb, p_bodies text[], p_quiet_seconds double precision DEFAULT 2, p_ceiling_seconds double precision DEFAULT 8,
    p_reply_max_age_seconds double precision DEFAULT 43200)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan -- the plan does not depend on the values, and making it takes longer than running it
SET jit = off -- compiling takes longer than running, too
AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    -- a reply to anything older would come too late; 24 hours is the provider's own window
    oldest timestamptz := moment - make_interval(secs => least(p_reply_max_age_seconds, 86400));
    outcome record;
    wake_ups jsonb;
BEGIN
    INSERT INTO integrations.webhook_deliveries (
        id, received_at, provider, status, quarantine_reason, sealed_body, body_key_id, body_size, headers, verified_by, item_count)
    SELECT d.id, moment, d.provider, d.status, d.quarantine_reason, decode(d.body, 'base64'), d.body_key_id, d.body_size, d.headers,
           d.verified_by, d.item_count
    FROM ROWS FROM (
        jsonb_to_recordset(p_deliveries) AS (
            id uuid, provider text, status text, quarantine_reason text, body_key_id text, body_size int, headers jsonb, verified_by text,
            item_count int),
        unnest(p_bodies)
    ) AS d (id, provider, status, quarantine_reason, body_key_id, body_size, headers, verified_by, item_count, body);

    WITH item AS MATERIALIZED (
        SELECT (p_deliveries -> i.delivery ->> 'id')::uuid AS delivery_id, p.provider, c.organization_id, c.id AS connection_id,
               -- under a key of its own while nobody owns the account, so that a repetition after it is connected is new
               CASE WHEN c.id IS NULL THEN 'q:' || i.key ELSE i.key END AS event_key,
               row_number() OVER (PARTITION BY p.provider, i.account, i.key ORDER BY i.delivery, i.ordinal) = 1 AS first_copy,
               CASE WHEN c.id IS NULL AND i.account <> '' THEN 'quarantined' WHEN i.kind = 'unparsed' THEN 'unparsed' ELSE 'processed' END
                   AS event_status,
               c.id IS NOT NULL AND i.kind = 'message' AS is_message, c.id IS NOT NULL AND i.kind = 'status' AS is_status,
               coalesce(i.occurred_at, moment) AS happened_at, i.*
        FROM jsonb_to_recordset(p_items) AS i (
            delivery int, ordinal int, id uuid, kind text, account text, key text, digest text, event_type text, event_id text,
            occurred_at timestamptz, customer text, customer_phone text, customer_name text, text text, metadata jsonb,
            status text, recipient text, outbox_id uuid, error_code text, error_detail text,
            pricing_billable boolean, pricing_model text, pricing_type text, pricing_category text, conversation_origin text,
            reason text, payload jsonb)
        CROSS JOIN LATERAL (SELECT p_deliveries -> i.delivery ->> 'provider' AS provider OFFSET 0) p
        -- one look in the index for each item (a join might read the whole table)
        LEFT JOIN LATERAL (
            SELECT n.organization_id, n.id FROM integrations.connections n
            WHERE n.provider = p.provider AND n.account_identifier = i.account AND n.status <> 'revoked'
            LIMIT 1
        ) c ON true
    ), claimed AS (
        INSERT INTO integrations.webhook_keys (provider, account, event_key, first_seen, item_digest)
        SELECT i.provider, i.account, i.event_key, moment, decode(i.digest, 'hex')
        FROM item i
        WHERE i.first_copy
        ORDER BY i.provider, i.account, i.event_key
        ON CONFLICT (provider, account, event_key) DO NOTHING
        RETURNING provider, account, event_key
    ), winner AS MATERIALIZED (
        SELECT i.* FROM item i JOIN claimed USING (provider, account, event_key) WHERE i.first_copy
    ), events AS (
        INSERT INTO integrations.webhook_events (
            id, created_at, organization_id, connection_id, delivery_id, delivery_received_at, provider, account_identifier, ordinal,
            event_type, event_id, payload, status, processed_at, error_message)
        SELECT w.id, moment, w.organization_id, w.connection_id, w.delivery_id, moment, w.provider, w.account, w.ordinal,
               w.event_type, w.event_id,
               CASE w.event_status WHEN 'unparsed' THEN w.payload WHEN 'quarantined' THEN coalesce(w.payload, jsonb_strip_nulls(to_jsonb(w))) END,
               w.event_status, CASE w.event_status WHEN 'processed' THEN moment END,
               coalesce(w.reason, CASE w.event_status WHEN 'quarantined' THEN 'no connection has this account' END)
        FROM winner w
    ), burst AS (
        SELECT w.organization_id, w.connection_id, w.provider, w.customer, count(*) AS messages, min(w.id::text)::uuid AS id,
               min(w.happened_at) > oldest AS fresh, max(w.happened_at) AS newest_at, min(w.customer_phone) AS customer_phone,
               (array_agg(w.customer_name ORDER BY w.happened_at DESC) FILTER (WHERE w.customer_name IS NOT NULL))[1] AS customer_name
        FROM winner w
        WHERE w.is_message
        GROUP BY w.organization_id, w.connection_id, w.provider, w.customer
    ), conversation AS (
        INSERT INTO platform.conversations AS c (
            id, organization_id, connection_id, channel, customer_external_id, customer_phone, customer_name, status, automation_state,
            assigned_to_human, escalated_at, last_in_seq, first_pending_at, run_at, last_inbound_at)
        SELECT b.id, b.organization_id, b.connection_id, b.provider, b.customer, b.customer_phone, b.customer_name,
               CASE WHEN b.fresh THEN 'active' ELSE 'escalated' END, CASE WHEN b.fresh THEN 'auto' ELSE 'human' END,
               NOT b.fresh, CASE WHEN NOT b.fresh THEN moment END, b.messages, CASE WHEN b.fresh THEN moment END,
               CASE WHEN b.fresh THEN moment + make_interval(secs => least(p_quiet_seconds, p_ceiling_seconds)) END, b.newest_at
        FROM burst b
        ORDER BY b.organization_id, b.connection_id, b.customer
        ON CONFLICT (organization_id, connection_id, customer_external_id) WHERE status IN ('active', 'escalated') DO UPDATE
        SET last_in_seq = c.last_in_seq + excluded.last_in_seq,
            last_inbound_at = greatest(c.last_inbound_at, excluded.last_inbound_at),
            customer_phone = coalesce(c.customer_phone, excluded.customer_phone),
            customer_name = CASE WHEN excluded.last_inbound_at >= c.last_inbound_at OR c.customer_name IS NULL
                                 THEN coalesce(excluded.customer_name, c.customer_name) ELSE c.customer_name END,
            -- one late message is enough to give the conversation to people: nobody answers it automatically any more
            automation_state = CASE WHEN c.automation_state = 'auto' THEN excluded.automation_state ELSE c.automation_state END,
            status = CASE WHEN excluded.assigned_to_human THEN excluded.status ELSE c.status END,
            assigned_to_human = c.assigned_to_human OR excluded.assigned_to_human,
            escalated_at = coalesce(c.escalated_at, excluded.escalated_at),
            -- a burst begins when nothing waits; further messages put the turn off, up to the ceiling
            first_pending_at = CASE WHEN c.automation_state <> 'auto' OR excluded.assigned_to_human THEN NULL
                                    WHEN c.run_at IS NULL THEN moment ELSE coalesce(c.first_pending_at, moment) END,
            run_at = CASE WHEN c.automation_state <> 'auto' OR excluded.assigned_to_human THEN NULL
                          ELSE least(CASE WHEN c.run_at IS NULL THEN moment ELSE coalesce(c.first_pending_at, moment) END
                                         + make_interval(secs => p_ceiling_seconds),
                                     moment + make_interval(secs => p_quiet_seconds)) END
        RETURNING c.id, c.organization_id, c.connection_id, c.customer_external_id AS customer, c.last_in_seq, c.first_pending_at, c.run_at,
                  c.escalated_at
    ), escalations AS (
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata, created_at)
        SELECT c.organization_id, 'conversation.escalated', 'conversation', c.id, '{"reason": "message_too_old"}', moment
        FROM conversation c WHERE c.escalated_at = moment
    ), messages AS (
        INSERT INTO platform.messages (
            id, organization_id, conversation_id, connection_id, direction, message_type, text_content, metadata, sender_type,
            external_message_id, platform_timestamp, delivery_status, seq, received_at, created_at)
        SELECT w.id, w.organization_id, c.id, w.connection_id, 'inbound', 'text', w.text, coalesce(w.metadata, '{}'), 'customer',
               w.event_id, w.happened_at, 'received',
               -- by the provider's time, then by arrival
               c.last_in_seq + 1 - row_number() OVER (PARTITION BY c.id ORDER BY w.happened_at DESC, w.delivery DESC, w.ordinal DESC),
               moment, moment
        FROM winner w JOIN conversation c USING (organization_id, connection_id, customer)
        WHERE w.is_message
    ), statuses AS (
        INSERT INTO platform.message_statuses (
            id, organization_id, connection_id, provider_message_id, status, occurred_at, received_at, message_id, outbox_id, recipient,
            error_code, error_detail, pricing_billable, pricing_model, pricing_type, pricing_category, conversation_origin)
        SELECT w.id, w.organization_id, w.connection_id, w.event_id, w.status, w.happened_at, moment, o.message_id, o.id, w.recipient,
               w.error_code, w.error_detail, w.pricing_billable, w.pricing_model, w.pricing_type, w.pricing_category, w.conversation_origin
        FROM winner w
        LEFT JOIN LATERAL (
            SELECT x.id, x.message_id FROM platform.outbox x WHERE x.id = w.outbox_id AND x.organization_id = w.organization_id LIMIT 1
        ) o ON true
        WHERE w.is_status
        RETURNING organization_id, provider_message_id, outbox_id
    ), counted AS (
        SELECT d.delivery, count(i.id) - count(w.id) AS duplicates, jsonb_build_array(
                   count(w.id) FILTER (WHERE w.event_status = 'processed'), count(i.id) - count(w.id),
                   count(w.id) FILTER (WHERE w.event_status = 'unparsed'), count(w.id) FILTER (WHERE w.event_status = 'quarantined')) AS counts
        FROM generate_series(0, jsonb_array_length(p_deliveries) - 1) AS d (delivery)
        LEFT JOIN item i USING (delivery)
        LEFT JOIN winner w ON w.id = i.id
        GROUP BY d.delivery
    )
    SELECT
        (SELECT coalesce(jsonb_agg(jsonb_build_object('organization_id', c.organization_id, 'conversation_id', c.id, 'run_at', c.run_at)), '[]')
         FROM conversation c WHERE c.first_pending_at = moment) AS wake_ups,
        (SELECT coalesce(jsonb_agg(n.counts ORDER BY n.delivery), '[]') FROM counted n) AS deliveries,
        (SELECT sum(n.duplicates) FROM counted n) AS duplicates,
        s.organization_ids, s.provider_message_ids, s.outbox_ids
    INTO outcome
    FROM (SELECT array_agg(organization_id) AS organization_ids, array_agg(provider_message_id) AS provider_message_ids,
                 array_agg(outbox_id) AS outbox_ids FROM statuses) s;

    wake_ups := outcome.wake_ups;
    IF outcome.organization_ids IS NOT NULL THEN
        wake_ups := wake_ups || integrations.settle_statuses(
            outcome.organization_ids, outcome.provider_message_ids, outcome.outbox_ids, moment);
    END IF;
    IF outcome.duplicates > 0 THEN
        PERFORM integrations.record_differences(p_deliveries, p_items, moment);
    END IF;
    RETURN jsonb_build_object('wake_ups', wake_ups, 'deliveries', outcome.deliveries);
END
$$;
