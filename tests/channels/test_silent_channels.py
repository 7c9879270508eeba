"""When a channel was last heard of is known without intake writing it; one that only sends raises one alarm."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.support.conversations import open_database
from tests.support.tenants import Tenant, make_conversation, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.platform.database import Database
    from tests.support.database import Database as TestDatabase

HALF_AN_HOUR = 1800.0


class Channel:
    """A connection two days old; its sends and webhooks are so many minutes ago."""

    def __init__(self, database: TestDatabase, superuser: Any, worker: Database) -> None:
        self.tenant: Tenant = make_organization(database)
        self.conversation_id = make_conversation(database, self.tenant)
        self._superuser = superuser
        self._worker = worker
        self.rows(
            "UPDATE integrations.connections SET created_at = now() - interval '2 days' WHERE id = %s",
            self.tenant.connection_id,
        )

    def rows(self, statement: str, *values: object) -> list[list[Any]]:
        cursor = self._superuser.cursor()
        cursor.execute(statement, values)
        return [list(row) for row in cursor.fetchall()] if cursor.description else []

    def sends(self, *, minutes_ago: float) -> None:
        self.rows(
            "INSERT INTO platform.outbox"
            " (organization_id, conversation_id, connection_id, turn_seq, recipient, payload, state, accepted_at)"
            " VALUES (%s, %s, %s, %s, '5511', '{}', 'accepted', now() - %s * interval '1 minute')",
            self.tenant.organization_id, self.conversation_id, self.tenant.connection_id, uuid4().int % 10**9,
            minutes_ago,
        )  # fmt: skip

    def hears(self, *, minutes_ago: float = 0.0) -> None:
        """Of a status, as intake stores it: each item is an event."""
        self.rows(
            "INSERT INTO integrations.webhook_events (organization_id, connection_id, event_type, created_at)"
            " VALUES (%s, %s, 'status.sent', clock_timestamp() - %s * interval '1 minute')",
            self.tenant.organization_id, self.tenant.connection_id, minutes_ago,
        )  # fmt: skip

    def watch(self, *, slices: int = 1, part: int = 0) -> list[str]:
        """What one look says of this channel."""
        rows = self._worker.system_once(
            "SELECT connection_id, change FROM integrations.watch_channels(:silent, :slices, :part)",
            silent=HALF_AN_HOUR, slices=slices, part=part,
        )  # fmt: skip
        return [row.change for row in rows if row.connection_id == self.tenant.connection_id]

    def known(self) -> list[Any]:
        """Whole minutes since the last webhook and the last send, as the connection's row says."""
        [row] = self.rows(
            "SELECT round(extract(epoch FROM now() - last_webhook_at) / 60)::int,"
            " round(extract(epoch FROM now() - last_send_at) / 60)::int FROM integrations.connections WHERE id = %s",
            self.tenant.connection_id,
        )
        return row

    def alerts(self) -> list[list[Any]]:
        return self.rows(
            "SELECT kind, cleared_at IS NULL FROM integrations.connection_alerts WHERE connection_id = %s"
            " ORDER BY raised_at",
            self.tenant.connection_id,
        )


@pytest.fixture
def channel(shared_database: TestDatabase) -> Iterator[Channel]:
    with (
        contextlib.closing(shared_database.superuser()) as superuser,
        contextlib.closing(open_database(shared_database, "worker")) as worker,
    ):
        yield Channel(shared_database, superuser, worker)


def test_sends_without_any_webhook_raise_one_alarm(channel: Channel) -> None:
    """C-22: not even statuses."""
    channel.sends(minutes_ago=40)

    assert [channel.watch(), channel.watch()] == [["silent"], []]
    assert channel.alerts() == [["silent", True]]


def test_a_webhook_ends_the_alarm_and_a_later_silence_raises_another(channel: Channel) -> None:
    """C-22: cleared when a webhook arrives."""
    channel.sends(minutes_ago=40)
    channel.watch()

    channel.hears()

    assert [channel.watch(), channel.watch()] == [["heard"], []]
    assert channel.alerts() == [["silent", False]]
    channel.rows("UPDATE integrations.webhook_events SET created_at = created_at - interval '3 hours'"
                 " WHERE connection_id = %s", channel.tenant.connection_id)  # fmt: skip
    channel.rows("UPDATE integrations.connections SET last_webhook_at = last_webhook_at - interval '3 hours'"
                 " WHERE id = %s", channel.tenant.connection_id)  # fmt: skip
    assert channel.watch() == ["silent"]


@pytest.mark.parametrize(
    ("sends", "webhooks"),
    [
        ([20], []),  # not for long enough
        ([], [600]),  # nobody writes and nothing is sent: a quiet day
        ([40], [39]),  # its statuses came
        ([40], [39.9]),
        ([40], [40.2]),  # a status that was faster than the recording of its send
        ([600, 40], [500, 39]),
    ],
)
def test_a_channel_that_hears_or_has_nothing_to_hear_is_no_alarm(
    channel: Channel, sends: list[float], webhooks: list[float]
) -> None:
    for minutes_ago in sends:
        channel.sends(minutes_ago=minutes_ago)
    for minutes_ago in webhooks:
        channel.hears(minutes_ago=minutes_ago)

    assert channel.watch() == []


def test_the_wait_counts_from_the_first_send_that_nobody_answered(channel: Channel) -> None:
    """A channel that sends all the time does not put its alarm off."""
    channel.hears(minutes_ago=120)
    for minutes_ago in (100, 50, 1):
        channel.sends(minutes_ago=minutes_ago)

    assert channel.watch() == ["silent"]


def test_a_paused_channel_is_no_alarm(channel: Channel) -> None:
    channel.sends(minutes_ago=40)
    channel.rows("UPDATE integrations.connections SET status = 'expired' WHERE id = %s", channel.tenant.connection_id)

    assert channel.watch() == []


def test_what_was_last_heard_and_sent_is_written_by_the_look(channel: Channel) -> None:
    channel.hears(minutes_ago=7)
    channel.hears(minutes_ago=300)
    channel.sends(minutes_ago=5)
    assert channel.known() == [None, None]

    channel.watch()

    assert channel.known() == [7, 5]


def test_a_look_without_news_writes_nothing(channel: Channel) -> None:
    channel.hears(minutes_ago=7)
    channel.sends(minutes_ago=5)
    row = "SELECT xmin::text FROM integrations.connections WHERE id = %s"
    channel.watch()
    before = channel.rows(row, channel.tenant.connection_id)

    channel.watch()

    assert channel.rows(row, channel.tenant.connection_id) == before


def test_each_channel_is_in_one_slice_of_five(channel: Channel) -> None:
    channel.sends(minutes_ago=40)
    looked = []
    for part in range(5):
        looked += channel.watch(slices=5, part=part)

    assert looked == ["silent"]


def test_a_silent_channel_is_looked_at_in_every_slice(channel: Channel) -> None:
    """Its alarm ends at the next look, and not minutes later."""
    channel.sends(minutes_ago=40)
    channel.watch()
    channel.hears()

    [[own]] = channel.rows("SELECT abs(hashtext(%s::text) %% 5)", str(channel.tenant.connection_id))

    assert channel.watch(slices=5, part=(own + 1) % 5) == ["heard"]
