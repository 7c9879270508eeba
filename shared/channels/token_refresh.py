"""Renews the tokens that renew themselves (Instagram Login's) before they end, as the worker role.

The role reads no token and no keyset: a database function hands out those that are due, each leased, and another takes
back what became of it, guarded by the old token, so that one that a person replaced meanwhile is never overwritten.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from shared.channels.account_reading import Renewed
from shared.kit.clock import utc_now
from shared.kit.errors import Rejected, Unavailable
from shared.platform.database import Database
from shared.platform.logs import get_logger

if TYPE_CHECKING:
    from shared.platform.keys import HandedKeys

_log = get_logger(__name__)

_DAY: Final = 86400.0
_THREADS: Final = 4
_CLAIM: Final = """
SELECT organization_id, connection_id, access_token, wrapped_keyset, master_key
FROM integrations.claim_token_refreshes(:ahead, :lease, :batch)
"""
_SETTLE: Final = """
SELECT integrations.settle_token_refresh(
    CAST(:organization_id AS uuid), CAST(:connection_id AS uuid), :old, :new, CAST(:expires_at AS timestamptz),
    CAST(:refused AS boolean), :detail, :retry)
"""


class Renews(Protocol):
    """The provider's way to renew."""

    def renew(self, token: str) -> Renewed:
        """Raises Rejected when it is refused, Unavailable when it may work later."""


@dataclass(frozen=True, slots=True)
class RefreshTimes:
    """Seconds: how long before its end a token is renewed, and until another try after each kind of trouble.

    A token lives 60 days. With ten days left the owner hears of it only after three of trying in vain (watch_tokens).
    """

    ahead: float = 10 * _DAY
    lease: float = 600.0
    away: float = 3600.0
    refused: float = 6 * 3600.0
    batch: int = 12  # with 10 s for each of four at a time, a sweep still ends within its 60 s


def refresh_tokens(
    database: Database, *, open_keys: Callable[[], "HandedKeys"], provider: Renews, times: RefreshTimes | None = None
) -> dict[str, int]:
    """Renew what is due; returns counts by outcome: renewed, refused (its connection is paused), later, overtaken.

    Args:
        database: as the worker role.
        open_keys: makes what opens the keysets that are handed out; asked only when a token is due.
        provider: renews.
        times: when, and how many at once.

    Raises:
        Unavailable: the database is; what was renewed and could not be stored is renewed again after the lease.
    """
    times = times or RefreshTimes()
    due = database.system_once(_CLAIM, ahead=times.ahead, lease=times.lease, batch=times.batch)
    if not due:
        return {}
    keys = open_keys()

    def refresh(row: Any) -> str:
        result = _renew(row, keys=keys, provider=provider, times=times)
        (stored,) = database.system_once(
            _SETTLE,
            organization_id=row.organization_id,
            connection_id=row.connection_id,
            old=row.access_token,
            **result,
        )
        outcome = _outcome(result, stored=stored[0])
        _log.info("token renewal", connection_id=str(row.connection_id), outcome=outcome, detail=result["detail"])
        return outcome

    with ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="token-refresh") as threads:
        return dict(Counter(threads.map(refresh, due)))


def _renew(row: Any, *, keys: "HandedKeys", provider: Renews, times: RefreshTimes) -> dict[str, Any]:
    """What became of one renewal, in the words of integrations.settle_token_refresh."""
    from shared.channels.access_tokens import token_place  # noqa: PLC0415 (Tink takes long, most sweeps renew nothing)

    result: dict[str, Any] = {"new": None, "expires_at": None, "refused": False, "detail": None, "retry": times.away}
    place = token_place(row.connection_id)
    try:
        key = keys.open(row.wrapped_keyset, row.master_key, organization_id=row.organization_id)
        token = keys.decrypt(key, row.access_token, organization_id=row.organization_id, place=place)
        renewed = provider.renew(token)
        sealed = keys.encrypt(key, renewed.token, organization_id=row.organization_id, place=place)
    except Unavailable as away:
        return {**result, "detail": away.message}
    except Rejected as refusal:
        refused = refusal.code == "token_refused"
        return {**result, "refused": refused, "detail": refusal.message, "retry": times.refused}
    return {**result, "new": sealed, "expires_at": utc_now() + timedelta(seconds=renewed.expires_in)}


def _outcome(result: dict[str, Any], *, stored: bool) -> str:
    if not stored:
        return "overtaken"
    if result["new"] is not None:
        return "renewed"
    return "refused" if result["refused"] else "later"
