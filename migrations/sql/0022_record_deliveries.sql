-- Intake's one round trip: stores webhook deliveries, claims each item's key, and gives the winners their event and what their kind asks for.

-- Claims the items' keys in one order for everybody and writes the winners' events.
-- winners: the new items of accounts that somebody has, and what concerns a business; contacts: theirs by position, NULL where a customer or one of its names is not
-- known, or what is known is not up to date; kinds: of the winners; deliveries: [[new, duplicate, unparsed, quarantined], …].
-- A name is up to date for a day; the customer's own (display) name must be the newest.
-- This function, and those that each group calls, have the search path of record_deliveries: setting it again costs some microseconds.
CREATE FUNCTION integrations.claim_items(
    p_deliveries jsonb, p_items jsonb, p_moment timestamptz,
    OUT winners integrations.new_item[], OUT contacts uuid[], OUT kinds text[], OUT strangers boolean, OUT media boolean,
    OUT duplicates bigint, OUT deliveries jsonb)
LANGUAGE plpgsql
AS $$
BEGIN
    WITH item AS MATERIALIZED (
        SELECT (p_deliveries -> i.delivery ->> 'id')::uuid AS delivery_id, p.provider, c.organization_id, c.id AS connection_id,
               coalesce(c.business_portfolio_id, '') AS portfolio, i.place::int - 1 AS place,
               -- under a key of its own while nobody owns the account, so that a repetition after it is connected is new
               CASE WHEN c.id IS NULL THEN 'q:' || i.key ELSE i.key END AS event_key,
               row_number() OVER (PARTITION BY p.provider, i.account, i.key ORDER BY i.delivery, i.ordinal) = 1 AS first_copy,
               CASE WHEN c.id IS NULL AND i.account <> '' THEN 'quarantined' WHEN i.kind = 'unparsed' THEN 'unparsed' ELSE 'processed' END
                   AS event_status,
               c.id IS NOT NULL AND i.kind IN ('message', 'echo', 'watermark', 'preference') AS has_customer,
               coalesce(i.identities -> 0 ->> 'kind', integrations.kind_of_customer(p.provider, i.customer)) AS name_kind,
               coalesce(i.identities -> 0 ->> 'match', i.customer) AS name_match,
               coalesce(i.occurred_at, p_moment) AS happened_at, i.delivery, i.ordinal, i.id, i.kind, i.account, i.digest, i.event_type,
               i.event_id, i.customer, i.customer_phone, i.customer_name, i.identities, i.message_type, i.text, i.metadata, i.media,
               i.reply_to, i.answerable, i.reason, i.payload
        FROM ROWS FROM (jsonb_to_recordset(p_items) AS (
            delivery int, ordinal int, id uuid, kind text, account text, key text, digest text, event_type text, event_id text,
            occurred_at timestamptz, customer text, customer_phone text, customer_name text, identities jsonb, message_type text, text text,
            metadata jsonb, media jsonb, reply_to text, answerable boolean, reason text, payload jsonb)) WITH ORDINALITY AS i (
            delivery, ordinal, id, kind, account, key, digest, event_type, event_id, occurred_at, customer, customer_phone, customer_name,
            identities, message_type, text, metadata, media, reply_to, answerable, reason, payload, place)
        CROSS JOIN LATERAL (SELECT p_deliveries -> i.delivery ->> 'provider' AS provider OFFSET 0) p
        -- one look in the index for each item (a join might read the whole table)
        LEFT JOIN LATERAL (
            SELECT n.organization_id, n.id, n.business_portfolio_id FROM integrations.connections n
            WHERE n.provider = p.provider AND n.account_identifier = i.account AND n.status <> 'revoked'
            LIMIT 1
        ) c ON true
    ), claimed AS (
        INSERT INTO integrations.webhook_keys (provider, account, event_key, first_seen, item_digest)
        SELECT i.provider, i.account, i.event_key, p_moment, decode(i.digest, 'hex')
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
        SELECT w.id, p_moment, w.organization_id, w.connection_id, w.delivery_id, p_moment, w.provider, w.account, w.ordinal,
               w.event_type, w.event_id,
               CASE WHEN w.event_status = 'unparsed' THEN w.payload
                    WHEN w.event_status = 'quarantined' THEN coalesce(w.payload, jsonb_strip_nulls(p_items -> w.place))
                    WHEN w.kind = 'account' THEN jsonb_strip_nulls(p_items -> w.place) END,
               w.event_status, CASE w.event_status WHEN 'processed' THEN p_moment END,
               coalesce(w.reason, CASE w.event_status WHEN 'quarantined' THEN 'no connection has this account' END)
        FROM winner w
    ), known AS (
        SELECT w.*, k.contact_id
        FROM winner w
        LEFT JOIN LATERAL (
            SELECT coalesce(ct.merged_into, ct.id) AS contact_id
            FROM platform.contact_identities n
            JOIN platform.contacts ct ON ct.organization_id = n.organization_id AND ct.id = n.contact_id
            WHERE n.organization_id = w.organization_id
              AND n.kind = w.name_kind AND n.scope = integrations.scope_of_name(w.name_kind, w.account, w.portfolio)
              AND n.match = w.name_match
              AND w.happened_at < n.last_seen + interval '1 day' AND (n.retired_at IS NULL OR w.happened_at <= n.retired_at)
              AND (w.customer_name IS NULL OR w.customer_name = ct.display_name OR w.happened_at < ct.named_at)
        ) k ON w.has_customer
    ), met AS (
        -- an item with one name that is not this contact's goes the long way
        SELECT k.*, CASE WHEN k.contact_id IS NOT NULL AND (k.identities -> 1 IS NULL OR NOT EXISTS (
                        SELECT FROM generate_series(1, jsonb_array_length(k.identities) - 1) AS o (place)
                        WHERE NOT EXISTS (
                            SELECT FROM platform.contact_identities n
                            WHERE n.organization_id = k.organization_id AND n.kind = k.identities -> o.place ->> 'kind'
                              AND n.scope = integrations.scope_of_name(k.identities -> o.place ->> 'kind', k.account, k.portfolio)
                              AND n.match = k.identities -> o.place ->> 'match' AND n.contact_id = k.contact_id
                              AND k.happened_at < n.last_seen + interval '1 day' AND (n.retired_at IS NULL OR k.happened_at <= n.retired_at))))
                    THEN k.contact_id END AS contact
        FROM known k
        WHERE k.connection_id IS NOT NULL OR k.kind = 'account'
    ), counted AS (
        SELECT d.delivery, count(i.id) - count(w.id) AS duplicates, jsonb_build_array(
                   count(w.id) FILTER (WHERE w.event_status = 'processed'), count(i.id) - count(w.id),
                   count(w.id) FILTER (WHERE w.event_status = 'unparsed'), count(w.id) FILTER (WHERE w.event_status = 'quarantined')) AS counts
        FROM generate_series(0, jsonb_array_length(p_deliveries) - 1) AS d (delivery)
        LEFT JOIN item i USING (delivery)
        LEFT JOIN winner w ON w.id = i.id
        GROUP BY d.delivery
    )
    SELECT m.winners, m.contacts, m.kinds, m.strangers, m.media,
           (SELECT sum(n.duplicates) FROM counted n), (SELECT coalesce(jsonb_agg(n.counts ORDER BY n.delivery), '[]') FROM counted n)
    INTO winners, contacts, kinds, strangers, media, duplicates, deliveries
    FROM (SELECT array_agg(ROW(m.place, m.delivery, m.ordinal, m.id, m.kind, m.provider, m.organization_id, m.connection_id, m.happened_at,
                               m.event_id, m.customer, m.customer_phone, m.customer_name, coalesce(m.message_type, 'text'), m.text, m.metadata,
                               m.reply_to, coalesce(m.answerable, true))::integrations.new_item) AS winners,
                 array_agg(m.contact) AS contacts, array_agg(DISTINCT m.kind) AS kinds, bool_or(m.has_customer AND m.contact IS NULL) AS strangers,
                 bool_or(m.media IS NOT NULL AND m.kind IN ('message', 'echo')) AS media
          FROM met m) m;
END
$$;

-- p_deliveries: [{id, provider, status, quarantine_reason, body_key_id, body_size, headers, verified_by, item_count}]
-- p_items: [{delivery (its place in p_deliveries, from 0), ordinal, id, kind, account, key, digest, …}]: see shared/channels/items.py;
--   id becomes the id of the event and of what it creates.
-- p_bodies: the sealed raw bodies in base64, in the order of p_deliveries.
-- Returns {wake_ups: [{organization_id, conversation_id, run_at}], deliveries: [[new, duplicate, unparsed, quarantined], …],
--   media: [{organization_id, transfer_id}]}.
-- Everything happens in one order (keys, guards of amendments, contacts, conversations, outbox, messages, each sorted), so that concurrent
-- calls do not block each other.
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
    taken record;
    wake_ups jsonb := '[]';
    media jsonb := '[]';
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

    SELECT * INTO taken FROM integrations.claim_items(p_deliveries, p_items, moment);
    IF taken.kinds && ARRAY['message', 'echo', 'edit', 'deletion', 'reaction'] THEN
        PERFORM integrations.guard_amendments(taken.winners);
    END IF;
    IF taken.strangers OR 'identity' = ANY (taken.kinds) THEN
        taken.contacts := integrations.meet_contacts(taken.winners, taken.contacts, p_items, moment);
    END IF;
    IF 'preference' = ANY (taken.kinds) THEN
        PERFORM integrations.record_preferences(taken.winners, taken.contacts, p_items);
    END IF;
    IF 'echo' = ANY (taken.kinds) THEN
        wake_ups := integrations.record_echoes(
            taken.winners, taken.contacts, p_items, moment, oldest, p_quiet_seconds, p_ceiling_seconds);
    ELSIF 'message' = ANY (taken.kinds) THEN
        wake_ups := integrations.record_messages(taken.winners, taken.contacts, '{}', moment, oldest, p_quiet_seconds, p_ceiling_seconds);
    END IF;
    IF taken.media THEN
        media := integrations.record_media(taken.winners, p_items);
    END IF;
    IF 'status' = ANY (taken.kinds) THEN
        wake_ups := wake_ups || integrations.record_statuses(taken.winners, p_items, moment);
    END IF;
    IF 'watermark' = ANY (taken.kinds) THEN
        PERFORM integrations.record_watermarks(taken.winners, taken.contacts, p_items, moment);
    END IF;
    IF taken.kinds && ARRAY['edit', 'deletion', 'reaction'] THEN
        PERFORM integrations.record_amendments(taken.winners, p_items, moment);
    END IF;
    IF taken.duplicates > 0 THEN
        PERFORM integrations.record_differences(p_deliveries, p_items, moment);
    END IF;
    IF 'account' = ANY (taken.kinds) THEN
        PERFORM integrations.record_account_events(taken.winners, p_items);
    END IF;
    RETURN jsonb_build_object('wake_ups', wake_ups, 'deliveries', taken.deliveries, 'media', media);
END
$$;
