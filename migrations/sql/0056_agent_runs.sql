-- What agents do when no customer's message starts it: due at a time, asked for by a person, or caused by an event. Each due time is one run.

-- The row is the work, as a conversation's row is for turns: a task only wakes it. What a run did is an execution, one for each try.
CREATE TABLE agents.agent_runs (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    agent_id UUID NOT NULL,

    trigger_type TEXT NOT NULL CHECK (trigger_type IN ('scheduled', 'manual', 'event')),
    -- what makes it one run: the due time, the id that asked for it, or the event
    trigger_key TEXT NOT NULL CHECK (char_length(trigger_key) BETWEEN 1 AND 200),
    trigger_data JSONB NOT NULL DEFAULT '{}'::JSONB CHECK (jsonb_typeof(trigger_data) = 'object'),
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,

    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    run_at TIMESTAMP WITH TIME ZONE NOT NULL, -- not before; a try that failed puts it off
    attempts SMALLINT NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    fence BIGINT NOT NULL DEFAULT 0 CHECK (fence >= 0),
    lease_until TIMESTAMP WITH TIME ZONE,
    execution_id UUID, -- of the newest try
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    output_data JSONB,
    error_code TEXT CHECK (char_length(error_code) <= 200),

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp(),

    FOREIGN KEY (organization_id, agent_id) REFERENCES departments.agents (organization_id, id) ON DELETE CASCADE,
    CONSTRAINT agent_runs_lease_check CHECK ((status = 'running') = (lease_until IS NOT NULL)),
    CONSTRAINT agent_runs_end_check CHECK ((status IN ('completed', 'failed')) = (finished_at IS NOT NULL))
);
CREATE INDEX idx_agent_runs_agent ON agents.agent_runs (organization_id, agent_id, created_at);
CREATE UNIQUE INDEX idx_agent_runs_once ON agents.agent_runs (organization_id, agent_id, trigger_type, trigger_key)
    WHERE trigger_type <> 'event';
-- Events that come while a run waits are that run's too: a burst is one run.
CREATE UNIQUE INDEX idx_agent_runs_gathering ON agents.agent_runs (organization_id, agent_id, trigger_key)
    WHERE trigger_type = 'event' AND status = 'pending' AND attempts = 0;
CREATE UNIQUE INDEX idx_agent_runs_one_at_a_time ON agents.agent_runs (organization_id, agent_id) WHERE status = 'running';
CREATE INDEX idx_agent_runs_open ON agents.agent_runs (organization_id, run_at) WHERE status IN ('pending', 'running');
CREATE INDEX idx_agent_runs_ended ON agents.agent_runs (organization_id, finished_at) WHERE finished_at IS NOT NULL;
SELECT platform.isolate_tenant('agents.agent_runs');
SELECT platform.admit_all_tenants('agents.agent_runs', 'worker_role');
SELECT platform.admit_all_tenants('agents.agent_runs', 'definer_role');
GRANT SELECT, INSERT, UPDATE ON agents.agent_runs TO application_role;
GRANT SELECT, INSERT, UPDATE, DELETE ON agents.agent_runs TO worker_role;
GRANT SELECT, INSERT, UPDATE ON agents.agent_runs TO definer_role;

SELECT platform.admit_all_tenants('departments.agents', 'worker_role');
SELECT platform.admit_all_tenants('departments.agents', 'definer_role');
GRANT SELECT ON departments.agents, departments.departments TO worker_role;
GRANT UPDATE (next_scheduled_at, status, status_reason) ON departments.agents TO worker_role;
GRANT SELECT ON departments.agents TO definer_role;
GRANT INSERT ON departments.agent_executions TO worker_role;

-- What the seed's counters on departments.agents would say, from the executions that are kept: nothing counts up a row that every turn
-- reads, and nothing can drift.
CREATE VIEW departments.agent_activity WITH (security_invoker = true) AS
SELECT a.organization_id, a.id AS agent_id, x.last_execution_at, coalesce(x.execution_count, 0) AS execution_count,
       coalesce(x.success_count, 0) AS success_count, x.avg_execution_time_ms
FROM departments.agents a
LEFT JOIN LATERAL (
    SELECT max(e.created_at) AS last_execution_at, count(*) AS execution_count,
           count(*) FILTER (WHERE e.status = 'completed') AS success_count,
           round(avg(e.execution_time_ms))::int AS avg_execution_time_ms
    FROM departments.agent_executions e
    WHERE e.organization_id = a.organization_id AND e.agent_id = a.id AND e.status <> 'superseded'
) x ON true;
GRANT SELECT ON departments.agent_activity TO application_role, worker_role;
COMMENT ON COLUMN departments.agents.execution_count IS 'the seed''s; not written: departments.agent_activity derives it';
COMMENT ON COLUMN departments.agents.success_count IS 'the seed''s; not written: departments.agent_activity derives it';
COMMENT ON COLUMN departments.agents.avg_execution_time_ms IS 'the seed''s; not written: departments.agent_activity derives it';
COMMENT ON COLUMN departments.agents.last_execution_at IS 'the seed''s; not written: departments.agent_activity derives it';

-- Agents whose next run is due and that may work: each organization's oldest in turns.
CREATE FUNCTION agents.agents_due(p_per_organization int, p_limit int)
RETURNS TABLE (organization_id uuid, agent_id uuid, agent_type text, configuration jsonb, timezone text, due_at timestamptz)
LANGUAGE sql STABLE AS $$
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

-- Makes the runs of agents that are due: p_due is [{organization_id, agent_id, due_at, next_at, data, problem}]. The agent's next time moves
-- together with the insert, and only from the time that was read: twice the same is one run. With a problem the agent's state is 'error'
-- and it has no next time until somebody configures it. Returns how many runs were made.
CREATE FUNCTION agents.begin_runs(p_due jsonb) RETURNS int LANGUAGE plpgsql AS $$
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

-- A person asks for a run. The same p_run_id again is the same run. Returns 'queued', 'exists' or 'unknown_agent'.
CREATE FUNCTION agents.ask_for_run(p_organization_id uuid, p_agent_id uuid, p_run_id uuid, p_data jsonb)
RETURNS text LANGUAGE plpgsql AS $$
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

-- What happened in an organization, as its audit log says, starts the agents that wait for it. A minute gathers a burst into one run, which
-- learns of the first hundred things it happened to. It works with the rights of whoever writes the log: within one tenant, or the sweep's.
CREATE FUNCTION agents.raise_event() RETURNS trigger LANGUAGE plpgsql AS $$
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
-- The events that agents may wait for; shared/tenants/configuration/triggers.py has the same list.
CREATE TRIGGER raise_event AFTER INSERT ON audit.activity_logs FOR EACH ROW
    WHEN (NEW.organization_id IS NOT NULL AND NEW.action IN ('conversation.escalated', 'conversation.resolved'))
    EXECUTE FUNCTION agents.raise_event();

-- kind = 'claimed'  the run is this worker's: fence, attempt, trigger, agent, department and organization
--        'waiting'  not before "at": an earlier try failed, the agent has another run, or something is switched off (reason)
--        'failed'   too many tries: it has ended
--        'idle'     nothing to do: unknown_run, leased, or how it ended
CREATE FUNCTION agents.claim_run(
    p_organization_id uuid, p_run_id uuid, p_execution_id uuid, p_lease_seconds double precision, p_max_attempts int)
RETURNS jsonb LANGUAGE plpgsql AS $$
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

-- The run is done, once: false when another worker has it or it has ended, and then the caller writes nothing else either.
-- p_result: {summary, model, tokens, input_tokens, output_tokens, cached_tokens, cost_usd, price_version, attempts as in settle_attempts}
CREATE FUNCTION agents.finish_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_result jsonb)
RETURNS boolean LANGUAGE plpgsql AS $$
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

-- A try that failed is given back, or was the last. Returns {state, run_at}; nothing happens when the fence has moved on ('stale').
CREATE FUNCTION agents.release_run(p_organization_id uuid, p_run_id uuid, p_fence bigint, p_error_code text, p_max_attempts int, p_attempts jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $$
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

-- One try has ended without a result: again in one, two, four … minutes, or failed for good. Calls that nobody settled are the sweep's, which
-- lets their reserved cost stand. The caller holds the run's lock.
CREATE FUNCTION agents.end_try(r agents.agent_runs, p_error_code text, p_max_attempts int)
RETURNS agents.agent_runs LANGUAGE plpgsql AS $$
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

CREATE FUNCTION agents.record_try(r agents.agent_runs, p_status text, p_outcome text, p_result jsonb)
RETURNS void LANGUAGE sql AS $$
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

-- A-15: a run whose worker never came back is closed as a timeout, and tried again or ended. Returns how many of each.
CREATE FUNCTION agents.expire_runs(p_max_attempts int, p_batch int) RETURNS jsonb LANGUAGE plpgsql AS $$
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

-- Runs that wait for a worker: each organization's oldest in turns, and no more of one than its share.
CREATE FUNCTION agents.runs_to_wake(p_per_organization int, p_limit int)
RETURNS TABLE (organization_id uuid, agent_id uuid, run_id uuid) LANGUAGE sql STABLE AS $$
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

-- Runs that ended long ago: what they did stays in the executions. Returns how many were removed.
CREATE FUNCTION agents.forget_runs(p_days int, p_batch int) RETURNS int LANGUAGE plpgsql AS $$
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

GRANT EXECUTE ON FUNCTION
    agents.ask_for_run(uuid, uuid, uuid, jsonb),
    agents.claim_run(uuid, uuid, uuid, double precision, int),
    agents.finish_run(uuid, uuid, bigint, jsonb),
    agents.release_run(uuid, uuid, bigint, text, int, jsonb)
TO application_role;
GRANT EXECUTE ON FUNCTION
    agents.end_try(agents.agent_runs, text, int),
    agents.record_try(agents.agent_runs, text, text, jsonb)
TO application_role, worker_role;
GRANT EXECUTE ON FUNCTION
    agents.agents_due(int, int),
    agents.begin_runs(jsonb),
    agents.expire_runs(int, int),
    agents.runs_to_wake(int, int),
    agents.forget_runs(int, int)
TO worker_role;
