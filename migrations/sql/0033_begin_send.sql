-- The last look before a message leaves: whether it may still be sent is decided in the same statement that marks it "sending".

-- Whether a customer opted out of what nobody asked for: the newest word counts, in this conversation or any other.
CREATE FUNCTION agents.wants_no_marketing(p_organization_id uuid, p_contact_id uuid, p_opted_out_at timestamptz)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    k platform.contacts;
BEGIN
    SELECT * INTO k FROM platform.contacts x WHERE x.organization_id = p_organization_id AND x.id = p_contact_id;
    RETURN CASE WHEN k.marketing_choice_at >= p_opted_out_at OR p_opted_out_at IS NULL THEN k.marketing_opted_out_at IS NOT NULL ELSE true END;
END
$$;

-- Whether a person was called and nobody has come yet.
CREATE FUNCTION agents.waits_for_person(p_organization_id uuid, p_conversation_id uuid)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM platform.handoffs h
                   WHERE h.organization_id = p_organization_id AND h.conversation_id = p_conversation_id AND h.state = 'open');
END
$$;

-- One waiting message with everything the decision needs; obstacle is NULL when it may be sent.
-- nothing_sent: no part of the turn can have reached the customer, so the whole reply may still be taken back.
CREATE FUNCTION agents.send_facts(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision)
RETURNS TABLE (obstacle text, provider text, account_identifier text, access_token text, login text, late boolean,
               connection_id uuid, hourly_limit int)
LANGUAGE sql STABLE AS $$
    SELECT CASE
            WHEN o.not_before > clock_timestamp() THEN 'not_before'
            WHEN EXISTS (SELECT FROM platform.outbox e
                         WHERE e.organization_id = o.organization_id AND e.conversation_id = o.conversation_id
                           AND (e.turn_seq, e.part) < (o.turn_seq, o.part) AND e.state IN ('ready', 'sending', 'uncertain'))
                THEN 'previous_part'
            WHEN o.kind = 'reply' AND c.automation_state <> 'auto' THEN 'human_active'
            -- that nobody has it yet is no longer true
            WHEN o.kind = 'update' AND NOT agents.waits_for_person(o.organization_id, o.conversation_id) THEN 'human_active'
            -- nobody is asked how it was in the middle of the next conversation
            WHEN o.kind = 'survey' AND EXISTS (SELECT FROM platform.conversations x
                                               WHERE x.organization_id = c.organization_id AND x.contact_id = c.contact_id
                                                 AND x.connection_id = c.connection_id AND x.id <> c.id
                                                 AND x.status IN ('active', 'escalated')) THEN 'conversation_open'
            WHEN o.kind = 'reply' AND c.last_in_seq > o.known_seq
                 AND NOT EXISTS (SELECT FROM platform.outbox e
                                 WHERE e.organization_id = o.organization_id AND e.conversation_id = o.conversation_id
                                   AND e.turn_seq = o.turn_seq
                                   AND (e.state IN ('sending', 'accepted', 'uncertain', 'held') OR e.uncertain_at IS NOT NULL))
                THEN 'newer_message'
            -- outside the window a template may go out, and for seven days what a person writes on Instagram and Messenger
            WHEN w.closed AND o.payload ->> 'type' IS DISTINCT FROM 'template'
                 AND NOT (w.human_agent AND w.last_inbound_at > clock_timestamp() - interval '7 days') THEN 'window_closed'
            -- whoever writes after opting out asks for service again; what nobody asked for stays unsent
            WHEN o.kind IN ('reply', 'handoff', 'update') AND c.opted_out_at >= c.last_inbound_at THEN 'opted_out'
            WHEN (o.kind = 'survey' OR o.payload ->> 'type' = 'template'
                                       AND coalesce(o.payload ->> 'category', 'marketing') NOT IN ('utility', 'authentication'))
                 AND agents.wants_no_marketing(c.organization_id, c.contact_id, c.opted_out_at) THEN 'opted_out'
            -- the limit was lowered, or a call cost more than it had reserved; what cost nothing is not stopped
            WHEN o.kind = 'reply' AND agents.exceeds_spending_limit(o.organization_id, m.agent_id)
                 AND EXISTS (SELECT FROM agents.llm_attempts t
                             WHERE t.organization_id = o.organization_id AND t.execution_id = o.execution_id)
                THEN 'spending_limit'
            WHEN o.created_at <= clock_timestamp() - make_interval(secs => p_max_age_seconds) THEN 'reply_too_old'
            -- the switches of the AI stop everything automatic and nothing that a person writes or sends
            ELSE coalesce(
                agents.pause_reason(CASE WHEN w.automatic THEN (SELECT s.paused_at FROM platform.switches s WHERE s.name = 'ai') END,
                                    g.deleted_at, g.billing_status, CASE WHEN w.automatic THEN g.ai_paused_at END,
                                    d.status, a.status, n.status),
                CASE WHEN n.rate_limit_per_hour = 0
                          OR n.requests_this_hour >= n.rate_limit_per_hour AND n.rate_limit_reset_at > clock_timestamp()
                     THEN 'rate_limit' END)
        END, n.provider::text, n.account_identifier::text, n.access_token::text, n.configuration ->> 'login', w.closed AND w.human_agent,
        n.id, n.rate_limit_per_hour
    FROM platform.outbox o
    JOIN platform.conversations c ON c.organization_id = o.organization_id AND c.id = o.conversation_id
    JOIN platform.organizations g ON g.id = o.organization_id
    JOIN integrations.connections n ON n.organization_id = o.organization_id AND n.id = o.connection_id
    LEFT JOIN platform.messages m ON m.organization_id = o.organization_id AND m.id = o.message_id
    CROSS JOIN LATERAL (
        SELECT c.last_inbound_at, o.kind <> 'human' AND m.sender_user_id IS NULL AS automatic,
               coalesce(c.last_inbound_at, '-infinity') <= clock_timestamp() - interval '24 hours'
                   OR coalesce(c.window_closed_at >= c.last_inbound_at, false) AS closed,
               o.kind = 'human' AND o.payload ->> 'type' = 'text' AND n.provider IN ('instagram', 'messenger') AS human_agent
    ) w
    LEFT JOIN departments.agents a ON a.organization_id = o.organization_id AND a.id = m.agent_id
    LEFT JOIN departments.departments d ON d.organization_id = o.organization_id AND d.id = a.department_id
    WHERE o.organization_id = p_organization_id AND o.id = p_outbox_id
$$;

CREATE TYPE agents.begun_send AS (
    attempt int, part smallint, kind text, recipient text, payload jsonb, connection_id uuid, provider text, account_identifier text,
    access_token text, login text, late boolean
);

-- state = 'sending'  send it now: attempt, part, recipient, payload, connection {id, provider, account_identifier, access_token (encrypted), login};
--                    late: outside the 24 hours, so that only a person's words may go out, and say so
--         'waiting'  not before "at" (paused, not lost, when reason is a switch or the connection)
--         'blocked'  an earlier part or turn of the conversation is not settled yet
--         'cancelled', 'held'  not sent, reason says why
--         'reopened' taken back unsent: the turn runs again at run_at together with the newer message
--         'again'    the facts changed under the decision: ask again
--         'gone'     somebody else has it, or it is settled (also by a status, which proves an earlier attempt: see settle_statuses)
CREATE FUNCTION agents.begin_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision)
RETURNS jsonb LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    s agents.begun_send;
BEGIN
    UPDATE platform.outbox o
    SET state = 'sending', attempt = o.attempt + 1, sending_at = clock_timestamp(), cancel_reason = NULL
    FROM agents.send_facts(p_organization_id, p_outbox_id, p_max_age_seconds) f
    WHERE o.organization_id = p_organization_id AND o.id = p_outbox_id AND o.state = 'ready' AND f.obstacle IS NULL AND f.hourly_limit IS NULL
    RETURNING o.attempt, o.part, o.kind, o.recipient, o.payload, o.connection_id, f.provider, f.account_identifier, f.access_token,
              f.login, f.late INTO s;
    IF NOT FOUND THEN
        s := agents.begin_limited_send(p_organization_id, p_outbox_id, p_max_age_seconds);
    END IF;
    IF s.attempt IS NULL THEN
        RETURN agents.refuse_send(p_organization_id, p_outbox_id, p_max_age_seconds, p_quiet_seconds);
    END IF;
    RETURN jsonb_build_object('state', 'sending', 'attempt', s.attempt, 'part', s.part, 'kind', s.kind, 'recipient', s.recipient,
        'payload', s.payload, 'late', s.late,
        'connection', jsonb_build_object('id', s.connection_id, 'provider', s.provider,
                                         'account_identifier', s.account_identifier, 'access_token', s.access_token,
                                         'login', s.login));
END
$$;

-- The same for a connection with an hourly limit; no row: not marked. Of two senders who want the last request, one gets it.
CREATE FUNCTION agents.begin_limited_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision)
RETURNS agents.begun_send LANGUAGE plpgsql AS $$
DECLARE
    s agents.begun_send;
BEGIN
    WITH f AS MATERIALIZED (
        SELECT * FROM agents.send_facts(p_organization_id, p_outbox_id, p_max_age_seconds)
    ), counted AS (
        -- one of the hour's requests is taken together with the message
        UPDATE integrations.connections n
        SET requests_this_hour = CASE WHEN n.rate_limit_reset_at > clock_timestamp() THEN n.requests_this_hour + 1 ELSE 1 END,
            rate_limit_reset_at = CASE WHEN n.rate_limit_reset_at > clock_timestamp() THEN n.rate_limit_reset_at
                                       ELSE clock_timestamp() + interval '1 hour' END
        FROM f
        WHERE f.obstacle IS NULL AND f.hourly_limit IS NOT NULL AND n.organization_id = p_organization_id AND n.id = f.connection_id
          AND EXISTS (SELECT FROM platform.outbox r
                      WHERE r.organization_id = p_organization_id AND r.id = p_outbox_id AND r.state = 'ready')
          AND n.rate_limit_per_hour > 0
          AND (n.requests_this_hour < n.rate_limit_per_hour OR n.rate_limit_reset_at > clock_timestamp() IS NOT TRUE)
        RETURNING n.id
    )
    UPDATE platform.outbox o
    SET state = 'sending', attempt = o.attempt + 1, sending_at = clock_timestamp(), cancel_reason = NULL
    FROM f
    WHERE o.organization_id = p_organization_id AND o.id = p_outbox_id AND o.state = 'ready' AND f.obstacle IS NULL
      AND EXISTS (SELECT FROM counted)
    RETURNING o.attempt, o.part, o.kind, o.recipient, o.payload, o.connection_id, f.provider, f.account_identifier, f.access_token,
              f.login, f.late INTO s;
    RETURN s;
END
$$;

-- What becomes of a message that may not be sent now. Locks conversation, then message: the order of everybody who takes both.
CREATE FUNCTION agents.refuse_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    o platform.outbox;
    why text;
BEGIN
    PERFORM FROM platform.conversations c
    WHERE c.organization_id = p_organization_id
      AND c.id = (SELECT x.conversation_id FROM platform.outbox x WHERE x.organization_id = p_organization_id AND x.id = p_outbox_id)
    FOR NO KEY UPDATE;
    SELECT * INTO o FROM platform.outbox x
    WHERE x.organization_id = p_organization_id AND x.id = p_outbox_id AND x.state = 'ready'
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('state', 'gone');
    END IF;
    SELECT f.obstacle INTO why FROM agents.send_facts(p_organization_id, p_outbox_id, p_max_age_seconds) f;

    IF why IS NULL THEN
        RETURN jsonb_build_object('state', 'again');
    ELSIF why = 'not_before' THEN
        RETURN jsonb_build_object('state', 'waiting', 'at', o.not_before, 'reason', coalesce(o.cancel_reason, why));
    ELSIF why = 'previous_part' THEN
        RETURN jsonb_build_object('state', 'blocked', 'reason', why);
    ELSIF why = 'newer_message' THEN
        RETURN agents.reopen_turn(o, p_quiet_seconds);
    ELSIF why IN ('human_active', 'organization_cancelled')
        -- nobody waits for it, and what is to be said in its place is nothing
        OR o.kind IN ('survey', 'update') AND why IN ('window_closed', 'opted_out', 'reply_too_old', 'connection_revoked', 'conversation_open')
    THEN
        PERFORM agents.withdraw_replies(o, 'cancelled', why);
        RETURN jsonb_build_object('state', 'cancelled', 'reason', why);
    ELSIF why = 'window_closed' THEN
        RETURN agents.leave_window(o);
    ELSIF why = 'opted_out' AND o.kind NOT IN ('reply', 'handoff') THEN
        -- nobody waits for it
        PERFORM agents.withdraw_replies(o, 'cancelled', why);
        RETURN jsonb_build_object('state', 'cancelled', 'reason', why);
    ELSIF why = 'rate_limit' THEN
        UPDATE platform.outbox x
        SET cancel_reason = why,
            not_before = (SELECT greatest(n.rate_limit_reset_at, clock_timestamp() + interval '1 second') FROM integrations.connections n
                          WHERE n.organization_id = p_organization_id AND n.id = o.connection_id)
        WHERE x.organization_id = p_organization_id AND x.id = p_outbox_id
        RETURNING x.* INTO o;
        RETURN jsonb_build_object('state', 'waiting', 'at', o.not_before, 'reason', why);
    ELSIF why IN ('opted_out', 'spending_limit', 'reply_too_old', 'connection_revoked') THEN
        PERFORM agents.withdraw_replies(o, 'held', why);
        PERFORM agents.hand_over(p_organization_id, o.conversation_id, 'human', why);
        RETURN jsonb_build_object('state', 'held', 'reason', why);
    END IF;
    -- switched off or not connected: looked at again in a minute, until it may go or is too old
    UPDATE platform.outbox x SET not_before = clock_timestamp() + interval '60 seconds', cancel_reason = why
    WHERE x.organization_id = p_organization_id AND x.id = p_outbox_id
    RETURNING x.* INTO o;
    RETURN jsonb_build_object('state', 'waiting', 'at', o.not_before, 'reason', why);
END
$$;

-- Whether two messages of a conversation are parts of one text: a turn's reply, or what somebody else queued at one moment.
CREATE FUNCTION agents.same_text(x platform.outbox, o platform.outbox) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT x.turn_seq = o.turn_seq AND CASE WHEN o.kind IN ('reply', 'handoff') THEN x.kind IN ('reply', 'handoff')
                                            ELSE x.kind = o.kind AND x.created_at = o.created_at END
$$;

-- Takes the unsent parts of a turn, or of what a person wrote, out of the way and says why on each row and on the execution.
-- A cancelled message was never said; a held one waits for a person.
CREATE FUNCTION agents.withdraw_replies(o platform.outbox, p_state text, p_reason text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE platform.messages m
    SET delivery_status = 'failed', failed_at = clock_timestamp(), error_code = p_state, error_detail = p_reason
    FROM platform.outbox x
    WHERE x.organization_id = o.organization_id AND x.conversation_id = o.conversation_id AND x.turn_seq = o.turn_seq AND x.state = 'ready'
      AND agents.same_text(x, o) AND m.organization_id = x.organization_id AND m.id = x.message_id AND m.delivery_status = 'pending';
    UPDATE platform.outbox x SET state = p_state, cancel_reason = p_reason
    WHERE x.organization_id = o.organization_id AND x.conversation_id = o.conversation_id AND x.turn_seq = o.turn_seq AND x.state = 'ready'
      AND agents.same_text(x, o);
    UPDATE departments.agent_executions e SET outcome = p_reason
    WHERE e.organization_id = o.organization_id AND e.id = o.execution_id AND e.created_at = o.created_at;
END
$$;

-- The customer wrote on before anything was sent: the reply is withdrawn and its messages are unanswered again.
CREATE FUNCTION agents.reopen_turn(o platform.outbox, p_quiet_seconds double precision)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    next_run timestamptz;
BEGIN
    PERFORM agents.withdraw_replies(o, 'cancelled', 'newer_message');
    UPDATE departments.agent_executions e SET status = 'superseded'
    WHERE e.organization_id = o.organization_id AND e.id = o.execution_id AND e.created_at = o.created_at;
    UPDATE platform.conversations c
    SET done_seq = o.from_seq - 1, turn_attempts = 0,
        first_pending_at = (SELECT min(coalesce(m.received_at, m.created_at)) FROM platform.messages m
                            WHERE m.organization_id = c.organization_id AND m.conversation_id = c.id AND m.seq >= o.from_seq),
        run_at = coalesce(c.run_at, clock_timestamp() + make_interval(secs => p_quiet_seconds))
    WHERE c.organization_id = o.organization_id AND c.id = o.conversation_id AND c.done_seq = o.turn_seq
    RETURNING c.run_at INTO next_run;
    RETURN jsonb_build_object('state', 'reopened', 'reason', 'newer_message', 'run_at', next_run);
END
$$;

-- The message is out under the provider's id; statuses that came before the id was known are applied now.
CREATE FUNCTION agents.record_sent(p_organization_id uuid, p_message_id uuid, p_provider_message_id text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM platform.release_echo(p_organization_id, p_message_id, p_provider_message_id);
    UPDATE platform.messages m
    SET external_message_id = coalesce(m.external_message_id, p_provider_message_id), sent_at = coalesce(m.sent_at, clock_timestamp()),
        delivery_status = CASE m.delivery_status WHEN 'pending' THEN 'sent' ELSE m.delivery_status END
    WHERE m.organization_id = p_organization_id AND m.id = p_message_id;
    PERFORM platform.apply_statuses(p_organization_id, p_provider_message_id);
END
$$;
