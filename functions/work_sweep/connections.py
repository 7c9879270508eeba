"""The sweep's look at the connections: tokens renewed before they end, owners told, silent channels noticed."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from shared.channels.token_refresh import RefreshTimes, Renews, refresh_tokens
from shared.platform.database import Database
from shared.platform.logs import get_logger

if TYPE_CHECKING:
    from shared.platform.keys import HandedKeys

_log = get_logger(__name__)

# Each connection is looked at every fifth minute: two look-ups in an index for each, and a row written only for what
# came or went, so that neither intake nor a send has to write it. For 10,000 connections with a million events such
# a look took 0.04 s, and 0.2 s when all had news.
SLICES: Final = 5
_DAY: Final = 86400.0

_TOKENS: Final = text("SELECT integrations.watch_tokens(:warn)")
_CHANNELS: Final = text(
    "SELECT organization_id, connection_id, change FROM integrations.watch_channels(:silent, :slices, :slice)"
)


def look_after_connections(  # noqa: PLR0913 - its parts and its times
    database: Database,
    *,
    open_keys: Callable[[], "HandedKeys"],
    provider: Renews,
    silent_minutes: float,
    warning_days: float,
    slices: int = SLICES,
    refresh: RefreshTimes | None = None,
) -> dict[str, Any]:
    """One look; returns counts. Two at once are harmless: a token is leased, an owner is told once.

    Args:
        database: as the worker role.
        open_keys: see refresh_tokens.
        provider: renews tokens.
        silent_minutes: how long a channel that sends may hear nothing.
        warning_days: how long before a token's end its owner is told.
        slices: of how many parts of the connections one is looked at; 1 looks at all.
        refresh: the times of renewals.
    """
    renewals = refresh_tokens(database, open_keys=open_keys, provider=provider, times=refresh)
    with database.system() as session:
        tokens: dict[str, int] = session.execute(_TOKENS, {"warn": warning_days * _DAY}).scalar_one()
        minute = int(time.time() // 60)
        parts = {"silent": silent_minutes * 60, "slices": slices, "slice": minute % slices}
        changes = session.execute(_CHANNELS, parts).all()
    for change in changes:
        where = {"organization_id": str(change.organization_id), "connection_id": str(change.connection_id)}
        if change.change == "silent":
            _log.error("a channel sends and hears nothing", **where)
        else:
            _log.info("a silent channel is heard again", **where)
    if tokens["tokens_expired"]:
        _log.error("tokens ended and their connections are paused", connections=tokens["tokens_expired"])
    silent = sum(change.change == "silent" for change in changes)
    return {**tokens, "silent_channels": silent, "token_renewals": renewals}
