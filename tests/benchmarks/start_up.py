"""The local system: from the start of `departments up` to its ready file, on a new folder and on one that was used."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from tests.benchmarks.hosting import LOGS, REPOSITORY
from tests.benchmarks.report import Findings, Target, middle

AGAIN = 5
_DEADLINE = 120.0  # seconds
_MOST_SECONDS = 5


def measure(progress: Progress) -> Findings:
    """Start once on an empty folder, then some times on the same."""
    task = progress.add_task("departments up", total=AGAIN + 1)
    seconds = []
    with tempfile.TemporaryDirectory(prefix="departments-start-up-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root the embedded server runs as a user of its own
        for number in range(AGAIN + 1):
            progress.update(task, description=f"departments up, start {number + 1}", advance=1)
            with _started(folder) as took:
                seconds.append(took)
    first, again = seconds[0], seconds[1:]
    table = Table("departments up", title="until the system is ready", title_justify="left")
    for heading in ("seconds", "shortest to longest"):
        table.add_column(heading, justify="right")
    table.add_row("on a new folder", f"{first:.2f}", "")
    table.add_row("again on the same folder", f"{middle(again):.2f}", f"{min(again):.2f} to {max(again):.2f}")
    return Findings(
        tables=[table],
        figures={"seconds_first": first, "seconds_again": again},
        targets=[
            Target(what="second start of departments up", measured=middle(again), at_most=_MOST_SECONDS, unit=" s")
        ],
    )


@contextmanager
def _started(folder: Path) -> Iterator[float]:
    """Run the local system for the length of the block; yields the seconds until it was ready."""
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    command = [str(Path(sys.executable).with_name("departments")), "up", f"--data-dir={folder / 'data'}", "--port=0"]
    LOGS.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with (LOGS / "departments-up.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--ready-file={ready}"], cwd=REPOSITORY, stdout=log, stderr=log)
    try:
        while not ready.exists():
            took = time.perf_counter() - began
            if process.poll() is not None or took > _DEADLINE:
                raise RuntimeError(f"departments up was not ready after {took:.0f} s: {(LOGS / 'departments-up.log')}")
            time.sleep(0.005)  # a file's appearance has no other sign
        yield time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(timeout=60)
