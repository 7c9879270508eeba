"""One look at an installation, as tables or as data."""

import os
from pathlib import Path
from typing import Any

from rich.table import Table

from infra.cli.database_url import usable_url
from infra.cli.failures import explained
from infra.cli.installation import Installation, opened
from infra.cli.language import say
from infra.cli.reachability import read_overview
from infra.cli.refusals import refused
from infra.cli.report import Count, Report, read_report
from infra.cli.screen import output, print_json
from shared.platform.database_errors import StatementFailed
from shared.platform.settings import DatabaseSettings, load

_NO_SUCH_SCHEMA = ("3F000", "42P01", "42883", "42703")
_NO_RIGHT = "42501"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def look(*, ready_file: Path | None, url: str, as_json: bool) -> bool:
    """Print the report; returns whether nobody has to act.

    Raises:
        CommandFailed: the installation cannot be looked at.
    """
    installation = Installation.named(ready_file)
    overview = None if installation.ready is None else read_overview(installation.ready)
    with explained():
        report = _read(installation, url)
    if as_json:
        print_json({"overview": overview, **report.as_data()})
    else:
        _show(report, overview)
    return report.healthy


def _read(installation: Installation, url: str) -> Report:
    try:
        if url:
            os.environ["DATABASE_URL"] = usable_url(url).render_as_string(hide_password=False)
            with opened(load(DatabaseSettings)) as database:
                return read_report(database)
        with installation.worker() as database:
            return read_report(database)
    except StatementFailed as failed:
        if failed.sqlstate in _NO_SUCH_SCHEMA:
            raise refused("not_migrated") from failed
        if failed.sqlstate == _NO_RIGHT:
            raise refused("login_without_rights", role="worker_role") from failed
        raise


def _show(report: Report, overview: dict[str, Any] | None) -> None:
    console = output()
    if overview is not None:
        console.print(_overview_table(overview))
    console.print(_state_table(report))
    console.print(_partition_table(report))
    for count in report.late():
        console.print(
            say(
                "[red]late[/] {table}.{column} = {state}: the oldest waits {age}, limit {limit}",
                table=count.table,
                column=count.column,
                state=count.state,
                age=_age(count.oldest_seconds),
                limit=_age(count.limit_seconds),
            ),
            highlight=False,
        )
    for table in report.short_of_months():
        console.print(
            say("[red]months[/] {table} has {months} months ahead", table=table.table, months=table.months_ahead),
            highlight=False,
        )
    for kind, alerts in report.connection_alerts.items():
        console.print(
            say("[yellow]connections[/] {count} times {kind}: their owners were told", count=alerts, kind=kind)
        )
    if report.duplicates_detected:
        console.print(
            say("[yellow]duplicates[/] {count} replies reached a customer twice", count=report.duplicates_detected)
        )
    if report.healthy:
        console.print(say("[green]✓[/] nothing waits for longer than it may"))


def _overview_table(overview: dict[str, Any]) -> Table:
    table = Table(title=say("Functions and queues"), title_justify="left")
    for heading in (say("name"), say("kind"), say("state"), say("address")):
        table.add_column(heading, overflow="fold")
    for function in overview["functions"]:
        state = f"[green]{say('ready')}[/]" if function["ready"] else f"[red]{say('not ready')}[/]"
        table.add_row(function["name"], say("function"), state, function["url"])
    for queue in overview["queues"]:
        waiting = say("{waiting} waiting, {running} running", waiting=queue["waiting"], running=queue["running"])
        table.add_row(queue["name"], say("queue"), waiting, "")
    return table


def _state_table(report: Report) -> Table:
    table = Table(title=say("{count} organizations", count=report.organizations), title_justify="left")
    table.add_column(say("table"))
    table.add_column(say("state"))
    table.add_column(say("rows"), justify="right")
    table.add_column(say("oldest waiting"), justify="right")
    table.add_column(say("limit"), justify="right")
    for state, rows in report.turns.items():
        table.add_row(say("turns"), state, str(rows), "", "")
    for count in report.states:
        table.add_row(f"{count.table}.{count.column}", *_cells(count))
    return table


def _cells(count: Count) -> tuple[str, str, str, str]:
    age = _age(count.oldest_seconds)
    return count.state, str(count.rows), f"[red]{age}[/]" if count.late else age, _age(count.limit_seconds)


def _partition_table(report: Report) -> Table:
    table = Table(title=say("Months"), title_justify="left")
    table.add_column(say("table"))
    table.add_column(say("months"), justify="right")
    table.add_column(say("ahead"), justify="right")
    table.add_column(say("until"))
    for row in report.partitions:
        until = "" if row.until is None else f"{row.until:%Y-%m-%d}"
        table.add_row(row.table, str(row.months), str(row.months_ahead), until)
    return table


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return f"{max(seconds, 0):.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h" if seconds < _DAY else f"{seconds / _DAY:.1f} d"
