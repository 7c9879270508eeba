"""Runs commands as processes that do not each pay for the libraries: forks from one that has imported them.

Reads one JSON line for each command and answers with one when it has ended. What belongs to the command itself is
imported after the fork, because its texts depend on the language.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx  # noqa: F401 - preloaded, as those below
import rich.progress
import rich.table  # noqa: F401
import typer.rich_utils  # noqa: F401

import functions.work_sweep.states  # noqa: F401
import shared.channels.connection_states
import shared.channels.connections
import shared.channels.quarantine
import shared.knowledge.importing
import shared.platform.keys
import shared.tenants.provisioning  # noqa: F401


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(request)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps(os.waitstatus_to_exitcode(status)) + "\n")
        sys.stdout.flush()


def _become(request: dict[str, Any]) -> None:
    """Turn this process into the command; never returns."""
    folder = Path(request["folder"])
    for number, name in enumerate(("in", "out", "err")):
        handle = os.open(folder / name, os.O_RDONLY if name == "in" else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, number)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["departments", *request["arguments"]]
    code = 1
    try:
        from infra.cli.app import main as command  # noqa: PLC0415 - see above

        code = int(command())
    except BaseException:  # noqa: BLE001 - as the interpreter's end would
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
