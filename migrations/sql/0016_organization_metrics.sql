-- The seed's summary of an organization, with the caller's rights and each conversation counted once.

-- Of the last `period_days`: all messages; the conversations they belong to; the average over these conversations of
-- their own average response time in seconds (from the first unanswered inbound message to the next outbound one); the
-- average of their satisfaction scores. Another organization than the transaction's own: zeros and nulls.
CREATE FUNCTION public.get_organization_metrics(org_id uuid, period_days integer DEFAULT 30) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result jsonb;
BEGIN
    IF (period_days BETWEEN 1 AND 3660) IS NOT TRUE THEN
        RAISE EXCEPTION 'period_days is 1 to 3660, not %', period_days USING ERRCODE = 'invalid_parameter_value';
    END IF;
    WITH message AS (
        SELECT m.conversation_id, m.direction, coalesce(m.sent_at, m.received_at, m.created_at) AS happened_at, m.id,
               m.delivery_status <> 'failed' AS counts_as_answer
        FROM platform.messages AS m
        WHERE m.organization_id = org_id AND m.created_at >= now() - make_interval(days => period_days)
    ), numbered AS (
        -- the messages after an answer, up to and including the next answer, share one number
        SELECT m.*, count(*) FILTER (WHERE m.direction = 'outbound' AND m.counts_as_answer) OVER (
            PARTITION BY m.conversation_id ORDER BY m.happened_at, m.id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS exchange
        FROM message AS m
    ), exchange AS (
        SELECT n.conversation_id,
               max(n.happened_at) FILTER (WHERE n.direction = 'outbound' AND n.counts_as_answer)
                   - min(n.happened_at) FILTER (WHERE n.direction = 'inbound') AS waited
        FROM numbered AS n
        GROUP BY n.conversation_id, n.exchange
    ), conversation AS (
        SELECT e.conversation_id, avg(extract(epoch FROM e.waited)) AS response_seconds
        FROM exchange AS e
        GROUP BY e.conversation_id
    )
    SELECT jsonb_build_object(
        'total_messages', (SELECT count(*) FROM message),
        'conversations', count(*),
        'avg_response_time', round(avg(conversation.response_seconds), 3),
        'satisfaction_score', round(avg(c.satisfaction_score), 2)
    ) INTO result
    FROM conversation
    JOIN platform.conversations AS c ON c.organization_id = org_id AND c.id = conversation.conversation_id;
    RETURN result;
END
$$;
GRANT EXECUTE ON FUNCTION public.get_organization_metrics(uuid, integer) TO application_role;
