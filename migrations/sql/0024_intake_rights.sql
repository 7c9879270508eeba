-- What intake may do: the intake role calls one function, and that function's owner touches just the tables and columns it needs.

GRANT INSERT ON integrations.webhook_deliveries, integrations.webhook_events TO definer_role;
GRANT SELECT, INSERT ON integrations.webhook_keys TO definer_role;
GRANT SELECT, INSERT, UPDATE ON platform.conversations TO definer_role;
GRANT SELECT, INSERT ON platform.messages TO definer_role;
GRANT UPDATE (external_message_id, delivery_status, sent_at, delivered_at, read_at, failed_at, error_code, error_detail)
    ON platform.messages TO definer_role;
GRANT SELECT ON platform.outbox TO definer_role;
GRANT UPDATE (state, accepted_at, provider_message_id, duplicate_detected_at) ON platform.outbox TO definer_role;
GRANT SELECT, INSERT ON platform.message_statuses TO definer_role;

GRANT EXECUTE ON FUNCTION platform.delivery_rank(text), platform.merge_statuses(uuid[], text[]), platform.apply_statuses(uuid, text)
    TO application_role, worker_role, definer_role;
GRANT EXECUTE ON FUNCTION
    integrations.settle_statuses(uuid[], text[], uuid[], timestamptz), integrations.record_differences(jsonb, jsonb, timestamptz)
    TO definer_role;

GRANT EXECUTE ON FUNCTION integrations.record_deliveries(jsonb, jsonb, text[], double precision, double precision, double precision)
    TO intake_role;
ALTER FUNCTION integrations.record_deliveries(jsonb, jsonb, text[], double precision, double precision, double precision)
    OWNER TO definer_role;
