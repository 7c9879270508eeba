-- Repair by re-reading, for the worker role over all organizations: nothing that is stored may wait unseen.
-- Each function does one bounded batch, skips what somebody holds, and returns how many rows it moved.

-- A send that was marked and never finished: nobody knows whether it arrived.
CREATE FUNCTION agents.expire_sends(p_limit_seconds double precision, p_batch int)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    moved int;
BEGIN
    WITH stale AS (
        SELECT o.id, o.organization_id FROM platform.outbox o
        WHERE o.state = 'sending' AND o.sending_at <= clock_timestamp() - make_interval(secs => p_limit_seconds)
        ORDER BY o.sending_at LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    ), expired AS (
        UPDATE platform.outbox o SET state = 'uncertain', uncertain_at = clock_timestamp()
        FROM stale WHERE o.organization_id = stale.organization_id AND o.id = stale.id
        RETURNING o.organization_id, o.id, o.attempt
    )
    INSERT INTO platform.outbox_attempts (organization_id, outbox_id, attempt, outcome, created_at)
    SELECT organization_id, id, attempt, 'abandoned', clock_timestamp() FROM expired;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

-- An uncertain send that no status settled within the quiet window: sent again, or held for a person (what costs money). Instagram and
-- Messenger can be asked first, which message_delivery does: here their sends are only settled when that did not happen for long.
CREATE FUNCTION agents.settle_uncertain(p_window_seconds double precision, p_batch int)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    o platform.outbox;
    resent int := 0;
    held int := 0;
BEGIN
    FOR o IN
        SELECT x.* FROM platform.outbox x
        JOIN integrations.connections n ON n.organization_id = x.organization_id AND n.id = x.connection_id
        WHERE x.state = 'uncertain'
          AND x.uncertain_at <= clock_timestamp() - make_interval(secs => p_window_seconds
                                                    * CASE WHEN n.provider IN ('instagram', 'messenger') THEN 4 ELSE 1 END)
        ORDER BY x.uncertain_at LIMIT p_batch
        FOR NO KEY UPDATE OF x SKIP LOCKED
    LOOP
        IF o.resend_policy = 'hold' THEN
            UPDATE platform.outbox x SET state = 'held', cancel_reason = 'uncertain'
            WHERE x.organization_id = o.organization_id AND x.id = o.id;
            PERFORM agents.withdraw_replies(o, 'held', 'uncertain');
            PERFORM agents.hand_over(o.organization_id, o.conversation_id, 'human', 'uncertain_send');
            held := held + 1;
        ELSE
            UPDATE platform.outbox x SET state = 'ready', not_before = clock_timestamp()
            WHERE x.organization_id = o.organization_id AND x.id = o.id;
            resent := resent + 1;
        END IF;
    END LOOP;
    RETURN jsonb_build_object('resent', resent, 'held', held);
END
$$;

-- Accepted by the provider and not delivered, as its status says: a person must know, as after a refusal. 131047: the window was closed
-- after all. 131050: the customer wants no more marketing. What was delivered all the same (a failure may be reported late) is left alone.
CREATE FUNCTION agents.escalate_failures(p_window_seconds double precision, p_batch int)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    o platform.outbox;
    escalated int := 0;
BEGIN
    FOR o IN
        SELECT x.* FROM platform.outbox x
        WHERE x.state = 'accepted'
          AND (x.organization_id, x.id) IN (
              SELECT t.organization_id, t.outbox_id FROM platform.message_statuses t
              WHERE t.status = 'failed' AND t.outbox_id IS NOT NULL
                AND t.received_at > clock_timestamp() - make_interval(secs => p_window_seconds)
              ORDER BY t.received_at DESC LIMIT p_batch)
          AND EXISTS (SELECT FROM platform.messages m
                      WHERE m.organization_id = x.organization_id AND m.id = x.message_id AND m.delivery_status = 'failed')
        FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        UPDATE platform.outbox x
        SET state = 'refused', error_code = m.error_code, error_detail = m.error_detail
        FROM platform.messages m
        WHERE x.organization_id = o.organization_id AND x.id = o.id AND m.organization_id = o.organization_id AND m.id = o.message_id
        RETURNING x.* INTO o;
        IF o.error_code = '131047' THEN
            PERFORM agents.close_window(o);
        ELSE
            PERFORM agents.withdraw_replies(o, 'cancelled', 'previous_part_refused');
            IF o.error_code = '131050' THEN
                PERFORM agents.note_opt_out(o);
            END IF;
            IF NOT (o.kind IN ('survey', 'update') OR o.error_code = '131050' AND o.kind = 'template') THEN
                PERFORM agents.hand_over(o.organization_id, o.conversation_id, 'human', 'delivery_failed');
            END IF;
        END IF;
        escalated := escalated + 1;
    END LOOP;
    RETURN escalated;
END
$$;

-- A model call whose worker never came back: the most that it may cost stands as its estimate (an unknown price stays unknown).
CREATE FUNCTION agents.estimate_attempts(p_limit_seconds double precision, p_batch int)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    moved int;
BEGIN
    UPDATE agents.llm_attempts a SET state = 'estimated', finished_at = clock_timestamp(), error_code = 'worker_lost',
                                     cost_usd = CASE WHEN a.price_version IS NOT NULL THEN a.reserved_cost_usd END
    WHERE (a.started_at, a.id) IN (
        SELECT x.started_at, x.id FROM agents.llm_attempts x
        WHERE x.state = 'started' AND x.started_at <= clock_timestamp() - make_interval(secs => p_limit_seconds)
        ORDER BY x.started_at LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED);
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

-- An execution that was begun and never ended.
CREATE FUNCTION agents.close_stuck_executions(p_limit_seconds double precision, p_batch int)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    moved int;
BEGIN
    UPDATE departments.agent_executions e
    SET status = 'failed', outcome = 'timeout', completed_at = clock_timestamp()
    WHERE (e.created_at, e.id) IN (
        SELECT x.created_at, x.id FROM departments.agent_executions x
        WHERE x.status IN ('pending', 'running') AND x.created_at <= clock_timestamp() - make_interval(secs => p_limit_seconds)
        ORDER BY x.created_at LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED);
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;

-- The conversations that should be moving and are not: due and free, or with a message that waits to be sent, whose reason is 'unsent' when
-- a turn wrote it and 'undelivered' when nobody's turn did; 'unsettled' when the provider can be asked about an uncertain one.
-- Fair: each organization's oldest come first in turns, and no organization has more than its share of one sweep.
CREATE FUNCTION agents.conversations_to_wake(
    p_grace_seconds double precision, p_per_organization int, p_limit int, p_uncertain_seconds double precision)
RETURNS TABLE (organization_id uuid, conversation_id uuid, reason text) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE moment AS (
        SELECT clock_timestamp() AS now, clock_timestamp() - make_interval(secs => p_grace_seconds) AS before
    ), pending AS (
        -- a loose index scan: one look-up for each organization that has anything pending
        (SELECT c.organization_id FROM platform.conversations c WHERE c.run_at IS NOT NULL ORDER BY c.organization_id LIMIT 1)
        UNION ALL
        SELECT (SELECT c.organization_id FROM platform.conversations c
                WHERE c.run_at IS NOT NULL AND c.organization_id > pending.organization_id ORDER BY c.organization_id LIMIT 1)
        FROM pending WHERE pending.organization_id IS NOT NULL
    ), due AS (
        SELECT pending.organization_id, d.id AS conversation_id, d.run_at AS since,
               CASE WHEN d.lease_until IS NULL THEN 'due' ELSE 'lease_expired' END AS reason
        FROM pending, moment, LATERAL (
            SELECT c.id, c.run_at, c.lease_until FROM platform.conversations c
            WHERE c.organization_id = pending.organization_id AND c.run_at <= moment.before
              AND c.automation_state = 'auto' AND c.last_in_seq > c.done_seq
              AND (c.lease_until IS NULL OR c.lease_until <= moment.now)
              AND NOT EXISTS (SELECT FROM platform.outbox o
                              WHERE o.organization_id = c.organization_id AND o.conversation_id = c.id
                                AND o.state IN ('ready', 'sending', 'uncertain'))
            ORDER BY c.run_at LIMIT p_per_organization
        ) d
    ), unsent AS (
        SELECT o.organization_id, o.conversation_id, min(o.not_before) AS since,
               CASE WHEN bool_or(o.kind IN ('reply', 'handoff')) THEN 'unsent' ELSE 'undelivered' END AS reason
        FROM platform.outbox o, moment
        WHERE o.state = 'ready' AND o.not_before <= moment.before
          AND NOT EXISTS (SELECT FROM platform.outbox e
                          WHERE e.organization_id = o.organization_id AND e.conversation_id = o.conversation_id
                            AND (e.turn_seq, e.part) < (o.turn_seq, o.part) AND e.state IN ('ready', 'sending', 'uncertain'))
        GROUP BY o.organization_id, o.conversation_id
    ), unsettled AS (
        SELECT o.organization_id, o.conversation_id, min(o.uncertain_at) AS since, 'unsettled' AS reason
        FROM platform.outbox o
        JOIN integrations.connections n ON n.organization_id = o.organization_id AND n.id = o.connection_id
        WHERE o.state = 'uncertain' AND o.uncertain_at <= clock_timestamp() - make_interval(secs => p_uncertain_seconds)
          AND n.provider IN ('instagram', 'messenger')
        GROUP BY o.organization_id, o.conversation_id
    ), ranked AS (
        SELECT w.*, row_number() OVER (PARTITION BY w.organization_id ORDER BY w.since, w.conversation_id) AS rank
        FROM (SELECT * FROM due UNION ALL SELECT u.organization_id, u.conversation_id, u.since, u.reason FROM unsent u
              UNION ALL SELECT a.organization_id, a.conversation_id, a.since, a.reason FROM unsettled a) w
    )
    SELECT r.organization_id, r.conversation_id, r.reason FROM ranked r
    WHERE r.rank <= p_per_organization
    ORDER BY r.rank, r.since LIMIT p_limit
$$;
