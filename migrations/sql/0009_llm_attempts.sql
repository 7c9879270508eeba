-- Every call of a language model, written before it is made, so that no cost is lost when a worker dies in it.

CREATE TABLE agents.llm_attempts (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    execution_id UUID NOT NULL, -- departments.agent_executions, by value: its months are dropped
    conversation_id UUID,
    fence BIGINT,
    attempt SMALLINT NOT NULL DEFAULT 1 CHECK (attempt >= 0),
    model TEXT NOT NULL CHECK (char_length(model) BETWEEN 1 AND 200), -- provider:name
    purpose TEXT NOT NULL DEFAULT 'answer'
        CHECK (purpose IN ('answer', 'rewrite', 'guard', 'embedding', 'transcription', 'description', 'faq')),
    state TEXT NOT NULL DEFAULT 'started' CHECK (state IN ('started', 'succeeded', 'failed', 'estimated')),
    started_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    finished_at TIMESTAMP WITH TIME ZONE,
    -- What it used; as long as nobody knows, the most that it may use. Input includes what was cached, written to a cache, or audio.
    input_tokens INTEGER CHECK (input_tokens >= 0),
    output_tokens INTEGER CHECK (output_tokens >= 0),
    cached_tokens INTEGER CHECK (cached_tokens >= 0),
    cache_write_tokens INTEGER CHECK (cache_write_tokens >= 0),
    audio_tokens INTEGER CHECK (audio_tokens >= 0),
    -- What counts while the cost is NULL: of an open call the most that it may cost, of one without a price its tokens at the worst price.
    reserved_cost_usd NUMERIC(20, 10) CHECK (reserved_cost_usd >= 0),
    cost_usd NUMERIC(20, 10) CHECK (cost_usd >= 0), -- NULL: not known yet, or the price is unknown
    price_version TEXT CHECK (char_length(price_version) <= 200), -- NULL: no price is known
    brl_rate NUMERIC(12, 6) CHECK (brl_rate > 0), -- reais for a US dollar when the call was made
    cost_brl NUMERIC(20, 10) GENERATED ALWAYS AS (round(cost_usd * brl_rate, 10)) STORED,
    reconciled_at TIMESTAMP WITH TIME ZONE, -- its cost is the provider's invoice's
    error_code TEXT CHECK (char_length(error_code) <= 200),
    PRIMARY KEY (organization_id, started_at, id)
) PARTITION BY RANGE (started_at);
INSERT INTO platform.partitioned_tables (table_name) VALUES ('agents.llm_attempts');
CREATE INDEX idx_llm_attempts_execution ON agents.llm_attempts (organization_id, execution_id);
CREATE INDEX idx_llm_attempts_unsettled ON agents.llm_attempts (started_at) WHERE state = 'started';
SELECT platform.isolate_tenant('agents.llm_attempts');
SELECT platform.admit_all_tenants('agents.llm_attempts', 'worker_role');
GRANT SELECT, INSERT, UPDATE ON agents.llm_attempts TO application_role;
GRANT SELECT, UPDATE ON agents.llm_attempts TO worker_role;
