"""A token of Instagram Login is renewed before it ends, by a role that can read no other; an end is told before it."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from shared.channels.access_tokens import token_place
from shared.channels.connections import connect_account
from shared.channels.ownership import Proven
from shared.channels.token_refresh import RefreshTimes, refresh_tokens
from shared.kit.errors import Unavailable
from shared.platform import logs
from shared.platform.database_errors import StatementFailed
from shared.platform.keys import HandedKeys
from shared.platform.settings import KeySettings
from tests.support.conversations import Scene, scene_in
from tests.support.graph_accounts import GraphAccounts, graph_accounts
from tests.support.operators import Operator, operator_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

    from shared.channels.account_reading import Login, Renewed
    from tests.support.database import Database

OLD = "IGAAold" + "x" * 40


@dataclass
class Account:
    """An Instagram connection, two days old, of an organization of its own."""

    scene: Scene
    operator: Operator
    graph: GraphAccounts
    master_key_file: Path
    connection_id: UUID

    def set(self, assignment: str) -> None:
        self.scene.execute(f"UPDATE integrations.connections SET {assignment} WHERE id = %s", self.connection_id)

    def row(self, *columns: str) -> list[Any]:
        [row] = self.scene.rows(
            f"SELECT {', '.join(columns)} FROM integrations.connections WHERE id = %s", self.connection_id
        )
        return row

    def token(self) -> str:
        return self.operator.keys.decrypt_sensitive_data(
            self.row("access_token")[0],
            organization_id=self.scene.organization_id,
            place=token_place(self.connection_id),
        )

    def refresh(self, provider: Any = None, times: RefreshTimes | None = None) -> dict[str, int]:
        return refresh_tokens(
            self.scene.worker,
            open_keys=lambda: HandedKeys(KeySettings(master_key_file=self.master_key_file)),
            provider=provider or self.graph.reader(),
            times=times,
        )

    def days_left(self) -> float:
        [days] = self.row("extract(epoch FROM token_expires_at - now())::float8 / 86400")
        return float(days)

    def alerts(self) -> list[list[Any]]:
        return self.scene.rows(
            "SELECT kind, reason, cleared_at IS NULL FROM integrations.connection_alerts ORDER BY raised_at, kind DESC"
        )

    def watch(self) -> dict[str, int]:
        (row,) = self.scene.worker.system_once("SELECT integrations.watch_tokens(:warn)", warn=7 * 86400.0)
        found: dict[str, int] = row[0]
        return found


def connect(scene: Scene, operator: Operator, *, token: str = OLD, login: Login = "instagram") -> UUID:
    proven = Proven(provider="instagram", account=f"1784{secrets.randbelow(10**13):013d}", name="aurora", login=login)
    return connect_account(
        scene.application, keys=operator.keys, organization_id=scene.organization_id, proven=proven, access_token=token
    ).connection_id


@pytest.fixture
def account(shared_database: Database, tmp_path: Path) -> Iterator[Account]:
    with (
        scene_in(shared_database) as scene,
        operator_of(shared_database, tmp_path) as operator,
        graph_accounts() as graph,
    ):
        graph.tokens.add(OLD)
        made = Account(scene, operator, graph, tmp_path / "master_key.json", connect(scene, operator))
        made.set("created_at = now() - interval '2 days', token_refreshed_at = now() - interval '2 days'")
        yield made
        made.set("status = 'revoked'")  # no test renews another's token


def test_a_token_is_renewed_before_it_ends(account: Account) -> None:
    """C-21: stored encrypted for the same place, with its new end."""
    account.set("token_expires_at = now() + interval '9 days'")

    assert account.refresh() == {"renewed": 1}

    assert account.token() == account.graph.renewed[OLD]
    assert account.days_left() == pytest.approx(60, abs=0.01)
    assert account.row("status", "token_refresh_after", "now() - token_refreshed_at < interval '1 minute'") == [
        "active", None, True,
    ]  # fmt: skip
    assert account.refresh() == {}


def test_the_end_of_a_new_token_is_learned_a_day_after_it_was_stored(account: Account) -> None:
    """Instagram renews no token younger than 24 hours, and says its end only when it renews."""
    account.set("token_refreshed_at = now() - interval '24 hours 30 minutes'")
    assert account.refresh() == {}

    account.set("token_refreshed_at = now() - interval '26 hours'")
    assert account.refresh() == {"renewed": 1}
    assert account.days_left() == pytest.approx(60, abs=0.01)


@pytest.mark.parametrize(
    "assignment",
    [
        "token_expires_at = now() + interval '11 days'",
        "token_expires_at = now() - interval '1 minute'",
        "token_refresh_after = now() + interval '1 minute'",
        "status = 'expired'",
        "status = 'revoked'",
        "access_token = NULL",
        'configuration = configuration || \'{"login": "facebook"}\'',
        "provider = 'messenger', integration_type = 'facebook'",
    ],
)
def test_what_needs_no_renewal_or_cannot_be_renewed_is_left_alone(account: Account, assignment: str) -> None:
    account.set(assignment)

    assert account.refresh() == {}
    assert account.graph.asked == []


def test_a_token_that_is_refused_pauses_its_connection_and_tells_its_owner(account: Account) -> None:
    account.graph.end(OLD)

    assert account.refresh() == {"refused": 1}

    assert account.row("status", "attention_reason") == ["expired", "token_refused"]
    assert account.alerts() == [["paused", "token_refused", True]]
    assert account.scene.rows("SELECT action FROM audit.activity_logs WHERE NOT success") == [
        ["connection.needs_attention"]
    ]
    assert account.refresh() == {}


def test_a_provider_that_is_away_is_asked_again_later(account: Account) -> None:
    account.graph.status = 503
    assert account.refresh() == {"later": 1}
    assert account.refresh() == {}
    assert account.row("status", "token_refresh_after - now() > interval '59 minutes'") == ["active", True]

    account.graph.status = None
    account.set("token_refresh_after = now()")
    assert account.refresh() == {"renewed": 1}


def test_a_token_that_a_person_replaced_meanwhile_is_not_overwritten(account: Account) -> None:
    class Slow:
        def renew(self, token: str) -> Renewed:
            account.set("access_token = 'a new one'")
            return account.graph.reader().renew(token)

    assert account.refresh(Slow()) == {"overtaken": 1}
    assert account.row("access_token", "token_expires_at") == ["a new one", None]


def test_a_refusal_of_a_replaced_token_does_not_pause_the_new_one(account: Account) -> None:
    account.graph.end(OLD)

    class Slow:
        def renew(self, token: str) -> Renewed:
            account.set("access_token = 'a new one'")
            return account.graph.reader().renew(token)

    assert account.refresh(Slow()) == {"overtaken": 1}
    assert account.row("status") == ["active"]


def test_two_workers_do_not_renew_the_same_token(account: Account) -> None:
    inner: list[dict[str, int]] = []

    class Twice:
        def renew(self, token: str) -> Renewed:
            inner.append(account.refresh())
            return account.graph.reader().renew(token)

    assert account.refresh(Twice()) == {"renewed": 1}
    assert inner == [{}]


def test_a_worker_that_died_is_followed_by_another_after_its_lease(account: Account) -> None:
    """A renewal that was not stored is no loss: the old token still works until its end."""

    class Dying:
        def renew(self, token: str) -> Renewed:
            account.graph.reader().renew(token)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        account.refresh(Dying(), RefreshTimes(lease=0.0))

    assert account.token() == OLD
    assert account.refresh() == {"renewed": 1}


def test_a_key_service_that_is_away_puts_the_renewal_off(account: Account) -> None:
    class Away(HandedKeys):
        def open(self, *_: Any, **__: Any) -> Any:
            raise Unavailable("Cloud KMS did not answer")

    keys = Away(KeySettings(master_key_file=account.master_key_file))
    assert refresh_tokens(account.scene.worker, open_keys=lambda: keys, provider=account.graph.reader()) == {"later": 1}
    assert account.graph.asked == []


def test_the_worker_can_read_no_token_and_no_keyset_by_itself(account: Account) -> None:
    """T-06, T-08: only what is due is handed out, and an organization that is deleted has nothing due."""
    for statement in (
        "SELECT access_token FROM integrations.connections",
        "UPDATE integrations.connections SET access_token = 'x'",
        "SELECT wrapped_keyset FROM platform.encryption_keys",
        "SELECT encryption_key_id FROM platform.organizations",
    ):
        with pytest.raises(StatementFailed, match="42501"):
            account.scene.worker.system_once(statement)
    account.scene.execute("UPDATE platform.organizations SET deleted_at = now()")
    assert account.refresh() == {}


def test_no_log_line_holds_a_token(
    account: Account, capfd: pytest.CaptureFixture[str], caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-08: the renewal's address carries the token, and nothing may write it."""
    monkeypatch.setitem(vars(logs)["_state"], "level", logging.INFO)  # whatever was configured before
    caplog.set_level("DEBUG", logger="shared")
    account.refresh()
    account.set("token_refreshed_at = now() - interval '2 days', token_expires_at = now() + interval '1 day'")
    account.graph.status = 500
    account.refresh()

    written = "".join(capfd.readouterr()) + caplog.text
    assert "token renewal" in written
    assert OLD not in written
    assert account.graph.renewed[OLD] not in written


def test_an_end_that_comes_is_told_once_and_over_when_it_is_further_away(account: Account) -> None:
    account.set("token_expires_at = now() + interval '6 days'")
    assert [account.watch(), account.watch()] == [
        {"tokens_expired": 0, "expiries_announced": 1}, {"tokens_expired": 0, "expiries_announced": 0},
    ]  # fmt: skip
    assert account.alerts() == [["token_expiring", "token_expiring", True]]

    account.refresh()
    account.watch()

    assert account.alerts() == [["token_expiring", "token_expiring", False]]


def test_a_token_past_its_end_pauses_its_connection(account: Account) -> None:
    """C-21: also one that nobody tried to use."""
    account.set("token_expires_at = now() + interval '1 day'")
    account.watch()
    account.set("token_expires_at = now() - interval '1 minute'")

    assert [account.watch(), account.watch()] == [
        {"tokens_expired": 1, "expiries_announced": 0}, {"tokens_expired": 0, "expiries_announced": 0},
    ]  # fmt: skip

    assert account.row("status", "attention_reason") == ["expired", "token_expired"]
    assert account.alerts() == [["token_expiring", "token_expiring", False], ["paused", "token_expired", True]]


def test_a_token_without_an_end_is_left_alone(account: Account) -> None:
    assert account.watch() == {"tokens_expired": 0, "expiries_announced": 0}


def test_a_renewal_without_a_life_time_is_no_renewal(account: Account) -> None:
    answer: Callable[..., Any] = lambda *_: (200, {"access_token": "IGAAnew", "expires_in": "soon"})  # noqa: E731
    account.graph.answer = answer  # type: ignore[method-assign]

    assert account.refresh() == {"later": 1}
    assert account.token() == OLD
