"""Refuses to serve as a role that row security does not bind. No setting turns this off (behaviour T-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from shared.kit.errors import Unavailable
from shared.platform.logs import get_logger

if TYPE_CHECKING:
    from shared.platform.database import Database

_WHO_AM_I = """
SELECT r.rolname, r.rolsuper, r.rolbypassrls,
       (SELECT min(c.oid::regclass::text)
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('platform', 'departments', 'agents', 'integrations', 'analytics', 'audit')
          AND c.relkind IN ('r', 'p', 'v', 'm') AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS owned
FROM pg_roles AS r WHERE r.rolname IN (current_user, session_user)
"""

_checked: WeakSet[Database] = WeakSet()
_log = get_logger(__name__)


class RoleRefused(Unavailable):
    """The login may see every organization's rows, whatever the policies say: nobody is served until that is mended."""


def check_role(database: Database) -> None:
    """Raise `RoleRefused` for a superuser, a role with BYPASSRLS, or one that owns tables or may become their owner.

    One statement, once per `Database`; functions call it before their first work.
    """
    if database in _checked:
        return
    for role in database.system_once(_WHO_AM_I):
        if role.rolsuper:
            reason = "is a superuser"
        elif role.rolbypassrls:
            reason = "has BYPASSRLS"
        elif role.owned is not None:
            reason = f"owns {role.owned}, or may become its owner"
        else:
            continue
        _log.error("the database role is refused", role=role.rolname, reason=reason)
        raise RoleRefused(
            f"The database role {role.rolname} {reason}: row security does not bind it. Log in as a member of"
            " application_role, intake_role, worker_role or maintenance_role."
        )
    _checked.add(database)
