"""`departments connection` against a provider that answers over HTTP: proven, shown, tested, rotated, revoked."""

from __future__ import annotations

import json
import os
import pty
import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import Ended, departments, error_of
from tests.support.conversations import Scene, scene_in
from tests.support.graph_accounts import GraphAccounts, graph_accounts
from tests.support.operators import operator_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database


def a_token(kind: str = "EAA") -> str:
    return kind + secrets.token_hex(20)


@dataclass
class Shop:
    """An organization, the environment of its operator, and the provider."""

    scene: Scene
    graph: GraphAccounts
    environment: dict[str, str]
    number: str
    token: str

    def run(self, *arguments: str, given: str = "", lang: str = "en", **more: str) -> Ended:
        organization = ("--organization", str(self.scene.organization_id))
        return departments(
            *("--lang", lang, "connection", *arguments, *organization), environment=self.environment | more, given=given
        )

    def add(self, *more: str, token: str | None = None, **options: Any) -> Ended:
        where = more or ("--phone-number-id", self.number)
        return self.run("add", *where, "--token-stdin", "--json", given=token or self.token, **options)

    def test(self, *more: str, lang: str = "en") -> Ended:
        return self.run("test", "--connection", self.number, *more, lang=lang)

    def stored(self) -> list[list[Any]]:
        return self.scene.rows(
            "SELECT provider, status FROM integrations.connections WHERE account_identifier <> %s ORDER BY created_at",
            self.scene.tenant.phone_number_id,
        )


@pytest.fixture
def shop(shared_database: Database, tmp_path: Path) -> Iterator[Shop]:
    with (
        scene_in(shared_database) as scene,
        operator_of(shared_database, tmp_path) as operator,
        graph_accounts() as graph,
    ):
        number, token = f"4{secrets.randbelow(10**14):014d}", a_token()
        graph.number(number, token)
        settings = {"GRAPH_BASE_URL": graph.url, "INSTAGRAM_GRAPH_BASE_URL": graph.url}
        yield Shop(scene, graph, operator.environment | settings, number, token)


def test_an_account_of_each_channel_is_connected_by_its_own_token(shop: Shop) -> None:
    """C-21, I10: proven with the provider before it is accepted."""
    page, page_token, own = f"5{secrets.randbelow(10**14):014d}", a_token(), f"1784{secrets.randbelow(10**13):013d}"
    shop.graph.page(page, page_token)
    shop.graph.instagram(own, instagram_token := a_token("IGAA"))

    whatsapp = shop.add()
    messenger = shop.add("--page-id", page, token=page_token)
    instagram = shop.add("--instagram-account-id", own, token=instagram_token)

    assert [whatsapp.code, messenger.code, instagram.code] == [0, 0, 0], whatsapp.err + messenger.err + instagram.err
    assert whatsapp.data["webhooks"] == {"name": "webhooks", "outcome": "passed", "detail": ""}
    assert instagram.data["name"] == "padaria.aurora"
    assert shop.stored() == [["whatsapp", "active"], ["messenger", "active"], ["instagram", "active"]]
    assert all(shop.token not in each.out + each.err for each in (whatsapp, messenger, instagram))


@pytest.mark.parametrize("trouble", ["of another account", "ended", "away"])
def test_what_the_provider_does_not_show_is_not_connected(shop: Shop, trouble: str) -> None:
    expected = {
        "of another account": (4, "account_not_owned"), "ended": (4, "token_refused"), "away": (3, "unavailable"),
    }[trouble]  # fmt: skip
    if trouble == "of another account":
        del shop.graph.nodes[shop.token, shop.number]
    elif trouble == "ended":
        shop.graph.end(shop.token)
    else:
        shop.graph.status = 503

    ended = shop.add()

    assert (ended.code, error_of(ended)[0]) == expected
    assert shop.stored() == []


def test_a_refusal_is_told_in_portuguese_too(shop: Shop) -> None:
    """X-04: the same code in both languages."""
    shop.graph.end(shop.token)

    assert "erro [token_refused]: o provedor não aceita o token:" in shop.add(lang="pt").err


@pytest.mark.parametrize("which", [(), ("--phone-number-id", "1234567", "--page-id", "1234567")])
def test_exactly_one_account_has_to_be_named(shop: Shop, which: tuple[str, ...]) -> None:
    ended = shop.run("add", *which, "--token-stdin", given=shop.token)

    assert (ended.code, error_of(ended)[0]) == (2, "account_choice")


def test_a_token_may_come_from_the_environment(shop: Shop) -> None:
    add = ("add", "--phone-number-id", shop.number, "--token-env", "SHOP_TOKEN")

    assert (shop.run(*add).code, error_of(shop.run(*add))[0]) == (2, "settings_missing")
    assert shop.run(*add, SHOP_TOKEN=shop.token).code == 0


def test_a_person_at_a_terminal_is_asked_for_the_token_and_does_not_see_it(shop: Shop) -> None:
    """T-08: it is on no command line and on no screen."""
    child, terminal = pty.fork()
    if child == 0:
        command = [sys.executable, "-m", "infra.cli.app", "connection", "add", "--phone-number-id", shop.number]
        arguments = [*command, "--organization", str(shop.scene.organization_id)]
        os.execve(sys.executable, arguments, {"PATH": os.environ["PATH"], **shop.environment})  # noqa: S606 - no shell
    shown = b""
    while b"not shown" not in shown:
        shown += os.read(terminal, 1024)
    os.write(terminal, f"{shop.token}\n".encode())
    try:
        while part := os.read(terminal, 1024):
            shown += part
    except OSError:
        pass  # the terminal is gone with its process
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown
    assert shop.token.encode() not in shown
    assert shop.stored() == [["whatsapp", "active"]]


def test_an_end_of_the_token_is_kept_and_has_to_be_a_moment(shop: Shop) -> None:
    wrong = shop.add("--phone-number-id", shop.number, "--token-expires-at", "soon")
    assert (wrong.code, error_of(wrong)[0]) == (2, "time_unusable")
    shop.add("--phone-number-id", shop.number, "--token-expires-at", "2999-12-31T23:59:00-03:00")

    listed = shop.run("list", "--json").data["connections"]

    assert str(listed[-1]["token_expires_at"]).startswith("3000-01-01 02:59")


def test_a_connection_is_listed_with_its_state_and_what_to_do(shop: Shop) -> None:
    shop.add()
    shop.graph.end(shop.token)
    shop.test()

    [found] = [each for each in shop.run("list", "--json").data["connections"] if each["account"] == shop.number]
    assert (found["status"], found["attention"]["reason"]) == ("expired", "token_refused")
    assert found["next_step"].endswith(f"departments connection rotate --connection {shop.number}")
    assert [alert["kind"] for alert in found["alerts"]] == ["paused"]

    shown = shop.run("list", lang="pt")
    assert shown.code == 0
    assert "último webhook" in shown.out
    assert f"→ obtenha um novo token e então: departments connection rotate --connection {shop.number}" in shown.out
    assert shop.token not in shown.out + json.dumps(found)


def test_a_test_prints_each_check_and_ends_with_zero_when_all_hold(shop: Shop) -> None:
    shop.add()

    ended = shop.test()

    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [
        "✓ the provider takes the token",
        "✓ the account is the token's own (+55 11 4000-0000 Padaria Aurora)",
        "✓ the account may send (AVAILABLE)",
        "✓ webhooks come to this app",
    ]


def test_a_test_that_fails_ends_with_one_and_pauses_and_one_that_passes_recovers(shop: Shop) -> None:
    """C-21: recovered by a test."""
    shop.add()
    shop.graph.end(shop.token)
    assert (shop.test().code, shop.stored()) == (1, [["whatsapp", "expired"]])

    shop.graph.tokens.add(shop.token)
    again = shop.test("--json")

    assert (again.code, again.data["change"], again.data["passed"]) == (0, "recovered", True)
    assert shop.stored() == [["whatsapp", "active"]]


def test_webhooks_that_go_elsewhere_are_told_with_what_to_do(shop: Shop) -> None:
    shop.add()
    shop.graph.nodes[shop.token, "2220001/subscribed_apps"] = {"data": []}

    ended = shop.test()

    assert (ended.code, shop.stored()) == (1, [["whatsapp", "active"]])
    assert "✗ webhooks come to this app" in ended.out
    assert "POST /ACCOUNT/subscribed_apps" in ended.out


def test_a_new_token_is_proven_before_it_replaces_the_old_one(shop: Shop) -> None:
    """C-21: recovered by a rotation; a wrong token changes nothing."""
    shop.add()
    rotate = ("rotate", "--connection", shop.number, "--token-stdin", "--json")
    wrong = shop.run(*rotate, given=a_token())
    assert (wrong.code, error_of(wrong)[0]) == (4, "token_refused")
    assert shop.test().code == 0

    shop.graph.end(shop.token)
    shop.test()
    shop.graph.number(shop.number, new := a_token())
    rotated = shop.run(*rotate, given=new)

    assert (rotated.code, rotated.data["change"], rotated.data["was"]) == (0, "token_replaced", "expired")
    assert shop.test().code == 0
    assert shop.stored() == [["whatsapp", "active"]]


def test_a_revoked_connection_frees_its_account_for_another_organization(shop: Shop, shared_database: Database) -> None:
    """I10: taken until its owner lets it go."""
    shop.add()
    with scene_in(shared_database) as rival:
        other = Shop(rival, shop.graph, shop.environment, shop.number, shop.token)
        taken = other.add()
        assert (taken.code, error_of(taken)[0]) == (4, "account_taken")
        assert "departments connection revoke" in taken.err

        assert shop.run("revoke", "--connection", shop.number).code == 0
        assert other.add().code == 0

    assert shop.stored() == [["whatsapp", "revoked"]]
    assert error_of(shop.add())[0] == "account_taken"


def test_a_connection_that_is_not_there_is_named(shop: Shop) -> None:
    ended = shop.test()

    assert (ended.code, error_of(ended)[1]) == (4, f"the organization has no connection '{shop.number}'")
