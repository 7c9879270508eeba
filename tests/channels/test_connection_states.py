"""A connection that needs a person is paused, its owner is told once, and an examination or a new token ends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from shared.channels.connection_states import (
    ConnectionState,
    apply_examination,
    find_connection,
    list_connections,
    revoke_connection,
)
from shared.channels.connections import connect_account
from shared.channels.outbox import NotSent
from shared.channels.ownership import Check, Examination, Proven
from shared.kit.errors import Rejected
from tests.channels.replies import begin, begun, commit_reply, finish
from tests.support.conversations import Scene, scene_in
from tests.support.operators import Operator, operator_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database

TOKEN = "EAA" + "x" * 40
PASSED = Check("token", "passed", "")
REFUSED = Examination((Check("token", "failed", "Session has expired."),), None)


@dataclass
class Owned:
    """An organization whose number is connected with a token."""

    scene: Scene
    operator: Operator

    def state(self) -> ConnectionState:
        return find_connection(self.scene.application, self.scene.organization_id, self.scene.tenant.phone_number_id)

    def examined(self, examination: Examination) -> str | None:
        return apply_examination(self.scene.application, self.scene.organization_id, self.state(), examination)

    def proven(self) -> Proven:
        return Proven(
            provider="whatsapp", account=self.scene.tenant.phone_number_id, name="Aurora", login="facebook",
            business_account_id="2220001", business_portfolio_id="3330001",
        )  # fmt: skip

    def connect(self, token: str = TOKEN) -> str:
        return connect_account(
            self.scene.application, keys=self.operator.keys, organization_id=self.scene.organization_id,
            proven=self.proven(), access_token=token,
        ).change  # fmt: skip

    def alerts(self) -> list[list[Any]]:
        return self.scene.rows(
            "SELECT kind, reason, cleared_at IS NOT NULL FROM integrations.connection_alerts ORDER BY raised_at"
        )

    def told(self) -> list[str]:
        rows = self.scene.rows(
            "SELECT action FROM audit.activity_logs WHERE resource_type = 'integration'"
            " AND action NOT IN ('connection.created', 'connection.token_replaced') ORDER BY created_at"
        )
        return [row[0] for row in rows]


@pytest.fixture
def owned(shared_database: Database, tmp_path: Path) -> Iterator[Owned]:
    with scene_in(shared_database) as scene, operator_of(shared_database, tmp_path) as operator:
        found = Owned(scene, operator)
        found.connect()
        yield found


def test_a_proven_connection_remembers_its_business(owned: Owned) -> None:
    state = owned.state()

    assert (state.status, state.name, state.login) == ("active", "Aurora", "facebook")
    assert (state.business_account_id, state.business_portfolio_id) == ("2220001", "3330001")
    assert state.token_refreshed_at is not None
    assert list_connections(owned.scene.application, owned.scene.organization_id) == [state]


def test_an_examination_that_fails_pauses_the_connection_and_tells_its_owner_once(owned: Owned) -> None:
    """C-21: the second failure says nothing new."""
    assert [owned.examined(REFUSED), owned.examined(REFUSED)] == ["paused", None]

    state = owned.state()
    assert (state.status, state.attention_reason, state.last_error) == (
        "expired", "token_refused", "Session has expired.",
    )  # fmt: skip
    assert state.attention_since is not None
    assert [alert["detail"] for alert in state.alerts] == ["Session has expired."]
    assert owned.alerts() == [["paused", "token_refused", False]]
    assert owned.told() == ["connection.needs_attention"]


def test_an_examination_that_passes_ends_the_pause(owned: Owned) -> None:
    """C-21: recovered by a test, without a new token."""
    owned.examined(REFUSED)

    assert owned.examined(Examination((PASSED,), owned.proven())) == "recovered"

    state = owned.state()
    assert (state.status, state.attention_reason, state.attention_since, state.last_error, state.alerts) == (
        "active", None, None, None, [],
    )  # fmt: skip
    assert owned.alerts() == [["paused", "token_refused", True]]
    assert owned.told() == ["connection.needs_attention", "connection.recovered"]


def test_a_new_token_ends_the_pause(owned: Owned) -> None:
    """C-21: recovered by a new token; a later pause is told again."""
    owned.examined(REFUSED)

    assert owned.connect("EAAnew" + "y" * 30) == "token_replaced"
    assert (owned.state().status, owned.alerts()) == ("active", [["paused", "token_refused", True]])
    assert owned.examined(REFUSED) == "paused"
    assert owned.alerts() == [["paused", "token_refused", True], ["paused", "token_refused", False]]


def test_an_account_that_may_not_send_is_paused_though_its_token_is_good(owned: Owned) -> None:
    blocked = Examination((PASSED, Check("sending", "failed", "payment")), owned.proven())

    assert owned.examined(blocked) == "paused"
    assert (owned.state().status, owned.state().attention_reason) == ("error", "sending_blocked")
    assert owned.examined(Examination((PASSED, Check("sending", "passed", "LIMITED")), owned.proven())) == "recovered"


def test_an_examination_that_passes_ends_the_warnings_about_the_account_and_not_those_about_templates(
    owned: Owned,
) -> None:
    for reason in ("errors error", "message_template_status_update:promo paused"):
        owned.scene.execute(
            "INSERT INTO integrations.connection_alerts (organization_id, connection_id, kind, reason)"
            " VALUES (%s, %s, 'provider_warning', %s)",
            owned.scene.organization_id, owned.scene.tenant.connection_id, reason,
        )  # fmt: skip

    owned.examined(Examination((PASSED,), owned.proven()))

    assert [alert["reason"] for alert in owned.state().alerts] == ["message_template_status_update:promo paused"]


def test_whoever_connects_or_replaces_a_token_is_in_the_audit_log(owned: Owned) -> None:
    owned.connect()

    rows = owned.scene.rows("SELECT action, metadata FROM audit.activity_logs ORDER BY created_at")

    described = {"provider": "whatsapp", "account": owned.scene.tenant.phone_number_id}
    assert rows == [["connection.token_replaced", described], ["connection.token_replaced", described]]


def test_webhooks_that_are_not_subscribed_pause_nothing(owned: Owned) -> None:
    assert owned.examined(Examination((PASSED, Check("webhooks", "failed", "")), owned.proven())) is None
    assert owned.state().status == "active"


def test_an_examination_of_an_older_token_changes_nothing(owned: Owned) -> None:
    """Somebody else gave the connection a new token while this one was looked at."""
    before = owned.state()
    owned.connect("EAAnew" + "y" * 30)

    assert apply_examination(owned.scene.application, owned.scene.organization_id, before, REFUSED) is None
    assert owned.state().status == "active"


def test_what_waits_while_a_connection_is_paused_is_sent_afterwards(owned: Owned) -> None:
    """C-21: paused, not lost."""
    [outbox_id] = commit_reply(owned.scene)

    owned.examined(REFUSED)
    waiting = begin(owned.scene, outbox_id)
    assert isinstance(waiting, NotSent)
    assert (waiting.state, waiting.reason) == ("waiting", "connection_inactive")

    owned.connect()
    owned.scene.execute("UPDATE platform.outbox SET not_before = now() - interval '1 second'")
    assert begun(owned.scene, outbox_id).outbox_id == outbox_id


@pytest.mark.parametrize(
    ("consequence", "status", "reason"),
    [("connection_expired", "expired", "token_refused"), ("connection_error", "error", "account_refused")],
)
def test_a_refused_send_pauses_its_connection_with_a_reason_and_one_alert(
    owned: Owned, consequence: str, status: str, reason: str
) -> None:
    """C-21: 190, 10 and 200-299 from a send; two workers that find out at once tell the owner once."""
    [outbox_id] = commit_reply(owned.scene)
    refused = {"error_code": "190", "error_detail": "Session has expired.", "retry_seconds": 0.0}
    first = begun(owned.scene, outbox_id)
    owned.scene.execute("UPDATE platform.outbox SET state = 'ready'")
    second = begun(owned.scene, outbox_id)
    finish(owned.scene, second, "retry", consequence=consequence, **refused)
    owned.scene.execute("UPDATE platform.outbox SET state = 'sending', attempt = 1")
    finish(owned.scene, first, "retry", consequence=consequence, **refused)

    assert (owned.state().status, owned.state().attention_reason) == (status, reason)
    assert owned.alerts() == [["paused", reason, False]]
    assert owned.told() == ["connection.needs_attention"]


def test_a_refusal_of_the_old_token_does_not_pause_the_new_one(owned: Owned) -> None:
    """C-21: a send was under way while a person replaced the token."""
    [outbox_id] = commit_reply(owned.scene)
    under_way = begun(owned.scene, outbox_id)
    owned.connect("EAAnew" + "y" * 30)

    finish(owned.scene, under_way, "retry", consequence="connection_expired", error_code="190", retry_seconds=0.0)

    assert (owned.state().status, owned.alerts()) == ("active", [])
    assert begun(owned.scene, outbox_id).attempt == under_way.attempt + 1


def test_a_revoked_connection_has_no_token_and_frees_its_account(owned: Owned) -> None:
    owned.examined(REFUSED)

    assert revoke_connection(owned.scene.application, owned.scene.organization_id, owned.state()) is True
    assert revoke_connection(owned.scene.application, owned.scene.organization_id, owned.state()) is False

    state = owned.state()
    assert (state.status, state.sealed_token, state.alerts) == ("revoked", None, [])
    assert owned.examined(REFUSED) is None
    assert owned.told()[-1] == "connection.revoked"
    assert owned.connect() == "reconnected"


def test_another_organizations_connection_is_not_found(owned: Owned, shared_database: Database) -> None:
    with scene_in(shared_database) as other, pytest.raises(Rejected) as refusal:
        find_connection(other.application, other.organization_id, owned.scene.tenant.phone_number_id)

    assert refusal.value.code == "connection_unknown"
