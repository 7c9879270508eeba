-- How backups are made, and each one that was: the platform's own tables, without tenants.

CREATE TABLE platform.backup_config (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    backup_type TEXT NOT NULL CHECK (backup_type IN ('full', 'incremental')),
    schedule_cron TEXT NOT NULL CHECK (char_length(schedule_cron) BETWEEN 1 AND 200),
    retention_days INTEGER NOT NULL CHECK (retention_days > 0),
    storage_location TEXT NOT NULL CHECK (char_length(storage_location) BETWEEN 1 AND 2000),
    encryption_enabled BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
);
GRANT SELECT ON platform.backup_config TO maintenance_role;

CREATE TABLE platform.backup_executions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    backup_config_id UUID REFERENCES platform.backup_config (id),
    status TEXT NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed', 'failed')),
    started_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    completed_at TIMESTAMP WITH TIME ZONE,
    backup_size_bytes BIGINT CHECK (backup_size_bytes >= 0),
    backup_location TEXT CHECK (char_length(backup_location) <= 2000),
    error_message TEXT CHECK (char_length(error_message) <= 20000)
);
CREATE INDEX idx_backup_executions_config ON platform.backup_executions (backup_config_id, started_at);
GRANT SELECT, INSERT, UPDATE ON platform.backup_executions TO maintenance_role;
