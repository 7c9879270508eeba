"""A turn's own time, without a model: database round trips, milliseconds, and turns per second of one instance.

`run_turn` runs in this process, as agent_execution runs it, against PostgreSQL with fsync. The provider accepts at
once. A model that answers at once shows the protocol: claim, write the call down, commit under the fence, mark as
sending, send, record. The extractive responder needs no model and searches the knowledge of the demo business instead.
"""

from contextlib import closing
from dataclasses import dataclass, field

from rich.progress import Progress
from rich.table import Table

from functions.agent_execution.responding import knowledge_responder
from shared.agents.responder import Responder
from shared.knowledge.importing import import_folder
from shared.platform.database import Database
from tests.benchmarks.database import measured_server, migrated_database
from tests.benchmarks.hosting import REPOSITORY
from tests.benchmarks.pending_turns import (
    InstantModel,
    add_waiting_conversations,
    application_database,
    take_turns,
)
from tests.benchmarks.report import Findings, Target, middle
from tests.support.database import Database as MeasuredDatabase
from tests.support.tenants import Tenant, make_organization

TURNS = 400
WARM_UP = 50
ROUNDS = 3
CONCURRENCY = 8  # the manifest's of agent_execution
QUESTION = "vocês abrem no domingo?"
KNOWLEDGE = REPOSITORY / "infra" / "cli" / "demo_knowledge"
_MOST_ROUND_TRIPS = 10


@dataclass(slots=True, kw_only=True)
class Contestant:
    """A way to answer, and what its rounds showed."""

    responder: Responder
    threads: int
    rates: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    round_trips: list[float] = field(default_factory=list)

    def run(self, database: Database, measured: MeasuredDatabase, tenant: Tenant, *, turns: int = TURNS) -> None:
        """Take one round of turns."""
        waiting = add_waiting_conversations(measured, tenant, number=turns, text=QUESTION)
        before = database.round_trips
        seconds, each = take_turns(database, tenant, waiting, responder=self.responder, threads=self.threads)
        self.rates.append(turns / seconds)
        self.milliseconds += each
        self.round_trips.append((database.round_trips - before) / turns)


def measure(progress: Progress) -> Findings:
    """Take turns one after another and side by side."""
    with measured_server() as server:
        measured = migrated_database(server, "turns")
        tenant = make_organization(measured)
        with closing(application_database(measured, connections=CONCURRENCY)) as database:
            import_folder(database, tenant.organization_id, KNOWLEDGE)
            answering: dict[str, Responder] = {
                "a model that answers at once": InstantModel(),
                "extractive": knowledge_responder(database),
            }
            contestants = {
                (name, threads): Contestant(responder=responder, threads=threads)
                for name, responder in answering.items()
                for threads in (1, CONCURRENCY)
            }
            task = progress.add_task("turns", total=(ROUNDS + 1) * len(contestants))
            for number in range(ROUNDS + 1):
                for (name, threads), contestant in contestants.items():
                    progress.update(task, description=f"turns: {name}, {threads} at once", advance=1)
                    warming = Contestant(responder=contestant.responder, threads=threads)
                    if number:
                        contestant.run(database, measured, tenant)
                    else:
                        warming.run(database, measured, tenant, turns=WARM_UP)
    return _findings(contestants)


def _findings(contestants: dict[tuple[str, int], Contestant]) -> Findings:
    table = Table("responder", title=f"turns without a model's time, {ROUNDS} rounds of {TURNS}", title_justify="left")
    for heading in ("at once", "turns/s", "p50 ms", "p95 ms", "round trips each"):
        table.add_column(heading, justify="right")
    for (name, threads), each in contestants.items():
        times = sorted(each.milliseconds)
        p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
        trips = f"{max(each.round_trips):.1f}"
        table.add_row(name, str(threads), f"{middle(each.rates):,.0f}", f"{p50:.1f}", f"{p95:.1f}", trips)
    return Findings(
        tables=[table],
        figures={
            f"{name}, {threads} at once": {"turns_per_second": each.rates, "round_trips": each.round_trips}
            for (name, threads), each in contestants.items()
        },
        targets=[
            Target(
                what="database round trips of a turn",
                measured=max(max(each.round_trips) for each in contestants.values()),
                at_most=_MOST_ROUND_TRIPS,
            )
        ],
    )
