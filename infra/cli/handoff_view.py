"""Hand-overs on the screen: who waits, how long, and what a person needs to know."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rich.table import Table

from infra.cli.language import say
from infra.cli.screen import output
from shared.conversations.handoffs import Handoff


def as_data(found: Handoff) -> dict[str, Any]:
    """A hand-over for programs; times in seconds are whole."""
    return {
        "handoff_id": found.id,
        "conversation_id": found.conversation_id,
        "customer": found.customer,
        "channel": found.channel,
        "reason": found.reason,
        "state": found.state,
        "requested_at": found.requested_at,
        "target_at": found.target_at,
        "waited_seconds": int(_waited(found).total_seconds()),
        "late": _late(found),
        "told_at": found.told_at,
        "alerted_at": found.alerted_at,
        "updated_customer_at": found.updated_customer_at,
        "claimed_at": found.claimed_at,
        "claimed_by": found.claimed_by,
        "closed_at": found.closed_at,
        "conversation_status": found.conversation_status,
        "last_seq": found.last_seq,
        "summary": [
            {"kind": line.kind, "text": line.text, "message_id": line.message_id, "chunk_id": line.chunk_id}
            for line in found.summary
        ],
    }


def show_handoffs(found: list[Handoff]) -> None:
    """One row for each; red is late, yellow waits, green is in somebody's hands."""
    console = output()
    if not found:
        console.print(say("Nobody waits for a person."), markup=False, highlight=False)
        return
    table = Table(title=say("Hand-overs"), title_justify="left")
    for heading in (say("hand-over"), say("customer"), say("reason"), say("state"), say("waiting"), say("with")):
        table.add_column(heading, overflow="fold")
    for one in found:
        color = _color(one)
        table.add_row(
            str(one.id),
            f"{one.customer} ({one.channel})",
            one.reason,
            f"[{color}]{one.state}[/]",
            f"[{color}]{_duration(_waited(one))}[/]",
            one.claimed_by or ("—" if one.claimed_at is None else say("a person")),
        )
    console.print(table)


def show_handoff(found: Handoff) -> None:
    """All of one, with where each line is from."""
    console = output()
    color = _color(found)
    facts = {
        say("hand-over"): str(found.id),
        say("conversation"): f"{found.conversation_id} ({found.conversation_status})",
        say("customer"): f"{found.customer} ({found.channel})",
        say("reason"): found.reason,
        say("newest message"): str(found.last_seq),
        say("with"): found.claimed_by or ("—" if found.claimed_at is None else say("a person")),
    }
    for name, value in facts.items():
        console.print(f"  {name:<16} {value}", markup=False, highlight=False, soft_wrap=True)
    waiting = f"{found.state}, {_duration(_waited(found))}"
    console.print(f"  {say('waiting'):<16} [{color}]{waiting}[/]", highlight=False)
    names = {
        "asked": say("The customer wrote"),
        "tried": say("The AI answered"),
        "source": say("It used"),
        "missing": say("Not answered"),
    }
    shown = ""
    for line in found.summary:
        if line.kind != shown:
            console.print(f"\n[bold]{names.get(line.kind, line.kind)}[/]")
            shown = line.kind
        console.print(f"  {line.text}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"    {line.message_id or line.chunk_id}", style="dim", highlight=False, soft_wrap=True)


def _waited(found: Handoff) -> timedelta:
    """Until somebody came, or it was over."""
    return (found.claimed_at or found.closed_at or datetime.now(UTC)) - found.requested_at


def _late(found: Handoff) -> bool:
    return (found.claimed_at or found.closed_at or datetime.now(UTC)) > found.target_at


def _color(found: Handoff) -> str:
    if found.closed_at is not None:
        return "dim"
    if found.state == "claimed":
        return "green"
    return "red" if _late(found) else "yellow"


def _duration(waited: timedelta) -> str:
    minutes = max(int(waited.total_seconds() // 60), 0)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return say("{minutes} min", minutes=minutes)
    if minutes < 48 * 60:
        return say("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
    return say("{days} days", days=minutes // 1440)
