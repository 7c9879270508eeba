-- A worker takes a conversation: one statement and one round trip that locks it, looks, and either leases it or says what else to do.

-- Hands a conversation to people: its hand-over with the reason, and a line in the audit log. The caller holds the conversation's lock.
-- A conversation that people have already, or that has ended, stays as it is.
CREATE FUNCTION agents.hand_over(p_organization_id uuid, p_conversation_id uuid, p_automation_state text, p_reason text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE platform.conversations c
    SET automation_state = p_automation_state, status = 'escalated', assigned_to_human = true,
        escalated_at = coalesce(c.escalated_at, clock_timestamp()), human_takeover_count = c.human_takeover_count + 1,
        message_count = agents.count_messages(p_organization_id, p_conversation_id),
        run_at = NULL, first_pending_at = NULL, lease_until = NULL
    WHERE c.organization_id = p_organization_id AND c.id = p_conversation_id AND c.automation_state = 'auto'
      AND c.status IN ('active', 'escalated');
    IF FOUND THEN
        PERFORM agents.open_handoff(p_organization_id, p_conversation_id, p_reason);
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
        VALUES (p_organization_id, 'conversation.escalated', 'conversation', p_conversation_id,
                jsonb_build_object('reason', p_reason, 'automation_state', p_automation_state));
    END IF;
END
$$;

-- Whether a file of a message that waits for its answer has neither words yet nor a reason why it has none.
CREATE FUNCTION agents.is_being_read(p_organization_id uuid, p_conversation_id uuid, p_done_seq bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM platform.messages m
        JOIN platform.media_transfers t ON t.organization_id = m.organization_id AND t.message_id = m.id
        WHERE m.organization_id = p_organization_id AND m.conversation_id = p_conversation_id
          AND m.seq > p_done_seq AND m.deleted_at IS NULL
          AND coalesce(m.metadata -> 'media_reading' -> t.ordinal::text, 'null') = 'null')
$$;

-- kind = 'claimed'  the turn is this worker's: fence, from_seq, to_seq, messages, history, configuration
--        'unsent'   replies wait to be sent first: outbox, their ids in order
--        'waiting'  not before "at": the customer may still be writing, a send was put off, or a file is still being read
--        'handed_over' people must answer: too many attempts, too old, too many replies, or no agent; reason says which
--        'scored'   the message was the customer's answer to the question how it was: it is kept, and nothing is to be said but thanks
--        'idle'     nothing to do: reason says why (nothing_pending, leased, unsettled, human, paused, dead, ai_paused, …)
-- messages: [{id, seq, type, text, readings, external_id}]; history, what was said before: [{sender, text, age in seconds}]; both oldest first. A reply that was
-- cancelled or refused was never said, nor what the customer has taken back. What was said in a conversation that goes on in this one,
-- because two contacts were one person, was said before too. 'system' says when a conversation was given back to the AI.
CREATE FUNCTION agents.claim_turn(
    p_organization_id uuid, p_conversation_id uuid, p_lease_seconds double precision,
    p_max_attempts int, p_max_age_seconds double precision, p_history int, p_max_replies int, p_media_seconds double precision)
RETURNS jsonb LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan -- the plans do not depend on the values, and making them takes longer than running them
AS $$
DECLARE
    c platform.conversations;
    opened record;
    setup record;
    obstacle text;
    said record;
    look_again_at timestamptz;
    score int;
BEGIN
    -- A claim that is lost with the server is only made again: it need not wait for the disk. A fence that comes twice is harmless,
    -- because the first commit under it moves done_seq, which the second one compares.
    PERFORM set_config('synchronous_commit', 'off', true);
    -- The lock comes first and alone: the statements below then see everything that the previous holder committed.
    SELECT * INTO c FROM platform.conversations
    WHERE organization_id = p_organization_id AND id = p_conversation_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('kind', 'idle', 'reason', 'unknown_conversation');
    END IF;

    SELECT array_agg(o.id ORDER BY o.turn_seq, o.part) AS ids,
           (array_agg(o.state ORDER BY o.turn_seq, o.part))[1] AS first_state,
           (array_agg(o.not_before ORDER BY o.turn_seq, o.part))[1] AS first_at
    INTO opened
    FROM platform.outbox o
    WHERE o.organization_id = p_organization_id AND o.conversation_id = p_conversation_id
      AND o.state IN ('ready', 'sending', 'uncertain');
    IF opened.first_state = 'ready' AND opened.first_at <= clock_timestamp() THEN
        RETURN jsonb_build_object('kind', 'unsent', 'outbox', to_jsonb(opened.ids));
    ELSIF opened.first_state = 'ready' THEN
        RETURN jsonb_build_object('kind', 'waiting', 'at', opened.first_at);
    ELSIF opened.first_state IS NOT NULL THEN
        RETURN jsonb_build_object('kind', 'idle', 'reason', 'unsettled');
    END IF;

    IF c.automation_state <> 'auto' THEN
        RETURN jsonb_build_object('kind', 'idle', 'reason', c.automation_state);
    ELSIF c.last_in_seq <= c.done_seq THEN
        RETURN jsonb_build_object('kind', 'idle', 'reason', 'nothing_pending');
    ELSIF c.lease_until > clock_timestamp() THEN
        RETURN jsonb_build_object('kind', 'idle', 'reason', 'leased');
    ELSIF c.run_at > clock_timestamp() THEN
        RETURN jsonb_build_object('kind', 'waiting', 'at', c.run_at);
    END IF;
    IF c.lease_until IS NOT NULL THEN
        PERFORM agents.close_lost_run(c);
    END IF;
    IF c.last_in_seq = c.done_seq + 1 THEN
        score := agents.take_score(c);
    END IF;
    IF score IS NOT NULL THEN
        RETURN jsonb_build_object('kind', 'scored', 'score', score,
                                  'locale', (SELECT g.locale FROM platform.organizations g WHERE g.id = p_organization_id));
    ELSIF c.first_pending_at > clock_timestamp() - make_interval(secs => p_media_seconds)
          AND agents.is_being_read(p_organization_id, p_conversation_id, c.done_seq) THEN
        look_again_at := least(c.first_pending_at + make_interval(secs => p_media_seconds), clock_timestamp() + interval '1 second');
        UPDATE platform.conversations SET run_at = look_again_at WHERE organization_id = p_organization_id AND id = p_conversation_id;
        RETURN jsonb_build_object('kind', 'waiting', 'at', look_again_at);
    ELSIF c.turn_attempts >= p_max_attempts THEN
        PERFORM agents.hand_over(p_organization_id, p_conversation_id, 'dead', 'turn_attempts');
        RETURN jsonb_build_object('kind', 'handed_over', 'reason', 'turn_attempts', 'attempts', c.turn_attempts);
    ELSIF c.last_inbound_at <= clock_timestamp() - make_interval(secs => p_max_age_seconds) THEN
        PERFORM agents.hand_over(p_organization_id, p_conversation_id, 'human', 'reply_too_old');
        RETURN jsonb_build_object('kind', 'handed_over', 'reason', 'reply_too_old');
    ELSIF p_max_replies <= (SELECT count(DISTINCT m.created_at) FROM platform.messages m
                            WHERE m.organization_id = p_organization_id AND m.conversation_id = p_conversation_id
                              AND m.created_at > clock_timestamp() - interval '10 minutes' AND m.sender_type = 'ai') THEN
        -- whoever writes this fast is a machine, and two of them would never stop; all parts of a reply have one time
        PERFORM agents.hand_over(p_organization_id, p_conversation_id, 'human', 'too_many_replies');
        RETURN jsonb_build_object('kind', 'handed_over', 'reason', 'too_many_replies');
    END IF;

    SELECT a.id AS agent_id, a.status AS agent_status, d.status AS department_status,
           g.ai_paused_at, g.billing_status, g.deleted_at, n.status AS connection_status,
           (SELECT s.paused_at FROM platform.switches s WHERE s.name = 'ai') AS platform_paused_at,
           jsonb_build_object(
               'agent', jsonb_build_object('id', a.id, 'type', a.agent_type, 'configuration', a.configuration,
                                           'model_configuration', a.model_configuration),
               'department', jsonb_build_object('id', d.id, 'type', d.type, 'configuration', d.configuration),
               'organization', jsonb_build_object('name', g.name, 'locale', g.locale, 'timezone', g.timezone),
               'connection', jsonb_build_object('id', n.id, 'provider', n.provider, 'account_identifier', n.account_identifier,
                                                'access_token', n.access_token, 'login', n.configuration ->> 'login')) AS configuration
    INTO setup
    FROM platform.organizations g
    JOIN integrations.connections n ON n.organization_id = g.id AND n.id = c.connection_id
    LEFT JOIN departments.agents a ON a.organization_id = g.id AND a.agent_type IN (c.channel || '_responder', 'whatsapp_responder')
    LEFT JOIN departments.departments d ON d.organization_id = g.id AND d.id = a.department_id
    WHERE g.id = p_organization_id
    -- the channel's own agent, else the one that answers on WhatsApp; one that works before one that is paused, then the oldest
    ORDER BY a.agent_type = c.channel || '_responder' DESC, (a.status = 'active' AND d.status = 'active') DESC NULLS LAST, a.created_at, a.id
    LIMIT 1;
    IF setup.agent_id IS NULL THEN
        PERFORM agents.hand_over(p_organization_id, p_conversation_id, 'human', 'no_agent');
        RETURN jsonb_build_object('kind', 'handed_over', 'reason', 'no_agent');
    END IF;
    obstacle := agents.pause_reason(setup.platform_paused_at, setup.deleted_at, setup.billing_status, setup.ai_paused_at,
                                    setup.department_status, setup.agent_status, setup.connection_status);
    IF obstacle IS NOT NULL THEN
        -- looked at again in a minute, behind whatever else is due: a switched-off agent must not hide the others' work
        UPDATE platform.conversations SET run_at = clock_timestamp() + interval '60 seconds'
        WHERE organization_id = p_organization_id AND id = p_conversation_id;
        RETURN jsonb_build_object('kind', 'idle', 'reason', obstacle);
    END IF;

    UPDATE platform.conversations
    SET lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds), fence = fence + 1, turn_attempts = turn_attempts + 1
    WHERE organization_id = p_organization_id AND id = p_conversation_id;
    SELECT
        (SELECT jsonb_agg(jsonb_build_object('id', m.id, 'seq', m.seq, 'type', m.message_type, 'text', m.text_content,
                                             'readings', m.metadata -> 'media_reading', 'external_id', m.external_message_id)
                          ORDER BY m.platform_timestamp, m.seq)
         FROM platform.messages m
         WHERE m.organization_id = p_organization_id AND m.conversation_id = p_conversation_id
           AND m.seq > c.done_seq AND m.seq <= c.last_in_seq AND m.deleted_at IS NULL) AS messages,
        (SELECT jsonb_agg(jsonb_build_object('sender', h.sender_type, 'text', h.text_content,
                                             'age', extract(epoch FROM clock_timestamp() - h.created_at)) ORDER BY h.created_at, h.id)
         FROM (SELECT one.id, one.sender_type, one.text_content, one.created_at
               FROM (SELECT c.id, c.done_seq
                     UNION ALL
                     SELECT o.id, o.done_seq FROM platform.conversations o
                     WHERE o.organization_id = p_organization_id AND o.continued_in = p_conversation_id) AS conversation
               CROSS JOIN LATERAL (
                   SELECT m.id, m.sender_type, m.text_content, m.created_at FROM platform.messages m
                   WHERE m.organization_id = p_organization_id AND m.conversation_id = conversation.id
                     AND (m.seq <= conversation.done_seq OR m.seq IS NULL AND m.delivery_status <> 'failed') AND m.deleted_at IS NULL
                   ORDER BY m.created_at DESC, m.id DESC LIMIT p_history) one
               UNION ALL
               SELECT f.id, 'system', 'returned_to_ai', f.closed_at FROM platform.handoffs f
               WHERE f.organization_id = p_organization_id AND f.conversation_id = p_conversation_id AND f.state = 'returned'
               ORDER BY 4 DESC, 1 DESC LIMIT p_history) h) AS history
    INTO said;
    RETURN jsonb_build_object(
        'kind', 'claimed', 'fence', c.fence + 1, 'from_seq', c.done_seq + 1, 'to_seq', c.last_in_seq,
        'attempt', c.turn_attempts + 1, 'recipient', c.customer_external_id,
        'messages', coalesce(said.messages, '[]'::jsonb), 'history', coalesce(said.history, '[]'::jsonb), 'configuration', setup.configuration);
END
$$;

-- A-15: the worker that had the conversation let its lease end: what it began is closed as a timeout, and the conversation is free.
CREATE FUNCTION agents.close_lost_run(c platform.conversations)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO departments.agent_executions (
        organization_id, agent_id, conversation_id, from_seq, to_seq, fence, trigger_type, trigger_data, status, outcome, completed_at)
    SELECT c.organization_id, a.id, c.id, c.done_seq + 1, c.last_in_seq, c.fence, 'webhook',
           jsonb_build_object('conversation_id', c.id, 'attempt', c.turn_attempts), 'failed', 'timeout', clock_timestamp()
    FROM departments.agents a
    WHERE a.organization_id = c.organization_id AND a.agent_type IN (c.channel || '_responder', 'whatsapp_responder')
    ORDER BY a.agent_type = c.channel || '_responder' DESC, a.created_at, a.id
    LIMIT 1;
    UPDATE platform.conversations x SET lease_until = NULL WHERE x.organization_id = c.organization_id AND x.id = c.id;
END
$$;

-- Why the AI may not speak at all just now, NULL when it may. Intake never asks this.
CREATE FUNCTION agents.pause_reason(
    p_platform_paused_at timestamptz, p_deleted_at timestamptz, p_billing_status text, p_ai_paused_at timestamptz,
    p_department_status text, p_agent_status text, p_connection_status text)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN p_deleted_at IS NOT NULL OR p_billing_status = 'cancelled' THEN 'organization_cancelled'
        WHEN p_billing_status = 'suspended' THEN 'organization_suspended'
        WHEN p_platform_paused_at IS NOT NULL THEN 'platform_paused'
        WHEN p_ai_paused_at IS NOT NULL THEN 'ai_paused'
        WHEN p_department_status <> 'active' THEN 'department_paused'
        WHEN p_agent_status <> 'active' THEN 'agent_paused'
        WHEN p_connection_status = 'revoked' THEN 'connection_revoked'
        WHEN p_connection_status <> 'active' THEN 'connection_inactive'
    END
$$;

-- A turn that failed is given back: the lease ends and the next try waits longer each time. p_attempts is what its calls used, as
-- agents.settle_attempts takes it, and is written whoever has the conversation now. Nothing else happens when the fence has moved on.
CREATE FUNCTION agents.release_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_error_code text, p_attempts jsonb)
RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    retry_at timestamptz;
BEGIN
    UPDATE platform.conversations
    SET lease_until = NULL, run_at = clock_timestamp() + make_interval(secs => least(2 ^ turn_attempts, 60))
    WHERE organization_id = p_organization_id AND id = p_conversation_id AND fence = p_fence AND lease_until IS NOT NULL
    RETURNING run_at INTO retry_at;
    PERFORM agents.settle_attempts(p_organization_id, p_attempts);
    RETURN retry_at;
END
$$;
