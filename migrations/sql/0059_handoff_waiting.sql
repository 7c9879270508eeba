-- What becomes of a hand-over that waits: the customer is told, people are reminded, time gives it back; and the score after the end.

-- H-04, H-07: the hand-overs for which something has to be done now. what = 'tell' the customer that a person was called, where no turn did;
-- 'alert' because nobody has it at target_at; 'update' the customer, once, five minutes later. One conversation's (p_conversation_id) or all.
CREATE FUNCTION agents.handoffs_to_move(p_conversation_id uuid, p_grace_seconds double precision, p_batch int)
RETURNS TABLE (organization_id uuid, handoff_id uuid, conversation_id uuid, what text, reason text, requested_at timestamptz, name text, locale text,
               timezone text, settings jsonb)
LANGUAGE sql STABLE AS $$
    WITH due AS (
        SELECT h.organization_id, h.id, h.conversation_id, h.reason, h.requested_at, h.target_at,
               CASE WHEN h.told_at IS NULL AND agents.handoff_is_told(h.reason) AND agents.window_is_open(c, interval '1 minute')
                         AND h.requested_at <= clock_timestamp() - make_interval(secs => p_grace_seconds) THEN 'tell'
                    WHEN h.alerted_at IS NULL AND h.target_at <= clock_timestamp() THEN 'alert'
                    WHEN h.updated_customer_at IS NULL AND h.told_at IS NOT NULL AND h.alerted_at <= clock_timestamp() - interval '5 minutes'
                         AND agents.window_is_open(c, interval '5 minutes') THEN 'update' END AS what
        FROM platform.handoffs h
        JOIN platform.conversations c ON c.organization_id = h.organization_id AND c.id = h.conversation_id
        WHERE h.state = 'open' AND (p_conversation_id IS NULL OR h.conversation_id = p_conversation_id)
    )
    SELECT d.organization_id, d.id, d.conversation_id, d.what, d.reason, d.requested_at, g.name, g.locale, g.timezone,
           agents.service_settings(d.organization_id)
    FROM due d
    JOIN platform.organizations g ON g.id = d.organization_id AND g.deleted_at IS NULL
    WHERE d.what IS NOT NULL
    ORDER BY d.target_at LIMIT p_batch
$$;

-- Says something to the customer of an open hand-over: p_kind 'handoff' (a person was called) or 'update' (nobody has it yet), each once.
-- False when that was said, somebody has it meanwhile, or somebody holds the conversation just now: the next sweep asks again.
CREATE FUNCTION agents.queue_notice(p_organization_id uuid, p_handoff_id uuid, p_kind text, p_message jsonb)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    c platform.conversations;
BEGIN
    SELECT x.* INTO c FROM platform.conversations x
    WHERE x.organization_id = p_organization_id
      AND x.id = (SELECT h.conversation_id FROM platform.handoffs h WHERE h.organization_id = p_organization_id AND h.id = p_handoff_id)
    FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE platform.handoffs h
    SET told_at = CASE p_kind WHEN 'handoff' THEN clock_timestamp() ELSE h.told_at END,
        updated_customer_at = CASE p_kind WHEN 'update' THEN clock_timestamp() ELSE h.updated_customer_at END
    WHERE h.organization_id = p_organization_id AND h.id = p_handoff_id AND h.state = 'open'
      AND CASE p_kind WHEN 'handoff' THEN h.told_at ELSE h.updated_customer_at END IS NULL;
    IF FOUND THEN
        PERFORM agents.store_notice(c, p_kind, p_message);
    END IF;
    RETURN FOUND;
END
$$;

-- Nobody has it at target_at: people are told once more, by the audit log and the caller's. True when it was this call that did it.
-- While the business is closed nobody is expected: with p_opens_at the target moves behind it, and nobody is told.
CREATE FUNCTION agents.alert_handoff(p_organization_id uuid, p_handoff_id uuid, p_opens_at timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    h platform.handoffs;
BEGIN
    UPDATE platform.handoffs x
    SET alerted_at = CASE WHEN p_opens_at IS NULL THEN clock_timestamp() END,
        target_at = coalesce(p_opens_at + agents.minutes_of(agents.service_settings(p_organization_id), 'handoff_target_minutes', 30), x.target_at)
    WHERE x.organization_id = p_organization_id AND x.id = p_handoff_id AND x.state = 'open' AND x.alerted_at IS NULL
      AND x.target_at <= clock_timestamp()
    RETURNING x.* INTO h;
    IF h.alerted_at IS NULL THEN
        RETURN false;
    END IF;
    PERFORM agents.note_handoff(h, 'handoff.unclaimed', NULL, jsonb_build_object(
        'waited_seconds', extract(epoch FROM h.alerted_at - h.requested_at)::int));
    RETURN true;
END
$$;

-- H-03: gives back what a person took and has left alone for handoff_return_minutes: no message of theirs, not even from a telephone. What
-- nobody took stays with people: the customer was promised one; so does what is too old to be answered by a machine.
CREATE FUNCTION agents.return_quiet_handoffs(p_max_age_seconds double precision, p_batch int)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    quiet record;
    returned int := 0;
BEGIN
    FOR quiet IN
        SELECT h.organization_id, h.conversation_id, h.claimed_at, agents.minutes_of(d.configuration, 'handoff_return_minutes', 10080) AS pause
        FROM departments.departments d
        JOIN platform.handoffs h ON h.organization_id = d.organization_id AND h.state = 'claimed'
        JOIN platform.conversations c ON c.organization_id = h.organization_id AND c.id = h.conversation_id AND c.automation_state = 'human'
        WHERE d.type = 'customer_service' AND jsonb_typeof(d.configuration -> 'handoff_return_minutes') = 'number'
          AND h.claimed_at <= clock_timestamp() - agents.minutes_of(d.configuration, 'handoff_return_minutes', 10080)
          AND (c.last_in_seq = c.done_seq OR c.last_inbound_at > clock_timestamp() - make_interval(secs => p_max_age_seconds))
        ORDER BY h.claimed_at
        FOR NO KEY UPDATE OF c SKIP LOCKED
    LOOP
        EXIT WHEN returned >= p_batch;
        -- asked under the lock: a person who writes holds it
        IF NOT EXISTS (SELECT FROM platform.messages m
                       WHERE m.organization_id = quiet.organization_id AND m.conversation_id = quiet.conversation_id AND m.sender_type = 'human'
                         AND m.created_at > clock_timestamp() - quiet.pause)
            AND agents.return_to_ai(quiet.organization_id, quiet.conversation_id, NULL, 'time') ->> 'state' = 'returned'
        THEN
            returned := returned + 1;
        END IF;
    END LOOP;
    RETURN returned;
END
$$;

-- A score that stands alone: a number, a number word, stars; NULL for everything else.
CREATE FUNCTION agents.score_of(p_text text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    bare text := btrim(lower(translate(p_text, U&'\FE0F\20E3', '')), E' \t\r\n.!');
BEGIN
    IF bare ~ '^⭐[⭐ ]*$' THEN
        bare := char_length(replace(bare, ' ', ''))::text;
    END IF;
    bare := substring(bare FROM '^(?:nota |dou |score )?([1-5]|um|uma|dois|duas|tr[eê]s|quatro|cinco|one|two|three|four|five)(?: estrelas?| stars?| ?/ ?5)?$');
    RETURN CASE bare WHEN '1' THEN 1 WHEN 'um' THEN 1 WHEN 'uma' THEN 1 WHEN 'one' THEN 1 WHEN '2' THEN 2 WHEN 'dois' THEN 2 WHEN 'duas' THEN 2
                     WHEN 'two' THEN 2 WHEN '3' THEN 3 WHEN 'três' THEN 3 WHEN 'tres' THEN 3 WHEN 'three' THEN 3 WHEN '4' THEN 4
                     WHEN 'quatro' THEN 4 WHEN 'four' THEN 4 WHEN '5' THEN 5 WHEN 'cinco' THEN 5 WHEN 'five' THEN 5 END;
END
$$;

-- The score that the customer gives when the one message that waits is one, and the last thing they were sent is the question for it: then
-- it is kept, once, and the message is done. NULL: it is an ordinary message. The caller holds the lock of the conversation c, which is a
-- new one when nothing else was written since the other was resolved: it holds nothing but the score, and is archived.
CREATE FUNCTION agents.take_score(c platform.conversations)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    given int;
    asked record;
BEGIN
    SELECT agents.score_of(m.text_content) INTO given FROM platform.messages m
    WHERE m.organization_id = c.organization_id AND m.conversation_id = c.id AND m.seq = c.last_in_seq AND m.deleted_at IS NULL;
    IF given IS NULL OR c.contact_id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT said.id, said.conversation_id, o.kind INTO asked
    FROM platform.conversations k
    CROSS JOIN LATERAL (
        SELECT m.id, m.conversation_id, m.created_at FROM platform.messages m
        WHERE m.organization_id = k.organization_id AND m.conversation_id = k.id AND m.direction = 'outbound' AND m.delivery_status <> 'failed'
        ORDER BY m.created_at DESC LIMIT 1) said
    LEFT JOIN platform.outbox o ON o.organization_id = k.organization_id AND o.message_id = said.id
    WHERE k.organization_id = c.organization_id AND k.contact_id = c.contact_id AND k.connection_id = c.connection_id
    ORDER BY said.created_at DESC LIMIT 1;
    IF asked.kind IS DISTINCT FROM 'survey' THEN
        RETURN NULL;
    END IF;
    UPDATE platform.conversations k SET satisfaction_score = given
    WHERE k.organization_id = c.organization_id AND k.id = asked.conversation_id AND k.satisfaction_score IS NULL AND k.status = 'resolved';
    IF FOUND THEN
        PERFORM agents.keep_score(c, asked.conversation_id, given);
    END IF;
    UPDATE platform.conversations x
    SET done_seq = x.last_in_seq, run_at = NULL, first_pending_at = NULL, lease_until = NULL, turn_attempts = 0,
        status = CASE WHEN c.done_seq = 0 THEN 'archived' ELSE x.status END
    WHERE x.organization_id = c.organization_id AND x.id = c.id;
    RETURN given;
END
$$;

CREATE FUNCTION agents.keep_score(c platform.conversations, p_conversation_id uuid, p_score int)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO analytics.satisfaction_scores (
        organization_id, conversation_id, score, interaction_type, department_type, agent_type, customer_tenure_days)
    VALUES (c.organization_id, p_conversation_id, p_score, c.channel || '_conversation', 'customer_service',
            (SELECT a.agent_type FROM platform.messages m JOIN departments.agents a ON a.organization_id = m.organization_id AND a.id = m.agent_id
             WHERE m.organization_id = c.organization_id AND m.conversation_id = p_conversation_id AND m.sender_type = 'ai'
             ORDER BY m.created_at DESC LIMIT 1),
            (SELECT greatest(0, extract(day FROM clock_timestamp() - k.created_at)::int) FROM platform.contacts k
             WHERE k.organization_id = c.organization_id AND k.id = c.contact_id));
    INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
    VALUES (c.organization_id, 'conversation.scored', 'conversation', p_conversation_id, jsonb_build_object('score', p_score))
$$;

-- Who may: what people and turns do is the application's, what time does is the sweep's, and intake notes that a person writes.
GRANT EXECUTE ON FUNCTION
    agents.service_settings(uuid),
    agents.minutes_of(jsonb, text, int),
    agents.summarize_conversation(uuid, uuid),
    agents.open_handoff(uuid, uuid, text, boolean, uuid),
    agents.forget_words(platform.messages)
TO application_role, worker_role, definer_role;

GRANT EXECUTE ON FUNCTION
    agents.handoff_is_told(text),
    agents.window_is_open(platform.conversations, interval),
    agents.handoffs_to_move(uuid, double precision, int),
    agents.queue_notice(uuid, uuid, text, jsonb),
    agents.store_notice(platform.conversations, text, jsonb),
    agents.note_handoff(platform.handoffs, text, uuid, jsonb),
    agents.answered_by_person(uuid, uuid),
    agents.close_handoff(uuid, uuid, text, uuid),
    agents.return_to_ai(uuid, uuid, uuid, text),
    agents.count_messages(uuid, uuid)
TO application_role, worker_role;

GRANT EXECUTE ON FUNCTION
    agents.claim_handoff(uuid, uuid, uuid),
    agents.lock_handoff(uuid, uuid),
    agents.resolve_conversation(uuid, uuid, uuid, bigint, jsonb),
    agents.first_response_seconds(platform.conversations),
    agents.queue_survey(platform.conversations, jsonb),
    agents.score_of(text),
    agents.take_score(platform.conversations),
    agents.keep_score(platform.conversations, uuid, int)
TO application_role;

GRANT EXECUTE ON FUNCTION
    agents.alert_handoff(uuid, uuid, timestamptz),
    agents.return_quiet_handoffs(double precision, int)
TO worker_role;
