-- What belongs to the cluster or to the database's owner and not to `owner`: roles, memberships, the vector extension.
-- Runs before every migration as the login that migrates (a superuser, or a CREATEROLE owner of the database) and
-- changes nothing that is already as it should be, because several databases of one cluster share the roles.

DO $$
DECLARE
    role_name text;
    may_set_owner boolean;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'owner', 'definer_role', 'application_role', 'intake_role', 'worker_role', 'maintenance_role'
    ] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = role_name);
        BEGIN
            EXECUTE format(
                'CREATE ROLE %I NOLOGIN %s', role_name,
                CASE WHEN role_name IN ('owner', 'definer_role') THEN 'NOINHERIT' ELSE 'INHERIT' END
            );
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- the migration of another database on this cluster was first
        END;
    END LOOP;

    -- PostgreSQL 16 made "may SET ROLE to it" a right of its own, which the creator of a role does not get by itself.
    IF current_setting('server_version_num')::integer >= 160000 THEN
        may_set_owner := pg_has_role(current_user, 'owner', 'SET');
    ELSE
        may_set_owner := pg_has_role(current_user, 'owner', 'MEMBER');
    END IF;
    IF NOT may_set_owner THEN
        GRANT owner TO CURRENT_USER;
    END IF;
    -- the owner hands its SECURITY DEFINER functions to definer_role
    IF NOT EXISTS (
        SELECT FROM pg_auth_members
        WHERE roleid = 'definer_role'::regrole AND member = 'owner'::regrole
    ) THEN
        GRANT definer_role TO owner;
    END IF;

    IF NOT has_database_privilege('owner', current_database(), 'CREATE') THEN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO owner', current_database());
    END IF;
    -- A role that may create in `public` could shadow a name that another role's statement resolves there.
    IF EXISTS (
        SELECT FROM pg_namespace n, aclexplode(n.nspacl) a
        WHERE n.nspname = 'public' AND a.grantee = 0 AND a.privilege_type = 'CREATE'
    ) THEN
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    END IF;
    IF NOT has_schema_privilege('owner', 'public', 'CREATE') THEN
        GRANT CREATE ON SCHEMA public TO owner;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN
        CREATE EXTENSION vector SCHEMA public;
    END IF;
END
$$;
