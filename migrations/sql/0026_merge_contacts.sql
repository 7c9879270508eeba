-- Two contacts that turn out to be one person become one, with everything that they have, and with evidence.

-- Items whose names belong to several contacts prove that these are one. One merge at a time in an organization.
CREATE FUNCTION integrations.merge_met_contacts(p_names integrations.customer_name[], p_moment timestamptz)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    places int[];
    told int;
    found record;
BEGIN
    SELECT array_agg(several.place ORDER BY several.place) INTO places
    FROM (SELECT f.place FROM integrations.contacts_by_name(p_names) f WHERE NOT f.weak
          GROUP BY f.place HAVING count(DISTINCT f.contact_id) > 1) several;
    IF places IS NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(22, organization.key)
    FROM (SELECT DISTINCT uuid_hash(n.organization_id) AS key FROM unnest(p_names) n WHERE n.place = ANY (places) ORDER BY key) organization;
    FOREACH told IN ARRAY places LOOP
        -- again, under the lock: the merge before this one may have been the same
        SELECT f.organization_id, array_agg(DISTINCT f.contact_id) AS contact_ids, bool_or(f.previous) AS changed, f.item_id
        INTO found
        FROM integrations.contacts_by_name(p_names) f
        WHERE f.place = told AND NOT f.weak AND f.contact_id IS NOT NULL
        GROUP BY f.organization_id, f.item_id;
        IF cardinality(found.contact_ids) > 1 THEN
            PERFORM platform.merge_contacts(found.organization_id, found.contact_ids,
                CASE WHEN found.changed THEN 'identity_changed' ELSE 'same_item' END, found.item_id, p_moment);
        END IF;
    END LOOP;
END
$$;

-- The oldest contact gets the names, conversations and watermarks of the others, which stay as rows that point at it.
CREATE FUNCTION platform.merge_contacts(p_organization_id uuid, p_contact_ids uuid[], p_reason text, p_event_id uuid, p_moment timestamptz)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    survivor uuid;
    merged uuid[];
BEGIN
    PERFORM FROM platform.contacts c WHERE c.organization_id = p_organization_id AND c.id = ANY (p_contact_ids) ORDER BY c.id
    FOR NO KEY UPDATE;
    SELECT c.id, array_remove(p_contact_ids, c.id) INTO survivor, merged
    FROM platform.contacts c WHERE c.organization_id = p_organization_id AND c.id = ANY (p_contact_ids)
    ORDER BY c.created_at, c.id LIMIT 1;

    WITH record AS (
        INSERT INTO platform.contact_merges (organization_id, contact_id, merged_contact_id, reason, evidence, created_at)
        SELECT p_organization_id, survivor, m.id, p_reason, jsonb_build_object(
                   'event_id', p_event_id,
                   'identities', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'scope', i.scope, 'match', i.match)
                                                            ORDER BY i.kind, i.scope, i.match), '[]')
                                  FROM platform.contact_identities i WHERE i.organization_id = p_organization_id AND i.contact_id = m.id),
                   'conversations', (SELECT coalesce(jsonb_agg(c.id ORDER BY c.id), '[]') FROM platform.conversations c
                                     WHERE c.organization_id = p_organization_id AND c.contact_id = m.id)), p_moment
        FROM unnest(merged) AS m (id)
        RETURNING merged_contact_id
    )
    INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata, created_at)
    SELECT p_organization_id, 'contact.merged', 'contact', survivor,
           jsonb_build_object('merged_contact_id', r.merged_contact_id, 'reason', p_reason, 'event_id', p_event_id), p_moment
    FROM record r;

    UPDATE platform.contact_identities i SET contact_id = survivor
    WHERE i.organization_id = p_organization_id AND i.contact_id = ANY (merged);
    UPDATE platform.message_watermarks w SET contact_id = survivor
    WHERE w.organization_id = p_organization_id AND w.contact_id = ANY (merged);
    UPDATE platform.contacts c
    SET display_name = named.display_name, named_at = named.named_at,
        marketing_opted_out_at = chosen.marketing_opted_out_at, marketing_choice_at = chosen.marketing_choice_at
    FROM (SELECT n.display_name, n.named_at FROM platform.contacts n
          WHERE n.organization_id = p_organization_id AND n.id = ANY (p_contact_ids)
          ORDER BY n.named_at DESC NULLS LAST, n.display_name LIMIT 1) named,
         (SELECT n.marketing_opted_out_at, n.marketing_choice_at FROM platform.contacts n
          WHERE n.organization_id = p_organization_id AND n.id = ANY (p_contact_ids)
          ORDER BY n.marketing_choice_at DESC NULLS LAST, n.marketing_opted_out_at LIMIT 1) chosen
    WHERE c.organization_id = p_organization_id AND c.id = survivor;
    UPDATE platform.contacts c SET merged_into = survivor
    WHERE c.organization_id = p_organization_id AND (c.id = ANY (merged) OR c.merged_into = ANY (merged));
    PERFORM platform.join_conversations(p_organization_id, survivor, p_contact_ids, p_moment);
END
$$;

-- The conversations of contacts that became one. On each connection one open conversation goes on: the one that a person has, else one
-- with a message to be answered, else the newest. The others take no new messages. Their messages are not moved: what is still to be
-- answered there is answered there, by their own turn under their own lease, fence and outbox, so that each message has one reply. What
-- is finished is resolved; when a person has the one that goes on, the others' pending messages are that person's too.
CREATE FUNCTION platform.join_conversations(p_organization_id uuid, p_survivor uuid, p_contact_ids uuid[], p_moment timestamptz)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM platform.conversations c
    WHERE c.organization_id = p_organization_id AND c.contact_id = ANY (p_contact_ids) AND c.status IN ('active', 'escalated')
    ORDER BY c.connection_id, c.contact_id
    FOR NO KEY UPDATE;
    WITH opened AS (
        SELECT c.id, first_value(c.id) OVER chosen AS kept, first_value(c.automation_state) OVER chosen AS kept_state,
               c.last_in_seq > c.done_seq AS pending, c.automation_state,
               max(c.opted_out_at) OVER (PARTITION BY c.connection_id) AS opted_out_at,
               EXISTS (SELECT FROM platform.outbox o WHERE o.organization_id = c.organization_id AND o.conversation_id = c.id
                                                       AND o.state IN ('ready', 'sending', 'uncertain')) AS unsent
        FROM platform.conversations c
        WHERE c.organization_id = p_organization_id AND c.contact_id = ANY (p_contact_ids) AND c.status IN ('active', 'escalated')
        WINDOW chosen AS (PARTITION BY c.connection_id
                          ORDER BY c.continued_in IS NOT NULL, c.automation_state <> 'auto' DESC, c.last_in_seq > c.done_seq DESC,
                                   c.last_inbound_at DESC NULLS LAST, c.id)
    ), ended AS (
        UPDATE platform.conversations c
        SET continued_in = o.kept, status = CASE WHEN o.pending OR o.unsent THEN c.status ELSE 'resolved' END,
            resolved_at = CASE WHEN o.pending OR o.unsent THEN c.resolved_at ELSE p_moment END,
            automation_state = CASE WHEN o.kept_state <> 'auto' AND c.automation_state = 'auto' THEN 'human' ELSE c.automation_state END,
            first_pending_at = CASE WHEN o.kept_state <> 'auto' THEN NULL ELSE c.first_pending_at END,
            run_at = CASE WHEN o.kept_state <> 'auto' THEN NULL ELSE c.run_at END
        FROM opened o
        WHERE c.organization_id = p_organization_id AND c.id = o.id AND o.id <> o.kept
        RETURNING c.id, o.kept, o.opted_out_at, o.automation_state <> c.automation_state AND o.pending AS handed_over
    ), escalated AS (
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata, created_at)
        SELECT p_organization_id, 'conversation.escalated', 'conversation', e.id, '{"reason": "contact_merged"}', p_moment
        FROM ended e WHERE e.handed_over
    )
    UPDATE platform.conversations c SET opted_out_at = e.opted_out_at
    FROM (SELECT DISTINCT kept, opted_out_at FROM ended) e
    WHERE c.organization_id = p_organization_id AND c.id = e.kept AND e.opted_out_at IS NOT NULL;

    -- what is still to be answered there is in the queue like everything that people have
    PERFORM agents.open_handoff(p_organization_id, c.id, 'contact_merged')
    FROM platform.conversations c
    WHERE c.organization_id = p_organization_id AND c.contact_id = ANY (p_contact_ids) AND c.status IN ('active', 'escalated')
      AND c.continued_in IS NOT NULL AND c.automation_state = 'human' AND c.last_in_seq > c.done_seq;
    UPDATE platform.handoffs h SET state = 'resolved', closed_at = p_moment
    FROM platform.conversations c
    WHERE c.organization_id = p_organization_id AND c.contact_id = ANY (p_contact_ids) AND c.status = 'resolved' AND c.continued_in IS NOT NULL
      AND h.organization_id = c.organization_id AND h.conversation_id = c.id AND h.state IN ('open', 'claimed');

    UPDATE platform.conversations c SET contact_id = p_survivor
    WHERE c.organization_id = p_organization_id AND c.contact_id = ANY (p_contact_ids) AND c.contact_id <> p_survivor;
END
$$;

-- A customer's answer to marketing messages; the newest counts, whatever came last. Service replies are not concerned.
CREATE FUNCTION integrations.record_preferences(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH told AS MATERIALIZED (
        SELECT w.organization_id, w.id, w.contact_id, w.happened_at, p_items -> w.place ->> 'choice' AS choice
        FROM integrations.items_of(p_winners, p_contacts) w
        WHERE w.kind = 'preference' AND p_items -> w.place ->> 'choice' IN ('stop', 'resume')
    ), logged AS (
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
        SELECT t.organization_id, CASE t.choice WHEN 'stop' THEN 'contact.marketing_stopped' ELSE 'contact.marketing_resumed' END,
               'contact', t.contact_id, jsonb_build_object('by', 'customer', 'at', t.happened_at, 'event_id', t.id)
        FROM told t
    ), newest AS (
        SELECT DISTINCT ON (t.organization_id, t.contact_id) t.* FROM told t
        ORDER BY t.organization_id, t.contact_id, t.happened_at DESC, t.choice DESC
    ), locked AS (
        SELECT n.* FROM newest n JOIN platform.contacts c ON c.organization_id = n.organization_id AND c.id = n.contact_id
        ORDER BY n.contact_id
        FOR NO KEY UPDATE OF c
    )
    UPDATE platform.contacts c
    SET marketing_opted_out_at = CASE l.choice WHEN 'stop' THEN l.happened_at END, marketing_choice_at = l.happened_at
    FROM locked l
    WHERE c.organization_id = l.organization_id AND c.id = l.contact_id
      -- of two in one second the stop counts
      AND (c.marketing_choice_at IS NULL OR c.marketing_choice_at < l.happened_at
           OR c.marketing_choice_at = l.happened_at AND l.choice = 'stop');
END
$$;
