"""Intake at 64 clients: webhook_intake beside the framework's empty functions, the usual way and pgbench.

Every contestant is a process of its own and does its whole work: real signatures, sealed bodies, PostgreSQL with
fsync. Requests are distinct messages of 1,000 customers who all have written before, so that no conversation needs a
wake-up; a second table has a new customer with each fifth message. Wake-ups go to an endpoint that only counts them
(wake_up_sink.py). Rounds are interleaved, so that a disturbed second touches one round of one contestant; medians
count.
"""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from tests.benchmarks.database import measured_server
from tests.benchmarks.intake_contestants import (
    EMPTY_THREADED,
    OURS,
    PACE,
    USUAL,
    PgBench,
    start_contestants,
)
from tests.benchmarks.load import Load
from tests.benchmarks.report import Findings, Target, middle, spread
from tests.benchmarks.wake_up_sink import wake_up_sink

ROUNDS = 5
BURST_ROUNDS = 3
PGBENCH = "pgbench, the same statement"

Rates = dict[str, list[float]]


def measure(progress: Progress) -> Findings:
    """Run all rounds."""
    with ExitStack() as stack:
        server = stack.enter_context(measured_server())
        sink = stack.enter_context(wake_up_sink())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        contestants = start_contestants(stack, server, folder=folder, sink=sink)
        pgbench = PgBench(server, folder)
        steps = ROUNDS * (len(contestants) + 1) + BURST_ROUNDS * 2
        task = progress.add_task("intake", total=steps)
        for contestant in contestants.values():
            contestant.meet_customers()
        pgbench_rates = []
        for _ in range(ROUNDS):
            for name, contestant in contestants.items():
                progress.update(task, description=f"intake: {name}", advance=1)
                contestant.run()
            progress.update(task, description="intake: pgbench", advance=1)
            pgbench_rates.append(pgbench.transactions_per_second())
        steady = {name: contestant.take_loads() for name, contestant in contestants.items()}
        for _ in range(BURST_ROUNDS):
            for name in (OURS, USUAL):
                progress.update(task, description=f"intake with wake-ups: {name}", advance=1)
                contestants[name].run_with_wake_ups()
        bursts = {name: contestants[name].take_loads() for name in (OURS, USUAL)}
        for contestant in contestants.values():
            contestant.check_stored()
    rates = {name: [load.requests_per_second for load in loads] for name, loads in steady.items()}
    with_wake_ups = {name: [load.requests_per_second for load in loads] for name, loads in bursts.items()}
    return _findings(rates | {PGBENCH: pgbench_rates}, with_wake_ups, latencies=_latencies(steady))


def _findings(rates: Rates, with_wake_ups: Rates, *, latencies: dict[str, tuple[float, float]]) -> Findings:
    medians = {name: middle(values) for name, values in rates.items()}
    table = Table(
        "contestant", title=f"intake, {PACE.clients} clients, median of {ROUNDS} rounds", title_justify="left"
    )
    for heading in ("requests/s", "lowest to highest", "p50 ms", "p99 ms", "÷ empty threaded", "÷ usual way"):
        table.add_column(heading, justify="right")
    for name, value in medians.items():
        milliseconds = [f"{part:.1f}" for part in latencies[name]] if name in latencies else ["", ""]
        ratios = [f"{value / medians[other]:.2f}" for other in (EMPTY_THREADED, USUAL)]
        table.add_row(name, f"{value:,.0f}", spread(rates[name]), *milliseconds, *ratios)
    waking = Table("contestant", title="intake, each fifth message of a new customer", title_justify="left")
    for heading in ("requests/s", "lowest to highest", "÷ usual way"):
        waking.add_column(heading, justify="right")
    for name, values in with_wake_ups.items():
        ratio = middle(values) / middle(with_wake_ups[USUAL])
        waking.add_row(name, f"{middle(values):,.0f}", spread(values), f"{ratio:.2f}")
    ours = medians[OURS]
    return Findings(
        tables=[table, waking],
        figures={
            "pace": asdict(PACE),
            "requests_per_second": rates,
            "requests_per_second_with_wake_ups": with_wake_ups,
        },
        targets=[
            Target(what=f"{OURS} ÷ {EMPTY_THREADED}", measured=ours / medians[EMPTY_THREADED], at_least=1.2),
            Target(what=f"{OURS} ÷ {USUAL}", measured=ours / medians[USUAL], at_least=3.5),
        ],
    )


def _latencies(steady: Mapping[str, Sequence[Load]]) -> dict[str, tuple[float, float]]:
    """The median over the rounds of each contestant's p50 and p99."""
    return {
        name: (middle([load.milliseconds_p50 for load in loads]), middle([load.milliseconds_p99 for load in loads]))
        for name, loads in steady.items()
    }
