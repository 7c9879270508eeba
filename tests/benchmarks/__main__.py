"""`make bench`: runs the parts, prints tables, writes build/bench.json; fails when a promise is missed."""

from __future__ import annotations

import argparse
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from tests.benchmarks.report import machine, print_findings, write_findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.report import Findings

PARTS = ("intake", "turns", "cold_start", "vector_search", "start_up")
RESULTS = Path(__file__).resolve().parents[2] / "build" / "bench.json"


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="make bench PART=…", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all without")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that what was started is stopped
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print("measured on", ", ".join(f"{name} {value}" for name, value in machine().items()), highlight=False)
    findings = {}
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        for part in options.parts or PARTS:
            measure: Callable[[Progress], Findings] = import_module(f"tests.benchmarks.{part}").measure
            findings[part] = measure(progress)
    kept = print_findings(console, findings)
    write_findings(options.output, findings)
    console.print(f"\nwritten to {options.output}", highlight=False)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
