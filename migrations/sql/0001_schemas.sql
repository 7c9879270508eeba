-- The six schemas, who may look into them, and no right for anybody by default: every later right is a GRANT by name.

CREATE SCHEMA platform;
CREATE SCHEMA departments;
CREATE SCHEMA agents;
CREATE SCHEMA integrations;
CREATE SCHEMA analytics;
CREATE SCHEMA audit;

COMMENT ON SCHEMA platform IS 'Core platform entities';
COMMENT ON SCHEMA departments IS 'Department configurations and state';
COMMENT ON SCHEMA agents IS 'Evidence of the agents'' work';
COMMENT ON SCHEMA integrations IS 'External service connections';
COMMENT ON SCHEMA analytics IS 'Metrics and reporting data';
COMMENT ON SCHEMA audit IS 'Audit logs and compliance';

GRANT USAGE ON SCHEMA platform, departments, agents, integrations, analytics, audit
    TO application_role, worker_role, maintenance_role, definer_role;
GRANT USAGE ON SCHEMA platform, integrations TO intake_role;
-- A function changes its owner only to a role that may create in its schema (nobody logs in as definer_role).
GRANT CREATE ON SCHEMA platform, integrations, agents TO definer_role;

-- New functions are executable by everybody unless this says otherwise.
ALTER DEFAULT PRIVILEGES FOR ROLE owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
