-- Tokens that end: renewed before where the provider can (Instagram's long-lived ones), told before where it cannot, paused when it is over.
-- The worker role may read no token and no keyset. These functions hand it just those that are due, and take back just the new one.

-- configuration ->> 'login' = 'instagram' marks a token of Instagram Login, the only kind that renews itself.

-- Connections whose token is to be renewed now, each leased for p_lease_seconds: what ends within p_ahead_seconds, and what nobody knows
-- the end of, a day after it was stored (Instagram refuses to renew a younger one).
CREATE FUNCTION integrations.claim_token_refreshes(p_ahead_seconds double precision, p_lease_seconds double precision, p_batch int)
RETURNS TABLE (organization_id uuid, connection_id uuid, access_token text, wrapped_keyset bytea, master_key text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        WITH due AS (
            SELECT n.organization_id, n.id, n.access_token, k.wrapped_keyset, k.master_key
            FROM integrations.connections n
            JOIN platform.organizations g ON g.id = n.organization_id AND g.deleted_at IS NULL
            JOIN platform.encryption_keys k ON k.id = g.encryption_key_id AND k.organization_id = g.id AND k.destroyed_at IS NULL
            WHERE n.provider = 'instagram' AND n.status = 'active' AND n.access_token IS NOT NULL
              AND n.configuration ->> 'login' = 'instagram'
              AND coalesce(n.token_refresh_after, '-infinity') <= clock_timestamp()
              AND coalesce(n.token_refreshed_at, n.created_at) <= clock_timestamp() - interval '25 hours'
              AND (n.token_expires_at IS NULL
                   OR n.token_expires_at BETWEEN clock_timestamp() AND clock_timestamp() + make_interval(secs => p_ahead_seconds))
            ORDER BY n.token_expires_at NULLS LAST, n.id
            LIMIT p_batch
            FOR NO KEY UPDATE OF n SKIP LOCKED
        )
        UPDATE integrations.connections n
        SET token_refresh_after = clock_timestamp() + make_interval(secs => p_lease_seconds)
        FROM due d
        WHERE n.organization_id = d.organization_id AND n.id = d.id
        RETURNING n.organization_id, n.id, d.access_token, d.wrapped_keyset, d.master_key;
END
$$;

-- What became of one renewal. p_old is the token that was handed out, still encrypted: one that was replaced meanwhile stays as it is.
-- p_new, p_expires_at: it worked.  p_refused: never again by itself, a person must connect anew.  Else: again after p_retry_seconds.
CREATE FUNCTION integrations.settle_token_refresh(
    p_organization_id uuid, p_connection_id uuid, p_old text, p_new text, p_expires_at timestamptz, p_refused boolean, p_detail text,
    p_retry_seconds double precision)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE integrations.connections n
    SET access_token = coalesce(p_new, n.access_token),
        token_expires_at = CASE WHEN p_new IS NULL THEN n.token_expires_at ELSE p_expires_at END,
        token_refreshed_at = CASE WHEN p_new IS NULL THEN n.token_refreshed_at ELSE clock_timestamp() END,
        token_refresh_after = CASE WHEN p_new IS NULL AND NOT p_refused
                                   THEN clock_timestamp() + make_interval(secs => p_retry_seconds) END,
        status = CASE WHEN p_refused THEN 'expired' ELSE n.status END,
        last_error = coalesce(p_detail, n.last_error)
    WHERE n.organization_id = p_organization_id AND n.id = p_connection_id AND n.access_token = p_old AND n.status = 'active';
    IF FOUND AND p_refused THEN
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
        VALUES (p_organization_id, 'connection.needs_attention', 'integration', p_connection_id, false, p_detail,
                '{"status": "expired", "reason": "token_refused"}');
        RETURN true;
    END IF;
    RETURN FOUND;
END
$$;

-- Tokens whose end is known: paused at it, told p_warn_seconds before it (once, until the end is further away again).
CREATE FUNCTION integrations.watch_tokens(p_warn_seconds double precision) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    soon timestamptz := clock_timestamp() + make_interval(secs => p_warn_seconds);
    expired int;
    warned int;
BEGIN
    WITH over AS (
        UPDATE integrations.connections n
        SET status = 'expired', attention_reason = 'token_expired', last_error = 'the access token is past its end'
        WHERE n.status = 'active' AND n.token_expires_at <= clock_timestamp()
        RETURNING n.organization_id, n.id
    ), told AS (
        INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, success, error_message, metadata)
        SELECT o.organization_id, 'connection.needs_attention', 'integration', o.id, false, 'the access token is past its end',
               '{"status": "expired", "reason": "token_expired"}'
        FROM over o
    )
    SELECT count(*) INTO expired FROM over;

    UPDATE integrations.connection_alerts a SET cleared_at = clock_timestamp()
    FROM integrations.connections n
    WHERE a.kind = 'token_expiring' AND a.cleared_at IS NULL AND n.organization_id = a.organization_id AND n.id = a.connection_id
      AND (n.status <> 'active' OR n.token_expires_at IS NULL OR n.token_expires_at > soon);

    WITH ending AS MATERIALIZED (
        SELECT n.organization_id, n.id, n.token_expires_at FROM integrations.connections n
        WHERE n.status = 'active' AND n.token_expires_at <= soon
    )
    SELECT count(*) INTO warned FROM ending e
    WHERE integrations.raise_alert(e.organization_id, e.id, 'token_expiring', 'token_expiring',
                                   to_char(e.token_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'));
    RETURN jsonb_build_object('tokens_expired', expired, 'expiries_announced', warned);
END
$$;

SELECT platform.admit_all_tenants('platform.organizations', 'definer_role');
GRANT SELECT (id, encryption_key_id, deleted_at) ON platform.organizations TO definer_role;
GRANT SELECT (access_token, configuration, created_at, token_expires_at, token_refreshed_at, token_refresh_after, last_error),
      UPDATE (access_token, token_expires_at, token_refreshed_at, token_refresh_after)
    ON integrations.connections TO definer_role;
GRANT EXECUTE ON FUNCTION
    integrations.claim_token_refreshes(double precision, double precision, int),
    integrations.settle_token_refresh(uuid, uuid, text, text, timestamptz, boolean, text, double precision),
    integrations.watch_tokens(double precision)
TO worker_role;
ALTER FUNCTION integrations.claim_token_refreshes(double precision, double precision, int) OWNER TO definer_role;
ALTER FUNCTION integrations.settle_token_refresh(uuid, uuid, text, text, timestamptz, boolean, text, double precision)
    OWNER TO definer_role;
