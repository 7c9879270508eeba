"""The rules that every table and function keeps, read from the catalogue; each query lists what breaks its rule."""

from __future__ import annotations

from typing import Any

# Names that a rule does not bind, with the reason.
NULLABLE_ORGANIZATION = {
    "platform.encryption_keys": "the platform's own keysets have none",
    "integrations.webhook_events": "an item whose account is unknown belongs to nobody",
    "audit.activity_logs": "the platform's own acts have none",
}
WITHOUT_ROW_SECURITY = {
    "platform.context_keys": "no tenant; definer functions and the owner alone may read it",
    "platform.partitioned_tables": "no tenant: names of tables",
    "platform.exchange_rates": "no tenant: the price of a dollar",
    "platform.switches": "no tenant: one row for the whole platform, that everybody may read",
    "platform.backup_config": "no tenant: the platform's own operation",
    "platform.backup_executions": "no tenant: the platform's own operation",
}
# Looked up across organizations: unique keys of the platform, and what the sweeps of work_sweep ask for.
ACROSS_ORGANIZATIONS = {
    "platform.organizations": "its id is the organization",
    "platform.user_sessions idx_sessions_token": "a refresh token is looked up before its organization is known",
    "platform.user_sessions idx_sessions_expires": "expired sessions of all are removed together",
    "departments.agents idx_agents_schedule": "the sweep looks for agents that are due",
    "integrations.connections connections_account": "an account belongs to one organization of all",
    "integrations.connections idx_connections_business": "an account-level event names a business before a tenant",
    "integrations.connections idx_connections_sync": "the sweep looks for connections that fell silent",
    "departments.agent_executions idx_executions_unfinished": "the sweep looks for executions that never ended",
    "integrations.webhook_events idx_webhook_events_status": "operators look for what was not processed",
    "platform.outbox idx_outbox_waiting": "the sweep looks for messages that do not move",
    "platform.handoffs idx_handoffs_waiting": "the sweep looks for customers who wait for a person",
    "platform.message_statuses idx_message_statuses_failed": "the sweep looks for deliveries that failed",
    "platform.media_transfers idx_media_transfers_leased": "the sweep looks for transfers that lost their worker",
    "platform.media_audits idx_media_audits_due": "the sweep looks for comparisons of objects and rows that are due",
    "platform.knowledge_ingestions idx_knowledge_ingestions_leased": "the sweep looks for work that lost its worker",
    "platform.knowledge_settings idx_knowledge_settings_usage": "the sweep looks for usage that is due to be derived",
    "agents.llm_attempts idx_llm_attempts_unsettled": "the sweep looks for calls that never ended",
    "platform.content idx_content_scheduled": "the sweep looks for posts that are due",
    "platform.subscriptions idx_subscriptions_period": "the sweep looks for periods that end",
    "platform.subscriptions subscriptions_stripe": "a provider's id names one subscription of all",
    "platform.subscriptions subscriptions_mercadopago": "a provider's id names one subscription of all",
    "platform.knowledge_chunks idx_knowledge_embedding": "approximate search has one index, for large organizations",
    "platform.knowledge_chunks idx_knowledge_search": "an inverted index cannot lead with a column",
}

_OURS = "n.nspname IN ('platform', 'departments', 'agents', 'integrations', 'analytics', 'audit')"
_TABLE = f"""
    SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relispartition, c.relrowsecurity, c.relforcerowsecurity,
           c.relowner, c.relacl, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
                                          AND a.attname = 'organization_id' AND NOT a.attisdropped) AS of_tenant
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND c.relkind IN ('r', 'p')
"""

RULES = {
    "every table has forced row security": f"""
        SELECT name FROM ({_TABLE}) t WHERE NOT (relrowsecurity AND relforcerowsecurity)
        AND name <> ALL (string_to_array(%s, ' '))""",
    "every tenant table isolates tenants for reading and for writing": f"""
        SELECT name FROM ({_TABLE}) t WHERE (of_tenant OR name = 'platform.organizations') AND NOT EXISTS (
            SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polcmd = '*' AND p.polpermissive
            AND p.polroles = ARRAY['application_role'::regrole::oid]
            AND pg_get_expr(p.polqual, t.oid) ~ '^\\((organization_)?id = .*platform.current_organization_id\\(\\)'
            AND pg_get_expr(p.polqual, t.oid) = pg_get_expr(p.polwithcheck, t.oid))""",
    "no policy for the application looks past its own rows": f"""
        SELECT name || ' ' || p.polname FROM ({_TABLE}) t JOIN pg_policy p ON p.polrelid = t.oid
        WHERE (p.polroles @> ARRAY['application_role'::regrole::oid] OR p.polroles @> ARRAY[0::oid])
        AND p.polname NOT LIKE 'tenant\\_isolation\\_%%'""",
    "a partition has the policies of its parent": f"""
        SELECT name FROM ({_TABLE}) t JOIN pg_inherits i ON i.inhrelid = t.oid WHERE EXISTS (
            SELECT polname, polcmd, polroles, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
            FROM pg_policy WHERE polrelid = i.inhparent
            EXCEPT SELECT polname, polcmd, polroles, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
            FROM pg_policy WHERE polrelid = t.oid)""",
    "a tenant table's organization is not null": f"""
        SELECT name FROM ({_TABLE}) t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'organization_id'
        WHERE NOT a.attnotnull AND NOT t.relispartition AND name <> ALL (string_to_array(%s, ' '))""",
    "a foreign key between tenant tables carries the organization": f"""
        SELECT name || ' ' || k.conname FROM ({_TABLE}) t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'f'
        WHERE of_tenant AND k.confrelid <> 'platform.organizations'::regclass AND NOT EXISTS (
            SELECT FROM unnest(k.conkey, k.confkey) AS pair (own, other)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.own AND a.attname = 'organization_id'
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.other AND b.attname = 'organization_id')
        AND EXISTS (SELECT FROM pg_attribute b WHERE b.attrelid = k.confrelid AND b.attname = 'organization_id')""",
    "a foreign key has an index that begins with its columns": f"""
        SELECT name || ' ' || k.conname FROM ({_TABLE}) t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'f'
        WHERE NOT EXISTS (
            SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisvalid
            AND (SELECT array_agg(x ORDER BY x) FROM unnest((i.indkey::int2[])[0:cardinality(k.conkey) - 1]) x)
              = (SELECT array_agg(x ORDER BY x) FROM unnest(k.conkey) x)
            AND (i.indpred IS NULL OR pg_get_expr(i.indpred, t.oid) ~ '^\\(\\w+ IS NOT NULL\\)$'))""",
    "no foreign key points at a partitioned table": f"""
        SELECT name || ' ' || k.conname FROM ({_TABLE}) t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'f'
        JOIN pg_class parent ON parent.oid = k.confrelid WHERE parent.relkind = 'p'""",
    "an index of a tenant table leads with the organization": f"""
        SELECT name || ' ' || c.relname FROM ({_TABLE}) t JOIN pg_index i ON i.indrelid = t.oid AND NOT i.indisprimary
        JOIN pg_class c ON c.oid = i.indexrelid
        WHERE of_tenant AND NOT t.relispartition AND NOT EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = i.indkey[0]
            AND a.attname IN ('organization_id', 'conversation_id'))
        AND name || ' ' || c.relname <> ALL (string_to_array(%s, '|'))""",
    "no index repeats the columns of another": f"""
        SELECT name || ' ' || c.relname FROM ({_TABLE}) t JOIN pg_index i ON i.indrelid = t.oid
        JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_index j ON j.indrelid = t.oid AND j.indexrelid <> i.indexrelid
        WHERE NOT i.indisunique AND num_nonnulls(i.indpred, j.indpred, i.indexprs, j.indexprs) = 0
        AND (j.indkey::text || ' ') LIKE (i.indkey::text || ' %%') AND NOT t.relispartition""",
    "a status or state is checked": f"""
        SELECT name || '.' || a.attname FROM ({_TABLE}) t JOIN pg_attribute a ON a.attrelid = t.oid
        WHERE (a.attname ~ '(^|_)(status|state)$' OR a.attname IN ('kind', 'outcome', 'role', 'priority', 'direction'))
        AND name || '.' || a.attname NOT IN ('platform.message_statuses.status', 'departments.agent_executions.outcome',
            'platform.media_transfers.kind')
        AND NOT t.relispartition AND a.atttypid = 'text'::regtype AND NOT EXISTS (
            SELECT FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)
            AND pg_get_constraintdef(k.oid) ~ '= ANY|= ''')""",
    "a text has a limit or a list of values": f"""
        SELECT name || '.' || a.attname FROM ({_TABLE}) t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
        WHERE a.atttypid = 'text'::regtype AND NOT t.relispartition AND NOT EXISTS (
            SELECT FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey))""",
    "created_at and updated_at are never null": f"""
        SELECT name || '.' || a.attname FROM ({_TABLE}) t JOIN pg_attribute a ON a.attrelid = t.oid
        WHERE a.attname IN ('created_at', 'updated_at') AND NOT a.attnotnull""",
    "updated_at is kept by a trigger": f"""
        SELECT name FROM ({_TABLE}) t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'updated_at'
        WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = t.oid AND g.tgname = 'set_updated_at')""",
    "money is whole minor units and model cost is exact": f"""
        SELECT name || '.' || a.attname FROM ({_TABLE}) t JOIN pg_attribute a ON a.attrelid = t.oid
        WHERE (a.attname ~ '_cents$' AND a.atttypid <> 'bigint'::regtype)
           OR (a.attname ~ '_usd$|^generation_cost$' AND format_type(a.atttypid, a.atttypmod) <> 'numeric(20,10)')
           OR a.atttypid IN ('real'::regtype, 'double precision'::regtype, 'money'::regtype)""",
    "nobody has a right on a partition": f"""
        SELECT name FROM ({_TABLE}) t, aclexplode(relacl) g
        WHERE t.relispartition AND g.grantee <> relowner""",
    "no runtime role may truncate, refer to, or put triggers on a table, and none may pass its rights on": f"""
        SELECT name || ' ' || g.privilege_type FROM ({_TABLE}) t, aclexplode(relacl) g
        WHERE g.grantee <> relowner AND (g.is_grantable
            OR g.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))""",
    "nothing is granted to everybody": f"""
        SELECT name || ' ' || g.privilege_type FROM ({_TABLE}) t, aclexplode(relacl) g
        WHERE g.grantee = 0""",
    "every object belongs to the owner, and its definer functions may belong to definer_role": f"""
        SELECT name FROM ({_TABLE}) t WHERE relowner <> 'owner'::regrole
        UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE {_OURS} AND p.proowner <> 'owner'::regrole
        AND NOT (p.prosecdef AND p.proowner = 'definer_role'::regrole)""",
    "no function is executable by everybody": f"""
        SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE ({_OURS} OR n.nspname = 'public') AND NOT EXISTS (
            SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
        AND (p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) g WHERE g.grantee = 0))""",
    "a definer function pins its search_path": f"""
        SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE ({_OURS} OR n.nspname = 'public') AND p.prosecdef
        AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)""",
    "a view asks with the rights of its reader": f"""
        SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_OURS} AND (c.relkind = 'm' OR (c.relkind = 'v'
            AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false)))""",
    "the runtime roles cannot become more than they are": """
        SELECT rolname FROM pg_roles WHERE rolname IN ('application_role', 'intake_role', 'worker_role',
            'maintenance_role', 'definer_role', 'owner')
        AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolcanlogin OR rolreplication)""",
    "no runtime role is a member of another": """
        SELECT m.member::regrole::text || ' in ' || m.roleid::regrole::text FROM pg_auth_members m
        WHERE m.member::regrole::text IN ('application_role', 'intake_role', 'worker_role', 'maintenance_role',
                                          'definer_role')""",
    "every partitioned table is registered and every registered table is partitioned": f"""
        SELECT name FROM ({_TABLE}) t JOIN pg_partitioned_table p ON p.partrelid = t.oid
        WHERE name NOT IN (SELECT table_name FROM platform.partitioned_tables)
        UNION ALL SELECT table_name FROM platform.partitioned_tables
        WHERE to_regclass(table_name) NOT IN (SELECT partrelid FROM pg_partitioned_table)""",
    "a partitioned table's primary key holds its time": f"""
        SELECT name FROM ({_TABLE}) t JOIN pg_partitioned_table p ON p.partrelid = t.oid WHERE NOT EXISTS (
            SELECT FROM pg_constraint k
            WHERE k.conrelid = t.oid AND k.contype = 'p' AND p.partattrs[0] = ANY (k.conkey))""",
}
PARAMETERS = {
    "every table has forced row security": " ".join(WITHOUT_ROW_SECURITY),
    "a tenant table's organization is not null": " ".join(NULLABLE_ORGANIZATION),
    "an index of a tenant table leads with the organization": "|".join(ACROSS_ORGANIZATIONS),
}


def broken(connection: Any, rule: str) -> list[str]:
    """What breaks the rule, by name."""
    cursor = connection.cursor()
    parameters = (PARAMETERS[rule],) if rule in PARAMETERS else ()
    cursor.execute(RULES[rule] if parameters else RULES[rule].replace("%%", "%"), parameters)
    return sorted(row[0] for row in cursor.fetchall())
