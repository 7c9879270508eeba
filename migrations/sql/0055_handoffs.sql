-- Hand-overs of conversations to people: one row each, with its reason, what the person needs to know, and how long the customer waits.

-- `reason` is a code of docs/handoff.md ('gate:<name>' for a gate's veto). open → claimed → resolved | returned: a person answers, and ends
-- the conversation or gives it back. `summary` is what was found when it was handed over: [{kind, text, message_id | chunk_id}].
CREATE TABLE platform.handoffs (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    reason TEXT NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 200),
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'claimed', 'resolved', 'returned')),
    summary JSONB NOT NULL DEFAULT '[]'::JSONB CHECK (jsonb_typeof(summary) = 'array'),

    requested_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    target_at TIMESTAMP WITH TIME ZONE NOT NULL, -- until then a person has it; put off while the business is closed
    told_at TIMESTAMP WITH TIME ZONE, -- the customer was told that a person was called
    alerted_at TIMESTAMP WITH TIME ZONE, -- nobody had it at target_at
    updated_customer_at TIMESTAMP WITH TIME ZONE, -- the customer was told that nobody has it yet
    claimed_at TIMESTAMP WITH TIME ZONE,
    claimed_by UUID, -- NULL: a person whom the platform does not know, such as one at the telephone
    closed_at TIMESTAMP WITH TIME ZONE,
    closed_by UUID,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, conversation_id)
        REFERENCES platform.conversations (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, claimed_by)
        REFERENCES platform.users (organization_id, id) ON DELETE SET NULL (claimed_by),
    FOREIGN KEY (organization_id, closed_by)
        REFERENCES platform.users (organization_id, id) ON DELETE SET NULL (closed_by),
    CHECK ((state IN ('resolved', 'returned')) = (closed_at IS NOT NULL)),
    CHECK (state <> 'claimed' OR claimed_at IS NOT NULL)
) WITH (fillfactor = 80);
-- one at a time for each conversation
CREATE UNIQUE INDEX handoffs_active ON platform.handoffs (organization_id, conversation_id) WHERE state IN ('open', 'claimed');
CREATE INDEX idx_handoffs_conversation ON platform.handoffs (organization_id, conversation_id);
CREATE INDEX idx_handoffs_queue ON platform.handoffs (organization_id, state, requested_at);
CREATE INDEX idx_handoffs_waiting ON platform.handoffs (state, target_at) WHERE state IN ('open', 'claimed');
CREATE INDEX idx_handoffs_claimed_by ON platform.handoffs (organization_id, claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX idx_handoffs_closed_by ON platform.handoffs (organization_id, closed_by) WHERE closed_by IS NOT NULL;
SELECT platform.track_updates('platform.handoffs');
SELECT platform.isolate_tenant('platform.handoffs');
SELECT platform.admit_all_tenants('platform.handoffs', 'worker_role');
SELECT platform.admit_all_tenants('platform.handoffs', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON platform.handoffs TO application_role, worker_role, definer_role;

-- What a hand-over reads, whoever makes it: the business's name, the department's settings, what the AI did, and the titles of what it used.
GRANT SELECT (name) ON platform.organizations TO worker_role;
SELECT platform.admit_all_tenants('departments.departments', 'worker_role');
SELECT platform.admit_all_tenants('departments.departments', 'definer_role');
GRANT SELECT (organization_id, type, configuration) ON departments.departments TO worker_role, definer_role;
GRANT UPDATE (output_data) ON departments.agent_executions TO definer_role;
SELECT platform.admit_all_tenants('platform.knowledge_chunks', 'worker_role');
SELECT platform.admit_all_tenants('platform.knowledge_chunks', 'definer_role');
GRANT SELECT (organization_id, id, knowledge_id) ON platform.knowledge_chunks TO worker_role, definer_role;
SELECT platform.admit_all_tenants('platform.knowledge_base', 'worker_role');
SELECT platform.admit_all_tenants('platform.knowledge_base', 'definer_role');
GRANT SELECT (organization_id, id, title) ON platform.knowledge_base TO worker_role, definer_role;

-- The settings of the department that serves customers: handoff_target_minutes, handoff_return_minutes, opening_hours, …
CREATE FUNCTION agents.service_settings(p_organization_id uuid)
RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT d.configuration FROM departments.departments d
                     WHERE d.organization_id = p_organization_id AND d.type = 'customer_service'), '{}')
$$;

-- A number of minutes of these settings; what is no number between 1 and a week counts as not set.
CREATE FUNCTION agents.minutes_of(p_settings jsonb, p_name text, p_default int)
RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT make_interval(secs => 60 * CASE
        WHEN jsonb_typeof(p_settings -> p_name) = 'number' AND (p_settings ->> p_name)::numeric BETWEEN 1 AND 10080
        THEN (p_settings ->> p_name)::float8 ELSE p_default END)
$$;

-- Whether the customer is told that a person was called. Not when one is already there, when the customer is another machine, or when
-- nothing can be sent: the window is closed, the customer wants nothing, the account or the message is refused, or it is from long ago.
CREATE FUNCTION agents.handoff_is_told(p_reason text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_reason NOT IN ('human_message', 'human_echo', 'too_many_replies', 'window_closed', 'opted_out', 'connection_revoked',
                            'send_refused', 'delivery_failed', 'uncertain_send', 'message_too_old', 'contact_merged')
$$;

-- H-06: what the person needs to know, from rows alone; each line names the message or the chunk that it is from.
-- 'asked': what the customer wants, oldest first. 'tried': the last replies of the AI. 'source': titles of what it used.
-- 'missing': questions that the knowledge did not answer, and files that nobody could read (their kind).
CREATE FUNCTION agents.summarize_conversation(p_organization_id uuid, p_conversation_id uuid)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    c platform.conversations;
    turn departments.agent_executions;
    first_seq bigint;
    lines jsonb;
BEGIN
    SELECT * INTO c FROM platform.conversations x WHERE x.organization_id = p_organization_id AND x.id = p_conversation_id;
    SELECT * INTO turn FROM departments.agent_executions e
    WHERE e.organization_id = p_organization_id AND e.conversation_id = p_conversation_id AND e.to_seq = c.done_seq
      AND e.status = 'completed' AND e.outcome = 'abstained'
    ORDER BY e.created_at DESC LIMIT 1;
    -- what is not answered; of a turn that asked for a person all it was about; else the customer's last word
    first_seq := least(coalesce(turn.from_seq, c.done_seq + 1), greatest(c.last_in_seq, 1));
    WITH asked AS (
        SELECT m.id, m.seq, m.message_type, left(m.text_content, 500) AS text
        FROM platform.messages m
        WHERE m.organization_id = p_organization_id AND m.conversation_id = p_conversation_id AND m.seq >= first_seq AND m.deleted_at IS NULL
        ORDER BY m.seq DESC LIMIT 8
    ), tried AS (
        SELECT m.id, left(m.text_content, 500) AS text, m.created_at, o.part, o.execution_id
        FROM platform.messages m
        JOIN platform.outbox o ON o.organization_id = m.organization_id AND o.message_id = m.id
        WHERE m.organization_id = p_organization_id AND m.conversation_id = p_conversation_id AND m.sender_type = 'ai'
          AND m.delivery_status <> 'failed'
          AND (o.kind = 'reply' OR o.execution_id = turn.id AND coalesce(turn.output_data -> 'used', '[]') <> '[]')
        ORDER BY m.created_at DESC, o.part DESC LIMIT 3
    ), source AS (
        SELECT DISTINCT ON (k.id) h.id, left(k.title, 500) AS text
        FROM tried t
        JOIN departments.agent_executions e ON e.organization_id = p_organization_id AND e.id = t.execution_id AND e.created_at = t.created_at
        CROSS JOIN LATERAL jsonb_array_elements_text(CASE jsonb_typeof(e.output_data -> 'used') WHEN 'array' THEN e.output_data -> 'used'
                                                     ELSE '[]' END) AS used (chunk_id)
        JOIN platform.knowledge_chunks h ON h.organization_id = p_organization_id AND h.id::text = used.chunk_id
        JOIN platform.knowledge_base k ON k.organization_id = p_organization_id AND k.id = h.knowledge_id
        ORDER BY k.id, h.id
    ), missing AS (
        SELECT left(u ->> 'text', 500) AS text, u -> 'message_id' AS message_id
        FROM jsonb_array_elements(CASE jsonb_typeof(turn.output_data -> 'unanswered') WHEN 'array' THEN turn.output_data -> 'unanswered'
                                  ELSE '[]' END) AS u
        UNION ALL
        SELECT a.message_type, to_jsonb(a.id) FROM asked a WHERE coalesce(a.text, '') = ''
    )
    SELECT coalesce((SELECT jsonb_agg(jsonb_build_object('kind', 'asked', 'text', a.text, 'message_id', a.id) ORDER BY a.seq)
                     FROM asked a WHERE coalesce(a.text, '') <> ''), '[]')
        || coalesce((SELECT jsonb_agg(jsonb_build_object('kind', 'tried', 'text', t.text, 'message_id', t.id) ORDER BY t.created_at, t.part)
                     FROM tried t), '[]')
        || coalesce((SELECT jsonb_agg(jsonb_build_object('kind', 'source', 'text', s.text, 'chunk_id', s.id) ORDER BY s.text)
                     FROM source s), '[]')
        || coalesce((SELECT jsonb_agg(jsonb_build_object('kind', 'missing', 'text', w.text, 'message_id', w.message_id)) FROM missing w), '[]')
    INTO lines;
    RETURN lines;
END
$$;

-- What a customer took back is not in what was kept of it either: the summary for the person, and the questions that stayed open, which may
-- go over several messages.
CREATE FUNCTION agents.forget_words(m platform.messages)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE platform.handoffs h
    SET summary = coalesce((SELECT jsonb_agg(l.line ORDER BY l.place) FROM jsonb_array_elements(h.summary) WITH ORDINALITY AS l (line, place)
                            WHERE l.line ->> 'message_id' IS DISTINCT FROM m.id::text AND l.line ->> 'kind' <> 'missing'), '[]')
    WHERE h.organization_id = m.organization_id AND h.conversation_id = m.conversation_id
      AND h.summary @> jsonb_build_array(jsonb_build_object('message_id', m.id));
    UPDATE departments.agent_executions e
    SET output_data = jsonb_set(e.output_data, '{unanswered}', '[]')
    WHERE e.organization_id = m.organization_id AND e.conversation_id = m.conversation_id AND e.to_seq >= m.seq AND e.from_seq <= m.seq
      AND e.output_data ? 'unanswered';
END
$$;

-- The conversation is people's: its hand-over is written, or the active one is found. A person who has it already (p_claimed) takes an
-- open one. The caller holds the conversation's lock.
CREATE FUNCTION agents.open_handoff(
    p_organization_id uuid, p_conversation_id uuid, p_reason text, p_claimed boolean DEFAULT false, p_user_id uuid DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    INSERT INTO platform.handoffs AS h (organization_id, conversation_id, reason, state, summary, requested_at, target_at, claimed_at, claimed_by)
    SELECT p_organization_id, p_conversation_id, p_reason, CASE WHEN p_claimed THEN 'claimed' ELSE 'open' END,
           agents.summarize_conversation(p_organization_id, p_conversation_id), moment,
           moment + agents.minutes_of(agents.service_settings(p_organization_id), 'handoff_target_minutes', 30),
           CASE WHEN p_claimed THEN moment END, p_user_id
    ON CONFLICT (organization_id, conversation_id) WHERE state IN ('open', 'claimed') DO UPDATE
    SET state = 'claimed', claimed_at = coalesce(h.claimed_at, moment), claimed_by = coalesce(h.claimed_by, p_user_id)
    WHERE p_claimed AND (h.state = 'open' OR h.claimed_by IS NULL AND p_user_id IS NOT NULL);
END
$$;

-- A person takes a hand-over, by its id or its conversation's. Returns {state}: 'claimed' (also when it was this person's already),
-- 'taken' by another ("by", "at"), 'closed' (it is over), 'unknown'.
CREATE FUNCTION agents.claim_handoff(p_organization_id uuid, p_id uuid, p_user_id uuid)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    h platform.handoffs;
BEGIN
    h := agents.lock_handoff(p_organization_id, p_id);
    IF h.id IS NULL THEN
        RETURN jsonb_build_object('state', 'unknown');
    ELSIF h.closed_at IS NOT NULL THEN
        RETURN jsonb_build_object('state', 'closed');
    ELSIF h.state = 'claimed' AND h.claimed_by IS DISTINCT FROM p_user_id THEN
        RETURN jsonb_build_object('state', 'taken', 'by', h.claimed_by, 'at', h.claimed_at);
    END IF;
    IF h.state = 'open' THEN
        PERFORM agents.open_handoff(p_organization_id, h.conversation_id, h.reason, true, p_user_id);
        UPDATE platform.conversations c SET assigned_user_id = coalesce(p_user_id, c.assigned_user_id)
        WHERE c.organization_id = p_organization_id AND c.id = h.conversation_id;
        PERFORM agents.note_handoff(h, 'handoff.claimed', p_user_id);
    END IF;
    RETURN jsonb_build_object('state', 'claimed', 'handoff_id', h.id, 'conversation_id', h.conversation_id);
END
$$;

-- The hand-over of this id, or the newest of this conversation, an active one first. Locks the conversation before it: the order of
-- everybody who takes both.
CREATE FUNCTION agents.lock_handoff(p_organization_id uuid, p_id uuid)
RETURNS platform.handoffs LANGUAGE plpgsql AS $$
DECLARE
    found_id uuid;
    conversation uuid;
    h platform.handoffs;
BEGIN
    SELECT x.id, x.conversation_id INTO found_id, conversation FROM platform.handoffs x
    WHERE x.organization_id = p_organization_id AND (x.id = p_id OR x.conversation_id = p_id)
    ORDER BY x.closed_at IS NULL DESC, x.requested_at DESC LIMIT 1;
    PERFORM FROM platform.conversations c WHERE c.organization_id = p_organization_id AND c.id = conversation FOR NO KEY UPDATE;
    SELECT * INTO h FROM platform.handoffs x WHERE x.organization_id = p_organization_id AND x.id = found_id FOR NO KEY UPDATE;
    RETURN h;
END
$$;

CREATE FUNCTION agents.note_handoff(h platform.handoffs, p_action text, p_user_id uuid, p_more jsonb DEFAULT '{}')
RETURNS void LANGUAGE sql AS $$
    INSERT INTO audit.activity_logs (organization_id, user_id, action, resource_type, resource_id, metadata)
    VALUES (h.organization_id, p_user_id, p_action, 'conversation', h.conversation_id,
            jsonb_build_object('handoff_id', h.id, 'reason', h.reason) || p_more)
$$;

-- Ends the active hand-over of a conversation; nothing when there is none. The caller holds the conversation's lock.
CREATE FUNCTION agents.close_handoff(p_organization_id uuid, p_conversation_id uuid, p_state text, p_user_id uuid)
RETURNS void LANGUAGE sql AS $$
    UPDATE platform.handoffs h SET state = p_state, closed_at = clock_timestamp(), closed_by = p_user_id
    WHERE h.organization_id = p_organization_id AND h.conversation_id = p_conversation_id AND h.state IN ('open', 'claimed')
$$;

-- The newest message that a person has answered. Our clock is compared with ours and the provider's with the provider's.
CREATE FUNCTION agents.answered_by_person(p_organization_id uuid, p_conversation_id uuid)
RETURNS bigint LANGUAGE sql STABLE AS $$
    WITH said AS (
        SELECT max(h.created_at) FILTER (WHERE h.platform_timestamp IS NULL) AS ours, max(h.platform_timestamp) AS theirs
        FROM platform.messages h
        WHERE h.organization_id = p_organization_id AND h.conversation_id = p_conversation_id AND h.sender_type = 'human'
          AND h.delivery_status <> 'failed'
    )
    SELECT coalesce(max(m.seq), 0) FROM said
    JOIN platform.messages m ON m.created_at <= said.ours OR coalesce(m.platform_timestamp, m.created_at) <= said.theirs
    WHERE m.organization_id = p_organization_id AND m.conversation_id = p_conversation_id AND m.seq IS NOT NULL
$$;

-- H-03: gives a conversation back to the AI. What the customer wrote and no person answered is answered next, once.
-- Returns {state, pending}: 'returned', 'with_ai' (it was not with people), 'closed', 'unknown'. p_by: 'person' or 'time'.
CREATE FUNCTION agents.return_to_ai(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_by text)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    c platform.conversations;
    answered bigint;
BEGIN
    SELECT * INTO c FROM platform.conversations
    WHERE organization_id = p_organization_id AND id = p_conversation_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('state', 'unknown');
    ELSIF c.status NOT IN ('active', 'escalated') THEN
        RETURN jsonb_build_object('state', 'closed');
    ELSIF c.automation_state = 'auto' THEN
        RETURN jsonb_build_object('state', 'with_ai');
    END IF;
    answered := greatest(c.done_seq, least(agents.answered_by_person(p_organization_id, p_conversation_id), c.last_in_seq));
    UPDATE platform.conversations x
    SET automation_state = 'auto', status = 'active', assigned_to_human = false, assigned_user_id = NULL, done_seq = answered,
        turn_attempts = 0, lease_until = NULL, fence = x.fence + 1, -- a run from before the hand-over writes nothing
        run_at = CASE WHEN x.last_in_seq > answered THEN clock_timestamp() END,
        first_pending_at = CASE WHEN x.last_in_seq > answered THEN clock_timestamp() END
    WHERE x.organization_id = p_organization_id AND x.id = p_conversation_id;
    PERFORM agents.close_handoff(p_organization_id, p_conversation_id, 'returned', p_user_id);
    INSERT INTO audit.activity_logs (organization_id, user_id, action, resource_type, resource_id, metadata)
    VALUES (p_organization_id, p_user_id, 'conversation.returned', 'conversation', p_conversation_id,
            jsonb_build_object('by', p_by, 'pending', c.last_in_seq - answered));
    RETURN jsonb_build_object('state', 'returned', 'pending', c.last_in_seq - answered);
END
$$;

-- A person says that the matter is settled: the conversation ends, and the customer's next message begins another. With p_seen_seq it
-- ends only when that is still the newest message. p_survey {outbox_id, message_id, text, payload} asks how it was, where it may be asked.
-- Returns {state}: 'resolved' with "survey", 'newer_message' with "last_seq", 'closed', 'unknown'.
CREATE FUNCTION agents.resolve_conversation(
    p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_seen_seq bigint, p_survey jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    c platform.conversations;
    asked boolean;
BEGIN
    SELECT * INTO c FROM platform.conversations
    WHERE organization_id = p_organization_id AND id = p_conversation_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('state', 'unknown');
    ELSIF c.status NOT IN ('active', 'escalated') THEN
        RETURN jsonb_build_object('state', 'closed');
    ELSIF c.last_in_seq > p_seen_seq THEN
        RETURN jsonb_build_object('state', 'newer_message', 'last_seq', c.last_in_seq);
    END IF;
    UPDATE platform.conversations x
    SET status = 'resolved', resolved_at = clock_timestamp(),
        resolution_time_seconds = greatest(0, extract(epoch FROM clock_timestamp() - x.created_at)::int),
        first_response_time_seconds = coalesce(x.first_response_time_seconds, agents.first_response_seconds(x)),
        message_count = agents.count_messages(p_organization_id, p_conversation_id),
        -- nothing of it is to be answered any more, and a turn that runs cannot speak
        automation_state = 'human', assigned_user_id = coalesce(p_user_id, x.assigned_user_id), done_seq = x.last_in_seq,
        run_at = NULL, first_pending_at = NULL, lease_until = NULL
    WHERE x.organization_id = p_organization_id AND x.id = p_conversation_id
    RETURNING * INTO c;
    PERFORM agents.close_handoff(p_organization_id, p_conversation_id, 'resolved', p_user_id);
    asked := agents.queue_survey(c, p_survey);
    INSERT INTO audit.activity_logs (organization_id, user_id, action, resource_type, resource_id, metadata)
    VALUES (p_organization_id, p_user_id, 'conversation.resolved', 'conversation', p_conversation_id,
            jsonb_build_object('seconds', c.resolution_time_seconds, 'survey', asked));
    RETURN jsonb_build_object('state', 'resolved', 'survey', asked);
END
$$;

-- Messages of both sides that exist for the customer.
CREATE FUNCTION agents.count_messages(p_organization_id uuid, p_conversation_id uuid)
RETURNS int LANGUAGE sql STABLE AS $$
    SELECT count(*)::int FROM platform.messages m
    WHERE m.organization_id = p_organization_id AND m.conversation_id = p_conversation_id AND m.delivery_status <> 'failed'
$$;

-- Seconds from the customer's first message to the first that the provider took from us, or that a person wrote; NULL without one.
CREATE FUNCTION agents.first_response_seconds(c platform.conversations)
RETURNS int LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN count(*) > 0 THEN greatest(0, extract(epoch FROM min(m.sent_at) - min(f.created_at))::int) END
    FROM platform.messages f
    JOIN platform.messages m ON m.organization_id = c.organization_id AND m.conversation_id = c.id AND m.direction = 'outbound'
        AND m.sent_at IS NOT NULL AND m.created_at >= f.created_at
    WHERE f.organization_id = c.organization_id AND f.conversation_id = c.id AND f.seq = 1
$$;

-- Whether the customer may get what nobody asked for, without a template: within the window, and not against their will.
CREATE FUNCTION agents.window_is_open(c platform.conversations, p_margin interval)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(c.last_inbound_at > clock_timestamp() - interval '24 hours' + p_margin, false)
       AND NOT coalesce(c.window_closed_at >= c.last_inbound_at, false)
       AND NOT coalesce(c.opted_out_at >= c.last_inbound_at, false)
$$;

-- Stores a message that no turn wrote, behind all others. p_message: {outbox_id, message_id, text, payload}.
CREATE FUNCTION agents.store_notice(c platform.conversations, p_kind text, p_message jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    INSERT INTO platform.messages (
        id, organization_id, conversation_id, connection_id, direction, message_type, text_content, sender_type, delivery_status, created_at)
    VALUES ((p_message ->> 'message_id')::uuid, c.organization_id, c.id, c.connection_id, 'outbound', 'text', p_message ->> 'text', 'ai',
            'pending', moment);
    INSERT INTO platform.outbox (
        id, organization_id, conversation_id, connection_id, message_id, turn_seq, part, kind, recipient, payload, not_before, created_at)
    VALUES ((p_message ->> 'outbox_id')::uuid, c.organization_id, c.id, c.connection_id, (p_message ->> 'message_id')::uuid, c.last_in_seq,
            agents.next_part(c.organization_id, c.id, c.last_in_seq), p_kind, c.customer_external_id, p_message -> 'payload', moment, moment);
END
$$;

-- Whether it was queued: the department wants it (satisfaction_survey), the customer wrote something, and it was not asked before.
CREATE FUNCTION agents.queue_survey(c platform.conversations, p_survey jsonb)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF p_survey IS NULL OR agents.service_settings(c.organization_id) -> 'satisfaction_survey' IS DISTINCT FROM 'true'::jsonb
        OR NOT agents.window_is_open(c, interval '10 minutes')
        OR agents.wants_no_marketing(c.organization_id, c.contact_id, c.opted_out_at)
        OR EXISTS (SELECT FROM platform.outbox o WHERE o.organization_id = c.organization_id AND o.conversation_id = c.id AND o.kind = 'survey')
    THEN
        RETURN false;
    END IF;
    PERFORM agents.store_notice(c, 'survey', p_survey);
    RETURN true;
END
$$;
