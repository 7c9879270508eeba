"""Groups in which the database refuses something: the others are stored, and the refused one is kept whole."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from functions.webhook_intake.recording import REFUSED, Recorder
from shared.channels.deliveries import Delivery
from shared.channels.whatsapp.envelope import split
from shared.kit.errors import Rejected, Unavailable
from shared.platform.database import connect
from shared.platform.keys import Keys
from shared.platform.keysets import create_master_key_file
from shared.platform.settings import DatabaseSettings, KeySettings
from tests.channels.recorded import RULES
from tests.functions.webhook_intake.bodies import change, encoded, envelope, new_wamid, text_message
from tests.support.tenants import Tenant, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.platform.database import Database as Pool
    from tests.support.database import Database


@pytest.fixture(scope="module")
def tenant(shared_database: Database) -> Tenant:
    return make_organization(shared_database)


@pytest.fixture(scope="module")
def pool(shared_database: Database) -> Iterator[Pool]:
    opened = connect(DatabaseSettings.model_validate({"database_url": shared_database.url("intake")}))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def keys(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Keys:
    file = tmp_path_factory.mktemp("keys") / "master-key.json"
    create_master_key_file(file)
    return Keys(KeySettings.model_validate({"master_key_file": file}), pool)


@pytest.fixture
def recorder(pool: Pool, keys: Keys) -> Recorder:
    return Recorder(pool, seal=keys.seal_delivery, rules=RULES)


def delivery(tenant: Tenant, wamid: str) -> Delivery:
    body = envelope(change(tenant.phone_number_id, messages=[text_message(wamid=wamid)]))
    return Delivery(
        provider="whatsapp", raw=encoded(body), verified_by="app-secret-test", headers={}, items=split(body)
    )


def count(database: Database, statement: str, *values: object) -> int:
    with contextlib.closing(database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(statement, values)
        found: int = cursor.fetchone()[0]
        return found


def test_one_delivery_that_the_database_refuses_does_not_cost_the_others(
    recorder: Recorder, shared_database: Database, tenant: Tenant
) -> None:
    """C-05: a defect of ours in one item (here an event's name that no column takes) keeps its delivery, whole."""
    wamids = [new_wamid() for _ in range(5)]
    deliveries = [delivery(tenant, wamid) for wamid in wamids]
    deliveries[2].items[0]["event_type"] = "x" * 201
    written = recorder.write(deliveries)
    assert written.outcomes == [None] * 5
    assert len(written.wake_ups) == 1
    stored = "SELECT count(*) FROM platform.messages WHERE external_message_id = ANY(%s)"
    assert count(shared_database, stored, wamids) == 4
    kept = (
        "SELECT count(*) FROM integrations.webhook_deliveries d"
        " JOIN integrations.webhook_events e ON e.delivery_id = d.id"
        " WHERE d.status = 'quarantined' AND d.quarantine_reason = %s AND e.status = 'unparsed'"
        " AND e.payload->>'event_id' = %s AND e.error_message = %s"
    )
    assert count(shared_database, kept, REFUSED, wamids[2], REFUSED) == 1


def test_what_can_not_even_be_quarantined_is_brought_again(recorder: Recorder, tenant: Tenant) -> None:
    wamid = new_wamid()
    bad, good = delivery(tenant, wamid), delivery(tenant, new_wamid())
    bad = Delivery(
        provider="fax", raw=bad.raw, verified_by="app-secret-test", headers={}, items=bad.items
    )  # no such provider may be stored
    refused, accepted = recorder.write([bad, good]).outcomes
    assert isinstance(refused, Unavailable)
    assert accepted is None


def test_a_key_that_is_not_ours_is_our_trouble_and_no_delivery_s(pool: Pool, tenant: Tenant) -> None:
    def seal(_raw: bytes, _delivery_id: str) -> tuple[bytes, str]:
        raise Rejected("key_destroyed", "the key is destroyed")

    written = Recorder(pool, seal=seal, rules=RULES).write([delivery(tenant, new_wamid()) for _ in range(3)])
    assert [type(outcome) for outcome in written.outcomes] == [Unavailable] * 3


def test_a_database_that_is_not_there_is_said_once_for_the_whole_group(keys: Keys, tenant: Tenant) -> None:
    """B1: no delivery is tried alone when none can succeed."""
    nowhere = connect(
        DatabaseSettings.model_validate({"database_url": "postgresql+pg8000://intake@/x?unix_sock=/nonexistent/s"})
    )
    written = Recorder(nowhere, seal=keys.seal_delivery, rules=RULES).write(
        [delivery(tenant, new_wamid()) for _ in range(3)]
    )
    assert [type(outcome) for outcome in written.outcomes] == [Unavailable] * 3
    assert len({id(outcome) for outcome in written.outcomes}) == 1
    nowhere.close()
