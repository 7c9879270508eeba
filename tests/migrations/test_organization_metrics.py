"""get_organization_metrics: each conversation counts once, and only the caller's own organization is seen."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.migrations.months import refused
from tests.support.tenants import enter_tenant, make_conversation, make_organization

if TYPE_CHECKING:
    from uuid import UUID

    from tests.support.database import Database
    from tests.support.tenants import Tenant

NOTHING = {"total_messages": 0, "conversations": 0, "avg_response_time": None, "satisfaction_score": None}


def _converse(database: Database, tenant: Tenant, *, script: str, score: int | None) -> UUID:
    """A conversation by script: 'i0 o20 f30' is inbound at second 0, outbound at 20, and one that failed at 30."""
    conversation_id = make_conversation(database, tenant)
    start = datetime.now(UTC) - timedelta(days=1)
    with contextlib.closing(database.superuser()) as superuser:
        cursor = superuser.cursor()
        for step in script.split():
            cursor.execute(
                "INSERT INTO platform.messages (organization_id, conversation_id, connection_id, direction,"
                " sender_type, delivery_status, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    tenant.organization_id,
                    conversation_id,
                    tenant.connection_id,
                    "inbound" if step[0] == "i" else "outbound",
                    "customer" if step[0] == "i" else "ai",
                    {"i": "received", "o": "sent", "f": "failed"}[step[0]],
                    start + timedelta(seconds=int(step[1:])),
                ),
            )
        if score is not None:
            cursor.execute(
                "UPDATE platform.conversations SET satisfaction_score = %s WHERE id = %s", (score, conversation_id)
            )
    return conversation_id


def _metrics(database: Database, caller: Tenant, organization_id: UUID, days: int = 30) -> dict[str, Any]:
    with contextlib.closing(database.connect("application")) as connection:
        enter_tenant(connection, database, caller.organization_id)
        cursor = connection.cursor()
        cursor.execute("SELECT get_organization_metrics(%s, %s)", (organization_id, days))
        metrics: dict[str, Any] = cursor.fetchone()[0]
        return metrics


def test_averages_are_per_conversation_and_not_per_message(shared_database: Database) -> None:
    """The seed gave 1.08 for a 5 and a 1, because the second conversation has more messages."""
    tenant = make_organization(shared_database)
    _converse(shared_database, tenant, script="i0 o10", score=5)
    _converse(shared_database, tenant, script=" ".join(f"i{100 * n} o{100 * n + 30}" for n in range(24)), score=1)
    assert _metrics(shared_database, tenant, tenant.organization_id) == {
        "total_messages": 50,
        "conversations": 2,
        "avg_response_time": 20,
        "satisfaction_score": 3,
    }


@pytest.mark.parametrize(
    ("script", "seconds"),
    [
        ("i0 i5 i9 o30", 30),  # from the first message of a burst
        ("i0 o10 o40 i100 o104", 7),  # a second part of the answer is no answer to anybody
        ("o0 i10 o40", 30),  # what we wrote first answers nothing
        ("i0 f20 o50", 50),  # a message that failed is no answer
        ("i0 i5", None),
        ("o0", None),
    ],
)
def test_the_response_time_is_from_the_first_unanswered_message_to_the_answer(
    shared_database: Database, script: str, seconds: float | None
) -> None:
    tenant = make_organization(shared_database)
    _converse(shared_database, tenant, script=script, score=None)
    assert _metrics(shared_database, tenant, tenant.organization_id)["avg_response_time"] == seconds


def test_another_organization_is_an_empty_one(shared_database: Database) -> None:
    """The seed's function ran with its owner's rights and trusted its argument."""
    ours, theirs = make_organization(shared_database), make_organization(shared_database)
    _converse(shared_database, theirs, script="i0 o10", score=5)
    assert _metrics(shared_database, ours, theirs.organization_id) == NOTHING
    assert _metrics(shared_database, theirs, theirs.organization_id)["conversations"] == 1  # the control


def test_messages_before_the_period_do_not_count(shared_database: Database) -> None:
    tenant = make_organization(shared_database)
    conversation_id = _converse(shared_database, tenant, script="i0 o10", score=4)
    with contextlib.closing(shared_database.superuser()) as superuser:
        superuser.cursor().execute(
            "UPDATE platform.messages SET created_at = now() - interval '10 days' WHERE conversation_id = %s",
            (conversation_id,),
        )
    assert _metrics(shared_database, tenant, tenant.organization_id, days=7) == NOTHING
    assert _metrics(shared_database, tenant, tenant.organization_id, days=11)["total_messages"] == 2


@pytest.mark.parametrize("days", [0, -1, 100_000, None])
def test_a_period_that_is_none_is_refused(shared_database: Database, days: int | None) -> None:
    with contextlib.closing(shared_database.connect("application")) as connection:
        assert refused(connection, "SELECT get_organization_metrics(gen_random_uuid(), %s::int)", days) == "22023"
