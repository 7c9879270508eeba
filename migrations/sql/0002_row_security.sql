-- The signed tenant context and the one template of row security, so that injected SQL cannot change tenant.

CREATE TABLE platform.context_keys (
    id TEXT PRIMARY KEY CHECK (char_length(id) BETWEEN 1 AND 100),
    inner_pad BYTEA NOT NULL CHECK (octet_length(inner_pad) = 64),
    outer_pad BYTEA NOT NULL CHECK (octet_length(outer_pad) = 64),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
    retired_at TIMESTAMP WITH TIME ZONE
);
COMMENT ON TABLE platform.context_keys IS
    'Keys that sign the tenant context, as the two precomputed pads of HMAC-SHA256; several may be active during a rotation';
GRANT SELECT ON platform.context_keys TO definer_role;

-- The organization of this transaction: app.current_organization_id holds '<uuid>.<64 hex digits>', the HMAC-SHA256 of
-- the uuid's text. Unset, empty, malformed or signed by an unknown key: NULL, which equals no row's organization.
CREATE FUNCTION platform.current_organization_id() RETURNS uuid
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    context text := current_setting('app.current_organization_id', true);
BEGIN
    -- The whole of it is compared as text: no pattern and no decoding, which would take twice as long as the two hashes,
    -- and this runs for each table of each statement.
    IF EXISTS (
        SELECT FROM platform.context_keys AS key
        WHERE key.retired_at IS NULL
          AND '.' || encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(left(context, 36), 'UTF8'))), 'hex')
            = substr(context, 37)
    ) THEN
        RETURN left(context, 36)::uuid;
    END IF;
    RETURN NULL;
END
$$;
GRANT EXECUTE ON FUNCTION platform.current_organization_id()
    TO application_role, intake_role, worker_role, maintenance_role, owner;
ALTER FUNCTION platform.current_organization_id() OWNER TO definer_role;

-- Rows of `target` are visible to, and written by, the tenant of the transaction alone. Run once for each new table.
CREATE FUNCTION platform.isolate_tenant(target regclass, tenant_column name DEFAULT 'organization_id') RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    own_rows text := format('%I = (SELECT platform.current_organization_id())', tenant_column);
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY %I ON %s FOR ALL TO application_role USING (%s) WITH CHECK (%s)',
        'tenant_isolation_' || (SELECT relname FROM pg_class WHERE oid = target), target, own_rows, own_rows
    );
END
$$;

-- `role_name` may see every organization's rows of `target` (its GRANTs say which columns and what it may do).
CREATE FUNCTION platform.admit_all_tenants(target regclass, role_name name) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY %I ON %s FOR ALL TO %I USING (true) WITH CHECK (true)',
        format('%s_%s', role_name, (SELECT relname FROM pg_class WHERE oid = target)), target, role_name
    );
END
$$;

CREATE FUNCTION platform.set_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;

-- updated_at of `target` follows every UPDATE, whatever the statement says.
CREATE FUNCTION platform.track_updates(target regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION platform.set_updated_at()', target
    );
END
$$;
