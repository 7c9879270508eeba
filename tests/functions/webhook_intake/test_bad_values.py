"""RELIABILITY 4.2 at the door: an authentic body is never answered 5xx, and after each one a good delivery works."""

from __future__ import annotations

import json
import os
import random
from typing import TYPE_CHECKING

import pytest

from tests.functions.webhook_intake.bad_values import BODIES, TEXTS, VALUES
from tests.functions.webhook_intake.bodies import encoded, new_wamid
from tests.functions.webhook_intake.marked_bodies import (
    INSTAGRAM,
    PAGE,
    PLACE,
    messenger_bodies,
    whatsapp_bodies,
    whatsapp_kinds,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functions.webhook_intake.conftest import Intake

FUZZED = int(os.environ.get("INTAKE_FUZZ", "2000"))
CANARIES = 5  # deliveries between two good ones: each value of a place is followed by one soon
_PLACE = f'"{PLACE}"'
_TROUBLE = ("refused by the database", "could not be split", "could not be quarantined", "defect", "put off")


@pytest.fixture(scope="module", autouse=True)
def _no_trouble_in_the_log(intake: Intake) -> Iterator[None]:
    """Whatever comes in this module is foreseen: no defect, nothing that the database had to refuse."""
    yield
    log = intake.function.log.read_text(errors="replace")
    assert not [line for line in log.splitlines() if any(trouble in line for trouble in _TROUBLE)]


@pytest.mark.parametrize("name", BODIES)
def test_any_authentic_body_is_acknowledged_and_kept(intake: Intake, name: str) -> None:
    """V1 to V6, V12."""
    assert intake.function.post(BODIES[name]).status == 200
    kept = intake.rows(
        "SELECT body_size, status FROM integrations.webhook_deliveries ORDER BY received_at DESC LIMIT 1"
    )
    assert kept == [(len(BODIES[name]), "quarantined")]
    intake.canary()


@pytest.fixture(scope="module")
def marked(intake: Intake) -> list[tuple[str, bytes]]:
    """Good bodies of the three products for the tenant, each with a marked place; its page is connected."""
    for kind, provider, account in (("facebook", "messenger", PAGE), ("instagram", "instagram", INSTAGRAM)):
        intake.rows(
            "INSERT INTO integrations.connections (id, organization_id, integration_type, provider, account_identifier)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s)",
            intake.tenant.organization_id,
            kind,
            provider,
            account,
        )
    account = intake.tenant.phone_number_id
    bodies = whatsapp_bodies(account) | whatsapp_kinds(account) | messenger_bodies()
    return [(name, encoded(body)) for name, body in bodies.items()]


@pytest.mark.parametrize("name", VALUES)
def test_any_value_in_any_place_is_acknowledged(intake: Intake, marked: list[tuple[str, bytes]], name: str) -> None:
    """V1, V2, V5 to V11: and the connection to the database is in step afterwards."""
    canaries = []
    with intake.function.kept_alive() as post:
        for number, (place, body) in enumerate(marked):
            assert post(body.replace(_PLACE.encode(), VALUES[name]), "/meta") == 200, place
            if number % CANARIES == 0:
                canaries.append(new_wamid())
                assert post(encoded(intake.body(wamid=canaries[-1]))) == 200, place
    found = intake.rows("SELECT count(*) FROM platform.messages WHERE external_message_id = ANY(%s)", canaries)
    assert found == [len(canaries)]


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_stored_as_it_came(intake: Intake, name: str) -> None:
    """V7, V10, V11."""
    wamid = new_wamid()
    assert intake.function.deliver(intake.body(wamid=wamid, text=TEXTS[name])).status == 200
    columns = "text_content, metadata"
    stored = intake.rows(f"SELECT {columns} FROM platform.messages WHERE external_message_id = %s", wamid)
    assert stored == [(TEXTS[name], {})]


@pytest.mark.parametrize(("character", "size"), [("a", 1), ("ç", 2), ("🥖", 4)])
def test_text_over_a_megabyte_is_cut_between_characters_and_flagged(intake: Intake, character: str, size: int) -> None:
    """V7: the whole text is in the sealed delivery."""
    wamid = new_wamid()
    raw = json.dumps(intake.body(wamid=wamid, text=character * 900_000), ensure_ascii=False).encode()
    assert intake.function.post(raw).status == 200
    columns = "octet_length(text_content), metadata"
    stored = intake.rows(f"SELECT {columns} FROM platform.messages WHERE external_message_id = %s", wamid)
    if size == 1:
        assert stored == [(900_000, {})]
    else:
        # the last character that fits is left out too: it may continue in what is cut
        assert stored == [(1_000_000 - size, {"text_truncated": True})]


@pytest.mark.parametrize("customer", ["5" * 30, "maria@exemplo", "+55 (11) 98765-4321", "\uff15\uff15", "x" * 255, "0"])
def test_any_name_of_a_customer_is_kept_as_it_is(intake: Intake, customer: str) -> None:
    """V9."""
    assert intake.function.deliver(intake.body(customer=customer)).status == 200
    found = intake.rows(
        "SELECT customer_phone FROM platform.conversations WHERE organization_id = %s AND customer_external_id = %s",
        intake.tenant.organization_id,
        customer,
    )
    assert found == [None]


def test_thousands_of_mutated_deliveries_are_all_acknowledged(intake: Intake, marked: list[tuple[str, bytes]]) -> None:
    """V12: INTAKE_FUZZ says how many."""
    seed = random.randrange(2**32)  # noqa: S311 - not secret
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    seeds = [body for _, body in marked]
    pieces = [*VALUES.values(), *BODIES.values(), *(json.dumps(text).encode() for text in TEXTS.values())]
    pieces = [piece for piece in pieces if len(piece) < 2000]
    with intake.function.kept_alive() as post:
        for number in range(FUZZED):
            raw = _mutated(chance.choice(seeds), chance, pieces)
            assert post(raw, "/meta") == 200, f"seed {seed}, number {number}: {raw!r}"
            if number % 500 == 0:
                intake.canary()
    intake.canary()


def _mutated(raw: bytes, chance: random.Random, pieces: list[bytes]) -> bytes:
    """Change, cut, repeat or replace a few places."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(raw) + 1)
        end = min(len(raw), start + chance.choice((0, 1, 2, 8, 40)))
        kind = chance.randrange(5)
        if kind == 0:
            raw = raw[:start] + bytes([chance.randrange(256)]) + raw[end:]
        elif kind == 1:
            raw = raw[:start] + chance.choice(pieces) + raw[end:]
        elif kind == 2:
            raw = raw[:start] + raw[start:end] * chance.choice((0, 2, 5)) + raw[end:]
        elif kind == 3:
            marks = [at for at, byte in enumerate(raw) if byte in b'"{}[],:']
            at = chance.choice(marks) if marks else 0
            raw = raw[:at] + bytes([chance.choice(b'"{}[],:0a\\')]) + raw[at + 1 :]
        else:
            value = chance.choice(pieces)
            raw = raw.replace(_PLACE.encode(), value)
    return raw
