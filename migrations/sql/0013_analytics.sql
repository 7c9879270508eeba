-- Rolled-up metrics (by month; rolling up twice replaces) and customers' satisfaction.

CREATE TABLE analytics.usage_metrics (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,

    -- Metric Definition
    metric_type TEXT NOT NULL CHECK (char_length(metric_type) BETWEEN 1 AND 100), -- 'message_count', 'response_time', …
    metric_category TEXT NOT NULL CHECK (metric_category IN ('engagement', 'performance', 'usage', 'cost')),

    -- Values
    metric_value NUMERIC(15, 4) NOT NULL,
    metric_unit TEXT CHECK (metric_unit IN ('count', 'seconds', 'bytes', 'usd')),

    -- Dimensions; part of the key below, hence small
    dimensions JSONB NOT NULL DEFAULT '{}'::JSONB
        CHECK (jsonb_typeof(dimensions) = 'object' AND octet_length(dimensions::text) <= 1500),

    -- Time Period
    period_start TIMESTAMP WITH TIME ZONE NOT NULL,
    period_end TIMESTAMP WITH TIME ZONE NOT NULL,
    granularity TEXT NOT NULL CHECK (granularity IN ('hour', 'day', 'week', 'month')),

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    PRIMARY KEY (organization_id, period_start, id),
    CHECK (period_end > period_start)
) PARTITION BY RANGE (period_start);
INSERT INTO platform.partitioned_tables (table_name) VALUES ('analytics.usage_metrics');
CREATE INDEX idx_usage_metrics_org ON analytics.usage_metrics (organization_id, granularity, period_start);
CREATE UNIQUE INDEX idx_usage_metrics_type ON analytics.usage_metrics
    (organization_id, metric_type, metric_category, granularity, period_start, dimensions);
SELECT platform.isolate_tenant('analytics.usage_metrics');
GRANT SELECT ON analytics.usage_metrics TO application_role;

CREATE TABLE analytics.satisfaction_scores (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,
    conversation_id UUID,

    -- Score Details
    score INTEGER NOT NULL CHECK (score >= 1 AND score <= 5),
    feedback_text TEXT CHECK (char_length(feedback_text) <= 20000),

    -- Context
    interaction_type TEXT CHECK (char_length(interaction_type) <= 100), -- 'whatsapp_conversation', …
    department_type TEXT CHECK (char_length(department_type) <= 100),
    agent_type TEXT CHECK (char_length(agent_type) <= 100),

    -- Customer Info (anonymized)
    customer_segment TEXT CHECK (char_length(customer_segment) <= 100),
    customer_tenure_days INTEGER CHECK (customer_tenure_days >= 0),

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    FOREIGN KEY (organization_id, conversation_id)
        REFERENCES platform.conversations (organization_id, id) ON DELETE SET NULL (conversation_id)
);
CREATE INDEX idx_satisfaction_org ON analytics.satisfaction_scores (organization_id, conversation_id);
CREATE INDEX idx_satisfaction_score ON analytics.satisfaction_scores (organization_id, score);
CREATE INDEX idx_satisfaction_type ON analytics.satisfaction_scores (organization_id, interaction_type);
CREATE INDEX idx_satisfaction_created ON analytics.satisfaction_scores (organization_id, created_at);
SELECT platform.isolate_tenant('analytics.satisfaction_scores');
GRANT SELECT, INSERT ON analytics.satisfaction_scores TO application_role;
