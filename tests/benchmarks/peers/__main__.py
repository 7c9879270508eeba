"""`make bench-peers`: turns per second of this project, DBOS and procrastinate on the same server, in turn.

The model and the provider answer at once everywhere. Ours is the whole protocol of a turn: claim, ledger of the call,
fenced commit of turn, cost and outbox, mark, send, record. DBOS runs a workflow of three steps and procrastinate one
job, and their steps do nothing. All wait in their queue before the time runs, all use as many threads, all commit with
the server's default durability; a round of each after the other, medians count.
"""

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.benchmarks.database import measured_server, migrated_database
from tests.benchmarks.hosting import REPOSITORY
from tests.benchmarks.pending_turns import InstantModel, add_waiting_conversations, application_database, take_turns
from tests.benchmarks.report import Findings, Target, middle, print_findings, spread, write_findings
from tests.support.database import Database, Server
from tests.support.tenants import make_organization

TURNS = 1000
THREADS = 8
ROUNDS = 5
OURS, DBOS, PROCRASTINATE = "a turn of ours", "DBOS, a workflow of three steps", "procrastinate, one job"
PROGRAMS = {DBOS: "dbos_workflow", PROCRASTINATE: "procrastinate_job"}
PEERS_PYTHON = REPOSITORY / ".venv-peers" / "bin" / "python"
RESULTS = REPOSITORY / "build" / "bench-peers.json"


def measure(progress: Progress) -> Findings:
    """Run the rounds."""
    rates: dict[str, list[float]] = {OURS: [], DBOS: [], PROCRASTINATE: []}
    versions = {OURS: ""}
    task = progress.add_task("peers", total=(ROUNDS + 1) * len(rates))
    with measured_server() as server:
        ours = _our_round(migrated_database(server, "ours"))
        for number in range(ROUNDS + 1):
            for name, seen in rates.items():
                progress.update(task, description=name, advance=1)
                rate, versions[name] = (ours(), "") if name == OURS else _peer_round(server, PROGRAMS[name])
                if number:  # the first warms files and byte code
                    seen.append(rate)
    table = Table("contestant", "version", title=f"{TURNS} turns, {THREADS} at once", title_justify="left")
    for heading in ("turns/s", "lowest to highest"):
        table.add_column(heading, justify="right")
    for name, seen in rates.items():
        table.add_row(name, versions[name], f"{middle(seen):,.0f}", spread(seen))
    ratio = middle(rates[OURS]) / middle(rates[DBOS])
    return Findings(
        tables=[table],
        figures={"turns_per_second": rates, "versions": versions, "turns": TURNS, "threads": THREADS},
        targets=[Target(what=f"{OURS} ÷ {DBOS}", measured=ratio, at_least=2)],
    )


def _our_round(measured: Database) -> Callable[[], float]:
    """Return what measures one round in a process that is warm, as an instance of agent_execution is."""
    tenant = make_organization(measured)

    def run() -> float:
        waiting = add_waiting_conversations(measured, tenant, number=TURNS, text="Que horas vocês abrem?")
        with closing(application_database(measured, connections=THREADS)) as database:
            seconds, _ = take_turns(database, tenant, waiting, responder=InstantModel(), threads=THREADS)
        return TURNS / seconds

    return run


def _peer_round(server: Server, program: str) -> tuple[float, str]:
    """Run a program of .venv-peers on a new database; returns its turns per second and its version."""
    name = f"peer_{uuid4().hex}"
    server.execute(f"CREATE DATABASE {name}")
    url = f"postgresql://postgres@/{name}?host={Path(server.socket).parent}"
    command = [str(PEERS_PYTHON), "-m", f"tests.benchmarks.peers.{program}", f"--url={url}"]
    command += [f"--turns={TURNS}", f"--threads={THREADS}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=REPOSITORY)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    return result["turns"] / result["seconds"], result["version"]


def main() -> None:
    """Measure, print, write build/bench-peers.json; fail when the promise is missed."""
    argparse.ArgumentParser(prog="make bench-peers", description=__doc__).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that what was started is stopped
    console = Console(width=None if sys.stdout.isatty() else 140)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        findings = {"peers": measure(progress)}
    kept = print_findings(console, findings)
    write_findings(RESULTS, findings)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
