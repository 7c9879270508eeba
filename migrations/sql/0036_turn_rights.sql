-- Who may run the turn's functions, and what the worker role may touch in them. They run with the caller's own rights.

GRANT EXECUTE ON FUNCTION
    agents.claim_turn(uuid, uuid, double precision, int, double precision, int, int, double precision),
    agents.is_being_read(uuid, uuid, bigint),
    agents.close_lost_run(platform.conversations),
    agents.exceeds_spending_limit(uuid, uuid),
    agents.release_turn(uuid, uuid, bigint, text, jsonb),
    agents.commit_turn(uuid, uuid, bigint, bigint, bigint, jsonb),
    agents.write_replies(platform.conversations, bigint, bigint, timestamptz, jsonb),
    agents.send_facts(uuid, uuid, double precision),
    agents.begin_send(uuid, uuid, double precision, double precision),
    agents.begin_limited_send(uuid, uuid, double precision),
    agents.wants_no_marketing(uuid, uuid, timestamptz),
    agents.waits_for_person(uuid, uuid),
    agents.refuse_send(uuid, uuid, double precision, double precision),
    agents.reopen_turn(platform.outbox, double precision),
    agents.record_sent(uuid, uuid, text),
    agents.finish_send(uuid, uuid, int, jsonb),
    agents.finish_accepted(uuid, uuid, text, timestamptz),
    agents.finish_refused(platform.outbox, jsonb),
    agents.disable_template(platform.outbox, text),
    agents.mark_connection(uuid, uuid, text, text),
    agents.pause_reason(timestamptz, timestamptz, text, timestamptz, text, text, text)
TO application_role, worker_role;

GRANT EXECUTE ON FUNCTION
    agents.hand_over(uuid, uuid, text, text),
    agents.withdraw_replies(platform.outbox, text, text),
    agents.same_text(platform.outbox, platform.outbox),
    agents.leave_window(platform.outbox),
    agents.close_window(platform.outbox),
    agents.queue_window_template(platform.outbox),
    agents.next_part(uuid, uuid, bigint),
    agents.note_opt_out(platform.outbox),
    agents.stop_marketing(uuid, uuid)
TO application_role, worker_role;

GRANT EXECUTE ON FUNCTION
    agents.expire_sends(double precision, int),
    agents.settle_uncertain(double precision, int),
    agents.escalate_failures(double precision, int),
    agents.estimate_attempts(double precision, int),
    agents.close_stuck_executions(double precision, int),
    agents.conversations_to_wake(double precision, int, int, double precision)
TO worker_role;

-- What the sweep reads and writes: failures that the provider reported, the state of a message that is held for a person, and the end of an execution that never ended.
SELECT platform.admit_all_tenants('platform.message_statuses', 'worker_role');
GRANT SELECT ON platform.message_statuses TO worker_role;
GRANT UPDATE (delivery_status, failed_at, error_code, error_detail) ON platform.messages TO worker_role;
-- and the template that takes the place of what came too late
GRANT INSERT ON platform.messages, platform.outbox TO worker_role;
GRANT SELECT (configuration) ON integrations.connections TO worker_role;
GRANT UPDATE (marketing_opted_out_at, marketing_choice_at) ON platform.contacts TO worker_role;
SELECT platform.admit_all_tenants('departments.agent_executions', 'worker_role');
GRANT SELECT, UPDATE (status, outcome, completed_at) ON departments.agent_executions TO worker_role;
