-- The seed's clean-up, by whole months: dropping a month takes milliseconds and gives its space back.

-- Drops the months that ended longer ago than the retention of their table (platform.partitioned_tables). Safe to run at
-- any time: a month that cannot be locked within half a second is left for the next run with a warning, because writers
-- wait behind this lock.
CREATE FUNCTION public.cleanup_old_data() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC'
    SET lock_timeout = '500ms'
AS $$
DECLARE
    kept record;
    old record;
    dropped boolean;
BEGIN
    FOR kept IN
        SELECT t.table_name, t.table_name::regclass AS parent, clock_timestamp() - t.retention AS oldest
        FROM platform.partitioned_tables AS t WHERE t.retention IS NOT NULL ORDER BY t.table_name
    LOOP
        dropped := false;
        FOR old IN SELECT p.partition FROM platform.month_partitions(kept.parent) AS p WHERE p.month_end <= kept.oldest LOOP
            BEGIN
                EXECUTE format('DROP TABLE %s', old.partition);
                dropped := true;
            EXCEPTION WHEN lock_not_available THEN
                RAISE WARNING 'month % of % is in use and stays until the next run', old.partition, kept.table_name;
            END;
        END LOOP;
        IF dropped THEN
            EXECUTE format('ANALYZE %s', kept.parent);
        END IF;
    END LOOP;
END
$$;
GRANT EXECUTE ON FUNCTION public.cleanup_old_data() TO maintenance_role;
