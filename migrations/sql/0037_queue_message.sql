-- What no turn wrote: a person's words, a template, a survey. It waits in the outbox as replies do; message_delivery sends it.

-- p_message: {kind 'human' | 'template' | 'survey', user_id, resend_policy, parts: [{outbox_id, message_id, message_type, text, payload}]}
-- Returns {state}: 'queued'; 'unknown_conversation'; 'closed' when the conversation has ended or goes on in another, whose id is "in".
-- What a person writes takes the conversation over in the same transaction: a reply that is not out yet never goes out.
CREATE FUNCTION agents.queue_message(p_organization_id uuid, p_conversation_id uuid, p_message jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    c platform.conversations;
    kind text := p_message ->> 'kind';
    moment timestamptz := clock_timestamp();
    place int;
    written uuid;
BEGIN
    SELECT * INTO c FROM platform.conversations
    WHERE organization_id = p_organization_id AND id = p_conversation_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('state', 'unknown_conversation');
    ELSIF c.continued_in IS NOT NULL OR c.status NOT IN ('active', 'escalated') AND kind = 'human' THEN
        RETURN jsonb_build_object('state', 'closed', 'in', c.continued_in);
    END IF;
    IF kind = 'human' THEN
        PERFORM agents.take_over(c, (p_message ->> 'user_id')::uuid);
    END IF;

    place := agents.next_part(p_organization_id, p_conversation_id, c.last_in_seq) - 1;
    INSERT INTO platform.messages (
        id, organization_id, conversation_id, connection_id, direction, message_type, text_content, sender_type, sender_user_id,
        delivery_status, created_at)
    SELECT (part ->> 'message_id')::uuid, p_organization_id, c.id, c.connection_id, 'outbound', part ->> 'message_type', part ->> 'text',
           CASE kind WHEN 'human' THEN 'human' ELSE 'ai' END, (p_message ->> 'user_id')::uuid, 'pending', moment
    FROM jsonb_array_elements(p_message -> 'parts') AS part;
    INSERT INTO platform.outbox (
        id, organization_id, conversation_id, connection_id, message_id, turn_seq, part, kind, recipient, payload, resend_policy, not_before,
        created_at)
    SELECT (part ->> 'outbox_id')::uuid, p_organization_id, c.id, c.connection_id, (part ->> 'message_id')::uuid, c.last_in_seq,
           place + ordinal, kind, c.customer_external_id, part -> 'payload', p_message ->> 'resend_policy', moment, moment
    FROM jsonb_array_elements(p_message -> 'parts') WITH ORDINALITY AS p (part, ordinal);
    INSERT INTO audit.activity_logs (organization_id, user_id, action, resource_type, resource_id, metadata)
    VALUES (p_organization_id, (p_message ->> 'user_id')::uuid, 'message.queued', 'conversation', p_conversation_id,
            jsonb_build_object('kind', kind, 'parts', jsonb_array_length(p_message -> 'parts')));
    RETURN jsonb_build_object('state', 'queued');
END
$$;

-- H-02: a person writes, so the AI is paused and what it has not said is not said any more. A turn that runs cannot commit a reply.
-- The caller holds the conversation's lock.
CREATE FUNCTION agents.take_over(c platform.conversations, p_user_id uuid)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    o platform.outbox;
BEGIN
    FOR o IN
        SELECT * FROM platform.outbox x
        WHERE x.organization_id = c.organization_id AND x.conversation_id = c.id AND x.state = 'ready' AND x.kind = 'reply'
        ORDER BY x.turn_seq, x.part
        FOR NO KEY UPDATE
    LOOP
        PERFORM agents.withdraw_replies(o, 'cancelled', 'human_active');
    END LOOP;
    PERFORM agents.hand_over(c.organization_id, c.id, 'human', 'human_message');
    -- whoever writes has it
    PERFORM agents.open_handoff(c.organization_id, c.id, 'human_message', true, p_user_id);
    UPDATE platform.conversations x
    SET assigned_user_id = coalesce(p_user_id, x.assigned_user_id), message_count = agents.count_messages(c.organization_id, c.id) + 1
    WHERE x.organization_id = c.organization_id AND x.id = c.id;
END
$$;

-- What waits in a conversation, in order: {ready: [ids], at: when the first may go, unsettled: [{id, attempt, recipient, payload, sending_at,
-- connection}]}; unsettled are the sends of Instagram and Messenger whose fate the provider can be asked for after the quiet window.
CREATE FUNCTION agents.waiting_messages(p_organization_id uuid, p_conversation_id uuid, p_uncertain_seconds double precision)
RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'ready', coalesce(jsonb_agg(o.id ORDER BY o.turn_seq, o.part) FILTER (WHERE o.state = 'ready'), '[]'),
        'unsettled', coalesce(jsonb_agg(jsonb_build_object(
            'id', o.id, 'attempt', o.attempt, 'part', o.part, 'recipient', o.recipient, 'payload', o.payload, 'kind', o.kind,
            'sending_at', o.sending_at, 'connection', jsonb_build_object(
                'id', n.id, 'provider', n.provider, 'account_identifier', n.account_identifier, 'access_token', n.access_token,
                'login', n.configuration ->> 'login')) ORDER BY o.turn_seq, o.part)
            FILTER (WHERE o.state = 'uncertain' AND n.provider IN ('instagram', 'messenger')
                      AND o.uncertain_at <= clock_timestamp() - make_interval(secs => p_uncertain_seconds)), '[]'))
    FROM platform.outbox o
    JOIN integrations.connections n ON n.organization_id = o.organization_id AND n.id = o.connection_id
    WHERE o.organization_id = p_organization_id AND o.conversation_id = p_conversation_id AND o.state IN ('ready', 'uncertain')
$$;

-- What the provider's own list says of an uncertain send: the first of the candidates that is no other message of ours is its id; without
-- one it never arrived and goes out again, or is held (what costs money). Guarded by the attempt. Returns the row's state now, 'gone' when it was settled.
CREATE FUNCTION agents.settle_asked(p_organization_id uuid, p_outbox_id uuid, p_attempt int, p_candidates text[])
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    o platform.outbox;
    proof text;
BEGIN
    SELECT * INTO o FROM platform.outbox x
    WHERE x.organization_id = p_organization_id AND x.id = p_outbox_id AND x.attempt = p_attempt AND x.state = 'uncertain'
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'gone';
    END IF;
    SELECT candidate INTO proof FROM unnest(p_candidates) WITH ORDINALITY AS c (candidate, place)
    WHERE NOT EXISTS (SELECT FROM platform.messages m
                      WHERE m.organization_id = p_organization_id AND m.connection_id = o.connection_id AND m.external_message_id = candidate)
    ORDER BY place LIMIT 1;
    IF proof IS NOT NULL THEN
        RETURN agents.finish_accepted(p_organization_id, p_outbox_id, proof, clock_timestamp()) ->> 'state';
    ELSIF o.resend_policy = 'hold' THEN
        UPDATE platform.outbox x SET state = 'held', cancel_reason = 'uncertain'
        WHERE x.organization_id = o.organization_id AND x.id = o.id;
        PERFORM agents.withdraw_replies(o, 'held', 'uncertain');
        PERFORM agents.hand_over(o.organization_id, o.conversation_id, 'human', 'uncertain_send');
        RETURN 'held';
    END IF;
    UPDATE platform.outbox x SET state = 'ready', not_before = clock_timestamp()
    WHERE x.organization_id = o.organization_id AND x.id = o.id;
    RETURN 'ready';
END
$$;

GRANT EXECUTE ON FUNCTION
    agents.queue_message(uuid, uuid, jsonb),
    agents.take_over(platform.conversations, uuid),
    agents.waiting_messages(uuid, uuid, double precision),
    agents.settle_asked(uuid, uuid, int, text[])
TO application_role;
