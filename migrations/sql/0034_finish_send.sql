-- What became of one attempt to send. Guarded by the attempt's number: a worker that wakes up late settles its own attempt and no other.

-- p_result: {outcome, message_id, http_status, error_code, error_detail, latency_ms, retry_seconds, consequence}
--   outcome      'accepted' | 'refused' (definite and for ever) | 'retry' (definitely not sent, try later) | 'uncertain'
--   consequence  NULL | 'window' (closed, whatever our clock says) | 'opt_out' | 'template' (wrong or paused) | 'connection_expired'
--                | 'connection_error'
-- Returns {state, at}: the message's state now; "at" is when a retry is due. state 'gone': the attempt had been settled otherwise.
CREATE FUNCTION agents.finish_send(p_organization_id uuid, p_outbox_id uuid, p_attempt int, p_result jsonb)
RETURNS jsonb LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    o platform.outbox;
    moment timestamptz := clock_timestamp();
    outcome text := p_result ->> 'outcome';
    proof text := p_result ->> 'message_id';
BEGIN
    -- Not waiting for the disk: were this lost with the server, the message would be "sending" still, and its status would settle it.
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO platform.outbox_attempts (organization_id, outbox_id, attempt, outcome, http_status, error_code, latency_ms, created_at)
    VALUES (p_organization_id, p_outbox_id, p_attempt, outcome, (p_result ->> 'http_status')::int, p_result ->> 'error_code',
            (p_result ->> 'latency_ms')::int, moment);
    IF outcome = 'accepted' THEN
        RETURN agents.finish_accepted(p_organization_id, p_outbox_id, proof, moment);
    END IF;

    UPDATE platform.outbox x
    SET state = CASE WHEN outcome = 'retry' THEN 'ready' WHEN outcome = 'refused' AND p_result ->> 'consequence' = 'window' THEN 'held' ELSE outcome END,
        not_before = CASE outcome WHEN 'retry' THEN moment + make_interval(secs => (p_result ->> 'retry_seconds')::float8) ELSE x.not_before END,
        uncertain_at = CASE outcome WHEN 'uncertain' THEN moment ELSE x.uncertain_at END,
        error_code = p_result ->> 'error_code', error_detail = p_result ->> 'error_detail'
    WHERE x.organization_id = p_organization_id AND x.id = p_outbox_id AND x.attempt = p_attempt
      -- a definite answer also settles what the sweep has called uncertain meanwhile
      AND (x.state = 'sending' OR x.state = 'uncertain' AND outcome IN ('refused', 'retry'))
    RETURNING x.* INTO o;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('state', 'gone');
    END IF;
    IF outcome = 'refused' THEN
        PERFORM agents.finish_refused(o, p_result);
    END IF;
    -- a refusal of a token that was replaced since this attempt began says nothing about the new one
    IF p_result ->> 'consequence' = 'connection_error'
        OR p_result ->> 'consequence' = 'connection_expired' AND NOT EXISTS (
            SELECT FROM integrations.connections n
            WHERE n.organization_id = p_organization_id AND n.id = o.connection_id AND n.token_refreshed_at > o.sending_at)
    THEN
        PERFORM agents.mark_connection(p_organization_id, o.connection_id,
            CASE p_result ->> 'consequence' WHEN 'connection_expired' THEN 'expired' ELSE 'error' END, p_result ->> 'error_detail');
    END IF;
    RETURN jsonb_build_object('state', o.state, 'at', CASE o.state WHEN 'ready' THEN o.not_before END);
END
$$;

-- The provider has it. A second acceptance under another id is a duplicate at the customer: it cannot be undone, so it is
-- flagged to be counted and shown. An acceptance settles the message whatever its state was: it is the truth.
CREATE FUNCTION agents.finish_accepted(p_organization_id uuid, p_outbox_id uuid, p_provider_message_id text, p_moment timestamptz)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    o platform.outbox;
    conversation uuid;
BEGIN
    SELECT x.conversation_id INTO conversation FROM platform.outbox x
    WHERE x.organization_id = p_organization_id AND x.id = p_outbox_id AND x.kind <> 'survey';
    -- before the message, as everybody who locks both; a conversation is written here once in its life
    UPDATE platform.conversations c
    SET first_response_time_seconds = least(greatest(0, extract(epoch FROM p_moment - f.created_at)::int), agents.first_response_seconds(c))
    FROM platform.messages f
    WHERE c.organization_id = p_organization_id AND c.id = conversation AND c.first_response_time_seconds IS NULL
      AND f.conversation_id = conversation AND f.seq = 1 AND f.organization_id = p_organization_id;
    UPDATE platform.outbox x
    SET state = 'accepted', accepted_at = coalesce(x.accepted_at, p_moment), error_code = NULL, error_detail = NULL, cancel_reason = NULL,
        provider_message_id = coalesce(x.provider_message_id, p_provider_message_id),
        duplicate_detected_at = CASE WHEN x.provider_message_id <> p_provider_message_id
                                     THEN coalesce(x.duplicate_detected_at, p_moment) ELSE x.duplicate_detected_at END
    WHERE x.organization_id = p_organization_id AND x.id = p_outbox_id
    RETURNING x.* INTO o;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('state', 'gone');
    END IF;
    IF o.provider_message_id = p_provider_message_id THEN
        PERFORM agents.record_sent(p_organization_id, o.message_id, p_provider_message_id);
    END IF;
    RETURN jsonb_build_object('state', 'accepted');
END
$$;

-- Refused for ever: the message failed, the parts after it would be half a text, and a person must answer; outside the window the
-- connection's template may do so instead, and of a template that the customer wants no more nobody needs to hear.
CREATE FUNCTION agents.finish_refused(o platform.outbox, p_result jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE platform.messages m
    SET delivery_status = 'failed', failed_at = clock_timestamp(), error_code = p_result ->> 'error_code', error_detail = p_result ->> 'error_detail'
    WHERE m.organization_id = o.organization_id AND m.id = o.message_id;
    PERFORM agents.withdraw_replies(o, CASE o.state WHEN 'held' THEN 'held' ELSE 'cancelled' END, 'previous_part_refused');
    UPDATE departments.agent_executions e SET outcome = 'send_refused'
    WHERE e.organization_id = o.organization_id AND e.id = o.execution_id AND e.created_at = o.created_at;
    CASE p_result ->> 'consequence'
        WHEN 'window' THEN
            PERFORM agents.close_window(o);
            RETURN;
        WHEN 'opt_out' THEN
            PERFORM agents.note_opt_out(o);
        WHEN 'template' THEN
            PERFORM agents.disable_template(o, p_result ->> 'error_code');
        ELSE NULL;
    END CASE;
    IF NOT (o.kind IN ('survey', 'update') OR p_result ->> 'consequence' = 'opt_out' AND o.kind = 'template') IS TRUE THEN
        PERFORM agents.hand_over(o.organization_id, o.conversation_id, 'human', 'send_refused');
    END IF;
END
$$;

-- The account needs a person: its sends are paused, and the change is told once.
CREATE FUNCTION agents.mark_connection(p_organization_id uuid, p_connection_id uuid, p_status text, p_error text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE integrations.connections n SET status = p_status, last_error = p_error
    WHERE n.organization_id = p_organization_id AND n.id = p_connection_id AND n.status = 'active';
    IF FOUND THEN
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
        VALUES (p_organization_id, 'connection.needs_attention', 'integration', p_connection_id, false, p_error,
                jsonb_build_object('status', p_status));
    END IF;
END
$$;

-- C-17: the window is closed for this message: the rest of its text is held, and the connection's template asks the customer to write
-- again, once; without one a person is told.
CREATE FUNCTION agents.leave_window(o platform.outbox)
RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM agents.withdraw_replies(o, 'held', 'window_closed');
    IF o.kind IN ('survey', 'update') THEN
        RETURN jsonb_build_object('state', 'held', 'reason', 'window_closed');
    END IF;
    IF o.payload ->> 'type' IS NOT DISTINCT FROM 'template' OR NOT agents.queue_window_template(o) THEN
        PERFORM agents.hand_over(o.organization_id, o.conversation_id, 'human', 'window_closed');
    END IF;
    RETURN jsonb_build_object('state', 'held', 'reason', 'window_closed');
END
$$;

-- The provider says that the window is closed, whatever our clock says.
CREATE FUNCTION agents.close_window(o platform.outbox)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE platform.conversations c SET window_closed_at = greatest(clock_timestamp(), c.last_inbound_at)
    WHERE c.organization_id = o.organization_id AND c.id = o.conversation_id;
    PERFORM agents.leave_window(o);
END
$$;

-- Queues the template that the connection's configuration names (window_template: {name, language, components, category, text}).
-- False: none is named, it was disabled, the provider knows none, or one was queued since the customer's last message.
CREATE FUNCTION agents.queue_window_template(o platform.outbox)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    template jsonb;
    message uuid := gen_random_uuid();
    moment timestamptz := clock_timestamp();
BEGIN
    SELECT n.configuration -> 'window_template' INTO template
    FROM integrations.connections n
    JOIN platform.conversations c ON c.organization_id = n.organization_id AND c.id = o.conversation_id
    WHERE n.organization_id = o.organization_id AND n.id = o.connection_id AND n.provider = 'whatsapp'
      AND n.configuration -> 'window_template' ? 'name' AND NOT n.configuration -> 'window_template' ? 'disabled_at'
      AND NOT EXISTS (SELECT FROM platform.outbox e
                      WHERE e.organization_id = o.organization_id AND e.conversation_id = o.conversation_id AND e.kind = 'template'
                        AND e.created_at > coalesce(c.last_inbound_at, '-infinity'));
    IF template IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO platform.messages (
        id, organization_id, conversation_id, connection_id, direction, message_type, text_content, sender_type, agent_id, delivery_status,
        created_at)
    SELECT message, o.organization_id, o.conversation_id, o.connection_id, 'outbound', 'template', template ->> 'text', 'ai',
           (SELECT m.agent_id FROM platform.messages m WHERE m.organization_id = o.organization_id AND m.id = o.message_id), 'pending', moment;
    INSERT INTO platform.outbox (
        organization_id, conversation_id, connection_id, message_id, turn_seq, part, kind, recipient, payload, resend_policy, not_before,
        created_at)
    SELECT o.organization_id, o.conversation_id, o.connection_id, message, o.turn_seq,
           agents.next_part(o.organization_id, o.conversation_id, o.turn_seq), 'template', o.recipient,
           jsonb_build_object('type', 'template', 'name', template -> 'name', 'language', coalesce(template ->> 'language', 'pt_BR'),
                              'components', coalesce(template -> 'components', '[]'), 'category', coalesce(template ->> 'category', 'utility')),
           'hold', moment, moment;
    RETURN true;
END
$$;

-- The place of what no turn wrote: behind the parts that a turn of the same message has or may still get.
CREATE FUNCTION agents.next_part(p_organization_id uuid, p_conversation_id uuid, p_turn_seq bigint)
RETURNS int LANGUAGE sql STABLE AS $$
    SELECT 1 + greatest(1000, max(x.part)) FROM platform.outbox x
    WHERE x.organization_id = p_organization_id AND x.conversation_id = p_conversation_id AND x.turn_seq = p_turn_seq
$$;

-- C-20: the customer wants no more of what nobody asked for.
CREATE FUNCTION agents.note_opt_out(o platform.outbox)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE platform.conversations c SET opted_out_at = clock_timestamp()
    WHERE c.organization_id = o.organization_id AND c.id = o.conversation_id;
    PERFORM agents.stop_marketing(o.organization_id, o.conversation_id);
    INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
    VALUES (o.organization_id, 'contact.opted_out', 'conversation', o.conversation_id, jsonb_build_object('by', 'provider'));
END
$$;

-- The same for all of the customer's conversations, until the customer resumes.
CREATE FUNCTION agents.stop_marketing(p_organization_id uuid, p_conversation_id uuid)
RETURNS void LANGUAGE sql AS $$
    UPDATE platform.contacts k SET marketing_opted_out_at = clock_timestamp(), marketing_choice_at = clock_timestamp()
    WHERE k.organization_id = p_organization_id
      AND k.id = (SELECT c.contact_id FROM platform.conversations c WHERE c.organization_id = p_organization_id AND c.id = p_conversation_id)
$$;

-- A template that the provider refuses is not tried again for the next customer; whoever has put it right removes the mark.
CREATE FUNCTION agents.disable_template(o platform.outbox, p_error_code text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE integrations.connections n
    SET configuration = jsonb_set(n.configuration, '{window_template,disabled_at}', to_jsonb(clock_timestamp()))
    WHERE n.organization_id = o.organization_id AND n.id = o.connection_id
      AND n.configuration -> 'window_template' ->> 'name' = o.payload ->> 'name' AND NOT n.configuration -> 'window_template' ? 'disabled_at';
    IF FOUND THEN
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
        VALUES (o.organization_id, 'template.disabled', 'integration', o.connection_id, false, p_error_code,
                jsonb_build_object('name', o.payload ->> 'name'));
    END IF;
END
$$;
