-- What record_deliveries does with the less usual half of a group: statuses of our messages, and repetitions that say something else.

-- Stores the statuses and brings messages and sends to what they say. Returns wake-ups, see below.
CREATE FUNCTION integrations.record_statuses(p_winners integrations.new_item[], p_items jsonb, p_moment timestamptz)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    told record;
BEGIN
    WITH statuses AS (
        INSERT INTO platform.message_statuses (
            id, organization_id, connection_id, provider_message_id, status, occurred_at, received_at, message_id, outbox_id, recipient,
            error_code, error_detail, pricing_billable, pricing_model, pricing_type, pricing_category, conversation_origin)
        SELECT w.id, w.organization_id, w.connection_id, w.event_id, s.status, w.happened_at, p_moment, o.message_id, o.id, s.recipient,
               s.error_code, s.error_detail, s.pricing_billable, s.pricing_model, s.pricing_type, s.pricing_category, s.conversation_origin
        FROM unnest(p_winners) w
        CROSS JOIN LATERAL jsonb_to_record(p_items -> w.place) AS s (
            status text, recipient text, outbox_id uuid, error_code text, error_detail text, pricing_billable boolean, pricing_model text,
            pricing_type text, pricing_category text, conversation_origin text)
        LEFT JOIN LATERAL (
            SELECT x.id, x.message_id FROM platform.outbox x WHERE x.id = s.outbox_id AND x.organization_id = w.organization_id LIMIT 1
        ) o ON true
        WHERE w.kind = 'status'
        RETURNING organization_id, provider_message_id, outbox_id
    )
    SELECT array_agg(organization_id) AS organization_ids, array_agg(provider_message_id) AS provider_message_ids,
           array_agg(outbox_id) AS outbox_ids
    INTO told
    FROM statuses;
    RETURN integrations.settle_statuses(told.organization_ids, told.provider_message_ids, told.outbox_ids, p_moment);
END
$$;

-- A status (or an echo) with our outbox id proves that the provider took the message, whatever became of its answer. Arrays by position.
-- Returns the wake-ups of conversations whose reply was uncertain until now: what waited behind it may go on.
CREATE FUNCTION integrations.settle_statuses(
    p_organization_ids uuid[], p_provider_message_ids text[], p_outbox_ids uuid[], p_moment timestamptz)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wake_ups jsonb;
BEGIN
    PERFORM platform.release_echo(m.organization_id, m.id, told.provider_message_id)
    FROM unnest(p_organization_ids, p_provider_message_ids, p_outbox_ids) AS told (organization_id, provider_message_id, outbox_id)
    JOIN platform.outbox o ON o.organization_id = told.organization_id AND o.id = told.outbox_id
    JOIN platform.messages m ON m.organization_id = o.organization_id AND m.id = o.message_id AND m.external_message_id IS NULL;

    WITH told AS (
        SELECT organization_id, outbox_id, min(provider_message_id) AS provider_message_id
        FROM unnest(p_organization_ids, p_provider_message_ids, p_outbox_ids) AS told (organization_id, provider_message_id, outbox_id)
        WHERE outbox_id IS NOT NULL
        GROUP BY organization_id, outbox_id
    ), locked AS (
        SELECT o.organization_id, o.id, o.state AS previous_state, t.provider_message_id
        FROM told t JOIN platform.outbox o ON o.organization_id = t.organization_id AND o.id = t.outbox_id
        WHERE o.state IN ('sending', 'uncertain', 'ready', 'held', 'cancelled') AND o.attempt > 0
           OR o.provider_message_id <> t.provider_message_id
        ORDER BY o.id
        FOR NO KEY UPDATE OF o
    ), settled AS (
        UPDATE platform.outbox o
        SET state = 'accepted', accepted_at = coalesce(o.accepted_at, p_moment),
            provider_message_id = coalesce(o.provider_message_id, l.provider_message_id),
            -- two provider ids for one reply: the customer has it twice; that is counted and shown
            duplicate_detected_at = CASE WHEN o.provider_message_id <> l.provider_message_id
                                         THEN coalesce(o.duplicate_detected_at, p_moment) ELSE o.duplicate_detected_at END
        FROM locked l
        WHERE o.organization_id = l.organization_id AND o.id = l.id
        RETURNING o.organization_id, o.conversation_id, o.message_id, o.provider_message_id, l.previous_state
    ), named AS (
        UPDATE platform.messages m
        SET external_message_id = s.provider_message_id
        FROM settled s
        WHERE m.organization_id = s.organization_id AND m.id = s.message_id AND m.external_message_id IS NULL
    )
    SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object(
               'organization_id', s.organization_id, 'conversation_id', s.conversation_id, 'run_at', p_moment)), '[]')
    INTO wake_ups
    FROM settled s WHERE s.previous_state = 'uncertain';

    -- Without our id the message may be recorded at this very moment by its sender: see platform.apply_statuses.
    PERFORM pg_advisory_xact_lock(unknown.key)
    FROM (SELECT DISTINCT hashtextextended(provider_message_id, 20) AS key
          FROM unnest(p_provider_message_ids, p_outbox_ids) AS told (provider_message_id, outbox_id)
          WHERE outbox_id IS NULL
          ORDER BY key) AS unknown;
    PERFORM platform.merge_statuses(p_organization_ids, p_provider_message_ids);
    RETURN wake_ups;
END
$$;

-- Watermarks are kept, for messages that will be recorded, and applied to those that are.
CREATE FUNCTION integrations.record_watermarks(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamptz)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    told record;
BEGIN
    WITH kept AS (
        INSERT INTO platform.message_watermarks (id, organization_id, connection_id, contact_id, status, occurred_at, received_at)
        SELECT w.id, w.organization_id, w.connection_id, w.contact_id, p_items -> w.place ->> 'status', w.happened_at, p_moment
        FROM integrations.items_of(p_winners, p_contacts) w
        WHERE w.kind = 'watermark'
        RETURNING organization_id, connection_id, contact_id
    )
    SELECT array_agg(organization_id) AS organization_ids, array_agg(connection_id) AS connection_ids, array_agg(contact_id) AS contact_ids
    INTO told FROM (SELECT DISTINCT * FROM kept) k;
    PERFORM platform.merge_watermarks(told.organization_ids, told.connection_ids, told.contact_ids);
END
$$;

-- What was said about messages later is kept, for messages that will be recorded, and applied to those that are.
CREATE FUNCTION integrations.record_amendments(p_winners integrations.new_item[], p_items jsonb, p_moment timestamptz)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    told record;
BEGIN
    WITH kept AS (
        INSERT INTO platform.message_amendments (
            id, organization_id, connection_id, target, kind, actor, occurred_at, event_key, text_content, emoji, received_at)
        SELECT w.id, w.organization_id, w.connection_id, a.target, w.kind, coalesce(a.identities -> 0 ->> 'match', w.customer, ''), w.happened_at,
               a.key, CASE w.kind WHEN 'edit' THEN w.text END, nullif(a.emoji, ''), p_moment
        FROM unnest(p_winners) w
        CROSS JOIN LATERAL jsonb_to_record(p_items -> w.place) AS a (target text, key text, emoji text, identities jsonb)
        WHERE w.kind IN ('edit', 'deletion', 'reaction')
        RETURNING organization_id, connection_id, target
    )
    SELECT array_agg(organization_id) AS organization_ids, array_agg(connection_id) AS connection_ids, array_agg(target) AS targets
    INTO told FROM kept;
    -- one of our messages may get its provider's id at this very moment: see platform.apply_statuses
    PERFORM pg_advisory_xact_lock(message.key)
    FROM (SELECT DISTINCT hashtextextended(t.target, 20) AS key FROM unnest(told.targets) AS t (target) ORDER BY key) message;
    PERFORM platform.merge_amendments(told.organization_ids, told.connection_ids, told.targets);
END
$$;

-- What concerns an account or a business and no customer: a connection may have to be paused, or its owner told.
CREATE FUNCTION integrations.record_account_events(p_winners integrations.new_item[], p_items jsonb)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM integrations.apply_account_events((
        SELECT jsonb_agg((p_items -> w.place) || jsonb_build_object('provider', w.provider)) FROM unnest(p_winners) w WHERE w.kind = 'account'));
END
$$;

-- A repetition of a key with another content changes nothing, and is not lost: it is kept as an event of its own, once.
CREATE FUNCTION integrations.record_differences(p_deliveries jsonb, p_items jsonb, p_moment timestamptz)
RETURNS void LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    WITH different AS MATERIALIZED (
        SELECT DISTINCT ON (k.provider, k.account, i.digest)
               k.provider, 'd:' || i.digest AS event_key, (p_deliveries -> i.delivery ->> 'id')::uuid AS delivery_id, c.organization_id,
               c.id AS connection_id, to_jsonb(i) AS fields, i.*
        FROM jsonb_to_recordset(p_items) AS i (
            delivery int, ordinal int, id uuid, kind text, account text, key text, digest text, event_type text, event_id text,
            occurred_at timestamptz, customer text, customer_name text, identities jsonb, previous jsonb, message_type text, text text,
            metadata jsonb, media jsonb, reply_to text, target text, emoji text, choice text, event text, status text, recipient text,
            outbox_id uuid, error_code text, error_detail text, reason text, payload jsonb)
        LEFT JOIN LATERAL (
            SELECT n.organization_id, n.id FROM integrations.connections n
            WHERE n.provider = p_deliveries -> i.delivery ->> 'provider' AND n.account_identifier = i.account AND n.status <> 'revoked'
            LIMIT 1
        ) c ON true
        CROSS JOIN LATERAL (
            SELECT x.provider, x.account, x.item_digest FROM integrations.webhook_keys x
            WHERE x.provider = p_deliveries -> i.delivery ->> 'provider' AND x.account = i.account
              AND x.event_key = CASE WHEN c.id IS NULL THEN 'q:' || i.key ELSE i.key END
            LIMIT 1
        ) k
        WHERE k.item_digest <> decode(i.digest, 'hex')
        ORDER BY k.provider, k.account, i.digest, i.delivery, i.ordinal
    ), claimed AS (
        INSERT INTO integrations.webhook_keys (provider, account, event_key, first_seen, item_digest)
        SELECT provider, account, event_key, p_moment, decode(digest, 'hex') FROM different
        ORDER BY provider, account, event_key
        ON CONFLICT (provider, account, event_key) DO NOTHING
        RETURNING provider, account, event_key
    )
    INSERT INTO integrations.webhook_events (
        id, created_at, organization_id, connection_id, delivery_id, delivery_received_at, provider, account_identifier, ordinal,
        event_type, event_id, payload, status, processed_at, error_message)
    SELECT f.id, p_moment, f.organization_id, f.connection_id, f.delivery_id, p_moment, f.provider, f.account, f.ordinal,
           left('repeated.' || f.event_type, 100), f.event_id, jsonb_strip_nulls(f.fields), 'processed', p_moment,
           'differs from the first item with this key'
    FROM different f JOIN claimed USING (provider, account, event_key)
$$;
