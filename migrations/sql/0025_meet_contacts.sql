-- Who wrote: finds or makes the contact of each item by the customer's names, and sees when two contacts are one person.

-- What kind of name an address is that an item gives alone.
CREATE FUNCTION integrations.kind_of_customer(p_provider text, p_customer text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN p_provider <> 'whatsapp' THEN 'scoped_id' WHEN p_customer ~ '^[0-9]+$' THEN 'phone' ELSE 'user_id' END
$$;

-- Within what a name means one person.
CREATE FUNCTION integrations.scope_of_name(p_kind text, p_account text, p_portfolio text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE p_kind WHEN 'phone' THEN '' WHEN 'scoped_id' THEN p_account ELSE p_portfolio END
$$;

-- The names in these items that are not known, or not up to date (contacts[position] is NULL), and the old and new ones of customers
-- who changed theirs. Sorted as everybody locks them.
CREATE FUNCTION integrations.names_to_learn(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb)
RETURNS integrations.customer_name[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT array_agg(ROW(w.place, w.organization_id, w.id, n.kind, integrations.scope_of_name(n.kind, c.account_identifier,
                             coalesce(c.business_portfolio_id, '')), n.value, n.match, n.previous, w.happened_at)::integrations.customer_name
                         ORDER BY w.organization_id, n.kind, n.match, w.place)
        FROM integrations.items_of(p_winners, p_contacts) w
        JOIN integrations.connections c ON c.organization_id = w.organization_id AND c.id = w.connection_id
        CROSS JOIN LATERAL (
            SELECT o.kind, o.value, coalesce(o.match, o.value) AS match, false AS previous
            FROM jsonb_to_recordset(p_items -> w.place -> 'identities') AS o (kind text, value text, match text)
            UNION ALL
            SELECT integrations.kind_of_customer(w.provider, w.customer), w.customer, w.customer, false
            WHERE w.customer IS NOT NULL AND coalesce(p_items -> w.place -> 'identities', '[]') = '[]'
            UNION ALL
            SELECT o.kind, o.value, coalesce(o.match, o.value), true
            FROM jsonb_to_recordset(p_items -> w.place -> 'previous') AS o (kind text, value text, match text)
        ) n
        WHERE w.kind = 'identity' OR w.kind IN ('message', 'echo', 'watermark', 'preference') AND w.contact_id IS NULL);
END
$$;

-- Each name with the contact that has it, NULL when nobody does; a name that was given up belongs to nobody after that.
-- A username can pass to another person and proves nothing beside a name that cannot: it is `weak` where the item has another.
CREATE FUNCTION integrations.contacts_by_name(p_names integrations.customer_name[])
RETURNS TABLE (place int, organization_id uuid, item_id uuid, kind text, scope text, value text, match text, previous boolean,
               happened_at timestamptz, contact_id uuid, weak boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
        SELECT n.*, coalesce(c.merged_into, c.id),
               n.kind = 'username' AND bool_or(n.kind <> 'username') OVER (PARTITION BY n.place)
        FROM unnest(p_names) n
        LEFT JOIN platform.contact_identities i
            ON i.organization_id = n.organization_id AND i.kind = n.kind AND i.scope = n.scope AND i.match = n.match
            AND CASE WHEN n.previous THEN i.first_seen <= n.happened_at ELSE i.retired_at IS NULL OR n.happened_at <= i.retired_at END
        LEFT JOIN platform.contacts c ON c.organization_id = i.organization_id AND c.id = i.contact_id;
END
$$;

-- Returns p_contacts completed. Takes place after the keys were claimed: a repetition of an item teaches nothing.
CREATE FUNCTION integrations.meet_contacts(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamptz)
RETURNS uuid[] LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names integrations.customer_name[] := integrations.names_to_learn(p_winners, p_contacts, p_items);
    complete uuid[];
    unmet boolean;
BEGIN
    -- Unknown names go to the contact that another name of the item has, else to a new one under the item's id. Who learns a name
    -- at the same time and is second finds it below.
    WITH found AS MATERIALIZED (
        SELECT * FROM integrations.contacts_by_name(names)
    ), home AS (
        SELECT f.place, coalesce((array_agg(f.contact_id ORDER BY f.weak, f.previous, f.kind) FILTER (WHERE f.contact_id IS NOT NULL
                                      AND NOT f.weak))[1], (array_agg(f.item_id))[1]) AS contact_id
        FROM found f GROUP BY f.place
    ), learnt AS (
        INSERT INTO platform.contact_identities AS i (organization_id, contact_id, kind, scope, value, match, first_seen, last_seen)
        SELECT DISTINCT ON (f.organization_id, f.kind, f.scope, f.match)
               f.organization_id, h.contact_id, f.kind, f.scope, f.value, f.match, f.happened_at, f.happened_at
        FROM found f JOIN home h USING (place)
        WHERE f.contact_id IS NULL
        ORDER BY f.organization_id, f.kind, f.scope, f.match, f.happened_at, f.place
        ON CONFLICT ON CONSTRAINT contact_identities_pkey DO UPDATE
        SET contact_id = excluded.contact_id, value = excluded.value, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
            retired_at = NULL
        WHERE i.retired_at < excluded.first_seen
        RETURNING i.organization_id, i.contact_id
    )
    INSERT INTO platform.contacts (id, organization_id, created_at)
    SELECT DISTINCT l.contact_id, l.organization_id, p_moment
    FROM learnt l JOIN unnest(names) n ON n.item_id = l.contact_id;

    PERFORM integrations.merge_met_contacts(names, p_moment);
    PERFORM integrations.update_names(names);
    PERFORM integrations.name_contacts(p_winners, names);
    -- also the contacts that were known may be part of others by now
    SELECT array_agg(coalesce(c.merged_into, c.id) ORDER BY w.position),
           bool_or(w.kind IN ('message', 'echo', 'watermark', 'preference') AND c.id IS NULL)
    INTO complete, unmet
    FROM unnest(p_winners, p_contacts) WITH ORDINALITY AS w (place, delivery, ordinal, id, kind, provider, organization_id, connection_id,
        happened_at, event_id, customer, customer_phone, customer_name, message_type, text, metadata, reply_to, answerable, contact_id, position)
    LEFT JOIN (SELECT f.place, (array_agg(f.contact_id ORDER BY f.weak, f.previous, f.kind) FILTER (WHERE f.contact_id IS NOT NULL))[1]
                          AS contact_id
               FROM integrations.contacts_by_name(names) f GROUP BY f.place) met USING (place)
    LEFT JOIN platform.contacts c ON c.organization_id = w.organization_id AND c.id = coalesce(w.contact_id, met.contact_id);
    IF unmet THEN
        RAISE EXCEPTION 'an item has no customer that a contact could be found for' USING ERRCODE = 'check_violation';
    END IF;
    RETURN complete;
END
$$;

-- What is known of names: seen again, given up, or (a username) with another person now. Of rows that somebody else has, nothing is lost:
-- the next message does it.
CREATE FUNCTION integrations.update_names(p_names integrations.customer_name[])
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH found AS MATERIALIZED (
        SELECT * FROM integrations.contacts_by_name(p_names)
    ), holder AS (
        SELECT f.place, (array_agg(f.contact_id ORDER BY f.previous, f.kind) FILTER (WHERE NOT f.weak))[1] AS contact_id
        FROM found f GROUP BY f.place
    ), named AS (
        SELECT f.organization_id, f.kind, f.scope, f.match, min(f.happened_at) AS first_at, max(f.happened_at) FILTER (WHERE NOT f.previous) AS last_at,
               max(f.happened_at) FILTER (WHERE f.previous) AS retired_at,
               (array_agg(h.contact_id ORDER BY f.happened_at DESC, f.place DESC) FILTER (WHERE f.weak))[1] AS holder
        FROM found f JOIN holder h USING (place)
        WHERE f.contact_id IS NOT NULL
        GROUP BY f.organization_id, f.kind, f.scope, f.match
    ), free AS (
        SELECT n.* FROM named n
        JOIN platform.contact_identities i USING (organization_id, kind, scope, match)
        ORDER BY organization_id, kind, scope, match
        FOR NO KEY UPDATE OF i SKIP LOCKED
    )
    UPDATE platform.contact_identities i
    SET contact_id = CASE WHEN i.last_seen <= f.last_at THEN coalesce(f.holder, i.contact_id) ELSE i.contact_id END,
        first_seen = least(i.first_seen, f.first_at), last_seen = greatest(i.last_seen, f.last_at),
        retired_at = CASE WHEN f.retired_at IS NULL THEN i.retired_at ELSE greatest(i.retired_at, f.retired_at) END
    FROM free f
    WHERE (i.organization_id, i.kind, i.scope, i.match) = (f.organization_id, f.kind, f.scope, f.match);
END
$$;

-- Gives contacts the display name of the newest message that has one.
CREATE FUNCTION integrations.name_contacts(p_winners integrations.new_item[], p_names integrations.customer_name[])
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH told AS (
        SELECT DISTINCT ON (f.contact_id) f.organization_id, f.contact_id, w.customer_name, w.happened_at
        FROM unnest(p_winners) w JOIN integrations.contacts_by_name(p_names) f ON f.place = w.place AND NOT f.weak AND NOT f.previous
        WHERE w.customer_name IS NOT NULL AND w.kind = 'message' AND f.contact_id IS NOT NULL
        ORDER BY f.contact_id, w.happened_at DESC, w.customer_name
    ), locked AS (
        SELECT t.* FROM told t JOIN platform.contacts c ON c.organization_id = t.organization_id AND c.id = t.contact_id
        WHERE c.named_at IS NULL OR c.named_at < t.happened_at OR c.named_at = t.happened_at AND c.display_name > t.customer_name
        ORDER BY t.contact_id
        FOR NO KEY UPDATE OF c
    )
    UPDATE platform.contacts c SET display_name = l.customer_name, named_at = l.happened_at
    FROM locked l WHERE c.organization_id = l.organization_id AND c.id = l.contact_id;
END
$$;
