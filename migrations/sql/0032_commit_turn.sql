-- The end of a turn, fenced: answer, cost, outbox, audit and the conversation's progress in one transaction, or nothing at all.

-- p_turn: {execution_id, agent_id, started_at, latency_ms, outcome, handoff_reason, model, input, output, tokens, input_tokens, output_tokens,
--          cached_tokens, cost_usd, price_version, quiet_seconds, ceiling_seconds, opted_out, prompt, understanding: {intent, sentiment, confidence, entities} or absent,
--          parts: [{outbox_id, message_id, text, payload, kind}],
--          attempts: [what agents.settle_attempts takes]}
-- Returns {result, run_at}:
--   'committed'   the parts may be sent, in order; run_at is set when newer messages wait for the next turn
--   'superseded'  the customer wrote on and nothing was sent: run again at run_at, the cost is recorded
--   'human_active' a person took over during the turn: nothing is sent, the cost is recorded
--   'stale'       another worker has the conversation: nothing was written but what the calls used
CREATE FUNCTION agents.commit_turn(
    p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_from_seq bigint, p_to_seq bigint, p_turn jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan -- the plans do not depend on the values, and making them takes longer than running them
AS $$
DECLARE
    c platform.conversations;
    moment timestamptz := clock_timestamp();
    verdict text := 'committed';
    next_first timestamptz;
    next_run timestamptz;
BEGIN
    SELECT * INTO c FROM platform.conversations
    WHERE organization_id = p_organization_id AND id = p_conversation_id AND fence = p_fence AND done_seq = p_from_seq - 1
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM agents.settle_attempts(p_organization_id, p_turn -> 'attempts');
        RETURN jsonb_build_object('result', 'stale');
    END IF;

    IF c.automation_state <> 'auto' THEN
        verdict := 'human_active';
        UPDATE platform.conversations SET lease_until = NULL, run_at = NULL, turn_attempts = 0
        WHERE organization_id = p_organization_id AND id = p_conversation_id;
    ELSIF c.last_in_seq > p_to_seq AND moment < c.first_pending_at + make_interval(secs => (p_turn ->> 'ceiling_seconds')::float8) THEN
        verdict := 'superseded';
        next_run := coalesce(c.run_at, moment);
        UPDATE platform.conversations SET lease_until = NULL, run_at = next_run, turn_attempts = 0
        WHERE organization_id = p_organization_id AND id = p_conversation_id;
    ELSE
        IF c.last_in_seq > p_to_seq AND p_turn ->> 'handoff_reason' IS NULL THEN
            SELECT min(coalesce(m.received_at, m.created_at)),
                   least(min(coalesce(m.received_at, m.created_at)) + make_interval(secs => (p_turn ->> 'ceiling_seconds')::float8),
                         max(coalesce(m.received_at, m.created_at)) + make_interval(secs => (p_turn ->> 'quiet_seconds')::float8))
            INTO next_first, next_run
            FROM platform.messages m
            WHERE m.organization_id = p_organization_id AND m.conversation_id = p_conversation_id AND m.seq > p_to_seq;
        END IF;
        UPDATE platform.conversations
        SET done_seq = p_to_seq, lease_until = NULL, turn_attempts = 0, first_pending_at = next_first, run_at = next_run,
            message_count = agents.count_messages(p_organization_id, p_conversation_id) + jsonb_array_length(p_turn -> 'parts'),
            opted_out_at = CASE WHEN (p_turn ->> 'opted_out')::boolean THEN moment ELSE opted_out_at END
        WHERE organization_id = p_organization_id AND id = p_conversation_id;
        PERFORM agents.write_replies(c, p_from_seq, p_to_seq, moment, p_turn);
        IF p_turn ? 'understanding' THEN
            UPDATE platform.messages
            SET intent_classification = p_turn #>> '{understanding,intent}', sentiment_score = (p_turn #>> '{understanding,sentiment}')::numeric,
                confidence_score = (p_turn #>> '{understanding,confidence}')::numeric, entities_extracted = p_turn #> '{understanding,entities}'
            WHERE organization_id = p_organization_id AND conversation_id = p_conversation_id AND seq BETWEEN p_from_seq AND p_to_seq;
        END IF;
        IF (p_turn ->> 'opted_out')::boolean THEN
            PERFORM agents.stop_marketing(p_organization_id, p_conversation_id);
            INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
            VALUES (p_organization_id, 'contact.opted_out', 'conversation', p_conversation_id, jsonb_build_object('by', 'customer'));
        END IF;
    END IF;

    WITH execution AS (
        INSERT INTO departments.agent_executions (
            id, organization_id, agent_id, conversation_id, from_seq, to_seq, fence, trigger_type, trigger_data, status, outcome,
            started_at, completed_at, execution_time_ms, input_data, output_data, model_used, tokens_consumed, input_tokens, output_tokens,
            cached_tokens, cost_usd, price_version, created_at)
        VALUES (
            (p_turn ->> 'execution_id')::uuid, p_organization_id, (p_turn ->> 'agent_id')::uuid, p_conversation_id, p_from_seq, p_to_seq,
            p_fence, 'webhook', jsonb_build_object('conversation_id', p_conversation_id, 'attempt', c.turn_attempts),
            CASE verdict WHEN 'committed' THEN 'completed' ELSE 'superseded' END,
            CASE verdict WHEN 'committed' THEN p_turn ->> 'outcome' WHEN 'superseded' THEN 'newer_message' ELSE verdict END,
            (p_turn ->> 'started_at')::timestamptz, moment, (p_turn ->> 'latency_ms')::int, p_turn -> 'input', p_turn -> 'output',
            p_turn ->> 'model', (p_turn ->> 'tokens')::int, (p_turn ->> 'input_tokens')::int, (p_turn ->> 'output_tokens')::int,
            (p_turn ->> 'cached_tokens')::int, (p_turn ->> 'cost_usd')::numeric, p_turn ->> 'price_version', moment)
    )
    INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
    VALUES (p_organization_id, 'message.generated', 'conversation', p_conversation_id,
            jsonb_build_object('execution_id', p_turn ->> 'execution_id', 'result', verdict, 'outcome', p_turn ->> 'outcome',
                               'from_seq', p_from_seq, 'to_seq', p_to_seq));
    PERFORM agents.settle_attempts(p_organization_id, p_turn -> 'attempts');
    -- last: what the person is told is read from the rows above
    IF verdict = 'committed' AND p_turn ->> 'handoff_reason' IS NOT NULL THEN
        PERFORM agents.hand_over(p_organization_id, p_conversation_id, 'human', p_turn ->> 'handoff_reason');
        UPDATE platform.handoffs h SET told_at = moment
        WHERE h.organization_id = p_organization_id AND h.conversation_id = p_conversation_id AND h.state = 'open' AND h.told_at IS NULL
          AND jsonb_array_length(p_turn -> 'parts') > 0;
    END IF;
    RETURN jsonb_build_object('result', verdict, 'run_at', next_run);
END
$$;

-- The outbound messages and their outbox rows, part by part.
CREATE FUNCTION agents.write_replies(c platform.conversations, p_from_seq bigint, p_to_seq bigint, p_moment timestamptz, p_turn jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH parts AS (
        SELECT (part ->> 'outbox_id')::uuid AS outbox_id, (part ->> 'message_id')::uuid AS message_id, part ->> 'kind' AS kind,
               part ->> 'text' AS text, part -> 'payload' AS payload, ordinal
        FROM jsonb_array_elements(p_turn -> 'parts') WITH ORDINALITY AS p (part, ordinal)
    ), messages AS (
        INSERT INTO platform.messages (
            id, organization_id, conversation_id, connection_id, direction, message_type, text_content, sender_type, agent_id,
            prompt_used, model_used, generation_time_ms, tokens_used, delivery_status, created_at)
        SELECT p.message_id, c.organization_id, c.id, c.connection_id, 'outbound', 'text', p.text, 'ai', (p_turn ->> 'agent_id')::uuid,
               p_turn ->> 'prompt', p_turn ->> 'model', (p_turn ->> 'latency_ms')::int, CASE p.ordinal WHEN 1 THEN (p_turn ->> 'tokens')::int END, 'pending', p_moment
        FROM parts p
    )
    INSERT INTO platform.outbox (
        id, organization_id, conversation_id, connection_id, message_id, execution_id, from_seq, turn_seq, known_seq, part, kind,
        recipient, payload, state, not_before, created_at)
    SELECT p.outbox_id, c.organization_id, c.id, c.connection_id, p.message_id, (p_turn ->> 'execution_id')::uuid, p_from_seq, p_to_seq,
           c.last_in_seq, p.ordinal, p.kind, c.customer_external_id, p.payload, 'ready', p_moment, p_moment
    FROM parts p;
END
$$;
