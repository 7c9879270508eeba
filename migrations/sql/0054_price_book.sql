-- What models cost: an organization's own prices by date, before the default book of the code; and a call's start, which prices it.

-- A price is valid from its moment until the next one of its model, so one is valid at a time. It is never changed, because calls name it:
-- a correction is a new row. US dollars for a million tokens; four decimals, so that a cost has ten and is never rounded.
CREATE TABLE agents.model_prices (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,
    model TEXT NOT NULL CHECK (char_length(model) BETWEEN 3 AND 200 AND model ~ '^[^:]+:.'), -- provider:name
    effective_from TIMESTAMP WITH TIME ZONE NOT NULL,
    input_price NUMERIC(14, 4) NOT NULL CHECK (input_price >= 0),
    output_price NUMERIC(14, 4) NOT NULL CHECK (output_price >= 0),
    cached_input_price NUMERIC(14, 4) CHECK (cached_input_price >= 0), -- NULL: as input
    cache_write_price NUMERIC(14, 4) CHECK (cache_write_price >= 0), -- NULL: as input
    audio_input_price NUMERIC(14, 4) CHECK (audio_input_price >= 0), -- NULL: as input
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    UNIQUE (organization_id, model, effective_from)
);
SELECT platform.isolate_tenant('agents.model_prices');
GRANT SELECT, INSERT ON agents.model_prices TO application_role;

-- Reais for a US dollar, from a moment on. No tenant: it is the same for everybody.
CREATE TABLE platform.exchange_rates (
    effective_from TIMESTAMP WITH TIME ZONE PRIMARY KEY,
    brl_rate NUMERIC(12, 6) NOT NULL CHECK (brl_rate > 0),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
);
GRANT SELECT ON platform.exchange_rates TO application_role, worker_role;

-- What this usage costs at a price; shared/usage/pricing.py computes the same for what was used.
CREATE FUNCTION agents.cost_at(p agents.model_prices, p_usage jsonb) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT (greatest(0, u.input_tokens - u.cached_tokens - u.cache_write_tokens - u.audio_tokens) * p.input_price
            + u.cached_tokens * coalesce(p.cached_input_price, p.input_price)
            + u.cache_write_tokens * coalesce(p.cache_write_price, p.input_price)
            + u.audio_tokens * coalesce(p.audio_input_price, p.input_price)
            + u.output_tokens * p.output_price) / 1000000
    FROM jsonb_to_record(p_usage) AS u (input_tokens numeric, output_tokens numeric, cached_tokens numeric,
                                        cache_write_tokens numeric, audio_tokens numeric)
$$;

-- A model call is accounted before it is made: the row stays with the most it may cost when the worker never comes back. Callers queue up at
-- the limit's row, so that they cannot pass it together. A guard's call is never refused.
-- p_most: {input_tokens, output_tokens, cached_tokens, cache_write_tokens, audio_tokens}
-- p_book: {cost_usd, price_version}, what the default book asks for that, NULL when it does not know the model; p_worst_usd counts then.
-- Returns {refused: true} when it does not fit into a spending limit, and then there is no row; else {started_at, reserved_cost_usd, price, warned}:
-- price is the organization's own, or null; warned are the limits of which somebody is told now that four fifths are spent.
CREATE FUNCTION agents.start_attempt(
    p_organization_id uuid, p_conversation_id uuid, p_agent_id uuid, p_execution_id uuid, p_attempt_id uuid, p_fence bigint,
    p_attempt int, p_model text, p_purpose text, p_most jsonb, p_book jsonb, p_worst_usd numeric)
RETURNS jsonb LANGUAGE plpgsql AS $$
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

GRANT EXECUTE ON FUNCTION
    agents.start_attempt(uuid, uuid, uuid, uuid, uuid, bigint, int, text, text, jsonb, jsonb, numeric),
    agents.cost_at(agents.model_prices, jsonb),
    agents.month_start(uuid),
    agents.spent_since(uuid, uuid, timestamptz),
    agents.note_spending(agents.spending_limits, text, timestamptz, numeric),
    agents.settle_attempts(uuid, jsonb)
TO application_role;
