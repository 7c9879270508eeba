"""The same as test_any_order, for every kind of item of the three channels: people, echoes, amendments, watermarks."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.channels.facts import Channel, channel_of, named, new_mid, phone
from tests.channels.recorded import Intake, recording
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.channels.items import Item
    from tests.support.database import Database

LONG, SHORT, MOVED = phone("5511987654321"), phone("551187654321"), phone("5521998887777")
USER, STRANGER, NICK = named("user_id", "BR.1"), named("user_id", "BR.2"), named("username", "maria")
FAN, READER = named("scoped_id", "71"), named("scoped_id", "72")
EVENTS = 29  # as many as `_events` makes


@pytest.fixture(scope="module")
def intake(shared_database: Database) -> Iterator[Intake]:
    with recording(shared_database) as opened:
        yield opened


def _events(channels: list[Channel], prefix: str) -> list[tuple[Channel, Item]]:
    """One customer under four names and another, on WhatsApp; a page with a fan; an Instagram account."""
    whatsapp, page, insta = channels

    def mid(name: str) -> str:
        return f"{prefix}.{name}"

    def amend(channel: Channel, kind: str, target: str, name: dict[str, str], at: int, **more: Any) -> Item:
        key = f"{kind}:{mid(target)}:{name['match']}:{at}"
        return channel.item(kind, key=key, target=mid(target), identities=[name], at=at, **more)

    def told(kind: str, name: dict[str, str], at: float, **more: Any) -> Item:
        channel = page if kind == "watermark" else whatsapp
        return channel.item(kind, key=f"{kind}:{prefix}:{at}", identities=[name], at=at, **more)

    on_whatsapp = [
        whatsapp.message(LONG, text="um", mid=mid("w1"), at=1, customer_name="Maria"),
        whatsapp.message(USER, NICK, text="dois", mid=mid("w2"), at=2, customer_name="Maria C."),
        whatsapp.message(SHORT, USER, text="três", mid=mid("w3"), at=3),
        told("identity", MOVED, 5, previous=[LONG]),
        whatsapp.message(MOVED, text="quatro", mid=mid("w4"), at=6),
        whatsapp.message(STRANGER, NICK, text="outra", mid=mid("w5"), at=7),
        whatsapp.message(USER, text="só para ler", mid=mid("w6"), at=8, answerable=False, message_type="system"),
        whatsapp.echo(USER, text="Sou a Ana", mid=mid("w7"), at=9),
        told("preference", SHORT, 2, choice="resume"),
        told("preference", USER, 4, choice="stop"),
        amend(whatsapp, "edit", "w1", LONG, 2, text="um pão"),
        amend(whatsapp, "edit", "w1", LONG, 3, text="um pão doce"),
        amend(whatsapp, "deletion", "w3", USER, 4),
        amend(whatsapp, "edit", "w3", USER, 4, text="apagado"),
        amend(whatsapp, "reaction", "w7", USER, 10, emoji="👍"),
        amend(whatsapp, "reaction", "w7", USER, 11, emoji=None),
        amend(whatsapp, "reaction", "w7", STRANGER, 10, emoji="❤"),
        whatsapp.item("status", key=f"s:{mid('w7')}:read", event_id=mid("w7"), status="read", at=12),
    ]
    on_the_page = [
        page.message(FAN, text="oi", mid=mid("p1"), at=1, media=[{"kind": "image", "url": "https://x.example/1"}]),
        page.message(READER, text="olá", mid=mid("p2"), at=1),
        page.echo(FAN, text="a", mid=mid("p3"), at=2),
        page.echo(FAN, text="b", mid=mid("p4"), at=4),
        told("watermark", FAN, 3, status="delivered"),
        told("watermark", FAN, 3.5, status="read"),
        told("watermark", FAN, 5, status="delivered"),
    ]
    on_instagram = [
        insta.message(FAN, text="foto", mid=mid("i1"), at=1, reply_to=mid("i0")),
        insta.message(FAN, text="de outro", mid=mid("i2"), at=2, answerable=False),
        amend(insta, "reaction", "i1", FAN, 3, emoji="😮"),
        insta.item("account", key=f"a:{prefix}", event="app_roles", severity="attention", detail="x"),
    ]
    by_channel = zip(channels, (on_whatsapp, on_the_page, on_instagram), strict=True)
    return [(channel, item) for channel, items in by_channel for item in items]


def _rows(intake: Intake, channels: list[Channel], prefix: str) -> dict[str, list[Any]]:
    """What the events left, without what the order may decide: ids, and in which of a person's conversations it is."""
    organization_id = channels[0].tenant.organization_id
    person = (
        "(SELECT min(n.match) FROM platform.contact_identities n"
        " WHERE n.organization_id = c.organization_id AND n.contact_id = c.contact_id)"
    )
    queries = {
        "people": "SELECT n.kind, n.match, n.retired_at, p.display_name, p.marketing_opted_out_at,"
        " (SELECT min(o.match) FROM platform.contact_identities o WHERE o.contact_id = n.contact_id)"
        " FROM platform.contact_identities n JOIN platform.contacts p ON p.id = n.contact_id"
        " WHERE n.organization_id = %s AND p.merged_into IS NULL ORDER BY 1, 2, 6, 4",
        "conversations": f"SELECT c.connection_id = ANY (%s::uuid[]), {person}, c.channel, sum(c.last_in_seq),"
        " array_agg(DISTINCT c.automation_state) FILTER (WHERE c.status IN ('active', 'escalated')),"
        " count(c.run_at) > 0, max(c.last_inbound_at),"
        " count(*) FILTER (WHERE c.continued_in IS NULL AND c.status IN ('active', 'escalated'))"
        " FROM platform.conversations c WHERE c.organization_id = %s GROUP BY 1, 2, 3 ORDER BY 2, 3",
        "messages": f"SELECT replace(m.external_message_id, '{prefix}', ''), {person}, m.direction, m.sender_type,"
        " m.message_type, m.text_content, m.edited_at, m.deleted_at, m.reactions::text, m.metadata::text,"
        " m.delivery_status, m.delivered_at, m.read_at, m.seq IS NULL, m.platform_timestamp"
        " FROM platform.messages m JOIN platform.conversations c ON c.id = m.conversation_id"
        " WHERE m.organization_id = %s ORDER BY 1",
        "amendments": "SELECT kind, actor, text_content, emoji, message_id IS NULL, count(*)"
        " FROM platform.message_amendments WHERE organization_id = %s GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4",
        "files": "SELECT kind, state FROM platform.media_transfers WHERE organization_id = %s",
        "alerts": "SELECT kind, reason FROM integrations.connection_alerts WHERE organization_id = %s",
        "events": "SELECT event_type, status, count(*) FROM integrations.webhook_events WHERE organization_id = %s"
        " GROUP BY 1, 2 ORDER BY 1",
        "choices": "SELECT action FROM audit.activity_logs WHERE organization_id = %s AND action LIKE 'contact.mark%%'"
        " ORDER BY 1",
    }
    connections = [channel.connection_id for channel in channels]
    return {
        name: intake.rows(query, *([connections] if name == "conversations" else []), organization_id)
        for name, query in queries.items()
    }


def _play(intake: Intake, order: list[int], sizes: list[int], *, now: int = 0) -> dict[str, list[Any]]:
    """Record the events in this order, cut into groups of deliveries; return what is there afterwards."""
    tenant, prefix = make_organization(intake.database), new_mid()
    channels = [channel_of(intake.database, provider, tenant) for provider in ("whatsapp", "messenger", "instagram")]
    for channel in channels:
        channel.now = now or channel.now
    events = _events(channels, prefix)
    assert len(events) == EVENTS
    waiting = [events[number] for number in order]
    cuts = iter(sizes)
    while waiting:
        group = []
        for _ in range(next(cuts, 1)):
            size = next(cuts, 1)
            for channel, items in itertools.groupby(waiting[:size], key=lambda event: event[0]):
                group.append(channel.delivery(*(dict(item) for _, item in items)))
            waiting = waiting[size:]
        intake.record(*group)
    return _rows(intake, channels, prefix)


_in_order: dict[str, tuple[int, dict[str, list[Any]]]] = {}


def _play_in_order(intake: Intake) -> tuple[int, dict[str, list[Any]]]:
    """The time of the events, and the rows when everything comes once, alone and in order."""
    if intake.database.name not in _in_order:
        now = channel_of(intake.database, "whatsapp").now
        _in_order[intake.database.name] = (now, _play(intake, list(range(EVENTS)), [], now=now))
    return _in_order[intake.database.name]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations(range(EVENTS)),
    repeated=st.lists(st.tuples(st.integers(0, EVENTS - 1), st.integers(0, EVENTS)), max_size=10),
    sizes=st.lists(st.integers(1, 8), max_size=20),
)
def test_any_order_repetition_and_batching_ends_in_the_same_rows(
    intake: Intake, order: list[int], repeated: list[tuple[int, int]], sizes: list[int]
) -> None:
    """C-07, C-09, C-11, C-12, C-13, C-14, C-20."""
    played = list(order)
    for number, place in repeated:
        played.insert(place, number)
    now, expected = _play_in_order(intake)
    assert _play(intake, played, sizes, now=now) == expected


def test_the_rows_in_order_are_what_the_events_say(intake: Intake) -> None:
    """Negative control: what the property compares is not empty, and an event that is missing shows."""
    now, rows = _play_in_order(intake)
    counts = {name: len(found) for name, found in rows.items()}
    assert counts | {"events": 0} == {
        "people": 8,
        "conversations": 5,
        "messages": 13,
        "amendments": 8,
        "files": 1,
        "alerts": 1,
        "events": 0,
        "choices": 2,
    }
    for missing in (0, 3, 5, 7, 9, 11, 12, 16, 18, 23, 27):
        others = [number for number in range(EVENTS) if number != missing]
        assert _play(intake, others, [], now=now) != rows, missing


def test_fifty_items_of_every_kind_are_one_round_trip(intake: Intake) -> None:
    """C-04: three channels, groups of deliveries, whatever is in them."""
    tenant = make_organization(intake.database)
    channels = [channel_of(intake.database, provider, tenant) for provider in ("whatsapp", "messenger", "instagram")]
    items = [*_events(channels, new_mid()), *_events(channels, new_mid())][:50]
    before = intake.pool.round_trips
    recorded = intake.record(*(channel.delivery(item) for channel, item in items))
    assert intake.pool.round_trips == before + 1
    assert sum(counts.new for counts in recorded.counts) == 50
