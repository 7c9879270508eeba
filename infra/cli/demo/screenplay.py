"""The demo on the screen: the conversation as a chat while it happens, then what was stored and how long it took."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from rich.align import Align
from rich.cells import cell_len
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from infra.cli.demo.facts import Outcome, Said, Step
from infra.cli.demo.observation import TABLES
from infra.cli.language import say
from infra.cli.screen import output, progress

BUBBLE_WIDTH = 64
Tell = Callable[[str, int, int], None]
"""Told of an import: the file, how many are done, how many there are."""


class Screenplay:
    """What the audience sees; a silent one shows only progress, on standard error."""

    def __init__(self, *, silent: bool) -> None:
        """Say whether standard output belongs to somebody else."""
        self._silent = silent
        self._console = output()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End."""

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Show what is being waited for."""
        with progress().status(f"{what} …"):
            yield

    @contextmanager
    def importing(self) -> Iterator[Tell]:
        """Show the import of the business's knowledge as a bar."""
        with import_bar(say("Importing the knowledge of Padaria Aurora")) as tell:
            yield tell

    def begin_scene(self, number: int, title: str) -> None:
        """Show the scene's number and title."""
        self._print(Rule(f"{number} {title}", align="left", style="dim"))

    def show_line(self, line: Said) -> None:
        """Show a message as a bubble: the customer's on the left, the department's on the right."""
        from_customer = line.speaker != "department"
        footer = f"{line.seconds:.1f} s" + (f" · {line.note}" if line.note else "")
        title = line.speaker if from_customer else say("Padaria Aurora (AI)")
        bubble = Panel(
            Text(line.text),
            title=title,
            title_align="left",
            subtitle=f"[dim]{footer}[/]",
            subtitle_align="right",
            width=_bubble_width(line.text, title, footer),
            border_style="cyan" if from_customer else "green",
        )
        self._print(Align(bubble, "left" if from_customer else "right", width=min(self._console.width, 100)))

    def end_scene(self, step: Step) -> None:
        """Show what the scene stored, on one line."""
        added = ", ".join(f"{table.split('.')[1]} +{rows}" for table, rows in step.rows.items() if rows)
        self._print(f"[dim]{say('stored:')} {added or say('nothing')}[/]")

    def show_outcome(self, outcome: Outcome) -> None:
        """Show the tables and the checks."""
        for table in (_rows_table(outcome), _stored_table(outcome), _timings_table(outcome)):
            self._print("")
            self._print(table)
        self._print("")
        for check in outcome.checks:
            mark = "[green]✓[/]" if check.held else "[red]✗[/]"
            found = f" [dim]({check.found})[/]" if check.found else ""
            self._print(f"{mark} {check.expectation}{found}", soft_wrap=True)
        held = sum(check.held for check in outcome.checks)
        told = say("{held} of {count} expectations held", held=held, count=len(outcome.checks))
        seconds = say("{seconds:.0f} s altogether", seconds=outcome.timings["total_seconds"])
        self._print(f"[bold {'green' if outcome.passed else 'red'}]{told}[/], {seconds}")

    def _print(self, what: Any, *, soft_wrap: bool = False) -> None:
        if not self._silent:
            self._console.print(what, highlight=False, soft_wrap=soft_wrap)


@contextmanager
def import_bar(title: str) -> Iterator[Tell]:
    """Show an import as a bar on standard error."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("[dim]{task.fields[file]}"),
    )
    with Progress(*columns, console=progress(), transient=True) as bars:
        bar = bars.add_task(title, total=None, file="")

        def tell(file: str, done: int, count: int) -> None:
            bars.update(bar, completed=done, total=count, file=file)

        yield tell


def _bubble_width(text: str, title: str, footer: str) -> int:
    longest = max(cell_len(line) for line in text.splitlines() or [""])
    return max(min(BUBBLE_WIDTH, longest + 4), cell_len(footer) + 6, cell_len(title) + 6)


def _rows_table(outcome: Outcome) -> Table:
    table = Table(
        title=say("Rows that each step added"),
        title_justify="left",
        caption=say("A reply's statuses (sent, delivered, read) are webhooks too."),
        caption_justify="left",
    )
    table.add_column(say("table"))
    for number in range(1, len(outcome.steps) + 1):
        table.add_column(say("step {number}", number=number), justify="right")
    for name in TABLES:
        table.add_row(name, *(f"+{step.rows[name]}" if step.rows[name] else "[dim]·[/]" for step in outcome.steps))
    return table


def _stored_table(outcome: Outcome) -> Table:
    table = Table(title=say("What they say"), title_justify="left")
    table.add_column(say("step"), justify="right")
    table.add_column(say("table"))
    table.add_column(say("id"))
    table.add_column(say("state"))
    for number, step in enumerate(outcome.steps, start=1):
        for position, stored in enumerate(step.stored):
            last = position == len(step.stored) - 1
            label = "" if position else str(number)
            table.add_row(label, stored.table, f"{stored.id[:8]}…{stored.id[-4:]}", stored.state, end_section=last)
    return table


def _timings_table(outcome: Outcome) -> Table:
    table = Table(
        title=say("How long it took"),
        title_justify="left",
        caption=say(
            "The reply waits two quiet seconds for more messages; round trips are a turn's own, to the database."
        ),
        caption_justify="left",
    )
    table.add_column(say("step"), no_wrap=True)
    table.add_column(say("webhooks, ms"), justify="right")
    table.add_column(say("reply after, s"), justify="right")
    table.add_column(say("turn, ms"), justify="right")
    table.add_column(say("round trips"), justify="right")
    for number, step in enumerate(outcome.steps, start=1):
        own = ", ".join(str(turn.own_milliseconds) for turn in step.turns)
        table.add_row(
            f"{number} {step.title}",
            ", ".join(f"{milliseconds:.0f}" for milliseconds in step.webhook_milliseconds),
            "" if step.seconds_to_reply is None else f"{step.seconds_to_reply:.2f}",
            own,
            ", ".join(str(trips) for trips in step.round_trips),
        )
    return table
