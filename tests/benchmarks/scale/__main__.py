"""`make bench-scale`: fills a table for 10,000 organizations and 1,000,000 chunks and measures searches in it.

Prints a table and writes build/bench-scale.json. Takes about an hour and 12 GB of disk; `--organizations 500` tries it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.benchmarks.database import measured_server, migrated_database
from tests.benchmarks.report import Findings, machine, print_findings, write_findings
from tests.benchmarks.scale.asking import (
    NEIGHBOURS,
    Asked,
    Times,
    ask_all,
    bytes_of_table,
    questions,
    recall,
    restart_cold,
)
from tests.benchmarks.scale.filling import Texts, fill
from tests.support.conversations import open_database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.platform.database import Database as ApplicationDatabase
    from tests.benchmarks.scale.filling import Organization
    from tests.support.database import Database, Server

RESULTS = Path(__file__).resolve().parents[3] / "build" / "bench-scale.json"
CHUNKS_EACH = 100  # on average
CLIENTS = 8
_SAMPLE = 40  # questions of each size whose recall is measured
_COLD = 200
# A tenth of a small production server's memory; the rest is the system's, as on a managed one.
_SETTINGS = "shared_buffers = 2GB\nmax_wal_size = 8GB\ncheckpoint_timeout = 30min\n"


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="make bench-scale ARGS=…", description=__doc__)
    parser.add_argument("--organizations", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=1000, help="of each size, warm")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that the server is stopped
    console = Console(width=None if sys.stdout.isatty() else 140)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        findings = {"scale": _measure(progress, organizations=options.organizations, count=options.questions)}
    print_findings(console, findings)
    write_findings(options.output, findings)
    console.print(f"\nwritten to {options.output}", highlight=False)


def _measure(progress: Progress, *, organizations: int, count: int) -> Findings:
    texts = Texts()
    task = progress.add_task("filling", total=1)

    def told(what: str, done: int, of: int) -> None:
        progress.update(task, description=f"filling: {what}", completed=done, total=of)

    with measured_server(_SETTINGS) as server:
        clone = migrated_database(server, "scale")
        began = time.perf_counter()
        known = fill(clone, texts, organizations=organizations, chunks=organizations * CHUNKS_EACH, told=told)
        filled_in = time.perf_counter() - began
        size = bytes_of_table(server, clone.name)
        asked = _asked(texts, known, count)
        progress.remove_task(task)
        cold = _cold(progress, server, clone, asked)
        with contextlib.closing(open_database(clone, "application", pool_size=CLIENTS)) as database:
            warm = _warm(progress, database, asked)
            found = {name: recall(database, some[:_SAMPLE]) for name, some in asked.items() if name != ANY}
    return _findings(known, cold | warm, found, filled_in=filled_in, size=size)


ANY = "any, by size"


def _asked(texts: Texts, known: list[Organization], count: int) -> dict[str, list[Asked]]:
    """The questions by whom they are put to: any organization as often as it is large, and each size alone."""
    groups = {group: [one for one in known if one.group == group] for group in dict.fromkeys(o.group for o in known)}
    found = {ANY: questions(texts, known, count, by_size=True)}
    return found | {name: questions(texts, some, count, by_size=False) for name, some in sorted(groups.items())}


def _cold(
    progress: Progress, server: Server, clone: Database, asked: Mapping[str, list[Asked]]
) -> dict[tuple[str, str], Times]:
    """Each kind of question after a restart with nothing cached; the first few also pay for the server's own start."""
    found = {}
    for name, some in asked.items():
        task = progress.add_task(f"cold: {name}", total=_COLD)
        restart_cold(server)

        def done(task: Any = task) -> None:
            progress.advance(task)

        with contextlib.closing(open_database(clone, "application", pool_size=1)) as database:
            found[name, "cold, 1 client"] = ask_all(database, some[:_COLD], clients=1, done=done)
        progress.remove_task(task)
    return found


def _warm(
    progress: Progress, database: ApplicationDatabase, asked: Mapping[str, list[Asked]]
) -> dict[tuple[str, str], Times]:
    """Each kind of question again, after a round that is not counted."""
    found = {}
    for name, some in asked.items():
        task = progress.add_task(f"warm: {name}", total=3 * len(some))

        def done(task: Any = task) -> None:
            progress.advance(task)

        ask_all(database, some, clients=CLIENTS, done=done)
        for clients in (1, CLIENTS):
            label = f"warm, {clients} client{'s' if clients > 1 else ''}"
            found[name, label] = ask_all(database, some, clients=clients, done=done)
        progress.remove_task(task)
    return found


def _findings(
    known: list[Organization],
    times: Mapping[tuple[str, str], Times],
    found: Mapping[str, float],
    *,
    filled_in: float,
    size: int,
) -> Findings:
    chunks = sum(one.chunks for one in known)
    table = Table(
        "organization",
        "caches",
        title=f"a search among {len(known):,} organizations, {chunks:,} chunks, {size / 1e9:.1f} GB",
    )
    for heading in ("questions", "p50 ms", "p95 ms", "p99 ms", f"recall@{NEIGHBOURS}"):
        table.add_column(heading, justify="right")
    for (name, label), one in times.items():
        cells = [f"{value:.1f}" for value in (one.p50, one.p95, one.p99)]
        table.add_row(name, label, str(one.count), *cells, f"{found[name]:.3f}" if name in found else "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    figures = {
        "organizations": len(known),
        "by size": Counter(one.group for one in known),
        "chunks": chunks,
        "bytes": size,
        "memory bytes": memory,
        "seconds to fill": round(filled_in, 1),
        "milliseconds": {f"{name}; {label}": asdict(one) for (name, label), one in times.items()},
        "recall": found,
        "machine": machine(),
    }
    return Findings(tables=[table], figures=figures)


if __name__ == "__main__":
    main()
