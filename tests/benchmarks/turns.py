"""A turn's own time, without a model: database round trips, milliseconds, and turns per second of one instance.

`run_turn` runs in this process, as agent_execution runs it, against PostgreSQL with fsync: claim, write the call down,
commit under the fence, mark as sending, send, record. The model and the provider answer at once.
"""

from contextlib import closing
from uuid import UUID

from rich.progress import Progress
from rich.table import Table

from tests.benchmarks.database import measured_server, migrated_database
from tests.benchmarks.pending_turns import (
    InstantModel,
    add_waiting_conversations,
    application_database,
    take_turns,
)
from tests.benchmarks.report import Findings, Target, middle
from tests.support.tenants import make_organization

TURNS = 400
WARM_UP = 50
ROUNDS = 3
CONCURRENCY = (1, 8)  # 8 is the manifest's concurrency of agent_execution
_MOST_ROUND_TRIPS = 10


def measure(progress: Progress) -> Findings:
    """Take turns one after another and side by side."""
    task = progress.add_task("turns", total=ROUNDS * len(CONCURRENCY))
    rates: dict[int, list[float]] = {threads: [] for threads in CONCURRENCY}
    milliseconds: dict[int, list[float]] = {threads: [] for threads in CONCURRENCY}
    round_trips: list[float] = []
    with measured_server() as server:
        measured = migrated_database(server, "turns")
        tenant = make_organization(measured)

        def waiting(number: int) -> list[UUID]:
            return add_waiting_conversations(measured, tenant, number=number, text="Que horas vocês abrem?")

        with closing(application_database(measured, connections=max(CONCURRENCY))) as database:
            for threads in CONCURRENCY:
                take_turns(database, tenant, waiting(WARM_UP), responder=InstantModel(), threads=threads)
            for _ in range(ROUNDS):
                for threads in CONCURRENCY:
                    progress.update(task, description=f"turns: {threads} at once", advance=1)
                    conversations = waiting(TURNS)
                    before = database.round_trips
                    seconds, each = take_turns(
                        database, tenant, conversations, responder=InstantModel(), threads=threads
                    )
                    rates[threads].append(TURNS / seconds)
                    milliseconds[threads] += each
                    round_trips.append((database.round_trips - before) / TURNS)
    return _findings(rates, milliseconds, round_trips)


def _findings(
    rates: dict[int, list[float]], milliseconds: dict[int, list[float]], round_trips: list[float]
) -> Findings:
    table = Table("at once", title=f"turns without a model's time, {ROUNDS} rounds of {TURNS}", title_justify="left")
    for heading in ("turns/s", "p50 ms", "p95 ms", "round trips each"):
        table.add_column(heading, justify="right")
    for threads, values in rates.items():
        times = sorted(milliseconds[threads])
        p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
        table.add_row(str(threads), f"{middle(values):,.0f}", f"{p50:.1f}", f"{p95:.1f}", f"{max(round_trips):.1f}")
    return Findings(
        tables=[table],
        figures={"turns_per_second": rates, "round_trips": round_trips},
        targets=[Target(what="database round trips of a turn", measured=max(round_trips), at_most=_MOST_ROUND_TRIPS)],
    )
