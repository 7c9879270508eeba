"""`departments replay` with the webhooks of each of Meta's products: the right path, secret and word."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import Ended, departments, error_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.stack import Stack

ACCOUNTS = {"whatsapp": "phone_number_id", "instagram": "instagram_id", "messenger": "page_id"}


def payload(stack: Stack, provider: str, customer: str) -> dict[str, Any]:
    """A text message to the demo's account."""
    account, now = stack.ready["demo"][ACCOUNTS[provider]], int(time.time())
    if provider == "whatsapp":
        message = {
            "from": customer,
            "id": f"wamid.{secrets.token_hex(8)}",
            "timestamp": str(now),
            "type": "text",
            "text": {"body": "oi"},
        }
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "551140000000", "phone_number_id": account},
            "messages": [message],
        }
        entry = {"id": "104000000000000", "changes": [{"field": "messages", "value": value}]}
        return {"object": "whatsapp_business_account", "entry": [entry]}
    item = {
        "sender": {"id": customer},
        "recipient": {"id": account},
        "timestamp": now * 1000,
        "message": {"mid": f"m_{secrets.token_hex(8)}", "text": "oi"},
    }
    name = "instagram" if provider == "instagram" else "page"
    return {"object": name, "entry": [{"id": account, "time": now * 1000, "messaging": [item]}]}


def replay(stack: Stack, *arguments: str) -> Ended:
    """Against the running stack."""
    return departments("replay", *arguments, "--ready-file", str(stack.process.ready_file), "--json")


def messages_of(stack: Stack, customer: str) -> list[Any]:
    """How many messages of this customer are stored, per conversation."""
    query = "SELECT channel, last_in_seq FROM platform.conversations WHERE customer_external_id = %s"
    return [tuple(row) for row in stack.ask(query, customer)]


@pytest.mark.parametrize("provider", ACCOUNTS)
def test_a_stored_payload_of_each_provider_is_taken_in_however_it_is_named(
    stack: Stack, tmp_path: Path, provider: str
) -> None:
    """X-02: by its own object, by the provider's name, and by the path for all; three copies are one message."""
    customer = f"55119{secrets.randbelow(10**8):08d}"
    (file := tmp_path / "payload.json").write_text(json.dumps(payload(stack, provider, customer)))

    ended = [
        replay(stack, str(file)),
        replay(stack, str(file), "--provider", provider),
        replay(stack, str(file), "--provider", "meta"),
    ]

    assert [(one.code, one.data["accepted"]) for one in ended] == [(0, 1)] * 3, [one.err for one in ended]
    channel = "facebook" if provider == "messenger" else provider
    assert messages_of(stack, customer) == [(channel, 1)]


def test_files_of_several_providers_go_each_to_its_own(stack: Stack, tmp_path: Path) -> None:
    files = []
    for provider in ACCOUNTS:
        (file := tmp_path / f"{provider}.json").write_text(json.dumps(payload(stack, provider, "5511900000000")))
        files.append(str(file))

    ended = replay(stack, *files)

    assert (ended.code, ended.data["accepted"], ended.data["skipped"]) == (0, 3, 0), ended.err


def test_a_payload_of_another_provider_is_skipped_with_its_reason(stack: Stack, tmp_path: Path) -> None:
    (file := tmp_path / "payload.json").write_text(json.dumps(payload(stack, "instagram", "5511900000001")))

    ended = replay(stack, str(file), "--provider", "messenger")

    assert (ended.code, ended.data["skipped"]) == (1, 1)
    assert "instagram" in ended.data["deliveries"][0]["detail"]
    assert messages_of(stack, "5511900000001") == []


def test_instagrams_own_secret_signs_for_instagram_and_for_nobody_else(stack: Stack, tmp_path: Path) -> None:
    """C-02: the Instagram app has a secret of its own."""
    outcomes = {}
    for provider in ACCOUNTS:
        (file := tmp_path / f"{provider}.json").write_text(json.dumps(payload(stack, provider, "551190")))
        ended = departments(
            "replay",
            str(file),
            "--url",
            f"{stack.ready['gateway']}/webhook_intake/{provider}",
            "--json",
            environment={
                "META_APP_SECRETS": "another-secret",
                "INSTAGRAM_APP_SECRETS": stack.ready["demo"]["instagram_app_secret"],
            },
        )
        outcomes[provider] = ended.data["deliveries"][0]["detail"]

    assert outcomes == {"whatsapp": "HTTP 401", "instagram": "HTTP 200", "messenger": "HTTP 401"}


def test_a_provider_that_is_not_known_is_a_usage_error(stack: Stack, tmp_path: Path) -> None:
    (file := tmp_path / "payload.json").write_text("{}")

    ended = replay(stack, str(file), "--provider", "telegram")

    assert (ended.code, error_of(ended)[0]) == (2, "usage")
    assert "telegram" in ended.err
