"""What an operator does with a running installation: organizations, connections, knowledge, status, replays."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from infra.cli.webhooks import text_delivery
from infra.manifest import load_manifest
from tests.cli.command import Ended, departments, error_of
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.stack import Stack

TOKEN = "EAA" + "t" * 50


def on(stack: Stack, *arguments: str, given: str = "", environment: dict[str, str] | None = None) -> Ended:
    """Run a command against the stack."""
    ready_file = ("--ready-file", str(stack.process.ready_file))
    return departments(*arguments, *ready_file, given=given, environment=environment)


def create(stack: Stack, slug: str) -> dict[str, Any]:
    ended = on(
        stack, "organization", "create", "--name", "Loja Ipê", "--slug", slug, "--business-type", "fashion", "--json"
    )
    assert ended.code == 0, ended.err
    created: dict[str, Any] = ended.data
    return created


@pytest.fixture(scope="module")
def organization(stack: Stack) -> dict[str, Any]:
    """An organization that was created by the command."""
    return create(stack, f"loja-{secrets.token_hex(4)}")


def test_an_organization_is_created_with_its_department_and_agent(stack: Stack, organization: dict[str, Any]) -> None:
    rows = stack.ask(
        "SELECT o.slug, d.type, a.agent_type FROM platform.organizations o"
        " JOIN departments.departments d ON d.organization_id = o.id AND d.id = %s"
        " JOIN departments.agents a ON a.organization_id = o.id AND a.id = %s WHERE o.id = %s",
        UUID(organization["department_id"]),
        UUID(organization["agent_id"]),
        UUID(organization["organization_id"]),
    )
    assert [list(row) for row in rows] == [[organization["slug"], "customer_service", "whatsapp_responder"]]


def test_a_slug_that_is_taken_is_refused_in_the_readers_language(stack: Stack, organization: dict[str, Any]) -> None:
    """X-04: the code is the same in every language."""
    wanted = ("organization", "create", "--name", "X", "--business-type", "food", "--slug", organization["slug"])

    english = on(stack, *wanted)
    portuguese = on(stack, *wanted, environment={"LC_ALL": "pt_BR.UTF-8"})

    assert (english.code, portuguese.code) == (4, 4)
    assert error_of(english) == (
        "slug_taken",
        f"the slug '{organization['slug']}' belongs to another organization",
        "choose another with --slug",
    )
    assert f"erro [slug_taken]: o slug '{organization['slug']}' pertence a outra organização" in portuguese.err


def test_a_number_is_connected_by_slug_and_a_rival_is_refused(stack: Stack, organization: dict[str, Any]) -> None:
    number = f"3{secrets.randbelow(10**14):014d}"
    add = ("connection", "add", "--phone-number-id", number, "--token-stdin", "--json")

    first = on(stack, *add, "--organization", organization["slug"], given=f"{TOKEN}\n")
    again = on(stack, *add, "--organization", organization["organization_id"], given=TOKEN)
    rival = create(stack, f"rival-{secrets.token_hex(4)}")
    refused = on(stack, *add, "--organization", rival["organization_id"], given=TOKEN)

    assert (first.code, first.data["change"]) == (0, "created"), first.err
    assert (again.code, again.data["change"]) == (0, "token_replaced")
    assert again.data["connection_id"] == first.data["connection_id"]
    assert refused.code == 4
    assert error_of(refused)[:2] == ("account_taken", f"the account {number} is connected to another organization")
    ((sealed,),) = stack.ask("SELECT access_token FROM integrations.connections WHERE account_identifier = %s", number)
    assert TOKEN not in sealed


def test_a_token_comes_from_one_place_and_is_never_shown(
    stack: Stack, organization: dict[str, Any], tmp_path: Path
) -> None:
    """T-08: neither output holds the token."""
    add = (
        "connection",
        "add",
        "--organization",
        organization["organization_id"],
        "--phone-number-id",
        "123456789012345",
    )
    file = tmp_path / "token"
    file.write_text("a token with spaces")

    nowhere = on(stack, *add)
    unusable = on(stack, *add, "--token-file", str(file))
    missing = on(stack, *add, "--token-file", str(tmp_path / "none"))

    assert (nowhere.code, error_of(nowhere)[0]) == (2, "token_source")
    assert (unusable.code, error_of(unusable)[0]) == (4, "token_unusable")
    assert (missing.code, error_of(missing)[0]) == (2, "not_a_file")
    assert "a token with spaces" not in unusable.err


def test_the_accounts_of_a_local_stack_pass_every_check(stack: Stack) -> None:
    """X-06: the sandbox answers a check as the provider does, for each of the three channels."""
    demo = ("--organization", stack.ready["demo"]["organization_id"], "--json")
    accounts = {
        each["provider"]: each["account"] for each in on(stack, "connection", "list", *demo).data["connections"]
    }

    assert set(accounts) == {"whatsapp", "instagram", "messenger"}
    for account in accounts.values():
        tested = on(stack, "connection", "test", "--connection", account, *demo)
        assert (tested.code, {check["outcome"] for check in tested.data["checks"]}) == (0, {"passed"}), tested.out


@pytest.mark.parametrize("name", ["nobody", "00000000-0000-7000-8000-000000000000"])
def test_an_organization_that_is_not_there_is_named(stack: Stack, name: str) -> None:
    ended = on(
        stack,
        "connection",
        "add",
        "--organization",
        name,
        "--phone-number-id",
        "12345678",
        "--token-stdin",
        given=TOKEN,
    )

    assert (ended.code, error_of(ended)[:2]) == (4, ("organization_unknown", f"there is no organization '{name}'"))


def test_a_folder_becomes_knowledge_and_a_second_import_changes_nothing(
    stack: Stack, organization: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "horario.md").write_text("# Horário\n\nAbrimos das 9h às 18h.\n", encoding="utf-8")
    (tmp_path / "troca.txt").write_text("Trocas em até 30 dias com a nota fiscal.\n", encoding="utf-8")
    command = ("knowledge", "import", str(tmp_path), "--organization", organization["organization_id"], "--json")

    first, second = on(stack, *command), on(stack, *command)

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert (first.data["files"], first.data["errors"]) == (2, [])
    assert first.data["chunks"] >= 2
    assert (second.data["added"], second.data["unchanged"], second.data["chunks"]) == (0, 2, 0)


def test_a_file_that_cannot_be_imported_is_named_and_the_others_are(
    stack: Stack, organization: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "bom.md").write_text("# Entrega\n\nEntregamos em dois dias.\n", encoding="utf-8")
    (tmp_path / "ruim.md").write_bytes(b"\xff\xfe\x00 isto n\xe3o \xe9 UTF-8")

    ended = on(stack, "knowledge", "import", str(tmp_path), "--organization", organization["organization_id"], "--json")

    assert ended.code == 1
    assert ended.data["added"] == 1
    assert [error["file"] for error in ended.data["errors"]] == ["ruim.md"]


def test_a_folder_that_is_none_is_refused(stack: Stack, organization: dict[str, Any]) -> None:
    ended = on(stack, "knowledge", "import", "/nowhere", "--organization", organization["organization_id"])

    assert (ended.code, error_of(ended)[0]) == (2, "not_a_folder")


def test_what_is_known_is_listed_reviewed_brought_back_and_deleted(
    stack: Stack, organization: dict[str, Any], tmp_path: Path
) -> None:
    """K-06, K-10: by the commands, also in Portuguese."""
    own = ("--organization", organization["organization_id"])
    page, old = tmp_path / "horario.html", tmp_path / "promo.md"
    page.write_text("<html><title>Horário</title><p>Abrimos das 9h às 18h.</p></html>", encoding="utf-8")
    old.write_text("---\nvalid_until: 2020-01-31\n---\nO bolo custa 10 reais.", encoding="utf-8")
    assert on(stack, "knowledge", "import", str(page), str(old), *own, "--json").data["added"] == 2
    page.write_text("<html><title>Horário</title><p>Abrimos das 8h às 18h.</p></html>", encoding="utf-8")
    assert on(stack, "knowledge", "import", str(page), *own, "--json").data["updated"] == 1

    listed = on(stack, "knowledge", "list", *own, "--json")
    assert {("horario.html", 2), ("promo.md", 1)} <= {(each["path"], each["version"]) for each in listed.data}
    review = on(stack, "--lang", "pt", "knowledge", "review", *own)
    assert (review.code, "vencida: não é usada" in review.out) == (0, True), review.err
    assert [each["reason"] for each in on(stack, "knowledge", "review", *own, "--json").data] == ["expired"]

    versions = on(stack, "knowledge", "history", "horario.html", "--back-to", "1", *own, "--json")
    assert [(each["version"], each["status"]) for each in versions.data] == [
        (3, "active"),
        (2, "deprecated"),
        (1, "deprecated"),
    ]
    assert on(stack, "knowledge", "delete", "horario.html", *own, "--json").data["versions"] == 3
    again = on(stack, "knowledge", "delete", "horario.html", *own)
    assert (again.code, error_of(again)[0]) == (4, "source_unknown")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("import",), (2, "import_what")),
        (("import", "--urls", "/dev/null"), (4, "no_files")),
        (("import", "x.md", "--prune"), (2, "prune_what")),
        (("reembed", "--model", "gpt-4"), (4, "embedding_model_unknown")),
        (("reembed", "--model", "text-embedding-3-small"), (4, "embedding_not_configured")),
        (("review", "--every", "0"), (4, "value_unusable")),
    ],
)
def test_a_command_about_knowledge_that_cannot_be_done_says_why(
    stack: Stack, organization: dict[str, Any], arguments: tuple[str, ...], code: tuple[int, str]
) -> None:
    ended = on(stack, "knowledge", *arguments, "--organization", organization["organization_id"])
    assert (ended.code, error_of(ended)[0]) == code


def test_an_address_that_cannot_be_fetched_is_named(stack: Stack, organization: dict[str, Any], tmp_path: Path) -> None:
    """S1: also by the command."""
    (tmp_path / "urls.txt").write_text("# da loja\nhttps://169.254.169.254/x\n", encoding="utf-8")
    urls, own = str(tmp_path / "urls.txt"), organization["organization_id"]
    ended = on(stack, "knowledge", "import", "--urls", urls, "--organization", own, "--json")
    assert ended.code == 1
    assert [error["code"] for error in ended.data["errors"]] == ["address_not_public"]


def test_status_shows_a_healthy_installation(stack: Stack) -> None:
    data, people = on(stack, "status", "--json"), on(stack, "status")

    assert (data.code, people.code) == (0, 0), data.err + people.err
    assert data.data["healthy"] is True
    ready = {function["name"] for function in data.data["overview"]["functions"] if function["ready"]}
    assert ready == set(load_manifest().functions)
    assert data.data["organizations"] >= 1
    assert all(table["months_ahead"] >= 2 for table in data.data["partitions"])
    assert "nothing waits for longer than it may" in people.out
    assert "agent-turns" in people.out


def test_status_ends_with_1_when_something_waits_for_too_long(stack: Stack) -> None:
    customer = stack.customer()
    customer.write("Olá")
    eventually(lambda: "delivered" in customer.states() or "read" in customer.states(), within=40)
    row = ("UPDATE platform.outbox SET state = %s, uncertain_at = now() - %s::interval WHERE recipient = %s",)
    stack.ask(*row, "uncertain", "16 minutes", customer.number)
    try:
        ended = on(stack, "status", "--json")
    finally:
        stack.ask(*row, "accepted", "0", customer.number)

    # the sweep may have been quicker: then there is nothing late any more
    assert ended.code == (1 if not ended.data["healthy"] else 0)
    late = [state for state in ended.data["states"] if state["state"] == "uncertain"]
    assert ended.data["healthy"] or late[0]["oldest_seconds"] > late[0]["limit_seconds"]


def test_status_of_a_login_that_sees_nothing_is_refused(stack: Stack) -> None:
    url = stack.ready["database"]["application"].replace("application@", "intake@")

    ended = departments("status", "--database", url)

    assert (ended.code, error_of(ended)[0]) == (4, "login_without_rights")


def test_stored_payloads_are_signed_and_posted_again(stack: Stack, tmp_path: Path) -> None:
    """X-02: one command signs a stored payload and posts it; a copy of it is recognized."""
    customer = stack.customer()
    file = tmp_path / "message.json"
    file.write_bytes(
        text_delivery(
            "Oi!",
            phone_number_id=stack.ready["demo"]["phone_number_id"],
            customer=customer.number,
            name="Ana",
            message_id=f"wamid.{secrets.token_hex(8)}",
            at=datetime.now(UTC),
        )
    )

    ended = on(stack, "replay", str(file), str(file), "--json")

    assert (ended.code, ended.data["accepted"]) == (0, 2), ended.err
    rows = stack.ask("SELECT last_in_seq FROM platform.conversations WHERE customer_external_id = %s", customer.number)
    assert [row[0] for row in rows] == [1]


def test_a_replay_with_a_wrong_secret_is_refused_by_intake(stack: Stack, tmp_path: Path) -> None:
    (file := tmp_path / "message.json").write_text("{}")

    ended = departments(
        "replay",
        str(file),
        "--url",
        stack.webhook,
        "--json",
        environment={"META_APP_SECRETS": "another-secret"},
    )

    assert (ended.code, ended.data["refused"]) == (1, 1)
    assert ended.data["deliveries"][0]["detail"] == "HTTP 401"


def test_a_receiver_that_is_not_there_is_unavailable(stack: Stack, tmp_path: Path) -> None:
    (file := tmp_path / "message.json").write_text("{}")

    ended = on(stack, "replay", str(file), "--url", "http://127.0.0.1:1/whatsapp")

    assert (ended.code, error_of(ended)[0]) == (3, "receiver_unreachable")


def test_nothing_to_replay_and_a_delivery_that_is_not_there_are_refused(stack: Stack) -> None:
    nothing = on(stack, "replay")
    unknown = on(stack, "replay", "--delivery", "00000000-0000-7000-8000-000000000000")

    assert (nothing.code, error_of(nothing)[0]) == (2, "replay_what")
    assert (unknown.code, error_of(unknown)[0]) == (4, "delivery_unknown")


def test_a_quarantined_message_is_answered_after_its_number_is_connected_however_often_it_is_replayed(
    stack: Stack, organization: dict[str, Any]
) -> None:
    """O-02: replays by organization and by id; what was taken in before is not taken in again."""
    number, customer = f"4{secrets.randbelow(10**14):014d}", stack.customer()
    raw = text_delivery(
        "Oi!",
        phone_number_id=number,
        customer=customer.number,
        name="Rui",
        message_id=f"wamid.{secrets.token_hex(8)}",
        at=datetime.now(UTC),
    )
    assert stack.post(raw).status_code == 200
    (held,) = [
        one
        for one in on(stack, "replay", "--quarantined", "--list", "--json").data["held"]
        if number in one["accounts"]
    ]
    early = on(stack, "replay", "--delivery", held["id"], "--json")
    stack.client.put(
        f"{stack.ready['sandboxes']['meta']}/phone_numbers/{number}", json={"access_token": TOKEN}
    ).raise_for_status()
    connected = on(
        stack,
        "connection",
        "add",
        "--organization",
        organization["slug"],
        "--phone-number-id",
        number,
        "--token-stdin",
        given=TOKEN,
    )

    by_organization = on(stack, "replay", "--quarantined", "--organization", organization["slug"], "--json")
    by_id = on(stack, "replay", "--delivery", held["id"], "--json")
    rest = on(stack, "replay", "--quarantined", "--organization", organization["slug"], "--json")

    assert (early.code, early.data["skipped"]) == (0, 1), early.err
    assert number in early.data["deliveries"][0]["detail"]
    assert connected.code == 0, connected.err
    assert (by_organization.code, by_organization.data["accepted"]) == (0, 1), by_organization.err
    assert (by_id.code, by_id.data["accepted"]) == (0, 1)
    assert rest.data["deliveries"] == []
    eventually(customer.replies, within=40)
    rows = stack.ask("SELECT last_in_seq FROM platform.conversations WHERE customer_external_id = %s", customer.number)
    assert [row[0] for row in rows] == [1]
    assert len(customer.replies()) == 1


def test_a_delivery_that_still_cannot_be_read_is_skipped_with_its_reason(stack: Stack) -> None:
    """O-02: a replay that could only end in quarantine again adds no further row to it."""
    assert stack.post(json.dumps({"object": "page", "entry": []}).encode()).status_code == 200
    quarantined = "SELECT count(*) FROM integrations.webhook_deliveries WHERE status = 'quarantined'"
    before = stack.ask(quarantined)
    (held,) = [
        one for one in on(stack, "replay", "--quarantined", "--list", "--json").data["held"] if one["unreadable"]
    ]

    ended = on(stack, "replay", "--quarantined", "--json")

    skipped = {one["what"]: one["detail"] for one in ended.data["deliveries"] if one["outcome"] == "skipped"}
    assert ended.code == 0
    assert "cannot be read" in skipped[held["id"]]
    assert stack.ask(quarantined) == before
