-- What an organization allows its models to cost in a month (UTC): in all, or for one agent. What was spent is summed from the ledger
-- of calls and kept nowhere else, so that it cannot drift.

CREATE TABLE agents.spending_limits (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,
    agent_id UUID, -- NULL: all agents together
    monthly_limit_usd NUMERIC(20, 10) NOT NULL CHECK (monthly_limit_usd >= 0),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (organization_id, agent_id),
    FOREIGN KEY (organization_id, agent_id) REFERENCES departments.agents (organization_id, id) ON DELETE CASCADE
);
SELECT platform.track_updates('agents.spending_limits');
SELECT platform.isolate_tenant('agents.spending_limits');
GRANT SELECT, INSERT, UPDATE, DELETE ON agents.spending_limits TO application_role;

ALTER TABLE agents.llm_attempts ADD COLUMN agent_id UUID; -- departments.agents, by value

-- Whether this much more would go beyond the organization's or the agent's limit. NULL more: nobody knows how much, so it would.
CREATE FUNCTION agents.exceeds_spending_limit(p_organization_id uuid, p_agent_id uuid, p_more numeric)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM agents.spending_limits l
        WHERE l.organization_id = p_organization_id AND (l.agent_id IS NULL OR l.agent_id = p_agent_id)
          AND (p_more IS NULL OR l.monthly_limit_usd < p_more + (
              SELECT coalesce(sum(a.cost_usd), 0) FROM agents.llm_attempts a
              WHERE a.organization_id = p_organization_id AND a.started_at >= date_trunc('month', clock_timestamp(), 'UTC')
                AND (l.agent_id IS NULL OR a.agent_id = l.agent_id))))
$$;

-- A model call is accounted before it is made: the row stays with its reserved cost when the worker never comes back. NULL, and no
-- row, when the reservation does not fit into a spending limit; callers queue up at the limit's row, so that they cannot pass it together.
CREATE FUNCTION agents.start_attempt(
    p_organization_id uuid, p_conversation_id uuid, p_agent_id uuid, p_execution_id uuid, p_attempt_id uuid,
    p_fence bigint, p_attempt int, p_model text, p_reserved_cost_usd numeric)
RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz;
BEGIN
    PERFORM FROM agents.spending_limits l
    WHERE l.organization_id = p_organization_id AND (l.agent_id IS NULL OR l.agent_id = p_agent_id)
    ORDER BY l.id
    FOR NO KEY UPDATE;
    IF FOUND AND agents.exceeds_spending_limit(p_organization_id, p_agent_id, p_reserved_cost_usd) THEN
        RETURN NULL;
    END IF;
    INSERT INTO agents.llm_attempts (
        id, organization_id, execution_id, conversation_id, agent_id, fence, attempt, model, state, started_at, cost_usd)
    VALUES (p_attempt_id, p_organization_id, p_execution_id, p_conversation_id, p_agent_id, p_fence, p_attempt, p_model, 'started',
            clock_timestamp(), p_reserved_cost_usd)
    RETURNING started_at INTO moment;
    RETURN moment;
END
$$;
