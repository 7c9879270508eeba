-- Departments, their agents, and what each agent did (by month).

CREATE TABLE departments.departments (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,

    -- Department Info
    type TEXT NOT NULL CHECK (char_length(type) BETWEEN 1 AND 100), -- 'marketing', 'customer_service', 'design', etc.
    name TEXT NOT NULL CHECK (char_length(name) BETWEEN 1 AND 500),
    description TEXT CHECK (char_length(description) <= 20000),

    -- Configuration
    configuration JSONB NOT NULL DEFAULT '{}'::JSONB CHECK (jsonb_typeof(configuration) = 'object'),
    industry_template TEXT CHECK (char_length(industry_template) <= 100), -- 'fashion', 'food', 'services'

    -- State Management
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'archived')),
    status_reason TEXT CHECK (char_length(status_reason) <= 2000),
    last_activity_at TIMESTAMP WITH TIME ZONE DEFAULT now(),

    -- Performance Tracking
    metrics JSONB NOT NULL DEFAULT '{
        "total_tasks": 0,
        "successful_tasks": 0,
        "failed_tasks": 0,
        "avg_response_time": 0
    }'::JSONB CHECK (jsonb_typeof(metrics) = 'object'),

    -- Metadata
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    UNIQUE (organization_id, type),
    CONSTRAINT idx_departments_org UNIQUE (organization_id, id)
);
CREATE INDEX idx_departments_status ON departments.departments (organization_id, status);
SELECT platform.track_updates('departments.departments');
SELECT platform.isolate_tenant('departments.departments');
GRANT SELECT, INSERT, UPDATE, DELETE ON departments.departments TO application_role;

CREATE TABLE departments.agents (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    department_id UUID NOT NULL,

    -- Agent Definition
    agent_type TEXT NOT NULL CHECK (char_length(agent_type) BETWEEN 1 AND 100), -- 'whatsapp_responder', 'faq_builder', …
    name TEXT NOT NULL CHECK (char_length(name) BETWEEN 1 AND 500),
    description TEXT CHECK (char_length(description) <= 20000),

    -- Configuration
    configuration JSONB NOT NULL DEFAULT '{}'::JSONB CHECK (jsonb_typeof(configuration) = 'object'),
    model_configuration JSONB NOT NULL DEFAULT '{
        "primary_model": "gpt-4",
        "fallback_model": "gpt-3.5-turbo",
        "temperature": 0.7,
        "max_tokens": 1000
    }'::JSONB CHECK (jsonb_typeof(model_configuration) = 'object'),

    -- State
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'error', 'training')),
    status_reason TEXT CHECK (char_length(status_reason) <= 2000),
    last_execution_at TIMESTAMP WITH TIME ZONE,
    next_scheduled_at TIMESTAMP WITH TIME ZONE,

    -- Performance
    execution_count INTEGER NOT NULL DEFAULT 0 CHECK (execution_count >= 0),
    success_count INTEGER NOT NULL DEFAULT 0 CHECK (success_count >= 0),
    avg_execution_time_ms INTEGER NOT NULL DEFAULT 0 CHECK (avg_execution_time_ms >= 0),

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, department_id)
        REFERENCES departments.departments (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_agents_department ON departments.agents (organization_id, department_id);
CREATE INDEX idx_agents_type ON departments.agents (organization_id, agent_type);
CREATE INDEX idx_agents_status ON departments.agents (organization_id, status);
CREATE INDEX idx_agents_schedule ON departments.agents (next_scheduled_at)
    WHERE status = 'active' AND next_scheduled_at IS NOT NULL;
SELECT platform.track_updates('departments.agents');
SELECT platform.isolate_tenant('departments.agents');
GRANT SELECT, INSERT, UPDATE, DELETE ON departments.agents TO application_role;

CREATE TABLE departments.agent_executions (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL,
    agent_id UUID NOT NULL,

    -- Execution Context
    trigger_type TEXT NOT NULL CHECK (trigger_type IN ('scheduled', 'webhook', 'manual', 'event')),
    trigger_data JSONB,

    -- The turn: the inbound messages from_seq to to_seq of a conversation, answered under this fence
    conversation_id UUID,
    from_seq BIGINT,
    to_seq BIGINT,
    fence BIGINT,

    -- Execution Details
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'completed', 'failed', 'superseded', 'dead')),
    outcome TEXT CHECK (char_length(outcome) <= 200),
    started_at TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE,
    execution_time_ms INTEGER CHECK (execution_time_ms >= 0),

    -- Input/Output
    input_data JSONB,
    output_data JSONB,
    error_details JSONB,

    -- AI Model Usage
    model_used TEXT CHECK (char_length(model_used) <= 200),
    tokens_consumed INTEGER NOT NULL DEFAULT 0 CHECK (tokens_consumed >= 0),
    input_tokens INTEGER CHECK (input_tokens >= 0),
    output_tokens INTEGER CHECK (output_tokens >= 0),
    cached_tokens INTEGER CHECK (cached_tokens >= 0),
    cost_usd NUMERIC(20, 10) CHECK (cost_usd >= 0), -- NULL: the price is unknown
    price_version TEXT CHECK (char_length(price_version) <= 200),

    -- Metadata
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    PRIMARY KEY (organization_id, created_at, id),
    FOREIGN KEY (organization_id, agent_id) REFERENCES departments.agents (organization_id, id) ON DELETE CASCADE,
    CHECK (from_seq <= to_seq)
) PARTITION BY RANGE (created_at);
INSERT INTO platform.partitioned_tables (table_name, retention) VALUES ('departments.agent_executions', '6 months');
CREATE INDEX idx_executions_agent ON departments.agent_executions (organization_id, agent_id, created_at);
CREATE INDEX idx_executions_status ON departments.agent_executions (organization_id, status, created_at);
CREATE INDEX idx_executions_trigger ON departments.agent_executions (organization_id, trigger_type, created_at);
CREATE INDEX idx_executions_conversation ON departments.agent_executions (organization_id, conversation_id, to_seq)
    WHERE conversation_id IS NOT NULL;
SELECT platform.isolate_tenant('departments.agent_executions');
GRANT SELECT, INSERT, UPDATE ON departments.agent_executions TO application_role;
