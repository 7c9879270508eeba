"""Cold start: from the start of the process to the first answer, beside the framework's empty function.

Each function runs from its archive in an environment of its locked requirements, as it is deployed, and the empty
function in that of webhook_intake. Byte code is there, and the files are in the page cache: what differs is what is
imported and done. For webhook_intake the first answer is the first accepted webhook, stored and
acknowledged; the functions that Cloud Tasks and Scheduler call refuse an unsigned call.
"""

import re
import shutil
import socket
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from infra.manifest import load_manifest
from tests.benchmarks.database import measured_server, migrated_database
from tests.benchmarks.function_settings import APP_SECRET, function_settings
from tests.benchmarks.hosting import CONTESTANTS, Host, free_port, last_words, start, stop
from tests.benchmarks.report import Findings, Target, middle, spread
from tests.benchmarks.wake_up_sink import wake_up_sink
from tests.benchmarks.webhooks import Customers
from tests.infra.deployment import installed
from tests.support.database import Server
from tests.support.tenants import make_organization

RUNS = 9
LISTED_IMPORTS = 15
EMPTY = "empty function, asynchronous"
INTAKE = "webhook_intake"
_DEADLINE = 30.0  # seconds
_PING = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}"
_IMPORT = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)


@dataclass(slots=True, kw_only=True)
class Starter:
    """A function that is started again and again, and what it must answer."""

    python: Path
    source: Path
    settings: dict[str, str]
    expected: bytes  # status
    customers: Customers | None = None

    def run(self, *options: str) -> tuple[float, str]:
        """Start it; return milliseconds from then to the complete first answer, and what it wrote."""
        request = self.customers.request() if self.customers else _PING
        python = (str(self.python), *options)
        began = time.perf_counter()
        host = start(self.source, port=free_port(), asynchronous=True, settings=self.settings, python=python)
        try:
            answer = _first_answer(host, request)
            milliseconds = 1000 * (time.perf_counter() - began)
        finally:
            stop(host)
        if answer[9:12] != self.expected:
            raise RuntimeError(f"{self.source.parent.name} answered {answer[:200]!r}: {last_words(host)}")
        return milliseconds, last_words(host, characters=None)


def measure(progress: Progress) -> Findings:
    """Start every function some times in turn, then each once more to list its imports."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sink = stack.enter_context(wake_up_sink())
        starters = _starters(stack.enter_context(measured_server()), folder=folder, sink=sink)
        task = progress.add_task("cold start", total=(RUNS + 2) * len(starters))
        runs: dict[str, list[float]] = {name: [] for name in starters}
        for number in range(RUNS + 1):
            for name, starter in starters.items():
                progress.update(task, description=f"cold start: {name}", advance=1)
                milliseconds, _ = starter.run()
                runs[name] += [milliseconds] if number else []  # the first writes the byte code
        imports = {}
        for name, starter in starters.items():
            progress.update(task, description=f"imports: {name}", advance=1)
            _, written = starter.run("-X", "importtime")
            imports[name] = imports_by_package(written)
    return _findings(runs, imports)


def _starters(server: Server, *, folder: Path, sink: str) -> dict[str, Starter]:
    """The empty function and all of the manifest."""
    starters: dict[str, Starter] = {}
    for name, function in load_manifest().functions.items():
        place = folder / name
        place.mkdir()
        python, source = installed(function, folder=place)
        database = migrated_database(server, name)
        settings = function_settings(name, database, folder=folder, sink=sink)
        starters[name] = Starter(python=python, source=source / "main.py", settings=settings, expected=b"401")
        if name == INTAKE:
            starters[name].expected = b"200"
            starters[name].customers = Customers(make_organization(database).phone_number_id, APP_SECRET, 1000)
    empty = shutil.copy(CONTESTANTS / "empty_asynchronous.py", folder)
    alone = Starter(python=starters[INTAKE].python, source=Path(empty), settings={}, expected=b"200")
    return {EMPTY: alone} | starters


def _first_answer(host: Host, request: bytes) -> bytes:
    """Send the request as soon as the port takes connections, and return the head of the answer."""
    deadline = time.perf_counter() + _DEADLINE
    while time.perf_counter() < deadline and host.process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", host.port), timeout=_DEADLINE) as connection:
                connection.sendall(request)
                return connection.recv(65536)
        except ConnectionError:
            time.sleep(0.002)  # there is no sign of a listening port but to try
    raise RuntimeError(f"it ended, or gave no answer within {_DEADLINE} s: {last_words(host)}")


def imports_by_package(written: str) -> list[tuple[str, int, int]]:
    """(package, its own microseconds, modules) of what `-X importtime` wrote, the dearest first.

    A package is the first part of a module's name, of google's and opentelemetry's shared names the first two.
    """
    microseconds: dict[str, int] = defaultdict(int)
    modules: dict[str, int] = defaultdict(int)
    for own, module in _IMPORT.findall(written):
        parts = module.split(".")
        package = ".".join(parts[: 2 if parts[0] in {"google", "opentelemetry", "functions", "shared"} else 1])
        microseconds[package] += int(own)
        modules[package] += 1
    found = [(package, cost, modules[package]) for package, cost in microseconds.items()]
    return sorted(found, key=lambda row: -row[1])


def _findings(runs: dict[str, list[float]], imports: dict[str, list[tuple[str, int, int]]]) -> Findings:
    medians = {name: middle(values) for name, values in runs.items()}
    table = Table("function", title=f"cold start, median of {RUNS} runs", title_justify="left")
    for heading in ("ms to the first answer", "lowest to highest", "÷ empty", "modules"):
        table.add_column(heading, justify="right")
    for name, value in medians.items():
        modules = sum(count for _, _, count in imports[name])
        table.add_row(name, f"{value:,.0f}", spread(runs[name]), f"{value / medians[EMPTY]:.2f}", f"{modules:,}")
    listed = [_imports_table(name, rows) for name, rows in imports.items() if name != EMPTY]
    return Findings(
        tables=[table, *listed],
        figures={"milliseconds": runs, "imports": imports},
        targets=[
            Target(what=f"{name} ÷ {EMPTY}", measured=value / medians[EMPTY], at_most=3)
            for name, value in medians.items()
            if name != EMPTY
        ],
    )


def _imports_table(name: str, rows: list[tuple[str, int, int]]) -> Table:
    table = Table("package", title=f"imports of {name}, the dearest {LISTED_IMPORTS}", title_justify="left")
    table.add_column("ms", justify="right")
    table.add_column("modules", justify="right")
    for package, microseconds, modules in rows[:LISTED_IMPORTS]:
        table.add_row(package, f"{microseconds / 1000:.1f}", str(modules))
    return table
