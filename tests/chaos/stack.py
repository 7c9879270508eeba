"""A soak's stage: a fresh database, the provider, workers that may be killed, the queue, a sweep that never rests."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pg8000

from functions.work_sweep.handler import sweep
from shared.channels.connections import connect_whatsapp
from shared.conversations.repair import SweepTimes
from shared.kit.errors import Unavailable
from shared.platform.keys import Keys
from shared.platform.logs import configure
from shared.platform.settings import KeySettings, LogSettings
from tests.chaos.credentials import AUDIENCE, EMAIL, ISSUER, Credentials, make_credentials
from tests.chaos.driver import Driver
from tests.chaos.invariants import AT_THE_CUSTOMER, IN_THE_DATABASE, broken, load_provider_log
from tests.chaos.processes import Host, Provider, Worker
from tests.support.conversations import Scene, scene_in
from tests.support.prices import add_price
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from shared.channels.deliveries import WakeUp
    from tests.support.database import Database

# Everything shorter than in production, in the same order: guard < sending limit < turn < lease < stop < uncertain.
LEASE = 2.0
STOPPED = 2.5
UNCERTAIN = 3.0
SENDING_LIMIT = 1.0
GUARD = 0.8
TURN_TIMEOUT = 1.5
SWEEP_PAUSE = 0.2
GRACE = 0.3

_SETTINGS = {
    "LEASE_SECONDS": str(LEASE),
    "TURN_TIMEOUT_SECONDS": str(TURN_TIMEOUT),
    "UNCERTAIN_SECONDS": str(UNCERTAIN),
    "SENDING_LIMIT_SECONDS": str(SENDING_LIMIT),
    "SEND_GUARD_SECONDS": str(GUARD),
    "QUIET_SECONDS": "0.05",
    "CEILING_SECONDS": "0.3",
    "DATABASE_POOL_SIZE": "8",
    "GOOGLE_CLOUD_PROJECT": "chaos",
    "GOOGLE_CLOUD_REGION": "chaos",
    "TASKS_SERVICE_ACCOUNT": EMAIL,
    "AGENT_EXECUTION_URL": AUDIENCE,
    "OIDC_ISSUER": ISSUER,
    "OIDC_AUDIENCE": AUDIENCE,
    "OIDC_ALLOWED_EMAILS": EMAIL,
    "LOG_LEVEL": "WARNING",
}

_WAITING = """
SELECT (SELECT count(*) FROM platform.conversations
        WHERE last_in_seq > done_seq AND customer_external_id = coalesce(%s, customer_external_id))
     + (SELECT count(*) FROM platform.outbox
        WHERE state IN ('ready', 'sending', 'uncertain') AND recipient = coalesce(%s, recipient))
"""


@dataclass(frozen=True)
class Verdict:
    """What a soak found: counts, and the invariants that broke with some of their rows."""

    counts: dict[str, Any]
    broken: dict[str, list[Any]]


class Stack:
    """Made by `stack_on`. Customers write by `says`; workers come from `fork`."""

    def __init__(self, scene: Scene, *, seed: int, driver: Driver, host: Host, log: Path) -> None:
        self.scene = scene
        self.seed = seed
        self.driver = driver
        self.host = host
        self._log = log
        self._sweeping = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, daemon=True)
        self._sweeps: dict[str, int] = {}
        self._held: dict[str, str] = {}
        self._began = time.monotonic()
        self._asking = threading.Lock()  # cases are played by threads, and a connection is for one at a time

    def fork(self) -> Worker:
        """A worker that tasks go to."""
        worker = self.host.fork()
        self.driver.workers.append(worker.url)
        return worker

    def fork_victim(self, point: str, how: str) -> Worker:
        """A worker that gets only what is sent to it, warm, and meets its crash point in its first real task."""
        passes_when_idle = point in {"K1", "K8"}  # so the task that warms it passes there once
        victim = self.host.fork(CRASH_POINT=point, CRASH_SIGNAL=how, CRASH_HIT="2" if passes_when_idle else "1")
        self.driver.warm(victim.url)
        return victim

    def says(self, *texts: str, customer: str | None = None, first_worker: Worker | None = None) -> str:
        """A customer writes a burst; its first task goes to `first_worker`, others wait. Returns the customer."""
        customer = customer or f"55{uuid4().int % 10**11:011d}"
        with self._asking:
            self.scene.customer = customer
            wake_ups = self.scene.says(*texts)
        for wake_up in wake_ups:
            conversation_id = str(wake_up.conversation_id)
            if first_worker is not None:
                self.driver.held.add(conversation_id)
                self.driver.first_worker[conversation_id] = first_worker.url
                self._held[customer] = conversation_id
            payload = {"organization_id": str(wake_up.organization_id), "conversation_id": conversation_id}
            self.driver.add(payload, at=wake_up.run_at.timestamp())
        return customer

    def release(self, customer: str) -> None:
        """The customer's first worker has met its crash point: now the others may have the work."""
        conversation_id = self._held.pop(customer)
        self.driver.held.discard(conversation_id)
        self.driver.first_worker.pop(conversation_id, None)

    def begin_sweeping(self) -> None:
        """Sweeps until the end."""
        self._sweeper.start()

    def is_done(self, customer: str | None = None) -> bool:
        """Whether nothing waits any more, of one customer or at all."""
        return bool(self._ask(_WAITING, customer, customer) == 0)

    def finish(self, *, naive: bool = False, within: float = 60.0, **facts: int) -> Verdict:
        """Waits until nothing moves any more, looks at every invariant and prints one line of JSON with these facts."""
        with contextlib.suppress(AssertionError):  # what is stuck breaks an invariant, which says more
            eventually(self._naive_has_ended if naive else self._has_settled, within=within, interval=0.1)
        with contextlib.closing(self.scene.clone.superuser()) as connection:
            counts: dict[str, Any] = load_provider_log(connection, self._log)
            invariants = AT_THE_CUSTOMER if naive else {**AT_THE_CUSTOMER, **IN_THE_DATABASE}
            found = broken(connection, invariants)
            cursor = connection.cursor()
            cursor.execute(
                "SELECT (SELECT count(*) FROM platform.messages WHERE direction = 'inbound'),"
                " (SELECT count(*) FROM departments.agent_executions WHERE status = 'completed'),"
                " (SELECT count(*) FROM departments.agent_executions WHERE status = 'superseded'),"
                " (SELECT count(*) FROM platform.outbox_attempts WHERE outcome IN ('uncertain', 'abandoned')),"
                " (SELECT count(*) FROM agents.llm_attempts WHERE state = 'estimated')"
            )
            names = ("messages", "turns", "superseded", "ambiguous_sends", "lost_calls")
            counts.update(zip(names, cursor.fetchone(), strict=True))
        counts |= {
            "tasks": self.driver.delivered,
            "sweeps": self._sweeps,
            "seconds": round(time.monotonic() - self._began, 1),
        }
        line = {"seed": self.seed, **facts, **counts, "invariants": len(invariants), "broken": found}
        print(json.dumps(line, ensure_ascii=False))  # noqa: T201 - the soak's record
        return Verdict(counts, found)

    def close(self) -> None:
        """Ends the sweep."""
        self._sweeping.set()
        if self._sweeper.is_alive():
            self._sweeper.join()

    def _has_settled(self) -> bool:
        return self.is_done() and self._ask("SELECT count(*) FROM agents.llm_attempts WHERE state = 'started'") == 0

    def _ask(self, statement: str, *values: object) -> Any:
        """One value; None while the database is away."""
        with self._asking:
            try:
                return self.scene.value(statement, *values)
            except (pg8000.Error, OSError):
                with contextlib.suppress(pg8000.Error, OSError):
                    self.scene.reconnect()
                return None

    def _naive_has_ended(self) -> bool:
        """All is processed, or a customer has read one answer twice: nothing that comes later mends that."""
        lines = self._log.read_text().split("\n")[:-1]  # the last may be half a line
        said = [(line["to"], line["text"]) for line in map(json.loads, lines) if line["kind"] == "message"]
        if any(times > 1 and "primeira" in text for (_, text), times in Counter(said).items()):
            return True
        with contextlib.closing(self.scene.clone.superuser()) as connection:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT count(*) FROM platform.messages m LEFT JOIN chaos.naive_states s ON s.message_id = m.id"
                " WHERE m.direction = 'inbound' AND s.state IS DISTINCT FROM 'processed'"
            )
            return bool(cursor.fetchone()[0] == 0)

    def _sweep(self) -> None:
        times = SweepTimes(sending_limit=SENDING_LIMIT, uncertain=UNCERTAIN, lease=LEASE, grace=GRACE)
        while not self._sweeping.wait(SWEEP_PAUSE):
            try:
                counts = sweep(
                    self.scene.worker, queue=self.driver, turn_url=AUDIENCE, delivery_url=AUDIENCE, times=times
                )
            except Unavailable:
                continue  # the scheduler fires again
            for name, count in counts.items():
                if isinstance(count, int) and count:
                    self._sweeps[name] = self._sweeps.get(name, 0) + count


@contextlib.contextmanager
def stack_on(  # noqa: PLR0913 - what a soak varies
    database: Database,
    folder: Path,
    *,
    seed: int,
    source: str = "tests/chaos/turn_worker/main.py",
    faults: Mapping[str, float] | None = None,
    channel: str = "whatsapp",
) -> Iterator[Stack]:
    """Everything started, with one organization whose replies may be cut into parts of 60 characters."""
    configure(LogSettings(log_level="WARNING"))  # the sweep's line each 0.2 s would bury the soak's own
    with contextlib.ExitStack() as stack:
        stack.callback(configure, LogSettings())  # other tests of this process look for lines
        scene = stack.enter_context(scene_in(database))
        credentials = make_credentials(folder)
        connect_account(scene, credentials)
        scene.become(channel)
        # 11 tokens in and 7 out cost 0.0012345678 to the last digit, which the model of tests.chaos.provider invoices
        add_price(scene, "chaos:metered", input_price="0.0004", output_price="176.3662")
        # a long answer becomes two messages
        # a soak's customers answer within a second, and ask the same of every channel
        configuration = {"message_limit": 45, "disclosure": False, "loop_guard": False}
        scene.execute("UPDATE departments.agents SET configuration = %s::jsonb", json.dumps(configuration))
        scene.rules = type(scene.rules)(quiet_seconds=0.05, ceiling_seconds=0.3, reply_max_age_seconds=43200.0)

        def on_status(report: dict[str, Any]) -> None:
            for wake_up in _told(scene, report):
                ids = {"organization_id": str(wake_up.organization_id), "conversation_id": str(wake_up.conversation_id)}
                driver.add(ids, at=wake_up.run_at.timestamp())

        driver = Driver(seed=seed, token=credentials.token, on_status=on_status)
        stack.callback(driver.close)
        log = folder / "provider.jsonl"
        provider = Provider(
            seed=seed,
            log=log,
            certificates=credentials.certificates,
            status_url=f"{driver.url}/statuses",
            faults=faults or {},
        )
        stack.callback(provider.close)
        environment = _environment(database, credentials, provider_url=provider.url, driver_url=driver.url)
        host = Host(source, environment, log=folder / "workers.log")
        stack.callback(host.close)
        if channel != "whatsapp":  # the provider can be asked what became of a message, and message_delivery asks
            own = {"MESSAGE_DELIVERY_URL": AUDIENCE, "CLOUD_TASKS_ENDPOINT": "127.0.0.1:9"}
            deliveries = Host("functions/message_delivery/main.py", environment | own, log=folder / "deliveries.log")
            stack.callback(deliveries.close)
            driver.deliverers.append(deliveries.fork().url)
        found = Stack(scene, seed=seed, driver=driver, host=host, log=log)
        stack.callback(found.close)
        yield found


def _told(scene: Scene, report: dict[str, Any]) -> list[WakeUp]:
    """What intake makes of the provider's report: a status of WhatsApp, or an echo of Instagram and Messenger."""
    key = UUID(report["key"])
    if scene.provider == "whatsapp":
        return scene.reports(report["status"], provider_message_id=report["id"], outbox_id=key)
    return scene.echoes(report["text"], provider_message_id=report["id"], customer=report["to"], outbox_id=key)


def _environment(database: Database, credentials: Credentials, *, provider_url: str, driver_url: str) -> dict[str, str]:
    """What a worker reads."""
    return {
        **_SETTINGS,
        "DATABASE_URL": database.url("application"),
        "TENANT_CONTEXT_KEY": base64.b64encode(database.tenant_context_key).decode(),
        "MASTER_KEY_FILE": str(credentials.master_key),
        "GRAPH_BASE_URL": provider_url,
        "INSTAGRAM_GRAPH_BASE_URL": provider_url,
        "OIDC_CERTS_URL": f"{provider_url}/certificates",
        "CHAOS_DRIVER_URL": driver_url,
    }


def connect_account(scene: Scene, credentials: Credentials) -> None:
    """Encrypts a token for the organization's connection, as `departments connection add` does."""
    keys = Keys(KeySettings(master_key_file=credentials.master_key), scene.application)
    connect_whatsapp(
        scene.application,
        keys=keys,
        organization_id=scene.organization_id,
        phone_number_id=scene.tenant.phone_number_id,
        access_token="EAAGchaoschaos",  # noqa: S106 - made up
    )
