-- Monthly partitions: bounds in UTC whatever the session's time zone, found by their bounds and not by their names.

CREATE TABLE platform.partitioned_tables (
    table_name TEXT PRIMARY KEY CHECK (table_name ~ '^[a-z_]+\.[a-z_]+$'),
    retention INTERVAL CHECK (retention >= INTERVAL '1 month'),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now()
);
COMMENT ON TABLE platform.partitioned_tables IS
    'The tables that are kept by month; retention NULL means that cleanup_old_data keeps every month';
GRANT SELECT ON platform.partitioned_tables TO maintenance_role, worker_role;

-- The months that `parent` has. Bounds that are not two dates (a DEFAULT partition, MINVALUE) come out as NULL.
CREATE FUNCTION platform.month_partitions(parent regclass)
    RETURNS TABLE (partition regclass, month_start timestamptz, month_end timestamptz)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET datestyle = 'ISO, YMD'
AS $$
    SELECT child.oid::regclass, bound[1]::timestamptz, bound[2]::timestamptz
    FROM pg_inherits
    JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
    CROSS JOIN LATERAL regexp_match(
        pg_get_expr(child.relpartbound, child.oid), $re$FROM \('([^']+)'\) TO \('([^']+)'\)$re$
    ) AS bound
    WHERE pg_inherits.inhparent = $1
    ORDER BY 2
$$;
GRANT EXECUTE ON FUNCTION platform.month_partitions(regclass) TO maintenance_role, worker_role;

-- Gives `partition` the row security of its parent: a parent's policies do not guard a partition that is named directly.
CREATE FUNCTION platform.copy_row_security(parent regclass, partition regclass) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source pg_class;
    copy pg_class;
    policy record;
    listing CONSTANT text := $list$
        SELECT array_agg(format('%s|%s|%s|%s|%s|%s', polname, polcmd, polpermissive, polroles,
               pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) ORDER BY polname)
        FROM pg_policy WHERE polrelid = $1 $list$;
    wanted text[];
    present text[];
BEGIN
    SELECT * INTO source FROM pg_class WHERE oid = parent;
    SELECT * INTO copy FROM pg_class WHERE oid = partition;
    EXECUTE listing INTO wanted USING parent;
    EXECUTE listing INTO present USING partition;
    IF wanted IS NOT DISTINCT FROM present
        AND source.relrowsecurity = copy.relrowsecurity
        AND source.relforcerowsecurity = copy.relforcerowsecurity
    THEN
        RETURN false;
    END IF;
    IF source.relrowsecurity THEN
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', partition);
    END IF;
    IF source.relforcerowsecurity THEN
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', partition);
    END IF;
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = partition LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy.polname, partition);
    END LOOP;
    FOR policy IN
        SELECT policyname, permissive, cmd, qual, with_check,
               (SELECT string_agg(quote_ident(role_name), ', ') FROM unnest(roles) AS role_name) AS role_names
        FROM pg_policies
        WHERE tablename = source.relname
          AND schemaname = (SELECT nspname FROM pg_namespace WHERE oid = source.relnamespace)
    LOOP
        EXECUTE format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', policy.policyname, partition,
                       policy.permissive, policy.cmd, policy.role_names)
            || coalesce(' USING (' || policy.qual || ')', '')
            || coalesce(' WITH CHECK (' || policy.with_check || ')', '');
    END LOOP;
    RETURN true;
END
$$;

-- Makes the month of `parent` that holds `at`, or returns the partition that is there. Two callers make one partition; a
-- stranger's table with the name, or a partition that covers part of the month, is a loud failure.
CREATE FUNCTION platform.attach_month(parent regclass, at timestamptz) RETURNS regclass
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET datestyle = 'ISO, YMD'
    SET lock_timeout = '2s'
AS $$
DECLARE
    first_moment timestamptz := date_trunc('month', at, 'UTC');
    next_month timestamptz := first_moment + INTERVAL '1 month';
    schema_name name;
    parent_name name;
    partition_name text;
    time_column name;
    existing record;
BEGIN
    SELECT n.nspname, c.relname, a.attname INTO schema_name, parent_name, time_column
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_partitioned_table AS p ON p.partrelid = c.oid AND p.partstrat = 'r' AND p.partnatts = 1
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
    WHERE c.oid = parent AND a.atttypid = 'timestamptz'::regtype AND a.attnotnull;
    IF time_column IS NULL OR NOT isfinite(at) THEN
        RAISE EXCEPTION '% is not partitioned by one timestamptz column, or % is not a moment', parent, at
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    FOR attempt IN 1..2 LOOP
        SELECT * INTO existing FROM platform.month_partitions(parent) AS p
        WHERE p.month_start IS NULL OR (p.month_start < next_month AND first_moment < p.month_end)
        ORDER BY p.month_start NULLS FIRST LIMIT 1;
        IF FOUND AND existing.month_start <= first_moment AND next_month <= existing.month_end THEN
            RETURN existing.partition;
        ELSIF FOUND THEN
            RAISE EXCEPTION 'partition % of % is in the way of the month of %', existing.partition, parent, first_moment
                USING ERRCODE = 'invalid_object_definition',
                      HINT = 'Detach it, or give it the bounds of whole months in UTC.';
        END IF;
        IF attempt = 1 THEN
            PERFORM pg_advisory_xact_lock(hashtextextended('platform.attach_month ' || parent::text, 0));
        END IF;
    END LOOP;

    partition_name := format('%s_%s', parent_name, to_char(first_moment, 'YYYY_MM'));
    IF to_regclass(format('%I.%I', schema_name, partition_name)) IS NOT NULL THEN
        RAISE EXCEPTION 'a table named %.% exists but is no month of %', schema_name, partition_name, parent
            USING ERRCODE = 'duplicate_table', HINT = 'Rename it or drop it, then ask for the month again.';
    END IF;
    -- ATTACH takes a lock that lets inserts into the other months go on; CREATE TABLE … PARTITION OF would stop them.
    EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL)', schema_name, partition_name, parent);
    EXECUTE format(
        'ALTER TABLE %I.%I ADD CONSTRAINT %I CHECK (%I >= %L AND %I < %L)', schema_name, partition_name,
        partition_name || '_month', time_column, first_moment, time_column, next_month
    );
    PERFORM platform.copy_row_security(parent, format('%I.%I', schema_name, partition_name)::regclass);
    EXECUTE format(
        'ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)', parent, schema_name, partition_name,
        first_moment, next_month
    );
    RETURN format('%I.%I', schema_name, partition_name)::regclass;
END
$$;

-- The month of `parent` that holds `at` exists afterwards. For an insert that found none (SQLSTATE 23514): call it in a
-- transaction of its own and insert again. Only registered tables, only two years around now.
CREATE FUNCTION platform.ensure_partition(parent regclass, at timestamptz) RETURNS regclass
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM platform.partitioned_tables AS t WHERE to_regclass(t.table_name) = parent) THEN
        RAISE EXCEPTION '% is not registered in platform.partitioned_tables', parent
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF (at BETWEEN clock_timestamp() - INTERVAL '24 months' AND clock_timestamp() + INTERVAL '24 months') IS NOT TRUE THEN
        RAISE EXCEPTION '% is more than 24 months away: no partition is made for it', at
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN platform.attach_month(parent, at);
END
$$;
GRANT EXECUTE ON FUNCTION platform.ensure_partition(regclass, timestamptz)
    TO application_role, intake_role, worker_role, maintenance_role;

-- Every registered table has its months from `months_behind` before this one to `months_ahead` after it, and every
-- month that it has is guarded as its parent. Returns the partitions of that span.
CREATE FUNCTION platform.ensure_partitions(months_behind integer DEFAULT 1, months_ahead integer DEFAULT 3)
    RETURNS SETOF regclass
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
AS $$
DECLARE
    parent regclass;
    month integer;
BEGIN
    IF NOT (months_behind BETWEEN 0 AND 24 AND months_ahead BETWEEN 0 AND 24) THEN
        RAISE EXCEPTION 'months_behind and months_ahead are 0 to 24, not % and %', months_behind, months_ahead
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR parent IN SELECT t.table_name::regclass FROM platform.partitioned_tables AS t ORDER BY t.table_name LOOP
        FOR month IN -months_behind..months_ahead LOOP
            RETURN NEXT platform.attach_month(
                parent, date_trunc('month', clock_timestamp(), 'UTC') + make_interval(months => month)
            );
        END LOOP;
        PERFORM platform.copy_row_security(parent, p.partition) FROM platform.month_partitions(parent) AS p;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION platform.ensure_partitions(integer, integer) TO maintenance_role;

-- The seed's name: makes the month that holds `start_date`, also when the date is not the first of the month.
-- `table_name` is 'schema.table', or the bare name of a registered table.
CREATE FUNCTION public.create_monthly_partition(table_name text, start_date date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parent regclass;
BEGIN
    SELECT to_regclass(t.table_name) INTO parent
    FROM platform.partitioned_tables AS t
    WHERE t.table_name = create_monthly_partition.table_name
       OR split_part(t.table_name, '.', 2) = create_monthly_partition.table_name;
    IF parent IS NULL OR start_date IS NULL THEN
        RAISE EXCEPTION '% is not registered in platform.partitioned_tables, or there is no date', table_name
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM platform.attach_month(parent, start_date::timestamp AT TIME ZONE 'UTC');
END
$$;
GRANT EXECUTE ON FUNCTION public.create_monthly_partition(text, date) TO maintenance_role;
