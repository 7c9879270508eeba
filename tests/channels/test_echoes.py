"""Echoes: what was sent from the account. Ours settle our sends; anybody else's is a person at work."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.channels.facts import Channel, channel_of, named, new_mid, phone
from tests.channels.outbound import Sent, make_reply
from tests.channels.recorded import Intake, recording
from tests.support.tenants import enter_tenant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

STATE = "automation_state, status, assigned_to_human, run_at, first_pending_at, last_in_seq, human_takeover_count"
TAKEN = ("human", "escalated", True, None, None, 1, 1)


@pytest.fixture(scope="module")
def intake(shared_database: Database) -> Iterator[Intake]:
    with recording(shared_database) as opened:
        yield opened


@pytest.fixture(params=["whatsapp", "instagram", "messenger"])
def channel(shared_database: Database, request: pytest.FixtureRequest) -> Channel:
    return channel_of(shared_database, request.param)


@pytest.fixture
def page(shared_database: Database) -> Channel:
    return channel_of(shared_database, "messenger")


def customer(channel: Channel) -> dict[str, str]:
    return phone("5511987654321") if channel.provider == "whatsapp" else named("scoped_id", "7200000000000001")


def conversation(intake: Intake, channel: Channel, columns: str = STATE) -> Any:
    rows = intake.rows(
        f"SELECT {columns} FROM platform.conversations WHERE organization_id = %s", channel.tenant.organization_id
    )
    assert len(rows) == 1
    return rows[0]


def outbound(intake: Intake, channel: Channel) -> list[Any]:
    return intake.rows(
        "SELECT sender_type, text_content, external_message_id, delivery_status FROM platform.messages"
        " WHERE organization_id = %s AND direction = 'outbound' ORDER BY created_at",
        channel.tenant.organization_id,
    )


def sent(intake: Intake, database: Database, channel: Channel, **more: Any) -> Sent:
    """The customer has written, and our reply is in the given state."""
    intake.record(channel.delivery(channel.message(customer(channel))))
    reply = make_reply(database, channel.tenant, conversation_id=conversation(intake, channel, "id"), **more)
    for table in ("messages", "outbox"):
        intake.rows(
            f"UPDATE platform.{table} SET connection_id = %s WHERE id IN (%s, %s)",
            channel.connection_id,
            reply.message_id,
            reply.outbox_id,
        )
    return reply


def outbox_state(intake: Intake, reply: Sent) -> Any:
    return intake.rows("SELECT state, provider_message_id FROM platform.outbox WHERE id = %s", reply.outbox_id)[0]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("echo_first", [True, False])
def test_what_a_person_sends_is_stored_and_pauses_the_ai(
    intake: Intake, channel: Channel, *, together: bool, echo_first: bool
) -> None:
    """C-13, H-02: in the same transaction, and whatever came first."""
    mid = new_mid()
    items = [
        channel.message(customer(channel)),
        channel.echo(customer(channel), text="Sou a Ana", mid=mid, at=1),
    ]
    items = items[::-1] if echo_first else items
    if together:
        recorded = [intake.record(channel.delivery(*items))]
    else:
        recorded = [intake.record(channel.delivery(item)) for item in items]
    assert conversation(intake, channel) == TAKEN
    assert outbound(intake, channel) == [("human", "Sou a Ana", mid, "sent")]
    assert recorded[-1].wake_ups == []
    audited = intake.rows(
        "SELECT action, metadata->>'reason' FROM audit.activity_logs WHERE organization_id = %s",
        channel.tenant.organization_id,
    )
    assert audited == [("conversation.escalated", "human_echo")]
    assert [counts.duplicate for counts in intake.record(channel.delivery(*items)).counts] == [2]


def test_an_echo_under_a_known_id_is_ours_and_changes_nothing(
    intake: Intake, shared_database: Database, channel: Channel
) -> None:
    """C-13, I17."""
    mid = new_mid()
    reply = sent(intake, shared_database, channel, state="accepted", wamid=mid)
    recorded = intake.record(channel.delivery(channel.echo(customer(channel), text="Sim!", mid=mid)))
    assert recorded.wake_ups == []
    assert conversation(intake, channel, "automation_state") == "auto"
    assert outbound(intake, channel) == [("ai", "Sim!", mid, "sent")]
    assert outbox_state(intake, reply) == ("accepted", mid)


@pytest.mark.parametrize("state", ["sending", "uncertain", "ready", "held"])
def test_an_echo_with_our_outbox_id_settles_the_send(
    intake: Intake, shared_database: Database, channel: Channel, state: str
) -> None:
    """C-13, C-18: as a status does."""
    mid = new_mid()
    reply = sent(intake, shared_database, channel, state=state)
    echo = channel.echo(customer(channel), text="Sim!", mid=mid, outbox_id=str(reply.outbox_id))
    recorded = intake.record(channel.delivery(echo))
    assert outbox_state(intake, reply) == ("accepted", mid)
    assert outbound(intake, channel)[0][:3] == ("ai", "Sim!", mid)
    assert conversation(intake, channel, "automation_state") == "auto"
    assert len(recorded.wake_ups) == (state == "uncertain")


@pytest.mark.parametrize("state", ["sending", "uncertain"])
def test_an_echo_of_what_is_being_sent_is_ours_although_nothing_in_it_says_so(
    intake: Intake, shared_database: Database, channel: Channel, state: str
) -> None:
    """C-13: it came before the answer of our send; a text settles one send, and another echo of it is a person's."""
    mids = [new_mid(), new_mid()]
    reply = sent(intake, shared_database, channel, state=state)
    intake.record(channel.delivery(channel.echo(customer(channel), text=" Sim!\n", mid=mids[0])))
    assert outbox_state(intake, reply) == ("accepted", mids[0])
    assert conversation(intake, channel, "automation_state") == "auto"
    intake.record(channel.delivery(channel.echo(customer(channel), text="Sim!", mid=mids[1])))
    assert conversation(intake, channel, "automation_state") == "human"
    assert [row[0] for row in outbound(intake, channel)] == ["ai", "human"]


@pytest.mark.parametrize("state", ["accepted", "refused", "cancelled"])
def test_the_same_text_beside_a_send_that_is_settled_is_a_person_s(
    intake: Intake, shared_database: Database, channel: Channel, state: str
) -> None:
    """H-02."""
    sent(intake, shared_database, channel, state=state, wamid=new_mid())
    intake.record(channel.delivery(channel.echo(customer(channel), text="Sim!")))
    assert conversation(intake, channel, "automation_state") == "human"


def test_an_outbox_id_of_another_organization_settles_nothing(
    intake: Intake, shared_database: Database, page: Channel
) -> None:
    """C-04."""
    other = channel_of(shared_database, "messenger")
    reply = sent(intake, shared_database, other, state="uncertain")
    intake.record(page.delivery(page.echo(customer(page), outbox_id=str(reply.outbox_id))))
    assert outbox_state(intake, reply) == ("uncertain", None)
    assert conversation(intake, page, "automation_state") == "human"


def test_unsent_replies_are_cancelled_when_a_person_speaks(
    intake: Intake, shared_database: Database, channel: Channel
) -> None:
    """H-02: a reply that waits is not sent any more; one on its way, and what a person wrote, are left alone."""
    waiting = sent(intake, shared_database, channel, state="ready", attempt=0)
    conversation_id = waiting.conversation_id
    leaving = make_reply(shared_database, channel.tenant, conversation_id=conversation_id, turn_seq=2)
    human = make_reply(shared_database, channel.tenant, conversation_id=conversation_id, state="ready", turn_seq=3)
    intake.rows("UPDATE platform.outbox SET kind = 'human' WHERE id = %s", human.outbox_id)
    intake.record(channel.delivery(channel.echo(customer(channel), text="Deixa comigo")))
    assert [outbox_state(intake, reply)[0] for reply in (waiting, leaving, human)] == ["cancelled", "sending", "ready"]
    found = intake.rows("SELECT delivery_status, error_detail FROM platform.messages WHERE id = %s", waiting.message_id)
    assert found == [("failed", "human_active")]


def test_a_run_under_way_cannot_commit_after_a_person_spoke(
    intake: Intake, shared_database: Database, channel: Channel
) -> None:
    """H-02."""
    intake.record(channel.delivery(channel.message(customer(channel))))
    conversation_id = conversation(intake, channel, "id")
    intake.rows(
        "UPDATE platform.conversations SET fence = 1, lease_until = now() + interval '1 min' WHERE id = %s",
        conversation_id,
    )
    intake.record(channel.delivery(channel.echo(customer(channel))))
    with contextlib.closing(shared_database.connect("application")) as connection:
        enter_tenant(connection, shared_database, channel.tenant.organization_id)
        turn = {"execution_id": str(uuid4()), "agent_id": str(channel.tenant.agent_id), "tokens": 0, "attempts": []}
        cursor = connection.cursor()
        cursor.execute(
            "SELECT agents.commit_turn(%s, %s, 1, 1, 1, CAST(%s AS jsonb)) ->> 'result'",
            (channel.tenant.organization_id, conversation_id, json.dumps(turn)),
        )
        assert [row[0] for row in cursor.fetchall()] == ["human_active"]


def test_a_send_whose_id_an_echo_took_gets_it_back(intake: Intake, shared_database: Database, page: Channel) -> None:
    """C-13: its text was changed on its way, so it looked like a person's; the answer of our send is the truth."""
    mid = new_mid()
    reply = sent(intake, shared_database, page, state="sending")
    intake.record(page.delivery(page.echo(customer(page), text="Sim! (assinado)", mid=mid)))
    with contextlib.closing(shared_database.connect("application")) as connection:
        enter_tenant(connection, shared_database, page.tenant.organization_id)
        connection.cursor().execute(
            "SELECT agents.finish_send(%s, %s, 1, CAST(%s AS jsonb))",
            (page.tenant.organization_id, reply.outbox_id, f'{{"outcome": "accepted", "message_id": "{mid}"}}'),
        )
    assert outbox_state(intake, reply) == ("accepted", mid)
    rows = intake.rows(
        "SELECT id = %s, external_message_id, delivery_status FROM platform.messages"
        " WHERE organization_id = %s AND direction = 'outbound' ORDER BY 1",
        reply.message_id,
        page.tenant.organization_id,
    )
    assert rows == [(False, None, "failed"), (True, mid, "sent")]


def test_an_echo_to_somebody_new_opens_a_conversation_that_a_person_has(intake: Intake, page: Channel) -> None:
    """H-02."""
    intake.record(page.delivery(page.echo(customer(page))))
    assert conversation(intake, page) == ("human", "escalated", True, None, None, 0, 1)


def test_a_person_takes_over_what_other_conversations_of_the_customer_still_had_to_answer(
    intake: Intake, shared_database: Database
) -> None:
    """H-02."""
    channel = channel_of(shared_database, "whatsapp")
    user, number = named("user_id", "BR.1"), phone("5511987654321")
    for item in (channel.message(user), channel.message(number, at=1), channel.message(user, number, at=2)):
        intake.record(channel.delivery(item))
    intake.record(channel.delivery(channel.echo(number, at=3)))
    found = intake.rows(
        "SELECT automation_state, run_at FROM platform.conversations WHERE organization_id = %s",
        channel.tenant.organization_id,
    )
    assert found == [("human", None), ("human", None)]
