"""Replays: payload files, or the deliveries that a database holds in quarantine, signed and posted to intake."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
from rich.table import Table

from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.language import say
from infra.cli.naming import find_among_all
from infra.cli.refusals import refused
from infra.cli.screen import output, print_json
from infra.cli.webhooks import post_signed
from shared.channels.items import Unreadable
from shared.channels.quarantine import KeptDelivery, Selection, close_kept, find_kept, open_body
from shared.channels.whatsapp import envelope
from shared.kit import bounded_json
from shared.kit.errors import Rejected
from shared.platform.database import Database
from shared.platform.keys import Keys
from shared.platform.settings import KeySettings, SecretCommaList, Settings, load

_SPLITS = {"whatsapp": envelope.split}


class _SigningSettings(Settings):
    """What intake reads too, without its other settings."""

    meta_app_secrets: SecretCommaList


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to post, and the secret to sign with."""

    url: str
    secret: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One delivery: `outcome` is accepted, refused (by intake) or skipped (not posted: it could not succeed)."""

    what: str
    outcome: str
    detail: str
    milliseconds: float | None = None


def target_of(installation: Installation, *, provider: str, url: str) -> Target:
    """Return where the replay goes.

    Raises:
        CommandFailed: no address is known, or no secret is set.
    """
    if not url and installation.ready is None:
        raise refused("settings_missing", reason=say("--url is missing"))
    with explained():
        secret = load(_SigningSettings).meta_app_secrets[0].get_secret_value().encode()
    known = "" if installation.ready is None else f"{installation.ready['gateway']}/webhook_intake/{provider}"
    return Target(url=url or known, secret=secret)


def replay_files(files: Sequence[Path], *, target: Target | None, as_json: bool) -> bool:
    """Post each file; returns whether all were accepted."""
    bodies = [(path, _read(path)) for path in files]
    with httpx.Client(trust_env=False) as client:
        replayed = [_post(client, str(path), raw, target) for path, raw in bodies]
    _show(replayed, as_json=as_json)
    return all(one.outcome == "accepted" for one in replayed)


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
        with httpx.Client(trust_env=False) as client:
            replayed = [_replay(client, worker, keys, delivery, target) for delivery in kept]
    _show(replayed, as_json=as_json)
    return all(one.outcome != "refused" for one in replayed)


def _replay(client: httpx.Client, worker: Database, keys: Keys, kept: KeptDelivery, target: Target) -> Replayed:
    try:
        raw = open_body(worker, keys, kept)
    except Rejected as rejected:
        return Replayed(what=str(kept.id), outcome="skipped", detail=rejected.message)
    if obstacle := _obstacle(kept, raw):
        return Replayed(what=str(kept.id), outcome="skipped", detail=obstacle)
    posted = _post(client, str(kept.id), raw, target)
    if posted.outcome == "accepted":
        with worker.system() as session:
            close_kept(session, kept)
    return posted


def _obstacle(kept: KeptDelivery, raw: bytes) -> str:
    """Say why a replay would only put it into quarantine once more; "" when it would not."""
    try:
        _SPLITS[kept.provider](bounded_json.parse(raw))
    except (bounded_json.Unusable, Unreadable) as unreadable:
        return say("it still cannot be read: {reason}", reason=unreadable.reason)
    except KeyError:
        return say("webhooks of {provider} are not taken in yet", provider=kept.provider)
    if kept.accounts and not kept.unreadable and not kept.owned:
        return say("no organization has the account {accounts} yet", accounts=", ".join(kept.accounts))
    return ""


def _post(client: httpx.Client, what: str, raw: bytes, target: Target | None) -> Replayed:
    if target is None:
        raise refused("replay_what")
    try:
        answer = post_signed(client, target.url, raw, secret=target.secret)
    except httpx.HTTPError as error:
        raise refused("receiver_unreachable", url=target.url, reason=type(error).__name__) from error
    return Replayed(
        what=what,
        outcome="accepted" if answer.accepted else "refused",
        detail=f"HTTP {answer.status_code}",
        milliseconds=round(answer.milliseconds, 1),
    )


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
