-- What was sent from the account by somebody else, and what was said later about messages that exist or will: edits, deletions, reactions,
-- and watermarks.

-- The echoes that are of our own messages: their id is known as ours, they carry our outbox id, or their channel gives no such thing and a
-- send of this conversation that nobody knows the fate of has the same text. The last two settle the send. p_outbox_id NULL: known by its id.
CREATE FUNCTION integrations.own_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb)
RETURNS TABLE (place int, organization_id uuid, provider_message_id text, outbox_id uuid)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
        WITH echo AS MATERIALIZED (
            SELECT w.*, integrations.uuid_or_null(p_items -> w.place ->> 'outbox_id') AS told_outbox_id,
                   EXISTS (SELECT FROM platform.messages m
                           WHERE m.organization_id = w.organization_id AND m.connection_id = w.connection_id
                             AND m.external_message_id = w.event_id) AS known,
                   row_number() OVER (PARTITION BY w.organization_id, w.connection_id, w.contact_id, integrations.bare_text(w.text), w.message_type
                                      ORDER BY w.happened_at, w.place) AS nth
            FROM integrations.items_of(p_winners, p_contacts) w
            WHERE w.kind = 'echo'
        ), told AS (
            SELECT e.place, o.id FROM echo e JOIN platform.outbox o ON o.organization_id = e.organization_id AND o.id = e.told_outbox_id
        ), alike AS (
            SELECT e.place, o.id
            FROM echo e
            CROSS JOIN LATERAL (
                SELECT x.id, row_number() OVER (ORDER BY x.sending_at, x.id) AS nth
                FROM platform.conversations c
                JOIN platform.outbox x ON x.organization_id = c.organization_id AND x.conversation_id = c.id
                JOIN platform.messages m ON m.organization_id = x.organization_id AND m.id = x.message_id
                WHERE c.organization_id = e.organization_id AND c.connection_id = e.connection_id AND c.contact_id = e.contact_id
                  AND x.attempt > 0 AND (x.state IN ('sending', 'uncertain') OR x.state = 'ready' AND x.uncertain_at IS NOT NULL)
                  AND x.provider_message_id IS NULL AND m.external_message_id IS NULL
                  AND integrations.bare_text(m.text_content) = integrations.bare_text(e.text)
                  AND (integrations.bare_text(e.text) <> '' OR m.message_type = e.message_type)
            ) o
            WHERE NOT e.known AND e.told_outbox_id IS NULL AND o.nth = e.nth
        )
        SELECT e.place, e.organization_id, e.event_id, coalesce(t.id, a.id)
        FROM echo e LEFT JOIN told t USING (place) LEFT JOIN alike a USING (place)
        WHERE e.known OR t.id IS NOT NULL OR a.id IS NOT NULL;
END
$$;

-- A text as it is compared: providers may take away space around it.
CREATE FUNCTION integrations.bare_text(p_text text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT btrim(coalesce(p_text, ''), E' \t\r\n')
$$;

CREATE FUNCTION integrations.uuid_or_null(p_text text) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_text ~* '^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$' THEN p_text::uuid END
$$;

-- Records the group's messages together with its echoes, in one order; the echoes that are not ours are messages of people. Returns wake-ups.
CREATE FUNCTION integrations.record_echoes(
    p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamptz, p_oldest timestamptz,
    p_quiet_seconds double precision, p_ceiling_seconds double precision)
RETURNS jsonb LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own record;
    foreign_targets record;
    wake_ups jsonb;
BEGIN
    SELECT coalesce(array_agg(e.place), '{}') AS places,
           array_agg(e.organization_id) FILTER (WHERE e.outbox_id IS NOT NULL) AS organization_ids,
           array_agg(e.provider_message_id) FILTER (WHERE e.outbox_id IS NOT NULL) AS provider_message_ids,
           array_agg(e.outbox_id) FILTER (WHERE e.outbox_id IS NOT NULL) AS outbox_ids
    INTO own
    FROM integrations.own_echoes(p_winners, p_contacts, p_items) e;

    wake_ups := integrations.record_messages(
        p_winners, p_contacts, own.places, p_moment, p_oldest, p_quiet_seconds, p_ceiling_seconds);
    PERFORM integrations.silence(w.organization_id, w.connection_id, w.contact_id, p_moment)
    FROM (SELECT DISTINCT e.organization_id, e.connection_id, e.contact_id
          FROM integrations.items_of(p_winners, p_contacts) e
          WHERE e.kind = 'echo' AND e.place <> ALL (own.places)
          ORDER BY e.organization_id, e.connection_id, e.contact_id) w;
    IF own.outbox_ids IS NOT NULL THEN
        wake_ups := wake_ups || integrations.settle_statuses(own.organization_ids, own.provider_message_ids, own.outbox_ids, p_moment);
    END IF;
    WITH stored AS (
        INSERT INTO platform.messages (
            id, organization_id, conversation_id, connection_id, direction, message_type, text_content, metadata, sender_type,
            external_message_id, reply_to_external_id, platform_timestamp, delivery_status, sent_at, received_at, created_at)
        SELECT e.id, e.organization_id, c.id, e.connection_id, 'outbound', e.message_type, e.text, coalesce(e.metadata, '{}'), 'human',
               e.event_id, e.reply_to, e.happened_at, 'sent', e.happened_at, p_moment, p_moment
        FROM integrations.items_of(p_winners, p_contacts) e
        JOIN platform.conversations c ON c.organization_id = e.organization_id AND c.connection_id = e.connection_id
            AND c.contact_id = e.contact_id AND c.status IN ('active', 'escalated') AND c.continued_in IS NULL
        WHERE e.kind = 'echo' AND e.place <> ALL (own.places)
        ORDER BY e.organization_id, e.connection_id, e.event_id
        -- its sender has recorded it as ours in this very moment
        ON CONFLICT (organization_id, connection_id, external_message_id) DO NOTHING
        RETURNING organization_id, external_message_id
    )
    SELECT array_agg(s.organization_id) AS organization_ids, array_agg(s.external_message_id) AS targets INTO foreign_targets
    FROM stored s WHERE s.external_message_id IS NOT NULL;
    PERFORM platform.apply_statuses(t.organization_id, t.target)
    FROM unnest(foreign_targets.organization_ids, foreign_targets.targets) AS t (organization_id, target);
    RETURN wake_ups;
END
$$;

-- A person speaks: replies of the AI that were not sent are not sent any more, and the other open conversations of this customer, which
-- take no new messages but may still have some to answer, are the person's as well. The caller has taken over the conversation itself.
CREATE FUNCTION integrations.silence(p_organization_id uuid, p_connection_id uuid, p_contact_id uuid, p_moment timestamptz)
RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    others uuid[];
BEGIN
    WITH taken AS (
        UPDATE platform.conversations c
        SET automation_state = 'human', status = 'escalated', assigned_to_human = true, escalated_at = p_moment, run_at = NULL, first_pending_at = NULL,
            human_takeover_count = c.human_takeover_count + 1
        WHERE c.organization_id = p_organization_id AND c.connection_id = p_connection_id AND c.contact_id = p_contact_id
          AND c.continued_in IS NOT NULL AND c.status IN ('active', 'escalated') AND c.automation_state = 'auto'
        RETURNING c.id
    )
    SELECT array_agg(t.id) INTO others FROM taken t;
    PERFORM agents.open_handoff(p_organization_id, t.id, 'human_echo', true) FROM unnest(others) AS t (id);
    WITH unsent AS (
        SELECT o.id, o.message_id, o.execution_id, o.created_at
        FROM platform.outbox o JOIN platform.conversations c ON c.organization_id = o.organization_id AND c.id = o.conversation_id
        WHERE o.organization_id = p_organization_id AND o.state = 'ready' AND o.kind = 'reply'
          AND c.connection_id = p_connection_id AND c.contact_id = p_contact_id AND c.automation_state = 'human'
        ORDER BY o.id
        FOR NO KEY UPDATE OF o
    ), cancelled AS (
        UPDATE platform.outbox o SET state = 'cancelled', cancel_reason = 'human_active'
        FROM unsent u WHERE o.organization_id = p_organization_id AND o.id = u.id
    ), ended AS (
        UPDATE departments.agent_executions e SET outcome = 'human_active'
        FROM unsent u WHERE e.organization_id = p_organization_id AND e.id = u.execution_id AND e.created_at = u.created_at
    )
    UPDATE platform.messages m
    SET delivery_status = 'failed', failed_at = p_moment, error_code = 'cancelled', error_detail = 'human_active'
    FROM unsent u WHERE m.organization_id = p_organization_id AND m.id = u.message_id AND m.delivery_status = 'pending';
END
$$;

GRANT EXECUTE ON FUNCTION
    integrations.items_of(integrations.new_item[], uuid[]),
    integrations.claim_items(jsonb, jsonb, timestamptz),
    integrations.settle_statuses(uuid[], text[], uuid[], timestamptz),
    integrations.record_differences(jsonb, jsonb, timestamptz),
    integrations.record_statuses(integrations.new_item[], jsonb, timestamptz),
    integrations.record_watermarks(integrations.new_item[], uuid[], jsonb, timestamptz),
    integrations.record_amendments(integrations.new_item[], jsonb, timestamptz),
    integrations.record_account_events(integrations.new_item[], jsonb),
    integrations.kind_of_customer(text, text),
    integrations.scope_of_name(text, text, text),
    integrations.names_to_learn(integrations.new_item[], uuid[], jsonb),
    integrations.contacts_by_name(integrations.customer_name[]),
    integrations.meet_contacts(integrations.new_item[], uuid[], jsonb, timestamptz),
    integrations.merge_met_contacts(integrations.customer_name[], timestamptz),
    integrations.update_names(integrations.customer_name[]),
    integrations.name_contacts(integrations.new_item[], integrations.customer_name[]),
    integrations.record_preferences(integrations.new_item[], uuid[], jsonb),
    platform.merge_contacts(uuid, uuid[], text, uuid, timestamptz),
    platform.join_conversations(uuid, uuid, uuid[], timestamptz),
    integrations.guard_amendments(integrations.new_item[]),
    integrations.record_messages(
        integrations.new_item[], uuid[], int[], timestamptz, timestamptz, double precision, double precision),
    integrations.record_media(integrations.new_item[], jsonb),
    integrations.own_echoes(integrations.new_item[], uuid[], jsonb),
    integrations.bare_text(text),
    integrations.uuid_or_null(text),
    integrations.record_echoes(
        integrations.new_item[], uuid[], jsonb, timestamptz, timestamptz, double precision, double precision),
    integrations.silence(uuid, uuid, uuid, timestamptz)
TO definer_role;

-- The intake role itself calls this one alone.
GRANT EXECUTE ON FUNCTION integrations.record_deliveries(jsonb, jsonb, text[], double precision, double precision, double precision)
    TO intake_role;
ALTER FUNCTION integrations.record_deliveries(jsonb, jsonb, text[], double precision, double precision, double precision)
    OWNER TO definer_role;
