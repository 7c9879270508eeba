"""Who takes part in the measurement of intake, and one round of each."""

import contextlib
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.database import migrated_database
from tests.benchmarks.function_settings import APP_SECRET, function_settings
from tests.benchmarks.hosting import CONTESTANTS, Host, hosted, last_words, source_of
from tests.benchmarks.load import Load, Pace, drive, write_requests
from tests.benchmarks.pgbench import transactions_per_second, write_script
from tests.benchmarks.webhooks import Customers
from tests.support.database import Database, Server
from tests.support.tenants import make_organization

PACE = Pace(clients=64, seconds=4, warm_up=1)
CONVERSATIONS = 1000
BURST = 5  # messages of a customer in the rounds with wake-ups
REQUESTS_PER_ROUND = 40_000  # more than a function that stores can take in a round
OURS = "webhook_intake"
USUAL = "the usual way"
EMPTY_THREADED = "empty function, threaded"
EMPTY_ASYNCHRONOUS = "empty function, asynchronous"


@dataclass(slots=True)
class Contestant:
    """A function under load; one without a database does nothing with what it gets."""

    host: Host
    requests: Path
    customers: Customers
    database: Database | None
    loads: list[Load] = field(default_factory=list)
    accepted: int = 0

    def meet_customers(self) -> None:
        """Let each customer write once, so that every conversation has something pending."""
        if self.database is None:
            return
        self._drive(self.customers, CONVERSATIONS, pace=Pace(seconds=600, warm_up=0))
        self.loads.clear()

    def run(self) -> None:
        """Run one round with the customers who are known."""
        self._drive(self.customers, REQUESTS_PER_ROUND, pace=PACE)

    def run_with_wake_ups(self) -> None:
        """Run one round in which each fifth message begins a conversation."""
        phone_number_id = self.customers.phone_number_id
        offset = self.customers.written + CONVERSATIONS
        newcomers = Customers(phone_number_id, APP_SECRET, conversations=200, burst=BURST, written=offset)
        self._drive(newcomers, REQUESTS_PER_ROUND, pace=PACE)
        self.customers.written = newcomers.written

    def take_loads(self) -> list[Load]:
        """Return the rounds that were run and forget them."""
        loads, self.loads = self.loads, []
        return loads

    def check_stored(self) -> None:
        """Refuse figures of a function that acknowledged what it did not store."""
        if self.database is None:
            return
        with contextlib.closing(self.database.superuser()) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT count(*) FROM platform.messages")
            (stored,) = cursor.fetchone()
        if stored != self.accepted:
            raise RuntimeError(f"{self.accepted} messages were acknowledged and {stored} are stored")

    def _drive(self, customers: Customers, number: int, *, pace: Pace) -> None:
        write_requests(self.requests, customers.requests(number))
        load = drive(self.host.port, self.requests, pace=pace, repeat=self.database is None)
        if set(load.statuses) != {"200"} or load.reconnects:
            raise RuntimeError(f"not every request was accepted: {load}; {last_words(self.host)}")
        self.accepted += load.statuses["200"]
        self.loads.append(load)


def start_contestants(stack: ExitStack, server: Server, *, folder: Path, sink: str) -> dict[str, Contestant]:
    """Start the four functions, each with a database of its own where it needs one."""
    contestants: dict[str, Contestant] = {}
    for name, source, asynchronous in (
        (OURS, source_of(OURS), True),
        (EMPTY_THREADED, CONTESTANTS / "empty_threaded.py", False),
        (USUAL, CONTESTANTS / "usual_way.py", False),
        (EMPTY_ASYNCHRONOUS, CONTESTANTS / "empty_asynchronous.py", True),
    ):
        database = migrated_database(server, f"contestant_{len(contestants)}")
        settings = function_settings(OURS, database, folder=folder, sink=sink)
        if name == USUAL:
            settings = {**settings, "DATABASE_URL": database.url("postgres")}
        host = stack.enter_context(hosted(source, asynchronous=asynchronous, settings=settings))
        customers = Customers(make_organization(database).phone_number_id, APP_SECRET, CONVERSATIONS)
        stores = database if name in {OURS, USUAL} else None
        contestants[name] = Contestant(host, folder / "requests", customers, stores)
    return contestants


class PgBench:
    """The same statement without any function before it."""

    def __init__(self, server: Server, folder: Path) -> None:
        """Make its database and script."""
        self._database = migrated_database(server, "pgbench")
        self._script = folder / "record_deliveries.sql"
        phone_number_id = make_organization(self._database).phone_number_id
        write_script(self._script, phone_number_id=phone_number_id, conversations=CONVERSATIONS)

    def transactions_per_second(self) -> float:
        """Run one round."""
        return transactions_per_second(self._database, self._script, pace=PACE)
