"""Runs a local stack in this process: says what it waits for, shows where things are, ends on a signal."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from infra.cli.failures import ExitCode
from infra.cli.language import say
from infra.cli.refusals import refused
from infra.cli.screen import output, progress
from infra.local.errors import StackUnusable
from infra.local.stack import LocalStack, StackOptions


def serve(options: StackOptions, *, until_input_ends: bool) -> ExitCode:
    """Run the stack until SIGINT, SIGTERM or, on request, the end of standard input.

    Returns:
        OK when it was ready before it was told to end, INTERRUPTED when it was not.

    Raises:
        CommandFailed: the stack cannot start.
    """
    try:
        return asyncio.run(_serve(options, until_input_ends=until_input_ends))
    except StackUnusable as unusable:
        raise refused("stack_unusable", reason=str(unusable)) from unusable


async def _serve(options: StackOptions, *, until_input_ends: bool) -> ExitCode:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    if until_input_ends:
        _watch_input(loop, ending)
    began = time.monotonic()
    stack = LocalStack(options)
    starting = asyncio.ensure_future(stack.start())
    told_to_end = asyncio.ensure_future(ending.wait())
    await asyncio.wait({starting, told_to_end}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait({starting})
        return ExitCode.INTERRUPTED
    await starting
    try:
        _show(stack.ready, data_dir=options.data_dir, seconds=time.monotonic() - began)
        await told_to_end
    finally:
        progress().print(f"{say('Stopping')} …")
        await stack.stop()
    return ExitCode.OK


def _watch_input(loop: asyncio.AbstractEventLoop, ending: asyncio.Event) -> None:
    """End at the end of standard input. Without a thread: one that waits in a read aborts the interpreter's end."""
    handle = sys.stdin.fileno()

    def look() -> None:
        if not os.read(handle, 4096):
            loop.remove_reader(handle)
            ending.set()

    loop.add_reader(handle, look)


def _show(ready: dict[str, Any], *, data_dir: Path, seconds: float) -> None:
    from rich.table import Table

    table = Table(title=say("Ready after {seconds:.1f} s", seconds=seconds), show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    rows = {say("gateway (open it)"): ready["gateway"]}
    rows |= {name: f"{ready['gateway']}/{name}" for name in ready["functions"]}
    rows |= {say("sandbox {name}", name=name): url for name, url in ready["sandboxes"].items()}
    rows |= {say("database"): ready["database"]["application"], say("data"): str(data_dir)}
    rows |= {say("demo {name}", name=name): value for name, value in ready["demo"].items()}
    for name, value in rows.items():
        table.add_row(name, value)
    console = output()
    console.print(table)
    console.print(say("Ctrl-C ends it; started again on the same folder it goes on with all data and waiting tasks."))
