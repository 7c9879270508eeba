"""What people and programs see: rich text or JSON on standard output, failures on standard error."""

import json
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from infra.cli.failures import CommandFailed
from infra.cli.language import say

if TYPE_CHECKING:
    from rich.console import Console

# A log or a pipe has no width of its own; rich would fold tables at 80 columns, which breaks addresses in two.
WIDTH_WITHOUT_TERMINAL = 120


@cache
def output() -> "Console":
    """Return the console of standard output."""
    return _console(stderr=False)


@cache
def progress() -> "Console":
    """Return the console of standard error: progress, hints and failures, so that standard output stays data."""
    return _console(stderr=True)


def print_json(data: Any) -> None:
    """Print data as indented JSON, alone on standard output; ids and times as text."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


def print_failure(failure: CommandFailed) -> None:
    """Print what failed and what to do next on standard error."""
    print_error(failure.message, code=failure.code, next_step=failure.next_step)


def print_error(message: str, *, code: str, next_step: str) -> None:
    """Print one error and its next step, never folded, so that what it names can be copied."""
    console = progress()
    console.print(f"[bold red]{say('error')}[/] [dim]\\[{code}][/]: ", end="", highlight=False)
    console.print(message, markup=False, highlight=False, soft_wrap=True)
    if next_step:
        console.print(f"[bold]{say('next:')}[/]  ", end="")
        console.print(next_step, markup=False, highlight=False, soft_wrap=True)


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_WITHOUT_TERMINAL
    return Console(stderr=stderr, width=width)
