-- What intake may do: the intake role calls one function, and that function's owner touches just the tables and columns it needs.

GRANT INSERT ON integrations.webhook_deliveries, integrations.webhook_events TO definer_role;
GRANT SELECT, INSERT ON integrations.webhook_keys TO definer_role;
GRANT SELECT, INSERT, UPDATE ON platform.conversations TO definer_role;
GRANT SELECT, INSERT ON platform.messages TO definer_role;
GRANT UPDATE (external_message_id, delivery_status, sent_at, delivered_at, read_at, failed_at, error_code, error_detail, text_content, metadata,
              edited_at, deleted_at, reactions)
    ON platform.messages TO definer_role;
GRANT SELECT ON platform.outbox TO definer_role;
GRANT UPDATE (state, accepted_at, provider_message_id, duplicate_detected_at, cancel_reason) ON platform.outbox TO definer_role;
GRANT SELECT, INSERT ON platform.message_statuses TO definer_role;
SELECT platform.admit_all_tenants('departments.agent_executions', 'definer_role');
GRANT SELECT, UPDATE (outcome) ON departments.agent_executions TO definer_role;

GRANT USAGE ON TYPE integrations.new_item, integrations.customer_name TO definer_role;
GRANT EXECUTE ON FUNCTION
    platform.delivery_rank(text),
    platform.merge_statuses(uuid[], text[]),
    platform.merge_watermarks(uuid[], uuid[], uuid[]),
    platform.merge_amendments(uuid[], uuid[], text[]),
    platform.release_echo(uuid, uuid, text),
    platform.apply_statuses(uuid, text)
TO application_role, worker_role, definer_role;
