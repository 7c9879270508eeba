-- What the migrations build. Written by `make schema`: change migrations/sql, not this file.

-- Name: agents; Type: SCHEMA; Schema: -; Owner: owner

CREATE SCHEMA agents;

ALTER SCHEMA agents OWNER TO owner;

-- Name: SCHEMA agents; Type: COMMENT; Schema: -; Owner: owner

COMMENT ON SCHEMA agents IS 'Evidence of the agents'' work';

-- Name: analytics; Type: SCHEMA; Schema: -; Owner: owner

CREATE SCHEMA analytics;

ALTER SCHEMA analytics OWNER TO owner;

-- Name: SCHEMA analytics; Type: COMMENT; Schema: -; Owner: owner

COMMENT ON SCHEMA analytics IS 'Metrics and reporting data';

-- Name: audit; Type: SCHEMA; Schema: -; Owner: owner

CREATE SCHEMA audit;

ALTER SCHEMA audit OWNER TO owner;

-- Name: SCHEMA audit; Type: COMMENT; Schema: -; Owner: owner

COMMENT ON SCHEMA audit IS 'Audit logs and compliance';

-- Name: departments; Type: SCHEMA; Schema: -; Owner: owner

CREATE SCHEMA departments;

ALTER SCHEMA departments OWNER TO owner;

-- Name: SCHEMA departments; Type: COMMENT; Schema: -; Owner: owner

COMMENT ON SCHEMA departments IS 'Department configurations and state';

-- Name: integrations; Type: SCHEMA; Schema: -; Owner: owner

CREATE SCHEMA integrations;

ALTER SCHEMA integrations OWNER TO owner;

-- Name: SCHEMA integrations; Type: COMMENT; Schema: -; Owner: owner

COMMENT ON SCHEMA integrations IS 'External service connections';

-- Name: platform; Type: SCHEMA; Schema: -; Owner: owner

CREATE SCHEMA platform;

ALTER SCHEMA platform OWNER TO owner;

-- Name: SCHEMA platform; Type: COMMENT; Schema: -; Owner: owner

COMMENT ON SCHEMA platform IS 'Core platform entities';

-- Name: vector; Type: EXTENSION; Schema: -; Owner: -

CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;

-- Name: EXTENSION vector; Type: COMMENT; Schema: -; Owner: 

COMMENT ON EXTENSION vector IS 'vector data type and ivfflat and hnsw access methods';

-- Name: begun_send; Type: TYPE; Schema: agents; Owner: owner

CREATE TYPE agents.begun_send AS (
	attempt integer,
	part smallint,
	kind text,
	recipient text,
	payload jsonb,
	connection_id uuid,
	provider text,
	account_identifier text,
	access_token text,
	login text,
	late boolean
);

ALTER TYPE agents.begun_send OWNER TO owner;

-- Name: customer_name; Type: TYPE; Schema: integrations; Owner: owner

CREATE TYPE integrations.customer_name AS (
	place integer,
	organization_id uuid,
	item_id uuid,
	kind text,
	scope text,
	value text,
	match text,
	previous boolean,
	happened_at timestamp with time zone
);

ALTER TYPE integrations.customer_name OWNER TO owner;

-- Name: new_item; Type: TYPE; Schema: integrations; Owner: owner

CREATE TYPE integrations.new_item AS (
	place integer,
	delivery integer,
	ordinal integer,
	id uuid,
	kind text,
	provider text,
	organization_id uuid,
	connection_id uuid,
	happened_at timestamp with time zone,
	event_id text,
	customer text,
	customer_phone text,
	customer_name text,
	message_type text,
	text text,
	metadata jsonb,
	reply_to text,
	answerable boolean
);

ALTER TYPE integrations.new_item OWNER TO owner;

-- Name: agents_due(integer, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.agents_due(p_per_organization integer, p_limit integer) RETURNS TABLE(organization_id uuid, agent_id uuid, agent_type text, configuration jsonb, timezone text, due_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    SELECT r.organization_id, r.id, r.agent_type, r.configuration, r.timezone, r.next_scheduled_at
    FROM (
        SELECT a.organization_id, a.id, a.agent_type, a.configuration, g.timezone, a.next_scheduled_at,
               row_number() OVER (PARTITION BY a.organization_id ORDER BY a.next_scheduled_at, a.id) AS rank
        FROM departments.agents a
        JOIN departments.departments d ON d.organization_id = a.organization_id AND d.id = a.department_id
        JOIN platform.organizations g ON g.id = a.organization_id
        WHERE a.status = 'active' AND a.next_scheduled_at <= clock_timestamp()
          AND agents.pause_reason((SELECT s.paused_at FROM platform.switches s WHERE s.name = 'ai'), g.deleted_at, g.billing_status,
                                  g.ai_paused_at, d.status, a.status, 'active') IS NULL
    ) r
    WHERE r.rank <= p_per_organization
    ORDER BY r.rank, r.next_scheduled_at LIMIT p_limit
$$;

ALTER FUNCTION agents.agents_due(p_per_organization integer, p_limit integer) OWNER TO owner;

-- Name: alert_handoff(uuid, uuid, timestamp with time zone); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.alert_handoff(p_organization_id uuid, p_handoff_id uuid, p_opens_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.alert_handoff(p_organization_id uuid, p_handoff_id uuid, p_opens_at timestamp with time zone) OWNER TO owner;

-- Name: answered_by_person(uuid, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.answered_by_person(p_organization_id uuid, p_conversation_id uuid) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$
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

ALTER FUNCTION agents.answered_by_person(p_organization_id uuid, p_conversation_id uuid) OWNER TO owner;

-- Name: ask_for_run(uuid, uuid, uuid, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.ask_for_run(p_organization_id uuid, p_agent_id uuid, p_run_id uuid, p_data jsonb) RETURNS text
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM departments.agents a WHERE a.organization_id = p_organization_id AND a.id = p_agent_id) THEN
        RETURN 'unknown_agent';
    END IF;
    INSERT INTO agents.agent_runs (id, organization_id, agent_id, trigger_type, trigger_key, trigger_data, due_at, run_at)
    VALUES (p_run_id, p_organization_id, p_agent_id, 'manual', p_run_id::text, p_data, clock_timestamp(), clock_timestamp())
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'exists';
    END IF;
    INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
    VALUES (p_organization_id, 'agent.run_asked_for', 'agent', p_agent_id, jsonb_build_object('run_id', p_run_id));
    RETURN 'queued';
END
$$;

ALTER FUNCTION agents.ask_for_run(p_organization_id uuid, p_agent_id uuid, p_run_id uuid, p_data jsonb) OWNER TO owner;

-- Name: begin_limited_send(uuid, uuid, double precision); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.begin_limited_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision) RETURNS agents.begun_send
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.begin_limited_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision) OWNER TO owner;

-- Name: begin_runs(jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.begin_runs(p_due jsonb) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    due record;
    made int := 0;
BEGIN
    FOR due IN SELECT * FROM jsonb_to_recordset(p_due)
        AS d (organization_id uuid, agent_id uuid, due_at timestamptz, next_at timestamptz, data jsonb, problem text)
        ORDER BY d.organization_id, d.agent_id
    LOOP
        UPDATE departments.agents a
        SET next_scheduled_at = due.next_at, status = CASE WHEN due.problem IS NULL THEN a.status ELSE 'error' END,
            status_reason = CASE WHEN due.problem IS NULL THEN a.status_reason ELSE left(due.problem, 2000) END
        WHERE a.organization_id = due.organization_id AND a.id = due.agent_id AND a.next_scheduled_at = due.due_at AND a.status = 'active';
        IF NOT FOUND THEN
            CONTINUE;
        ELSIF due.problem IS NOT NULL THEN
            INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message)
            VALUES (due.organization_id, 'agent.configuration_refused', 'agent', due.agent_id, false, left(due.problem, 2000));
            CONTINUE;
        END IF;
        INSERT INTO agents.agent_runs (organization_id, agent_id, trigger_type, trigger_key, trigger_data, due_at, run_at)
        VALUES (due.organization_id, due.agent_id, 'scheduled', to_char(due.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                coalesce(due.data, '{}'), due.due_at, clock_timestamp())
        ON CONFLICT DO NOTHING;
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

ALTER FUNCTION agents.begin_runs(p_due jsonb) OWNER TO owner;

-- Name: begin_send(uuid, uuid, double precision, double precision); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.begin_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision) RETURNS jsonb
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
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

ALTER FUNCTION agents.begin_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision) OWNER TO owner;

-- Name: claim_handoff(uuid, uuid, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.claim_handoff(p_organization_id uuid, p_id uuid, p_user_id uuid) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.claim_handoff(p_organization_id uuid, p_id uuid, p_user_id uuid) OWNER TO owner;

-- Name: claim_run(uuid, uuid, uuid, double precision, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.claim_run(p_organization_id uuid, p_run_id uuid, p_execution_id uuid, p_lease_seconds double precision, p_max_attempts integer) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    r agents.agent_runs;
    setup record;
    obstacle text;
BEGIN
    -- The agent's row first: of two runs of one agent the second waits here, and then sees the first. Turns only read it.
    PERFORM FROM departments.agents a
    WHERE a.organization_id = p_organization_id
      AND a.id = (SELECT x.agent_id FROM agents.agent_runs x WHERE x.organization_id = p_organization_id AND x.id = p_run_id)
    FOR NO KEY UPDATE;
    SELECT * INTO r FROM agents.agent_runs x WHERE x.organization_id = p_organization_id AND x.id = p_run_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('kind', 'idle', 'reason', 'unknown_run');
    ELSIF r.status IN ('completed', 'failed') THEN
        RETURN jsonb_build_object('kind', 'idle', 'reason', r.status);
    ELSIF r.lease_until > clock_timestamp() THEN
        RETURN jsonb_build_object('kind', 'idle', 'reason', 'leased');
    ELSIF r.status = 'running' THEN
        r := agents.end_try(r, 'timeout', p_max_attempts);
    END IF;
    IF r.status = 'failed' THEN
        RETURN jsonb_build_object('kind', 'failed', 'reason', r.error_code);
    ELSIF r.run_at > clock_timestamp() THEN
        RETURN jsonb_build_object('kind', 'waiting', 'at', r.run_at, 'reason', coalesce(r.error_code, 'not_before'));
    ELSIF EXISTS (SELECT FROM agents.agent_runs x
                  WHERE x.organization_id = p_organization_id AND x.agent_id = r.agent_id AND x.status = 'running') THEN
        obstacle := 'another_run';
    END IF;

    SELECT agents.pause_reason((SELECT s.paused_at FROM platform.switches s WHERE s.name = 'ai'), g.deleted_at, g.billing_status,
                               g.ai_paused_at, d.status,
                               -- an agent that is being trained is tried out by hand
                               CASE WHEN a.status = 'training' AND r.trigger_type = 'manual' THEN 'active' ELSE a.status END,
                               'active') AS paused,
           jsonb_build_object(
               'agent', jsonb_build_object('id', a.id, 'type', a.agent_type, 'name', a.name, 'configuration', a.configuration,
                                           'model_configuration', a.model_configuration),
               'department', jsonb_build_object('id', d.id, 'type', d.type, 'configuration', d.configuration),
               'organization', jsonb_build_object('name', g.name, 'locale', g.locale, 'timezone', g.timezone)) AS configuration
    INTO setup
    FROM departments.agents a
    JOIN departments.departments d ON d.organization_id = a.organization_id AND d.id = a.department_id
    JOIN platform.organizations g ON g.id = a.organization_id
    WHERE a.organization_id = p_organization_id AND a.id = r.agent_id;
    obstacle := coalesce(setup.paused, obstacle);
    IF obstacle IS NOT NULL THEN
        UPDATE agents.agent_runs x SET run_at = clock_timestamp() + interval '60 seconds'
        WHERE x.organization_id = p_organization_id AND x.id = p_run_id
        RETURNING x.* INTO r;
        RETURN jsonb_build_object('kind', 'waiting', 'at', r.run_at, 'reason', obstacle);
    END IF;

    UPDATE agents.agent_runs x
    SET status = 'running', attempts = x.attempts + 1, fence = x.fence + 1, execution_id = p_execution_id,
        lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds), started_at = clock_timestamp()
    WHERE x.organization_id = p_organization_id AND x.id = p_run_id
    RETURNING x.* INTO r;
    RETURN jsonb_build_object(
        'kind', 'claimed', 'fence', r.fence, 'attempt', r.attempts,
        'trigger', jsonb_build_object('type', r.trigger_type, 'data', r.trigger_data, 'due_at', r.due_at)) || setup.configuration;
END
$$;

ALTER FUNCTION agents.claim_run(p_organization_id uuid, p_run_id uuid, p_execution_id uuid, p_lease_seconds double precision, p_max_attempts integer) OWNER TO owner;

-- Name: claim_turn(uuid, uuid, double precision, integer, double precision, integer, integer, double precision); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.claim_turn(p_organization_id uuid, p_conversation_id uuid, p_lease_seconds double precision, p_max_attempts integer, p_max_age_seconds double precision, p_history integer, p_max_replies integer, p_media_seconds double precision) RETURNS jsonb
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
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

ALTER FUNCTION agents.claim_turn(p_organization_id uuid, p_conversation_id uuid, p_lease_seconds double precision, p_max_attempts integer, p_max_age_seconds double precision, p_history integer, p_max_replies integer, p_media_seconds double precision) OWNER TO owner;

-- Name: close_handoff(uuid, uuid, text, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.close_handoff(p_organization_id uuid, p_conversation_id uuid, p_state text, p_user_id uuid) RETURNS void
    LANGUAGE sql
    AS $$
    UPDATE platform.handoffs h SET state = p_state, closed_at = clock_timestamp(), closed_by = p_user_id
    WHERE h.organization_id = p_organization_id AND h.conversation_id = p_conversation_id AND h.state IN ('open', 'claimed')
$$;

ALTER FUNCTION agents.close_handoff(p_organization_id uuid, p_conversation_id uuid, p_state text, p_user_id uuid) OWNER TO owner;

-- Name: conversations; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.conversations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    channel text NOT NULL,
    external_conversation_id text,
    customer_phone text,
    customer_email text,
    customer_name text,
    customer_external_id text NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    priority text DEFAULT 'normal'::text NOT NULL,
    automation_state text DEFAULT 'auto'::text NOT NULL,
    last_in_seq bigint DEFAULT 0 NOT NULL,
    done_seq bigint DEFAULT 0 NOT NULL,
    first_pending_at timestamp with time zone,
    run_at timestamp with time zone,
    lease_until timestamp with time zone,
    fence bigint DEFAULT 0 NOT NULL,
    turn_attempts integer DEFAULT 0 NOT NULL,
    last_inbound_at timestamp with time zone,
    opted_out_at timestamp with time zone,
    assigned_to_human boolean DEFAULT false NOT NULL,
    assigned_user_id uuid,
    escalated_at timestamp with time zone,
    resolved_at timestamp with time zone,
    first_response_time_seconds integer,
    resolution_time_seconds integer,
    message_count integer DEFAULT 0 NOT NULL,
    human_takeover_count integer DEFAULT 0 NOT NULL,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    summary text,
    satisfaction_score integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    contact_id uuid,
    continued_in uuid,
    window_closed_at timestamp with time zone,
    CONSTRAINT conversations_automation_state_check CHECK ((automation_state = ANY (ARRAY['auto'::text, 'human'::text, 'paused'::text, 'dead'::text]))),
    CONSTRAINT conversations_channel_check CHECK ((channel = ANY (ARRAY['whatsapp'::text, 'instagram'::text, 'facebook'::text, 'email'::text]))),
    CONSTRAINT conversations_check CHECK (((0 <= done_seq) AND (done_seq <= last_in_seq))),
    CONSTRAINT conversations_check1 CHECK ((continued_in <> id)),
    CONSTRAINT conversations_customer_email_check CHECK ((char_length(customer_email) <= 320)),
    CONSTRAINT conversations_customer_external_id_check CHECK (((char_length(customer_external_id) >= 1) AND (char_length(customer_external_id) <= 500))),
    CONSTRAINT conversations_customer_name_check CHECK ((char_length(customer_name) <= 1000)),
    CONSTRAINT conversations_customer_phone_check CHECK ((char_length(customer_phone) <= 50)),
    CONSTRAINT conversations_external_conversation_id_check CHECK ((char_length(external_conversation_id) <= 1000)),
    CONSTRAINT conversations_first_response_time_seconds_check CHECK ((first_response_time_seconds >= 0)),
    CONSTRAINT conversations_human_takeover_count_check CHECK ((human_takeover_count >= 0)),
    CONSTRAINT conversations_message_count_check CHECK ((message_count >= 0)),
    CONSTRAINT conversations_priority_check CHECK ((priority = ANY (ARRAY['low'::text, 'normal'::text, 'high'::text, 'urgent'::text]))),
    CONSTRAINT conversations_resolution_time_seconds_check CHECK ((resolution_time_seconds >= 0)),
    CONSTRAINT conversations_satisfaction_score_check CHECK (((satisfaction_score >= 1) AND (satisfaction_score <= 5))),
    CONSTRAINT conversations_status_check CHECK ((status = ANY (ARRAY['active'::text, 'resolved'::text, 'escalated'::text, 'archived'::text]))),
    CONSTRAINT conversations_summary_check CHECK ((char_length(summary) <= 100000)),
    CONSTRAINT conversations_tags_check CHECK ((jsonb_typeof(tags) = 'array'::text)),
    CONSTRAINT conversations_turn_attempts_check CHECK ((turn_attempts >= 0))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.conversations FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.conversations OWNER TO owner;

-- Name: COLUMN conversations.customer_external_id; Type: COMMENT; Schema: platform; Owner: owner

COMMENT ON COLUMN platform.conversations.customer_external_id IS 'the address that the provider used last: replies go there';

-- Name: close_lost_run(platform.conversations); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.close_lost_run(c platform.conversations) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.close_lost_run(c platform.conversations) OWNER TO owner;

-- Name: close_stuck_executions(double precision, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.close_stuck_executions(p_limit_seconds double precision, p_batch integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    moved int;
BEGIN
    UPDATE departments.agent_executions e
    SET status = 'failed', outcome = 'timeout', completed_at = clock_timestamp()
    WHERE (e.created_at, e.id) IN (
        SELECT x.created_at, x.id FROM departments.agent_executions x
        WHERE x.status IN ('pending', 'running') AND x.created_at <= clock_timestamp() - make_interval(secs => p_limit_seconds)
        ORDER BY x.created_at LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED);
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

ALTER FUNCTION agents.close_stuck_executions(p_limit_seconds double precision, p_batch integer) OWNER TO owner;

-- Name: outbox; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.outbox (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    message_id uuid,
    execution_id uuid,
    turn_seq bigint NOT NULL,
    part smallint DEFAULT 1 NOT NULL,
    kind text DEFAULT 'reply'::text NOT NULL,
    recipient text NOT NULL,
    payload jsonb NOT NULL,
    state text DEFAULT 'ready'::text NOT NULL,
    resend_policy text DEFAULT 'resend'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    not_before timestamp with time zone DEFAULT now() NOT NULL,
    sending_at timestamp with time zone,
    uncertain_at timestamp with time zone,
    accepted_at timestamp with time zone,
    provider_message_id text,
    error_code text,
    error_detail text,
    cancel_reason text,
    duplicate_detected_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    from_seq bigint,
    known_seq bigint,
    CONSTRAINT outbox_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT outbox_cancel_reason_check CHECK ((char_length(cancel_reason) <= 2000)),
    CONSTRAINT outbox_error_code_check CHECK ((char_length(error_code) <= 200)),
    CONSTRAINT outbox_error_detail_check CHECK ((char_length(error_detail) <= 20000)),
    CONSTRAINT outbox_kind_check CHECK ((kind = ANY (ARRAY['reply'::text, 'handoff'::text, 'update'::text, 'human'::text, 'template'::text, 'survey'::text]))),
    CONSTRAINT outbox_part_check CHECK ((part >= 0)),
    CONSTRAINT outbox_payload_check CHECK ((jsonb_typeof(payload) = 'object'::text)),
    CONSTRAINT outbox_provider_message_id_check CHECK (((char_length(provider_message_id) >= 1) AND (char_length(provider_message_id) <= 1000))),
    CONSTRAINT outbox_recipient_check CHECK (((char_length(recipient) >= 1) AND (char_length(recipient) <= 500))),
    CONSTRAINT outbox_resend_policy_check CHECK ((resend_policy = ANY (ARRAY['resend'::text, 'hold'::text]))),
    CONSTRAINT outbox_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'sending'::text, 'accepted'::text, 'refused'::text, 'uncertain'::text, 'held'::text, 'cancelled'::text]))),
    CONSTRAINT outbox_turn_range_check CHECK (((from_seq <= turn_seq) AND (turn_seq <= known_seq)))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.outbox FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.outbox OWNER TO owner;

-- Name: COLUMN outbox.from_seq; Type: COMMENT; Schema: platform; Owner: owner

COMMENT ON COLUMN platform.outbox.from_seq IS 'first inbound message of the turn; NULL for what no turn wrote';

-- Name: COLUMN outbox.known_seq; Type: COMMENT; Schema: platform; Owner: owner

COMMENT ON COLUMN platform.outbox.known_seq IS 'newest inbound message when the reply was decided';

-- Name: close_window(platform.outbox); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.close_window(o platform.outbox) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE platform.conversations c SET window_closed_at = greatest(clock_timestamp(), c.last_inbound_at)
    WHERE c.organization_id = o.organization_id AND c.id = o.conversation_id;
    PERFORM agents.leave_window(o);
END
$$;

ALTER FUNCTION agents.close_window(o platform.outbox) OWNER TO owner;

-- Name: commit_turn(uuid, uuid, bigint, bigint, bigint, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.commit_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_from_seq bigint, p_to_seq bigint, p_turn jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
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

ALTER FUNCTION agents.commit_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_from_seq bigint, p_to_seq bigint, p_turn jsonb) OWNER TO owner;

-- Name: conversations_to_wake(double precision, integer, integer, double precision); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.conversations_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer, p_uncertain_seconds double precision) RETURNS TABLE(organization_id uuid, conversation_id uuid, reason text)
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE moment AS (
        SELECT clock_timestamp() AS now, clock_timestamp() - make_interval(secs => p_grace_seconds) AS before
    ), pending AS (
        -- a loose index scan: one look-up for each organization that has anything pending
        (SELECT c.organization_id FROM platform.conversations c WHERE c.run_at IS NOT NULL ORDER BY c.organization_id LIMIT 1)
        UNION ALL
        SELECT (SELECT c.organization_id FROM platform.conversations c
                WHERE c.run_at IS NOT NULL AND c.organization_id > pending.organization_id ORDER BY c.organization_id LIMIT 1)
        FROM pending WHERE pending.organization_id IS NOT NULL
    ), due AS (
        SELECT pending.organization_id, d.id AS conversation_id, d.run_at AS since,
               CASE WHEN d.lease_until IS NULL THEN 'due' ELSE 'lease_expired' END AS reason
        FROM pending, moment, LATERAL (
            SELECT c.id, c.run_at, c.lease_until FROM platform.conversations c
            WHERE c.organization_id = pending.organization_id AND c.run_at <= moment.before
              AND c.automation_state = 'auto' AND c.last_in_seq > c.done_seq
              AND (c.lease_until IS NULL OR c.lease_until <= moment.now)
              AND NOT EXISTS (SELECT FROM platform.outbox o
                              WHERE o.organization_id = c.organization_id AND o.conversation_id = c.id
                                AND o.state IN ('ready', 'sending', 'uncertain'))
            ORDER BY c.run_at LIMIT p_per_organization
        ) d
    ), unsent AS (
        SELECT o.organization_id, o.conversation_id, min(o.not_before) AS since,
               CASE WHEN bool_or(o.kind IN ('reply', 'handoff')) THEN 'unsent' ELSE 'undelivered' END AS reason
        FROM platform.outbox o, moment
        WHERE o.state = 'ready' AND o.not_before <= moment.before
          AND NOT EXISTS (SELECT FROM platform.outbox e
                          WHERE e.organization_id = o.organization_id AND e.conversation_id = o.conversation_id
                            AND (e.turn_seq, e.part) < (o.turn_seq, o.part) AND e.state IN ('ready', 'sending', 'uncertain'))
        GROUP BY o.organization_id, o.conversation_id
    ), unsettled AS (
        SELECT o.organization_id, o.conversation_id, min(o.uncertain_at) AS since, 'unsettled' AS reason
        FROM platform.outbox o
        JOIN integrations.connections n ON n.organization_id = o.organization_id AND n.id = o.connection_id
        WHERE o.state = 'uncertain' AND o.uncertain_at <= clock_timestamp() - make_interval(secs => p_uncertain_seconds)
          AND n.provider IN ('instagram', 'messenger')
        GROUP BY o.organization_id, o.conversation_id
    ), ranked AS (
        SELECT w.*, row_number() OVER (PARTITION BY w.organization_id ORDER BY w.since, w.conversation_id) AS rank
        FROM (SELECT * FROM due UNION ALL SELECT u.organization_id, u.conversation_id, u.since, u.reason FROM unsent u
              UNION ALL SELECT a.organization_id, a.conversation_id, a.since, a.reason FROM unsettled a) w
    )
    SELECT r.organization_id, r.conversation_id, r.reason FROM ranked r
    WHERE r.rank <= p_per_organization
    ORDER BY r.rank, r.since LIMIT p_limit
$$;

ALTER FUNCTION agents.conversations_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer, p_uncertain_seconds double precision) OWNER TO owner;

-- Name: model_prices; Type: TABLE; Schema: agents; Owner: owner

CREATE TABLE agents.model_prices (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    model text NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    input_price numeric(14,4) NOT NULL,
    output_price numeric(14,4) NOT NULL,
    cached_input_price numeric(14,4),
    cache_write_price numeric(14,4),
    audio_input_price numeric(14,4),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT model_prices_audio_input_price_check CHECK ((audio_input_price >= (0)::numeric)),
    CONSTRAINT model_prices_cache_write_price_check CHECK ((cache_write_price >= (0)::numeric)),
    CONSTRAINT model_prices_cached_input_price_check CHECK ((cached_input_price >= (0)::numeric)),
    CONSTRAINT model_prices_input_price_check CHECK ((input_price >= (0)::numeric)),
    CONSTRAINT model_prices_model_check CHECK ((((char_length(model) >= 3) AND (char_length(model) <= 200)) AND (model ~ '^[^:]+:.'::text))),
    CONSTRAINT model_prices_output_price_check CHECK ((output_price >= (0)::numeric))
);

ALTER TABLE ONLY agents.model_prices FORCE ROW LEVEL SECURITY;

ALTER TABLE agents.model_prices OWNER TO owner;

-- Name: cost_at(agents.model_prices, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.cost_at(p agents.model_prices, p_usage jsonb) RETURNS numeric
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT (greatest(0, u.input_tokens - u.cached_tokens - u.cache_write_tokens - u.audio_tokens) * p.input_price
            + u.cached_tokens * coalesce(p.cached_input_price, p.input_price)
            + u.cache_write_tokens * coalesce(p.cache_write_price, p.input_price)
            + u.audio_tokens * coalesce(p.audio_input_price, p.input_price)
            + u.output_tokens * p.output_price) / 1000000
    FROM jsonb_to_record(p_usage) AS u (input_tokens numeric, output_tokens numeric, cached_tokens numeric,
                                        cache_write_tokens numeric, audio_tokens numeric)
$$;

ALTER FUNCTION agents.cost_at(p agents.model_prices, p_usage jsonb) OWNER TO owner;

-- Name: count_messages(uuid, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.count_messages(p_organization_id uuid, p_conversation_id uuid) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    SELECT count(*)::int FROM platform.messages m
    WHERE m.organization_id = p_organization_id AND m.conversation_id = p_conversation_id AND m.delivery_status <> 'failed'
$$;

ALTER FUNCTION agents.count_messages(p_organization_id uuid, p_conversation_id uuid) OWNER TO owner;

-- Name: disable_template(platform.outbox, text); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.disable_template(o platform.outbox, p_error_code text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.disable_template(o platform.outbox, p_error_code text) OWNER TO owner;

-- Name: agent_runs; Type: TABLE; Schema: agents; Owner: owner

CREATE TABLE agents.agent_runs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    trigger_type text NOT NULL,
    trigger_key text NOT NULL,
    trigger_data jsonb DEFAULT '{}'::jsonb NOT NULL,
    due_at timestamp with time zone NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    run_at timestamp with time zone NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone,
    execution_id uuid,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    output_data jsonb,
    error_code text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT agent_runs_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT agent_runs_end_check CHECK (((status = ANY (ARRAY['completed'::text, 'failed'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT agent_runs_error_code_check CHECK ((char_length(error_code) <= 200)),
    CONSTRAINT agent_runs_fence_check CHECK ((fence >= 0)),
    CONSTRAINT agent_runs_lease_check CHECK (((status = 'running'::text) = (lease_until IS NOT NULL))),
    CONSTRAINT agent_runs_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'completed'::text, 'failed'::text]))),
    CONSTRAINT agent_runs_trigger_data_check CHECK ((jsonb_typeof(trigger_data) = 'object'::text)),
    CONSTRAINT agent_runs_trigger_key_check CHECK (((char_length(trigger_key) >= 1) AND (char_length(trigger_key) <= 200))),
    CONSTRAINT agent_runs_trigger_type_check CHECK ((trigger_type = ANY (ARRAY['scheduled'::text, 'manual'::text, 'event'::text])))
);

ALTER TABLE ONLY agents.agent_runs FORCE ROW LEVEL SECURITY;

ALTER TABLE agents.agent_runs OWNER TO owner;

-- Name: end_try(agents.agent_runs, text, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.end_try(r agents.agent_runs, p_error_code text, p_max_attempts integer) RETURNS agents.agent_runs
    LANGUAGE plpgsql
    AS $$
DECLARE
    is_last boolean := r.attempts >= p_max_attempts;
BEGIN
    PERFORM agents.record_try(r, 'failed', p_error_code, NULL);
    UPDATE agents.agent_runs x
    SET status = CASE WHEN is_last THEN 'failed' ELSE 'pending' END, lease_until = NULL, error_code = p_error_code,
        finished_at = CASE WHEN is_last THEN clock_timestamp() END,
        run_at = CASE WHEN is_last THEN x.run_at ELSE clock_timestamp() + make_interval(secs => 30 * 2 ^ x.attempts) END
    WHERE x.organization_id = r.organization_id AND x.id = r.id
    RETURNING x.* INTO r;
    IF is_last THEN
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
        VALUES (r.organization_id, 'agent.run_failed', 'agent', r.agent_id, false, p_error_code,
                jsonb_build_object('run_id', r.id, 'trigger', r.trigger_type, 'attempts', r.attempts));
    END IF;
    RETURN r;
END
$$;

ALTER FUNCTION agents.end_try(r agents.agent_runs, p_error_code text, p_max_attempts integer) OWNER TO owner;

-- Name: escalate_failures(double precision, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.escalate_failures(p_window_seconds double precision, p_batch integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    o platform.outbox;
    escalated int := 0;
BEGIN
    FOR o IN
        SELECT x.* FROM platform.outbox x
        WHERE x.state = 'accepted'
          AND (x.organization_id, x.id) IN (
              SELECT t.organization_id, t.outbox_id FROM platform.message_statuses t
              WHERE t.status = 'failed' AND t.outbox_id IS NOT NULL
                AND t.received_at > clock_timestamp() - make_interval(secs => p_window_seconds)
              ORDER BY t.received_at DESC LIMIT p_batch)
          AND EXISTS (SELECT FROM platform.messages m
                      WHERE m.organization_id = x.organization_id AND m.id = x.message_id AND m.delivery_status = 'failed')
        FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        UPDATE platform.outbox x
        SET state = 'refused', error_code = m.error_code, error_detail = m.error_detail
        FROM platform.messages m
        WHERE x.organization_id = o.organization_id AND x.id = o.id AND m.organization_id = o.organization_id AND m.id = o.message_id
        RETURNING x.* INTO o;
        IF o.error_code = '131047' THEN
            PERFORM agents.close_window(o);
        ELSE
            PERFORM agents.withdraw_replies(o, 'cancelled', 'previous_part_refused');
            IF o.error_code = '131050' THEN
                PERFORM agents.note_opt_out(o);
            END IF;
            IF NOT (o.kind IN ('survey', 'update') OR o.error_code = '131050' AND o.kind = 'template') THEN
                PERFORM agents.hand_over(o.organization_id, o.conversation_id, 'human', 'delivery_failed');
            END IF;
        END IF;
        escalated := escalated + 1;
    END LOOP;
    RETURN escalated;
END
$$;

ALTER FUNCTION agents.escalate_failures(p_window_seconds double precision, p_batch integer) OWNER TO owner;

-- Name: estimate_attempts(double precision, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.estimate_attempts(p_limit_seconds double precision, p_batch integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    moved int;
BEGIN
    UPDATE agents.llm_attempts a SET state = 'estimated', finished_at = clock_timestamp(), error_code = 'worker_lost',
                                     cost_usd = CASE WHEN a.price_version IS NOT NULL THEN a.reserved_cost_usd END
    WHERE (a.started_at, a.id) IN (
        SELECT x.started_at, x.id FROM agents.llm_attempts x
        WHERE x.state = 'started' AND x.started_at <= clock_timestamp() - make_interval(secs => p_limit_seconds)
        ORDER BY x.started_at LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED);
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

ALTER FUNCTION agents.estimate_attempts(p_limit_seconds double precision, p_batch integer) OWNER TO owner;

-- Name: exceeds_spending_limit(uuid, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.exceeds_spending_limit(p_organization_id uuid, p_agent_id uuid) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT EXISTS (
        SELECT FROM agents.spending_limits l
        WHERE l.organization_id = p_organization_id AND (l.agent_id IS NULL OR l.agent_id = p_agent_id)
          AND l.monthly_limit_usd < agents.spent_since(p_organization_id, l.agent_id, agents.month_start(p_organization_id)))
$$;

ALTER FUNCTION agents.exceeds_spending_limit(p_organization_id uuid, p_agent_id uuid) OWNER TO owner;

-- Name: expire_ingestions(integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.expire_ingestions(p_batch integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    moved int;
BEGIN
    UPDATE platform.knowledge_ingestions i
    SET state = 'pending', next_attempt_at = clock_timestamp(), lease_until = NULL, error_code = 'worker_lost',
        failures = failures + 1
    FROM (
        SELECT x.organization_id, x.id FROM platform.knowledge_ingestions x
        WHERE x.state = 'running' AND x.lease_until <= clock_timestamp()
        ORDER BY x.lease_until LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    ) stale
    WHERE i.organization_id = stale.organization_id AND i.id = stale.id;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

ALTER FUNCTION agents.expire_ingestions(p_batch integer) OWNER TO owner;

-- Name: expire_runs(integer, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.expire_runs(p_max_attempts integer, p_batch integer) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    r agents.agent_runs;
    again int := 0;
    failed int := 0;
BEGIN
    FOR r IN
        SELECT * FROM agents.agent_runs x WHERE x.status = 'running' AND x.lease_until <= clock_timestamp()
        ORDER BY x.lease_until LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        r := agents.end_try(r, 'timeout', p_max_attempts);
        IF r.status = 'failed' THEN
            failed := failed + 1;
        ELSE
            again := again + 1;
        END IF;
    END LOOP;
    RETURN jsonb_build_object('again', again, 'failed', failed);
END
$$;

ALTER FUNCTION agents.expire_runs(p_max_attempts integer, p_batch integer) OWNER TO owner;

-- Name: expire_sends(double precision, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.expire_sends(p_limit_seconds double precision, p_batch integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    moved int;
BEGIN
    WITH stale AS (
        SELECT o.id, o.organization_id FROM platform.outbox o
        WHERE o.state = 'sending' AND o.sending_at <= clock_timestamp() - make_interval(secs => p_limit_seconds)
        ORDER BY o.sending_at LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    ), expired AS (
        UPDATE platform.outbox o SET state = 'uncertain', uncertain_at = clock_timestamp()
        FROM stale WHERE o.organization_id = stale.organization_id AND o.id = stale.id
        RETURNING o.organization_id, o.id, o.attempt
    )
    INSERT INTO platform.outbox_attempts (organization_id, outbox_id, attempt, outcome, created_at)
    SELECT organization_id, id, attempt, 'abandoned', clock_timestamp() FROM expired;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

ALTER FUNCTION agents.expire_sends(p_limit_seconds double precision, p_batch integer) OWNER TO owner;

-- Name: expire_transfers(integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.expire_transfers(p_batch integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    moved int;
BEGIN
    UPDATE platform.media_transfers t
    SET state = 'pending', next_attempt_at = clock_timestamp(), lease_until = NULL, error_code = 'worker_lost'
    FROM (
        SELECT x.organization_id, x.id FROM platform.media_transfers x
        WHERE x.state = 'transferring' AND x.lease_until <= clock_timestamp()
        ORDER BY x.lease_until LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    ) stale
    WHERE t.organization_id = stale.organization_id AND t.id = stale.id;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

ALTER FUNCTION agents.expire_transfers(p_batch integer) OWNER TO owner;

-- Name: finish_accepted(uuid, uuid, text, timestamp with time zone); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.finish_accepted(p_organization_id uuid, p_outbox_id uuid, p_provider_message_id text, p_moment timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.finish_accepted(p_organization_id uuid, p_outbox_id uuid, p_provider_message_id text, p_moment timestamp with time zone) OWNER TO owner;

-- Name: finish_refused(platform.outbox, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.finish_refused(o platform.outbox, p_result jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.finish_refused(o platform.outbox, p_result jsonb) OWNER TO owner;

-- Name: finish_run(uuid, uuid, bigint, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.finish_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_result jsonb) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
    r agents.agent_runs;
BEGIN
    PERFORM agents.settle_attempts(p_organization_id, p_result -> 'attempts'); -- what was paid was paid, whoever has the run now
    UPDATE agents.agent_runs x
    SET status = 'completed', finished_at = clock_timestamp(), lease_until = NULL, error_code = NULL, output_data = p_result -> 'summary'
    WHERE x.organization_id = p_organization_id AND x.id = p_run_id AND x.fence = p_fence AND x.status = 'running'
    RETURNING x.* INTO r;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM agents.record_try(r, 'completed', 'done', p_result);
    INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
    VALUES (p_organization_id, 'agent.run_completed', 'agent', r.agent_id, jsonb_build_object('run_id', r.id, 'trigger', r.trigger_type));
    RETURN true;
END
$$;

ALTER FUNCTION agents.finish_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_result jsonb) OWNER TO owner;

-- Name: finish_send(uuid, uuid, integer, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.finish_send(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_result jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
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

ALTER FUNCTION agents.finish_send(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_result jsonb) OWNER TO owner;

-- Name: first_response_seconds(platform.conversations); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.first_response_seconds(c platform.conversations) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE WHEN count(*) > 0 THEN greatest(0, extract(epoch FROM min(m.sent_at) - min(f.created_at))::int) END
    FROM platform.messages f
    JOIN platform.messages m ON m.organization_id = c.organization_id AND m.conversation_id = c.id AND m.direction = 'outbound'
        AND m.sent_at IS NOT NULL AND m.created_at >= f.created_at
    WHERE f.organization_id = c.organization_id AND f.conversation_id = c.id AND f.seq = 1
$$;

ALTER FUNCTION agents.first_response_seconds(c platform.conversations) OWNER TO owner;

-- Name: forget_runs(integer, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.forget_runs(p_days integer, p_batch integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    removed int;
BEGIN
    DELETE FROM agents.agent_runs x
    WHERE x.id IN (SELECT o.id FROM agents.agent_runs o WHERE o.finished_at < clock_timestamp() - make_interval(days => p_days)
                   LIMIT p_batch FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;

ALTER FUNCTION agents.forget_runs(p_days integer, p_batch integer) OWNER TO owner;

-- Name: messages; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.messages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    direction text NOT NULL,
    seq bigint,
    message_type text DEFAULT 'text'::text NOT NULL,
    text_content text,
    media_urls jsonb DEFAULT '[]'::jsonb NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    sender_type text NOT NULL,
    sender_user_id uuid,
    agent_id uuid,
    external_message_id text,
    platform_timestamp timestamp with time zone,
    intent_classification text,
    sentiment_score numeric(3,2),
    confidence_score numeric(3,2),
    entities_extracted jsonb DEFAULT '[]'::jsonb NOT NULL,
    prompt_used text,
    model_used text,
    generation_time_ms integer,
    tokens_used integer,
    delivery_status text DEFAULT 'pending'::text NOT NULL,
    sent_at timestamp with time zone,
    delivered_at timestamp with time zone,
    read_at timestamp with time zone,
    failed_at timestamp with time zone,
    error_code text,
    error_detail text,
    received_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    reply_to_external_id text,
    edited_at timestamp with time zone,
    deleted_at timestamp with time zone,
    reactions jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT messages_check CHECK (((seq IS NULL) OR (direction = 'inbound'::text))),
    CONSTRAINT messages_confidence_score_check CHECK (((confidence_score >= (0)::numeric) AND (confidence_score <= (1)::numeric))),
    CONSTRAINT messages_delivery_status_check CHECK ((delivery_status = ANY (ARRAY['received'::text, 'pending'::text, 'sent'::text, 'delivered'::text, 'read'::text, 'failed'::text]))),
    CONSTRAINT messages_direction_check CHECK ((direction = ANY (ARRAY['inbound'::text, 'outbound'::text]))),
    CONSTRAINT messages_entities_extracted_check CHECK ((jsonb_typeof(entities_extracted) = 'array'::text)),
    CONSTRAINT messages_error_code_check CHECK ((char_length(error_code) <= 200)),
    CONSTRAINT messages_error_detail_check CHECK ((char_length(error_detail) <= 20000)),
    CONSTRAINT messages_external_message_id_check CHECK (((char_length(external_message_id) >= 1) AND (char_length(external_message_id) <= 1000))),
    CONSTRAINT messages_generation_time_ms_check CHECK ((generation_time_ms >= 0)),
    CONSTRAINT messages_intent_classification_check CHECK ((char_length(intent_classification) <= 200)),
    CONSTRAINT messages_media_urls_check CHECK ((jsonb_typeof(media_urls) = 'array'::text)),
    CONSTRAINT messages_message_type_check CHECK (((char_length(message_type) >= 1) AND (char_length(message_type) <= 50))),
    CONSTRAINT messages_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT messages_model_used_check CHECK ((char_length(model_used) <= 200)),
    CONSTRAINT messages_prompt_used_check CHECK ((octet_length(prompt_used) <= 1000000)),
    CONSTRAINT messages_reactions_check CHECK ((jsonb_typeof(reactions) = 'array'::text)),
    CONSTRAINT messages_reply_to_external_id_check CHECK (((char_length(reply_to_external_id) >= 1) AND (char_length(reply_to_external_id) <= 1000))),
    CONSTRAINT messages_sender_type_check CHECK ((sender_type = ANY (ARRAY['customer'::text, 'ai'::text, 'human'::text]))),
    CONSTRAINT messages_sentiment_score_check CHECK (((sentiment_score >= ('-1'::integer)::numeric) AND (sentiment_score <= (1)::numeric))),
    CONSTRAINT messages_seq_check CHECK ((seq > 0)),
    CONSTRAINT messages_text_content_check CHECK ((octet_length(text_content) <= 1000000)),
    CONSTRAINT messages_tokens_used_check CHECK ((tokens_used >= 0))
);

ALTER TABLE ONLY platform.messages FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.messages OWNER TO owner;

-- Name: forget_words(platform.messages); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.forget_words(m platform.messages) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.forget_words(m platform.messages) OWNER TO owner;

-- Name: hand_over(uuid, uuid, text, text); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.hand_over(p_organization_id uuid, p_conversation_id uuid, p_automation_state text, p_reason text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.hand_over(p_organization_id uuid, p_conversation_id uuid, p_automation_state text, p_reason text) OWNER TO owner;

-- Name: handoff_is_told(text); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.handoff_is_told(p_reason text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT p_reason NOT IN ('human_message', 'human_echo', 'too_many_replies', 'window_closed', 'opted_out', 'connection_revoked',
                            'send_refused', 'delivery_failed', 'uncertain_send', 'message_too_old', 'contact_merged')
$$;

ALTER FUNCTION agents.handoff_is_told(p_reason text) OWNER TO owner;

-- Name: handoffs_to_move(uuid, double precision, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.handoffs_to_move(p_conversation_id uuid, p_grace_seconds double precision, p_batch integer) RETURNS TABLE(organization_id uuid, handoff_id uuid, conversation_id uuid, what text, reason text, requested_at timestamp with time zone, name text, locale text, timezone text, settings jsonb)
    LANGUAGE sql STABLE
    AS $$
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

ALTER FUNCTION agents.handoffs_to_move(p_conversation_id uuid, p_grace_seconds double precision, p_batch integer) OWNER TO owner;

-- Name: ingestions_to_wake(double precision, integer, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.ingestions_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer) RETURNS TABLE(organization_id uuid, ingestion_id uuid)
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE waiting AS (
        -- a loose index scan: one look-up for each organization that has anything pending
        (SELECT i.organization_id FROM platform.knowledge_ingestions i WHERE i.state = 'pending' ORDER BY i.organization_id LIMIT 1)
        UNION ALL
        SELECT (SELECT i.organization_id FROM platform.knowledge_ingestions i
                WHERE i.state = 'pending' AND i.organization_id > waiting.organization_id ORDER BY i.organization_id LIMIT 1)
        FROM waiting WHERE waiting.organization_id IS NOT NULL
    )
    SELECT waiting.organization_id, d.id
    FROM waiting, LATERAL (
        SELECT i.id, i.next_attempt_at, row_number() OVER (ORDER BY i.next_attempt_at) AS rank
        FROM platform.knowledge_ingestions i
        WHERE i.organization_id = waiting.organization_id AND i.state = 'pending'
          AND i.next_attempt_at <= clock_timestamp() - make_interval(secs => p_grace_seconds)
        ORDER BY i.next_attempt_at LIMIT p_per_organization
    ) d
    ORDER BY d.rank, d.next_attempt_at LIMIT p_limit
$$;

ALTER FUNCTION agents.ingestions_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer) OWNER TO owner;

-- Name: is_being_read(uuid, uuid, bigint); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.is_being_read(p_organization_id uuid, p_conversation_id uuid, p_done_seq bigint) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT EXISTS (
        SELECT FROM platform.messages m
        JOIN platform.media_transfers t ON t.organization_id = m.organization_id AND t.message_id = m.id
        WHERE m.organization_id = p_organization_id AND m.conversation_id = p_conversation_id
          AND m.seq > p_done_seq AND m.deleted_at IS NULL
          AND coalesce(m.metadata -> 'media_reading' -> t.ordinal::text, 'null') = 'null')
$$;

ALTER FUNCTION agents.is_being_read(p_organization_id uuid, p_conversation_id uuid, p_done_seq bigint) OWNER TO owner;

-- Name: keep_score(platform.conversations, uuid, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.keep_score(c platform.conversations, p_conversation_id uuid, p_score integer) RETURNS void
    LANGUAGE sql
    AS $$
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

ALTER FUNCTION agents.keep_score(c platform.conversations, p_conversation_id uuid, p_score integer) OWNER TO owner;

-- Name: knowledge_to_derive(integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.knowledge_to_derive(p_limit integer) RETURNS TABLE(organization_id uuid)
    LANGUAGE sql STABLE
    AS $$
    SELECT s.organization_id FROM platform.knowledge_settings s
    WHERE s.usage_due_at <= clock_timestamp() ORDER BY s.usage_due_at LIMIT p_limit
$$;

ALTER FUNCTION agents.knowledge_to_derive(p_limit integer) OWNER TO owner;

-- Name: leave_window(platform.outbox); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.leave_window(o platform.outbox) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.leave_window(o platform.outbox) OWNER TO owner;

-- Name: handoffs; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.handoffs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    reason text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    summary jsonb DEFAULT '[]'::jsonb NOT NULL,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    target_at timestamp with time zone NOT NULL,
    told_at timestamp with time zone,
    alerted_at timestamp with time zone,
    updated_customer_at timestamp with time zone,
    claimed_at timestamp with time zone,
    claimed_by uuid,
    closed_at timestamp with time zone,
    closed_by uuid,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT handoffs_check CHECK (((state = ANY (ARRAY['resolved'::text, 'returned'::text])) = (closed_at IS NOT NULL))),
    CONSTRAINT handoffs_check1 CHECK (((state <> 'claimed'::text) OR (claimed_at IS NOT NULL))),
    CONSTRAINT handoffs_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 200))),
    CONSTRAINT handoffs_state_check CHECK ((state = ANY (ARRAY['open'::text, 'claimed'::text, 'resolved'::text, 'returned'::text]))),
    CONSTRAINT handoffs_summary_check CHECK ((jsonb_typeof(summary) = 'array'::text))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.handoffs FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.handoffs OWNER TO owner;

-- Name: lock_handoff(uuid, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.lock_handoff(p_organization_id uuid, p_id uuid) RETURNS platform.handoffs
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.lock_handoff(p_organization_id uuid, p_id uuid) OWNER TO owner;

-- Name: mark_connection(uuid, uuid, text, text); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.mark_connection(p_organization_id uuid, p_connection_id uuid, p_status text, p_error text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.mark_connection(p_organization_id uuid, p_connection_id uuid, p_status text, p_error text) OWNER TO owner;

-- Name: media_to_clean(double precision, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.media_to_clean(p_grace_seconds double precision, p_limit integer) RETURNS TABLE(organization_id uuid)
    LANGUAGE sql STABLE
    AS $$
    SELECT found.organization_id FROM (
        SELECT a.organization_id FROM platform.media_assets a
        WHERE a.state = 'deleting' AND a.deleting_at <= clock_timestamp() - make_interval(secs => p_grace_seconds)
        UNION
        SELECT m.organization_id FROM platform.messages m WHERE m.deleted_at IS NOT NULL AND m.media_urls <> '[]'::jsonb
        UNION
        SELECT u.organization_id FROM platform.media_audits u WHERE u.due_at <= clock_timestamp()
    ) found
    LIMIT p_limit
$$;

ALTER FUNCTION agents.media_to_clean(p_grace_seconds double precision, p_limit integer) OWNER TO owner;

-- Name: minutes_of(jsonb, text, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.minutes_of(p_settings jsonb, p_name text, p_default integer) RETURNS interval
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT make_interval(secs => 60 * CASE
        WHEN jsonb_typeof(p_settings -> p_name) = 'number' AND (p_settings ->> p_name)::numeric BETWEEN 1 AND 10080
        THEN (p_settings ->> p_name)::float8 ELSE p_default END)
$$;

ALTER FUNCTION agents.minutes_of(p_settings jsonb, p_name text, p_default integer) OWNER TO owner;

-- Name: month_start(uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.month_start(p_organization_id uuid) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
    SELECT date_trunc('month', clock_timestamp(), g.timezone) FROM platform.organizations g WHERE g.id = p_organization_id
$$;

ALTER FUNCTION agents.month_start(p_organization_id uuid) OWNER TO owner;

-- Name: next_part(uuid, uuid, bigint); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.next_part(p_organization_id uuid, p_conversation_id uuid, p_turn_seq bigint) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    SELECT 1 + greatest(1000, max(x.part)) FROM platform.outbox x
    WHERE x.organization_id = p_organization_id AND x.conversation_id = p_conversation_id AND x.turn_seq = p_turn_seq
$$;

ALTER FUNCTION agents.next_part(p_organization_id uuid, p_conversation_id uuid, p_turn_seq bigint) OWNER TO owner;

-- Name: note_handoff(platform.handoffs, text, uuid, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.note_handoff(h platform.handoffs, p_action text, p_user_id uuid, p_more jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO audit.activity_logs (organization_id, user_id, action, resource_type, resource_id, metadata)
    VALUES (h.organization_id, p_user_id, p_action, 'conversation', h.conversation_id,
            jsonb_build_object('handoff_id', h.id, 'reason', h.reason) || p_more)
$$;

ALTER FUNCTION agents.note_handoff(h platform.handoffs, p_action text, p_user_id uuid, p_more jsonb) OWNER TO owner;

-- Name: note_opt_out(platform.outbox); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.note_opt_out(o platform.outbox) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE platform.conversations c SET opted_out_at = clock_timestamp()
    WHERE c.organization_id = o.organization_id AND c.id = o.conversation_id;
    PERFORM agents.stop_marketing(o.organization_id, o.conversation_id);
    INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
    VALUES (o.organization_id, 'contact.opted_out', 'conversation', o.conversation_id, jsonb_build_object('by', 'provider'));
END
$$;

ALTER FUNCTION agents.note_opt_out(o platform.outbox) OWNER TO owner;

-- Name: spending_limits; Type: TABLE; Schema: agents; Owner: owner

CREATE TABLE agents.spending_limits (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    agent_id uuid,
    monthly_limit_usd numeric(20,10) NOT NULL,
    warned_month timestamp with time zone,
    reached_month timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT spending_limits_monthly_limit_usd_check CHECK ((monthly_limit_usd >= (0)::numeric))
);

ALTER TABLE ONLY agents.spending_limits FORCE ROW LEVEL SECURITY;

ALTER TABLE agents.spending_limits OWNER TO owner;

-- Name: note_spending(agents.spending_limits, text, timestamp with time zone, numeric); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.note_spending(l agents.spending_limits, p_what text, p_month timestamp with time zone, p_spent_usd numeric) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE agents.spending_limits s
    SET warned_month = p_month, reached_month = CASE p_what WHEN 'reached' THEN p_month ELSE s.reached_month END
    WHERE s.id = l.id AND s.organization_id = l.organization_id
      AND CASE p_what WHEN 'reached' THEN s.reached_month ELSE s.warned_month END IS DISTINCT FROM p_month;
    IF FOUND THEN
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata)
        VALUES (l.organization_id, 'spending_limit.' || p_what, 'spending_limit', l.id,
                jsonb_build_object('agent_id', l.agent_id, 'limit_usd', l.monthly_limit_usd::text, 'spent_usd', p_spent_usd::text));
    END IF;
    RETURN FOUND;
END
$$;

ALTER FUNCTION agents.note_spending(l agents.spending_limits, p_what text, p_month timestamp with time zone, p_spent_usd numeric) OWNER TO owner;

-- Name: open_handoff(uuid, uuid, text, boolean, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.open_handoff(p_organization_id uuid, p_conversation_id uuid, p_reason text, p_claimed boolean DEFAULT false, p_user_id uuid DEFAULT NULL::uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.open_handoff(p_organization_id uuid, p_conversation_id uuid, p_reason text, p_claimed boolean, p_user_id uuid) OWNER TO owner;

-- Name: pause_reason(timestamp with time zone, timestamp with time zone, text, timestamp with time zone, text, text, text); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.pause_reason(p_platform_paused_at timestamp with time zone, p_deleted_at timestamp with time zone, p_billing_status text, p_ai_paused_at timestamp with time zone, p_department_status text, p_agent_status text, p_connection_status text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
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

ALTER FUNCTION agents.pause_reason(p_platform_paused_at timestamp with time zone, p_deleted_at timestamp with time zone, p_billing_status text, p_ai_paused_at timestamp with time zone, p_department_status text, p_agent_status text, p_connection_status text) OWNER TO owner;

-- Name: queue_message(uuid, uuid, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.queue_message(p_organization_id uuid, p_conversation_id uuid, p_message jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.queue_message(p_organization_id uuid, p_conversation_id uuid, p_message jsonb) OWNER TO owner;

-- Name: queue_notice(uuid, uuid, text, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.queue_notice(p_organization_id uuid, p_handoff_id uuid, p_kind text, p_message jsonb) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.queue_notice(p_organization_id uuid, p_handoff_id uuid, p_kind text, p_message jsonb) OWNER TO owner;

-- Name: queue_survey(platform.conversations, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.queue_survey(c platform.conversations, p_survey jsonb) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.queue_survey(c platform.conversations, p_survey jsonb) OWNER TO owner;

-- Name: queue_window_template(platform.outbox); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.queue_window_template(o platform.outbox) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.queue_window_template(o platform.outbox) OWNER TO owner;

-- Name: raise_event(); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.raise_event() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO agents.agent_runs AS r (organization_id, agent_id, trigger_type, trigger_key, trigger_data, due_at, run_at)
    SELECT a.organization_id, a.id, 'event', NEW.action,
           jsonb_build_object('event', NEW.action, 'resource_ids', jsonb_build_array(NEW.resource_id), 'times', 1),
           clock_timestamp(), clock_timestamp() + interval '60 seconds'
    FROM departments.agents a
    WHERE a.organization_id = NEW.organization_id AND a.status = 'active'
      AND a.configuration @> jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('type', 'event', 'event', NEW.action)))
    ORDER BY a.id
    ON CONFLICT (organization_id, agent_id, trigger_key) WHERE trigger_type = 'event' AND status = 'pending' AND attempts = 0
    DO UPDATE SET trigger_data = r.trigger_data || jsonb_build_object(
        'times', (r.trigger_data ->> 'times')::int + 1,
        'resource_ids', CASE WHEN jsonb_array_length(r.trigger_data -> 'resource_ids') < 100
                             THEN (r.trigger_data -> 'resource_ids') || jsonb_build_array(NEW.resource_id)
                             ELSE r.trigger_data -> 'resource_ids' END);
    RETURN NULL;
END
$$;

ALTER FUNCTION agents.raise_event() OWNER TO owner;

-- Name: record_sent(uuid, uuid, text); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.record_sent(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM platform.release_echo(p_organization_id, p_message_id, p_provider_message_id);
    UPDATE platform.messages m
    SET external_message_id = coalesce(m.external_message_id, p_provider_message_id), sent_at = coalesce(m.sent_at, clock_timestamp()),
        delivery_status = CASE m.delivery_status WHEN 'pending' THEN 'sent' ELSE m.delivery_status END
    WHERE m.organization_id = p_organization_id AND m.id = p_message_id;
    PERFORM platform.apply_statuses(p_organization_id, p_provider_message_id);
END
$$;

ALTER FUNCTION agents.record_sent(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) OWNER TO owner;

-- Name: record_try(agents.agent_runs, text, text, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.record_try(r agents.agent_runs, p_status text, p_outcome text, p_result jsonb) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO departments.agent_executions (
        id, organization_id, agent_id, fence, trigger_type, trigger_data, status, outcome, started_at, completed_at, execution_time_ms,
        output_data, error_details, model_used, tokens_consumed, input_tokens, output_tokens, cached_tokens, cost_usd, price_version,
        created_at)
    VALUES (
        r.execution_id, r.organization_id, r.agent_id, r.fence, r.trigger_type,
        r.trigger_data || jsonb_build_object('run_id', r.id, 'due_at', r.due_at, 'attempt', r.attempts), p_status, p_outcome, r.started_at,
        clock_timestamp(), least(1000 * extract(epoch FROM clock_timestamp() - r.started_at), 2147483647)::int, p_result -> 'summary',
        CASE p_status WHEN 'failed' THEN jsonb_build_object('code', p_outcome) END, p_result ->> 'model',
        coalesce((p_result ->> 'tokens')::int, 0), (p_result ->> 'input_tokens')::int, (p_result ->> 'output_tokens')::int,
        (p_result ->> 'cached_tokens')::int, (p_result ->> 'cost_usd')::numeric, p_result ->> 'price_version', clock_timestamp())
$$;

ALTER FUNCTION agents.record_try(r agents.agent_runs, p_status text, p_outcome text, p_result jsonb) OWNER TO owner;

-- Name: refuse_send(uuid, uuid, double precision, double precision); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.refuse_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.refuse_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision) OWNER TO owner;

-- Name: release_run(uuid, uuid, bigint, text, integer, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.release_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_error_code text, p_max_attempts integer, p_attempts jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    r agents.agent_runs;
BEGIN
    PERFORM agents.settle_attempts(p_organization_id, p_attempts); -- what was paid was paid, whoever has the run now
    SELECT * INTO r FROM agents.agent_runs x
    WHERE x.organization_id = p_organization_id AND x.id = p_run_id AND x.fence = p_fence AND x.status = 'running'
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('state', 'stale');
    END IF;
    r := agents.end_try(r, p_error_code, p_max_attempts);
    RETURN jsonb_build_object('state', r.status, 'run_at', r.run_at);
END
$$;

ALTER FUNCTION agents.release_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_error_code text, p_max_attempts integer, p_attempts jsonb) OWNER TO owner;

-- Name: release_turn(uuid, uuid, bigint, text, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.release_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_error_code text, p_attempts jsonb) RETURNS timestamp with time zone
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.release_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_error_code text, p_attempts jsonb) OWNER TO owner;

-- Name: reopen_turn(platform.outbox, double precision); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.reopen_turn(o platform.outbox, p_quiet_seconds double precision) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.reopen_turn(o platform.outbox, p_quiet_seconds double precision) OWNER TO owner;

-- Name: resolve_conversation(uuid, uuid, uuid, bigint, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.resolve_conversation(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_seen_seq bigint, p_survey jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.resolve_conversation(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_seen_seq bigint, p_survey jsonb) OWNER TO owner;

-- Name: return_quiet_handoffs(double precision, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.return_quiet_handoffs(p_max_age_seconds double precision, p_batch integer) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.return_quiet_handoffs(p_max_age_seconds double precision, p_batch integer) OWNER TO owner;

-- Name: return_to_ai(uuid, uuid, uuid, text); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.return_to_ai(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_by text) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.return_to_ai(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_by text) OWNER TO owner;

-- Name: runs_to_wake(integer, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.runs_to_wake(p_per_organization integer, p_limit integer) RETURNS TABLE(organization_id uuid, agent_id uuid, run_id uuid)
    LANGUAGE sql STABLE
    AS $$
    SELECT r.organization_id, r.agent_id, r.id
    FROM (
        SELECT x.organization_id, x.agent_id, x.id, x.run_at,
               row_number() OVER (PARTITION BY x.organization_id ORDER BY x.run_at, x.id) AS rank
        FROM agents.agent_runs x
        WHERE x.status = 'pending' AND x.run_at <= clock_timestamp()
    ) r
    WHERE r.rank <= p_per_organization
    ORDER BY r.rank, r.run_at LIMIT p_limit
$$;

ALTER FUNCTION agents.runs_to_wake(p_per_organization integer, p_limit integer) OWNER TO owner;

-- Name: same_text(platform.outbox, platform.outbox); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.same_text(x platform.outbox, o platform.outbox) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT x.turn_seq = o.turn_seq AND CASE WHEN o.kind IN ('reply', 'handoff') THEN x.kind IN ('reply', 'handoff')
                                            ELSE x.kind = o.kind AND x.created_at = o.created_at END
$$;

ALTER FUNCTION agents.same_text(x platform.outbox, o platform.outbox) OWNER TO owner;

-- Name: score_of(text); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.score_of(p_text text) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE
    AS $_$
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
$_$;

ALTER FUNCTION agents.score_of(p_text text) OWNER TO owner;

-- Name: send_facts(uuid, uuid, double precision); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.send_facts(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision) RETURNS TABLE(obstacle text, provider text, account_identifier text, access_token text, login text, late boolean, connection_id uuid, hourly_limit integer)
    LANGUAGE sql STABLE
    AS $$
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

ALTER FUNCTION agents.send_facts(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision) OWNER TO owner;

-- Name: service_settings(uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.service_settings(p_organization_id uuid) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce((SELECT d.configuration FROM departments.departments d
                     WHERE d.organization_id = p_organization_id AND d.type = 'customer_service'), '{}')
$$;

ALTER FUNCTION agents.service_settings(p_organization_id uuid) OWNER TO owner;

-- Name: settle_asked(uuid, uuid, integer, text[]); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.settle_asked(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_candidates text[]) RETURNS text
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.settle_asked(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_candidates text[]) OWNER TO owner;

-- Name: settle_attempts(uuid, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.settle_attempts(p_organization_id uuid, p_attempts jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    used record;
BEGIN
    -- one by one: each is found by its id and its month, whatever the planner believes of a set of them
    FOR used IN SELECT * FROM jsonb_to_recordset(p_attempts) AS u (
        id uuid, started_at timestamptz, state text, error_code text, input_tokens int, output_tokens int, cached_tokens int,
        cache_write_tokens int, audio_tokens int, reserved_cost_usd numeric, cost_usd numeric, price_version text)
    LOOP
        UPDATE agents.llm_attempts
        SET state = used.state, error_code = used.error_code, finished_at = clock_timestamp(), input_tokens = used.input_tokens,
            output_tokens = used.output_tokens, cached_tokens = used.cached_tokens, cache_write_tokens = used.cache_write_tokens,
            audio_tokens = used.audio_tokens, reserved_cost_usd = coalesce(used.reserved_cost_usd, reserved_cost_usd),
            cost_usd = used.cost_usd, price_version = coalesce(used.price_version, price_version)
        WHERE organization_id = p_organization_id AND id = used.id AND started_at = used.started_at
          AND state IN ('started', 'estimated') AND reconciled_at IS NULL;
    END LOOP;
END
$$;

ALTER FUNCTION agents.settle_attempts(p_organization_id uuid, p_attempts jsonb) OWNER TO owner;

-- Name: settle_uncertain(double precision, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.settle_uncertain(p_window_seconds double precision, p_batch integer) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    o platform.outbox;
    resent int := 0;
    held int := 0;
BEGIN
    FOR o IN
        SELECT x.* FROM platform.outbox x
        JOIN integrations.connections n ON n.organization_id = x.organization_id AND n.id = x.connection_id
        WHERE x.state = 'uncertain'
          AND x.uncertain_at <= clock_timestamp() - make_interval(secs => p_window_seconds
                                                    * CASE WHEN n.provider IN ('instagram', 'messenger') THEN 4 ELSE 1 END)
        ORDER BY x.uncertain_at LIMIT p_batch
        FOR NO KEY UPDATE OF x SKIP LOCKED
    LOOP
        IF o.resend_policy = 'hold' THEN
            UPDATE platform.outbox x SET state = 'held', cancel_reason = 'uncertain'
            WHERE x.organization_id = o.organization_id AND x.id = o.id;
            PERFORM agents.withdraw_replies(o, 'held', 'uncertain');
            PERFORM agents.hand_over(o.organization_id, o.conversation_id, 'human', 'uncertain_send');
            held := held + 1;
        ELSE
            UPDATE platform.outbox x SET state = 'ready', not_before = clock_timestamp()
            WHERE x.organization_id = o.organization_id AND x.id = o.id;
            resent := resent + 1;
        END IF;
    END LOOP;
    RETURN jsonb_build_object('resent', resent, 'held', held);
END
$$;

ALTER FUNCTION agents.settle_uncertain(p_window_seconds double precision, p_batch integer) OWNER TO owner;

-- Name: spent_since(uuid, uuid, timestamp with time zone); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.spent_since(p_organization_id uuid, p_agent_id uuid, p_since timestamp with time zone) RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(sum(coalesce(a.cost_usd, a.reserved_cost_usd)), 0) FROM agents.llm_attempts a
    WHERE a.organization_id = p_organization_id AND a.started_at >= p_since AND a.purpose <> 'guard'
      AND (p_agent_id IS NULL OR a.agent_id = p_agent_id)
$$;

ALTER FUNCTION agents.spent_since(p_organization_id uuid, p_agent_id uuid, p_since timestamp with time zone) OWNER TO owner;

-- Name: start_attempt(uuid, uuid, uuid, uuid, uuid, bigint, integer, text, text, jsonb, jsonb, numeric); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.start_attempt(p_organization_id uuid, p_conversation_id uuid, p_agent_id uuid, p_execution_id uuid, p_attempt_id uuid, p_fence bigint, p_attempt integer, p_model text, p_purpose text, p_most jsonb, p_book jsonb, p_worst_usd numeric) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    own agents.model_prices;
    version text := p_book ->> 'price_version';
    reserved numeric := coalesce((p_book ->> 'cost_usd')::numeric, p_worst_usd);
    l agents.spending_limits;
    month timestamptz;
    spent numeric;
    refused boolean := false;
    warned uuid[] := '{}';
    moment timestamptz;
BEGIN
    SELECT * INTO own FROM agents.model_prices m
    WHERE m.organization_id = p_organization_id AND m.model = p_model AND m.effective_from <= clock_timestamp()
    ORDER BY m.effective_from DESC LIMIT 1;
    IF FOUND THEN
        version := 'own:' || own.id;
        reserved := agents.cost_at(own, p_most);
    END IF;
    FOR l IN
        SELECT * FROM agents.spending_limits s
        WHERE p_purpose <> 'guard' AND s.organization_id = p_organization_id AND (s.agent_id IS NULL OR s.agent_id = p_agent_id)
        ORDER BY s.id
        FOR NO KEY UPDATE
    LOOP
        month := coalesce(month, agents.month_start(p_organization_id));
        spent := agents.spent_since(p_organization_id, l.agent_id, month);
        IF spent + reserved > l.monthly_limit_usd THEN
            refused := true;
            PERFORM agents.note_spending(l, 'reached', month, spent);
        ELSIF spent + reserved >= 0.8 * l.monthly_limit_usd AND agents.note_spending(l, 'warned', month, spent + reserved) THEN
            warned := warned || l.id;
        END IF;
    END LOOP;
    IF refused THEN
        RETURN jsonb_build_object('refused', true);
    END IF;
    INSERT INTO agents.llm_attempts (
        id, organization_id, execution_id, conversation_id, agent_id, fence, attempt, model, purpose, state, started_at,
        input_tokens, output_tokens, cached_tokens, cache_write_tokens, audio_tokens, reserved_cost_usd, price_version, brl_rate)
    SELECT p_attempt_id, p_organization_id, p_execution_id, p_conversation_id, p_agent_id, p_fence, p_attempt, p_model, p_purpose, 'started',
           clock_timestamp(), u.input_tokens, u.output_tokens, u.cached_tokens, u.cache_write_tokens, u.audio_tokens, reserved, version,
           (SELECT r.brl_rate FROM platform.exchange_rates r WHERE r.effective_from <= clock_timestamp() ORDER BY r.effective_from DESC LIMIT 1)
    FROM jsonb_to_record(p_most) AS u (input_tokens int, output_tokens int, cached_tokens int, cache_write_tokens int, audio_tokens int)
    RETURNING started_at INTO moment;
    RETURN jsonb_build_object('started_at', moment, 'reserved_cost_usd', reserved::text, 'warned', to_jsonb(warned), 'price',
        CASE WHEN own.id IS NOT NULL THEN jsonb_build_object(
            'version', version, 'input_price', own.input_price::text, 'output_price', own.output_price::text,
            'cached_input_price', own.cached_input_price::text, 'cache_write_price', own.cache_write_price::text,
            'audio_input_price', own.audio_input_price::text) END);
END
$$;

ALTER FUNCTION agents.start_attempt(p_organization_id uuid, p_conversation_id uuid, p_agent_id uuid, p_execution_id uuid, p_attempt_id uuid, p_fence bigint, p_attempt integer, p_model text, p_purpose text, p_most jsonb, p_book jsonb, p_worst_usd numeric) OWNER TO owner;

-- Name: stop_marketing(uuid, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.stop_marketing(p_organization_id uuid, p_conversation_id uuid) RETURNS void
    LANGUAGE sql
    AS $$
    UPDATE platform.contacts k SET marketing_opted_out_at = clock_timestamp(), marketing_choice_at = clock_timestamp()
    WHERE k.organization_id = p_organization_id
      AND k.id = (SELECT c.contact_id FROM platform.conversations c WHERE c.organization_id = p_organization_id AND c.id = p_conversation_id)
$$;

ALTER FUNCTION agents.stop_marketing(p_organization_id uuid, p_conversation_id uuid) OWNER TO owner;

-- Name: store_notice(platform.conversations, text, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.store_notice(c platform.conversations, p_kind text, p_message jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.store_notice(c platform.conversations, p_kind text, p_message jsonb) OWNER TO owner;

-- Name: summarize_conversation(uuid, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.summarize_conversation(p_organization_id uuid, p_conversation_id uuid) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    AS $$
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

ALTER FUNCTION agents.summarize_conversation(p_organization_id uuid, p_conversation_id uuid) OWNER TO owner;

-- Name: take_over(platform.conversations, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.take_over(c platform.conversations, p_user_id uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.take_over(c platform.conversations, p_user_id uuid) OWNER TO owner;

-- Name: take_score(platform.conversations); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.take_score(c platform.conversations) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.take_score(c platform.conversations) OWNER TO owner;

-- Name: transfers_to_wake(double precision, integer, integer); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.transfers_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer) RETURNS TABLE(organization_id uuid, transfer_id uuid)
    LANGUAGE sql STABLE
    AS $$
    WITH RECURSIVE waiting AS (
        -- a loose index scan: one look-up for each organization that has anything pending
        (SELECT t.organization_id FROM platform.media_transfers t WHERE t.state = 'pending' ORDER BY t.organization_id LIMIT 1)
        UNION ALL
        SELECT (SELECT t.organization_id FROM platform.media_transfers t
                WHERE t.state = 'pending' AND t.organization_id > waiting.organization_id ORDER BY t.organization_id LIMIT 1)
        FROM waiting WHERE waiting.organization_id IS NOT NULL
    )
    SELECT waiting.organization_id, d.id
    FROM waiting, LATERAL (
        SELECT t.id, t.next_attempt_at, row_number() OVER (ORDER BY t.next_attempt_at) AS rank
        FROM platform.media_transfers t
        WHERE t.organization_id = waiting.organization_id AND t.state = 'pending'
          AND t.next_attempt_at <= clock_timestamp() - make_interval(secs => p_grace_seconds)
        ORDER BY t.next_attempt_at LIMIT p_per_organization
    ) d
    ORDER BY d.rank, d.next_attempt_at LIMIT p_limit
$$;

ALTER FUNCTION agents.transfers_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer) OWNER TO owner;

-- Name: waiting_messages(uuid, uuid, double precision); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.waiting_messages(p_organization_id uuid, p_conversation_id uuid, p_uncertain_seconds double precision) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
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

ALTER FUNCTION agents.waiting_messages(p_organization_id uuid, p_conversation_id uuid, p_uncertain_seconds double precision) OWNER TO owner;

-- Name: waits_for_person(uuid, uuid); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.waits_for_person(p_organization_id uuid, p_conversation_id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    RETURN EXISTS (SELECT FROM platform.handoffs h
                   WHERE h.organization_id = p_organization_id AND h.conversation_id = p_conversation_id AND h.state = 'open');
END
$$;

ALTER FUNCTION agents.waits_for_person(p_organization_id uuid, p_conversation_id uuid) OWNER TO owner;

-- Name: wants_no_marketing(uuid, uuid, timestamp with time zone); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.wants_no_marketing(p_organization_id uuid, p_contact_id uuid, p_opted_out_at timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
DECLARE
    k platform.contacts;
BEGIN
    SELECT * INTO k FROM platform.contacts x WHERE x.organization_id = p_organization_id AND x.id = p_contact_id;
    RETURN CASE WHEN k.marketing_choice_at >= p_opted_out_at OR p_opted_out_at IS NULL THEN k.marketing_opted_out_at IS NOT NULL ELSE true END;
END
$$;

ALTER FUNCTION agents.wants_no_marketing(p_organization_id uuid, p_contact_id uuid, p_opted_out_at timestamp with time zone) OWNER TO owner;

-- Name: window_is_open(platform.conversations, interval); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.window_is_open(c platform.conversations, p_margin interval) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(c.last_inbound_at > clock_timestamp() - interval '24 hours' + p_margin, false)
       AND NOT coalesce(c.window_closed_at >= c.last_inbound_at, false)
       AND NOT coalesce(c.opted_out_at >= c.last_inbound_at, false)
$$;

ALTER FUNCTION agents.window_is_open(c platform.conversations, p_margin interval) OWNER TO owner;

-- Name: withdraw_replies(platform.outbox, text, text); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.withdraw_replies(o platform.outbox, p_state text, p_reason text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.withdraw_replies(o platform.outbox, p_state text, p_reason text) OWNER TO owner;

-- Name: write_replies(platform.conversations, bigint, bigint, timestamp with time zone, jsonb); Type: FUNCTION; Schema: agents; Owner: owner

CREATE FUNCTION agents.write_replies(c platform.conversations, p_from_seq bigint, p_to_seq bigint, p_moment timestamp with time zone, p_turn jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

ALTER FUNCTION agents.write_replies(c platform.conversations, p_from_seq bigint, p_to_seq bigint, p_moment timestamp with time zone, p_turn jsonb) OWNER TO owner;

-- Name: apply_account_events(jsonb); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.apply_account_events(p_events jsonb) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    told record;
    paused int := 0;
BEGIN
    FOR told IN
        SELECT DISTINCT ON (n.id, i.severity, subject, i.event)
               n.organization_id, n.id, i.event, i.severity, left(i.detail #>> '{}', 2000) AS detail,
               regexp_replace(i.event_type, '^account\.', '') || coalesce(':' || (i.detail ->> 'message_template_name'), '') AS subject
        FROM jsonb_to_recordset(p_events) AS i (
            provider text, account text, business text, event_type text, event text, severity text, detail jsonb)
        JOIN integrations.connections n ON n.provider = i.provider AND n.status <> 'revoked'
            AND (n.account_identifier = i.account OR coalesce(i.account, '') = '' AND n.business_account_id = i.business)
        ORDER BY n.id, i.severity, subject, i.event
    LOOP
        IF told.severity <> 'attention' THEN
            UPDATE integrations.connection_alerts a SET cleared_at = clock_timestamp()
            WHERE a.organization_id = told.organization_id AND a.connection_id = told.id AND a.kind = 'provider_warning'
              AND a.cleared_at IS NULL AND starts_with(a.reason, left(told.subject, 150) || ' ')
              -- other events of these say nothing about an earlier one
              AND told.subject NOT IN ('account_update', 'account_alerts', 'errors');
        ELSIF integrations.pauses_sending(told.event) THEN
            UPDATE integrations.connections n SET status = 'error', attention_reason = lower(told.event), last_error = told.detail
            WHERE n.organization_id = told.organization_id AND n.id = told.id AND n.status = 'active';
            CONTINUE WHEN NOT FOUND;
            paused := paused + 1;
            INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
            VALUES (told.organization_id, 'connection.needs_attention', 'integration', told.id, false, told.detail,
                    jsonb_build_object('status', 'error', 'reason', lower(told.event)));
        ELSE
            PERFORM integrations.raise_alert(told.organization_id, told.id, 'provider_warning',
                left(told.subject, 150) || ' ' || left(lower(told.event), 49), told.detail);
        END IF;
    END LOOP;
    RETURN paused;
END
$$;

ALTER FUNCTION integrations.apply_account_events(p_events jsonb) OWNER TO owner;

-- Name: bare_text(text); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.bare_text(p_text text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT btrim(coalesce(p_text, ''), E' \t\r\n')
$$;

ALTER FUNCTION integrations.bare_text(p_text text) OWNER TO owner;

-- Name: claim_items(jsonb, jsonb, timestamp with time zone); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.claim_items(p_deliveries jsonb, p_items jsonb, p_moment timestamp with time zone, OUT winners integrations.new_item[], OUT contacts uuid[], OUT kinds text[], OUT strangers boolean, OUT media boolean, OUT duplicates bigint, OUT deliveries jsonb) RETURNS record
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH item AS MATERIALIZED (
        SELECT (p_deliveries -> i.delivery ->> 'id')::uuid AS delivery_id, p.provider, c.organization_id, c.id AS connection_id,
               coalesce(c.business_portfolio_id, '') AS portfolio, i.place::int - 1 AS place,
               -- under a key of its own while nobody owns the account, so that a repetition after it is connected is new
               CASE WHEN c.id IS NULL THEN 'q:' || i.key ELSE i.key END AS event_key,
               row_number() OVER (PARTITION BY p.provider, i.account, i.key ORDER BY i.delivery, i.ordinal) = 1 AS first_copy,
               CASE WHEN c.id IS NULL AND i.account <> '' THEN 'quarantined' WHEN i.kind = 'unparsed' THEN 'unparsed' ELSE 'processed' END
                   AS event_status,
               c.id IS NOT NULL AND i.kind IN ('message', 'echo', 'watermark', 'preference') AS has_customer,
               coalesce(i.identities -> 0 ->> 'kind', integrations.kind_of_customer(p.provider, i.customer)) AS name_kind,
               coalesce(i.identities -> 0 ->> 'match', i.customer) AS name_match,
               coalesce(i.occurred_at, p_moment) AS happened_at, i.delivery, i.ordinal, i.id, i.kind, i.account, i.digest, i.event_type,
               i.event_id, i.customer, i.customer_phone, i.customer_name, i.identities, i.message_type, i.text, i.metadata, i.media,
               i.reply_to, i.answerable, i.reason, i.payload
        FROM ROWS FROM (jsonb_to_recordset(p_items) AS (
            delivery int, ordinal int, id uuid, kind text, account text, key text, digest text, event_type text, event_id text,
            occurred_at timestamptz, customer text, customer_phone text, customer_name text, identities jsonb, message_type text, text text,
            metadata jsonb, media jsonb, reply_to text, answerable boolean, reason text, payload jsonb)) WITH ORDINALITY AS i (
            delivery, ordinal, id, kind, account, key, digest, event_type, event_id, occurred_at, customer, customer_phone, customer_name,
            identities, message_type, text, metadata, media, reply_to, answerable, reason, payload, place)
        CROSS JOIN LATERAL (SELECT p_deliveries -> i.delivery ->> 'provider' AS provider OFFSET 0) p
        -- one look in the index for each item (a join might read the whole table)
        LEFT JOIN LATERAL (
            SELECT n.organization_id, n.id, n.business_portfolio_id FROM integrations.connections n
            WHERE n.provider = p.provider AND n.account_identifier = i.account AND n.status <> 'revoked'
            LIMIT 1
        ) c ON true
    ), claimed AS (
        INSERT INTO integrations.webhook_keys (provider, account, event_key, first_seen, item_digest)
        SELECT i.provider, i.account, i.event_key, p_moment, decode(i.digest, 'hex')
        FROM item i
        WHERE i.first_copy
        ORDER BY i.provider, i.account, i.event_key
        ON CONFLICT (provider, account, event_key) DO NOTHING
        RETURNING provider, account, event_key
    ), winner AS MATERIALIZED (
        SELECT i.* FROM item i JOIN claimed USING (provider, account, event_key) WHERE i.first_copy
    ), events AS (
        INSERT INTO integrations.webhook_events (
            id, created_at, organization_id, connection_id, delivery_id, delivery_received_at, provider, account_identifier, ordinal,
            event_type, event_id, payload, status, processed_at, error_message)
        SELECT w.id, p_moment, w.organization_id, w.connection_id, w.delivery_id, p_moment, w.provider, w.account, w.ordinal,
               w.event_type, w.event_id,
               CASE WHEN w.event_status = 'unparsed' THEN w.payload
                    WHEN w.event_status = 'quarantined' THEN coalesce(w.payload, jsonb_strip_nulls(p_items -> w.place))
                    WHEN w.kind = 'account' THEN jsonb_strip_nulls(p_items -> w.place) END,
               w.event_status, CASE w.event_status WHEN 'processed' THEN p_moment END,
               coalesce(w.reason, CASE w.event_status WHEN 'quarantined' THEN 'no connection has this account' END)
        FROM winner w
    ), known AS (
        SELECT w.*, k.contact_id
        FROM winner w
        LEFT JOIN LATERAL (
            SELECT coalesce(ct.merged_into, ct.id) AS contact_id
            FROM platform.contact_identities n
            JOIN platform.contacts ct ON ct.organization_id = n.organization_id AND ct.id = n.contact_id
            WHERE n.organization_id = w.organization_id
              AND n.kind = w.name_kind AND n.scope = integrations.scope_of_name(w.name_kind, w.account, w.portfolio)
              AND n.match = w.name_match
              AND w.happened_at < n.last_seen + interval '1 day' AND (n.retired_at IS NULL OR w.happened_at <= n.retired_at)
              AND (w.customer_name IS NULL OR w.customer_name = ct.display_name OR w.happened_at < ct.named_at)
        ) k ON w.has_customer
    ), met AS (
        -- an item with one name that is not this contact's goes the long way
        SELECT k.*, CASE WHEN k.contact_id IS NOT NULL AND (k.identities -> 1 IS NULL OR NOT EXISTS (
                        SELECT FROM generate_series(1, jsonb_array_length(k.identities) - 1) AS o (place)
                        WHERE NOT EXISTS (
                            SELECT FROM platform.contact_identities n
                            WHERE n.organization_id = k.organization_id AND n.kind = k.identities -> o.place ->> 'kind'
                              AND n.scope = integrations.scope_of_name(k.identities -> o.place ->> 'kind', k.account, k.portfolio)
                              AND n.match = k.identities -> o.place ->> 'match' AND n.contact_id = k.contact_id
                              AND k.happened_at < n.last_seen + interval '1 day' AND (n.retired_at IS NULL OR k.happened_at <= n.retired_at))))
                    THEN k.contact_id END AS contact
        FROM known k
        WHERE k.connection_id IS NOT NULL OR k.kind = 'account'
    ), counted AS (
        SELECT d.delivery, count(i.id) - count(w.id) AS duplicates, jsonb_build_array(
                   count(w.id) FILTER (WHERE w.event_status = 'processed'), count(i.id) - count(w.id),
                   count(w.id) FILTER (WHERE w.event_status = 'unparsed'), count(w.id) FILTER (WHERE w.event_status = 'quarantined')) AS counts
        FROM generate_series(0, jsonb_array_length(p_deliveries) - 1) AS d (delivery)
        LEFT JOIN item i USING (delivery)
        LEFT JOIN winner w ON w.id = i.id
        GROUP BY d.delivery
    )
    SELECT m.winners, m.contacts, m.kinds, m.strangers, m.media,
           (SELECT sum(n.duplicates) FROM counted n), (SELECT coalesce(jsonb_agg(n.counts ORDER BY n.delivery), '[]') FROM counted n)
    INTO winners, contacts, kinds, strangers, media, duplicates, deliveries
    FROM (SELECT array_agg(ROW(m.place, m.delivery, m.ordinal, m.id, m.kind, m.provider, m.organization_id, m.connection_id, m.happened_at,
                               m.event_id, m.customer, m.customer_phone, m.customer_name, coalesce(m.message_type, 'text'), m.text, m.metadata,
                               m.reply_to, coalesce(m.answerable, true))::integrations.new_item) AS winners,
                 array_agg(m.contact) AS contacts, array_agg(DISTINCT m.kind) AS kinds, bool_or(m.has_customer AND m.contact IS NULL) AS strangers,
                 bool_or(m.media IS NOT NULL AND m.kind IN ('message', 'echo')) AS media
          FROM met m) m;
END
$$;

ALTER FUNCTION integrations.claim_items(p_deliveries jsonb, p_items jsonb, p_moment timestamp with time zone, OUT winners integrations.new_item[], OUT contacts uuid[], OUT kinds text[], OUT strangers boolean, OUT media boolean, OUT duplicates bigint, OUT deliveries jsonb) OWNER TO owner;

-- Name: claim_token_refreshes(double precision, double precision, integer); Type: FUNCTION; Schema: integrations; Owner: definer_role

CREATE FUNCTION integrations.claim_token_refreshes(p_ahead_seconds double precision, p_lease_seconds double precision, p_batch integer) RETURNS TABLE(organization_id uuid, connection_id uuid, access_token text, wrapped_keyset bytea, master_key text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        WITH due AS (
            SELECT n.organization_id, n.id, n.access_token, k.wrapped_keyset, k.master_key
            FROM integrations.connections n
            JOIN platform.organizations g ON g.id = n.organization_id AND g.deleted_at IS NULL
            JOIN platform.encryption_keys k ON k.id = g.encryption_key_id AND k.organization_id = g.id AND k.destroyed_at IS NULL
            WHERE n.provider = 'instagram' AND n.status = 'active' AND n.access_token IS NOT NULL
              AND n.configuration ->> 'login' = 'instagram'
              AND coalesce(n.token_refresh_after, '-infinity') <= clock_timestamp()
              AND coalesce(n.token_refreshed_at, n.created_at) <= clock_timestamp() - interval '25 hours'
              AND (n.token_expires_at IS NULL
                   OR n.token_expires_at BETWEEN clock_timestamp() AND clock_timestamp() + make_interval(secs => p_ahead_seconds))
            ORDER BY n.token_expires_at NULLS LAST, n.id
            LIMIT p_batch
            FOR NO KEY UPDATE OF n SKIP LOCKED
        )
        UPDATE integrations.connections n
        SET token_refresh_after = clock_timestamp() + make_interval(secs => p_lease_seconds)
        FROM due d
        WHERE n.organization_id = d.organization_id AND n.id = d.id
        RETURNING n.organization_id, n.id, d.access_token, d.wrapped_keyset, d.master_key;
END
$$;

ALTER FUNCTION integrations.claim_token_refreshes(p_ahead_seconds double precision, p_lease_seconds double precision, p_batch integer) OWNER TO definer_role;

-- Name: contacts_by_name(integrations.customer_name[]); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.contacts_by_name(p_names integrations.customer_name[]) RETURNS TABLE(place integer, organization_id uuid, item_id uuid, kind text, scope text, value text, match text, previous boolean, happened_at timestamp with time zone, contact_id uuid, weak boolean)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION integrations.contacts_by_name(p_names integrations.customer_name[]) OWNER TO owner;

-- Name: follow_connection_status(); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.follow_connection_status() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.status IN ('expired', 'error') AND OLD.status = 'active' THEN
        NEW.attention_reason := coalesce(NEW.attention_reason,
            CASE NEW.status WHEN 'expired' THEN 'token_refused' ELSE 'account_refused' END);
        NEW.attention_since := clock_timestamp();
        IF integrations.raise_alert(NEW.organization_id, NEW.id, 'paused', NEW.attention_reason, NEW.last_error) THEN
            NEW.owner_notified_at := clock_timestamp();
        END IF;
    ELSIF NEW.status IN ('active', 'revoked') THEN
        NEW.attention_reason := NULL;
        NEW.attention_since := NULL;
        NEW.owner_notified_at := NULL;
        UPDATE integrations.connection_alerts a SET cleared_at = clock_timestamp()
        WHERE a.organization_id = NEW.organization_id AND a.connection_id = NEW.id AND a.cleared_at IS NULL
          AND (a.kind = 'paused' OR NEW.status = 'revoked');
    END IF;
    RETURN NEW;
END
$$;

ALTER FUNCTION integrations.follow_connection_status() OWNER TO owner;

-- Name: guard_amendments(integrations.new_item[]); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.guard_amendments(p_winners integrations.new_item[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM CASE WHEN b.amended THEN pg_advisory_xact_lock(21, b.bucket)::text ELSE pg_advisory_xact_lock_shared(21, b.bucket)::text END
    FROM (SELECT uuid_hash(w.organization_id) & 255 AS bucket, bool_or(w.kind IN ('edit', 'deletion', 'reaction')) AS amended
          FROM unnest(p_winners) w
          WHERE w.kind IN ('message', 'echo', 'edit', 'deletion', 'reaction')
          GROUP BY 1 ORDER BY 1) b;
END
$$;

ALTER FUNCTION integrations.guard_amendments(p_winners integrations.new_item[]) OWNER TO owner;

-- Name: items_of(integrations.new_item[], uuid[]); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.items_of(p_items integrations.new_item[], p_contacts uuid[] DEFAULT '{}'::uuid[]) RETURNS TABLE(place integer, delivery integer, ordinal integer, id uuid, kind text, provider text, organization_id uuid, connection_id uuid, happened_at timestamp with time zone, event_id text, customer text, customer_phone text, customer_name text, message_type text, text text, metadata jsonb, reply_to text, answerable boolean, contact_id uuid)
    LANGUAGE plpgsql ROWS 200
    AS $$
BEGIN
    RETURN QUERY SELECT * FROM unnest(p_items, p_contacts);
END
$$;

ALTER FUNCTION integrations.items_of(p_items integrations.new_item[], p_contacts uuid[]) OWNER TO owner;

-- Name: kind_of_customer(text, text); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.kind_of_customer(p_provider text, p_customer text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $_$
    SELECT CASE WHEN p_provider <> 'whatsapp' THEN 'scoped_id' WHEN p_customer ~ '^[0-9]+$' THEN 'phone' ELSE 'user_id' END
$_$;

ALTER FUNCTION integrations.kind_of_customer(p_provider text, p_customer text) OWNER TO owner;

-- Name: meet_contacts(integrations.new_item[], uuid[], jsonb, timestamp with time zone); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.meet_contacts(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION integrations.meet_contacts(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone) OWNER TO owner;

-- Name: merge_met_contacts(integrations.customer_name[], timestamp with time zone); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.merge_met_contacts(p_names integrations.customer_name[], p_moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION integrations.merge_met_contacts(p_names integrations.customer_name[], p_moment timestamp with time zone) OWNER TO owner;

-- Name: name_contacts(integrations.new_item[], integrations.customer_name[]); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.name_contacts(p_winners integrations.new_item[], p_names integrations.customer_name[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION integrations.name_contacts(p_winners integrations.new_item[], p_names integrations.customer_name[]) OWNER TO owner;

-- Name: names_to_learn(integrations.new_item[], uuid[], jsonb); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.names_to_learn(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) RETURNS integrations.customer_name[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION integrations.names_to_learn(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) OWNER TO owner;

-- Name: own_echoes(integrations.new_item[], uuid[], jsonb); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.own_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) RETURNS TABLE(place integer, organization_id uuid, provider_message_id text, outbox_id uuid)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION integrations.own_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) OWNER TO owner;

-- Name: pauses_sending(text); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.pauses_sending(p_event text) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT upper(p_event) IN ('ACCOUNT_DELETED', 'ACCOUNT_RESTRICTION', 'ACCOUNT_OFFBOARDED', 'DISABLED_UPDATE', 'PARTNER_REMOVED',
                              'PARTNER_APP_UNINSTALLED')
$$;

ALTER FUNCTION integrations.pauses_sending(p_event text) OWNER TO owner;

-- Name: raise_alert(uuid, uuid, text, text, text); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.raise_alert(p_organization_id uuid, p_connection_id uuid, p_kind text, p_reason text, p_detail text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO integrations.connection_alerts (organization_id, connection_id, kind, reason, detail)
    VALUES (p_organization_id, p_connection_id, p_kind, p_reason, p_detail)
    ON CONFLICT (organization_id, connection_id, kind, reason) WHERE cleared_at IS NULL DO NOTHING;
    RETURN FOUND;
END
$$;

ALTER FUNCTION integrations.raise_alert(p_organization_id uuid, p_connection_id uuid, p_kind text, p_reason text, p_detail text) OWNER TO owner;

-- Name: record_account_events(integrations.new_item[], jsonb); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.record_account_events(p_winners integrations.new_item[], p_items jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM integrations.apply_account_events((
        SELECT jsonb_agg((p_items -> w.place) || jsonb_build_object('provider', w.provider)) FROM unnest(p_winners) w WHERE w.kind = 'account'));
END
$$;

ALTER FUNCTION integrations.record_account_events(p_winners integrations.new_item[], p_items jsonb) OWNER TO owner;

-- Name: record_amendments(integrations.new_item[], jsonb, timestamp with time zone); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.record_amendments(p_winners integrations.new_item[], p_items jsonb, p_moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    told record;
BEGIN
    WITH kept AS (
        INSERT INTO platform.message_amendments (
            id, organization_id, connection_id, target, kind, actor, occurred_at, event_key, text_content, emoji, received_at)
        SELECT w.id, w.organization_id, w.connection_id, a.target, w.kind, coalesce(a.identities -> 0 ->> 'match', w.customer, ''), w.happened_at,
               a.key, CASE w.kind WHEN 'edit' THEN w.text END, nullif(a.emoji, ''), p_moment
        FROM unnest(p_winners) w
        CROSS JOIN LATERAL jsonb_to_record(p_items -> w.place) AS a (target text, key text, emoji text, identities jsonb)
        WHERE w.kind IN ('edit', 'deletion', 'reaction')
        RETURNING organization_id, connection_id, target
    )
    SELECT array_agg(organization_id) AS organization_ids, array_agg(connection_id) AS connection_ids, array_agg(target) AS targets
    INTO told FROM kept;
    -- one of our messages may get its provider's id at this very moment: see platform.apply_statuses
    PERFORM pg_advisory_xact_lock(message.key)
    FROM (SELECT DISTINCT hashtextextended(t.target, 20) AS key FROM unnest(told.targets) AS t (target) ORDER BY key) message;
    PERFORM platform.merge_amendments(told.organization_ids, told.connection_ids, told.targets);
END
$$;

ALTER FUNCTION integrations.record_amendments(p_winners integrations.new_item[], p_items jsonb, p_moment timestamp with time zone) OWNER TO owner;

-- Name: record_deliveries(jsonb, jsonb, text[], double precision, double precision, double precision); Type: FUNCTION; Schema: integrations; Owner: definer_role

CREATE FUNCTION integrations.record_deliveries(p_deliveries jsonb, p_items jsonb, p_bodies text[], p_quiet_seconds double precision DEFAULT 2, p_ceiling_seconds double precision DEFAULT 8, p_reply_max_age_seconds double precision DEFAULT 43200) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
    AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    -- a reply to anything older would come too late; 24 hours is the provider's own window
    oldest timestamptz := moment - make_interval(secs => least(p_reply_max_age_seconds, 86400));
    taken record;
    wake_ups jsonb := '[]';
    media jsonb := '[]';
BEGIN
    INSERT INTO integrations.webhook_deliveries (
        id, received_at, provider, status, quarantine_reason, sealed_body, body_key_id, body_size, headers, verified_by, item_count)
    SELECT d.id, moment, d.provider, d.status, d.quarantine_reason, decode(d.body, 'base64'), d.body_key_id, d.body_size, d.headers,
           d.verified_by, d.item_count
    FROM ROWS FROM (
        jsonb_to_recordset(p_deliveries) AS (
            id uuid, provider text, status text, quarantine_reason text, body_key_id text, body_size int, headers jsonb, verified_by text,
            item_count int),
        unnest(p_bodies)
    ) AS d (id, provider, status, quarantine_reason, body_key_id, body_size, headers, verified_by, item_count, body);

    SELECT * INTO taken FROM integrations.claim_items(p_deliveries, p_items, moment);
    IF taken.kinds && ARRAY['message', 'echo', 'edit', 'deletion', 'reaction'] THEN
        PERFORM integrations.guard_amendments(taken.winners);
    END IF;
    IF taken.strangers OR 'identity' = ANY (taken.kinds) THEN
        taken.contacts := integrations.meet_contacts(taken.winners, taken.contacts, p_items, moment);
    END IF;
    IF 'preference' = ANY (taken.kinds) THEN
        PERFORM integrations.record_preferences(taken.winners, taken.contacts, p_items);
    END IF;
    IF 'echo' = ANY (taken.kinds) THEN
        wake_ups := integrations.record_echoes(
            taken.winners, taken.contacts, p_items, moment, oldest, p_quiet_seconds, p_ceiling_seconds);
    ELSIF 'message' = ANY (taken.kinds) THEN
        wake_ups := integrations.record_messages(taken.winners, taken.contacts, '{}', moment, oldest, p_quiet_seconds, p_ceiling_seconds);
    END IF;
    IF taken.media THEN
        media := integrations.record_media(taken.winners, p_items);
    END IF;
    IF 'status' = ANY (taken.kinds) THEN
        wake_ups := wake_ups || integrations.record_statuses(taken.winners, p_items, moment);
    END IF;
    IF 'watermark' = ANY (taken.kinds) THEN
        PERFORM integrations.record_watermarks(taken.winners, taken.contacts, p_items, moment);
    END IF;
    IF taken.kinds && ARRAY['edit', 'deletion', 'reaction'] THEN
        PERFORM integrations.record_amendments(taken.winners, p_items, moment);
    END IF;
    IF taken.duplicates > 0 THEN
        PERFORM integrations.record_differences(p_deliveries, p_items, moment);
    END IF;
    IF 'account' = ANY (taken.kinds) THEN
        PERFORM integrations.record_account_events(taken.winners, p_items);
    END IF;
    RETURN jsonb_build_object('wake_ups', wake_ups, 'deliveries', taken.deliveries, 'media', media);
END
$$;

ALTER FUNCTION integrations.record_deliveries(p_deliveries jsonb, p_items jsonb, p_bodies text[], p_quiet_seconds double precision, p_ceiling_seconds double precision, p_reply_max_age_seconds double precision) OWNER TO definer_role;

-- Name: record_differences(jsonb, jsonb, timestamp with time zone); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.record_differences(p_deliveries jsonb, p_items jsonb, p_moment timestamp with time zone) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    WITH different AS MATERIALIZED (
        SELECT DISTINCT ON (k.provider, k.account, i.digest)
               k.provider, 'd:' || i.digest AS event_key, (p_deliveries -> i.delivery ->> 'id')::uuid AS delivery_id, c.organization_id,
               c.id AS connection_id, to_jsonb(i) AS fields, i.*
        FROM jsonb_to_recordset(p_items) AS i (
            delivery int, ordinal int, id uuid, kind text, account text, key text, digest text, event_type text, event_id text,
            occurred_at timestamptz, customer text, customer_name text, identities jsonb, previous jsonb, message_type text, text text,
            metadata jsonb, media jsonb, reply_to text, target text, emoji text, choice text, event text, status text, recipient text,
            outbox_id uuid, error_code text, error_detail text, reason text, payload jsonb)
        LEFT JOIN LATERAL (
            SELECT n.organization_id, n.id FROM integrations.connections n
            WHERE n.provider = p_deliveries -> i.delivery ->> 'provider' AND n.account_identifier = i.account AND n.status <> 'revoked'
            LIMIT 1
        ) c ON true
        CROSS JOIN LATERAL (
            SELECT x.provider, x.account, x.item_digest FROM integrations.webhook_keys x
            WHERE x.provider = p_deliveries -> i.delivery ->> 'provider' AND x.account = i.account
              AND x.event_key = CASE WHEN c.id IS NULL THEN 'q:' || i.key ELSE i.key END
            LIMIT 1
        ) k
        WHERE k.item_digest <> decode(i.digest, 'hex')
        ORDER BY k.provider, k.account, i.digest, i.delivery, i.ordinal
    ), claimed AS (
        INSERT INTO integrations.webhook_keys (provider, account, event_key, first_seen, item_digest)
        SELECT provider, account, event_key, p_moment, decode(digest, 'hex') FROM different
        ORDER BY provider, account, event_key
        ON CONFLICT (provider, account, event_key) DO NOTHING
        RETURNING provider, account, event_key
    )
    INSERT INTO integrations.webhook_events (
        id, created_at, organization_id, connection_id, delivery_id, delivery_received_at, provider, account_identifier, ordinal,
        event_type, event_id, payload, status, processed_at, error_message)
    SELECT f.id, p_moment, f.organization_id, f.connection_id, f.delivery_id, p_moment, f.provider, f.account, f.ordinal,
           left('repeated.' || f.event_type, 100), f.event_id, jsonb_strip_nulls(f.fields), 'processed', p_moment,
           'differs from the first item with this key'
    FROM different f JOIN claimed USING (provider, account, event_key)
$$;

ALTER FUNCTION integrations.record_differences(p_deliveries jsonb, p_items jsonb, p_moment timestamp with time zone) OWNER TO owner;

-- Name: record_echoes(integrations.new_item[], uuid[], jsonb, timestamp with time zone, timestamp with time zone, double precision, double precision); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.record_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone, p_oldest timestamp with time zone, p_quiet_seconds double precision, p_ceiling_seconds double precision) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION integrations.record_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone, p_oldest timestamp with time zone, p_quiet_seconds double precision, p_ceiling_seconds double precision) OWNER TO owner;

-- Name: record_media(integrations.new_item[], jsonb); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.record_media(p_winners integrations.new_item[], p_items jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    transfers jsonb;
BEGIN
    WITH made AS (
        INSERT INTO platform.media_transfers (
            organization_id, connection_id, message_id, ordinal, kind, provider_media_id, url, declared_mime_type, declared_sha256,
            declared_size, file_name, voice)
        SELECT w.organization_id, w.connection_id, w.id, f.ordinal - 1, f.kind, f.id, f.url, f.mime_type, f.sha256, f.size, f.filename,
               coalesce(f.voice, false)
        FROM unnest(p_winners) w
        CROSS JOIN LATERAL ROWS FROM (jsonb_to_recordset(p_items -> w.place -> 'media') AS (
            kind text, id text, url text, mime_type text, sha256 text, size bigint, filename text, voice boolean)) WITH ORDINALITY AS f (
            kind, id, url, mime_type, sha256, size, filename, voice, ordinal)
        -- an echo that turned out to be ours has no message
        WHERE w.kind IN ('message', 'echo')
          AND EXISTS (SELECT FROM platform.messages m WHERE m.organization_id = w.organization_id AND m.id = w.id AND m.deleted_at IS NULL)
        RETURNING organization_id, id
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('organization_id', organization_id, 'transfer_id', id)), '[]') INTO transfers FROM made;
    RETURN transfers;
END
$$;

ALTER FUNCTION integrations.record_media(p_winners integrations.new_item[], p_items jsonb) OWNER TO owner;

-- Name: record_messages(integrations.new_item[], uuid[], integer[], timestamp with time zone, timestamp with time zone, double precision, double precision); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.record_messages(p_winners integrations.new_item[], p_contacts uuid[], p_own integer[], p_moment timestamp with time zone, p_oldest timestamp with time zone, p_quiet_seconds double precision, p_ceiling_seconds double precision) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    told record;
BEGIN
    WITH said AS MATERIALIZED (
        SELECT w.*, w.kind = 'message' AND w.answerable AS answers
        FROM integrations.items_of(p_winners, p_contacts) w
        WHERE CASE w.kind WHEN 'message' THEN true WHEN 'echo' THEN w.place <> ALL (p_own) END -- not by OR: the planner would expect one row
    ), burst AS (
        SELECT s.organization_id, s.connection_id, s.provider, s.contact_id, count(*) FILTER (WHERE s.answers) AS messages,
               count(*) AS said, min(s.id::text)::uuid AS id, bool_or(s.kind = 'echo') AS taken_over,
               coalesce(min(s.happened_at) FILTER (WHERE s.answers) <= p_oldest, false) AS late,
               max(s.happened_at) FILTER (WHERE s.answers) AS newest_at, min(s.customer_phone) AS customer_phone,
               (array_agg(s.customer ORDER BY s.happened_at DESC))[1] AS customer,
               (array_agg(s.customer_name ORDER BY s.happened_at DESC) FILTER (WHERE s.customer_name IS NOT NULL))[1] AS customer_name
        FROM said s
        GROUP BY s.organization_id, s.connection_id, s.provider, s.contact_id
    ), conversation AS (
        INSERT INTO platform.conversations AS c (
            id, organization_id, connection_id, contact_id, channel, customer_external_id, customer_phone, customer_name, status,
            automation_state, assigned_to_human, escalated_at, human_takeover_count, last_in_seq, first_pending_at, run_at, last_inbound_at,
            message_count)
        SELECT b.id, b.organization_id, b.connection_id, b.contact_id, CASE b.provider WHEN 'messenger' THEN 'facebook' ELSE b.provider END,
               b.customer, b.customer_phone, b.customer_name,
               CASE WHEN b.late OR b.taken_over THEN 'escalated' ELSE 'active' END, CASE WHEN b.late OR b.taken_over THEN 'human' ELSE 'auto' END,
               b.late OR b.taken_over, CASE WHEN b.late OR b.taken_over THEN p_moment END, (b.late OR b.taken_over)::int, b.messages,
               CASE WHEN b.messages > 0 AND NOT b.late AND NOT b.taken_over THEN p_moment END,
               CASE WHEN b.messages > 0 AND NOT b.late AND NOT b.taken_over
                    THEN p_moment + make_interval(secs => least(p_quiet_seconds, p_ceiling_seconds)) END, b.newest_at, b.said
        FROM burst b
        ORDER BY b.organization_id, b.connection_id, b.contact_id
        ON CONFLICT (organization_id, connection_id, contact_id) WHERE status IN ('active', 'escalated') AND continued_in IS NULL DO UPDATE
        SET last_in_seq = c.last_in_seq + excluded.last_in_seq,
            message_count = c.message_count + excluded.message_count,
            last_inbound_at = greatest(c.last_inbound_at, excluded.last_inbound_at),
            customer_external_id = CASE WHEN excluded.last_inbound_at >= c.last_inbound_at OR c.last_inbound_at IS NULL AND excluded.last_in_seq > 0
                                        THEN excluded.customer_external_id ELSE c.customer_external_id END,
            customer_phone = coalesce(c.customer_phone, excluded.customer_phone),
            customer_name = CASE WHEN excluded.last_inbound_at >= c.last_inbound_at OR c.customer_name IS NULL
                                 THEN coalesce(excluded.customer_name, c.customer_name) ELSE c.customer_name END,
            -- one late message is enough to give the conversation to people: nobody answers it automatically any more
            automation_state = CASE WHEN c.automation_state = 'auto' THEN excluded.automation_state ELSE c.automation_state END,
            status = CASE WHEN excluded.assigned_to_human THEN excluded.status ELSE c.status END,
            assigned_to_human = c.assigned_to_human OR excluded.assigned_to_human,
            escalated_at = CASE WHEN excluded.human_takeover_count > 0 AND c.automation_state = 'auto' THEN p_moment
                                ELSE coalesce(c.escalated_at, excluded.escalated_at) END,
            human_takeover_count = c.human_takeover_count + CASE c.automation_state WHEN 'auto' THEN excluded.human_takeover_count ELSE 0 END,
            -- a burst begins when nothing waits; further messages put the turn off, up to the ceiling
            first_pending_at = CASE WHEN c.automation_state <> 'auto' OR excluded.assigned_to_human THEN NULL
                                    WHEN excluded.last_in_seq = 0 THEN c.first_pending_at
                                    WHEN c.run_at IS NULL THEN p_moment ELSE coalesce(c.first_pending_at, p_moment) END,
            run_at = CASE WHEN c.automation_state <> 'auto' OR excluded.assigned_to_human THEN NULL
                          WHEN excluded.last_in_seq = 0 THEN c.run_at
                          ELSE least(CASE WHEN c.run_at IS NULL THEN p_moment ELSE coalesce(c.first_pending_at, p_moment) END
                                         + make_interval(secs => p_ceiling_seconds),
                                     p_moment + make_interval(secs => p_quiet_seconds)) END
        RETURNING c.id, c.organization_id, c.connection_id, c.contact_id, c.last_in_seq, c.first_pending_at, c.run_at, c.escalated_at
    ), escalations AS (
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, metadata, created_at)
        SELECT c.organization_id, 'conversation.escalated', 'conversation', c.id,
               jsonb_build_object('reason', CASE WHEN b.taken_over THEN 'human_echo' ELSE 'message_too_old' END), p_moment
        FROM conversation c JOIN burst b USING (organization_id, connection_id, contact_id) WHERE c.escalated_at = p_moment
    ), messages AS (
        INSERT INTO platform.messages (
            id, organization_id, conversation_id, connection_id, direction, message_type, text_content, metadata, sender_type,
            external_message_id, reply_to_external_id, platform_timestamp, delivery_status, seq, received_at, created_at)
        SELECT s.id, s.organization_id, c.id, s.connection_id, 'inbound', s.message_type, s.text, coalesce(s.metadata, '{}'), 'customer',
               s.event_id, s.reply_to, s.happened_at, 'received',
               -- by the provider's time, then by arrival
               CASE WHEN s.answers THEN c.last_in_seq + 1 - row_number() OVER (
                   PARTITION BY c.id, s.answers ORDER BY s.happened_at DESC, s.delivery DESC, s.ordinal DESC) END,
               p_moment, p_moment
        FROM said s JOIN conversation c USING (organization_id, connection_id, contact_id)
        WHERE s.kind = 'message'
    ), amended AS (
        -- what was said about these messages before they came
        SELECT s.organization_id, s.connection_id, s.event_id
        FROM said s
        WHERE s.kind = 'message'
          AND EXISTS (SELECT FROM platform.message_amendments a
                      WHERE a.organization_id = s.organization_id AND a.connection_id = s.connection_id AND a.target = s.event_id
                        AND a.message_id IS NULL)
    )
    SELECT (SELECT coalesce(jsonb_agg(jsonb_build_object('organization_id', c.organization_id, 'conversation_id', c.id, 'run_at', c.run_at)), '[]')
            FROM conversation c WHERE c.first_pending_at = p_moment) AS wake_ups,
           (SELECT jsonb_agg(jsonb_build_object('organization_id', c.organization_id, 'id', c.id, 'taken_over', b.taken_over) ORDER BY c.id)
            FROM conversation c JOIN burst b USING (organization_id, connection_id, contact_id)
            WHERE b.taken_over OR b.late AND c.escalated_at = p_moment) AS handoffs,
           array_agg(a.organization_id) AS organization_ids, array_agg(a.connection_id) AS connection_ids, array_agg(a.event_id) AS targets
    INTO told
    FROM amended a;
    IF told.handoffs IS NOT NULL THEN
        PERFORM agents.open_handoff(h.organization_id, h.id, CASE WHEN h.taken_over THEN 'human_echo' ELSE 'message_too_old' END, h.taken_over)
        FROM jsonb_to_recordset(told.handoffs) AS h (organization_id uuid, id uuid, taken_over boolean);
    END IF;
    IF told.targets IS NOT NULL THEN
        PERFORM platform.merge_amendments(told.organization_ids, told.connection_ids, told.targets);
    END IF;
    RETURN told.wake_ups;
END
$$;

ALTER FUNCTION integrations.record_messages(p_winners integrations.new_item[], p_contacts uuid[], p_own integer[], p_moment timestamp with time zone, p_oldest timestamp with time zone, p_quiet_seconds double precision, p_ceiling_seconds double precision) OWNER TO owner;

-- Name: record_preferences(integrations.new_item[], uuid[], jsonb); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.record_preferences(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION integrations.record_preferences(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) OWNER TO owner;

-- Name: record_statuses(integrations.new_item[], jsonb, timestamp with time zone); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.record_statuses(p_winners integrations.new_item[], p_items jsonb, p_moment timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    told record;
BEGIN
    WITH statuses AS (
        INSERT INTO platform.message_statuses (
            id, organization_id, connection_id, provider_message_id, status, occurred_at, received_at, message_id, outbox_id, recipient,
            error_code, error_detail, pricing_billable, pricing_model, pricing_type, pricing_category, conversation_origin)
        SELECT w.id, w.organization_id, w.connection_id, w.event_id, s.status, w.happened_at, p_moment, o.message_id, o.id, s.recipient,
               s.error_code, s.error_detail, s.pricing_billable, s.pricing_model, s.pricing_type, s.pricing_category, s.conversation_origin
        FROM unnest(p_winners) w
        CROSS JOIN LATERAL jsonb_to_record(p_items -> w.place) AS s (
            status text, recipient text, outbox_id uuid, error_code text, error_detail text, pricing_billable boolean, pricing_model text,
            pricing_type text, pricing_category text, conversation_origin text)
        LEFT JOIN LATERAL (
            SELECT x.id, x.message_id FROM platform.outbox x WHERE x.id = s.outbox_id AND x.organization_id = w.organization_id LIMIT 1
        ) o ON true
        WHERE w.kind = 'status'
        RETURNING organization_id, provider_message_id, outbox_id
    )
    SELECT array_agg(organization_id) AS organization_ids, array_agg(provider_message_id) AS provider_message_ids,
           array_agg(outbox_id) AS outbox_ids
    INTO told
    FROM statuses;
    RETURN integrations.settle_statuses(told.organization_ids, told.provider_message_ids, told.outbox_ids, p_moment);
END
$$;

ALTER FUNCTION integrations.record_statuses(p_winners integrations.new_item[], p_items jsonb, p_moment timestamp with time zone) OWNER TO owner;

-- Name: record_watermarks(integrations.new_item[], uuid[], jsonb, timestamp with time zone); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.record_watermarks(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    told record;
BEGIN
    WITH kept AS (
        INSERT INTO platform.message_watermarks (id, organization_id, connection_id, contact_id, status, occurred_at, received_at)
        SELECT w.id, w.organization_id, w.connection_id, w.contact_id, p_items -> w.place ->> 'status', w.happened_at, p_moment
        FROM integrations.items_of(p_winners, p_contacts) w
        WHERE w.kind = 'watermark'
        RETURNING organization_id, connection_id, contact_id
    )
    SELECT array_agg(organization_id) AS organization_ids, array_agg(connection_id) AS connection_ids, array_agg(contact_id) AS contact_ids
    INTO told FROM (SELECT DISTINCT * FROM kept) k;
    PERFORM platform.merge_watermarks(told.organization_ids, told.connection_ids, told.contact_ids);
END
$$;

ALTER FUNCTION integrations.record_watermarks(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone) OWNER TO owner;

-- Name: resolve_connection(text, text); Type: FUNCTION; Schema: integrations; Owner: definer_role

CREATE FUNCTION integrations.resolve_connection(provider text, account text) RETURNS TABLE(organization_id uuid, connection_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    SELECT c.organization_id, c.id
    FROM integrations.connections AS c
    WHERE c.provider = $1 AND c.account_identifier = $2 AND c.status <> 'revoked'
$_$;

ALTER FUNCTION integrations.resolve_connection(provider text, account text) OWNER TO definer_role;

-- Name: scope_of_name(text, text, text); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.scope_of_name(p_kind text, p_account text, p_portfolio text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT CASE p_kind WHEN 'phone' THEN '' WHEN 'scoped_id' THEN p_account ELSE p_portfolio END
$$;

ALTER FUNCTION integrations.scope_of_name(p_kind text, p_account text, p_portfolio text) OWNER TO owner;

-- Name: settle_statuses(uuid[], text[], uuid[], timestamp with time zone); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.settle_statuses(p_organization_ids uuid[], p_provider_message_ids text[], p_outbox_ids uuid[], p_moment timestamp with time zone) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    wake_ups jsonb;
BEGIN
    PERFORM platform.release_echo(m.organization_id, m.id, told.provider_message_id)
    FROM unnest(p_organization_ids, p_provider_message_ids, p_outbox_ids) AS told (organization_id, provider_message_id, outbox_id)
    JOIN platform.outbox o ON o.organization_id = told.organization_id AND o.id = told.outbox_id
    JOIN platform.messages m ON m.organization_id = o.organization_id AND m.id = o.message_id AND m.external_message_id IS NULL;

    WITH told AS (
        SELECT organization_id, outbox_id, min(provider_message_id) AS provider_message_id
        FROM unnest(p_organization_ids, p_provider_message_ids, p_outbox_ids) AS told (organization_id, provider_message_id, outbox_id)
        WHERE outbox_id IS NOT NULL
        GROUP BY organization_id, outbox_id
    ), locked AS (
        SELECT o.organization_id, o.id, o.state AS previous_state, t.provider_message_id
        FROM told t JOIN platform.outbox o ON o.organization_id = t.organization_id AND o.id = t.outbox_id
        WHERE o.state IN ('sending', 'uncertain', 'ready', 'held', 'cancelled') AND o.attempt > 0
           OR o.provider_message_id <> t.provider_message_id
        ORDER BY o.id
        FOR NO KEY UPDATE OF o
    ), settled AS (
        UPDATE platform.outbox o
        SET state = 'accepted', accepted_at = coalesce(o.accepted_at, p_moment),
            provider_message_id = coalesce(o.provider_message_id, l.provider_message_id),
            -- two provider ids for one reply: the customer has it twice; that is counted and shown
            duplicate_detected_at = CASE WHEN o.provider_message_id <> l.provider_message_id
                                         THEN coalesce(o.duplicate_detected_at, p_moment) ELSE o.duplicate_detected_at END
        FROM locked l
        WHERE o.organization_id = l.organization_id AND o.id = l.id
        RETURNING o.organization_id, o.conversation_id, o.message_id, o.provider_message_id, l.previous_state
    ), named AS (
        UPDATE platform.messages m
        SET external_message_id = s.provider_message_id
        FROM settled s
        WHERE m.organization_id = s.organization_id AND m.id = s.message_id AND m.external_message_id IS NULL
    )
    SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object(
               'organization_id', s.organization_id, 'conversation_id', s.conversation_id, 'run_at', p_moment)), '[]')
    INTO wake_ups
    FROM settled s WHERE s.previous_state = 'uncertain';

    -- Without our id the message may be recorded at this very moment by its sender: see platform.apply_statuses.
    PERFORM pg_advisory_xact_lock(unknown.key)
    FROM (SELECT DISTINCT hashtextextended(provider_message_id, 20) AS key
          FROM unnest(p_provider_message_ids, p_outbox_ids) AS told (provider_message_id, outbox_id)
          WHERE outbox_id IS NULL
          ORDER BY key) AS unknown;
    PERFORM platform.merge_statuses(p_organization_ids, p_provider_message_ids);
    RETURN wake_ups;
END
$$;

ALTER FUNCTION integrations.settle_statuses(p_organization_ids uuid[], p_provider_message_ids text[], p_outbox_ids uuid[], p_moment timestamp with time zone) OWNER TO owner;

-- Name: settle_token_refresh(uuid, uuid, text, text, timestamp with time zone, boolean, text, double precision); Type: FUNCTION; Schema: integrations; Owner: definer_role

CREATE FUNCTION integrations.settle_token_refresh(p_organization_id uuid, p_connection_id uuid, p_old text, p_new text, p_expires_at timestamp with time zone, p_refused boolean, p_detail text, p_retry_seconds double precision) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE integrations.connections n
    SET access_token = coalesce(p_new, n.access_token),
        token_expires_at = CASE WHEN p_new IS NULL THEN n.token_expires_at ELSE p_expires_at END,
        token_refreshed_at = CASE WHEN p_new IS NULL THEN n.token_refreshed_at ELSE clock_timestamp() END,
        token_refresh_after = CASE WHEN p_new IS NULL AND NOT p_refused
                                   THEN clock_timestamp() + make_interval(secs => p_retry_seconds) END,
        status = CASE WHEN p_refused THEN 'expired' ELSE n.status END,
        last_error = coalesce(p_detail, n.last_error)
    WHERE n.organization_id = p_organization_id AND n.id = p_connection_id AND n.access_token = p_old AND n.status = 'active';
    IF FOUND AND p_refused THEN
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
        VALUES (p_organization_id, 'connection.needs_attention', 'integration', p_connection_id, false, p_detail,
                '{"status": "expired", "reason": "token_refused"}');
        RETURN true;
    END IF;
    RETURN FOUND;
END
$$;

ALTER FUNCTION integrations.settle_token_refresh(p_organization_id uuid, p_connection_id uuid, p_old text, p_new text, p_expires_at timestamp with time zone, p_refused boolean, p_detail text, p_retry_seconds double precision) OWNER TO definer_role;

-- Name: silence(uuid, uuid, uuid, timestamp with time zone); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.silence(p_organization_id uuid, p_connection_id uuid, p_contact_id uuid, p_moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION integrations.silence(p_organization_id uuid, p_connection_id uuid, p_contact_id uuid, p_moment timestamp with time zone) OWNER TO owner;

-- Name: update_names(integrations.customer_name[]); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.update_names(p_names integrations.customer_name[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION integrations.update_names(p_names integrations.customer_name[]) OWNER TO owner;

-- Name: uuid_or_null(text); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.uuid_or_null(p_text text) RETURNS uuid
    LANGUAGE sql IMMUTABLE
    AS $_$
    SELECT CASE WHEN p_text ~* '^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$' THEN p_text::uuid END
$_$;

ALTER FUNCTION integrations.uuid_or_null(p_text text) OWNER TO owner;

-- Name: watch_channels(double precision, integer, integer); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.watch_channels(p_silent_seconds double precision, p_slices integer, p_slice integer) RETURNS TABLE(organization_id uuid, connection_id uuid, change text)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    WITH looked AS (
        SELECT n.organization_id, n.id,
               (SELECT e.created_at FROM integrations.webhook_events e
                WHERE e.organization_id = n.organization_id AND e.connection_id = n.id
                  AND e.created_at > coalesce(n.last_webhook_at, n.created_at)
                ORDER BY e.created_at DESC LIMIT 1) AS webhook_at,
               (SELECT o.accepted_at FROM platform.outbox o
                WHERE o.organization_id = n.organization_id AND o.connection_id = n.id AND o.accepted_at IS NOT NULL
                ORDER BY o.accepted_at DESC LIMIT 1) AS send_at
        FROM integrations.connections n
        WHERE n.status <> 'revoked'
          AND (abs(hashtext(n.id::text) % p_slices) = p_slice
               OR EXISTS (SELECT FROM integrations.connection_alerts a
                          WHERE a.organization_id = n.organization_id AND a.connection_id = n.id AND a.kind = 'silent'
                            AND a.cleared_at IS NULL))
    )
    UPDATE integrations.connections n
    SET last_webhook_at = greatest(n.last_webhook_at, l.webhook_at), last_send_at = greatest(n.last_send_at, l.send_at)
    FROM looked l
    WHERE n.organization_id = l.organization_id AND n.id = l.id
      AND (l.webhook_at > coalesce(n.last_webhook_at, '-infinity') OR l.send_at > coalesce(n.last_send_at, '-infinity'));

    RETURN QUERY
        UPDATE integrations.connection_alerts a SET cleared_at = moment
        FROM integrations.connections n
        WHERE a.kind = 'silent' AND a.cleared_at IS NULL
          AND n.organization_id = a.organization_id AND n.id = a.connection_id AND n.last_webhook_at > a.raised_at
        RETURNING a.organization_id, a.connection_id, 'heard';

    RETURN QUERY
        WITH unheard AS MATERIALIZED ( -- the alert is raised for what was found, not while it is looked for
            SELECT n.organization_id, n.id
            FROM integrations.connections n
            WHERE n.status = 'active' AND n.provider IN ('whatsapp', 'instagram', 'messenger')
              AND n.last_send_at > coalesce(n.last_webhook_at, n.created_at) + interval '1 minute'
              AND (SELECT o.accepted_at FROM platform.outbox o
                   WHERE o.organization_id = n.organization_id AND o.connection_id = n.id
                     AND o.accepted_at > coalesce(n.last_webhook_at, n.created_at) + interval '1 minute'
                   ORDER BY o.accepted_at LIMIT 1) <= moment - make_interval(secs => p_silent_seconds)
        )
        SELECT u.organization_id, u.id, 'silent' FROM unheard u
        WHERE integrations.raise_alert(u.organization_id, u.id, 'silent', 'no_webhook', NULL);
END
$$;

ALTER FUNCTION integrations.watch_channels(p_silent_seconds double precision, p_slices integer, p_slice integer) OWNER TO owner;

-- Name: watch_tokens(double precision); Type: FUNCTION; Schema: integrations; Owner: owner

CREATE FUNCTION integrations.watch_tokens(p_warn_seconds double precision) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
DECLARE
    soon timestamptz := clock_timestamp() + make_interval(secs => p_warn_seconds);
    expired int;
    warned int;
BEGIN
    WITH over AS (
        UPDATE integrations.connections n
        SET status = 'expired', attention_reason = 'token_expired', last_error = 'the access token is past its end'
        WHERE n.status = 'active' AND n.token_expires_at <= clock_timestamp()
        RETURNING n.organization_id, n.id
    ), told AS (
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
        SELECT o.organization_id, 'connection.needs_attention', 'integration', o.id, false, 'the access token is past its end',
               '{"status": "expired", "reason": "token_expired"}'
        FROM over o
    )
    SELECT count(*) INTO expired FROM over;

    UPDATE integrations.connection_alerts a SET cleared_at = clock_timestamp()
    FROM integrations.connections n
    WHERE a.kind = 'token_expiring' AND a.cleared_at IS NULL AND n.organization_id = a.organization_id AND n.id = a.connection_id
      AND (n.status <> 'active' OR n.token_expires_at IS NULL OR n.token_expires_at > soon);

    WITH ending AS MATERIALIZED (
        SELECT n.organization_id, n.id, n.token_expires_at FROM integrations.connections n
        WHERE n.status = 'active' AND n.token_expires_at <= soon
    )
    SELECT count(*) INTO warned FROM ending e
    WHERE integrations.raise_alert(e.organization_id, e.id, 'token_expiring', 'token_expiring',
                                   to_char(e.token_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'));
    RETURN jsonb_build_object('tokens_expired', expired, 'expiries_announced', warned);
END
$$;

ALTER FUNCTION integrations.watch_tokens(p_warn_seconds double precision) OWNER TO owner;

-- Name: add_encryption_key(text, uuid, bytea, text); Type: FUNCTION; Schema: platform; Owner: definer_role

CREATE FUNCTION platform.add_encryption_key(key_id text, key_organization_id uuid, new_wrapped_keyset bytea, new_master_key text) RETURNS TABLE(wrapped_keyset bytea, master_key text, destroyed_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF key_organization_id IS DISTINCT FROM NULL
        AND key_organization_id IS DISTINCT FROM platform.current_organization_id()
    THEN
        RAISE EXCEPTION 'an encryption key is made in the transaction of its own organization'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO platform.encryption_keys (id, organization_id, wrapped_keyset, master_key)
    VALUES (key_id, key_organization_id, new_wrapped_keyset, new_master_key)
    ON CONFLICT (id) DO NOTHING;
    RETURN QUERY SELECT k.wrapped_keyset, k.master_key, k.destroyed_at
    FROM platform.encryption_keys AS k
    WHERE k.id = key_id AND k.organization_id IS NOT DISTINCT FROM key_organization_id;
END
$$;

ALTER FUNCTION platform.add_encryption_key(key_id text, key_organization_id uuid, new_wrapped_keyset bytea, new_master_key text) OWNER TO definer_role;

-- Name: admit_all_tenants(regclass, name); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.admit_all_tenants(target regclass, role_name name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY %I ON %s FOR ALL TO %I USING (true) WITH CHECK (true)',
        format('%s_%s', role_name, (SELECT relname FROM pg_class WHERE oid = target)), target, role_name
    );
END
$$;

ALTER FUNCTION platform.admit_all_tenants(target regclass, role_name name) OWNER TO owner;

-- Name: apply_statuses(uuid, text); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.apply_statuses(p_organization_id uuid, p_provider_message_id text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    m record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_provider_message_id, 20));
    -- nearly always there is none yet; the id is new, so what came before it came today, and one or two months are looked at
    IF EXISTS (SELECT FROM platform.message_statuses s
               WHERE s.organization_id = p_organization_id AND s.provider_message_id = p_provider_message_id
                 AND s.received_at > clock_timestamp() - interval '1 day')
    THEN
        PERFORM platform.merge_statuses(ARRAY[p_organization_id], ARRAY[p_provider_message_id]);
    END IF;
    SELECT x.connection_id, c.channel, c.contact_id INTO m
    FROM integrations.connections n
    JOIN platform.messages x ON x.organization_id = n.organization_id AND x.connection_id = n.id AND x.external_message_id = p_provider_message_id
    JOIN platform.conversations c ON c.organization_id = x.organization_id AND c.id = x.conversation_id
    WHERE n.organization_id = p_organization_id
    LIMIT 1;
    IF EXISTS (SELECT FROM platform.message_amendments a
               WHERE a.organization_id = p_organization_id AND a.connection_id = m.connection_id AND a.target = p_provider_message_id
                 AND a.message_id IS NULL)
    THEN
        PERFORM platform.merge_amendments(ARRAY[p_organization_id], ARRAY[m.connection_id], ARRAY[p_provider_message_id]);
    END IF;
    IF m.channel = 'facebook' AND m.contact_id IS NOT NULL THEN
        PERFORM platform.merge_watermarks(ARRAY[p_organization_id], ARRAY[m.connection_id], ARRAY[m.contact_id]);
    END IF;
END
$$;

ALTER FUNCTION platform.apply_statuses(p_organization_id uuid, p_provider_message_id text) OWNER TO owner;

-- Name: attach_month(regclass, timestamp with time zone); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.attach_month(parent regclass, at timestamp with time zone) RETURNS regclass
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO, YMD'
    SET lock_timeout TO '2s'
    AS $$
DECLARE
    first_moment timestamptz := date_trunc('month', at, 'UTC');
    next_month timestamptz := first_moment + INTERVAL '1 month';
    schema_name name;
    parent_name name;
    partition_name text;
    time_column name;
    existing record;
BEGIN
    SELECT n.nspname, c.relname, a.attname INTO schema_name, parent_name, time_column
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_partitioned_table AS p ON p.partrelid = c.oid AND p.partstrat = 'r' AND p.partnatts = 1
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
    WHERE c.oid = parent AND a.atttypid = 'timestamptz'::regtype AND a.attnotnull;
    IF time_column IS NULL OR NOT isfinite(at) THEN
        RAISE EXCEPTION '% is not partitioned by one timestamptz column, or % is not a moment', parent, at
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    FOR attempt IN 1..2 LOOP
        SELECT * INTO existing FROM platform.month_partitions(parent) AS p
        WHERE p.month_start IS NULL OR (p.month_start < next_month AND first_moment < p.month_end)
        ORDER BY p.month_start NULLS FIRST LIMIT 1;
        IF FOUND AND existing.month_start <= first_moment AND next_month <= existing.month_end THEN
            RETURN existing.partition;
        ELSIF FOUND THEN
            RAISE EXCEPTION 'partition % of % is in the way of the month of %', existing.partition, parent, first_moment
                USING ERRCODE = 'invalid_object_definition',
                      HINT = 'Detach it, or give it the bounds of whole months in UTC.';
        END IF;
        IF attempt = 1 THEN
            PERFORM pg_advisory_xact_lock(hashtextextended('platform.attach_month ' || parent::text, 0));
        END IF;
    END LOOP;

    partition_name := format('%s_%s', parent_name, to_char(first_moment, 'YYYY_MM'));
    IF to_regclass(format('%I.%I', schema_name, partition_name)) IS NOT NULL THEN
        RAISE EXCEPTION 'a table named %.% exists but is no month of %', schema_name, partition_name, parent
            USING ERRCODE = 'duplicate_table', HINT = 'Rename it or drop it, then ask for the month again.';
    END IF;
    -- ATTACH takes a lock that lets inserts into the other months go on; CREATE TABLE … PARTITION OF would stop them.
    EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL)', schema_name, partition_name, parent);
    EXECUTE format(
        'ALTER TABLE %I.%I ADD CONSTRAINT %I CHECK (%I >= %L AND %I < %L)', schema_name, partition_name,
        partition_name || '_month', time_column, first_moment, time_column, next_month
    );
    PERFORM platform.copy_row_security(parent, format('%I.%I', schema_name, partition_name)::regclass);
    EXECUTE format(
        'ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)', parent, schema_name, partition_name,
        first_moment, next_month
    );
    RETURN format('%I.%I', schema_name, partition_name)::regclass;
END
$$;

ALTER FUNCTION platform.attach_month(parent regclass, at timestamp with time zone) OWNER TO owner;

-- Name: copy_row_security(regclass, regclass); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.copy_row_security(parent regclass, partition regclass) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    source pg_class;
    copy pg_class;
    policy record;
    listing CONSTANT text := $list$
        SELECT array_agg(format('%s|%s|%s|%s|%s|%s', polname, polcmd, polpermissive, polroles,
               pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) ORDER BY polname)
        FROM pg_policy WHERE polrelid = $1 $list$;
    wanted text[];
    present text[];
BEGIN
    SELECT * INTO source FROM pg_class WHERE oid = parent;
    SELECT * INTO copy FROM pg_class WHERE oid = partition;
    EXECUTE listing INTO wanted USING parent;
    EXECUTE listing INTO present USING partition;
    IF wanted IS NOT DISTINCT FROM present
        AND source.relrowsecurity = copy.relrowsecurity
        AND source.relforcerowsecurity = copy.relforcerowsecurity
    THEN
        RETURN false;
    END IF;
    IF source.relrowsecurity THEN
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', partition);
    END IF;
    IF source.relforcerowsecurity THEN
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', partition);
    END IF;
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = partition LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy.polname, partition);
    END LOOP;
    FOR policy IN
        SELECT policyname, permissive, cmd, qual, with_check,
               (SELECT string_agg(quote_ident(role_name), ', ') FROM unnest(roles) AS role_name) AS role_names
        FROM pg_policies
        WHERE tablename = source.relname
          AND schemaname = (SELECT nspname FROM pg_namespace WHERE oid = source.relnamespace)
    LOOP
        EXECUTE format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', policy.policyname, partition,
                       policy.permissive, policy.cmd, policy.role_names)
            || coalesce(' USING (' || policy.qual || ')', '')
            || coalesce(' WITH CHECK (' || policy.with_check || ')', '');
    END LOOP;
    RETURN true;
END
$_$;

ALTER FUNCTION platform.copy_row_security(parent regclass, partition regclass) OWNER TO owner;

-- Name: covering_chunks(text[], double precision[], text); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.covering_chunks(lexemes text[], weights double precision[], model text) RETURNS TABLE(chunk_id uuid, coverage double precision)
    LANGUAGE plpgsql STABLE ROWS 200
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_material TO 'off'
    AS $$
DECLARE
    queries tsquery[];
BEGIN
    -- quoted, so that no lexeme is read as an operator; what lies between bars will do as well
    SELECT array_agg(('''' || replace(replace(replace(lexeme, '\', '\\'), '''', ''''''), '|', '''|''') || '''')::tsquery
                     ORDER BY place)
    INTO queries
    FROM unnest(lexemes) WITH ORDINALITY AS given (lexeme, place);
    RETURN QUERY
    WITH live AS MATERIALIZED (
        SELECT entry.id FROM platform.knowledge_base AS entry
        WHERE entry.status = 'active' AND (entry.valid_until IS NULL OR entry.valid_until > now())
    ), total AS (
        SELECT greatest(count(*), 1)::double precision AS chunks
        FROM platform.knowledge_chunks AS chunk
        WHERE chunk.embedding_model = model AND (chunk.knowledge_id IN (SELECT live.id FROM live)) IS TRUE
    ), term AS MATERIALIZED (
        SELECT place, one_query, weight FROM unnest(queries, weights) WITH ORDINALITY AS given (one_query, weight, place)
    ), hit AS MATERIALIZED (
        SELECT chunk.id, term.place
        FROM platform.knowledge_chunks AS chunk JOIN term ON chunk.search_vector @@ term.one_query
        WHERE chunk.embedding_model = model AND (chunk.knowledge_id IN (SELECT live.id FROM live)) IS TRUE
    ), loudness AS MATERIALIZED (
        -- rarity is a share of the chunks, not a number, so that one threshold fits small and large tenants
        SELECT term.place,
               CASE WHEN term.weight < 0 AND found.chunks IS NULL THEN 0
                    ELSE abs(term.weight) * ln(1 + 1 / (coalesce(found.chunks, 0) / total.chunks + 0.02)) END AS value
        FROM term CROSS JOIN total
        LEFT JOIN (SELECT hit.place, count(*) AS chunks FROM hit GROUP BY hit.place) AS found USING (place)
    )
    SELECT hit.id, sum(loudness.value) / (SELECT sum(loudness.value) FROM loudness)
    FROM hit JOIN loudness USING (place)
    GROUP BY hit.id;
END
$$;

ALTER FUNCTION platform.covering_chunks(lexemes text[], weights double precision[], model text) OWNER TO owner;

-- Name: current_organization_id(); Type: FUNCTION; Schema: platform; Owner: definer_role

CREATE FUNCTION platform.current_organization_id() RETURNS uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    context text := current_setting('app.current_organization_id', true);
BEGIN
    -- The whole of it is compared as text: no pattern and no decoding, which would take twice as long as the two hashes,
    -- and this runs for each table of each statement.
    IF EXISTS (
        SELECT FROM platform.context_keys AS key
        WHERE key.retired_at IS NULL
          AND '.' || encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(left(context, 36), 'UTF8'))), 'hex')
            = substr(context, 37)
    ) THEN
        RETURN left(context, 36)::uuid;
    END IF;
    RETURN NULL;
END
$$;

ALTER FUNCTION platform.current_organization_id() OWNER TO definer_role;

-- Name: delivery_rank(text); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.delivery_rank(p_status text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT CASE p_status WHEN 'sent' THEN 1 WHEN 'failed' THEN 2 WHEN 'delivered' THEN 3 WHEN 'read' THEN 4 ELSE 0 END
$$;

ALTER FUNCTION platform.delivery_rank(p_status text) OWNER TO owner;

-- Name: ensure_partition(regclass, timestamp with time zone); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.ensure_partition(parent regclass, at timestamp with time zone) RETURNS regclass
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM platform.partitioned_tables AS t WHERE to_regclass(t.table_name) = parent) THEN
        RAISE EXCEPTION '% is not registered in platform.partitioned_tables', parent
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF (at BETWEEN clock_timestamp() - INTERVAL '24 months' AND clock_timestamp() + INTERVAL '24 months') IS NOT TRUE THEN
        RAISE EXCEPTION '% is more than 24 months away: no partition is made for it', at
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN platform.attach_month(parent, at);
END
$$;

ALTER FUNCTION platform.ensure_partition(parent regclass, at timestamp with time zone) OWNER TO owner;

-- Name: ensure_partitions(integer, integer); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.ensure_partitions(months_behind integer DEFAULT 1, months_ahead integer DEFAULT 3) RETURNS SETOF regclass
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
DECLARE
    parent regclass;
    month integer;
BEGIN
    IF NOT (months_behind BETWEEN 0 AND 24 AND months_ahead BETWEEN 0 AND 24) THEN
        RAISE EXCEPTION 'months_behind and months_ahead are 0 to 24, not % and %', months_behind, months_ahead
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR parent IN SELECT t.table_name::regclass FROM platform.partitioned_tables AS t ORDER BY t.table_name LOOP
        FOR month IN -months_behind..months_ahead LOOP
            RETURN NEXT platform.attach_month(
                parent, date_trunc('month', clock_timestamp(), 'UTC') + make_interval(months => month)
            );
        END LOOP;
        PERFORM platform.copy_row_security(parent, p.partition) FROM platform.month_partitions(parent) AS p;
    END LOOP;
END
$$;

ALTER FUNCTION platform.ensure_partitions(months_behind integer, months_ahead integer) OWNER TO owner;

-- Name: forget_drafts_of_message(); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.forget_drafts_of_message() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM platform.faq_drafts d
    WHERE d.organization_id = NEW.organization_id AND (d.question_message_id = NEW.id OR d.answer_message_id = NEW.id);
    DELETE FROM platform.faq_draft_sources s
    WHERE s.organization_id = NEW.organization_id AND (s.question_message_id = NEW.id OR s.answer_message_id = NEW.id);
    RETURN NULL;
END
$$;

ALTER FUNCTION platform.forget_drafts_of_message() OWNER TO owner;

-- Name: get_encryption_key(text); Type: FUNCTION; Schema: platform; Owner: definer_role

CREATE FUNCTION platform.get_encryption_key(key_id text) RETURNS TABLE(wrapped_keyset bytea, master_key text, destroyed_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
    SELECT k.wrapped_keyset, k.master_key, k.destroyed_at
    FROM platform.encryption_keys AS k
    WHERE k.id = $1
      AND (k.organization_id IS NULL OR k.organization_id = platform.current_organization_id())
$_$;

ALTER FUNCTION platform.get_encryption_key(key_id text) OWNER TO definer_role;

-- Name: isolate_tenant(regclass, name); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.isolate_tenant(target regclass, tenant_column name DEFAULT 'organization_id'::name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    own_rows text := format('%I = (SELECT platform.current_organization_id())', tenant_column);
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY %I ON %s FOR ALL TO application_role USING (%s) WITH CHECK (%s)',
        'tenant_isolation_' || (SELECT relname FROM pg_class WHERE oid = target), target, own_rows, own_rows
    );
END
$$;

ALTER FUNCTION platform.isolate_tenant(target regclass, tenant_column name) OWNER TO owner;

-- Name: join_conversations(uuid, uuid, uuid[], timestamp with time zone); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.join_conversations(p_organization_id uuid, p_survivor uuid, p_contact_ids uuid[], p_moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION platform.join_conversations(p_organization_id uuid, p_survivor uuid, p_contact_ids uuid[], p_moment timestamp with time zone) OWNER TO owner;

-- Name: merge_amendments(uuid[], uuid[], text[]); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.merge_amendments(p_organization_ids uuid[], p_connection_ids uuid[], p_targets text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH amended AS MATERIALIZED (
        SELECT m.organization_id, m.id, m.connection_id, m.external_message_id AS target
        FROM (SELECT DISTINCT * FROM unnest(p_organization_ids, p_connection_ids, p_targets)) asked (organization_id, connection_id, target)
        JOIN platform.messages m ON m.organization_id = asked.organization_id AND m.connection_id = asked.connection_id
                                AND m.external_message_id = asked.target
        ORDER BY m.id
        FOR NO KEY UPDATE OF m
    ), told AS (
        SELECT x.organization_id, x.id, min(a.occurred_at) FILTER (WHERE a.kind = 'deletion') AS deleted_at,
               max(a.occurred_at) FILTER (WHERE a.kind = 'edit') AS edited_at,
               (array_agg(a.text_content ORDER BY a.occurred_at DESC, a.event_key DESC) FILTER (WHERE a.kind = 'edit'))[1] AS text_content,
               bool_or(a.kind = 'reaction') AS reacted
        FROM amended x JOIN platform.message_amendments a USING (organization_id, connection_id, target)
        GROUP BY x.organization_id, x.id
    ), applied AS (
        UPDATE platform.message_amendments a
        SET message_id = x.id, text_content = CASE WHEN t.deleted_at IS NULL THEN a.text_content END
        FROM amended x JOIN told t USING (organization_id, id)
        WHERE a.organization_id = x.organization_id AND a.connection_id = x.connection_id AND a.target = x.target
          AND (a.message_id IS NULL OR t.deleted_at IS NOT NULL)
    )
    UPDATE platform.messages m
    SET deleted_at = least(m.deleted_at, t.deleted_at), edited_at = greatest(m.edited_at, t.edited_at),
        text_content = CASE WHEN t.deleted_at IS NULL THEN coalesce(t.text_content, m.text_content) END,
        metadata = CASE WHEN t.deleted_at IS NOT NULL THEN '{}'
                        WHEN t.edited_at IS NOT NULL AND m.edited_at IS NULL AND m.text_content IS NOT NULL
                        THEN m.metadata || jsonb_build_object('first_text', m.text_content) ELSE m.metadata END,
        reactions = CASE WHEN t.reacted THEN (
                SELECT coalesce(jsonb_agg(jsonb_build_object('by', r.actor, 'emoji', r.emoji, 'at', r.occurred_at) ORDER BY r.actor)
                                FILTER (WHERE r.emoji IS NOT NULL), '[]')
                FROM (SELECT DISTINCT ON (a.actor) a.actor, a.emoji, a.occurred_at
                      FROM platform.message_amendments a
                      WHERE a.organization_id = x.organization_id AND a.connection_id = x.connection_id AND a.target = x.target
                        AND a.kind = 'reaction'
                      ORDER BY a.actor, a.occurred_at DESC, a.event_key DESC) r)
            ELSE m.reactions END
    FROM amended x JOIN told t USING (organization_id, id)
    WHERE m.organization_id = x.organization_id AND m.id = x.id;
    PERFORM agents.forget_words(m)
    FROM (SELECT DISTINCT * FROM unnest(p_organization_ids, p_connection_ids, p_targets)) asked (organization_id, connection_id, target)
    JOIN platform.messages m ON m.organization_id = asked.organization_id AND m.connection_id = asked.connection_id
                            AND m.external_message_id = asked.target AND m.deleted_at IS NOT NULL;
END
$$;

ALTER FUNCTION platform.merge_amendments(p_organization_ids uuid[], p_connection_ids uuid[], p_targets text[]) OWNER TO owner;

-- Name: merge_contacts(uuid, uuid[], text, uuid, timestamp with time zone); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.merge_contacts(p_organization_id uuid, p_contact_ids uuid[], p_reason text, p_event_id uuid, p_moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
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

ALTER FUNCTION platform.merge_contacts(p_organization_id uuid, p_contact_ids uuid[], p_reason text, p_event_id uuid, p_moment timestamp with time zone) OWNER TO owner;

-- Name: merge_statuses(uuid[], text[]); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.merge_statuses(p_organization_ids uuid[], p_provider_message_ids text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH reported AS (
        SELECT s.organization_id, s.connection_id, s.provider_message_id,
               min(s.occurred_at) FILTER (WHERE s.status = 'sent') AS sent_at,
               min(s.occurred_at) FILTER (WHERE s.status = 'delivered') AS delivered_at,
               min(s.occurred_at) FILTER (WHERE s.status = 'read') AS read_at,
               min(s.occurred_at) FILTER (WHERE s.status = 'failed') AS failed_at,
               (array_agg(s.error_code ORDER BY s.occurred_at, s.error_code) FILTER (WHERE s.status = 'failed'))[1] AS error_code,
               (array_agg(s.error_detail ORDER BY s.occurred_at, s.error_code) FILTER (WHERE s.status = 'failed'))[1] AS error_detail,
               max(platform.delivery_rank(s.status)) AS reached
        FROM unnest(p_organization_ids, p_provider_message_ids) AS asked (organization_id, provider_message_id)
        JOIN platform.message_statuses s USING (organization_id, provider_message_id)
        GROUP BY s.organization_id, s.connection_id, s.provider_message_id
    ), locked AS (
        -- in one order for everybody, so that two deliveries about the same messages cannot block each other
        SELECT m.id, r.*
        FROM reported r
        JOIN platform.messages m ON m.organization_id = r.organization_id AND m.connection_id = r.connection_id
                                AND m.external_message_id = r.provider_message_id AND m.direction = 'outbound'
        ORDER BY m.id
        FOR NO KEY UPDATE OF m
    )
    UPDATE platform.messages m
    SET sent_at = least(m.sent_at, l.sent_at), delivered_at = least(m.delivered_at, l.delivered_at),
        read_at = least(m.read_at, l.read_at), failed_at = least(m.failed_at, l.failed_at),
        error_code = coalesce(l.error_code, m.error_code), error_detail = coalesce(l.error_detail, m.error_detail),
        delivery_status = CASE WHEN l.reached > platform.delivery_rank(m.delivery_status)
                               THEN (ARRAY['sent', 'failed', 'delivered', 'read'])[l.reached] ELSE m.delivery_status END
    FROM locked l
    WHERE m.organization_id = l.organization_id AND m.id = l.id;
END
$$;

ALTER FUNCTION platform.merge_statuses(p_organization_ids uuid[], p_provider_message_ids text[]) OWNER TO owner;

-- Name: merge_watermarks(uuid[], uuid[], uuid[]); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.merge_watermarks(p_organization_ids uuid[], p_connection_ids uuid[], p_contact_ids uuid[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- who records a message as sent and who records a watermark take turns, so that one of the two sees the other
    PERFORM pg_advisory_xact_lock(hashtextextended(asked.contact_id::text, 21))
    FROM (SELECT DISTINCT contact_id FROM unnest(p_contact_ids) AS a (contact_id) ORDER BY contact_id) asked;
    WITH sent AS (
        SELECT m.organization_id, m.id, m.connection_id, c.contact_id, coalesce(o.sending_at, m.platform_timestamp, m.created_at) AS at
        FROM (SELECT DISTINCT * FROM unnest(p_organization_ids, p_connection_ids, p_contact_ids)) asked (organization_id, connection_id, contact_id)
        JOIN platform.conversations c ON c.organization_id = asked.organization_id AND c.connection_id = asked.connection_id
                                     AND c.contact_id = asked.contact_id
        JOIN platform.messages m ON m.organization_id = c.organization_id AND m.conversation_id = c.id AND m.direction = 'outbound'
                                AND m.external_message_id IS NOT NULL
        LEFT JOIN platform.outbox o ON o.organization_id = m.organization_id AND o.message_id = m.id
    ), reported AS (
        SELECT s.organization_id, s.id, min(w.occurred_at) FILTER (WHERE w.status = 'delivered') AS delivered_at,
               min(w.occurred_at) FILTER (WHERE w.status = 'read') AS read_at
        FROM sent s
        JOIN platform.message_watermarks w ON w.organization_id = s.organization_id AND w.connection_id = s.connection_id
                                          AND w.contact_id = s.contact_id AND w.occurred_at >= s.at
        GROUP BY s.organization_id, s.id
    ), locked AS (
        SELECT r.* FROM reported r JOIN platform.messages m ON m.organization_id = r.organization_id AND m.id = r.id
        WHERE r.delivered_at < coalesce(m.delivered_at, 'infinity') OR r.read_at < coalesce(m.read_at, 'infinity')
        ORDER BY r.id
        FOR NO KEY UPDATE OF m
    )
    UPDATE platform.messages m
    SET delivered_at = least(m.delivered_at, l.delivered_at), read_at = least(m.read_at, l.read_at),
        delivery_status = CASE WHEN l.read_at IS NOT NULL THEN 'read'
                               WHEN platform.delivery_rank(m.delivery_status) < platform.delivery_rank('delivered') THEN 'delivered'
                               ELSE m.delivery_status END
    FROM locked l
    WHERE m.organization_id = l.organization_id AND m.id = l.id;
END
$$;

ALTER FUNCTION platform.merge_watermarks(p_organization_ids uuid[], p_connection_ids uuid[], p_contact_ids uuid[]) OWNER TO owner;

-- Name: month_partitions(regclass); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.month_partitions(parent regclass) RETURNS TABLE(partition regclass, month_start timestamp with time zone, month_end timestamp with time zone)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO, YMD'
    AS $_$
    SELECT child.oid::regclass, bound[1]::timestamptz, bound[2]::timestamptz
    FROM pg_inherits
    JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
    CROSS JOIN LATERAL regexp_match(
        pg_get_expr(child.relpartbound, child.oid), $re$FROM \('([^']+)'\) TO \('([^']+)'\)$re$
    ) AS bound
    WHERE pg_inherits.inhparent = $1
    ORDER BY 2
$_$;

ALTER FUNCTION platform.month_partitions(parent regclass) OWNER TO owner;

-- Name: nearest_chunks(public.vector, text, integer); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.nearest_chunks(query public.vector, model text, candidate_limit integer) RETURNS TABLE(chunk_id uuid, cosine double precision)
    LANGUAGE plpgsql STABLE ROWS 60
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
DECLARE
    query_bits bit(1536) := public.binary_quantize(query)::bit(1536);
BEGIN
    RETURN QUERY
    WITH candidate AS MATERIALIZED (
        (SELECT chunk.id
         FROM platform.knowledge_chunks AS chunk
         WHERE chunk.embedding_model = model
           AND NOT chunk.ann_indexed
           AND (chunk.knowledge_id IN (
               SELECT entry.id FROM platform.knowledge_base AS entry
               WHERE entry.status = 'active' AND (entry.valid_until IS NULL OR entry.valid_until > now())
           )) IS TRUE -- a filter of one scan, not a join: each entry's chunks would be looked up apart
         ORDER BY chunk.embedding_bits OPERATOR(public.<~>) query_bits
         LIMIT candidate_limit)
        UNION ALL
        SELECT indexed.chunk_id FROM platform.nearest_indexed_chunks(query_bits, model, candidate_limit) AS indexed
        WHERE EXISTS (
            SELECT FROM platform.knowledge_chunks AS chunk WHERE chunk.embedding_model = model AND chunk.ann_indexed
        )
    )
    SELECT chunk.id, 1 - (chunk.embedding OPERATOR(public.<=>) query) AS similarity
    FROM candidate JOIN platform.knowledge_chunks AS chunk USING (id)
    ORDER BY similarity DESC, chunk.id;
END
$$;

ALTER FUNCTION platform.nearest_chunks(query public.vector, model text, candidate_limit integer) OWNER TO owner;

-- Name: nearest_indexed_chunks(bit, text, integer); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.nearest_indexed_chunks(query_bits bit, model text, candidate_limit integer) RETURNS TABLE(chunk_id uuid)
    LANGUAGE plpgsql STABLE ROWS 60
    SET "hnsw.ef_search" TO '100'
    SET "hnsw.iterative_scan" TO 'strict_order'
    SET "hnsw.max_scan_tuples" TO '200000'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    SET enable_material TO 'off'
    AS $$
BEGIN
    RETURN QUERY
    SELECT chunk.id
    FROM platform.knowledge_chunks AS chunk
    WHERE chunk.embedding_model = model
      AND chunk.ann_indexed
      AND EXISTS (
          SELECT FROM platform.knowledge_base AS entry
          WHERE entry.id = chunk.knowledge_id
            AND entry.status = 'active' AND (entry.valid_until IS NULL OR entry.valid_until > now())
      )
    ORDER BY chunk.embedding_bits OPERATOR(public.<~>) query_bits
    LIMIT candidate_limit;
END
$$;

ALTER FUNCTION platform.nearest_indexed_chunks(query_bits bit, model text, candidate_limit integer) OWNER TO owner;

-- Name: release_echo(uuid, uuid, text); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.release_echo(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE platform.messages e
    SET external_message_id = NULL, delivery_status = 'failed', error_code = 'own_echo',
        metadata = e.metadata || jsonb_build_object('echo_of', p_message_id)
    FROM platform.messages m
    WHERE m.organization_id = p_organization_id AND m.id = p_message_id
      AND e.organization_id = m.organization_id AND e.connection_id = m.connection_id AND e.external_message_id = p_provider_message_id
      AND e.id <> m.id AND e.direction = 'outbound' AND e.sender_type = 'human';
END
$$;

ALTER FUNCTION platform.release_echo(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) OWNER TO owner;

-- Name: search_knowledge(public.vector, text, text[], double precision[], integer, integer); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.search_knowledge(query public.vector, model text, lexemes text[], weights double precision[], candidate_limit integer, result_limit integer) RETURNS TABLE(chunk_id uuid, knowledge_id uuid, heading text, content text, cosine double precision, coverage double precision, vector_rank integer, text_rank integer)
    LANGUAGE plpgsql STABLE ROWS 20
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
BEGIN
    RETURN QUERY
    WITH near AS MATERIALIZED (
        SELECT found.chunk_id AS id, found.cosine,
               (row_number() OVER (ORDER BY found.cosine DESC, found.chunk_id))::integer AS place
        FROM platform.nearest_chunks(query, model, candidate_limit) AS found
        ORDER BY place LIMIT candidate_limit
    ), covering AS MATERIALIZED (
        SELECT found.chunk_id AS id, found.coverage,
               (row_number() OVER (ORDER BY found.coverage DESC, near.cosine DESC NULLS LAST, found.chunk_id))::integer
                   AS place
        FROM platform.covering_chunks(lexemes, weights, model) AS found
        LEFT JOIN near ON near.id = found.chunk_id
    ), fused AS MATERIALIZED (
        SELECT id, near.cosine, covering.coverage, near.place AS near_place, covering.place AS covering_place,
               coalesce(1.0 / (60 + near.place), 0) + coalesce(1.0 / (60 + covering.place), 0) AS value
        FROM near FULL JOIN covering USING (id)
        ORDER BY value DESC, id LIMIT result_limit
    )
    SELECT chunk.id, chunk.knowledge_id, chunk.heading, chunk.content,
           coalesce(fused.cosine, 1 - (chunk.embedding OPERATOR(public.<=>) query)),
           coalesce(fused.coverage, 0), fused.near_place, fused.covering_place
    FROM fused JOIN platform.knowledge_chunks AS chunk USING (id)
    ORDER BY fused.value DESC, chunk.id;
END
$$;

ALTER FUNCTION platform.search_knowledge(query public.vector, model text, lexemes text[], weights double precision[], candidate_limit integer, result_limit integer) OWNER TO owner;

-- Name: set_updated_at(); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.set_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;

ALTER FUNCTION platform.set_updated_at() OWNER TO owner;

-- Name: track_updates(regclass); Type: FUNCTION; Schema: platform; Owner: owner

CREATE FUNCTION platform.track_updates(target regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at()', target
    );
END
$$;

ALTER FUNCTION platform.track_updates(target regclass) OWNER TO owner;

-- Name: cleanup_old_data(); Type: FUNCTION; Schema: public; Owner: owner

CREATE FUNCTION public.cleanup_old_data() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET lock_timeout TO '500ms'
    AS $$
DECLARE
    kept record;
    old record;
    dropped boolean;
BEGIN
    FOR kept IN
        SELECT t.table_name, t.table_name::regclass AS parent, clock_timestamp() - t.retention AS oldest
        FROM platform.partitioned_tables AS t WHERE t.retention IS NOT NULL ORDER BY t.table_name
    LOOP
        dropped := false;
        FOR old IN SELECT p.partition FROM platform.month_partitions(kept.parent) AS p WHERE p.month_end <= kept.oldest LOOP
            BEGIN
                EXECUTE format('DROP TABLE %s', old.partition);
                dropped := true;
            EXCEPTION WHEN lock_not_available THEN
                RAISE WARNING 'month % of % is in use and stays until the next run', old.partition, kept.table_name;
            END;
        END LOOP;
        IF dropped THEN
            EXECUTE format('ANALYZE %s', kept.parent);
        END IF;
    END LOOP;
END
$$;

ALTER FUNCTION public.cleanup_old_data() OWNER TO owner;

-- Name: create_monthly_partition(text, date); Type: FUNCTION; Schema: public; Owner: owner

CREATE FUNCTION public.create_monthly_partition(table_name text, start_date date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    parent regclass;
BEGIN
    SELECT to_regclass(t.table_name) INTO parent
    FROM platform.partitioned_tables AS t
    WHERE t.table_name = create_monthly_partition.table_name
       OR split_part(t.table_name, '.', 2) = create_monthly_partition.table_name;
    IF parent IS NULL OR start_date IS NULL THEN
        RAISE EXCEPTION '% is not registered in platform.partitioned_tables, or there is no date', table_name
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM platform.attach_month(parent, start_date::timestamp AT TIME ZONE 'UTC');
END
$$;

ALTER FUNCTION public.create_monthly_partition(table_name text, start_date date) OWNER TO owner;

-- Name: get_organization_metrics(uuid, integer); Type: FUNCTION; Schema: public; Owner: owner

CREATE FUNCTION public.get_organization_metrics(org_id uuid, period_days integer DEFAULT 30) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    result jsonb;
BEGIN
    IF (period_days BETWEEN 1 AND 3660) IS NOT TRUE THEN
        RAISE EXCEPTION 'period_days is 1 to 3660, not %', period_days USING ERRCODE = 'invalid_parameter_value';
    END IF;
    WITH message AS (
        SELECT m.conversation_id, m.direction, coalesce(m.sent_at, m.received_at, m.created_at) AS happened_at, m.id,
               m.delivery_status <> 'failed' AS counts_as_answer
        FROM platform.messages AS m
        WHERE m.organization_id = org_id AND m.created_at >= now() - make_interval(days => period_days)
    ), numbered AS (
        -- the messages after an answer, up to and including the next answer, share one number
        SELECT m.*, count(*) FILTER (WHERE m.direction = 'outbound' AND m.counts_as_answer) OVER (
            PARTITION BY m.conversation_id ORDER BY m.happened_at, m.id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS exchange
        FROM message AS m
    ), exchange AS (
        SELECT n.conversation_id,
               max(n.happened_at) FILTER (WHERE n.direction = 'outbound' AND n.counts_as_answer)
                   - min(n.happened_at) FILTER (WHERE n.direction = 'inbound') AS waited
        FROM numbered AS n
        GROUP BY n.conversation_id, n.exchange
    ), conversation AS (
        SELECT e.conversation_id, avg(extract(epoch FROM e.waited)) AS response_seconds
        FROM exchange AS e
        GROUP BY e.conversation_id
    )
    SELECT jsonb_build_object(
        'total_messages', (SELECT count(*) FROM message),
        'conversations', count(*),
        'avg_response_time', round(avg(conversation.response_seconds), 3),
        'satisfaction_score', round(avg(c.satisfaction_score), 2)
    ) INTO result
    FROM conversation
    JOIN platform.conversations AS c ON c.organization_id = org_id AND c.id = conversation.conversation_id;
    RETURN result;
END
$$;

ALTER FUNCTION public.get_organization_metrics(org_id uuid, period_days integer) OWNER TO owner;

-- Name: llm_attempts; Type: TABLE; Schema: agents; Owner: owner

CREATE TABLE agents.llm_attempts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    execution_id uuid NOT NULL,
    conversation_id uuid,
    fence bigint,
    attempt smallint DEFAULT 1 NOT NULL,
    model text NOT NULL,
    purpose text DEFAULT 'answer'::text NOT NULL,
    state text DEFAULT 'started'::text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    input_tokens integer,
    output_tokens integer,
    cached_tokens integer,
    cache_write_tokens integer,
    audio_tokens integer,
    reserved_cost_usd numeric(20,10),
    cost_usd numeric(20,10),
    price_version text,
    brl_rate numeric(12,6),
    cost_brl numeric(20,10) GENERATED ALWAYS AS (round((cost_usd * brl_rate), 10)) STORED,
    reconciled_at timestamp with time zone,
    error_code text,
    agent_id uuid,
    CONSTRAINT llm_attempts_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT llm_attempts_audio_tokens_check CHECK ((audio_tokens >= 0)),
    CONSTRAINT llm_attempts_brl_rate_check CHECK ((brl_rate > (0)::numeric)),
    CONSTRAINT llm_attempts_cache_write_tokens_check CHECK ((cache_write_tokens >= 0)),
    CONSTRAINT llm_attempts_cached_tokens_check CHECK ((cached_tokens >= 0)),
    CONSTRAINT llm_attempts_cost_usd_check CHECK ((cost_usd >= (0)::numeric)),
    CONSTRAINT llm_attempts_error_code_check CHECK ((char_length(error_code) <= 200)),
    CONSTRAINT llm_attempts_input_tokens_check CHECK ((input_tokens >= 0)),
    CONSTRAINT llm_attempts_model_check CHECK (((char_length(model) >= 1) AND (char_length(model) <= 200))),
    CONSTRAINT llm_attempts_output_tokens_check CHECK ((output_tokens >= 0)),
    CONSTRAINT llm_attempts_price_version_check CHECK ((char_length(price_version) <= 200)),
    CONSTRAINT llm_attempts_purpose_check CHECK ((purpose = ANY (ARRAY['answer'::text, 'rewrite'::text, 'guard'::text, 'embedding'::text, 'transcription'::text, 'description'::text, 'faq'::text]))),
    CONSTRAINT llm_attempts_reserved_cost_usd_check CHECK ((reserved_cost_usd >= (0)::numeric)),
    CONSTRAINT llm_attempts_state_check CHECK ((state = ANY (ARRAY['started'::text, 'succeeded'::text, 'failed'::text, 'estimated'::text])))
)
PARTITION BY RANGE (started_at);

ALTER TABLE ONLY agents.llm_attempts FORCE ROW LEVEL SECURITY;

ALTER TABLE agents.llm_attempts OWNER TO owner;

-- Name: satisfaction_scores; Type: TABLE; Schema: analytics; Owner: owner

CREATE TABLE analytics.satisfaction_scores (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    conversation_id uuid,
    score integer NOT NULL,
    feedback_text text,
    interaction_type text,
    department_type text,
    agent_type text,
    customer_segment text,
    customer_tenure_days integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT satisfaction_scores_agent_type_check CHECK ((char_length(agent_type) <= 100)),
    CONSTRAINT satisfaction_scores_customer_segment_check CHECK ((char_length(customer_segment) <= 100)),
    CONSTRAINT satisfaction_scores_customer_tenure_days_check CHECK ((customer_tenure_days >= 0)),
    CONSTRAINT satisfaction_scores_department_type_check CHECK ((char_length(department_type) <= 100)),
    CONSTRAINT satisfaction_scores_feedback_text_check CHECK ((char_length(feedback_text) <= 20000)),
    CONSTRAINT satisfaction_scores_interaction_type_check CHECK ((char_length(interaction_type) <= 100)),
    CONSTRAINT satisfaction_scores_score_check CHECK (((score >= 1) AND (score <= 5)))
);

ALTER TABLE ONLY analytics.satisfaction_scores FORCE ROW LEVEL SECURITY;

ALTER TABLE analytics.satisfaction_scores OWNER TO owner;

-- Name: usage_metrics; Type: TABLE; Schema: analytics; Owner: owner

CREATE TABLE analytics.usage_metrics (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    metric_type text NOT NULL,
    metric_category text NOT NULL,
    metric_value numeric(15,4) NOT NULL,
    metric_unit text,
    dimensions jsonb DEFAULT '{}'::jsonb NOT NULL,
    period_start timestamp with time zone NOT NULL,
    period_end timestamp with time zone NOT NULL,
    granularity text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT usage_metrics_check CHECK ((period_end > period_start)),
    CONSTRAINT usage_metrics_dimensions_check CHECK (((jsonb_typeof(dimensions) = 'object'::text) AND (octet_length((dimensions)::text) <= 1500))),
    CONSTRAINT usage_metrics_granularity_check CHECK ((granularity = ANY (ARRAY['hour'::text, 'day'::text, 'week'::text, 'month'::text]))),
    CONSTRAINT usage_metrics_metric_category_check CHECK ((metric_category = ANY (ARRAY['engagement'::text, 'performance'::text, 'usage'::text, 'cost'::text]))),
    CONSTRAINT usage_metrics_metric_type_check CHECK (((char_length(metric_type) >= 1) AND (char_length(metric_type) <= 100))),
    CONSTRAINT usage_metrics_metric_unit_check CHECK ((metric_unit = ANY (ARRAY['count'::text, 'seconds'::text, 'bytes'::text, 'usd'::text])))
)
PARTITION BY RANGE (period_start);

ALTER TABLE ONLY analytics.usage_metrics FORCE ROW LEVEL SECURITY;

ALTER TABLE analytics.usage_metrics OWNER TO owner;

-- Name: activity_logs; Type: TABLE; Schema: audit; Owner: owner

CREATE TABLE audit.activity_logs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid,
    user_id uuid,
    action text NOT NULL,
    resource_type text,
    resource_id uuid,
    ip_address inet,
    user_agent text,
    request_id uuid,
    old_values jsonb,
    new_values jsonb,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    success boolean DEFAULT true NOT NULL,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT activity_logs_action_check CHECK (((char_length(action) >= 1) AND (char_length(action) <= 200))),
    CONSTRAINT activity_logs_error_message_check CHECK ((char_length(error_message) <= 20000)),
    CONSTRAINT activity_logs_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT activity_logs_resource_type_check CHECK ((char_length(resource_type) <= 100)),
    CONSTRAINT activity_logs_user_agent_check CHECK ((char_length(user_agent) <= 4096))
)
PARTITION BY RANGE (created_at);

ALTER TABLE ONLY audit.activity_logs FORCE ROW LEVEL SECURITY;

ALTER TABLE audit.activity_logs OWNER TO owner;

-- Name: agent_executions; Type: TABLE; Schema: departments; Owner: owner

CREATE TABLE departments.agent_executions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    trigger_type text NOT NULL,
    trigger_data jsonb,
    conversation_id uuid,
    from_seq bigint,
    to_seq bigint,
    fence bigint,
    status text DEFAULT 'pending'::text NOT NULL,
    outcome text,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    execution_time_ms integer,
    input_data jsonb,
    output_data jsonb,
    error_details jsonb,
    model_used text,
    tokens_consumed integer DEFAULT 0 NOT NULL,
    input_tokens integer,
    output_tokens integer,
    cached_tokens integer,
    cost_usd numeric(20,10),
    price_version text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT agent_executions_cached_tokens_check CHECK ((cached_tokens >= 0)),
    CONSTRAINT agent_executions_check CHECK ((from_seq <= to_seq)),
    CONSTRAINT agent_executions_cost_usd_check CHECK ((cost_usd >= (0)::numeric)),
    CONSTRAINT agent_executions_execution_time_ms_check CHECK ((execution_time_ms >= 0)),
    CONSTRAINT agent_executions_input_tokens_check CHECK ((input_tokens >= 0)),
    CONSTRAINT agent_executions_model_used_check CHECK ((char_length(model_used) <= 200)),
    CONSTRAINT agent_executions_outcome_check CHECK ((char_length(outcome) <= 200)),
    CONSTRAINT agent_executions_output_tokens_check CHECK ((output_tokens >= 0)),
    CONSTRAINT agent_executions_price_version_check CHECK ((char_length(price_version) <= 200)),
    CONSTRAINT agent_executions_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'completed'::text, 'failed'::text, 'superseded'::text, 'dead'::text]))),
    CONSTRAINT agent_executions_tokens_consumed_check CHECK ((tokens_consumed >= 0)),
    CONSTRAINT agent_executions_trigger_type_check CHECK ((trigger_type = ANY (ARRAY['scheduled'::text, 'webhook'::text, 'manual'::text, 'event'::text])))
)
PARTITION BY RANGE (created_at);

ALTER TABLE ONLY departments.agent_executions FORCE ROW LEVEL SECURITY;

ALTER TABLE departments.agent_executions OWNER TO owner;

-- Name: agents; Type: TABLE; Schema: departments; Owner: owner

CREATE TABLE departments.agents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    department_id uuid NOT NULL,
    agent_type text NOT NULL,
    name text NOT NULL,
    description text,
    configuration jsonb DEFAULT '{}'::jsonb NOT NULL,
    model_configuration jsonb DEFAULT '{"max_tokens": 1000, "temperature": 0.7, "primary_model": "gpt-4", "fallback_model": "gpt-3.5-turbo"}'::jsonb NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    status_reason text,
    last_execution_at timestamp with time zone,
    next_scheduled_at timestamp with time zone,
    execution_count integer DEFAULT 0 NOT NULL,
    success_count integer DEFAULT 0 NOT NULL,
    avg_execution_time_ms integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT agents_agent_type_check CHECK (((char_length(agent_type) >= 1) AND (char_length(agent_type) <= 100))),
    CONSTRAINT agents_avg_execution_time_ms_check CHECK ((avg_execution_time_ms >= 0)),
    CONSTRAINT agents_configuration_check CHECK ((jsonb_typeof(configuration) = 'object'::text)),
    CONSTRAINT agents_description_check CHECK ((char_length(description) <= 20000)),
    CONSTRAINT agents_execution_count_check CHECK ((execution_count >= 0)),
    CONSTRAINT agents_model_configuration_check CHECK ((jsonb_typeof(model_configuration) = 'object'::text)),
    CONSTRAINT agents_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 500))),
    CONSTRAINT agents_status_check CHECK ((status = ANY (ARRAY['active'::text, 'paused'::text, 'error'::text, 'training'::text]))),
    CONSTRAINT agents_status_reason_check CHECK ((char_length(status_reason) <= 2000)),
    CONSTRAINT agents_success_count_check CHECK ((success_count >= 0))
);

ALTER TABLE ONLY departments.agents FORCE ROW LEVEL SECURITY;

ALTER TABLE departments.agents OWNER TO owner;

-- Name: COLUMN agents.last_execution_at; Type: COMMENT; Schema: departments; Owner: owner

COMMENT ON COLUMN departments.agents.last_execution_at IS 'the seed''s; not written: departments.agent_activity derives it';

-- Name: COLUMN agents.execution_count; Type: COMMENT; Schema: departments; Owner: owner

COMMENT ON COLUMN departments.agents.execution_count IS 'the seed''s; not written: departments.agent_activity derives it';

-- Name: COLUMN agents.success_count; Type: COMMENT; Schema: departments; Owner: owner

COMMENT ON COLUMN departments.agents.success_count IS 'the seed''s; not written: departments.agent_activity derives it';

-- Name: COLUMN agents.avg_execution_time_ms; Type: COMMENT; Schema: departments; Owner: owner

COMMENT ON COLUMN departments.agents.avg_execution_time_ms IS 'the seed''s; not written: departments.agent_activity derives it';

-- Name: agent_activity; Type: VIEW; Schema: departments; Owner: owner

CREATE VIEW departments.agent_activity WITH (security_invoker='true') AS
 SELECT a.organization_id,
    a.id AS agent_id,
    x.last_execution_at,
    COALESCE(x.execution_count, (0)::bigint) AS execution_count,
    COALESCE(x.success_count, (0)::bigint) AS success_count,
    x.avg_execution_time_ms
   FROM (departments.agents a
     LEFT JOIN LATERAL ( SELECT max(e.created_at) AS last_execution_at,
            count(*) AS execution_count,
            count(*) FILTER (WHERE (e.status = 'completed'::text)) AS success_count,
            (round(avg(e.execution_time_ms)))::integer AS avg_execution_time_ms
           FROM departments.agent_executions e
          WHERE ((e.organization_id = a.organization_id) AND (e.agent_id = a.id) AND (e.status <> 'superseded'::text))) x ON (true));

ALTER VIEW departments.agent_activity OWNER TO owner;

-- Name: departments; Type: TABLE; Schema: departments; Owner: owner

CREATE TABLE departments.departments (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    type text NOT NULL,
    name text NOT NULL,
    description text,
    configuration jsonb DEFAULT '{}'::jsonb NOT NULL,
    industry_template text,
    status text DEFAULT 'active'::text NOT NULL,
    status_reason text,
    last_activity_at timestamp with time zone DEFAULT now(),
    metrics jsonb DEFAULT '{"total_tasks": 0, "failed_tasks": 0, "successful_tasks": 0, "avg_response_time": 0}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT departments_configuration_check CHECK ((jsonb_typeof(configuration) = 'object'::text)),
    CONSTRAINT departments_description_check CHECK ((char_length(description) <= 20000)),
    CONSTRAINT departments_industry_template_check CHECK ((char_length(industry_template) <= 100)),
    CONSTRAINT departments_metrics_check CHECK ((jsonb_typeof(metrics) = 'object'::text)),
    CONSTRAINT departments_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 500))),
    CONSTRAINT departments_status_check CHECK ((status = ANY (ARRAY['active'::text, 'paused'::text, 'archived'::text]))),
    CONSTRAINT departments_status_reason_check CHECK ((char_length(status_reason) <= 2000)),
    CONSTRAINT departments_type_check CHECK (((char_length(type) >= 1) AND (char_length(type) <= 100)))
);

ALTER TABLE ONLY departments.departments FORCE ROW LEVEL SECURITY;

ALTER TABLE departments.departments OWNER TO owner;

-- Name: connection_alerts; Type: TABLE; Schema: integrations; Owner: owner

CREATE TABLE integrations.connection_alerts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    detail text,
    raised_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    cleared_at timestamp with time zone,
    CONSTRAINT connection_alerts_detail_check CHECK ((char_length(detail) <= 20000)),
    CONSTRAINT connection_alerts_kind_check CHECK ((kind = ANY (ARRAY['paused'::text, 'silent'::text, 'token_expiring'::text, 'provider_warning'::text]))),
    CONSTRAINT connection_alerts_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 200)))
);

ALTER TABLE ONLY integrations.connection_alerts FORCE ROW LEVEL SECURITY;

ALTER TABLE integrations.connection_alerts OWNER TO owner;

-- Name: connections; Type: TABLE; Schema: integrations; Owner: owner

CREATE TABLE integrations.connections (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    integration_type text NOT NULL,
    provider text NOT NULL,
    account_identifier text NOT NULL,
    access_token text,
    refresh_token text,
    token_expires_at timestamp with time zone,
    configuration jsonb DEFAULT '{}'::jsonb NOT NULL,
    webhook_url text,
    webhook_secret text,
    status text DEFAULT 'active'::text NOT NULL,
    last_sync_at timestamp with time zone,
    last_error text,
    rate_limit_per_hour integer,
    requests_this_hour integer DEFAULT 0 NOT NULL,
    rate_limit_reset_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    business_account_id text,
    business_portfolio_id text,
    attention_reason text,
    attention_since timestamp with time zone,
    owner_notified_at timestamp with time zone,
    last_webhook_at timestamp with time zone,
    last_send_at timestamp with time zone,
    token_refreshed_at timestamp with time zone,
    token_refresh_after timestamp with time zone,
    CONSTRAINT connections_access_token_check CHECK ((char_length(access_token) <= 20000)),
    CONSTRAINT connections_account_identifier_check CHECK (((char_length(account_identifier) >= 1) AND (char_length(account_identifier) <= 500))),
    CONSTRAINT connections_attention_reason_check CHECK (((char_length(attention_reason) >= 1) AND (char_length(attention_reason) <= 200))),
    CONSTRAINT connections_business_account_id_check CHECK (((char_length(business_account_id) >= 1) AND (char_length(business_account_id) <= 255))),
    CONSTRAINT connections_business_portfolio_id_check CHECK (((char_length(business_portfolio_id) >= 1) AND (char_length(business_portfolio_id) <= 255))),
    CONSTRAINT connections_configuration_check CHECK ((jsonb_typeof(configuration) = 'object'::text)),
    CONSTRAINT connections_integration_type_check CHECK ((integration_type = ANY (ARRAY['whatsapp'::text, 'instagram'::text, 'facebook'::text, 'stripe'::text, 'mercadopago'::text]))),
    CONSTRAINT connections_last_error_check CHECK ((char_length(last_error) <= 20000)),
    CONSTRAINT connections_provider_check CHECK ((provider = ANY (ARRAY['whatsapp'::text, 'instagram'::text, 'messenger'::text, 'stripe'::text, 'mercadopago'::text]))),
    CONSTRAINT connections_rate_limit_per_hour_check CHECK ((rate_limit_per_hour >= 0)),
    CONSTRAINT connections_refresh_token_check CHECK ((char_length(refresh_token) <= 20000)),
    CONSTRAINT connections_requests_this_hour_check CHECK ((requests_this_hour >= 0)),
    CONSTRAINT connections_status_check CHECK ((status = ANY (ARRAY['active'::text, 'expired'::text, 'revoked'::text, 'error'::text]))),
    CONSTRAINT connections_webhook_secret_check CHECK ((char_length(webhook_secret) <= 20000)),
    CONSTRAINT connections_webhook_url_check CHECK ((char_length(webhook_url) <= 4096))
);

ALTER TABLE ONLY integrations.connections FORCE ROW LEVEL SECURITY;

ALTER TABLE integrations.connections OWNER TO owner;

-- Name: COLUMN connections.business_account_id; Type: COMMENT; Schema: integrations; Owner: owner

COMMENT ON COLUMN integrations.connections.business_account_id IS 'WhatsApp Business Account, or the page that an Instagram account belongs to: what account-level webhooks name';

-- Name: COLUMN connections.business_portfolio_id; Type: COMMENT; Schema: integrations; Owner: owner

COMMENT ON COLUMN integrations.connections.business_portfolio_id IS 'scope of business-scoped user ids and usernames';

-- Name: COLUMN connections.attention_reason; Type: COMMENT; Schema: integrations; Owner: owner

COMMENT ON COLUMN integrations.connections.attention_reason IS 'one word: why status is expired or error; NULL while it is neither';

-- Name: COLUMN connections.last_webhook_at; Type: COMMENT; Schema: integrations; Owner: owner

COMMENT ON COLUMN integrations.connections.last_webhook_at IS 'written by the sweep every few minutes, not by intake';

-- Name: COLUMN connections.last_send_at; Type: COMMENT; Schema: integrations; Owner: owner

COMMENT ON COLUMN integrations.connections.last_send_at IS 'as last_webhook_at: the newest message that the provider accepted';

-- Name: COLUMN connections.token_refresh_after; Type: COMMENT; Schema: integrations; Owner: owner

COMMENT ON COLUMN integrations.connections.token_refresh_after IS 'no other worker renews the token before this';

-- Name: webhook_deliveries; Type: TABLE; Schema: integrations; Owner: owner

CREATE TABLE integrations.webhook_deliveries (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    provider text NOT NULL,
    status text DEFAULT 'stored'::text NOT NULL,
    quarantine_reason text,
    sealed_body bytea NOT NULL,
    body_key_id text NOT NULL,
    body_size integer NOT NULL,
    headers jsonb DEFAULT '{}'::jsonb NOT NULL,
    verified_by text,
    item_count integer DEFAULT 0 NOT NULL,
    CONSTRAINT webhook_deliveries_body_key_id_check CHECK (((char_length(body_key_id) >= 1) AND (char_length(body_key_id) <= 200))),
    CONSTRAINT webhook_deliveries_body_size_check CHECK ((body_size >= 0)),
    CONSTRAINT webhook_deliveries_headers_check CHECK ((jsonb_typeof(headers) = 'object'::text)),
    CONSTRAINT webhook_deliveries_item_count_check CHECK ((item_count >= 0)),
    CONSTRAINT webhook_deliveries_provider_check CHECK ((provider = ANY (ARRAY['whatsapp'::text, 'instagram'::text, 'messenger'::text, 'meta'::text, 'stripe'::text, 'mercadopago'::text]))),
    CONSTRAINT webhook_deliveries_quarantine_reason_check CHECK ((char_length(quarantine_reason) <= 2000)),
    CONSTRAINT webhook_deliveries_status_check CHECK ((status = ANY (ARRAY['stored'::text, 'quarantined'::text]))),
    CONSTRAINT webhook_deliveries_verified_by_check CHECK ((char_length(verified_by) <= 200))
)
PARTITION BY RANGE (received_at);

ALTER TABLE ONLY integrations.webhook_deliveries FORCE ROW LEVEL SECURITY;

ALTER TABLE integrations.webhook_deliveries OWNER TO owner;

-- Name: webhook_events; Type: TABLE; Schema: integrations; Owner: owner

CREATE TABLE integrations.webhook_events (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid,
    connection_id uuid,
    delivery_id uuid,
    delivery_received_at timestamp with time zone,
    ordinal integer,
    provider text,
    account_identifier text,
    event_type text NOT NULL,
    event_id text,
    headers jsonb,
    payload jsonb,
    signature text,
    status text DEFAULT 'pending'::text NOT NULL,
    processed_at timestamp with time zone,
    error_message text,
    retry_count integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhook_events_account_identifier_check CHECK ((char_length(account_identifier) <= 500)),
    CONSTRAINT webhook_events_error_message_check CHECK ((char_length(error_message) <= 20000)),
    CONSTRAINT webhook_events_event_id_check CHECK ((char_length(event_id) <= 1000)),
    CONSTRAINT webhook_events_event_type_check CHECK (((char_length(event_type) >= 1) AND (char_length(event_type) <= 200))),
    CONSTRAINT webhook_events_ordinal_check CHECK ((ordinal >= 0)),
    CONSTRAINT webhook_events_provider_check CHECK ((provider = ANY (ARRAY['whatsapp'::text, 'instagram'::text, 'messenger'::text, 'stripe'::text, 'mercadopago'::text]))),
    CONSTRAINT webhook_events_retry_count_check CHECK ((retry_count >= 0)),
    CONSTRAINT webhook_events_signature_check CHECK ((char_length(signature) <= 4096)),
    CONSTRAINT webhook_events_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'processing'::text, 'processed'::text, 'failed'::text, 'quarantined'::text, 'unparsed'::text])))
)
PARTITION BY RANGE (created_at);

ALTER TABLE ONLY integrations.webhook_events FORCE ROW LEVEL SECURITY;

ALTER TABLE integrations.webhook_events OWNER TO owner;

-- Name: webhook_keys; Type: TABLE; Schema: integrations; Owner: owner

CREATE TABLE integrations.webhook_keys (
    provider text NOT NULL,
    account text NOT NULL,
    event_key text NOT NULL,
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    item_digest bytea,
    CONSTRAINT webhook_keys_account_check CHECK ((char_length(account) <= 500)),
    CONSTRAINT webhook_keys_event_key_check CHECK (((char_length(event_key) >= 1) AND (char_length(event_key) <= 512))),
    CONSTRAINT webhook_keys_provider_check CHECK (((char_length(provider) >= 1) AND (char_length(provider) <= 50)))
);

ALTER TABLE ONLY integrations.webhook_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE integrations.webhook_keys OWNER TO owner;

-- Name: COLUMN webhook_keys.item_digest; Type: COMMENT; Schema: integrations; Owner: owner

COMMENT ON COLUMN integrations.webhook_keys.item_digest IS 'half of the SHA-256 of the item''s canonical JSON';

-- Name: backup_config; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.backup_config (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    backup_type text NOT NULL,
    schedule_cron text NOT NULL,
    retention_days integer NOT NULL,
    storage_location text NOT NULL,
    encryption_enabled boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT backup_config_backup_type_check CHECK ((backup_type = ANY (ARRAY['full'::text, 'incremental'::text]))),
    CONSTRAINT backup_config_retention_days_check CHECK ((retention_days > 0)),
    CONSTRAINT backup_config_schedule_cron_check CHECK (((char_length(schedule_cron) >= 1) AND (char_length(schedule_cron) <= 200))),
    CONSTRAINT backup_config_storage_location_check CHECK (((char_length(storage_location) >= 1) AND (char_length(storage_location) <= 2000)))
);

ALTER TABLE platform.backup_config OWNER TO owner;

-- Name: backup_executions; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.backup_executions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    backup_config_id uuid,
    status text DEFAULT 'running'::text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone,
    backup_size_bytes bigint,
    backup_location text,
    error_message text,
    CONSTRAINT backup_executions_backup_location_check CHECK ((char_length(backup_location) <= 2000)),
    CONSTRAINT backup_executions_backup_size_bytes_check CHECK ((backup_size_bytes >= 0)),
    CONSTRAINT backup_executions_error_message_check CHECK ((char_length(error_message) <= 20000)),
    CONSTRAINT backup_executions_status_check CHECK ((status = ANY (ARRAY['running'::text, 'completed'::text, 'failed'::text])))
);

ALTER TABLE platform.backup_executions OWNER TO owner;

-- Name: contact_identities; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.contact_identities (
    organization_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    kind text NOT NULL,
    scope text DEFAULT ''::text NOT NULL,
    value text NOT NULL,
    match text NOT NULL,
    first_seen timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT contact_identities_kind_check CHECK ((kind = ANY (ARRAY['phone'::text, 'user_id'::text, 'username'::text, 'scoped_id'::text]))),
    CONSTRAINT contact_identities_match_check CHECK (((char_length(match) >= 1) AND (char_length(match) <= 500))),
    CONSTRAINT contact_identities_scope_check CHECK ((char_length(scope) <= 500)),
    CONSTRAINT contact_identities_value_check CHECK (((char_length(value) >= 1) AND (char_length(value) <= 500)))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.contact_identities FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.contact_identities OWNER TO owner;

-- Name: contact_merges; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.contact_merges (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    merged_contact_id uuid NOT NULL,
    reason text NOT NULL,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT contact_merges_evidence_check CHECK ((jsonb_typeof(evidence) = 'object'::text)),
    CONSTRAINT contact_merges_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 200)))
);

ALTER TABLE ONLY platform.contact_merges FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.contact_merges OWNER TO owner;

-- Name: contacts; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.contacts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    display_name text,
    named_at timestamp with time zone,
    merged_into uuid,
    marketing_opted_out_at timestamp with time zone,
    marketing_choice_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT contacts_check CHECK ((merged_into <> id)),
    CONSTRAINT contacts_display_name_check CHECK ((char_length(display_name) <= 1000))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.contacts FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.contacts OWNER TO owner;

-- Name: content; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.content (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    agent_execution_id uuid,
    agent_execution_created_at timestamp with time zone,
    content_type text NOT NULL,
    platform text,
    title text,
    body text NOT NULL,
    media_urls jsonb DEFAULT '[]'::jsonb NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    scheduled_for timestamp with time zone,
    published_at timestamp with time zone,
    status text DEFAULT 'draft'::text NOT NULL,
    engagement_metrics jsonb DEFAULT '{"likes": 0, "views": 0, "clicks": 0, "shares": 0, "comments": 0}'::jsonb NOT NULL,
    human_reviewed boolean DEFAULT false NOT NULL,
    human_approved boolean DEFAULT false NOT NULL,
    review_notes text,
    sentiment_score numeric(3,2),
    readability_score integer,
    brand_alignment_score numeric(3,2),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT content_body_check CHECK ((octet_length(body) <= 1000000)),
    CONSTRAINT content_brand_alignment_score_check CHECK (((brand_alignment_score >= (0)::numeric) AND (brand_alignment_score <= (1)::numeric))),
    CONSTRAINT content_content_type_check CHECK ((content_type = ANY (ARRAY['social_post'::text, 'whatsapp_response'::text, 'email'::text, 'blog_post'::text]))),
    CONSTRAINT content_engagement_metrics_check CHECK ((jsonb_typeof(engagement_metrics) = 'object'::text)),
    CONSTRAINT content_media_urls_check CHECK ((jsonb_typeof(media_urls) = 'array'::text)),
    CONSTRAINT content_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT content_platform_check CHECK ((platform = ANY (ARRAY['instagram'::text, 'facebook'::text, 'whatsapp'::text, 'email'::text]))),
    CONSTRAINT content_readability_score_check CHECK (((readability_score >= 0) AND (readability_score <= 100))),
    CONSTRAINT content_review_notes_check CHECK ((char_length(review_notes) <= 20000)),
    CONSTRAINT content_sentiment_score_check CHECK (((sentiment_score >= ('-1'::integer)::numeric) AND (sentiment_score <= (1)::numeric))),
    CONSTRAINT content_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'scheduled'::text, 'published'::text, 'failed'::text]))),
    CONSTRAINT content_title_check CHECK ((char_length(title) <= 1000))
);

ALTER TABLE ONLY platform.content FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.content OWNER TO owner;

-- Name: context_keys; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.context_keys (
    id text NOT NULL,
    inner_pad bytea NOT NULL,
    outer_pad bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    retired_at timestamp with time zone,
    CONSTRAINT context_keys_id_check CHECK (((char_length(id) >= 1) AND (char_length(id) <= 100))),
    CONSTRAINT context_keys_inner_pad_check CHECK ((octet_length(inner_pad) = 64)),
    CONSTRAINT context_keys_outer_pad_check CHECK ((octet_length(outer_pad) = 64))
);

ALTER TABLE platform.context_keys OWNER TO owner;

-- Name: TABLE context_keys; Type: COMMENT; Schema: platform; Owner: owner

COMMENT ON TABLE platform.context_keys IS 'Keys that sign the tenant context, as the two precomputed pads of HMAC-SHA256; several may be active during a rotation';

-- Name: encryption_keys; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.encryption_keys (
    id text NOT NULL,
    organization_id uuid,
    wrapped_keyset bytea,
    master_key text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    destroyed_at timestamp with time zone,
    CONSTRAINT encryption_keys_check CHECK (((wrapped_keyset IS NULL) = (destroyed_at IS NOT NULL))),
    CONSTRAINT encryption_keys_id_check CHECK (((char_length(id) >= 1) AND (char_length(id) <= 200))),
    CONSTRAINT encryption_keys_master_key_check CHECK (((char_length(master_key) >= 1) AND (char_length(master_key) <= 1000))),
    CONSTRAINT encryption_keys_wrapped_keyset_check CHECK (((octet_length(wrapped_keyset) >= 1) AND (octet_length(wrapped_keyset) <= 65536)))
);

ALTER TABLE ONLY platform.encryption_keys FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.encryption_keys OWNER TO owner;

-- Name: TABLE encryption_keys; Type: COMMENT; Schema: platform; Owner: owner

COMMENT ON TABLE platform.encryption_keys IS 'Keysets wrapped by the master key; destroying one (wrapped_keyset NULL) erases what it encrypted';

-- Name: exchange_rates; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.exchange_rates (
    effective_from timestamp with time zone NOT NULL,
    brl_rate numeric(12,6) NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT exchange_rates_brl_rate_check CHECK ((brl_rate > (0)::numeric))
);

ALTER TABLE platform.exchange_rates OWNER TO owner;

-- Name: faq_draft_sources; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.faq_draft_sources (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    draft_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    question_message_id uuid NOT NULL,
    answer_message_id uuid NOT NULL,
    question text NOT NULL,
    answer text NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT faq_draft_sources_answer_check CHECK (((char_length(answer) >= 1) AND (char_length(answer) <= 4000))),
    CONSTRAINT faq_draft_sources_question_check CHECK (((char_length(question) >= 1) AND (char_length(question) <= 500)))
);

ALTER TABLE ONLY platform.faq_draft_sources FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.faq_draft_sources OWNER TO owner;

-- Name: faq_drafts; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.faq_drafts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    question_key text NOT NULL,
    question text NOT NULL,
    answer text NOT NULL,
    embedding public.vector(1536) NOT NULL,
    embedding_model text NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    question_message_id uuid,
    answer_message_id uuid,
    conflict_with uuid,
    decision text,
    decided_by uuid,
    decided_at timestamp with time zone,
    knowledge_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT faq_drafts_answer_check CHECK (((char_length(answer) >= 1) AND (char_length(answer) <= 4000))),
    CONSTRAINT faq_drafts_check CHECK (((state = ANY (ARRAY['approved'::text, 'rejected'::text])) = (decided_at IS NOT NULL))),
    CONSTRAINT faq_drafts_check1 CHECK (((state = ANY (ARRAY['approved'::text, 'rejected'::text])) = (question_message_id IS NULL))),
    CONSTRAINT faq_drafts_check2 CHECK (((question_message_id IS NULL) = (answer_message_id IS NULL))),
    CONSTRAINT faq_drafts_check3 CHECK (((state <> 'approved'::text) OR (knowledge_id IS NOT NULL))),
    CONSTRAINT faq_drafts_check4 CHECK (
CASE state
    WHEN 'approved'::text THEN (COALESCE(decision, ''::text) = ANY (ARRAY['approve'::text, 'replace'::text]))
    WHEN 'rejected'::text THEN (COALESCE(decision, ''::text) = ANY (ARRAY['reject'::text, 'keep'::text]))
    ELSE (decision IS NULL)
END),
    CONSTRAINT faq_drafts_decision_check CHECK ((decision = ANY (ARRAY['approve'::text, 'replace'::text, 'keep'::text, 'reject'::text]))),
    CONSTRAINT faq_drafts_embedding_model_check CHECK (((char_length(embedding_model) >= 1) AND (char_length(embedding_model) <= 200))),
    CONSTRAINT faq_drafts_question_check CHECK (((char_length(question) >= 1) AND (char_length(question) <= 500))),
    CONSTRAINT faq_drafts_question_key_check CHECK (((char_length(question_key) >= 1) AND (char_length(question_key) <= 500))),
    CONSTRAINT faq_drafts_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'approved'::text, 'rejected'::text, 'superseded'::text, 'stale'::text])))
);

ALTER TABLE ONLY platform.faq_drafts FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.faq_drafts OWNER TO owner;

-- Name: faq_progress; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.faq_progress (
    organization_id uuid NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    message_id uuid NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY platform.faq_progress FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.faq_progress OWNER TO owner;

-- Name: knowledge_base; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.knowledge_base (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    title text NOT NULL,
    content text NOT NULL,
    content_type text DEFAULT 'faq'::text NOT NULL,
    source_path text,
    source_digest text,
    source_object text,
    category text,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    keywords jsonb DEFAULT '[]'::jsonb NOT NULL,
    embedding public.vector(1536),
    summary text,
    auto_generated boolean DEFAULT false NOT NULL,
    access_count integer DEFAULT 0 NOT NULL,
    last_accessed_at timestamp with time zone,
    effectiveness_score numeric(3,2) DEFAULT 0.5,
    version integer DEFAULT 1 NOT NULL,
    parent_id uuid,
    status text DEFAULT 'active'::text NOT NULL,
    valid_until timestamp with time zone,
    reviewed_at timestamp with time zone,
    reviewed_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    question_key text,
    CONSTRAINT knowledge_base_access_count_check CHECK ((access_count >= 0)),
    CONSTRAINT knowledge_base_category_check CHECK ((char_length(category) <= 200)),
    CONSTRAINT knowledge_base_content_check CHECK ((octet_length(content) <= 10000000)),
    CONSTRAINT knowledge_base_content_type_check CHECK ((content_type = ANY (ARRAY['faq'::text, 'policy'::text, 'procedure'::text, 'product_info'::text]))),
    CONSTRAINT knowledge_base_effectiveness_score_check CHECK (((effectiveness_score >= (0)::numeric) AND (effectiveness_score <= (1)::numeric))),
    CONSTRAINT knowledge_base_keywords_check CHECK ((jsonb_typeof(keywords) = 'array'::text)),
    CONSTRAINT knowledge_base_question_key_check CHECK (((char_length(question_key) >= 1) AND (char_length(question_key) <= 500))),
    CONSTRAINT knowledge_base_source_digest_check CHECK (((char_length(source_digest) >= 1) AND (char_length(source_digest) <= 200))),
    CONSTRAINT knowledge_base_source_object_check CHECK (((char_length(source_object) >= 1) AND (char_length(source_object) <= 1000))),
    CONSTRAINT knowledge_base_source_path_check CHECK (((char_length(source_path) >= 1) AND (char_length(source_path) <= 2000))),
    CONSTRAINT knowledge_base_status_check CHECK ((status = ANY (ARRAY['active'::text, 'deprecated'::text, 'archived'::text]))),
    CONSTRAINT knowledge_base_summary_check CHECK ((char_length(summary) <= 100000)),
    CONSTRAINT knowledge_base_tags_check CHECK ((jsonb_typeof(tags) = 'array'::text)),
    CONSTRAINT knowledge_base_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 1000))),
    CONSTRAINT knowledge_base_version_check CHECK ((version >= 1))
);

ALTER TABLE ONLY platform.knowledge_base FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.knowledge_base OWNER TO owner;

-- Name: knowledge_chunks; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.knowledge_chunks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    knowledge_id uuid NOT NULL,
    ordinal integer NOT NULL,
    heading text,
    content text NOT NULL,
    embedding public.vector(1536),
    embedding_bits bit(1536) GENERATED ALWAYS AS ((public.binary_quantize(embedding))::bit(1536)) STORED,
    embedding_model text,
    search_vector tsvector,
    search_configuration text,
    ann_indexed boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT knowledge_chunks_check CHECK (((embedding IS NULL) = (embedding_model IS NULL))),
    CONSTRAINT knowledge_chunks_content_check CHECK (((octet_length(content) >= 1) AND (octet_length(content) <= 100000))),
    CONSTRAINT knowledge_chunks_embedding_model_check CHECK (((char_length(embedding_model) >= 1) AND (char_length(embedding_model) <= 200))),
    CONSTRAINT knowledge_chunks_heading_check CHECK ((char_length(heading) <= 2000)),
    CONSTRAINT knowledge_chunks_ordinal_check CHECK ((ordinal >= 0)),
    CONSTRAINT knowledge_chunks_search_configuration_check CHECK ((char_length(search_configuration) <= 100))
);
ALTER TABLE ONLY platform.knowledge_chunks ALTER COLUMN search_vector SET STORAGE PLAIN;

ALTER TABLE ONLY platform.knowledge_chunks FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.knowledge_chunks OWNER TO owner;

-- Name: knowledge_ingestions; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.knowledge_ingestions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    kind text NOT NULL,
    source_path text,
    object_name text,
    content_type text,
    embedding_model text,
    state text DEFAULT 'pending'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
    lease_until timestamp with time zone,
    done_count integer DEFAULT 0 NOT NULL,
    total_count integer,
    error_code text,
    error_detail text,
    knowledge_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT knowledge_ingestions_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT knowledge_ingestions_check CHECK (
CASE kind
    WHEN 'upload'::text THEN (num_nonnulls(source_path, object_name) = 2)
    WHEN 'url'::text THEN (source_path IS NOT NULL)
    WHEN 'reembedding'::text THEN (embedding_model IS NOT NULL)
    ELSE (object_name IS NOT NULL)
END),
    CONSTRAINT knowledge_ingestions_content_type_check CHECK ((char_length(content_type) <= 2000)),
    CONSTRAINT knowledge_ingestions_done_count_check CHECK ((done_count >= 0)),
    CONSTRAINT knowledge_ingestions_embedding_model_check CHECK (((char_length(embedding_model) >= 1) AND (char_length(embedding_model) <= 200))),
    CONSTRAINT knowledge_ingestions_error_code_check CHECK ((char_length(error_code) <= 200)),
    CONSTRAINT knowledge_ingestions_error_detail_check CHECK ((char_length(error_detail) <= 20000)),
    CONSTRAINT knowledge_ingestions_failures_check CHECK ((failures >= 0)),
    CONSTRAINT knowledge_ingestions_kind_check CHECK ((kind = ANY (ARRAY['upload'::text, 'url'::text, 'reembedding'::text, 'deletion'::text]))),
    CONSTRAINT knowledge_ingestions_object_name_check CHECK (((char_length(object_name) >= 1) AND (char_length(object_name) <= 1000))),
    CONSTRAINT knowledge_ingestions_source_path_check CHECK (((char_length(source_path) >= 1) AND (char_length(source_path) <= 2000))),
    CONSTRAINT knowledge_ingestions_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'running'::text, 'done'::text, 'refused'::text, 'failed'::text]))),
    CONSTRAINT knowledge_ingestions_total_count_check CHECK ((total_count >= 0))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.knowledge_ingestions FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.knowledge_ingestions OWNER TO owner;

-- Name: knowledge_settings; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.knowledge_settings (
    organization_id uuid NOT NULL,
    embedding_model text NOT NULL,
    review_days integer DEFAULT 180 NOT NULL,
    usage_due_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT knowledge_settings_embedding_model_check CHECK (((char_length(embedding_model) >= 1) AND (char_length(embedding_model) <= 200))),
    CONSTRAINT knowledge_settings_review_days_check CHECK (((review_days >= 1) AND (review_days <= 3650)))
);

ALTER TABLE ONLY platform.knowledge_settings FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.knowledge_settings OWNER TO owner;

-- Name: knowledge_staged_vectors; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.knowledge_staged_vectors (
    organization_id uuid NOT NULL,
    knowledge_id uuid NOT NULL,
    ordinal integer NOT NULL,
    embedding_model text NOT NULL,
    embedding public.vector(1536) NOT NULL,
    CONSTRAINT knowledge_staged_vectors_embedding_model_check CHECK (((char_length(embedding_model) >= 1) AND (char_length(embedding_model) <= 200)))
);

ALTER TABLE ONLY platform.knowledge_staged_vectors FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.knowledge_staged_vectors OWNER TO owner;

-- Name: media_assets; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.media_assets (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    filename text NOT NULL,
    original_filename text,
    mime_type text NOT NULL,
    file_size_bytes bigint NOT NULL,
    storage_provider text DEFAULT 'gcs'::text NOT NULL,
    storage_path text NOT NULL,
    public_url text,
    sha256 text,
    crc32c text,
    generation bigint,
    state text DEFAULT 'ready'::text NOT NULL,
    deleting_at timestamp with time zone,
    image_metadata jsonb,
    alt_text text,
    generation_prompt text,
    generation_model text,
    generation_cost numeric(20,10),
    usage_count integer DEFAULT 0 NOT NULL,
    last_used_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT media_assets_alt_text_check CHECK ((char_length(alt_text) <= 5000)),
    CONSTRAINT media_assets_crc32c_check CHECK ((char_length(crc32c) <= 20)),
    CONSTRAINT media_assets_file_size_bytes_check CHECK ((file_size_bytes >= 0)),
    CONSTRAINT media_assets_filename_check CHECK (((char_length(filename) >= 1) AND (char_length(filename) <= 1000))),
    CONSTRAINT media_assets_generation_cost_check CHECK ((generation_cost >= (0)::numeric)),
    CONSTRAINT media_assets_generation_model_check CHECK ((char_length(generation_model) <= 200)),
    CONSTRAINT media_assets_generation_prompt_check CHECK ((octet_length(generation_prompt) <= 1000000)),
    CONSTRAINT media_assets_mime_type_check CHECK (((char_length(mime_type) >= 1) AND (char_length(mime_type) <= 200))),
    CONSTRAINT media_assets_original_filename_check CHECK ((char_length(original_filename) <= 1000)),
    CONSTRAINT media_assets_public_url_check CHECK ((char_length(public_url) <= 4096)),
    CONSTRAINT media_assets_sha256_check CHECK ((char_length(sha256) = 64)),
    CONSTRAINT media_assets_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'deleting'::text, 'missing'::text]))),
    CONSTRAINT media_assets_storage_path_check CHECK (((char_length(storage_path) >= 1) AND (char_length(storage_path) <= 2000))),
    CONSTRAINT media_assets_storage_provider_check CHECK ((storage_provider = ANY (ARRAY['gcs'::text, 's3'::text, 'local'::text]))),
    CONSTRAINT media_assets_usage_count_check CHECK ((usage_count >= 0))
);

ALTER TABLE ONLY platform.media_assets FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.media_assets OWNER TO owner;

-- Name: media_audits; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.media_audits (
    organization_id uuid NOT NULL,
    audited_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    due_at timestamp with time zone
);

ALTER TABLE ONLY platform.media_audits FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.media_audits OWNER TO owner;

-- Name: media_throttles; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.media_throttles (
    organization_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    error_times timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL,
    CONSTRAINT media_throttles_error_times_check CHECK ((cardinality(error_times) <= 100))
);

ALTER TABLE ONLY platform.media_throttles FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.media_throttles OWNER TO owner;

-- Name: media_transfers; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.media_transfers (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    message_id uuid NOT NULL,
    ordinal integer NOT NULL,
    kind text NOT NULL,
    provider_media_id text,
    url text,
    declared_mime_type text,
    declared_sha256 text,
    declared_size bigint,
    file_name text,
    voice boolean DEFAULT false NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
    lease_until timestamp with time zone,
    media_asset_id uuid,
    error_code text,
    error_detail text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT media_transfers_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT media_transfers_declared_mime_type_check CHECK ((char_length(declared_mime_type) <= 2000)),
    CONSTRAINT media_transfers_declared_sha256_check CHECK ((char_length(declared_sha256) <= 2000)),
    CONSTRAINT media_transfers_error_code_check CHECK ((char_length(error_code) <= 200)),
    CONSTRAINT media_transfers_error_detail_check CHECK ((char_length(error_detail) <= 20000)),
    CONSTRAINT media_transfers_file_name_check CHECK ((char_length(file_name) <= 20000)),
    CONSTRAINT media_transfers_kind_check CHECK ((char_length(kind) <= 200)),
    CONSTRAINT media_transfers_provider_media_id_check CHECK ((char_length(provider_media_id) <= 2000)),
    CONSTRAINT media_transfers_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'transferring'::text, 'stored'::text, 'expired'::text, 'refused'::text, 'failed'::text]))),
    CONSTRAINT media_transfers_url_check CHECK ((char_length(url) <= 20000))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.media_transfers FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.media_transfers OWNER TO owner;

-- Name: message_amendments; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.message_amendments (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    target text NOT NULL,
    kind text NOT NULL,
    actor text DEFAULT ''::text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    event_key text NOT NULL,
    text_content text,
    emoji text,
    message_id uuid,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT message_amendments_actor_check CHECK ((char_length(actor) <= 500)),
    CONSTRAINT message_amendments_emoji_check CHECK ((char_length(emoji) <= 100)),
    CONSTRAINT message_amendments_event_key_check CHECK (((char_length(event_key) >= 1) AND (char_length(event_key) <= 512))),
    CONSTRAINT message_amendments_kind_check CHECK ((kind = ANY (ARRAY['edit'::text, 'deletion'::text, 'reaction'::text]))),
    CONSTRAINT message_amendments_target_check CHECK (((char_length(target) >= 1) AND (char_length(target) <= 1000))),
    CONSTRAINT message_amendments_text_content_check CHECK ((octet_length(text_content) <= 1000000))
);

ALTER TABLE ONLY platform.message_amendments FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.message_amendments OWNER TO owner;

-- Name: message_statuses; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.message_statuses (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    provider_message_id text NOT NULL,
    status text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    message_id uuid,
    outbox_id uuid,
    recipient text,
    error_code text,
    error_detail text,
    pricing_billable boolean,
    pricing_model text,
    pricing_type text,
    pricing_category text,
    conversation_origin text,
    CONSTRAINT message_statuses_conversation_origin_check CHECK ((char_length(conversation_origin) <= 100)),
    CONSTRAINT message_statuses_error_code_check CHECK ((char_length(error_code) <= 200)),
    CONSTRAINT message_statuses_error_detail_check CHECK ((char_length(error_detail) <= 20000)),
    CONSTRAINT message_statuses_pricing_category_check CHECK ((char_length(pricing_category) <= 100)),
    CONSTRAINT message_statuses_pricing_model_check CHECK ((char_length(pricing_model) <= 100)),
    CONSTRAINT message_statuses_pricing_type_check CHECK ((char_length(pricing_type) <= 100)),
    CONSTRAINT message_statuses_provider_message_id_check CHECK (((char_length(provider_message_id) >= 1) AND (char_length(provider_message_id) <= 1000))),
    CONSTRAINT message_statuses_recipient_check CHECK ((char_length(recipient) <= 500)),
    CONSTRAINT message_statuses_status_check CHECK (((char_length(status) >= 1) AND (char_length(status) <= 100)))
)
PARTITION BY RANGE (received_at);

ALTER TABLE ONLY platform.message_statuses FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.message_statuses OWNER TO owner;

-- Name: message_watermarks; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.message_watermarks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    status text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT message_watermarks_status_check CHECK ((status = ANY (ARRAY['delivered'::text, 'read'::text])))
)
PARTITION BY RANGE (received_at);

ALTER TABLE ONLY platform.message_watermarks FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.message_watermarks OWNER TO owner;

-- Name: organizations; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.organizations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    business_type text NOT NULL,
    industry_vertical text,
    target_market text,
    timezone text DEFAULT 'America/Sao_Paulo'::text NOT NULL,
    locale text DEFAULT 'pt-BR'::text NOT NULL,
    currency text DEFAULT 'BRL'::text NOT NULL,
    subscription_plan text DEFAULT 'starter'::text NOT NULL,
    billing_status text DEFAULT 'trial'::text NOT NULL,
    trial_ends_at timestamp with time zone,
    encryption_key_id text,
    ai_paused_at timestamp with time zone,
    ai_paused_reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    search_vector tsvector GENERATED ALWAYS AS (to_tsvector('portuguese'::regconfig, ((name || ' '::text) || COALESCE(business_type, ''::text)))) STORED,
    CONSTRAINT organizations_ai_paused_reason_check CHECK ((char_length(ai_paused_reason) <= 2000)),
    CONSTRAINT organizations_billing_status_check CHECK ((billing_status = ANY (ARRAY['trial'::text, 'active'::text, 'suspended'::text, 'cancelled'::text]))),
    CONSTRAINT organizations_business_type_check CHECK (((char_length(business_type) >= 1) AND (char_length(business_type) <= 100))),
    CONSTRAINT organizations_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT organizations_encryption_key_id_check CHECK ((char_length(encryption_key_id) <= 500)),
    CONSTRAINT organizations_industry_vertical_check CHECK ((char_length(industry_vertical) <= 200)),
    CONSTRAINT organizations_locale_check CHECK ((locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'::text)),
    CONSTRAINT organizations_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 500))),
    CONSTRAINT organizations_slug_check CHECK (((char_length(slug) >= 1) AND (char_length(slug) <= 200))),
    CONSTRAINT organizations_subscription_plan_check CHECK ((subscription_plan = ANY (ARRAY['starter'::text, 'growth'::text, 'scale'::text]))),
    CONSTRAINT organizations_target_market_check CHECK ((char_length(target_market) <= 500)),
    CONSTRAINT organizations_timezone_check CHECK ((timezone ~ '^[A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+)*$'::text))
);

ALTER TABLE ONLY platform.organizations FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.organizations OWNER TO owner;

-- Name: outbox_attempts; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.outbox_attempts (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    outbox_id uuid NOT NULL,
    attempt integer NOT NULL,
    outcome text NOT NULL,
    http_status integer,
    error_code text,
    latency_ms integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT outbox_attempts_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT outbox_attempts_error_code_check CHECK ((char_length(error_code) <= 200)),
    CONSTRAINT outbox_attempts_http_status_check CHECK (((http_status >= 100) AND (http_status <= 599))),
    CONSTRAINT outbox_attempts_latency_ms_check CHECK ((latency_ms >= 0)),
    CONSTRAINT outbox_attempts_outcome_check CHECK ((outcome = ANY (ARRAY['accepted'::text, 'refused'::text, 'retry'::text, 'uncertain'::text, 'abandoned'::text])))
)
PARTITION BY RANGE (created_at);

ALTER TABLE ONLY platform.outbox_attempts FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.outbox_attempts OWNER TO owner;

-- Name: partitioned_tables; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.partitioned_tables (
    table_name text NOT NULL,
    retention interval,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT partitioned_tables_retention_check CHECK ((retention >= '1 mon'::interval)),
    CONSTRAINT partitioned_tables_table_name_check CHECK ((table_name ~ '^[a-z_]+\.[a-z_]+$'::text))
);

ALTER TABLE platform.partitioned_tables OWNER TO owner;

-- Name: TABLE partitioned_tables; Type: COMMENT; Schema: platform; Owner: owner

COMMENT ON TABLE platform.partitioned_tables IS 'The tables that are kept by month; retention NULL means that cleanup_old_data keeps every month';

-- Name: subscriptions; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.subscriptions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    plan_name text NOT NULL,
    plan_features jsonb NOT NULL,
    billing_cycle text DEFAULT 'monthly'::text NOT NULL,
    amount_cents bigint NOT NULL,
    currency text DEFAULT 'BRL'::text NOT NULL,
    stripe_subscription_id text,
    mercadopago_subscription_id text,
    status text DEFAULT 'active'::text NOT NULL,
    current_period_start timestamp with time zone NOT NULL,
    current_period_end timestamp with time zone NOT NULL,
    trial_end timestamp with time zone,
    canceled_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT subscriptions_amount_cents_check CHECK ((amount_cents >= 0)),
    CONSTRAINT subscriptions_billing_cycle_check CHECK ((billing_cycle = ANY (ARRAY['monthly'::text, 'annual'::text]))),
    CONSTRAINT subscriptions_check CHECK ((current_period_end > current_period_start)),
    CONSTRAINT subscriptions_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT subscriptions_mercadopago_subscription_id_check CHECK (((char_length(mercadopago_subscription_id) >= 1) AND (char_length(mercadopago_subscription_id) <= 500))),
    CONSTRAINT subscriptions_plan_name_check CHECK ((plan_name = ANY (ARRAY['starter'::text, 'growth'::text, 'scale'::text]))),
    CONSTRAINT subscriptions_status_check CHECK ((status = ANY (ARRAY['trialing'::text, 'active'::text, 'past_due'::text, 'canceled'::text]))),
    CONSTRAINT subscriptions_stripe_subscription_id_check CHECK (((char_length(stripe_subscription_id) >= 1) AND (char_length(stripe_subscription_id) <= 500)))
);

ALTER TABLE ONLY platform.subscriptions FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.subscriptions OWNER TO owner;

-- Name: switches; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.switches (
    name text NOT NULL,
    paused_at timestamp with time zone,
    reason text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT switches_name_check CHECK ((name = 'ai'::text)),
    CONSTRAINT switches_reason_check CHECK ((char_length(reason) <= 2000))
);

ALTER TABLE platform.switches OWNER TO owner;

-- Name: usage_records; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.usage_records (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    usage_type text NOT NULL,
    quantity numeric(15,4) NOT NULL,
    unit_cost_cents bigint,
    currency text DEFAULT 'BRL'::text NOT NULL,
    billing_period_start timestamp with time zone NOT NULL,
    billing_period_end timestamp with time zone NOT NULL,
    department_type text,
    agent_type text,
    idempotency_key text DEFAULT (gen_random_uuid())::text NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT usage_records_agent_type_check CHECK ((char_length(agent_type) <= 100)),
    CONSTRAINT usage_records_check CHECK ((billing_period_end > billing_period_start)),
    CONSTRAINT usage_records_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT usage_records_department_type_check CHECK ((char_length(department_type) <= 100)),
    CONSTRAINT usage_records_idempotency_key_check CHECK (((char_length(idempotency_key) >= 1) AND (char_length(idempotency_key) <= 500))),
    CONSTRAINT usage_records_usage_type_check CHECK (((char_length(usage_type) >= 1) AND (char_length(usage_type) <= 100)))
)
PARTITION BY RANGE (billing_period_start);

ALTER TABLE ONLY platform.usage_records FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.usage_records OWNER TO owner;

-- Name: user_sessions; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.user_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    user_id uuid NOT NULL,
    refresh_token_hash text NOT NULL,
    access_token_jti text NOT NULL,
    device_info jsonb,
    ip_address inet,
    user_agent text,
    token_family_id uuid DEFAULT gen_random_uuid() NOT NULL,
    used_at timestamp with time zone,
    replaced_by uuid,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_sessions_access_token_jti_check CHECK (((char_length(access_token_jti) >= 1) AND (char_length(access_token_jti) <= 500))),
    CONSTRAINT user_sessions_check CHECK ((expires_at > created_at)),
    CONSTRAINT user_sessions_refresh_token_hash_check CHECK (((char_length(refresh_token_hash) >= 1) AND (char_length(refresh_token_hash) <= 500))),
    CONSTRAINT user_sessions_user_agent_check CHECK ((char_length(user_agent) <= 4096))
);

ALTER TABLE ONLY platform.user_sessions FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.user_sessions OWNER TO owner;

-- Name: users; Type: TABLE; Schema: platform; Owner: owner

CREATE TABLE platform.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    organization_id uuid NOT NULL,
    email text NOT NULL,
    phone text,
    full_name text NOT NULL,
    avatar_url text,
    password_hash text,
    email_verified_at timestamp with time zone,
    phone_verified_at timestamp with time zone,
    two_factor_enabled boolean DEFAULT false NOT NULL,
    two_factor_secret text,
    role text DEFAULT 'member'::text NOT NULL,
    permissions jsonb DEFAULT '[]'::jsonb NOT NULL,
    last_login_at timestamp with time zone,
    login_count integer DEFAULT 0 NOT NULL,
    notification_preferences jsonb DEFAULT '{"sms": {"alerts": true, "critical": true}, "push": {"real_time": true, "daily_summary": false}, "email": {"alerts": true, "reports": true, "marketing": true}}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT users_avatar_url_check CHECK ((char_length(avatar_url) <= 4096)),
    CONSTRAINT users_email_check CHECK (((char_length(email) >= 3) AND (char_length(email) <= 320))),
    CONSTRAINT users_full_name_check CHECK (((char_length(full_name) >= 1) AND (char_length(full_name) <= 500))),
    CONSTRAINT users_login_count_check CHECK ((login_count >= 0)),
    CONSTRAINT users_notification_preferences_check CHECK ((jsonb_typeof(notification_preferences) = 'object'::text)),
    CONSTRAINT users_password_hash_check CHECK ((char_length(password_hash) <= 500)),
    CONSTRAINT users_permissions_check CHECK ((jsonb_typeof(permissions) = 'array'::text)),
    CONSTRAINT users_phone_check CHECK ((char_length(phone) <= 50)),
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text]))),
    CONSTRAINT users_two_factor_secret_check CHECK ((char_length(two_factor_secret) <= 2000))
);

ALTER TABLE ONLY platform.users FORCE ROW LEVEL SECURITY;

ALTER TABLE platform.users OWNER TO owner;

-- Name: whatsapp_charges; Type: VIEW; Schema: platform; Owner: owner

CREATE VIEW platform.whatsapp_charges WITH (security_invoker='true') AS
 SELECT organization_id,
    date_trunc('month'::text, first_occurred_at, 'UTC'::text) AS month,
    pricing_category AS category,
    pricing_type AS type,
    count(*) AS messages
   FROM ( SELECT s.organization_id,
            s.connection_id,
            s.provider_message_id,
            min(s.occurred_at) AS first_occurred_at,
            max(s.pricing_category) AS pricing_category,
            max(s.pricing_type) AS pricing_type
           FROM platform.message_statuses s
          WHERE s.pricing_billable
          GROUP BY s.organization_id, s.connection_id, s.provider_message_id) message
  GROUP BY organization_id, (date_trunc('month'::text, first_occurred_at, 'UTC'::text)), pricing_category, pricing_type;

ALTER VIEW platform.whatsapp_charges OWNER TO owner;

-- Name: alembic_version; Type: TABLE; Schema: public; Owner: owner

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

ALTER TABLE public.alembic_version OWNER TO owner;

-- Name: agent_runs agent_runs_pkey; Type: CONSTRAINT; Schema: agents; Owner: owner

ALTER TABLE ONLY agents.agent_runs
    ADD CONSTRAINT agent_runs_pkey PRIMARY KEY (id);

-- Name: llm_attempts llm_attempts_pkey; Type: CONSTRAINT; Schema: agents; Owner: owner

ALTER TABLE ONLY agents.llm_attempts
    ADD CONSTRAINT llm_attempts_pkey PRIMARY KEY (organization_id, started_at, id);

-- Name: model_prices model_prices_organization_id_model_effective_from_key; Type: CONSTRAINT; Schema: agents; Owner: owner

ALTER TABLE ONLY agents.model_prices
    ADD CONSTRAINT model_prices_organization_id_model_effective_from_key UNIQUE (organization_id, model, effective_from);

-- Name: model_prices model_prices_pkey; Type: CONSTRAINT; Schema: agents; Owner: owner

ALTER TABLE ONLY agents.model_prices
    ADD CONSTRAINT model_prices_pkey PRIMARY KEY (id);

-- Name: spending_limits spending_limits_organization_id_agent_id_key; Type: CONSTRAINT; Schema: agents; Owner: owner

ALTER TABLE ONLY agents.spending_limits
    ADD CONSTRAINT spending_limits_organization_id_agent_id_key UNIQUE NULLS NOT DISTINCT (organization_id, agent_id);

-- Name: spending_limits spending_limits_pkey; Type: CONSTRAINT; Schema: agents; Owner: owner

ALTER TABLE ONLY agents.spending_limits
    ADD CONSTRAINT spending_limits_pkey PRIMARY KEY (id);

-- Name: satisfaction_scores satisfaction_scores_pkey; Type: CONSTRAINT; Schema: analytics; Owner: owner

ALTER TABLE ONLY analytics.satisfaction_scores
    ADD CONSTRAINT satisfaction_scores_pkey PRIMARY KEY (id);

-- Name: usage_metrics usage_metrics_pkey; Type: CONSTRAINT; Schema: analytics; Owner: owner

ALTER TABLE ONLY analytics.usage_metrics
    ADD CONSTRAINT usage_metrics_pkey PRIMARY KEY (organization_id, period_start, id);

-- Name: activity_logs activity_logs_pkey; Type: CONSTRAINT; Schema: audit; Owner: owner

ALTER TABLE ONLY audit.activity_logs
    ADD CONSTRAINT activity_logs_pkey PRIMARY KEY (created_at, id);

-- Name: agent_executions agent_executions_pkey; Type: CONSTRAINT; Schema: departments; Owner: owner

ALTER TABLE ONLY departments.agent_executions
    ADD CONSTRAINT agent_executions_pkey PRIMARY KEY (organization_id, created_at, id);

-- Name: agents agents_organization_id_id_key; Type: CONSTRAINT; Schema: departments; Owner: owner

ALTER TABLE ONLY departments.agents
    ADD CONSTRAINT agents_organization_id_id_key UNIQUE (organization_id, id);

-- Name: agents agents_pkey; Type: CONSTRAINT; Schema: departments; Owner: owner

ALTER TABLE ONLY departments.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (id);

-- Name: departments departments_organization_id_type_key; Type: CONSTRAINT; Schema: departments; Owner: owner

ALTER TABLE ONLY departments.departments
    ADD CONSTRAINT departments_organization_id_type_key UNIQUE (organization_id, type);

-- Name: departments departments_pkey; Type: CONSTRAINT; Schema: departments; Owner: owner

ALTER TABLE ONLY departments.departments
    ADD CONSTRAINT departments_pkey PRIMARY KEY (id);

-- Name: departments idx_departments_org; Type: CONSTRAINT; Schema: departments; Owner: owner

ALTER TABLE ONLY departments.departments
    ADD CONSTRAINT idx_departments_org UNIQUE (organization_id, id);

-- Name: connection_alerts connection_alerts_pkey; Type: CONSTRAINT; Schema: integrations; Owner: owner

ALTER TABLE ONLY integrations.connection_alerts
    ADD CONSTRAINT connection_alerts_pkey PRIMARY KEY (id);

-- Name: connections connections_organization_id_integration_type_account_identi_key; Type: CONSTRAINT; Schema: integrations; Owner: owner

ALTER TABLE ONLY integrations.connections
    ADD CONSTRAINT connections_organization_id_integration_type_account_identi_key UNIQUE (organization_id, integration_type, account_identifier);

-- Name: connections connections_pkey; Type: CONSTRAINT; Schema: integrations; Owner: owner

ALTER TABLE ONLY integrations.connections
    ADD CONSTRAINT connections_pkey PRIMARY KEY (id);

-- Name: connections idx_connections_org; Type: CONSTRAINT; Schema: integrations; Owner: owner

ALTER TABLE ONLY integrations.connections
    ADD CONSTRAINT idx_connections_org UNIQUE (organization_id, id);

-- Name: webhook_deliveries webhook_deliveries_pkey; Type: CONSTRAINT; Schema: integrations; Owner: owner

ALTER TABLE ONLY integrations.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (received_at, id);

-- Name: webhook_events webhook_events_pkey; Type: CONSTRAINT; Schema: integrations; Owner: owner

ALTER TABLE ONLY integrations.webhook_events
    ADD CONSTRAINT webhook_events_pkey PRIMARY KEY (created_at, id);

-- Name: webhook_keys webhook_keys_pkey; Type: CONSTRAINT; Schema: integrations; Owner: owner

ALTER TABLE ONLY integrations.webhook_keys
    ADD CONSTRAINT webhook_keys_pkey PRIMARY KEY (provider, account, event_key);

-- Name: backup_config backup_config_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.backup_config
    ADD CONSTRAINT backup_config_pkey PRIMARY KEY (id);

-- Name: backup_executions backup_executions_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.backup_executions
    ADD CONSTRAINT backup_executions_pkey PRIMARY KEY (id);

-- Name: contact_identities contact_identities_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.contact_identities
    ADD CONSTRAINT contact_identities_pkey PRIMARY KEY (organization_id, kind, scope, match);

-- Name: contact_merges contact_merges_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.contact_merges
    ADD CONSTRAINT contact_merges_pkey PRIMARY KEY (id);

-- Name: contacts contacts_organization_id_id_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.contacts
    ADD CONSTRAINT contacts_organization_id_id_key UNIQUE (organization_id, id);

-- Name: contacts contacts_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.contacts
    ADD CONSTRAINT contacts_pkey PRIMARY KEY (id);

-- Name: content content_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.content
    ADD CONSTRAINT content_pkey PRIMARY KEY (id);

-- Name: context_keys context_keys_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.context_keys
    ADD CONSTRAINT context_keys_pkey PRIMARY KEY (id);

-- Name: conversations conversations_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.conversations
    ADD CONSTRAINT conversations_pkey PRIMARY KEY (id);

-- Name: encryption_keys encryption_keys_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.encryption_keys
    ADD CONSTRAINT encryption_keys_pkey PRIMARY KEY (id);

-- Name: exchange_rates exchange_rates_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.exchange_rates
    ADD CONSTRAINT exchange_rates_pkey PRIMARY KEY (effective_from);

-- Name: faq_draft_sources faq_draft_sources_organization_id_draft_id_conversation_id_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_draft_sources
    ADD CONSTRAINT faq_draft_sources_organization_id_draft_id_conversation_id_key UNIQUE (organization_id, draft_id, conversation_id);

-- Name: faq_draft_sources faq_draft_sources_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_draft_sources
    ADD CONSTRAINT faq_draft_sources_pkey PRIMARY KEY (id);

-- Name: faq_drafts faq_drafts_organization_id_id_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_drafts
    ADD CONSTRAINT faq_drafts_organization_id_id_key UNIQUE (organization_id, id);

-- Name: faq_drafts faq_drafts_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_drafts
    ADD CONSTRAINT faq_drafts_pkey PRIMARY KEY (id);

-- Name: faq_progress faq_progress_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_progress
    ADD CONSTRAINT faq_progress_pkey PRIMARY KEY (organization_id);

-- Name: handoffs handoffs_organization_id_id_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.handoffs
    ADD CONSTRAINT handoffs_organization_id_id_key UNIQUE (organization_id, id);

-- Name: handoffs handoffs_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.handoffs
    ADD CONSTRAINT handoffs_pkey PRIMARY KEY (id);

-- Name: conversations idx_conversations_org; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.conversations
    ADD CONSTRAINT idx_conversations_org UNIQUE (organization_id, id);

-- Name: knowledge_base idx_knowledge_org; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_base
    ADD CONSTRAINT idx_knowledge_org UNIQUE (organization_id, id);

-- Name: users idx_users_organization; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT idx_users_organization UNIQUE (organization_id, id);

-- Name: knowledge_base knowledge_base_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_base
    ADD CONSTRAINT knowledge_base_pkey PRIMARY KEY (id);

-- Name: knowledge_chunks knowledge_chunks_organization_id_knowledge_id_ordinal_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_chunks
    ADD CONSTRAINT knowledge_chunks_organization_id_knowledge_id_ordinal_key UNIQUE (organization_id, knowledge_id, ordinal);

-- Name: knowledge_chunks knowledge_chunks_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_chunks
    ADD CONSTRAINT knowledge_chunks_pkey PRIMARY KEY (id);

-- Name: knowledge_ingestions knowledge_ingestions_organization_id_id_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_ingestions
    ADD CONSTRAINT knowledge_ingestions_organization_id_id_key UNIQUE (organization_id, id);

-- Name: knowledge_ingestions knowledge_ingestions_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_ingestions
    ADD CONSTRAINT knowledge_ingestions_pkey PRIMARY KEY (id);

-- Name: knowledge_settings knowledge_settings_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_settings
    ADD CONSTRAINT knowledge_settings_pkey PRIMARY KEY (organization_id);

-- Name: knowledge_staged_vectors knowledge_staged_vectors_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_staged_vectors
    ADD CONSTRAINT knowledge_staged_vectors_pkey PRIMARY KEY (organization_id, knowledge_id, ordinal);

-- Name: media_assets media_assets_organization_id_id_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_assets
    ADD CONSTRAINT media_assets_organization_id_id_key UNIQUE (organization_id, id);

-- Name: media_assets media_assets_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_assets
    ADD CONSTRAINT media_assets_pkey PRIMARY KEY (id);

-- Name: media_audits media_audits_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_audits
    ADD CONSTRAINT media_audits_pkey PRIMARY KEY (organization_id);

-- Name: media_throttles media_throttles_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_throttles
    ADD CONSTRAINT media_throttles_pkey PRIMARY KEY (organization_id, connection_id);

-- Name: media_transfers media_transfers_organization_id_message_id_ordinal_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_transfers
    ADD CONSTRAINT media_transfers_organization_id_message_id_ordinal_key UNIQUE (organization_id, message_id, ordinal);

-- Name: media_transfers media_transfers_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_transfers
    ADD CONSTRAINT media_transfers_pkey PRIMARY KEY (id);

-- Name: message_amendments message_amendments_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.message_amendments
    ADD CONSTRAINT message_amendments_pkey PRIMARY KEY (id);

-- Name: message_statuses message_statuses_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.message_statuses
    ADD CONSTRAINT message_statuses_pkey PRIMARY KEY (organization_id, received_at, id);

-- Name: message_watermarks message_watermarks_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.message_watermarks
    ADD CONSTRAINT message_watermarks_pkey PRIMARY KEY (organization_id, received_at, id);

-- Name: messages messages_conversation_id_seq_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.messages
    ADD CONSTRAINT messages_conversation_id_seq_key UNIQUE (conversation_id, seq);

-- Name: messages messages_organization_id_connection_id_external_message_id_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.messages
    ADD CONSTRAINT messages_organization_id_connection_id_external_message_id_key UNIQUE (organization_id, connection_id, external_message_id);

-- Name: messages messages_organization_id_id_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.messages
    ADD CONSTRAINT messages_organization_id_id_key UNIQUE (organization_id, id);

-- Name: messages messages_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

-- Name: organizations organizations_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);

-- Name: organizations organizations_slug_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.organizations
    ADD CONSTRAINT organizations_slug_key UNIQUE (slug);

-- Name: outbox_attempts outbox_attempts_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.outbox_attempts
    ADD CONSTRAINT outbox_attempts_pkey PRIMARY KEY (organization_id, created_at, id);

-- Name: outbox outbox_organization_id_conversation_id_turn_seq_part_key; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.outbox
    ADD CONSTRAINT outbox_organization_id_conversation_id_turn_seq_part_key UNIQUE (organization_id, conversation_id, turn_seq, part);

-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

-- Name: partitioned_tables partitioned_tables_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.partitioned_tables
    ADD CONSTRAINT partitioned_tables_pkey PRIMARY KEY (table_name);

-- Name: subscriptions subscriptions_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.subscriptions
    ADD CONSTRAINT subscriptions_pkey PRIMARY KEY (id);

-- Name: switches switches_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.switches
    ADD CONSTRAINT switches_pkey PRIMARY KEY (name);

-- Name: usage_records usage_records_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.usage_records
    ADD CONSTRAINT usage_records_pkey PRIMARY KEY (organization_id, billing_period_start, id);

-- Name: user_sessions user_sessions_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_pkey PRIMARY KEY (id);

-- Name: users users_pkey; Type: CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: owner

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

-- Name: idx_agent_runs_agent; Type: INDEX; Schema: agents; Owner: owner

CREATE INDEX idx_agent_runs_agent ON agents.agent_runs USING btree (organization_id, agent_id, created_at);

-- Name: idx_agent_runs_ended; Type: INDEX; Schema: agents; Owner: owner

CREATE INDEX idx_agent_runs_ended ON agents.agent_runs USING btree (organization_id, finished_at) WHERE (finished_at IS NOT NULL);

-- Name: idx_agent_runs_gathering; Type: INDEX; Schema: agents; Owner: owner

CREATE UNIQUE INDEX idx_agent_runs_gathering ON agents.agent_runs USING btree (organization_id, agent_id, trigger_key) WHERE ((trigger_type = 'event'::text) AND (status = 'pending'::text) AND (attempts = 0));

-- Name: idx_agent_runs_once; Type: INDEX; Schema: agents; Owner: owner

CREATE UNIQUE INDEX idx_agent_runs_once ON agents.agent_runs USING btree (organization_id, agent_id, trigger_type, trigger_key) WHERE (trigger_type <> 'event'::text);

-- Name: idx_agent_runs_one_at_a_time; Type: INDEX; Schema: agents; Owner: owner

CREATE UNIQUE INDEX idx_agent_runs_one_at_a_time ON agents.agent_runs USING btree (organization_id, agent_id) WHERE (status = 'running'::text);

-- Name: idx_agent_runs_open; Type: INDEX; Schema: agents; Owner: owner

CREATE INDEX idx_agent_runs_open ON agents.agent_runs USING btree (organization_id, run_at) WHERE (status = ANY (ARRAY['pending'::text, 'running'::text]));

-- Name: idx_llm_attempts_execution; Type: INDEX; Schema: agents; Owner: owner

CREATE INDEX idx_llm_attempts_execution ON ONLY agents.llm_attempts USING btree (organization_id, execution_id);

-- Name: idx_llm_attempts_unsettled; Type: INDEX; Schema: agents; Owner: owner

CREATE INDEX idx_llm_attempts_unsettled ON ONLY agents.llm_attempts USING btree (started_at) WHERE (state = 'started'::text);

-- Name: idx_satisfaction_created; Type: INDEX; Schema: analytics; Owner: owner

CREATE INDEX idx_satisfaction_created ON analytics.satisfaction_scores USING btree (organization_id, created_at);

-- Name: idx_satisfaction_org; Type: INDEX; Schema: analytics; Owner: owner

CREATE INDEX idx_satisfaction_org ON analytics.satisfaction_scores USING btree (organization_id, conversation_id);

-- Name: idx_satisfaction_score; Type: INDEX; Schema: analytics; Owner: owner

CREATE INDEX idx_satisfaction_score ON analytics.satisfaction_scores USING btree (organization_id, score);

-- Name: idx_satisfaction_type; Type: INDEX; Schema: analytics; Owner: owner

CREATE INDEX idx_satisfaction_type ON analytics.satisfaction_scores USING btree (organization_id, interaction_type);

-- Name: idx_usage_metrics_org; Type: INDEX; Schema: analytics; Owner: owner

CREATE INDEX idx_usage_metrics_org ON ONLY analytics.usage_metrics USING btree (organization_id, granularity, period_start);

-- Name: idx_usage_metrics_type; Type: INDEX; Schema: analytics; Owner: owner

CREATE UNIQUE INDEX idx_usage_metrics_type ON ONLY analytics.usage_metrics USING btree (organization_id, metric_type, metric_category, granularity, period_start, dimensions);

-- Name: idx_activity_logs_action; Type: INDEX; Schema: audit; Owner: owner

CREATE INDEX idx_activity_logs_action ON ONLY audit.activity_logs USING btree (organization_id, action, created_at);

-- Name: idx_activity_logs_org; Type: INDEX; Schema: audit; Owner: owner

CREATE INDEX idx_activity_logs_org ON ONLY audit.activity_logs USING btree (organization_id, created_at);

-- Name: idx_activity_logs_resource; Type: INDEX; Schema: audit; Owner: owner

CREATE INDEX idx_activity_logs_resource ON ONLY audit.activity_logs USING btree (organization_id, resource_type, resource_id);

-- Name: idx_activity_logs_user; Type: INDEX; Schema: audit; Owner: owner

CREATE INDEX idx_activity_logs_user ON ONLY audit.activity_logs USING btree (organization_id, user_id, created_at) WHERE (user_id IS NOT NULL);

-- Name: idx_agents_department; Type: INDEX; Schema: departments; Owner: owner

CREATE INDEX idx_agents_department ON departments.agents USING btree (organization_id, department_id);

-- Name: idx_agents_schedule; Type: INDEX; Schema: departments; Owner: owner

CREATE INDEX idx_agents_schedule ON departments.agents USING btree (next_scheduled_at) WHERE ((status = 'active'::text) AND (next_scheduled_at IS NOT NULL));

-- Name: idx_agents_status; Type: INDEX; Schema: departments; Owner: owner

CREATE INDEX idx_agents_status ON departments.agents USING btree (organization_id, status);

-- Name: idx_agents_type; Type: INDEX; Schema: departments; Owner: owner

CREATE INDEX idx_agents_type ON departments.agents USING btree (organization_id, agent_type);

-- Name: idx_departments_status; Type: INDEX; Schema: departments; Owner: owner

CREATE INDEX idx_departments_status ON departments.departments USING btree (organization_id, status);

-- Name: idx_executions_agent; Type: INDEX; Schema: departments; Owner: owner

CREATE INDEX idx_executions_agent ON ONLY departments.agent_executions USING btree (organization_id, agent_id, created_at);

-- Name: idx_executions_conversation; Type: INDEX; Schema: departments; Owner: owner

CREATE INDEX idx_executions_conversation ON ONLY departments.agent_executions USING btree (organization_id, conversation_id, to_seq) WHERE (conversation_id IS NOT NULL);

-- Name: idx_executions_status; Type: INDEX; Schema: departments; Owner: owner

CREATE INDEX idx_executions_status ON ONLY departments.agent_executions USING btree (organization_id, status, created_at);

-- Name: idx_executions_trigger; Type: INDEX; Schema: departments; Owner: owner

CREATE INDEX idx_executions_trigger ON ONLY departments.agent_executions USING btree (organization_id, trigger_type, created_at);

-- Name: idx_executions_unfinished; Type: INDEX; Schema: departments; Owner: owner

CREATE INDEX idx_executions_unfinished ON ONLY departments.agent_executions USING btree (created_at) WHERE (status = ANY (ARRAY['pending'::text, 'running'::text]));

-- Name: connection_alerts_open; Type: INDEX; Schema: integrations; Owner: owner

CREATE UNIQUE INDEX connection_alerts_open ON integrations.connection_alerts USING btree (organization_id, connection_id, kind, reason) WHERE (cleared_at IS NULL);

-- Name: connections_account; Type: INDEX; Schema: integrations; Owner: owner

CREATE UNIQUE INDEX connections_account ON integrations.connections USING btree (provider, account_identifier) WHERE (status <> 'revoked'::text);

-- Name: idx_connection_alerts_connection; Type: INDEX; Schema: integrations; Owner: owner

CREATE INDEX idx_connection_alerts_connection ON integrations.connection_alerts USING btree (organization_id, connection_id, raised_at);

-- Name: idx_connections_business; Type: INDEX; Schema: integrations; Owner: owner

CREATE INDEX idx_connections_business ON integrations.connections USING btree (provider, business_account_id) WHERE ((business_account_id IS NOT NULL) AND (status <> 'revoked'::text));

-- Name: idx_connections_status; Type: INDEX; Schema: integrations; Owner: owner

CREATE INDEX idx_connections_status ON integrations.connections USING btree (organization_id, status);

-- Name: idx_connections_sync; Type: INDEX; Schema: integrations; Owner: owner

CREATE INDEX idx_connections_sync ON integrations.connections USING btree (last_sync_at) WHERE (status = 'active'::text);

-- Name: idx_webhook_deliveries_quarantined; Type: INDEX; Schema: integrations; Owner: owner

CREATE INDEX idx_webhook_deliveries_quarantined ON ONLY integrations.webhook_deliveries USING btree (provider, received_at) WHERE (status = 'quarantined'::text);

-- Name: idx_webhook_events_connection; Type: INDEX; Schema: integrations; Owner: owner

CREATE INDEX idx_webhook_events_connection ON ONLY integrations.webhook_events USING btree (organization_id, connection_id, created_at);

-- Name: idx_webhook_events_status; Type: INDEX; Schema: integrations; Owner: owner

CREATE INDEX idx_webhook_events_status ON ONLY integrations.webhook_events USING btree (status, created_at) WHERE (status <> 'processed'::text);

-- Name: idx_webhook_events_type; Type: INDEX; Schema: integrations; Owner: owner

CREATE INDEX idx_webhook_events_type ON ONLY integrations.webhook_events USING btree (organization_id, event_type, created_at) WHERE (status <> 'processed'::text);

-- Name: conversations_open; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX conversations_open ON platform.conversations USING btree (organization_id, connection_id, contact_id) WHERE ((status = ANY (ARRAY['active'::text, 'escalated'::text])) AND (continued_in IS NULL));

-- Name: faq_drafts_open; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX faq_drafts_open ON platform.faq_drafts USING btree (organization_id, question_key) WHERE (state = 'draft'::text);

-- Name: handoffs_active; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX handoffs_active ON platform.handoffs USING btree (organization_id, conversation_id) WHERE (state = ANY (ARRAY['open'::text, 'claimed'::text]));

-- Name: idx_backup_executions_config; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_backup_executions_config ON platform.backup_executions USING btree (backup_config_id, started_at);

-- Name: idx_contact_identities_contact; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_contact_identities_contact ON platform.contact_identities USING btree (organization_id, contact_id);

-- Name: idx_contact_merges_contact; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_contact_merges_contact ON platform.contact_merges USING btree (organization_id, contact_id);

-- Name: idx_contact_merges_merged; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_contact_merges_merged ON platform.contact_merges USING btree (organization_id, merged_contact_id);

-- Name: idx_contacts_merged; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_contacts_merged ON platform.contacts USING btree (organization_id, merged_into) WHERE (merged_into IS NOT NULL);

-- Name: idx_content_org; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_content_org ON platform.content USING btree (organization_id, created_at);

-- Name: idx_content_platform; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_content_platform ON platform.content USING btree (organization_id, platform);

-- Name: idx_content_published; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_content_published ON platform.content USING btree (organization_id, published_at) WHERE (published_at IS NOT NULL);

-- Name: idx_content_scheduled; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_content_scheduled ON platform.content USING btree (scheduled_for) WHERE (status = 'scheduled'::text);

-- Name: idx_content_status; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_content_status ON platform.content USING btree (organization_id, status);

-- Name: idx_content_type; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_content_type ON platform.content USING btree (organization_id, content_type);

-- Name: idx_conversations_assigned; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_conversations_assigned ON platform.conversations USING btree (organization_id, assigned_user_id) WHERE (assigned_user_id IS NOT NULL);

-- Name: idx_conversations_channel; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_conversations_channel ON platform.conversations USING btree (organization_id, connection_id);

-- Name: idx_conversations_contact; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_conversations_contact ON platform.conversations USING btree (organization_id, contact_id) WHERE (contact_id IS NOT NULL);

-- Name: idx_conversations_continued; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_conversations_continued ON platform.conversations USING btree (organization_id, continued_in) WHERE (continued_in IS NOT NULL);

-- Name: idx_conversations_customer_phone; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_conversations_customer_phone ON platform.conversations USING btree (organization_id, customer_phone) WHERE (customer_phone IS NOT NULL);

-- Name: idx_conversations_due; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_conversations_due ON platform.conversations USING btree (organization_id, run_at) WHERE (run_at IS NOT NULL);

-- Name: idx_conversations_status; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_conversations_status ON platform.conversations USING btree (organization_id, status, created_at);

-- Name: idx_encryption_keys_organization; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_encryption_keys_organization ON platform.encryption_keys USING btree (organization_id);

-- Name: idx_faq_draft_sources_answer; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_faq_draft_sources_answer ON platform.faq_draft_sources USING btree (organization_id, answer_message_id);

-- Name: idx_faq_draft_sources_conversation; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_faq_draft_sources_conversation ON platform.faq_draft_sources USING btree (organization_id, conversation_id);

-- Name: idx_faq_draft_sources_question; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_faq_draft_sources_question ON platform.faq_draft_sources USING btree (organization_id, question_message_id);

-- Name: idx_faq_drafts_answer_message; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_faq_drafts_answer_message ON platform.faq_drafts USING btree (organization_id, answer_message_id) WHERE (answer_message_id IS NOT NULL);

-- Name: idx_faq_drafts_conflict; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_faq_drafts_conflict ON platform.faq_drafts USING btree (organization_id, conflict_with) WHERE (conflict_with IS NOT NULL);

-- Name: idx_faq_drafts_decided_by; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_faq_drafts_decided_by ON platform.faq_drafts USING btree (organization_id, decided_by) WHERE (decided_by IS NOT NULL);

-- Name: idx_faq_drafts_knowledge; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_faq_drafts_knowledge ON platform.faq_drafts USING btree (organization_id, knowledge_id) WHERE (knowledge_id IS NOT NULL);

-- Name: idx_faq_drafts_question_message; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_faq_drafts_question_message ON platform.faq_drafts USING btree (organization_id, question_message_id) WHERE (question_message_id IS NOT NULL);

-- Name: idx_faq_drafts_state; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_faq_drafts_state ON platform.faq_drafts USING btree (organization_id, state);

-- Name: idx_handoffs_claimed_by; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_handoffs_claimed_by ON platform.handoffs USING btree (organization_id, claimed_by) WHERE (claimed_by IS NOT NULL);

-- Name: idx_handoffs_closed_by; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_handoffs_closed_by ON platform.handoffs USING btree (organization_id, closed_by) WHERE (closed_by IS NOT NULL);

-- Name: idx_handoffs_conversation; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_handoffs_conversation ON platform.handoffs USING btree (organization_id, conversation_id);

-- Name: idx_handoffs_queue; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_handoffs_queue ON platform.handoffs USING btree (organization_id, state, requested_at);

-- Name: idx_handoffs_waiting; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_handoffs_waiting ON platform.handoffs USING btree (state, target_at) WHERE (state = ANY (ARRAY['open'::text, 'claimed'::text]));

-- Name: idx_knowledge_category; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_category ON platform.knowledge_base USING btree (organization_id, category);

-- Name: idx_knowledge_chunks_scan; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_chunks_scan ON platform.knowledge_chunks USING btree (organization_id, embedding_model, ann_indexed) INCLUDE (knowledge_id, id, embedding_bits);

-- Name: idx_knowledge_embedding; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_embedding ON platform.knowledge_chunks USING hnsw (embedding_bits public.bit_hamming_ops) WHERE ann_indexed;

-- Name: idx_knowledge_ingestions_entry; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_ingestions_entry ON platform.knowledge_ingestions USING btree (organization_id, knowledge_id) WHERE (knowledge_id IS NOT NULL);

-- Name: idx_knowledge_ingestions_leased; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_ingestions_leased ON platform.knowledge_ingestions USING btree (lease_until) WHERE (state = 'running'::text);

-- Name: idx_knowledge_ingestions_pending; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_ingestions_pending ON platform.knowledge_ingestions USING btree (organization_id, next_attempt_at) WHERE (state = 'pending'::text);

-- Name: idx_knowledge_ingestions_reembedding; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX idx_knowledge_ingestions_reembedding ON platform.knowledge_ingestions USING btree (organization_id) WHERE ((kind = 'reembedding'::text) AND (state = ANY (ARRAY['pending'::text, 'running'::text])));

-- Name: idx_knowledge_ingestions_source; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_ingestions_source ON platform.knowledge_ingestions USING btree (organization_id, source_path) WHERE (state = ANY (ARRAY['pending'::text, 'running'::text]));

-- Name: idx_knowledge_live; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_live ON platform.knowledge_base USING btree (organization_id, id) INCLUDE (valid_until) WHERE (status = 'active'::text);

-- Name: idx_knowledge_parent; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_parent ON platform.knowledge_base USING btree (organization_id, parent_id) WHERE (parent_id IS NOT NULL);

-- Name: idx_knowledge_reviewed_by; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_reviewed_by ON platform.knowledge_base USING btree (organization_id, reviewed_by) WHERE (reviewed_by IS NOT NULL);

-- Name: idx_knowledge_search; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_search ON platform.knowledge_chunks USING gin (search_vector);

-- Name: idx_knowledge_settings_usage; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_settings_usage ON platform.knowledge_settings USING btree (usage_due_at);

-- Name: idx_knowledge_status; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_status ON platform.knowledge_base USING btree (organization_id, status);

-- Name: idx_knowledge_type; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_knowledge_type ON platform.knowledge_base USING btree (organization_id, content_type);

-- Name: idx_media_audits_due; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_media_audits_due ON platform.media_audits USING btree (due_at) WHERE (due_at IS NOT NULL);

-- Name: idx_media_deleting; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_media_deleting ON platform.media_assets USING btree (organization_id, deleting_at) WHERE (state = 'deleting'::text);

-- Name: idx_media_org; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_media_org ON platform.media_assets USING btree (organization_id, created_at);

-- Name: idx_media_storage; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX idx_media_storage ON platform.media_assets USING btree (organization_id, storage_provider, storage_path);

-- Name: idx_media_transfers_asset; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_media_transfers_asset ON platform.media_transfers USING btree (organization_id, media_asset_id) WHERE (media_asset_id IS NOT NULL);

-- Name: idx_media_transfers_connection; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_media_transfers_connection ON platform.media_transfers USING btree (organization_id, connection_id);

-- Name: idx_media_transfers_leased; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_media_transfers_leased ON platform.media_transfers USING btree (lease_until) WHERE (state = 'transferring'::text);

-- Name: idx_media_transfers_pending; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_media_transfers_pending ON platform.media_transfers USING btree (organization_id, next_attempt_at) WHERE (state = 'pending'::text);

-- Name: idx_media_type; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_media_type ON platform.media_assets USING btree (organization_id, mime_type);

-- Name: idx_message_amendments_message; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_message_amendments_message ON platform.message_amendments USING btree (organization_id, message_id) WHERE (message_id IS NOT NULL);

-- Name: idx_message_amendments_target; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_message_amendments_target ON platform.message_amendments USING btree (organization_id, connection_id, target);

-- Name: idx_message_statuses_failed; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_message_statuses_failed ON ONLY platform.message_statuses USING btree (received_at) WHERE ((status = 'failed'::text) AND (outbox_id IS NOT NULL));

-- Name: idx_message_statuses_provider_message; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_message_statuses_provider_message ON ONLY platform.message_statuses USING btree (organization_id, provider_message_id);

-- Name: idx_message_watermarks_contact; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_message_watermarks_contact ON ONLY platform.message_watermarks USING btree (organization_id, contact_id, connection_id, occurred_at);

-- Name: idx_messages_agent; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_messages_agent ON platform.messages USING btree (organization_id, agent_id) WHERE (agent_id IS NOT NULL);

-- Name: idx_messages_conversation; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_messages_conversation ON platform.messages USING btree (organization_id, conversation_id, created_at);

-- Name: idx_messages_deleted_media; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_messages_deleted_media ON platform.messages USING btree (organization_id) WHERE ((deleted_at IS NOT NULL) AND (media_urls <> '[]'::jsonb));

-- Name: idx_messages_human; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_messages_human ON platform.messages USING btree (organization_id, created_at, id) WHERE (sender_type = 'human'::text);

-- Name: idx_messages_intent; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_messages_intent ON platform.messages USING btree (organization_id, intent_classification) WHERE (intent_classification IS NOT NULL);

-- Name: idx_messages_sender; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_messages_sender ON platform.messages USING btree (organization_id, sender_user_id) WHERE (sender_user_id IS NOT NULL);

-- Name: idx_messages_sentiment; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_messages_sentiment ON platform.messages USING btree (organization_id, sentiment_score) WHERE (sentiment_score IS NOT NULL);

-- Name: idx_organizations_business_type; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_organizations_business_type ON platform.organizations USING btree (business_type);

-- Name: idx_organizations_search; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_organizations_search ON platform.organizations USING gin (search_vector);

-- Name: idx_organizations_subscription; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_organizations_subscription ON platform.organizations USING btree (subscription_plan, billing_status);

-- Name: idx_outbox_accepted; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_outbox_accepted ON platform.outbox USING btree (organization_id, connection_id, accepted_at) WHERE (accepted_at IS NOT NULL);

-- Name: idx_outbox_attempts_outbox; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_outbox_attempts_outbox ON ONLY platform.outbox_attempts USING btree (organization_id, outbox_id);

-- Name: idx_outbox_connection; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_outbox_connection ON platform.outbox USING btree (organization_id, connection_id, provider_message_id);

-- Name: idx_outbox_message; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_outbox_message ON platform.outbox USING btree (organization_id, message_id);

-- Name: idx_outbox_open; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_outbox_open ON platform.outbox USING btree (organization_id, conversation_id, turn_seq, part) WHERE (state = ANY (ARRAY['ready'::text, 'sending'::text, 'uncertain'::text]));

-- Name: idx_outbox_waiting; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_outbox_waiting ON platform.outbox USING btree (state, not_before) WHERE (state = ANY (ARRAY['ready'::text, 'sending'::text, 'uncertain'::text]));

-- Name: idx_sessions_expires; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_sessions_expires ON platform.user_sessions USING btree (expires_at);

-- Name: idx_sessions_family; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_sessions_family ON platform.user_sessions USING btree (organization_id, token_family_id);

-- Name: idx_sessions_jti; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_sessions_jti ON platform.user_sessions USING btree (organization_id, access_token_jti);

-- Name: idx_sessions_token; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX idx_sessions_token ON platform.user_sessions USING btree (refresh_token_hash);

-- Name: idx_sessions_user; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_sessions_user ON platform.user_sessions USING btree (organization_id, user_id);

-- Name: idx_subscriptions_org; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_subscriptions_org ON platform.subscriptions USING btree (organization_id, created_at);

-- Name: idx_subscriptions_period; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_subscriptions_period ON platform.subscriptions USING btree (current_period_end) WHERE (status <> 'canceled'::text);

-- Name: idx_subscriptions_status; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_subscriptions_status ON platform.subscriptions USING btree (organization_id, status);

-- Name: idx_usage_records_type; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX idx_usage_records_type ON ONLY platform.usage_records USING btree (organization_id, usage_type, billing_period_start, idempotency_key);

-- Name: idx_users_email; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX idx_users_email ON platform.users USING btree (organization_id, lower(email)) WHERE (deleted_at IS NULL);

-- Name: idx_users_role; Type: INDEX; Schema: platform; Owner: owner

CREATE INDEX idx_users_role ON platform.users USING btree (organization_id, role);

-- Name: knowledge_base_question; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX knowledge_base_question ON platform.knowledge_base USING btree (organization_id, question_key) WHERE ((status = 'active'::text) AND (question_key IS NOT NULL));

-- Name: knowledge_base_source; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX knowledge_base_source ON platform.knowledge_base USING btree (organization_id, source_path) WHERE ((status = 'active'::text) AND (source_path IS NOT NULL));

-- Name: media_assets_bytes; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX media_assets_bytes ON platform.media_assets USING btree (organization_id, sha256) WHERE (state = 'ready'::text);

-- Name: subscriptions_mercadopago; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX subscriptions_mercadopago ON platform.subscriptions USING btree (mercadopago_subscription_id) WHERE (mercadopago_subscription_id IS NOT NULL);

-- Name: subscriptions_one_live; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX subscriptions_one_live ON platform.subscriptions USING btree (organization_id) WHERE (status = ANY (ARRAY['trialing'::text, 'active'::text, 'past_due'::text]));

-- Name: subscriptions_stripe; Type: INDEX; Schema: platform; Owner: owner

CREATE UNIQUE INDEX subscriptions_stripe ON platform.subscriptions USING btree (stripe_subscription_id) WHERE (stripe_subscription_id IS NOT NULL);

-- Name: spending_limits set_updated_at; Type: TRIGGER; Schema: agents; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON agents.spending_limits FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: activity_logs raise_event; Type: TRIGGER; Schema: audit; Owner: owner

CREATE TRIGGER raise_event AFTER INSERT ON audit.activity_logs FOR EACH ROW WHEN (((new.organization_id IS NOT NULL) AND (new.action = ANY (ARRAY['conversation.escalated'::text, 'conversation.resolved'::text])))) EXECUTE FUNCTION agents.raise_event();

-- Name: agents set_updated_at; Type: TRIGGER; Schema: departments; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON departments.agents FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: departments set_updated_at; Type: TRIGGER; Schema: departments; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON departments.departments FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: connections follow_connection_status; Type: TRIGGER; Schema: integrations; Owner: owner

CREATE TRIGGER follow_connection_status BEFORE UPDATE OF status ON integrations.connections FOR EACH ROW WHEN ((new.status <> old.status)) EXECUTE FUNCTION integrations.follow_connection_status();

-- Name: connections set_updated_at; Type: TRIGGER; Schema: integrations; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON integrations.connections FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: messages forget_drafts_of_message; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER forget_drafts_of_message AFTER UPDATE OF deleted_at ON platform.messages FOR EACH ROW WHEN (((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL))) EXECUTE FUNCTION platform.forget_drafts_of_message();

-- Name: contacts set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.contacts FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: content set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.content FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: conversations set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.conversations FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: faq_drafts set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.faq_drafts FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: faq_progress set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.faq_progress FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: handoffs set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.handoffs FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: knowledge_base set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.knowledge_base FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: knowledge_ingestions set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.knowledge_ingestions FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: knowledge_settings set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.knowledge_settings FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: media_assets set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.media_assets FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: media_transfers set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.media_transfers FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: organizations set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.organizations FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: outbox set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.outbox FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: subscriptions set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.subscriptions FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: switches set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.switches FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: users set_updated_at; Type: TRIGGER; Schema: platform; Owner: owner

CREATE TRIGGER set_updated_at BEFORE UPDATE ON platform.users FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at();

-- Name: agent_runs agent_runs_organization_id_agent_id_fkey; Type: FK CONSTRAINT; Schema: agents; Owner: owner

ALTER TABLE ONLY agents.agent_runs
    ADD CONSTRAINT agent_runs_organization_id_agent_id_fkey FOREIGN KEY (organization_id, agent_id) REFERENCES departments.agents(organization_id, id) ON DELETE CASCADE;

-- Name: model_prices model_prices_organization_id_fkey; Type: FK CONSTRAINT; Schema: agents; Owner: owner

ALTER TABLE ONLY agents.model_prices
    ADD CONSTRAINT model_prices_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: spending_limits spending_limits_organization_id_agent_id_fkey; Type: FK CONSTRAINT; Schema: agents; Owner: owner

ALTER TABLE ONLY agents.spending_limits
    ADD CONSTRAINT spending_limits_organization_id_agent_id_fkey FOREIGN KEY (organization_id, agent_id) REFERENCES departments.agents(organization_id, id) ON DELETE CASCADE;

-- Name: spending_limits spending_limits_organization_id_fkey; Type: FK CONSTRAINT; Schema: agents; Owner: owner

ALTER TABLE ONLY agents.spending_limits
    ADD CONSTRAINT spending_limits_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: satisfaction_scores satisfaction_scores_organization_id_conversation_id_fkey; Type: FK CONSTRAINT; Schema: analytics; Owner: owner

ALTER TABLE ONLY analytics.satisfaction_scores
    ADD CONSTRAINT satisfaction_scores_organization_id_conversation_id_fkey FOREIGN KEY (organization_id, conversation_id) REFERENCES platform.conversations(organization_id, id) ON DELETE SET NULL (conversation_id);

-- Name: satisfaction_scores satisfaction_scores_organization_id_fkey; Type: FK CONSTRAINT; Schema: analytics; Owner: owner

ALTER TABLE ONLY analytics.satisfaction_scores
    ADD CONSTRAINT satisfaction_scores_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: usage_metrics usage_metrics_organization_id_fkey; Type: FK CONSTRAINT; Schema: analytics; Owner: owner

ALTER TABLE analytics.usage_metrics
    ADD CONSTRAINT usage_metrics_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: agent_executions agent_executions_organization_id_agent_id_fkey; Type: FK CONSTRAINT; Schema: departments; Owner: owner

ALTER TABLE departments.agent_executions
    ADD CONSTRAINT agent_executions_organization_id_agent_id_fkey FOREIGN KEY (organization_id, agent_id) REFERENCES departments.agents(organization_id, id) ON DELETE CASCADE;

-- Name: agents agents_organization_id_department_id_fkey; Type: FK CONSTRAINT; Schema: departments; Owner: owner

ALTER TABLE ONLY departments.agents
    ADD CONSTRAINT agents_organization_id_department_id_fkey FOREIGN KEY (organization_id, department_id) REFERENCES departments.departments(organization_id, id) ON DELETE CASCADE;

-- Name: departments departments_organization_id_fkey; Type: FK CONSTRAINT; Schema: departments; Owner: owner

ALTER TABLE ONLY departments.departments
    ADD CONSTRAINT departments_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: connection_alerts connection_alerts_organization_id_connection_id_fkey; Type: FK CONSTRAINT; Schema: integrations; Owner: owner

ALTER TABLE ONLY integrations.connection_alerts
    ADD CONSTRAINT connection_alerts_organization_id_connection_id_fkey FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections(organization_id, id) ON DELETE CASCADE;

-- Name: connections connections_organization_id_fkey; Type: FK CONSTRAINT; Schema: integrations; Owner: owner

ALTER TABLE ONLY integrations.connections
    ADD CONSTRAINT connections_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: webhook_events webhook_events_organization_id_connection_id_fkey; Type: FK CONSTRAINT; Schema: integrations; Owner: owner

ALTER TABLE integrations.webhook_events
    ADD CONSTRAINT webhook_events_organization_id_connection_id_fkey FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections(organization_id, id) ON DELETE SET NULL (connection_id);

-- Name: backup_executions backup_executions_backup_config_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.backup_executions
    ADD CONSTRAINT backup_executions_backup_config_id_fkey FOREIGN KEY (backup_config_id) REFERENCES platform.backup_config(id);

-- Name: contact_identities contact_identities_organization_id_contact_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.contact_identities
    ADD CONSTRAINT contact_identities_organization_id_contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES platform.contacts(organization_id, id) ON DELETE CASCADE;

-- Name: contact_merges contact_merges_organization_id_contact_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.contact_merges
    ADD CONSTRAINT contact_merges_organization_id_contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES platform.contacts(organization_id, id) ON DELETE CASCADE;

-- Name: contact_merges contact_merges_organization_id_merged_contact_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.contact_merges
    ADD CONSTRAINT contact_merges_organization_id_merged_contact_id_fkey FOREIGN KEY (organization_id, merged_contact_id) REFERENCES platform.contacts(organization_id, id) ON DELETE CASCADE;

-- Name: contacts contacts_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.contacts
    ADD CONSTRAINT contacts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: contacts contacts_organization_id_merged_into_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.contacts
    ADD CONSTRAINT contacts_organization_id_merged_into_fkey FOREIGN KEY (organization_id, merged_into) REFERENCES platform.contacts(organization_id, id);

-- Name: content content_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.content
    ADD CONSTRAINT content_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: conversations conversations_organization_id_assigned_user_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.conversations
    ADD CONSTRAINT conversations_organization_id_assigned_user_id_fkey FOREIGN KEY (organization_id, assigned_user_id) REFERENCES platform.users(organization_id, id) ON DELETE SET NULL (assigned_user_id);

-- Name: conversations conversations_organization_id_connection_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.conversations
    ADD CONSTRAINT conversations_organization_id_connection_id_fkey FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections(organization_id, id);

-- Name: conversations conversations_organization_id_contact_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.conversations
    ADD CONSTRAINT conversations_organization_id_contact_id_fkey FOREIGN KEY (organization_id, contact_id) REFERENCES platform.contacts(organization_id, id);

-- Name: conversations conversations_organization_id_continued_in_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.conversations
    ADD CONSTRAINT conversations_organization_id_continued_in_fkey FOREIGN KEY (organization_id, continued_in) REFERENCES platform.conversations(organization_id, id);

-- Name: conversations conversations_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.conversations
    ADD CONSTRAINT conversations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: encryption_keys encryption_keys_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.encryption_keys
    ADD CONSTRAINT encryption_keys_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: faq_draft_sources faq_draft_sources_organization_id_conversation_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_draft_sources
    ADD CONSTRAINT faq_draft_sources_organization_id_conversation_id_fkey FOREIGN KEY (organization_id, conversation_id) REFERENCES platform.conversations(organization_id, id) ON DELETE CASCADE;

-- Name: faq_draft_sources faq_draft_sources_organization_id_draft_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_draft_sources
    ADD CONSTRAINT faq_draft_sources_organization_id_draft_id_fkey FOREIGN KEY (organization_id, draft_id) REFERENCES platform.faq_drafts(organization_id, id) ON DELETE CASCADE;

-- Name: faq_drafts faq_drafts_organization_id_answer_message_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_drafts
    ADD CONSTRAINT faq_drafts_organization_id_answer_message_id_fkey FOREIGN KEY (organization_id, answer_message_id) REFERENCES platform.messages(organization_id, id) ON DELETE CASCADE;

-- Name: faq_drafts faq_drafts_organization_id_conflict_with_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_drafts
    ADD CONSTRAINT faq_drafts_organization_id_conflict_with_fkey FOREIGN KEY (organization_id, conflict_with) REFERENCES platform.knowledge_base(organization_id, id) ON DELETE SET NULL (conflict_with);

-- Name: faq_drafts faq_drafts_organization_id_decided_by_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_drafts
    ADD CONSTRAINT faq_drafts_organization_id_decided_by_fkey FOREIGN KEY (organization_id, decided_by) REFERENCES platform.users(organization_id, id) ON DELETE SET NULL (decided_by);

-- Name: faq_drafts faq_drafts_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_drafts
    ADD CONSTRAINT faq_drafts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: faq_drafts faq_drafts_organization_id_knowledge_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_drafts
    ADD CONSTRAINT faq_drafts_organization_id_knowledge_id_fkey FOREIGN KEY (organization_id, knowledge_id) REFERENCES platform.knowledge_base(organization_id, id) ON DELETE CASCADE;

-- Name: faq_drafts faq_drafts_organization_id_question_message_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_drafts
    ADD CONSTRAINT faq_drafts_organization_id_question_message_id_fkey FOREIGN KEY (organization_id, question_message_id) REFERENCES platform.messages(organization_id, id) ON DELETE CASCADE;

-- Name: faq_progress faq_progress_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.faq_progress
    ADD CONSTRAINT faq_progress_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: handoffs handoffs_organization_id_claimed_by_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.handoffs
    ADD CONSTRAINT handoffs_organization_id_claimed_by_fkey FOREIGN KEY (organization_id, claimed_by) REFERENCES platform.users(organization_id, id) ON DELETE SET NULL (claimed_by);

-- Name: handoffs handoffs_organization_id_closed_by_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.handoffs
    ADD CONSTRAINT handoffs_organization_id_closed_by_fkey FOREIGN KEY (organization_id, closed_by) REFERENCES platform.users(organization_id, id) ON DELETE SET NULL (closed_by);

-- Name: handoffs handoffs_organization_id_conversation_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.handoffs
    ADD CONSTRAINT handoffs_organization_id_conversation_id_fkey FOREIGN KEY (organization_id, conversation_id) REFERENCES platform.conversations(organization_id, id) ON DELETE CASCADE;

-- Name: knowledge_base knowledge_base_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_base
    ADD CONSTRAINT knowledge_base_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: knowledge_base knowledge_base_organization_id_parent_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_base
    ADD CONSTRAINT knowledge_base_organization_id_parent_id_fkey FOREIGN KEY (organization_id, parent_id) REFERENCES platform.knowledge_base(organization_id, id) ON DELETE SET NULL (parent_id);

-- Name: knowledge_base knowledge_base_organization_id_reviewed_by_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_base
    ADD CONSTRAINT knowledge_base_organization_id_reviewed_by_fkey FOREIGN KEY (organization_id, reviewed_by) REFERENCES platform.users(organization_id, id) ON DELETE SET NULL (reviewed_by);

-- Name: knowledge_chunks knowledge_chunks_organization_id_knowledge_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_chunks
    ADD CONSTRAINT knowledge_chunks_organization_id_knowledge_id_fkey FOREIGN KEY (organization_id, knowledge_id) REFERENCES platform.knowledge_base(organization_id, id) ON DELETE CASCADE;

-- Name: knowledge_ingestions knowledge_ingestions_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_ingestions
    ADD CONSTRAINT knowledge_ingestions_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: knowledge_ingestions knowledge_ingestions_organization_id_knowledge_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_ingestions
    ADD CONSTRAINT knowledge_ingestions_organization_id_knowledge_id_fkey FOREIGN KEY (organization_id, knowledge_id) REFERENCES platform.knowledge_base(organization_id, id) ON DELETE SET NULL (knowledge_id);

-- Name: knowledge_settings knowledge_settings_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_settings
    ADD CONSTRAINT knowledge_settings_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: knowledge_staged_vectors knowledge_staged_vectors_organization_id_knowledge_id_ordi_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.knowledge_staged_vectors
    ADD CONSTRAINT knowledge_staged_vectors_organization_id_knowledge_id_ordi_fkey FOREIGN KEY (organization_id, knowledge_id, ordinal) REFERENCES platform.knowledge_chunks(organization_id, knowledge_id, ordinal) ON DELETE CASCADE;

-- Name: media_assets media_assets_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_assets
    ADD CONSTRAINT media_assets_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: media_audits media_audits_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_audits
    ADD CONSTRAINT media_audits_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: media_throttles media_throttles_organization_id_connection_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_throttles
    ADD CONSTRAINT media_throttles_organization_id_connection_id_fkey FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections(organization_id, id) ON DELETE CASCADE;

-- Name: media_transfers media_transfers_organization_id_connection_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_transfers
    ADD CONSTRAINT media_transfers_organization_id_connection_id_fkey FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections(organization_id, id);

-- Name: media_transfers media_transfers_organization_id_media_asset_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_transfers
    ADD CONSTRAINT media_transfers_organization_id_media_asset_id_fkey FOREIGN KEY (organization_id, media_asset_id) REFERENCES platform.media_assets(organization_id, id) ON DELETE SET NULL (media_asset_id);

-- Name: media_transfers media_transfers_organization_id_message_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.media_transfers
    ADD CONSTRAINT media_transfers_organization_id_message_id_fkey FOREIGN KEY (organization_id, message_id) REFERENCES platform.messages(organization_id, id) ON DELETE CASCADE;

-- Name: message_amendments message_amendments_organization_id_connection_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.message_amendments
    ADD CONSTRAINT message_amendments_organization_id_connection_id_fkey FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections(organization_id, id);

-- Name: message_amendments message_amendments_organization_id_message_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.message_amendments
    ADD CONSTRAINT message_amendments_organization_id_message_id_fkey FOREIGN KEY (organization_id, message_id) REFERENCES platform.messages(organization_id, id) ON DELETE CASCADE;

-- Name: messages messages_organization_id_agent_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.messages
    ADD CONSTRAINT messages_organization_id_agent_id_fkey FOREIGN KEY (organization_id, agent_id) REFERENCES departments.agents(organization_id, id) ON DELETE SET NULL (agent_id);

-- Name: messages messages_organization_id_connection_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.messages
    ADD CONSTRAINT messages_organization_id_connection_id_fkey FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections(organization_id, id);

-- Name: messages messages_organization_id_conversation_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.messages
    ADD CONSTRAINT messages_organization_id_conversation_id_fkey FOREIGN KEY (organization_id, conversation_id) REFERENCES platform.conversations(organization_id, id) ON DELETE CASCADE;

-- Name: messages messages_organization_id_sender_user_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.messages
    ADD CONSTRAINT messages_organization_id_sender_user_id_fkey FOREIGN KEY (organization_id, sender_user_id) REFERENCES platform.users(organization_id, id) ON DELETE SET NULL (sender_user_id);

-- Name: outbox outbox_organization_id_connection_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.outbox
    ADD CONSTRAINT outbox_organization_id_connection_id_fkey FOREIGN KEY (organization_id, connection_id) REFERENCES integrations.connections(organization_id, id);

-- Name: outbox outbox_organization_id_conversation_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.outbox
    ADD CONSTRAINT outbox_organization_id_conversation_id_fkey FOREIGN KEY (organization_id, conversation_id) REFERENCES platform.conversations(organization_id, id) ON DELETE CASCADE;

-- Name: outbox outbox_organization_id_message_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.outbox
    ADD CONSTRAINT outbox_organization_id_message_id_fkey FOREIGN KEY (organization_id, message_id) REFERENCES platform.messages(organization_id, id) ON DELETE SET NULL (message_id);

-- Name: subscriptions subscriptions_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.subscriptions
    ADD CONSTRAINT subscriptions_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: usage_records usage_records_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE platform.usage_records
    ADD CONSTRAINT usage_records_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: user_sessions user_sessions_organization_id_user_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_organization_id_user_id_fkey FOREIGN KEY (organization_id, user_id) REFERENCES platform.users(organization_id, id) ON DELETE CASCADE;

-- Name: users users_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: owner

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT users_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: agent_runs; Type: ROW SECURITY; Schema: agents; Owner: owner

ALTER TABLE agents.agent_runs ENABLE ROW LEVEL SECURITY;

-- Name: agent_runs definer_role_agent_runs; Type: POLICY; Schema: agents; Owner: owner

CREATE POLICY definer_role_agent_runs ON agents.agent_runs TO definer_role USING (true) WITH CHECK (true);

-- Name: llm_attempts; Type: ROW SECURITY; Schema: agents; Owner: owner

ALTER TABLE agents.llm_attempts ENABLE ROW LEVEL SECURITY;

-- Name: model_prices; Type: ROW SECURITY; Schema: agents; Owner: owner

ALTER TABLE agents.model_prices ENABLE ROW LEVEL SECURITY;

-- Name: spending_limits; Type: ROW SECURITY; Schema: agents; Owner: owner

ALTER TABLE agents.spending_limits ENABLE ROW LEVEL SECURITY;

-- Name: agent_runs tenant_isolation_agent_runs; Type: POLICY; Schema: agents; Owner: owner

CREATE POLICY tenant_isolation_agent_runs ON agents.agent_runs TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: llm_attempts tenant_isolation_llm_attempts; Type: POLICY; Schema: agents; Owner: owner

CREATE POLICY tenant_isolation_llm_attempts ON agents.llm_attempts TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: model_prices tenant_isolation_model_prices; Type: POLICY; Schema: agents; Owner: owner

CREATE POLICY tenant_isolation_model_prices ON agents.model_prices TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: spending_limits tenant_isolation_spending_limits; Type: POLICY; Schema: agents; Owner: owner

CREATE POLICY tenant_isolation_spending_limits ON agents.spending_limits TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: agent_runs worker_role_agent_runs; Type: POLICY; Schema: agents; Owner: owner

CREATE POLICY worker_role_agent_runs ON agents.agent_runs TO worker_role USING (true) WITH CHECK (true);

-- Name: llm_attempts worker_role_llm_attempts; Type: POLICY; Schema: agents; Owner: owner

CREATE POLICY worker_role_llm_attempts ON agents.llm_attempts TO worker_role USING (true) WITH CHECK (true);

-- Name: satisfaction_scores; Type: ROW SECURITY; Schema: analytics; Owner: owner

ALTER TABLE analytics.satisfaction_scores ENABLE ROW LEVEL SECURITY;

-- Name: satisfaction_scores tenant_isolation_satisfaction_scores; Type: POLICY; Schema: analytics; Owner: owner

CREATE POLICY tenant_isolation_satisfaction_scores ON analytics.satisfaction_scores TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: usage_metrics tenant_isolation_usage_metrics; Type: POLICY; Schema: analytics; Owner: owner

CREATE POLICY tenant_isolation_usage_metrics ON analytics.usage_metrics TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: usage_metrics; Type: ROW SECURITY; Schema: analytics; Owner: owner

ALTER TABLE analytics.usage_metrics ENABLE ROW LEVEL SECURITY;

-- Name: activity_logs; Type: ROW SECURITY; Schema: audit; Owner: owner

ALTER TABLE audit.activity_logs ENABLE ROW LEVEL SECURITY;

-- Name: activity_logs definer_role_activity_logs; Type: POLICY; Schema: audit; Owner: owner

CREATE POLICY definer_role_activity_logs ON audit.activity_logs TO definer_role USING (true) WITH CHECK (true);

-- Name: activity_logs tenant_isolation_activity_logs; Type: POLICY; Schema: audit; Owner: owner

CREATE POLICY tenant_isolation_activity_logs ON audit.activity_logs TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: activity_logs worker_role_activity_logs; Type: POLICY; Schema: audit; Owner: owner

CREATE POLICY worker_role_activity_logs ON audit.activity_logs TO worker_role USING (true) WITH CHECK (true);

-- Name: agent_executions; Type: ROW SECURITY; Schema: departments; Owner: owner

ALTER TABLE departments.agent_executions ENABLE ROW LEVEL SECURITY;

-- Name: agents; Type: ROW SECURITY; Schema: departments; Owner: owner

ALTER TABLE departments.agents ENABLE ROW LEVEL SECURITY;

-- Name: agent_executions definer_role_agent_executions; Type: POLICY; Schema: departments; Owner: owner

CREATE POLICY definer_role_agent_executions ON departments.agent_executions TO definer_role USING (true) WITH CHECK (true);

-- Name: agents definer_role_agents; Type: POLICY; Schema: departments; Owner: owner

CREATE POLICY definer_role_agents ON departments.agents TO definer_role USING (true) WITH CHECK (true);

-- Name: departments definer_role_departments; Type: POLICY; Schema: departments; Owner: owner

CREATE POLICY definer_role_departments ON departments.departments TO definer_role USING (true) WITH CHECK (true);

-- Name: departments; Type: ROW SECURITY; Schema: departments; Owner: owner

ALTER TABLE departments.departments ENABLE ROW LEVEL SECURITY;

-- Name: agent_executions tenant_isolation_agent_executions; Type: POLICY; Schema: departments; Owner: owner

CREATE POLICY tenant_isolation_agent_executions ON departments.agent_executions TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: agents tenant_isolation_agents; Type: POLICY; Schema: departments; Owner: owner

CREATE POLICY tenant_isolation_agents ON departments.agents TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: departments tenant_isolation_departments; Type: POLICY; Schema: departments; Owner: owner

CREATE POLICY tenant_isolation_departments ON departments.departments TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: agent_executions worker_role_agent_executions; Type: POLICY; Schema: departments; Owner: owner

CREATE POLICY worker_role_agent_executions ON departments.agent_executions TO worker_role USING (true) WITH CHECK (true);

-- Name: agents worker_role_agents; Type: POLICY; Schema: departments; Owner: owner

CREATE POLICY worker_role_agents ON departments.agents TO worker_role USING (true) WITH CHECK (true);

-- Name: departments worker_role_departments; Type: POLICY; Schema: departments; Owner: owner

CREATE POLICY worker_role_departments ON departments.departments TO worker_role USING (true) WITH CHECK (true);

-- Name: connection_alerts; Type: ROW SECURITY; Schema: integrations; Owner: owner

ALTER TABLE integrations.connection_alerts ENABLE ROW LEVEL SECURITY;

-- Name: connections; Type: ROW SECURITY; Schema: integrations; Owner: owner

ALTER TABLE integrations.connections ENABLE ROW LEVEL SECURITY;

-- Name: connection_alerts definer_role_connection_alerts; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY definer_role_connection_alerts ON integrations.connection_alerts TO definer_role USING (true) WITH CHECK (true);

-- Name: connections definer_role_connections; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY definer_role_connections ON integrations.connections TO definer_role USING (true) WITH CHECK (true);

-- Name: webhook_deliveries definer_role_webhook_deliveries; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY definer_role_webhook_deliveries ON integrations.webhook_deliveries TO definer_role USING (true) WITH CHECK (true);

-- Name: webhook_events definer_role_webhook_events; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY definer_role_webhook_events ON integrations.webhook_events TO definer_role USING (true) WITH CHECK (true);

-- Name: webhook_keys definer_role_webhook_keys; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY definer_role_webhook_keys ON integrations.webhook_keys TO definer_role USING (true) WITH CHECK (true);

-- Name: connection_alerts tenant_isolation_connection_alerts; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY tenant_isolation_connection_alerts ON integrations.connection_alerts TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: connections tenant_isolation_connections; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY tenant_isolation_connections ON integrations.connections TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: webhook_events tenant_isolation_webhook_events; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY tenant_isolation_webhook_events ON integrations.webhook_events TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: webhook_deliveries; Type: ROW SECURITY; Schema: integrations; Owner: owner

ALTER TABLE integrations.webhook_deliveries ENABLE ROW LEVEL SECURITY;

-- Name: webhook_events; Type: ROW SECURITY; Schema: integrations; Owner: owner

ALTER TABLE integrations.webhook_events ENABLE ROW LEVEL SECURITY;

-- Name: webhook_keys; Type: ROW SECURITY; Schema: integrations; Owner: owner

ALTER TABLE integrations.webhook_keys ENABLE ROW LEVEL SECURITY;

-- Name: connection_alerts worker_role_connection_alerts; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY worker_role_connection_alerts ON integrations.connection_alerts TO worker_role USING (true) WITH CHECK (true);

-- Name: connections worker_role_connections; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY worker_role_connections ON integrations.connections TO worker_role USING (true) WITH CHECK (true);

-- Name: webhook_deliveries worker_role_webhook_deliveries; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY worker_role_webhook_deliveries ON integrations.webhook_deliveries TO worker_role USING (true) WITH CHECK (true);

-- Name: webhook_events worker_role_webhook_events; Type: POLICY; Schema: integrations; Owner: owner

CREATE POLICY worker_role_webhook_events ON integrations.webhook_events TO worker_role USING (true) WITH CHECK (true);

-- Name: contact_identities; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.contact_identities ENABLE ROW LEVEL SECURITY;

-- Name: contact_merges; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.contact_merges ENABLE ROW LEVEL SECURITY;

-- Name: contacts; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.contacts ENABLE ROW LEVEL SECURITY;

-- Name: content; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.content ENABLE ROW LEVEL SECURITY;

-- Name: conversations; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.conversations ENABLE ROW LEVEL SECURITY;

-- Name: contact_identities definer_role_contact_identities; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_contact_identities ON platform.contact_identities TO definer_role USING (true) WITH CHECK (true);

-- Name: contact_merges definer_role_contact_merges; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_contact_merges ON platform.contact_merges TO definer_role USING (true) WITH CHECK (true);

-- Name: contacts definer_role_contacts; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_contacts ON platform.contacts TO definer_role USING (true) WITH CHECK (true);

-- Name: conversations definer_role_conversations; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_conversations ON platform.conversations TO definer_role USING (true) WITH CHECK (true);

-- Name: encryption_keys definer_role_encryption_keys; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_encryption_keys ON platform.encryption_keys TO definer_role USING (true) WITH CHECK (true);

-- Name: faq_draft_sources definer_role_faq_draft_sources; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_faq_draft_sources ON platform.faq_draft_sources TO definer_role USING (true) WITH CHECK (true);

-- Name: faq_drafts definer_role_faq_drafts; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_faq_drafts ON platform.faq_drafts TO definer_role USING (true) WITH CHECK (true);

-- Name: handoffs definer_role_handoffs; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_handoffs ON platform.handoffs TO definer_role USING (true) WITH CHECK (true);

-- Name: knowledge_base definer_role_knowledge_base; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_knowledge_base ON platform.knowledge_base TO definer_role USING (true) WITH CHECK (true);

-- Name: knowledge_chunks definer_role_knowledge_chunks; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_knowledge_chunks ON platform.knowledge_chunks TO definer_role USING (true) WITH CHECK (true);

-- Name: media_transfers definer_role_media_transfers; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_media_transfers ON platform.media_transfers TO definer_role USING (true) WITH CHECK (true);

-- Name: message_amendments definer_role_message_amendments; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_message_amendments ON platform.message_amendments TO definer_role USING (true) WITH CHECK (true);

-- Name: message_statuses definer_role_message_statuses; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_message_statuses ON platform.message_statuses TO definer_role USING (true) WITH CHECK (true);

-- Name: message_watermarks definer_role_message_watermarks; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_message_watermarks ON platform.message_watermarks TO definer_role USING (true) WITH CHECK (true);

-- Name: messages definer_role_messages; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_messages ON platform.messages TO definer_role USING (true) WITH CHECK (true);

-- Name: organizations definer_role_organizations; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_organizations ON platform.organizations TO definer_role USING (true) WITH CHECK (true);

-- Name: outbox definer_role_outbox; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_outbox ON platform.outbox TO definer_role USING (true) WITH CHECK (true);

-- Name: outbox_attempts definer_role_outbox_attempts; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY definer_role_outbox_attempts ON platform.outbox_attempts TO definer_role USING (true) WITH CHECK (true);

-- Name: encryption_keys; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.encryption_keys ENABLE ROW LEVEL SECURITY;

-- Name: faq_draft_sources; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.faq_draft_sources ENABLE ROW LEVEL SECURITY;

-- Name: faq_drafts; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.faq_drafts ENABLE ROW LEVEL SECURITY;

-- Name: faq_progress; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.faq_progress ENABLE ROW LEVEL SECURITY;

-- Name: handoffs; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.handoffs ENABLE ROW LEVEL SECURITY;

-- Name: knowledge_base; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.knowledge_base ENABLE ROW LEVEL SECURITY;

-- Name: knowledge_chunks; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.knowledge_chunks ENABLE ROW LEVEL SECURITY;

-- Name: knowledge_ingestions; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.knowledge_ingestions ENABLE ROW LEVEL SECURITY;

-- Name: knowledge_settings; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.knowledge_settings ENABLE ROW LEVEL SECURITY;

-- Name: knowledge_staged_vectors; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.knowledge_staged_vectors ENABLE ROW LEVEL SECURITY;

-- Name: media_assets; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.media_assets ENABLE ROW LEVEL SECURITY;

-- Name: media_audits; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.media_audits ENABLE ROW LEVEL SECURITY;

-- Name: media_throttles; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.media_throttles ENABLE ROW LEVEL SECURITY;

-- Name: media_transfers; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.media_transfers ENABLE ROW LEVEL SECURITY;

-- Name: message_amendments; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.message_amendments ENABLE ROW LEVEL SECURITY;

-- Name: message_statuses; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.message_statuses ENABLE ROW LEVEL SECURITY;

-- Name: message_watermarks; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.message_watermarks ENABLE ROW LEVEL SECURITY;

-- Name: messages; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.messages ENABLE ROW LEVEL SECURITY;

-- Name: organizations; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.organizations ENABLE ROW LEVEL SECURITY;

-- Name: outbox; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.outbox ENABLE ROW LEVEL SECURITY;

-- Name: outbox_attempts; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.outbox_attempts ENABLE ROW LEVEL SECURITY;

-- Name: subscriptions; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.subscriptions ENABLE ROW LEVEL SECURITY;

-- Name: contact_identities tenant_isolation_contact_identities; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_contact_identities ON platform.contact_identities TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: contact_merges tenant_isolation_contact_merges; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_contact_merges ON platform.contact_merges TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: contacts tenant_isolation_contacts; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_contacts ON platform.contacts TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: content tenant_isolation_content; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_content ON platform.content TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: conversations tenant_isolation_conversations; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_conversations ON platform.conversations TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: encryption_keys tenant_isolation_encryption_keys; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_encryption_keys ON platform.encryption_keys TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: faq_draft_sources tenant_isolation_faq_draft_sources; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_faq_draft_sources ON platform.faq_draft_sources TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: faq_drafts tenant_isolation_faq_drafts; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_faq_drafts ON platform.faq_drafts TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: faq_progress tenant_isolation_faq_progress; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_faq_progress ON platform.faq_progress TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: handoffs tenant_isolation_handoffs; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_handoffs ON platform.handoffs TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: knowledge_base tenant_isolation_knowledge_base; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_knowledge_base ON platform.knowledge_base TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: knowledge_chunks tenant_isolation_knowledge_chunks; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_knowledge_chunks ON platform.knowledge_chunks TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: knowledge_ingestions tenant_isolation_knowledge_ingestions; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_knowledge_ingestions ON platform.knowledge_ingestions TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: knowledge_settings tenant_isolation_knowledge_settings; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_knowledge_settings ON platform.knowledge_settings TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: knowledge_staged_vectors tenant_isolation_knowledge_staged_vectors; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_knowledge_staged_vectors ON platform.knowledge_staged_vectors TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: media_assets tenant_isolation_media_assets; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_media_assets ON platform.media_assets TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: media_audits tenant_isolation_media_audits; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_media_audits ON platform.media_audits TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: media_throttles tenant_isolation_media_throttles; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_media_throttles ON platform.media_throttles TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: media_transfers tenant_isolation_media_transfers; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_media_transfers ON platform.media_transfers TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: message_amendments tenant_isolation_message_amendments; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_message_amendments ON platform.message_amendments TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: message_statuses tenant_isolation_message_statuses; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_message_statuses ON platform.message_statuses TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: message_watermarks tenant_isolation_message_watermarks; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_message_watermarks ON platform.message_watermarks TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: messages tenant_isolation_messages; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_messages ON platform.messages TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: organizations tenant_isolation_organizations; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_organizations ON platform.organizations TO application_role USING ((id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: outbox tenant_isolation_outbox; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_outbox ON platform.outbox TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: outbox_attempts tenant_isolation_outbox_attempts; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_outbox_attempts ON platform.outbox_attempts TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: subscriptions tenant_isolation_subscriptions; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_subscriptions ON platform.subscriptions TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: usage_records tenant_isolation_usage_records; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_usage_records ON platform.usage_records TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: user_sessions tenant_isolation_user_sessions; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_user_sessions ON platform.user_sessions TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: users tenant_isolation_users; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY tenant_isolation_users ON platform.users TO application_role USING ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id))) WITH CHECK ((organization_id = ( SELECT platform.current_organization_id() AS current_organization_id)));

-- Name: usage_records; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.usage_records ENABLE ROW LEVEL SECURITY;

-- Name: user_sessions; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.user_sessions ENABLE ROW LEVEL SECURITY;

-- Name: users; Type: ROW SECURITY; Schema: platform; Owner: owner

ALTER TABLE platform.users ENABLE ROW LEVEL SECURITY;

-- Name: contact_identities worker_role_contact_identities; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_contact_identities ON platform.contact_identities TO worker_role USING (true) WITH CHECK (true);

-- Name: contacts worker_role_contacts; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_contacts ON platform.contacts TO worker_role USING (true) WITH CHECK (true);

-- Name: conversations worker_role_conversations; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_conversations ON platform.conversations TO worker_role USING (true) WITH CHECK (true);

-- Name: handoffs worker_role_handoffs; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_handoffs ON platform.handoffs TO worker_role USING (true) WITH CHECK (true);

-- Name: knowledge_base worker_role_knowledge_base; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_knowledge_base ON platform.knowledge_base TO worker_role USING (true) WITH CHECK (true);

-- Name: knowledge_chunks worker_role_knowledge_chunks; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_knowledge_chunks ON platform.knowledge_chunks TO worker_role USING (true) WITH CHECK (true);

-- Name: knowledge_ingestions worker_role_knowledge_ingestions; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_knowledge_ingestions ON platform.knowledge_ingestions TO worker_role USING (true) WITH CHECK (true);

-- Name: knowledge_settings worker_role_knowledge_settings; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_knowledge_settings ON platform.knowledge_settings TO worker_role USING (true) WITH CHECK (true);

-- Name: media_assets worker_role_media_assets; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_media_assets ON platform.media_assets TO worker_role USING (true) WITH CHECK (true);

-- Name: media_audits worker_role_media_audits; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_media_audits ON platform.media_audits TO worker_role USING (true) WITH CHECK (true);

-- Name: media_transfers worker_role_media_transfers; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_media_transfers ON platform.media_transfers TO worker_role USING (true) WITH CHECK (true);

-- Name: message_statuses worker_role_message_statuses; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_message_statuses ON platform.message_statuses TO worker_role USING (true) WITH CHECK (true);

-- Name: messages worker_role_messages; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_messages ON platform.messages TO worker_role USING (true) WITH CHECK (true);

-- Name: organizations worker_role_organizations; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_organizations ON platform.organizations TO worker_role USING (true) WITH CHECK (true);

-- Name: outbox worker_role_outbox; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_outbox ON platform.outbox TO worker_role USING (true) WITH CHECK (true);

-- Name: outbox_attempts worker_role_outbox_attempts; Type: POLICY; Schema: platform; Owner: owner

CREATE POLICY worker_role_outbox_attempts ON platform.outbox_attempts TO worker_role USING (true) WITH CHECK (true);

-- Name: SCHEMA agents; Type: ACL; Schema: -; Owner: owner

GRANT USAGE ON SCHEMA agents TO application_role;
GRANT USAGE ON SCHEMA agents TO worker_role;
GRANT USAGE ON SCHEMA agents TO maintenance_role;
GRANT ALL ON SCHEMA agents TO definer_role;

-- Name: SCHEMA analytics; Type: ACL; Schema: -; Owner: owner

GRANT USAGE ON SCHEMA analytics TO application_role;
GRANT USAGE ON SCHEMA analytics TO worker_role;
GRANT USAGE ON SCHEMA analytics TO maintenance_role;
GRANT USAGE ON SCHEMA analytics TO definer_role;

-- Name: SCHEMA audit; Type: ACL; Schema: -; Owner: owner

GRANT USAGE ON SCHEMA audit TO application_role;
GRANT USAGE ON SCHEMA audit TO worker_role;
GRANT USAGE ON SCHEMA audit TO maintenance_role;
GRANT USAGE ON SCHEMA audit TO definer_role;

-- Name: SCHEMA departments; Type: ACL; Schema: -; Owner: owner

GRANT USAGE ON SCHEMA departments TO application_role;
GRANT USAGE ON SCHEMA departments TO worker_role;
GRANT USAGE ON SCHEMA departments TO maintenance_role;
GRANT USAGE ON SCHEMA departments TO definer_role;

-- Name: SCHEMA integrations; Type: ACL; Schema: -; Owner: owner

GRANT USAGE ON SCHEMA integrations TO application_role;
GRANT USAGE ON SCHEMA integrations TO worker_role;
GRANT USAGE ON SCHEMA integrations TO maintenance_role;
GRANT ALL ON SCHEMA integrations TO definer_role;
GRANT USAGE ON SCHEMA integrations TO intake_role;

-- Name: SCHEMA platform; Type: ACL; Schema: -; Owner: owner

GRANT USAGE ON SCHEMA platform TO application_role;
GRANT USAGE ON SCHEMA platform TO worker_role;
GRANT USAGE ON SCHEMA platform TO maintenance_role;
GRANT ALL ON SCHEMA platform TO definer_role;
GRANT USAGE ON SCHEMA platform TO intake_role;

-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: pg_database_owner

GRANT CREATE ON SCHEMA public TO owner;

-- Name: TYPE customer_name; Type: ACL; Schema: integrations; Owner: owner

GRANT ALL ON TYPE integrations.customer_name TO definer_role;

-- Name: TYPE new_item; Type: ACL; Schema: integrations; Owner: owner

GRANT ALL ON TYPE integrations.new_item TO definer_role;

-- Name: FUNCTION agents_due(p_per_organization integer, p_limit integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.agents_due(p_per_organization integer, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.agents_due(p_per_organization integer, p_limit integer) TO worker_role;

-- Name: FUNCTION alert_handoff(p_organization_id uuid, p_handoff_id uuid, p_opens_at timestamp with time zone); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.alert_handoff(p_organization_id uuid, p_handoff_id uuid, p_opens_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.alert_handoff(p_organization_id uuid, p_handoff_id uuid, p_opens_at timestamp with time zone) TO worker_role;

-- Name: FUNCTION answered_by_person(p_organization_id uuid, p_conversation_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.answered_by_person(p_organization_id uuid, p_conversation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.answered_by_person(p_organization_id uuid, p_conversation_id uuid) TO application_role;
GRANT ALL ON FUNCTION agents.answered_by_person(p_organization_id uuid, p_conversation_id uuid) TO worker_role;

-- Name: FUNCTION ask_for_run(p_organization_id uuid, p_agent_id uuid, p_run_id uuid, p_data jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.ask_for_run(p_organization_id uuid, p_agent_id uuid, p_run_id uuid, p_data jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.ask_for_run(p_organization_id uuid, p_agent_id uuid, p_run_id uuid, p_data jsonb) TO application_role;

-- Name: FUNCTION begin_limited_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.begin_limited_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.begin_limited_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision) TO application_role;
GRANT ALL ON FUNCTION agents.begin_limited_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision) TO worker_role;

-- Name: FUNCTION begin_runs(p_due jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.begin_runs(p_due jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.begin_runs(p_due jsonb) TO worker_role;

-- Name: FUNCTION begin_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.begin_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.begin_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision) TO application_role;
GRANT ALL ON FUNCTION agents.begin_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision) TO worker_role;

-- Name: FUNCTION claim_handoff(p_organization_id uuid, p_id uuid, p_user_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.claim_handoff(p_organization_id uuid, p_id uuid, p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.claim_handoff(p_organization_id uuid, p_id uuid, p_user_id uuid) TO application_role;

-- Name: FUNCTION claim_run(p_organization_id uuid, p_run_id uuid, p_execution_id uuid, p_lease_seconds double precision, p_max_attempts integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.claim_run(p_organization_id uuid, p_run_id uuid, p_execution_id uuid, p_lease_seconds double precision, p_max_attempts integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.claim_run(p_organization_id uuid, p_run_id uuid, p_execution_id uuid, p_lease_seconds double precision, p_max_attempts integer) TO application_role;

-- Name: FUNCTION claim_turn(p_organization_id uuid, p_conversation_id uuid, p_lease_seconds double precision, p_max_attempts integer, p_max_age_seconds double precision, p_history integer, p_max_replies integer, p_media_seconds double precision); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.claim_turn(p_organization_id uuid, p_conversation_id uuid, p_lease_seconds double precision, p_max_attempts integer, p_max_age_seconds double precision, p_history integer, p_max_replies integer, p_media_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.claim_turn(p_organization_id uuid, p_conversation_id uuid, p_lease_seconds double precision, p_max_attempts integer, p_max_age_seconds double precision, p_history integer, p_max_replies integer, p_media_seconds double precision) TO application_role;
GRANT ALL ON FUNCTION agents.claim_turn(p_organization_id uuid, p_conversation_id uuid, p_lease_seconds double precision, p_max_attempts integer, p_max_age_seconds double precision, p_history integer, p_max_replies integer, p_media_seconds double precision) TO worker_role;

-- Name: FUNCTION close_handoff(p_organization_id uuid, p_conversation_id uuid, p_state text, p_user_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.close_handoff(p_organization_id uuid, p_conversation_id uuid, p_state text, p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.close_handoff(p_organization_id uuid, p_conversation_id uuid, p_state text, p_user_id uuid) TO application_role;
GRANT ALL ON FUNCTION agents.close_handoff(p_organization_id uuid, p_conversation_id uuid, p_state text, p_user_id uuid) TO worker_role;

-- Name: TABLE conversations; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.conversations TO application_role;
GRANT SELECT,UPDATE ON TABLE platform.conversations TO worker_role;
GRANT SELECT,INSERT,UPDATE ON TABLE platform.conversations TO definer_role;

-- Name: FUNCTION close_lost_run(c platform.conversations); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.close_lost_run(c platform.conversations) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.close_lost_run(c platform.conversations) TO application_role;
GRANT ALL ON FUNCTION agents.close_lost_run(c platform.conversations) TO worker_role;

-- Name: FUNCTION close_stuck_executions(p_limit_seconds double precision, p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.close_stuck_executions(p_limit_seconds double precision, p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.close_stuck_executions(p_limit_seconds double precision, p_batch integer) TO worker_role;

-- Name: TABLE outbox; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.outbox TO application_role;
GRANT SELECT,INSERT,UPDATE ON TABLE platform.outbox TO worker_role;
GRANT SELECT ON TABLE platform.outbox TO definer_role;

-- Name: COLUMN outbox.state; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(state) ON TABLE platform.outbox TO definer_role;

-- Name: COLUMN outbox.accepted_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(accepted_at) ON TABLE platform.outbox TO definer_role;

-- Name: COLUMN outbox.provider_message_id; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(provider_message_id) ON TABLE platform.outbox TO definer_role;

-- Name: COLUMN outbox.cancel_reason; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(cancel_reason) ON TABLE platform.outbox TO definer_role;

-- Name: COLUMN outbox.duplicate_detected_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(duplicate_detected_at) ON TABLE platform.outbox TO definer_role;

-- Name: FUNCTION close_window(o platform.outbox); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.close_window(o platform.outbox) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.close_window(o platform.outbox) TO application_role;
GRANT ALL ON FUNCTION agents.close_window(o platform.outbox) TO worker_role;

-- Name: FUNCTION commit_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_from_seq bigint, p_to_seq bigint, p_turn jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.commit_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_from_seq bigint, p_to_seq bigint, p_turn jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.commit_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_from_seq bigint, p_to_seq bigint, p_turn jsonb) TO application_role;
GRANT ALL ON FUNCTION agents.commit_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_from_seq bigint, p_to_seq bigint, p_turn jsonb) TO worker_role;

-- Name: FUNCTION conversations_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer, p_uncertain_seconds double precision); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.conversations_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer, p_uncertain_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.conversations_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer, p_uncertain_seconds double precision) TO worker_role;

-- Name: TABLE model_prices; Type: ACL; Schema: agents; Owner: owner

GRANT SELECT,INSERT ON TABLE agents.model_prices TO application_role;

-- Name: FUNCTION cost_at(p agents.model_prices, p_usage jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.cost_at(p agents.model_prices, p_usage jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.cost_at(p agents.model_prices, p_usage jsonb) TO application_role;

-- Name: FUNCTION count_messages(p_organization_id uuid, p_conversation_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.count_messages(p_organization_id uuid, p_conversation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.count_messages(p_organization_id uuid, p_conversation_id uuid) TO application_role;
GRANT ALL ON FUNCTION agents.count_messages(p_organization_id uuid, p_conversation_id uuid) TO worker_role;

-- Name: FUNCTION disable_template(o platform.outbox, p_error_code text); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.disable_template(o platform.outbox, p_error_code text) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.disable_template(o platform.outbox, p_error_code text) TO application_role;
GRANT ALL ON FUNCTION agents.disable_template(o platform.outbox, p_error_code text) TO worker_role;

-- Name: TABLE agent_runs; Type: ACL; Schema: agents; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE agents.agent_runs TO application_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE agents.agent_runs TO worker_role;
GRANT SELECT,INSERT,UPDATE ON TABLE agents.agent_runs TO definer_role;

-- Name: FUNCTION end_try(r agents.agent_runs, p_error_code text, p_max_attempts integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.end_try(r agents.agent_runs, p_error_code text, p_max_attempts integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.end_try(r agents.agent_runs, p_error_code text, p_max_attempts integer) TO application_role;
GRANT ALL ON FUNCTION agents.end_try(r agents.agent_runs, p_error_code text, p_max_attempts integer) TO worker_role;

-- Name: FUNCTION escalate_failures(p_window_seconds double precision, p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.escalate_failures(p_window_seconds double precision, p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.escalate_failures(p_window_seconds double precision, p_batch integer) TO worker_role;

-- Name: FUNCTION estimate_attempts(p_limit_seconds double precision, p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.estimate_attempts(p_limit_seconds double precision, p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.estimate_attempts(p_limit_seconds double precision, p_batch integer) TO worker_role;

-- Name: FUNCTION exceeds_spending_limit(p_organization_id uuid, p_agent_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.exceeds_spending_limit(p_organization_id uuid, p_agent_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.exceeds_spending_limit(p_organization_id uuid, p_agent_id uuid) TO application_role;
GRANT ALL ON FUNCTION agents.exceeds_spending_limit(p_organization_id uuid, p_agent_id uuid) TO worker_role;

-- Name: FUNCTION expire_ingestions(p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.expire_ingestions(p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.expire_ingestions(p_batch integer) TO worker_role;

-- Name: FUNCTION expire_runs(p_max_attempts integer, p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.expire_runs(p_max_attempts integer, p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.expire_runs(p_max_attempts integer, p_batch integer) TO worker_role;

-- Name: FUNCTION expire_sends(p_limit_seconds double precision, p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.expire_sends(p_limit_seconds double precision, p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.expire_sends(p_limit_seconds double precision, p_batch integer) TO worker_role;

-- Name: FUNCTION expire_transfers(p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.expire_transfers(p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.expire_transfers(p_batch integer) TO worker_role;

-- Name: FUNCTION finish_accepted(p_organization_id uuid, p_outbox_id uuid, p_provider_message_id text, p_moment timestamp with time zone); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.finish_accepted(p_organization_id uuid, p_outbox_id uuid, p_provider_message_id text, p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.finish_accepted(p_organization_id uuid, p_outbox_id uuid, p_provider_message_id text, p_moment timestamp with time zone) TO application_role;
GRANT ALL ON FUNCTION agents.finish_accepted(p_organization_id uuid, p_outbox_id uuid, p_provider_message_id text, p_moment timestamp with time zone) TO worker_role;

-- Name: FUNCTION finish_refused(o platform.outbox, p_result jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.finish_refused(o platform.outbox, p_result jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.finish_refused(o platform.outbox, p_result jsonb) TO application_role;
GRANT ALL ON FUNCTION agents.finish_refused(o platform.outbox, p_result jsonb) TO worker_role;

-- Name: FUNCTION finish_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_result jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.finish_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_result jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.finish_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_result jsonb) TO application_role;

-- Name: FUNCTION finish_send(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_result jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.finish_send(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_result jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.finish_send(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_result jsonb) TO application_role;
GRANT ALL ON FUNCTION agents.finish_send(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_result jsonb) TO worker_role;

-- Name: FUNCTION first_response_seconds(c platform.conversations); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.first_response_seconds(c platform.conversations) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.first_response_seconds(c platform.conversations) TO application_role;

-- Name: FUNCTION forget_runs(p_days integer, p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.forget_runs(p_days integer, p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.forget_runs(p_days integer, p_batch integer) TO worker_role;

-- Name: TABLE messages; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.messages TO application_role;
GRANT SELECT,INSERT ON TABLE platform.messages TO worker_role;
GRANT SELECT,INSERT ON TABLE platform.messages TO definer_role;

-- Name: COLUMN messages.text_content; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(text_content) ON TABLE platform.messages TO definer_role;

-- Name: COLUMN messages.metadata; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(metadata) ON TABLE platform.messages TO definer_role;

-- Name: COLUMN messages.external_message_id; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(external_message_id) ON TABLE platform.messages TO definer_role;

-- Name: COLUMN messages.delivery_status; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(delivery_status) ON TABLE platform.messages TO definer_role;
GRANT UPDATE(delivery_status) ON TABLE platform.messages TO worker_role;

-- Name: COLUMN messages.sent_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(sent_at) ON TABLE platform.messages TO definer_role;

-- Name: COLUMN messages.delivered_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(delivered_at) ON TABLE platform.messages TO definer_role;

-- Name: COLUMN messages.read_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(read_at) ON TABLE platform.messages TO definer_role;

-- Name: COLUMN messages.failed_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(failed_at) ON TABLE platform.messages TO definer_role;
GRANT UPDATE(failed_at) ON TABLE platform.messages TO worker_role;

-- Name: COLUMN messages.error_code; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(error_code) ON TABLE platform.messages TO definer_role;
GRANT UPDATE(error_code) ON TABLE platform.messages TO worker_role;

-- Name: COLUMN messages.error_detail; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(error_detail) ON TABLE platform.messages TO definer_role;
GRANT UPDATE(error_detail) ON TABLE platform.messages TO worker_role;

-- Name: COLUMN messages.edited_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(edited_at) ON TABLE platform.messages TO definer_role;

-- Name: COLUMN messages.deleted_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(deleted_at) ON TABLE platform.messages TO definer_role;

-- Name: COLUMN messages.reactions; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(reactions) ON TABLE platform.messages TO definer_role;

-- Name: FUNCTION forget_words(m platform.messages); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.forget_words(m platform.messages) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.forget_words(m platform.messages) TO application_role;
GRANT ALL ON FUNCTION agents.forget_words(m platform.messages) TO worker_role;
GRANT ALL ON FUNCTION agents.forget_words(m platform.messages) TO definer_role;

-- Name: FUNCTION hand_over(p_organization_id uuid, p_conversation_id uuid, p_automation_state text, p_reason text); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.hand_over(p_organization_id uuid, p_conversation_id uuid, p_automation_state text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.hand_over(p_organization_id uuid, p_conversation_id uuid, p_automation_state text, p_reason text) TO application_role;
GRANT ALL ON FUNCTION agents.hand_over(p_organization_id uuid, p_conversation_id uuid, p_automation_state text, p_reason text) TO worker_role;

-- Name: FUNCTION handoff_is_told(p_reason text); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.handoff_is_told(p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.handoff_is_told(p_reason text) TO application_role;
GRANT ALL ON FUNCTION agents.handoff_is_told(p_reason text) TO worker_role;

-- Name: FUNCTION handoffs_to_move(p_conversation_id uuid, p_grace_seconds double precision, p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.handoffs_to_move(p_conversation_id uuid, p_grace_seconds double precision, p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.handoffs_to_move(p_conversation_id uuid, p_grace_seconds double precision, p_batch integer) TO application_role;
GRANT ALL ON FUNCTION agents.handoffs_to_move(p_conversation_id uuid, p_grace_seconds double precision, p_batch integer) TO worker_role;

-- Name: FUNCTION ingestions_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.ingestions_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.ingestions_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer) TO worker_role;

-- Name: FUNCTION is_being_read(p_organization_id uuid, p_conversation_id uuid, p_done_seq bigint); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.is_being_read(p_organization_id uuid, p_conversation_id uuid, p_done_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.is_being_read(p_organization_id uuid, p_conversation_id uuid, p_done_seq bigint) TO application_role;
GRANT ALL ON FUNCTION agents.is_being_read(p_organization_id uuid, p_conversation_id uuid, p_done_seq bigint) TO worker_role;

-- Name: FUNCTION keep_score(c platform.conversations, p_conversation_id uuid, p_score integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.keep_score(c platform.conversations, p_conversation_id uuid, p_score integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.keep_score(c platform.conversations, p_conversation_id uuid, p_score integer) TO application_role;

-- Name: FUNCTION knowledge_to_derive(p_limit integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.knowledge_to_derive(p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.knowledge_to_derive(p_limit integer) TO worker_role;

-- Name: FUNCTION leave_window(o platform.outbox); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.leave_window(o platform.outbox) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.leave_window(o platform.outbox) TO application_role;
GRANT ALL ON FUNCTION agents.leave_window(o platform.outbox) TO worker_role;

-- Name: TABLE handoffs; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.handoffs TO application_role;
GRANT SELECT,INSERT,UPDATE ON TABLE platform.handoffs TO worker_role;
GRANT SELECT,INSERT,UPDATE ON TABLE platform.handoffs TO definer_role;

-- Name: FUNCTION lock_handoff(p_organization_id uuid, p_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.lock_handoff(p_organization_id uuid, p_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.lock_handoff(p_organization_id uuid, p_id uuid) TO application_role;

-- Name: FUNCTION mark_connection(p_organization_id uuid, p_connection_id uuid, p_status text, p_error text); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.mark_connection(p_organization_id uuid, p_connection_id uuid, p_status text, p_error text) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.mark_connection(p_organization_id uuid, p_connection_id uuid, p_status text, p_error text) TO application_role;
GRANT ALL ON FUNCTION agents.mark_connection(p_organization_id uuid, p_connection_id uuid, p_status text, p_error text) TO worker_role;

-- Name: FUNCTION media_to_clean(p_grace_seconds double precision, p_limit integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.media_to_clean(p_grace_seconds double precision, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.media_to_clean(p_grace_seconds double precision, p_limit integer) TO worker_role;

-- Name: FUNCTION minutes_of(p_settings jsonb, p_name text, p_default integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.minutes_of(p_settings jsonb, p_name text, p_default integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.minutes_of(p_settings jsonb, p_name text, p_default integer) TO application_role;
GRANT ALL ON FUNCTION agents.minutes_of(p_settings jsonb, p_name text, p_default integer) TO worker_role;
GRANT ALL ON FUNCTION agents.minutes_of(p_settings jsonb, p_name text, p_default integer) TO definer_role;

-- Name: FUNCTION month_start(p_organization_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.month_start(p_organization_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.month_start(p_organization_id uuid) TO application_role;

-- Name: FUNCTION next_part(p_organization_id uuid, p_conversation_id uuid, p_turn_seq bigint); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.next_part(p_organization_id uuid, p_conversation_id uuid, p_turn_seq bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.next_part(p_organization_id uuid, p_conversation_id uuid, p_turn_seq bigint) TO application_role;
GRANT ALL ON FUNCTION agents.next_part(p_organization_id uuid, p_conversation_id uuid, p_turn_seq bigint) TO worker_role;

-- Name: FUNCTION note_handoff(h platform.handoffs, p_action text, p_user_id uuid, p_more jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.note_handoff(h platform.handoffs, p_action text, p_user_id uuid, p_more jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.note_handoff(h platform.handoffs, p_action text, p_user_id uuid, p_more jsonb) TO application_role;
GRANT ALL ON FUNCTION agents.note_handoff(h platform.handoffs, p_action text, p_user_id uuid, p_more jsonb) TO worker_role;

-- Name: FUNCTION note_opt_out(o platform.outbox); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.note_opt_out(o platform.outbox) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.note_opt_out(o platform.outbox) TO application_role;
GRANT ALL ON FUNCTION agents.note_opt_out(o platform.outbox) TO worker_role;

-- Name: TABLE spending_limits; Type: ACL; Schema: agents; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE agents.spending_limits TO application_role;

-- Name: FUNCTION note_spending(l agents.spending_limits, p_what text, p_month timestamp with time zone, p_spent_usd numeric); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.note_spending(l agents.spending_limits, p_what text, p_month timestamp with time zone, p_spent_usd numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.note_spending(l agents.spending_limits, p_what text, p_month timestamp with time zone, p_spent_usd numeric) TO application_role;

-- Name: FUNCTION open_handoff(p_organization_id uuid, p_conversation_id uuid, p_reason text, p_claimed boolean, p_user_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.open_handoff(p_organization_id uuid, p_conversation_id uuid, p_reason text, p_claimed boolean, p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.open_handoff(p_organization_id uuid, p_conversation_id uuid, p_reason text, p_claimed boolean, p_user_id uuid) TO application_role;
GRANT ALL ON FUNCTION agents.open_handoff(p_organization_id uuid, p_conversation_id uuid, p_reason text, p_claimed boolean, p_user_id uuid) TO worker_role;
GRANT ALL ON FUNCTION agents.open_handoff(p_organization_id uuid, p_conversation_id uuid, p_reason text, p_claimed boolean, p_user_id uuid) TO definer_role;

-- Name: FUNCTION pause_reason(p_platform_paused_at timestamp with time zone, p_deleted_at timestamp with time zone, p_billing_status text, p_ai_paused_at timestamp with time zone, p_department_status text, p_agent_status text, p_connection_status text); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.pause_reason(p_platform_paused_at timestamp with time zone, p_deleted_at timestamp with time zone, p_billing_status text, p_ai_paused_at timestamp with time zone, p_department_status text, p_agent_status text, p_connection_status text) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.pause_reason(p_platform_paused_at timestamp with time zone, p_deleted_at timestamp with time zone, p_billing_status text, p_ai_paused_at timestamp with time zone, p_department_status text, p_agent_status text, p_connection_status text) TO application_role;
GRANT ALL ON FUNCTION agents.pause_reason(p_platform_paused_at timestamp with time zone, p_deleted_at timestamp with time zone, p_billing_status text, p_ai_paused_at timestamp with time zone, p_department_status text, p_agent_status text, p_connection_status text) TO worker_role;

-- Name: FUNCTION queue_message(p_organization_id uuid, p_conversation_id uuid, p_message jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.queue_message(p_organization_id uuid, p_conversation_id uuid, p_message jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.queue_message(p_organization_id uuid, p_conversation_id uuid, p_message jsonb) TO application_role;

-- Name: FUNCTION queue_notice(p_organization_id uuid, p_handoff_id uuid, p_kind text, p_message jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.queue_notice(p_organization_id uuid, p_handoff_id uuid, p_kind text, p_message jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.queue_notice(p_organization_id uuid, p_handoff_id uuid, p_kind text, p_message jsonb) TO application_role;
GRANT ALL ON FUNCTION agents.queue_notice(p_organization_id uuid, p_handoff_id uuid, p_kind text, p_message jsonb) TO worker_role;

-- Name: FUNCTION queue_survey(c platform.conversations, p_survey jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.queue_survey(c platform.conversations, p_survey jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.queue_survey(c platform.conversations, p_survey jsonb) TO application_role;

-- Name: FUNCTION queue_window_template(o platform.outbox); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.queue_window_template(o platform.outbox) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.queue_window_template(o platform.outbox) TO application_role;
GRANT ALL ON FUNCTION agents.queue_window_template(o platform.outbox) TO worker_role;

-- Name: FUNCTION raise_event(); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.raise_event() FROM PUBLIC;

-- Name: FUNCTION record_sent(p_organization_id uuid, p_message_id uuid, p_provider_message_id text); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.record_sent(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.record_sent(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) TO application_role;
GRANT ALL ON FUNCTION agents.record_sent(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) TO worker_role;

-- Name: FUNCTION record_try(r agents.agent_runs, p_status text, p_outcome text, p_result jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.record_try(r agents.agent_runs, p_status text, p_outcome text, p_result jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.record_try(r agents.agent_runs, p_status text, p_outcome text, p_result jsonb) TO application_role;
GRANT ALL ON FUNCTION agents.record_try(r agents.agent_runs, p_status text, p_outcome text, p_result jsonb) TO worker_role;

-- Name: FUNCTION refuse_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.refuse_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.refuse_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision) TO application_role;
GRANT ALL ON FUNCTION agents.refuse_send(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision, p_quiet_seconds double precision) TO worker_role;

-- Name: FUNCTION release_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_error_code text, p_max_attempts integer, p_attempts jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.release_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_error_code text, p_max_attempts integer, p_attempts jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.release_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_error_code text, p_max_attempts integer, p_attempts jsonb) TO application_role;

-- Name: FUNCTION release_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_error_code text, p_attempts jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.release_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_error_code text, p_attempts jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.release_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_error_code text, p_attempts jsonb) TO application_role;
GRANT ALL ON FUNCTION agents.release_turn(p_organization_id uuid, p_conversation_id uuid, p_fence bigint, p_error_code text, p_attempts jsonb) TO worker_role;

-- Name: FUNCTION reopen_turn(o platform.outbox, p_quiet_seconds double precision); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.reopen_turn(o platform.outbox, p_quiet_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.reopen_turn(o platform.outbox, p_quiet_seconds double precision) TO application_role;
GRANT ALL ON FUNCTION agents.reopen_turn(o platform.outbox, p_quiet_seconds double precision) TO worker_role;

-- Name: FUNCTION resolve_conversation(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_seen_seq bigint, p_survey jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.resolve_conversation(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_seen_seq bigint, p_survey jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.resolve_conversation(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_seen_seq bigint, p_survey jsonb) TO application_role;

-- Name: FUNCTION return_quiet_handoffs(p_max_age_seconds double precision, p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.return_quiet_handoffs(p_max_age_seconds double precision, p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.return_quiet_handoffs(p_max_age_seconds double precision, p_batch integer) TO worker_role;

-- Name: FUNCTION return_to_ai(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_by text); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.return_to_ai(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_by text) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.return_to_ai(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_by text) TO application_role;
GRANT ALL ON FUNCTION agents.return_to_ai(p_organization_id uuid, p_conversation_id uuid, p_user_id uuid, p_by text) TO worker_role;

-- Name: FUNCTION runs_to_wake(p_per_organization integer, p_limit integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.runs_to_wake(p_per_organization integer, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.runs_to_wake(p_per_organization integer, p_limit integer) TO worker_role;

-- Name: FUNCTION same_text(x platform.outbox, o platform.outbox); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.same_text(x platform.outbox, o platform.outbox) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.same_text(x platform.outbox, o platform.outbox) TO application_role;
GRANT ALL ON FUNCTION agents.same_text(x platform.outbox, o platform.outbox) TO worker_role;

-- Name: FUNCTION score_of(p_text text); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.score_of(p_text text) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.score_of(p_text text) TO application_role;

-- Name: FUNCTION send_facts(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.send_facts(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.send_facts(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision) TO application_role;
GRANT ALL ON FUNCTION agents.send_facts(p_organization_id uuid, p_outbox_id uuid, p_max_age_seconds double precision) TO worker_role;

-- Name: FUNCTION service_settings(p_organization_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.service_settings(p_organization_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.service_settings(p_organization_id uuid) TO application_role;
GRANT ALL ON FUNCTION agents.service_settings(p_organization_id uuid) TO worker_role;
GRANT ALL ON FUNCTION agents.service_settings(p_organization_id uuid) TO definer_role;

-- Name: FUNCTION settle_asked(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_candidates text[]); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.settle_asked(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_candidates text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.settle_asked(p_organization_id uuid, p_outbox_id uuid, p_attempt integer, p_candidates text[]) TO application_role;

-- Name: FUNCTION settle_attempts(p_organization_id uuid, p_attempts jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.settle_attempts(p_organization_id uuid, p_attempts jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.settle_attempts(p_organization_id uuid, p_attempts jsonb) TO application_role;

-- Name: FUNCTION settle_uncertain(p_window_seconds double precision, p_batch integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.settle_uncertain(p_window_seconds double precision, p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.settle_uncertain(p_window_seconds double precision, p_batch integer) TO worker_role;

-- Name: FUNCTION spent_since(p_organization_id uuid, p_agent_id uuid, p_since timestamp with time zone); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.spent_since(p_organization_id uuid, p_agent_id uuid, p_since timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.spent_since(p_organization_id uuid, p_agent_id uuid, p_since timestamp with time zone) TO application_role;

-- Name: FUNCTION start_attempt(p_organization_id uuid, p_conversation_id uuid, p_agent_id uuid, p_execution_id uuid, p_attempt_id uuid, p_fence bigint, p_attempt integer, p_model text, p_purpose text, p_most jsonb, p_book jsonb, p_worst_usd numeric); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.start_attempt(p_organization_id uuid, p_conversation_id uuid, p_agent_id uuid, p_execution_id uuid, p_attempt_id uuid, p_fence bigint, p_attempt integer, p_model text, p_purpose text, p_most jsonb, p_book jsonb, p_worst_usd numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.start_attempt(p_organization_id uuid, p_conversation_id uuid, p_agent_id uuid, p_execution_id uuid, p_attempt_id uuid, p_fence bigint, p_attempt integer, p_model text, p_purpose text, p_most jsonb, p_book jsonb, p_worst_usd numeric) TO application_role;

-- Name: FUNCTION stop_marketing(p_organization_id uuid, p_conversation_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.stop_marketing(p_organization_id uuid, p_conversation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.stop_marketing(p_organization_id uuid, p_conversation_id uuid) TO application_role;
GRANT ALL ON FUNCTION agents.stop_marketing(p_organization_id uuid, p_conversation_id uuid) TO worker_role;

-- Name: FUNCTION store_notice(c platform.conversations, p_kind text, p_message jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.store_notice(c platform.conversations, p_kind text, p_message jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.store_notice(c platform.conversations, p_kind text, p_message jsonb) TO application_role;
GRANT ALL ON FUNCTION agents.store_notice(c platform.conversations, p_kind text, p_message jsonb) TO worker_role;

-- Name: FUNCTION summarize_conversation(p_organization_id uuid, p_conversation_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.summarize_conversation(p_organization_id uuid, p_conversation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.summarize_conversation(p_organization_id uuid, p_conversation_id uuid) TO application_role;
GRANT ALL ON FUNCTION agents.summarize_conversation(p_organization_id uuid, p_conversation_id uuid) TO worker_role;
GRANT ALL ON FUNCTION agents.summarize_conversation(p_organization_id uuid, p_conversation_id uuid) TO definer_role;

-- Name: FUNCTION take_over(c platform.conversations, p_user_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.take_over(c platform.conversations, p_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.take_over(c platform.conversations, p_user_id uuid) TO application_role;

-- Name: FUNCTION take_score(c platform.conversations); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.take_score(c platform.conversations) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.take_score(c platform.conversations) TO application_role;

-- Name: FUNCTION transfers_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.transfers_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.transfers_to_wake(p_grace_seconds double precision, p_per_organization integer, p_limit integer) TO worker_role;

-- Name: FUNCTION waiting_messages(p_organization_id uuid, p_conversation_id uuid, p_uncertain_seconds double precision); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.waiting_messages(p_organization_id uuid, p_conversation_id uuid, p_uncertain_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.waiting_messages(p_organization_id uuid, p_conversation_id uuid, p_uncertain_seconds double precision) TO application_role;

-- Name: FUNCTION waits_for_person(p_organization_id uuid, p_conversation_id uuid); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.waits_for_person(p_organization_id uuid, p_conversation_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.waits_for_person(p_organization_id uuid, p_conversation_id uuid) TO application_role;
GRANT ALL ON FUNCTION agents.waits_for_person(p_organization_id uuid, p_conversation_id uuid) TO worker_role;

-- Name: FUNCTION wants_no_marketing(p_organization_id uuid, p_contact_id uuid, p_opted_out_at timestamp with time zone); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.wants_no_marketing(p_organization_id uuid, p_contact_id uuid, p_opted_out_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.wants_no_marketing(p_organization_id uuid, p_contact_id uuid, p_opted_out_at timestamp with time zone) TO application_role;
GRANT ALL ON FUNCTION agents.wants_no_marketing(p_organization_id uuid, p_contact_id uuid, p_opted_out_at timestamp with time zone) TO worker_role;

-- Name: FUNCTION window_is_open(c platform.conversations, p_margin interval); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.window_is_open(c platform.conversations, p_margin interval) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.window_is_open(c platform.conversations, p_margin interval) TO application_role;
GRANT ALL ON FUNCTION agents.window_is_open(c platform.conversations, p_margin interval) TO worker_role;

-- Name: FUNCTION withdraw_replies(o platform.outbox, p_state text, p_reason text); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.withdraw_replies(o platform.outbox, p_state text, p_reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.withdraw_replies(o platform.outbox, p_state text, p_reason text) TO application_role;
GRANT ALL ON FUNCTION agents.withdraw_replies(o platform.outbox, p_state text, p_reason text) TO worker_role;

-- Name: FUNCTION write_replies(c platform.conversations, p_from_seq bigint, p_to_seq bigint, p_moment timestamp with time zone, p_turn jsonb); Type: ACL; Schema: agents; Owner: owner

REVOKE ALL ON FUNCTION agents.write_replies(c platform.conversations, p_from_seq bigint, p_to_seq bigint, p_moment timestamp with time zone, p_turn jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION agents.write_replies(c platform.conversations, p_from_seq bigint, p_to_seq bigint, p_moment timestamp with time zone, p_turn jsonb) TO application_role;
GRANT ALL ON FUNCTION agents.write_replies(c platform.conversations, p_from_seq bigint, p_to_seq bigint, p_moment timestamp with time zone, p_turn jsonb) TO worker_role;

-- Name: FUNCTION apply_account_events(p_events jsonb); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.apply_account_events(p_events jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.apply_account_events(p_events jsonb) TO definer_role;

-- Name: FUNCTION bare_text(p_text text); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.bare_text(p_text text) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.bare_text(p_text text) TO definer_role;

-- Name: FUNCTION claim_items(p_deliveries jsonb, p_items jsonb, p_moment timestamp with time zone, OUT winners integrations.new_item[], OUT contacts uuid[], OUT kinds text[], OUT strangers boolean, OUT media boolean, OUT duplicates bigint, OUT deliveries jsonb); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.claim_items(p_deliveries jsonb, p_items jsonb, p_moment timestamp with time zone, OUT winners integrations.new_item[], OUT contacts uuid[], OUT kinds text[], OUT strangers boolean, OUT media boolean, OUT duplicates bigint, OUT deliveries jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.claim_items(p_deliveries jsonb, p_items jsonb, p_moment timestamp with time zone, OUT winners integrations.new_item[], OUT contacts uuid[], OUT kinds text[], OUT strangers boolean, OUT media boolean, OUT duplicates bigint, OUT deliveries jsonb) TO definer_role;

-- Name: FUNCTION claim_token_refreshes(p_ahead_seconds double precision, p_lease_seconds double precision, p_batch integer); Type: ACL; Schema: integrations; Owner: definer_role

REVOKE ALL ON FUNCTION integrations.claim_token_refreshes(p_ahead_seconds double precision, p_lease_seconds double precision, p_batch integer) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.claim_token_refreshes(p_ahead_seconds double precision, p_lease_seconds double precision, p_batch integer) TO worker_role;

-- Name: FUNCTION contacts_by_name(p_names integrations.customer_name[]); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.contacts_by_name(p_names integrations.customer_name[]) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.contacts_by_name(p_names integrations.customer_name[]) TO definer_role;

-- Name: FUNCTION follow_connection_status(); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.follow_connection_status() FROM PUBLIC;

-- Name: FUNCTION guard_amendments(p_winners integrations.new_item[]); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.guard_amendments(p_winners integrations.new_item[]) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.guard_amendments(p_winners integrations.new_item[]) TO definer_role;

-- Name: FUNCTION items_of(p_items integrations.new_item[], p_contacts uuid[]); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.items_of(p_items integrations.new_item[], p_contacts uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.items_of(p_items integrations.new_item[], p_contacts uuid[]) TO definer_role;

-- Name: FUNCTION kind_of_customer(p_provider text, p_customer text); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.kind_of_customer(p_provider text, p_customer text) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.kind_of_customer(p_provider text, p_customer text) TO definer_role;

-- Name: FUNCTION meet_contacts(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.meet_contacts(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.meet_contacts(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone) TO definer_role;

-- Name: FUNCTION merge_met_contacts(p_names integrations.customer_name[], p_moment timestamp with time zone); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.merge_met_contacts(p_names integrations.customer_name[], p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.merge_met_contacts(p_names integrations.customer_name[], p_moment timestamp with time zone) TO definer_role;

-- Name: FUNCTION name_contacts(p_winners integrations.new_item[], p_names integrations.customer_name[]); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.name_contacts(p_winners integrations.new_item[], p_names integrations.customer_name[]) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.name_contacts(p_winners integrations.new_item[], p_names integrations.customer_name[]) TO definer_role;

-- Name: FUNCTION names_to_learn(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.names_to_learn(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.names_to_learn(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) TO definer_role;

-- Name: FUNCTION own_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.own_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.own_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) TO definer_role;

-- Name: FUNCTION pauses_sending(p_event text); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.pauses_sending(p_event text) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.pauses_sending(p_event text) TO definer_role;

-- Name: FUNCTION raise_alert(p_organization_id uuid, p_connection_id uuid, p_kind text, p_reason text, p_detail text); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.raise_alert(p_organization_id uuid, p_connection_id uuid, p_kind text, p_reason text, p_detail text) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.raise_alert(p_organization_id uuid, p_connection_id uuid, p_kind text, p_reason text, p_detail text) TO application_role;
GRANT ALL ON FUNCTION integrations.raise_alert(p_organization_id uuid, p_connection_id uuid, p_kind text, p_reason text, p_detail text) TO worker_role;
GRANT ALL ON FUNCTION integrations.raise_alert(p_organization_id uuid, p_connection_id uuid, p_kind text, p_reason text, p_detail text) TO definer_role;

-- Name: FUNCTION record_account_events(p_winners integrations.new_item[], p_items jsonb); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.record_account_events(p_winners integrations.new_item[], p_items jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.record_account_events(p_winners integrations.new_item[], p_items jsonb) TO definer_role;

-- Name: FUNCTION record_amendments(p_winners integrations.new_item[], p_items jsonb, p_moment timestamp with time zone); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.record_amendments(p_winners integrations.new_item[], p_items jsonb, p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.record_amendments(p_winners integrations.new_item[], p_items jsonb, p_moment timestamp with time zone) TO definer_role;

-- Name: FUNCTION record_deliveries(p_deliveries jsonb, p_items jsonb, p_bodies text[], p_quiet_seconds double precision, p_ceiling_seconds double precision, p_reply_max_age_seconds double precision); Type: ACL; Schema: integrations; Owner: definer_role

REVOKE ALL ON FUNCTION integrations.record_deliveries(p_deliveries jsonb, p_items jsonb, p_bodies text[], p_quiet_seconds double precision, p_ceiling_seconds double precision, p_reply_max_age_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.record_deliveries(p_deliveries jsonb, p_items jsonb, p_bodies text[], p_quiet_seconds double precision, p_ceiling_seconds double precision, p_reply_max_age_seconds double precision) TO intake_role;

-- Name: FUNCTION record_differences(p_deliveries jsonb, p_items jsonb, p_moment timestamp with time zone); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.record_differences(p_deliveries jsonb, p_items jsonb, p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.record_differences(p_deliveries jsonb, p_items jsonb, p_moment timestamp with time zone) TO definer_role;

-- Name: FUNCTION record_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone, p_oldest timestamp with time zone, p_quiet_seconds double precision, p_ceiling_seconds double precision); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.record_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone, p_oldest timestamp with time zone, p_quiet_seconds double precision, p_ceiling_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.record_echoes(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone, p_oldest timestamp with time zone, p_quiet_seconds double precision, p_ceiling_seconds double precision) TO definer_role;

-- Name: FUNCTION record_media(p_winners integrations.new_item[], p_items jsonb); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.record_media(p_winners integrations.new_item[], p_items jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.record_media(p_winners integrations.new_item[], p_items jsonb) TO definer_role;

-- Name: FUNCTION record_messages(p_winners integrations.new_item[], p_contacts uuid[], p_own integer[], p_moment timestamp with time zone, p_oldest timestamp with time zone, p_quiet_seconds double precision, p_ceiling_seconds double precision); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.record_messages(p_winners integrations.new_item[], p_contacts uuid[], p_own integer[], p_moment timestamp with time zone, p_oldest timestamp with time zone, p_quiet_seconds double precision, p_ceiling_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.record_messages(p_winners integrations.new_item[], p_contacts uuid[], p_own integer[], p_moment timestamp with time zone, p_oldest timestamp with time zone, p_quiet_seconds double precision, p_ceiling_seconds double precision) TO definer_role;

-- Name: FUNCTION record_preferences(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.record_preferences(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.record_preferences(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb) TO definer_role;

-- Name: FUNCTION record_statuses(p_winners integrations.new_item[], p_items jsonb, p_moment timestamp with time zone); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.record_statuses(p_winners integrations.new_item[], p_items jsonb, p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.record_statuses(p_winners integrations.new_item[], p_items jsonb, p_moment timestamp with time zone) TO definer_role;

-- Name: FUNCTION record_watermarks(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.record_watermarks(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.record_watermarks(p_winners integrations.new_item[], p_contacts uuid[], p_items jsonb, p_moment timestamp with time zone) TO definer_role;

-- Name: FUNCTION resolve_connection(provider text, account text); Type: ACL; Schema: integrations; Owner: definer_role

REVOKE ALL ON FUNCTION integrations.resolve_connection(provider text, account text) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.resolve_connection(provider text, account text) TO intake_role;

-- Name: FUNCTION scope_of_name(p_kind text, p_account text, p_portfolio text); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.scope_of_name(p_kind text, p_account text, p_portfolio text) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.scope_of_name(p_kind text, p_account text, p_portfolio text) TO definer_role;

-- Name: FUNCTION settle_statuses(p_organization_ids uuid[], p_provider_message_ids text[], p_outbox_ids uuid[], p_moment timestamp with time zone); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.settle_statuses(p_organization_ids uuid[], p_provider_message_ids text[], p_outbox_ids uuid[], p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.settle_statuses(p_organization_ids uuid[], p_provider_message_ids text[], p_outbox_ids uuid[], p_moment timestamp with time zone) TO definer_role;

-- Name: FUNCTION settle_token_refresh(p_organization_id uuid, p_connection_id uuid, p_old text, p_new text, p_expires_at timestamp with time zone, p_refused boolean, p_detail text, p_retry_seconds double precision); Type: ACL; Schema: integrations; Owner: definer_role

REVOKE ALL ON FUNCTION integrations.settle_token_refresh(p_organization_id uuid, p_connection_id uuid, p_old text, p_new text, p_expires_at timestamp with time zone, p_refused boolean, p_detail text, p_retry_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.settle_token_refresh(p_organization_id uuid, p_connection_id uuid, p_old text, p_new text, p_expires_at timestamp with time zone, p_refused boolean, p_detail text, p_retry_seconds double precision) TO worker_role;

-- Name: FUNCTION silence(p_organization_id uuid, p_connection_id uuid, p_contact_id uuid, p_moment timestamp with time zone); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.silence(p_organization_id uuid, p_connection_id uuid, p_contact_id uuid, p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.silence(p_organization_id uuid, p_connection_id uuid, p_contact_id uuid, p_moment timestamp with time zone) TO definer_role;

-- Name: FUNCTION update_names(p_names integrations.customer_name[]); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.update_names(p_names integrations.customer_name[]) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.update_names(p_names integrations.customer_name[]) TO definer_role;

-- Name: FUNCTION uuid_or_null(p_text text); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.uuid_or_null(p_text text) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.uuid_or_null(p_text text) TO definer_role;

-- Name: FUNCTION watch_channels(p_silent_seconds double precision, p_slices integer, p_slice integer); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.watch_channels(p_silent_seconds double precision, p_slices integer, p_slice integer) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.watch_channels(p_silent_seconds double precision, p_slices integer, p_slice integer) TO worker_role;

-- Name: FUNCTION watch_tokens(p_warn_seconds double precision); Type: ACL; Schema: integrations; Owner: owner

REVOKE ALL ON FUNCTION integrations.watch_tokens(p_warn_seconds double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION integrations.watch_tokens(p_warn_seconds double precision) TO worker_role;

-- Name: FUNCTION add_encryption_key(key_id text, key_organization_id uuid, new_wrapped_keyset bytea, new_master_key text); Type: ACL; Schema: platform; Owner: definer_role

REVOKE ALL ON FUNCTION platform.add_encryption_key(key_id text, key_organization_id uuid, new_wrapped_keyset bytea, new_master_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.add_encryption_key(key_id text, key_organization_id uuid, new_wrapped_keyset bytea, new_master_key text) TO application_role;
GRANT ALL ON FUNCTION platform.add_encryption_key(key_id text, key_organization_id uuid, new_wrapped_keyset bytea, new_master_key text) TO intake_role;
GRANT ALL ON FUNCTION platform.add_encryption_key(key_id text, key_organization_id uuid, new_wrapped_keyset bytea, new_master_key text) TO worker_role;

-- Name: FUNCTION admit_all_tenants(target regclass, role_name name); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.admit_all_tenants(target regclass, role_name name) FROM PUBLIC;

-- Name: FUNCTION apply_statuses(p_organization_id uuid, p_provider_message_id text); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.apply_statuses(p_organization_id uuid, p_provider_message_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.apply_statuses(p_organization_id uuid, p_provider_message_id text) TO application_role;
GRANT ALL ON FUNCTION platform.apply_statuses(p_organization_id uuid, p_provider_message_id text) TO worker_role;
GRANT ALL ON FUNCTION platform.apply_statuses(p_organization_id uuid, p_provider_message_id text) TO definer_role;

-- Name: FUNCTION attach_month(parent regclass, at timestamp with time zone); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.attach_month(parent regclass, at timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION copy_row_security(parent regclass, partition regclass); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.copy_row_security(parent regclass, partition regclass) FROM PUBLIC;

-- Name: FUNCTION covering_chunks(lexemes text[], weights double precision[], model text); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.covering_chunks(lexemes text[], weights double precision[], model text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.covering_chunks(lexemes text[], weights double precision[], model text) TO application_role;

-- Name: FUNCTION current_organization_id(); Type: ACL; Schema: platform; Owner: definer_role

REVOKE ALL ON FUNCTION platform.current_organization_id() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.current_organization_id() TO application_role;
GRANT ALL ON FUNCTION platform.current_organization_id() TO intake_role;
GRANT ALL ON FUNCTION platform.current_organization_id() TO worker_role;
GRANT ALL ON FUNCTION platform.current_organization_id() TO maintenance_role;

-- Name: FUNCTION delivery_rank(p_status text); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.delivery_rank(p_status text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.delivery_rank(p_status text) TO application_role;
GRANT ALL ON FUNCTION platform.delivery_rank(p_status text) TO worker_role;
GRANT ALL ON FUNCTION platform.delivery_rank(p_status text) TO definer_role;

-- Name: FUNCTION ensure_partition(parent regclass, at timestamp with time zone); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.ensure_partition(parent regclass, at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.ensure_partition(parent regclass, at timestamp with time zone) TO application_role;
GRANT ALL ON FUNCTION platform.ensure_partition(parent regclass, at timestamp with time zone) TO intake_role;
GRANT ALL ON FUNCTION platform.ensure_partition(parent regclass, at timestamp with time zone) TO worker_role;
GRANT ALL ON FUNCTION platform.ensure_partition(parent regclass, at timestamp with time zone) TO maintenance_role;

-- Name: FUNCTION ensure_partitions(months_behind integer, months_ahead integer); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.ensure_partitions(months_behind integer, months_ahead integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.ensure_partitions(months_behind integer, months_ahead integer) TO maintenance_role;

-- Name: FUNCTION forget_drafts_of_message(); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.forget_drafts_of_message() FROM PUBLIC;

-- Name: FUNCTION get_encryption_key(key_id text); Type: ACL; Schema: platform; Owner: definer_role

REVOKE ALL ON FUNCTION platform.get_encryption_key(key_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.get_encryption_key(key_id text) TO application_role;
GRANT ALL ON FUNCTION platform.get_encryption_key(key_id text) TO intake_role;
GRANT ALL ON FUNCTION platform.get_encryption_key(key_id text) TO worker_role;

-- Name: FUNCTION isolate_tenant(target regclass, tenant_column name); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.isolate_tenant(target regclass, tenant_column name) FROM PUBLIC;

-- Name: FUNCTION join_conversations(p_organization_id uuid, p_survivor uuid, p_contact_ids uuid[], p_moment timestamp with time zone); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.join_conversations(p_organization_id uuid, p_survivor uuid, p_contact_ids uuid[], p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.join_conversations(p_organization_id uuid, p_survivor uuid, p_contact_ids uuid[], p_moment timestamp with time zone) TO definer_role;

-- Name: FUNCTION merge_amendments(p_organization_ids uuid[], p_connection_ids uuid[], p_targets text[]); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.merge_amendments(p_organization_ids uuid[], p_connection_ids uuid[], p_targets text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.merge_amendments(p_organization_ids uuid[], p_connection_ids uuid[], p_targets text[]) TO application_role;
GRANT ALL ON FUNCTION platform.merge_amendments(p_organization_ids uuid[], p_connection_ids uuid[], p_targets text[]) TO worker_role;
GRANT ALL ON FUNCTION platform.merge_amendments(p_organization_ids uuid[], p_connection_ids uuid[], p_targets text[]) TO definer_role;

-- Name: FUNCTION merge_contacts(p_organization_id uuid, p_contact_ids uuid[], p_reason text, p_event_id uuid, p_moment timestamp with time zone); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.merge_contacts(p_organization_id uuid, p_contact_ids uuid[], p_reason text, p_event_id uuid, p_moment timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.merge_contacts(p_organization_id uuid, p_contact_ids uuid[], p_reason text, p_event_id uuid, p_moment timestamp with time zone) TO definer_role;

-- Name: FUNCTION merge_statuses(p_organization_ids uuid[], p_provider_message_ids text[]); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.merge_statuses(p_organization_ids uuid[], p_provider_message_ids text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.merge_statuses(p_organization_ids uuid[], p_provider_message_ids text[]) TO application_role;
GRANT ALL ON FUNCTION platform.merge_statuses(p_organization_ids uuid[], p_provider_message_ids text[]) TO worker_role;
GRANT ALL ON FUNCTION platform.merge_statuses(p_organization_ids uuid[], p_provider_message_ids text[]) TO definer_role;

-- Name: FUNCTION merge_watermarks(p_organization_ids uuid[], p_connection_ids uuid[], p_contact_ids uuid[]); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.merge_watermarks(p_organization_ids uuid[], p_connection_ids uuid[], p_contact_ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.merge_watermarks(p_organization_ids uuid[], p_connection_ids uuid[], p_contact_ids uuid[]) TO application_role;
GRANT ALL ON FUNCTION platform.merge_watermarks(p_organization_ids uuid[], p_connection_ids uuid[], p_contact_ids uuid[]) TO worker_role;
GRANT ALL ON FUNCTION platform.merge_watermarks(p_organization_ids uuid[], p_connection_ids uuid[], p_contact_ids uuid[]) TO definer_role;

-- Name: FUNCTION month_partitions(parent regclass); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.month_partitions(parent regclass) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.month_partitions(parent regclass) TO maintenance_role;
GRANT ALL ON FUNCTION platform.month_partitions(parent regclass) TO worker_role;

-- Name: FUNCTION nearest_chunks(query public.vector, model text, candidate_limit integer); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.nearest_chunks(query public.vector, model text, candidate_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.nearest_chunks(query public.vector, model text, candidate_limit integer) TO application_role;

-- Name: FUNCTION nearest_indexed_chunks(query_bits bit, model text, candidate_limit integer); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.nearest_indexed_chunks(query_bits bit, model text, candidate_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.nearest_indexed_chunks(query_bits bit, model text, candidate_limit integer) TO application_role;

-- Name: FUNCTION release_echo(p_organization_id uuid, p_message_id uuid, p_provider_message_id text); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.release_echo(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.release_echo(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) TO application_role;
GRANT ALL ON FUNCTION platform.release_echo(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) TO worker_role;
GRANT ALL ON FUNCTION platform.release_echo(p_organization_id uuid, p_message_id uuid, p_provider_message_id text) TO definer_role;

-- Name: FUNCTION search_knowledge(query public.vector, model text, lexemes text[], weights double precision[], candidate_limit integer, result_limit integer); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.search_knowledge(query public.vector, model text, lexemes text[], weights double precision[], candidate_limit integer, result_limit integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.search_knowledge(query public.vector, model text, lexemes text[], weights double precision[], candidate_limit integer, result_limit integer) TO application_role;

-- Name: FUNCTION set_updated_at(); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.set_updated_at() FROM PUBLIC;

-- Name: FUNCTION track_updates(target regclass); Type: ACL; Schema: platform; Owner: owner

REVOKE ALL ON FUNCTION platform.track_updates(target regclass) FROM PUBLIC;

-- Name: FUNCTION cleanup_old_data(); Type: ACL; Schema: public; Owner: owner

REVOKE ALL ON FUNCTION public.cleanup_old_data() FROM PUBLIC;
GRANT ALL ON FUNCTION public.cleanup_old_data() TO maintenance_role;

-- Name: FUNCTION create_monthly_partition(table_name text, start_date date); Type: ACL; Schema: public; Owner: owner

REVOKE ALL ON FUNCTION public.create_monthly_partition(table_name text, start_date date) FROM PUBLIC;
GRANT ALL ON FUNCTION public.create_monthly_partition(table_name text, start_date date) TO maintenance_role;

-- Name: FUNCTION get_organization_metrics(org_id uuid, period_days integer); Type: ACL; Schema: public; Owner: owner

REVOKE ALL ON FUNCTION public.get_organization_metrics(org_id uuid, period_days integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.get_organization_metrics(org_id uuid, period_days integer) TO application_role;

-- Name: TABLE llm_attempts; Type: ACL; Schema: agents; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE agents.llm_attempts TO application_role;
GRANT SELECT,UPDATE ON TABLE agents.llm_attempts TO worker_role;

-- Name: TABLE satisfaction_scores; Type: ACL; Schema: analytics; Owner: owner

GRANT SELECT,INSERT ON TABLE analytics.satisfaction_scores TO application_role;

-- Name: TABLE usage_metrics; Type: ACL; Schema: analytics; Owner: owner

GRANT SELECT ON TABLE analytics.usage_metrics TO application_role;

-- Name: TABLE activity_logs; Type: ACL; Schema: audit; Owner: owner

GRANT SELECT,INSERT ON TABLE audit.activity_logs TO application_role;
GRANT INSERT ON TABLE audit.activity_logs TO worker_role;
GRANT INSERT ON TABLE audit.activity_logs TO definer_role;

-- Name: TABLE agent_executions; Type: ACL; Schema: departments; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE departments.agent_executions TO application_role;
GRANT SELECT ON TABLE departments.agent_executions TO definer_role;
GRANT SELECT,INSERT ON TABLE departments.agent_executions TO worker_role;

-- Name: COLUMN agent_executions.status; Type: ACL; Schema: departments; Owner: owner

GRANT UPDATE(status) ON TABLE departments.agent_executions TO worker_role;

-- Name: COLUMN agent_executions.outcome; Type: ACL; Schema: departments; Owner: owner

GRANT UPDATE(outcome) ON TABLE departments.agent_executions TO definer_role;
GRANT UPDATE(outcome) ON TABLE departments.agent_executions TO worker_role;

-- Name: COLUMN agent_executions.completed_at; Type: ACL; Schema: departments; Owner: owner

GRANT UPDATE(completed_at) ON TABLE departments.agent_executions TO worker_role;

-- Name: COLUMN agent_executions.output_data; Type: ACL; Schema: departments; Owner: owner

GRANT UPDATE(output_data) ON TABLE departments.agent_executions TO definer_role;

-- Name: TABLE agents; Type: ACL; Schema: departments; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE departments.agents TO application_role;
GRANT SELECT ON TABLE departments.agents TO worker_role;
GRANT SELECT ON TABLE departments.agents TO definer_role;

-- Name: COLUMN agents.status; Type: ACL; Schema: departments; Owner: owner

GRANT UPDATE(status) ON TABLE departments.agents TO worker_role;

-- Name: COLUMN agents.status_reason; Type: ACL; Schema: departments; Owner: owner

GRANT UPDATE(status_reason) ON TABLE departments.agents TO worker_role;

-- Name: COLUMN agents.next_scheduled_at; Type: ACL; Schema: departments; Owner: owner

GRANT UPDATE(next_scheduled_at) ON TABLE departments.agents TO worker_role;

-- Name: TABLE agent_activity; Type: ACL; Schema: departments; Owner: owner

GRANT SELECT ON TABLE departments.agent_activity TO application_role;
GRANT SELECT ON TABLE departments.agent_activity TO worker_role;

-- Name: TABLE departments; Type: ACL; Schema: departments; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE departments.departments TO application_role;
GRANT SELECT ON TABLE departments.departments TO worker_role;

-- Name: COLUMN departments.organization_id; Type: ACL; Schema: departments; Owner: owner

GRANT SELECT(organization_id) ON TABLE departments.departments TO worker_role;
GRANT SELECT(organization_id) ON TABLE departments.departments TO definer_role;

-- Name: COLUMN departments.type; Type: ACL; Schema: departments; Owner: owner

GRANT SELECT(type) ON TABLE departments.departments TO worker_role;
GRANT SELECT(type) ON TABLE departments.departments TO definer_role;

-- Name: COLUMN departments.configuration; Type: ACL; Schema: departments; Owner: owner

GRANT SELECT(configuration) ON TABLE departments.departments TO worker_role;
GRANT SELECT(configuration) ON TABLE departments.departments TO definer_role;

-- Name: TABLE connection_alerts; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT,INSERT ON TABLE integrations.connection_alerts TO application_role;
GRANT SELECT,INSERT ON TABLE integrations.connection_alerts TO worker_role;
GRANT SELECT,INSERT ON TABLE integrations.connection_alerts TO definer_role;

-- Name: COLUMN connection_alerts.cleared_at; Type: ACL; Schema: integrations; Owner: owner

GRANT UPDATE(cleared_at) ON TABLE integrations.connection_alerts TO application_role;
GRANT UPDATE(cleared_at) ON TABLE integrations.connection_alerts TO worker_role;
GRANT UPDATE(cleared_at) ON TABLE integrations.connection_alerts TO definer_role;

-- Name: TABLE connections; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE integrations.connections TO application_role;

-- Name: COLUMN connections.id; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(id) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(id) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.organization_id; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(organization_id) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(organization_id) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.integration_type; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(integration_type) ON TABLE integrations.connections TO worker_role;

-- Name: COLUMN connections.provider; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(provider) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(provider) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.account_identifier; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(account_identifier) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(account_identifier) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.access_token; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(access_token),UPDATE(access_token) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.token_expires_at; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(token_expires_at) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(token_expires_at),UPDATE(token_expires_at) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.configuration; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(configuration) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(configuration) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.status; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(status),UPDATE(status) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(status),UPDATE(status) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.last_sync_at; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(last_sync_at) ON TABLE integrations.connections TO worker_role;

-- Name: COLUMN connections.last_error; Type: ACL; Schema: integrations; Owner: owner

GRANT UPDATE(last_error) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(last_error),UPDATE(last_error) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.rate_limit_per_hour; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(rate_limit_per_hour) ON TABLE integrations.connections TO worker_role;

-- Name: COLUMN connections.requests_this_hour; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(requests_this_hour) ON TABLE integrations.connections TO worker_role;

-- Name: COLUMN connections.rate_limit_reset_at; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(rate_limit_reset_at) ON TABLE integrations.connections TO worker_role;

-- Name: COLUMN connections.created_at; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(created_at) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(created_at) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.updated_at; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(updated_at) ON TABLE integrations.connections TO worker_role;

-- Name: COLUMN connections.business_account_id; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(business_account_id) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(business_account_id) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.business_portfolio_id; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(business_portfolio_id) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(business_portfolio_id) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.attention_reason; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(attention_reason),UPDATE(attention_reason) ON TABLE integrations.connections TO worker_role;
GRANT UPDATE(attention_reason) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.attention_since; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(attention_since) ON TABLE integrations.connections TO worker_role;

-- Name: COLUMN connections.owner_notified_at; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(owner_notified_at) ON TABLE integrations.connections TO worker_role;

-- Name: COLUMN connections.last_webhook_at; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(last_webhook_at),UPDATE(last_webhook_at) ON TABLE integrations.connections TO worker_role;

-- Name: COLUMN connections.last_send_at; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(last_send_at),UPDATE(last_send_at) ON TABLE integrations.connections TO worker_role;

-- Name: COLUMN connections.token_refreshed_at; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(token_refreshed_at) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(token_refreshed_at),UPDATE(token_refreshed_at) ON TABLE integrations.connections TO definer_role;

-- Name: COLUMN connections.token_refresh_after; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT(token_refresh_after) ON TABLE integrations.connections TO worker_role;
GRANT SELECT(token_refresh_after),UPDATE(token_refresh_after) ON TABLE integrations.connections TO definer_role;

-- Name: TABLE webhook_deliveries; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT,UPDATE ON TABLE integrations.webhook_deliveries TO worker_role;
GRANT INSERT ON TABLE integrations.webhook_deliveries TO definer_role;

-- Name: TABLE webhook_events; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT ON TABLE integrations.webhook_events TO application_role;
GRANT SELECT,UPDATE ON TABLE integrations.webhook_events TO worker_role;
GRANT INSERT ON TABLE integrations.webhook_events TO definer_role;

-- Name: TABLE webhook_keys; Type: ACL; Schema: integrations; Owner: owner

GRANT SELECT,INSERT ON TABLE integrations.webhook_keys TO definer_role;

-- Name: TABLE backup_config; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT ON TABLE platform.backup_config TO maintenance_role;

-- Name: TABLE backup_executions; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.backup_executions TO maintenance_role;

-- Name: TABLE contact_identities; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.contact_identities TO application_role;
GRANT SELECT,INSERT,UPDATE ON TABLE platform.contact_identities TO definer_role;
GRANT SELECT ON TABLE platform.contact_identities TO worker_role;

-- Name: TABLE contact_merges; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT ON TABLE platform.contact_merges TO application_role;
GRANT SELECT,INSERT ON TABLE platform.contact_merges TO definer_role;

-- Name: TABLE contacts; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.contacts TO application_role;
GRANT SELECT,INSERT,UPDATE ON TABLE platform.contacts TO definer_role;
GRANT SELECT ON TABLE platform.contacts TO worker_role;

-- Name: COLUMN contacts.marketing_opted_out_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(marketing_opted_out_at) ON TABLE platform.contacts TO worker_role;

-- Name: COLUMN contacts.marketing_choice_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(marketing_choice_at) ON TABLE platform.contacts TO worker_role;

-- Name: TABLE content; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.content TO application_role;

-- Name: TABLE context_keys; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT ON TABLE platform.context_keys TO definer_role;

-- Name: TABLE encryption_keys; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.encryption_keys TO application_role;
GRANT SELECT,INSERT ON TABLE platform.encryption_keys TO definer_role;

-- Name: TABLE exchange_rates; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT ON TABLE platform.exchange_rates TO application_role;
GRANT SELECT ON TABLE platform.exchange_rates TO worker_role;

-- Name: TABLE faq_draft_sources; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.faq_draft_sources TO application_role;
GRANT SELECT,DELETE ON TABLE platform.faq_draft_sources TO definer_role;

-- Name: TABLE faq_drafts; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.faq_drafts TO application_role;
GRANT SELECT,DELETE ON TABLE platform.faq_drafts TO definer_role;

-- Name: TABLE faq_progress; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.faq_progress TO application_role;

-- Name: TABLE knowledge_base; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.knowledge_base TO application_role;

-- Name: COLUMN knowledge_base.id; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(id) ON TABLE platform.knowledge_base TO worker_role;
GRANT SELECT(id) ON TABLE platform.knowledge_base TO definer_role;

-- Name: COLUMN knowledge_base.organization_id; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(organization_id) ON TABLE platform.knowledge_base TO worker_role;
GRANT SELECT(organization_id) ON TABLE platform.knowledge_base TO definer_role;

-- Name: COLUMN knowledge_base.title; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(title) ON TABLE platform.knowledge_base TO worker_role;
GRANT SELECT(title) ON TABLE platform.knowledge_base TO definer_role;

-- Name: TABLE knowledge_chunks; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.knowledge_chunks TO application_role;

-- Name: COLUMN knowledge_chunks.id; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(id) ON TABLE platform.knowledge_chunks TO worker_role;
GRANT SELECT(id) ON TABLE platform.knowledge_chunks TO definer_role;

-- Name: COLUMN knowledge_chunks.organization_id; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(organization_id) ON TABLE platform.knowledge_chunks TO worker_role;
GRANT SELECT(organization_id) ON TABLE platform.knowledge_chunks TO definer_role;

-- Name: COLUMN knowledge_chunks.knowledge_id; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(knowledge_id) ON TABLE platform.knowledge_chunks TO worker_role;
GRANT SELECT(knowledge_id) ON TABLE platform.knowledge_chunks TO definer_role;

-- Name: TABLE knowledge_ingestions; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.knowledge_ingestions TO application_role;
GRANT SELECT,UPDATE ON TABLE platform.knowledge_ingestions TO worker_role;

-- Name: TABLE knowledge_settings; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.knowledge_settings TO application_role;
GRANT SELECT ON TABLE platform.knowledge_settings TO worker_role;

-- Name: TABLE knowledge_staged_vectors; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.knowledge_staged_vectors TO application_role;

-- Name: TABLE media_assets; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.media_assets TO application_role;

-- Name: COLUMN media_assets.id; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(id) ON TABLE platform.media_assets TO worker_role;

-- Name: COLUMN media_assets.organization_id; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(organization_id) ON TABLE platform.media_assets TO worker_role;

-- Name: COLUMN media_assets.state; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(state) ON TABLE platform.media_assets TO worker_role;

-- Name: COLUMN media_assets.deleting_at; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(deleting_at) ON TABLE platform.media_assets TO worker_role;

-- Name: COLUMN media_assets.created_at; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(created_at) ON TABLE platform.media_assets TO worker_role;

-- Name: COLUMN media_assets.updated_at; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(updated_at) ON TABLE platform.media_assets TO worker_role;

-- Name: TABLE media_audits; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.media_audits TO application_role;
GRANT SELECT ON TABLE platform.media_audits TO worker_role;

-- Name: TABLE media_throttles; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.media_throttles TO application_role;

-- Name: TABLE media_transfers; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.media_transfers TO application_role;
GRANT SELECT,UPDATE ON TABLE platform.media_transfers TO worker_role;
GRANT SELECT,INSERT ON TABLE platform.media_transfers TO definer_role;

-- Name: TABLE message_amendments; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,UPDATE ON TABLE platform.message_amendments TO application_role;
GRANT SELECT,INSERT,UPDATE ON TABLE platform.message_amendments TO definer_role;

-- Name: TABLE message_statuses; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.message_statuses TO application_role;
GRANT SELECT,INSERT ON TABLE platform.message_statuses TO definer_role;
GRANT SELECT ON TABLE platform.message_statuses TO worker_role;

-- Name: TABLE message_watermarks; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT ON TABLE platform.message_watermarks TO application_role;
GRANT SELECT,INSERT,UPDATE ON TABLE platform.message_watermarks TO definer_role;

-- Name: TABLE organizations; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.organizations TO application_role;

-- Name: COLUMN organizations.id; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(id) ON TABLE platform.organizations TO worker_role;
GRANT SELECT(id) ON TABLE platform.organizations TO definer_role;

-- Name: COLUMN organizations.name; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(name) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.slug; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(slug) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.timezone; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(timezone) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.locale; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(locale) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.currency; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(currency) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.subscription_plan; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(subscription_plan) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.billing_status; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(billing_status) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.trial_ends_at; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(trial_ends_at) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.encryption_key_id; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(encryption_key_id) ON TABLE platform.organizations TO definer_role;

-- Name: COLUMN organizations.ai_paused_at; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(ai_paused_at) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.created_at; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(created_at) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.updated_at; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(updated_at) ON TABLE platform.organizations TO worker_role;

-- Name: COLUMN organizations.deleted_at; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT(deleted_at) ON TABLE platform.organizations TO worker_role;
GRANT SELECT(deleted_at) ON TABLE platform.organizations TO definer_role;

-- Name: TABLE outbox_attempts; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT ON TABLE platform.outbox_attempts TO application_role;
GRANT SELECT,INSERT ON TABLE platform.outbox_attempts TO worker_role;

-- Name: TABLE partitioned_tables; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT ON TABLE platform.partitioned_tables TO maintenance_role;
GRANT SELECT ON TABLE platform.partitioned_tables TO worker_role;

-- Name: TABLE subscriptions; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.subscriptions TO application_role;

-- Name: TABLE switches; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT ON TABLE platform.switches TO application_role;
GRANT SELECT ON TABLE platform.switches TO worker_role;

-- Name: COLUMN switches.paused_at; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(paused_at) ON TABLE platform.switches TO worker_role;

-- Name: COLUMN switches.reason; Type: ACL; Schema: platform; Owner: owner

GRANT UPDATE(reason) ON TABLE platform.switches TO worker_role;

-- Name: TABLE usage_records; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT ON TABLE platform.usage_records TO application_role;

-- Name: TABLE user_sessions; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.user_sessions TO application_role;

-- Name: TABLE users; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT,INSERT,UPDATE ON TABLE platform.users TO application_role;

-- Name: TABLE whatsapp_charges; Type: ACL; Schema: platform; Owner: owner

GRANT SELECT ON TABLE platform.whatsapp_charges TO application_role;

-- Name: DEFAULT PRIVILEGES FOR FUNCTIONS; Type: DEFAULT ACL; Schema: -; Owner: owner

ALTER DEFAULT PRIVILEGES FOR ROLE owner REVOKE ALL ON FUNCTIONS FROM PUBLIC;
