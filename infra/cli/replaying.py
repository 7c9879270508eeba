"""Replays: payload files, or the deliveries that a database holds in quarantine, signed and posted to intake."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.language import say
from infra.cli.naming import find_among_all
from infra.cli.refusals import refused
from infra.cli.replay_target import ANY, Place, Target, provider_of_payload
from infra.cli.screen import output, print_json, progress
from infra.cli.webhooks import post_signed
from shared.channels.items import Unreadable
from shared.channels.products import SPLITS, provider_of
from shared.channels.quarantine import KeptDelivery, Selection, close_kept, find_kept, open_body
from shared.kit import bounded_json
from shared.kit.errors import Rejected
from shared.platform.database import Database
from shared.platform.keys import Keys
from shared.platform.settings import KeySettings, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One delivery: `outcome` is accepted, refused (by intake) or skipped (not posted: it could not succeed)."""

    what: str
    outcome: str
    detail: str
    milliseconds: float | None = None


def replay_files(files: Sequence[Path], *, provider: str | None, target: Target | None, as_json: bool) -> bool:
    """Post each file; returns whether all were accepted.

    `provider`: whose they are and so where they go; None: as each `object` says, WhatsApp if none.
    """
    bodies = [(path, _read(path)) for path in files]
    with httpx.Client(trust_env=False) as client, _progress(len(bodies)) as advance:
        replayed = []
        for path, raw in bodies:
            replayed.append(_replay_file(client, path, raw, provider=provider, target=target))
            advance()
    _show(replayed, as_json=as_json)
    return all(one.outcome == "accepted" for one in replayed)


def _replay_file(
    client: httpx.Client, path: Path, raw: bytes, *, provider: str | None, target: Target | None
) -> Replayed:
    if target is None:
        raise refused("replay_what")
    found = provider_of_payload(raw)
    if found is not None and provider not in {None, ANY, found}:
        detail = say("its object says {found}, not {provider}", found=found, provider=provider)
        return Replayed(what=str(path), outcome="skipped", detail=detail)
    whose = found or (provider if provider not in {None, ANY} else "whatsapp") or "whatsapp"
    return _post(client, str(path), raw, target.place(whose, path=ANY if provider == ANY else ""))


def replay_quarantine(  # noqa: PLR0913 - what to select, and where it goes
    installation: Installation,
    *,
    selection: Selection,
    delivery_ids: Sequence[str],
    organization: str,
    target: Target | None,
    as_json: bool,
) -> bool:
    """Post what is in quarantine and take what was accepted out of it.

    Returns:
        Whether intake refused none; what cannot succeed yet is skipped with its reason and is no failure.
    """
    with explained(), installation.worker() as worker:
        selection = replace(
            selection,
            ids=[_uuid(text) for text in delivery_ids],
            since=_in_utc(selection.since),
            until=_in_utc(selection.until),
        )
        if organization:
            selection = replace(selection, organization_id=find_among_all(worker, organization))
        with worker.system() as session:
            kept = find_kept(session, selection)
        for missing in set(selection.ids) - {delivery.id for delivery in kept}:
            raise refused("delivery_unknown", delivery=missing)
        if target is None:
            _list(kept, as_json=as_json)
            return True
        keys = Keys(load(KeySettings), worker)
        with httpx.Client(trust_env=False) as client, _progress(len(kept)) as advance:
            replayed = []
            for delivery in kept:
                replayed.append(_replay(client, worker, keys, delivery, target))
                advance()
    _show(replayed, as_json=as_json)
    return all(one.outcome != "refused" for one in replayed)


def _replay(client: httpx.Client, worker: Database, keys: Keys, kept: KeptDelivery, target: Target) -> Replayed:
    try:
        raw = open_body(worker, keys, kept)
    except Rejected as rejected:
        return Replayed(what=str(kept.id), outcome="skipped", detail=rejected.message)
    if obstacle := _obstacle(kept, raw):
        return Replayed(what=str(kept.id), outcome="skipped", detail=obstacle)
    whose = kept.provider if kept.provider in SPLITS else provider_of_payload(raw) or "whatsapp"
    posted = _post(client, str(kept.id), raw, target.place(whose))
    if posted.outcome == "accepted":
        with worker.system() as session:
            close_kept(session, kept)
    return posted


def _obstacle(kept: KeptDelivery, raw: bytes) -> str:
    """Say why a replay would only put it into quarantine once more; "" when it would not."""
    try:
        document = bounded_json.parse(raw)
        SPLITS[kept.provider if kept.provider in SPLITS else provider_of(document)](document)
    except (bounded_json.Unusable, Unreadable) as unreadable:
        return say("it still cannot be read: {reason}", reason=unreadable.reason)
    if kept.accounts and not kept.unreadable and not kept.owned:
        return say("no organization has the account {accounts} yet", accounts=", ".join(kept.accounts))
    return ""


def _post(client: httpx.Client, what: str, raw: bytes, place: Place) -> Replayed:
    try:
        answer = post_signed(client, place.url, raw, secret=place.secret)
    except httpx.HTTPError as error:
        raise refused("receiver_unreachable", url=place.url, reason=type(error).__name__) from error
    return Replayed(
        what=what,
        outcome="accepted" if answer.accepted else "refused",
        detail=f"HTTP {answer.status_code}",
        milliseconds=round(answer.milliseconds, 1),
    )


@contextmanager
def _progress(count: int) -> Iterator[Callable[[], None]]:
    """Show on standard error how many are done; told of each by calling what this gives."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=progress(), transient=True) as bars:
        bar = bars.add_task(say("Delivering"), total=count)
        yield lambda: bars.advance(bar)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise refused("not_a_file", path=path) from error


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise refused("delivery_unknown", delivery=text) from None


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _show(replayed: Sequence[Replayed], *, as_json: bool) -> None:
    counts = {name: sum(one.outcome == name for one in replayed) for name in ("accepted", "refused", "skipped")}
    if as_json:
        print_json({**counts, "deliveries": [asdict(one) for one in replayed]})
        return
    console = output()
    colours = {"accepted": "green", "refused": "red", "skipped": "yellow"}
    for one in replayed:
        console.print(f"[{colours[one.outcome]}]{say(one.outcome):<9}[/] ", end="")
        console.print(f"{one.what}  {one.detail}", markup=False, highlight=False, soft_wrap=True)
    console.print(say("{accepted} accepted, {refused} refused, {skipped} skipped", **counts))


def _list(kept: Sequence[KeptDelivery], *, as_json: bool) -> None:
    if as_json:
        print_json({"held": [asdict(delivery) for delivery in kept]})
        return
    table = Table(title=say("{count} deliveries", count=len(kept)), title_justify="left")
    for heading in (say("delivery"), say("received"), say("provider"), say("reason"), say("accounts"), say("bytes")):
        table.add_column(heading, overflow="fold")
    for delivery in kept:
        table.add_row(
            str(delivery.id),
            f"{delivery.received_at:%Y-%m-%d %H:%M:%S}",
            delivery.provider,
            delivery.reason,
            ", ".join(delivery.accounts),
            str(delivery.body_size),
        )
    output().print(table)
