"""Who a customer is, whatever names the provider gives: contacts, their names, and two that turn out to be one."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.channels.facts import Channel, channel_of, named, phone, whatsapp_of
from tests.channels.outbound import make_reply
from tests.channels.recorded import RULES, Intake, recording
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from tests.support.database import Database

THIRTEEN, TWELVE = phone("5511987654321"), phone("551187654321")
USER, OTHER_USER = named("user_id", "BR.13491208655302741918"), named("user_id", "BR.99")


@pytest.fixture(scope="module")
def intake(shared_database: Database) -> Iterator[Intake]:
    with recording(shared_database) as opened:
        yield opened


@pytest.fixture
def channel(shared_database: Database) -> Channel:
    return channel_of(shared_database, "whatsapp")


def record(intake: Intake, channel: Channel, *items: Any) -> None:
    """Each item in a delivery and a group of its own."""
    for item in items:
        intake.record(channel.delivery(item))


def living(intake: Intake, channel: Channel, columns: str = "id") -> list[Any]:
    """The organization's contacts that are not part of another."""
    return intake.rows(
        f"SELECT {columns} FROM platform.contacts WHERE organization_id = %s AND merged_into IS NULL ORDER BY 1",
        channel.tenant.organization_id,
    )


def names_of(intake: Intake, contact_id: UUID) -> set[tuple[str, str]]:
    found = intake.rows("SELECT kind, value FROM platform.contact_identities WHERE contact_id = %s", contact_id)
    return set(found)


def conversations(intake: Intake, channel: Channel, columns: str) -> list[Any]:
    return intake.rows(
        f"SELECT {columns} FROM platform.conversations WHERE organization_id = %s ORDER BY created_at, id",
        channel.tenant.organization_id,
    )


@pytest.mark.parametrize("order", [(THIRTEEN, TWELVE), (TWELVE, THIRTEEN)], ids=["13-12", "12-13"])
def test_both_forms_of_a_brazilian_mobile_are_one_contact_and_the_last_form_is_answered(
    intake: Intake, channel: Channel, order: tuple[dict[str, str], ...]
) -> None:
    """C-12: the name is kept as it came first, replies go to the form that the provider used last."""
    record(intake, channel, *(channel.message(name, at=at) for at, name in enumerate(order)))
    (contact,) = living(intake, channel)
    assert names_of(intake, contact) == {("phone", order[0]["value"])}
    assert conversations(intake, channel, "customer_external_id, last_in_seq") == [(order[1]["value"], 2)]


def test_a_landline_is_not_the_mobile_that_looks_like_it(intake: Intake, channel: Channel) -> None:
    """C-12."""
    record(intake, channel, channel.message(phone("551132345678")), channel.message(phone("5511932345678")))
    assert len(living(intake, channel)) == 2


def test_two_users_without_a_phone_are_two_contacts(intake: Intake, channel: Channel) -> None:
    """C-11."""
    record(intake, channel, channel.message(USER), channel.message(OTHER_USER), channel.message(USER))
    assert len(living(intake, channel)) == 2
    assert sorted(conversations(intake, channel, "customer_external_id, last_in_seq")) == [
        (USER["value"], 2),
        (OTHER_USER["value"], 1),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_phone_that_is_disclosed_later_makes_one_contact_whatever_came_first(
    intake: Intake, channel: Channel, order: tuple[int, ...]
) -> None:
    """C-11: messages, conversations and names of both stay, under one contact."""
    items = [channel.message(USER, text="a"), channel.message(THIRTEEN, text="b"), channel.message(USER, TWELVE)]
    record(intake, channel, *(items[place] for place in order))
    (contact,) = living(intake, channel)
    assert {kind for kind, _ in names_of(intake, contact)} == {"user_id", "phone"}
    assert set(conversations(intake, channel, "contact_id")) == {contact}
    texts = intake.rows(
        "SELECT text_content FROM platform.messages WHERE organization_id = %s ORDER BY 1",
        channel.tenant.organization_id,
    )
    assert texts == ["Oi", "a", "b"]
    opened = intake.rows(
        "SELECT count(*) FROM platform.conversations WHERE organization_id = %s AND continued_in IS NULL",
        channel.tenant.organization_id,
    )
    assert opened == [1]


def test_a_merge_is_recorded_with_its_evidence(intake: Intake, channel: Channel) -> None:
    """C-11."""
    proof = channel.message(USER, THIRTEEN)
    record(intake, channel, channel.message(USER), channel.message(THIRTEEN), proof)
    organization_id = channel.tenant.organization_id
    (row,) = intake.rows(
        "SELECT contact_id, merged_contact_id, reason, evidence FROM platform.contact_merges"
        " WHERE organization_id = %s",
        organization_id,
    )
    assert row[:1] == tuple(living(intake, channel))
    assert row[2] == "same_item"
    assert row[3]["event_id"] == proof["id"]
    assert row[3]["identities"] == [{"kind": "phone", "scope": "", "match": THIRTEEN["match"]}]
    assert len(row[3]["conversations"]) == 1
    audited = intake.rows(
        "SELECT resource_id, metadata->>'merged_contact_id' FROM audit.activity_logs"
        " WHERE organization_id = %s AND action = 'contact.merged'",
        organization_id,
    )
    assert audited == [(row[0], str(row[1]))]
    assert intake.rows("SELECT merged_into FROM platform.contacts WHERE id = %s", row[1]) == [row[0]]


def test_a_conversation_that_takes_no_new_messages_still_answers_what_it_has(intake: Intake, channel: Channel) -> None:
    """A-02, C-11: each message is answered once, in the conversation where it is."""
    record(intake, channel, channel.message(USER), channel.message(THIRTEEN, at=1))
    before = dict(conversations(intake, channel, "id, run_at"))
    recorded = intake.record(channel.delivery(channel.message(USER, THIRTEEN, at=2)))
    rows = conversations(intake, channel, "id, status, automation_state, last_in_seq, done_seq, run_at, continued_in")
    (kept,) = [row for row in rows if row[6] is None]
    (ended,) = [row for row in rows if row[6] is not None]
    assert ended == (ended[0], "active", "auto", 1, 0, before[ended[0]], kept[0])
    assert (kept[1:5], recorded.wake_ups) == (("active", "auto", 2, 0), [])
    # and what is finished is closed
    intake.rows("UPDATE platform.conversations SET done_seq = last_in_seq, run_at = NULL WHERE id = %s", kept[0])
    record(intake, channel, channel.message(USER, at=3))
    assert intake.rows("SELECT last_in_seq FROM platform.conversations WHERE id = %s", kept[0]) == [3]


def test_a_finished_conversation_of_a_merged_contact_is_resolved(intake: Intake, channel: Channel) -> None:
    """C-11."""
    record(intake, channel, channel.message(USER))
    intake.rows(
        "UPDATE platform.conversations SET done_seq = 1, run_at = NULL WHERE organization_id = %s",
        channel.tenant.organization_id,
    )
    record(intake, channel, channel.message(THIRTEEN, at=1), channel.message(USER, THIRTEEN, at=2))
    found = conversations(intake, channel, "status, last_in_seq, continued_in IS NULL")
    assert sorted(found) == [("active", 2, True), ("resolved", 1, False)]


def test_when_a_person_has_one_of_the_conversations_the_person_has_both(intake: Intake, channel: Channel) -> None:
    """H-02: what waits in the other conversation is not answered automatically either."""
    record(intake, channel, channel.message(USER))
    intake.rows(
        "UPDATE platform.conversations SET automation_state = 'human', run_at = NULL WHERE organization_id = %s",
        channel.tenant.organization_id,
    )
    record(intake, channel, channel.message(THIRTEEN, at=1), channel.message(USER, THIRTEEN, at=2))
    found = conversations(intake, channel, "automation_state, run_at, last_in_seq, continued_in IS NULL")
    assert sorted(found, key=lambda row: row[2]) == [("human", None, 1, False), ("human", None, 2, True)]


def test_a_reply_under_way_at_a_merge_keeps_its_outbox_row_and_conversation(
    intake: Intake, shared_database: Database, channel: Channel
) -> None:
    """A-02, K10: nothing of the turn protocol is moved."""
    record(intake, channel, channel.message(USER), channel.message(THIRTEEN, at=1))
    first = conversations(intake, channel, "id")[0]
    intake.rows(
        "UPDATE platform.conversations SET done_seq = 1, run_at = NULL, fence = 7, lease_until = now() + interval '1 h'"
        " WHERE id = %s",
        first,
    )
    sent = make_reply(shared_database, channel.tenant, state="sending", conversation_id=first)
    record(intake, channel, channel.message(USER, THIRTEEN, at=2))
    assert intake.rows("SELECT state, conversation_id FROM platform.outbox WHERE id = %s", sent.outbox_id) == [
        ("sending", first)
    ]
    assert intake.rows("SELECT status, fence, done_seq FROM platform.conversations WHERE id = %s", first) == [
        ("active", 7, 1)
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_customer_with_a_new_number_is_the_same_contact_and_the_old_number_is_given_up(
    intake: Intake, channel: Channel, order: tuple[int, ...]
) -> None:
    """C-11: in any order; whoever writes from the old number later is somebody else."""
    new = phone("5521998887777")
    items = [
        channel.message(THIRTEEN, at=0),
        channel.item("identity", at=1, identities=[new], previous=[THIRTEEN]),
        channel.message(new, at=2),
    ]
    record(intake, channel, *(items[place] for place in order))
    (contact,) = living(intake, channel)
    retired = intake.rows(
        "SELECT value, retired_at FROM platform.contact_identities WHERE contact_id = %s ORDER BY retired_at",
        contact,
    )
    moment = datetime.fromtimestamp(channel.now + 1, UTC)
    assert retired == [(THIRTEEN["value"], moment), (new["value"], None)]
    record(intake, channel, channel.message(TWELVE, at=3, text="Quem é?"))
    assert len(living(intake, channel)) == 2
    record(intake, channel, channel.message(new, at=4))
    assert len(living(intake, channel)) == 2


def test_an_update_of_the_user_id_finds_the_contact(intake: Intake, channel: Channel) -> None:
    """C-11."""
    record(
        intake,
        channel,
        channel.message(USER),
        channel.item("identity", at=1, identities=[OTHER_USER, THIRTEEN], previous=[USER]),
        channel.message(OTHER_USER, at=2),
        channel.message(THIRTEEN, at=3),
    )
    assert len(living(intake, channel)) == 1
    assert conversations(intake, channel, "last_in_seq") == [3]


def test_a_username_that_another_person_took_does_not_make_two_people_one(intake: Intake, channel: Channel) -> None:
    """C-11: it proves nothing beside a user id, and goes with whoever used it last."""
    name = named("username", "maria.silva")
    record(intake, channel, channel.message(USER, name), channel.message(OTHER_USER, name, at=9))
    assert len(living(intake, channel)) == 2
    holders = intake.rows(
        "SELECT u.match FROM platform.contact_identities n JOIN platform.contact_identities u USING (contact_id)"
        " WHERE n.organization_id = %s AND n.kind = 'username' AND u.kind = 'user_id'",
        channel.tenant.organization_id,
    )
    assert holders == [OTHER_USER["match"]]


def test_the_same_names_at_two_organizations_are_two_contacts(
    intake: Intake, shared_database: Database, channel: Channel
) -> None:
    """T-05: and at two accounts a scoped id is two people."""
    other = channel_of(shared_database, "whatsapp")
    intake.record(channel.delivery(channel.message(THIRTEEN)), other.delivery(other.message(THIRTEEN)))
    assert living(intake, channel) != living(intake, other)
    tenant = make_organization(shared_database)
    pages = [channel_of(shared_database, "messenger", tenant) for _ in range(2)]
    for page in pages:
        record(intake, page, page.message(named("scoped_id", "77")))
    assert len(living(intake, pages[0])) == 2


def test_one_person_on_two_numbers_of_an_organization_has_a_conversation_on_each(
    intake: Intake, shared_database: Database, channel: Channel
) -> None:
    second = channel_of(shared_database, "instagram", channel.tenant)
    record(intake, channel, channel.message(THIRTEEN))
    record(intake, second, second.message(named("scoped_id", "9"), THIRTEEN))
    assert len(living(intake, channel)) == 1
    assert len(conversations(intake, channel, "id")) == 2


def test_the_newest_name_is_shown_in_whatever_order_messages_come(intake: Intake, channel: Channel) -> None:
    items = [channel.message(THIRTEEN, at=at, customer_name=name) for at, name in ((2, "Maria C."), (1, "Maria"))]
    record(intake, channel, *items)
    assert living(intake, channel, "display_name") == ["Maria C."]


@pytest.mark.parametrize("order", list(itertools.permutations((("stop", 1), ("resume", 2), ("stop", 3)))))
def test_the_newest_choice_about_marketing_counts(
    intake: Intake, channel: Channel, order: tuple[tuple[str, int], ...]
) -> None:
    """C-20: at once, in any order, with an audit row for each."""
    for choice, at in order:
        record(intake, channel, channel.item("preference", at=at, choice=choice, identities=[THIRTEEN]))
    moment = datetime.fromtimestamp(channel.now + 3, UTC)
    assert living(intake, channel, "marketing_opted_out_at") == [moment]
    assert conversations(intake, channel, "id") == []
    audited = intake.rows(
        "SELECT action, count(*) FROM audit.activity_logs WHERE organization_id = %s AND action LIKE 'contact.%%'"
        " GROUP BY 1 ORDER BY 1",
        channel.tenant.organization_id,
    )
    assert audited == [("contact.marketing_resumed", 1), ("contact.marketing_stopped", 2)]


def test_a_known_name_is_looked_at_and_not_written(intake: Intake, channel: Channel) -> None:
    """The usual message: last_seen is exact to a day, so that a burst does not write it again and again."""
    record(intake, channel, channel.message(THIRTEEN, USER))
    seen = "SELECT ctid::text, last_seen FROM platform.contact_identities WHERE organization_id = %s ORDER BY kind"
    before = intake.rows(seen, channel.tenant.organization_id)
    record(intake, channel, channel.message(THIRTEEN, USER, at=50))
    assert intake.rows(seen, channel.tenant.organization_id) == before
    later = channel.message(USER, THIRTEEN, at=2 * 86400)
    intake.record(channel.delivery(later), rules=RULES)
    moved = intake.rows(seen, channel.tenant.organization_id)
    assert {row[1] for row in moved} == {datetime.fromtimestamp(channel.now + 2 * 86400, UTC)}


def test_many_new_customers_of_one_group_meet_at_once(intake: Intake, channel: Channel) -> None:
    names = [(phone(f"55119{number:08d}"), named("user_id", f"BR.{number}")) for number in range(200)]
    intake.record(
        *(channel.delivery(channel.message(*pair)) for pair in names),
        channel.delivery(channel.message(names[0][1], text="de novo")),
    )
    assert len(living(intake, channel)) == 200
    assert intake.rows(
        "SELECT count(*) FROM platform.contact_merges WHERE organization_id = %s", channel.tenant.organization_id
    ) == [0]


def test_items_without_names_are_known_by_their_address(intake: Intake, shared_database: Database) -> None:
    channel = whatsapp_of(make_organization(shared_database))
    item = channel.item("message", event_id="m1", customer="BR.77", text="oi")
    record(intake, channel, item)
    (contact,) = living(intake, channel)
    assert names_of(intake, contact) == {("user_id", "BR.77")}
