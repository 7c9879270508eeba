"""Intake at 64 clients: webhook_intake beside the framework's empty functions, the usual way and pgbench.

Every contestant is a process of its own and does its whole work: real signatures, sealed bodies, PostgreSQL with
fsync. Requests are distinct messages of 1,000 conversations; each round begins with customers who have not written yet,
so that wake-ups are part of it. They go to an endpoint that only counts them (wake_up_sink.py). Rounds are interleaved,
so that a disturbed second touches one round of one contestant; medians count.
"""

import base64
import contextlib
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from tests.benchmarks.database import measured_server, migrated_database
from tests.benchmarks.hosting import CONTESTANTS, REPOSITORY, Host, hosted
from tests.benchmarks.load import Load, Pace, drive, write_requests
from tests.benchmarks.pgbench import transactions_per_second, write_script
from tests.benchmarks.report import Findings, Target, middle, spread
from tests.benchmarks.wake_up_sink import wake_up_sink
from tests.benchmarks.webhooks import Customers
from tests.support.database import Database, Server
from tests.support.tenants import make_organization

ROUNDS = 5
PACE = Pace(clients=64, seconds=4, warm_up=1)
CONVERSATIONS = 1000
REQUESTS_PER_ROUND = 40_000  # more than any contestant can take in a round
APP_SECRET = "benchmark"  # noqa: S105 - signs what this page sends to itself
SOURCE = REPOSITORY / "functions" / "webhook_intake" / "main.py"
OURS, USUAL, EMPTY_THREADED, EMPTY_ASYNCHRONOUS, PGBENCH = (
    "webhook_intake",
    "the usual way",
    "empty function, threaded",
    "empty function, asynchronous",
    "pgbench, the same statement",
)


@dataclass(slots=True)
class Contestant:
    """A function under load; without customers it does nothing with what it gets."""

    host: Host
    customers: Customers
    database: Database | None = None
    loads: list[Load] = field(default_factory=list)


def measure(progress: Progress) -> Findings:
    """Run all rounds."""
    with ExitStack() as stack:
        server = stack.enter_context(measured_server())
        sink = stack.enter_context(wake_up_sink())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        contestants = _contestants(stack, server, sink=sink)
        pgbench = _PgBench(server, folder)
        task = progress.add_task("intake", total=ROUNDS * (len(contestants) + 1))
        for number in range(ROUNDS):
            for name, contestant in contestants.items():
                progress.update(task, description=f"intake, round {number + 1}: {name}")
                _drive(contestant, folder, begin_with_new_customers=number)
                progress.advance(task)
            progress.update(task, description=f"intake, round {number + 1}: pgbench")
            pgbench.run()
            progress.advance(task)
        for contestant in contestants.values():
            _check_stored(contestant)
    return _findings({name: contestant.loads for name, contestant in contestants.items()}, pgbench.rates)


def intake_settings(database: Database, folder: Path, *, sink: str) -> dict[str, str]:
    """The settings of webhook_intake on a measured database."""
    key_file = folder / "master-key"
    if not key_file.exists():
        key_file.write_text(base64.b64encode(bytes(range(32))).decode())
    return {
        "DATABASE_URL": database.url("intake"),
        "MASTER_KEY_FILE": str(key_file),
        "META_APP_SECRETS": APP_SECRET,
        "META_VERIFY_TOKEN": "verify",
        "CLOUD_TASKS_ENDPOINT": sink,
        "GOOGLE_CLOUD_PROJECT": "local",
        "GOOGLE_CLOUD_REGION": "local",
        "TASKS_SERVICE_ACCOUNT": "tasks@local.test",
        "AGENT_EXECUTION_URL": "http://127.0.0.1:9/agent_execution",
        "LOG_LEVEL": "WARNING",
    }


def _contestants(stack: ExitStack, server: Server, *, sink: str) -> dict[str, Contestant]:
    """Start the four functions, each with a database of its own where it needs one."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    contestants: dict[str, Contestant] = {}
    for name, source, asynchronous in (
        (OURS, SOURCE, True),
        (EMPTY_THREADED, CONTESTANTS / "empty_threaded.py", False),
        (USUAL, CONTESTANTS / "usual_way.py", False),
        (EMPTY_ASYNCHRONOUS, CONTESTANTS / "empty_asynchronous.py", True),
    ):
        database = migrated_database(server, f"contestant_{len(contestants)}")
        settings: Mapping[str, str] = intake_settings(database, folder, sink=sink)
        if name == USUAL:
            settings = {**settings, "DATABASE_URL": database.url("postgres")}
        host = stack.enter_context(hosted(source, asynchronous=asynchronous, settings=settings))
        customers = Customers(make_organization(database).phone_number_id, APP_SECRET, CONVERSATIONS)
        contestants[name] = Contestant(host, customers, database if name in {OURS, USUAL} else None)
    return contestants


def _drive(contestant: Contestant, folder: Path, *, begin_with_new_customers: int) -> None:
    """Run one round and keep what was seen; every answer has to be a 200."""
    requests = folder / "requests"
    contestant.customers.generation = begin_with_new_customers
    write_requests(requests, contestant.customers.requests(REQUESTS_PER_ROUND))
    load = drive(contestant.host.port, requests, pace=PACE, repeat=contestant.database is None)
    if set(load.statuses) != {"200"}:
        raise RuntimeError(f"not every request was accepted: {load.statuses}")
    contestant.loads.append(load)


def _check_stored(contestant: Contestant) -> None:
    """A fast answer counts only when what it acknowledged is there."""
    if contestant.database is None:
        return
    accepted = sum(load.answers for load in contestant.loads)
    with contextlib.closing(contestant.database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM platform.messages")
        (stored,) = cursor.fetchone()
    if stored != accepted:
        raise RuntimeError(f"{accepted} messages were acknowledged and {stored} are stored")


class _PgBench:
    """The same statement without any function before it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._database = migrated_database(server, "pgbench")
        self._script = folder / "record_deliveries.sql"
        phone_number_id = make_organization(self._database).phone_number_id
        write_script(self._script, phone_number_id=phone_number_id, conversations=CONVERSATIONS)
        self.rates: list[float] = []

    def run(self) -> None:
        self.rates.append(transactions_per_second(self._database, self._script, pace=PACE))


def _findings(loads: Mapping[str, Sequence[Load]], pgbench: Sequence[float]) -> Findings:
    rates = {name: [load.requests_per_second for load in seen] for name, seen in loads.items()}
    rates[PGBENCH] = list(pgbench)
    medians = {name: middle(values) for name, values in rates.items()}
    table = Table("contestant", title=f"intake, {PACE.clients} clients, {ROUNDS} rounds", title_justify="left")
    for heading in ("requests/s", "lowest to highest", "p50 ms", "p99 ms", "÷ empty threaded", "÷ usual way"):
        table.add_column(heading, justify="right")
    for name, value in medians.items():
        seen = loads.get(name, ())
        table.add_row(
            name,
            f"{value:,.0f}",
            spread(rates[name]),
            f"{middle([load.milliseconds_p50 for load in seen]):.1f}" if seen else "",
            f"{middle([load.milliseconds_p99 for load in seen]):.1f}" if seen else "",
            f"{value / medians[EMPTY_THREADED]:.2f}",
            f"{value / medians[USUAL]:.2f}",
        )
    ours = medians[OURS]
    return Findings(
        tables=[table],
        figures={
            "pace": asdict(PACE),
            "requests_per_second": medians,
            "rounds": {name: [asdict(load) for load in seen] for name, seen in loads.items()},
            "pgbench_rounds": list(pgbench),
        },
        targets=[
            Target(what=f"{OURS} ÷ {EMPTY_THREADED}", measured=ours / medians[EMPTY_THREADED], at_least=1.2),
            Target(what=f"{OURS} ÷ {USUAL}", measured=ours / medians[USUAL], at_least=3.5),
        ],
    )
