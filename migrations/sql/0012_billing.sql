-- Subscriptions (one that counts per organization) and the append-only ledger of what is billed.

CREATE TABLE platform.subscriptions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,

    -- Plan Details
    plan_name TEXT NOT NULL CHECK (plan_name IN ('starter', 'growth', 'scale')),
    plan_features JSONB NOT NULL,

    -- Billing: minor units of the currency
    billing_cycle TEXT NOT NULL DEFAULT 'monthly' CHECK (billing_cycle IN ('monthly', 'annual')),
    amount_cents BIGINT NOT NULL CHECK (amount_cents >= 0),
    currency TEXT NOT NULL DEFAULT 'BRL' CHECK (currency ~ '^[A-Z]{3}$'),

    -- External References
    stripe_subscription_id TEXT CHECK (char_length(stripe_subscription_id) BETWEEN 1 AND 500),
    mercadopago_subscription_id TEXT CHECK (char_length(mercadopago_subscription_id) BETWEEN 1 AND 500),

    -- Lifecycle
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('trialing', 'active', 'past_due', 'canceled')),
    current_period_start TIMESTAMP WITH TIME ZONE NOT NULL,
    current_period_end TIMESTAMP WITH TIME ZONE NOT NULL,
    trial_end TIMESTAMP WITH TIME ZONE,
    canceled_at TIMESTAMP WITH TIME ZONE,

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    CHECK (current_period_end > current_period_start)
);
CREATE UNIQUE INDEX subscriptions_one_live ON platform.subscriptions (organization_id)
    WHERE status IN ('trialing', 'active', 'past_due');
CREATE UNIQUE INDEX subscriptions_stripe ON platform.subscriptions (stripe_subscription_id)
    WHERE stripe_subscription_id IS NOT NULL;
CREATE UNIQUE INDEX subscriptions_mercadopago ON platform.subscriptions (mercadopago_subscription_id)
    WHERE mercadopago_subscription_id IS NOT NULL;
CREATE INDEX idx_subscriptions_org ON platform.subscriptions (organization_id, created_at);
CREATE INDEX idx_subscriptions_status ON platform.subscriptions (organization_id, status);
CREATE INDEX idx_subscriptions_period ON platform.subscriptions (current_period_end) WHERE status <> 'canceled';
SELECT platform.track_updates('platform.subscriptions');
SELECT platform.isolate_tenant('platform.subscriptions');
GRANT SELECT, INSERT, UPDATE ON platform.subscriptions TO application_role;

CREATE TABLE platform.usage_records (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    organization_id UUID NOT NULL REFERENCES platform.organizations (id) ON DELETE CASCADE,

    -- Usage Details
    usage_type TEXT NOT NULL CHECK (char_length(usage_type) BETWEEN 1 AND 100), -- 'ai_tokens', 'messages_sent', …
    quantity NUMERIC(15, 4) NOT NULL,
    unit_cost_cents BIGINT, -- minor units of the currency
    currency TEXT NOT NULL DEFAULT 'BRL' CHECK (currency ~ '^[A-Z]{3}$'),

    -- Billing Period
    billing_period_start TIMESTAMP WITH TIME ZONE NOT NULL,
    billing_period_end TIMESTAMP WITH TIME ZONE NOT NULL,

    -- Source Tracking: the same use recorded twice has the same key
    department_type TEXT CHECK (char_length(department_type) <= 100),
    agent_type TEXT CHECK (char_length(agent_type) <= 100),
    idempotency_key TEXT NOT NULL DEFAULT gen_random_uuid()::text CHECK (char_length(idempotency_key) BETWEEN 1 AND 500),

    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    PRIMARY KEY (organization_id, billing_period_start, id),
    CHECK (billing_period_end > billing_period_start)
) PARTITION BY RANGE (billing_period_start);
INSERT INTO platform.partitioned_tables (table_name) VALUES ('platform.usage_records');
CREATE UNIQUE INDEX idx_usage_records_type
    ON platform.usage_records (organization_id, usage_type, billing_period_start, idempotency_key);
SELECT platform.isolate_tenant('platform.usage_records');
GRANT SELECT, INSERT ON platform.usage_records TO application_role;
