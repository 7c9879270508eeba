"""Connections on the screen: what each is, when it was last heard of, and what somebody has to do about it."""

from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from infra.cli.connecting import Tested, as_check
from infra.cli.language import say
from infra.cli.screen import output
from shared.channels.connection_states import ConnectionState
from shared.channels.ownership import Check

# These are mended by a token; the other reasons of a pause are mended at the provider.
_BY_TOKEN = frozenset({"token_refused", "token_expired", "account_not_owned"})
_MARKS = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "unknown": "[yellow]?[/]"}


def next_step(state: ConnectionState) -> str:
    """What somebody has to do, or nothing."""
    kinds = {alert["kind"] for alert in state.alerts}
    if state.status == "revoked":
        return ""
    if state.status != "active":
        if state.attention_reason in _BY_TOKEN:
            return say(
                "get a new token, then: departments connection rotate --connection {account}", account=state.account
            )
        return say(
            "settle it at the provider, then: departments connection test --connection {account}", account=state.account
        )
    if "silent" in kinds:
        return say("no webhook arrives: departments connection test --connection {account}", account=state.account)
    if "token_expiring" in kinds:
        return say("the token ends soon: departments connection rotate --connection {account}", account=state.account)
    return say("read the provider's warning") if "provider_warning" in kinds else ""


def as_data(state: ConnectionState) -> dict[str, Any]:
    """A connection for programs; never its token."""
    return {
        "connection_id": state.connection_id,
        "provider": state.provider,
        "account": state.account,
        "name": state.name,
        "status": state.status,
        "business_account_id": state.business_account_id,
        "business_portfolio_id": state.business_portfolio_id,
        "attention": None
        if state.attention_reason is None
        else {"reason": state.attention_reason, "since": state.attention_since, "detail": state.last_error},
        "last_webhook_at": state.last_webhook_at,
        "last_send_at": state.last_send_at,
        "token_expires_at": state.token_expires_at,
        "token_refreshed_at": state.token_refreshed_at,
        "alerts": state.alerts,
        "next_step": next_step(state),
    }


def tested_data(tested: Tested) -> dict[str, Any]:
    """A test for programs."""
    return {
        "connection_id": tested.connection.connection_id,
        "provider": tested.connection.provider,
        "account": tested.connection.account,
        "passed": tested.examination.passed,
        "change": tested.change,
        "checks": [as_check(check) for check in tested.examination.checks],
    }


def show_connections(states: list[ConnectionState]) -> None:
    """One row for each, and below what somebody has to do."""
    console = output()
    if not states:
        console.print(say("There is no connection yet: departments connection add"), markup=False, highlight=False)
        return
    table = Table(title=say("Connections"), title_justify="left")
    for heading in (
        say("channel"),
        say("account"),
        say("state"),
        say("last webhook"),
        say("last send"),
        say("token ends"),
    ):
        table.add_column(heading, overflow="fold")
    for state in states:
        table.add_row(
            state.provider,
            f"{state.account} {state.name}".strip(),
            _state(state),
            _ago(state.last_webhook_at),
            _ago(state.last_send_at),
            "—" if state.token_expires_at is None else f"{state.token_expires_at.astimezone(UTC):%Y-%m-%d}",
        )
    console.print(table)
    for state in states:
        for alert in state.alerts:
            line = f"{state.account}: {alert['reason']} {alert['detail'] or ''}".rstrip()
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        if step := next_step(state):
            console.print(f"  → {step}", markup=False, highlight=False, soft_wrap=True)


def show_tested(tested: Tested) -> None:
    """Each check with what it found, and what changed."""
    console = output()
    for check in tested.examination.checks:
        show_check(check)
    if tested.change == "recovered":
        console.print(say("It works again: what waited is sent within minutes."), markup=False, highlight=False)
    elif tested.change == "paused":
        console.print(say("It is paused now: nothing is sent, and nothing is lost."), markup=False, highlight=False)


def show_check(check: Check) -> None:
    """One check on a line."""
    names = {
        "token": say("the provider takes the token"),
        "ownership": say("the account is the token's own"),
        "sending": say("the account may send"),
        "webhooks": say("webhooks come to this app"),
    }
    console = output()
    console.print(f"{_MARKS[check.outcome]} ", end="")
    detail = f" ({check.detail})" if check.detail else ""
    console.print(f"{names[check.name]}{detail}", markup=False, highlight=False, soft_wrap=True)
    if check.name == "webhooks" and check.outcome == "failed":
        hint = say("subscribe the app to the account's webhooks: POST /ACCOUNT/subscribed_apps")
        console.print(f"  → {hint}", markup=False, highlight=False, soft_wrap=True)


def _state(state: ConnectionState) -> str:
    color = {"active": "green", "revoked": "dim"}.get(state.status, "red")
    if any(alert["kind"] == "silent" for alert in state.alerts) and state.status == "active":
        return f"[yellow]{say('silent')}[/]"
    reason = f" ({state.attention_reason})" if state.attention_reason else ""
    return f"[{color}]{state.status}[/]{reason}"


def _ago(moment: datetime | None) -> str:
    if moment is None:
        return "—"
    minutes = int((datetime.now(UTC) - moment).total_seconds() // 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return say("{minutes} min ago", minutes=max(minutes, 0))
    if minutes < 48 * 60:
        return say("{hours} h ago", hours=minutes // 60)
    return say("{days} days ago", days=minutes // 1440)
