-- Who did what, by month, append-only: the runtime roles may insert and read, never change or remove.

CREATE TABLE audit.activity_logs (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    organization_id UUID, -- NULL: an act of the platform itself
    user_id UUID, -- NULL: the system; by value, so that evidence outlives the user

    -- Activity Details
    action TEXT NOT NULL CHECK (char_length(action) BETWEEN 1 AND 200), -- 'user.login', 'department.created', …
    resource_type TEXT CHECK (char_length(resource_type) <= 100), -- 'user', 'department', 'message', 'integration'
    resource_id UUID,

    -- Context
    ip_address INET,
    user_agent TEXT CHECK (char_length(user_agent) <= 4096),
    request_id UUID,

    -- Data
    old_values JSONB,
    new_values JSONB,
    metadata JSONB NOT NULL DEFAULT '{}'::JSONB CHECK (jsonb_typeof(metadata) = 'object'),

    -- Result
    success BOOLEAN NOT NULL DEFAULT TRUE,
    error_message TEXT CHECK (char_length(error_message) <= 20000),

    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),

    PRIMARY KEY (created_at, id)
) PARTITION BY RANGE (created_at);
INSERT INTO platform.partitioned_tables (table_name, retention) VALUES ('audit.activity_logs', '1 year');
CREATE INDEX idx_activity_logs_org ON audit.activity_logs (organization_id, created_at);
CREATE INDEX idx_activity_logs_user ON audit.activity_logs (organization_id, user_id, created_at)
    WHERE user_id IS NOT NULL;
CREATE INDEX idx_activity_logs_action ON audit.activity_logs (organization_id, action, created_at);
CREATE INDEX idx_activity_logs_resource ON audit.activity_logs (organization_id, resource_type, resource_id);
SELECT platform.isolate_tenant('audit.activity_logs');
SELECT platform.admit_all_tenants('audit.activity_logs', 'worker_role');
SELECT platform.admit_all_tenants('audit.activity_logs', 'definer_role');
GRANT SELECT, INSERT ON audit.activity_logs TO application_role;
GRANT INSERT ON audit.activity_logs TO worker_role, definer_role;
