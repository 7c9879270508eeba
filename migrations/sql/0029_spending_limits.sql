-- What an organization allows its models to cost in a month (of its own time zone): in all, or for one agent. What was spent is summed from the ledger
-- of calls and kept nowhere else, so that it cannot drift.

CREATE TABLE agents.spending_limits (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,
    agent_id UUID, -- NULL: all agents together
    monthly_limit_usd NUMERIC(20, 10) NOT NULL CHECK (monthly_limit_usd >= 0),
    warned_month TIMESTAMP WITH TIME ZONE, -- the month in which somebody was told of 80 %
    reached_month TIMESTAMP WITH TIME ZONE, -- and the one in which a call was refused
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (organization_id, agent_id),
    FOREIGN KEY (organization_id, agent_id) REFERENCES departments.agents (organization_id, id) ON DELETE CASCADE
);
SELECT platform.track_updates('agents.spending_limits');
SELECT platform.isolate_tenant('agents.spending_limits');
GRANT SELECT, INSERT, UPDATE, DELETE ON agents.spending_limits TO application_role;

ALTER TABLE agents.llm_attempts ADD COLUMN agent_id UUID; -- departments.agents, by value

-- When the organization's month began.
CREATE FUNCTION agents.month_start(p_organization_id uuid) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT date_trunc('month', clock_timestamp(), g.timezone) FROM platform.organizations g WHERE g.id = p_organization_id
$$;

-- What an organization, or one agent of it, spent since then: what is not known counts as what was reserved for it. Guards' calls are
-- the platform's precaution and count in no limit: else a reply that is paid for could be stopped by what made it safe.
CREATE FUNCTION agents.spent_since(p_organization_id uuid, p_agent_id uuid, p_since timestamptz)
RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(coalesce(a.cost_usd, a.reserved_cost_usd)), 0) FROM agents.llm_attempts a
    WHERE a.organization_id = p_organization_id AND a.started_at >= p_since AND a.purpose <> 'guard'
      AND (p_agent_id IS NULL OR a.agent_id = p_agent_id)
$$;

-- Whether the organization's or the agent's limit is passed.
CREATE FUNCTION agents.exceeds_spending_limit(p_organization_id uuid, p_agent_id uuid)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM agents.spending_limits l
        WHERE l.organization_id = p_organization_id AND (l.agent_id IS NULL OR l.agent_id = p_agent_id)
          AND l.monthly_limit_usd < agents.spent_since(p_organization_id, l.agent_id, agents.month_start(p_organization_id)))
$$;

-- Tells, once in a month, that a limit is near ('warned') or stopped a call ('reached'); whether it was told now.
CREATE FUNCTION agents.note_spending(l agents.spending_limits, p_what text, p_month timestamptz, p_spent_usd numeric)
RETURNS boolean LANGUAGE plpgsql AS $$
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

-- Writes down what calls used. p_attempts: [{id, started_at, state, error_code, input_tokens, output_tokens, cached_tokens,
-- cache_write_tokens, audio_tokens, reserved_cost_usd (null: as it was), cost_usd, price_version}]. Again is harmless: what is settled stays as it is.
CREATE FUNCTION agents.settle_attempts(p_organization_id uuid, p_attempts jsonb)
RETURNS void LANGUAGE plpgsql AS $$
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
