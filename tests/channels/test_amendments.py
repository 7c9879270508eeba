"""Edits, deletions and reactions, and Messenger's watermarks: whatever comes first, the messages end the same."""

from __future__ import annotations

import contextlib
import itertools
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.channels.facts import Channel, channel_of, named, new_mid
from tests.channels.outbound import make_reply
from tests.channels.recorded import Intake, recording
from tests.support.tenants import enter_tenant
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.database import Database

CUSTOMER = named("scoped_id", "7200000000000001")
OTHER = named("scoped_id", "7200000000000002")
AMENDED = "text_content, edited_at IS NOT NULL, deleted_at IS NOT NULL, reactions"


@pytest.fixture(scope="module")
def intake(shared_database: Database) -> Iterator[Intake]:
    with recording(shared_database) as opened:
        yield opened


@pytest.fixture
def page(shared_database: Database) -> Channel:
    return channel_of(shared_database, "messenger")


def record(intake: Intake, channel: Channel, *items: Any) -> list[Any]:
    return [intake.record(channel.delivery(item)) for item in items]


def message(intake: Intake, mid: str, columns: str = AMENDED) -> Any:
    (row,) = intake.rows(f"SELECT {columns} FROM platform.messages WHERE external_message_id = %s", mid)
    return row


def at(channel: Channel, seconds: float) -> datetime:
    return datetime.fromtimestamp(channel.now + seconds, UTC)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_newest_edit_counts_in_any_order(intake: Intake, page: Channel, order: tuple[int, ...]) -> None:
    """C-14: and what the turn will read of an unanswered message is the edited text."""
    mid = new_mid()
    items = [
        page.message(CUSTOMER, text="um", mid=mid),
        page.item("edit", at=1, target=mid, text="dois", identities=[CUSTOMER]),
        page.item("edit", at=2, target=mid, text="três", identities=[CUSTOMER]),
    ]
    record(intake, page, *(items[place] for place in order))
    assert message(intake, mid, "text_content, edited_at, metadata, seq") == (
        "três",
        at(page, 2),
        {"first_text": "um"},
        1,
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_deleted_message_has_no_content_and_was_there(intake: Intake, page: Channel, order: tuple[int, ...]) -> None:
    """C-14: neither its text nor an edit of it stays where a later run could read it."""
    mid = new_mid()
    items = [
        page.message(CUSTOMER, text="meu CPF", mid=mid, metadata={"referral": "x"}),
        page.item("edit", at=1, target=mid, text="meu CPF é", identities=[CUSTOMER]),
        page.item("deletion", at=2, target=mid, identities=[CUSTOMER]),
    ]
    record(intake, page, *(items[place] for place in order))
    assert message(intake, mid, "text_content, deleted_at, metadata, message_type, seq") == (
        None,
        at(page, 2),
        {},
        "text",
        1,
    )
    kept = intake.rows("SELECT DISTINCT text_content FROM platform.message_amendments WHERE target = %s", mid)
    assert kept == [None]
    record(intake, page, page.item("edit", at=3, target=mid, text="de novo", identities=[CUSTOMER]))
    assert message(intake, mid, "text_content") is None


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_each_person_has_one_reaction_the_newest(intake: Intake, page: Channel, order: tuple[int, ...]) -> None:
    """C-14: one that was taken back is none; nobody is woken by one."""
    mid = new_mid()
    items = [
        page.message(CUSTOMER, mid=mid, answerable=False),
        page.item("reaction", at=1, target=mid, emoji="👍", identities=[CUSTOMER], answerable=False),
        page.item("reaction", at=2, target=mid, emoji=None, identities=[CUSTOMER], answerable=False),
        page.item("reaction", at=3, target=mid, emoji="❤", identities=[OTHER], answerable=False),
    ]
    recorded = record(intake, page, *(items[place] for place in order))
    (reaction,) = message(intake, mid, "reactions")
    assert (reaction["by"], reaction["emoji"]) == (OTHER["match"], "❤")
    assert [wake for each in recorded for wake in each.wake_ups] == []


def test_a_reaction_alone_makes_no_conversation(intake: Intake, page: Channel) -> None:
    """C-14: it waits for its message."""
    record(intake, page, page.item("reaction", target=new_mid(), emoji="👍", identities=[CUSTOMER]))
    tables = ("platform.conversations", "platform.messages", "platform.contacts")
    counts = [
        intake.rows(f"SELECT count(*) FROM {table} WHERE organization_id = %s", page.tenant.organization_id)
        for table in tables
    ]
    assert counts == [[0], [0], [0]]


def test_a_reaction_to_our_message_waits_until_its_id_is_known(
    intake: Intake, shared_database: Database, page: Channel
) -> None:
    """C-14, I4."""
    mid = new_mid()
    record(intake, page, page.message(CUSTOMER))
    (conversation_id,) = intake.rows(
        "SELECT id FROM platform.conversations WHERE organization_id = %s", page.tenant.organization_id
    )
    reply = make_reply(shared_database, page.tenant, conversation_id=conversation_id)
    _belong(intake, page, reply)
    record(intake, page, page.item("reaction", target=mid, emoji="👍", identities=[CUSTOMER]))
    _accept(shared_database, page, reply.outbox_id, mid)
    assert [reaction["emoji"] for reaction in message(intake, mid, "reactions")] == ["👍"]


def test_an_amendment_beside_its_message_is_seen_by_one_of_the_two(
    intake: Intake, shared_database: Database, page: Channel
) -> None:
    """C-14: both transactions are open at the same time."""
    mid = new_mid()
    first = page.message(CUSTOMER, mid=mid, text="um")
    with contextlib.closing(shared_database.superuser()) as holder:
        holder.autocommit = False
        # holds what the message's transaction needs last, so that it stays open
        holder.cursor().execute("LOCK TABLE platform.messages IN SHARE MODE")
        writing = threading.Thread(target=record, args=(intake, page, first))
        writing.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'platform.messages'::regclass AND NOT granted"
        eventually(lambda: intake.rows(waiting) == [1], within=5)
        with recording(shared_database) as other:
            amending = threading.Thread(
                target=record, args=(other, page, page.item("deletion", at=1, target=mid, identities=[CUSTOMER]))
            )
            amending.start()
            blocked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            eventually(lambda: intake.rows(blocked) == [1], within=5)
            holder.rollback()
            writing.join()
            amending.join()
    assert message(intake, mid)[2] is True


def test_the_same_id_at_another_account_is_another_message(
    intake: Intake, shared_database: Database, page: Channel
) -> None:
    """C-04."""
    other, mid = channel_of(shared_database, "messenger"), new_mid()
    record(intake, page, page.message(CUSTOMER, mid=mid, text="um"))
    record(intake, other, other.item("deletion", target=mid, identities=[CUSTOMER]))
    assert message(intake, mid)[0] == "um"


def test_what_nobody_is_to_answer_is_stored_without_a_place_in_a_turn(intake: Intake, page: Channel) -> None:
    """C-15: also beside messages that are to be answered."""
    standby = page.message(CUSTOMER, text="para outro", answerable=False)
    assert record(intake, page, standby)[0].wake_ups == []
    columns = "last_in_seq, run_at, last_inbound_at, automation_state, status"
    found = f"SELECT {columns} FROM platform.conversations WHERE organization_id = %s"
    assert intake.rows(found, page.tenant.organization_id) == [(0, None, None, "auto", "active")]
    recorded = intake.record(
        page.delivery(page.message(CUSTOMER, at=1), page.message(CUSTOMER, at=2, answerable=False))
    )
    assert len(recorded.wake_ups) == 1
    seqs = intake.rows(
        "SELECT seq FROM platform.messages WHERE organization_id = %s ORDER BY platform_timestamp",
        page.tenant.organization_id,
    )
    assert seqs == [None, 1, None]
    before = intake.rows(found, page.tenant.organization_id)
    assert before[0][:3] == (1, recorded.wake_ups[0].run_at, at(page, 1))
    record(intake, page, page.message(CUSTOMER, at=3, answerable=False))
    assert intake.rows(found, page.tenant.organization_id) == before


def test_what_a_message_is_and_answers_is_kept_and_its_files_are_to_be_fetched(intake: Intake, page: Channel) -> None:
    """D-01."""
    media = [
        {"kind": "image", "url": "https://lookaside.example/1", "mime_type": "image/jpeg"},
        {"kind": "audio", "id": "77", "sha256": "ab", "size": 12, "voice": True, "filename": "a.ogg"},
    ]
    item = page.message(CUSTOMER, text=None, message_type="image", media=media, reply_to="mid.0")
    (recorded,) = record(intake, page, item)
    kept = intake.rows(
        "SELECT message_type, text_content, reply_to_external_id FROM platform.messages WHERE id = %s", item["id"]
    )
    assert kept == [("image", None, "mid.0")]
    transfers = intake.rows(
        "SELECT id, kind, provider_media_id, url, declared_size, voice, state FROM platform.media_transfers"
        " WHERE message_id = %s ORDER BY ordinal",
        item["id"],
    )
    assert [row[1:] for row in transfers] == [
        ("image", None, "https://lookaside.example/1", None, False, "pending"),
        ("audio", "77", None, 12, True, "pending"),
    ]
    assert {transfer.transfer_id for transfer in recorded.media} == {row[0] for row in transfers}
    assert intake.record(page.delivery(item)).media == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_watermark_counts_for_all_that_was_sent_until_then_in_any_order(
    intake: Intake, page: Channel, order: tuple[int, ...]
) -> None:
    """C-09."""
    mids = [new_mid(), new_mid(), new_mid()]
    record(intake, page, *(page.echo(CUSTOMER, mid=mid, at=second) for second, mid in enumerate(mids)))
    marks = [("delivered", 0.5), ("delivered", 1.5), ("read", 1.0)]
    record(
        intake,
        page,
        *(page.item("watermark", at=marks[p][1], status=marks[p][0], identities=[CUSTOMER]) for p in order),
    )
    columns = "delivery_status, delivered_at, read_at"
    assert [message(intake, mid, columns) for mid in mids] == [
        ("read", at(page, 0.5), at(page, 1.0)),
        ("read", at(page, 1.5), at(page, 1.0)),
        ("sent", None, None),
    ]


def test_a_watermark_counts_for_messages_that_are_recorded_later(
    intake: Intake, shared_database: Database, page: Channel
) -> None:
    """C-09: an echo and a send whose answers come after it; another customer's messages are not touched."""
    record(intake, page, page.message(CUSTOMER), page.message(OTHER))
    ours, theirs = intake.rows(
        "SELECT id FROM platform.conversations WHERE organization_id = %s ORDER BY customer_external_id",
        page.tenant.organization_id,
    )
    replies = [make_reply(shared_database, page.tenant, conversation_id=each) for each in (ours, theirs)]
    for reply in replies:
        _belong(intake, page, reply)
        intake.rows("UPDATE platform.outbox SET sending_at = %s WHERE id = %s", at(page, 1), reply.outbox_id)
    record(intake, page, page.item("watermark", at=5, status="read", identities=[CUSTOMER]))
    mids = [new_mid(), new_mid(), new_mid()]
    for reply, mid in zip(replies, mids[:2], strict=True):
        _accept(shared_database, page, reply.outbox_id, mid)
    record(intake, page, page.echo(CUSTOMER, mid=mids[2], at=2))
    assert [message(intake, mid, "delivery_status") for mid in mids] == ["read", "sent", "read"]


def _belong(intake: Intake, channel: Channel, reply: Any) -> None:
    for table in ("messages", "outbox"):
        intake.rows(
            f"UPDATE platform.{table} SET connection_id = %s WHERE id IN (%s, %s)",
            channel.connection_id,
            reply.message_id,
            reply.outbox_id,
        )


def _accept(database: Database, channel: Channel, outbox_id: object, mid: str) -> None:
    """The provider's answer is recorded, as the sender does."""
    with contextlib.closing(database.connect("application")) as connection:
        enter_tenant(connection, database, channel.tenant.organization_id)
        connection.cursor().execute(
            "SELECT agents.finish_send(%s, %s, 1, CAST(%s AS jsonb))",
            (channel.tenant.organization_id, outbox_id, f'{{"outcome": "accepted", "message_id": "{mid}"}}'),
        )
