"""The four paths of Meta's products: whose secrets count where, and whose a delivery is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from functions.webhook_intake.handler import read_delivery
from functions.webhook_intake.providers import providers_by_path
from shared.channels.whatsapp.signature import AppSecret, sign
from tests.functions.webhook_intake.bodies import change, encoded, envelope, new_wamid, text_message
from tests.functions.webhook_intake.process import INSTAGRAM_SECRET, PREVIOUS_SECRET, SECRET, VERIFY_TOKEN
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from tests.functions.webhook_intake.conftest import Intake

GOOD = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
PATHS = ("/whatsapp", "/instagram", "/messenger", "/meta")
OBJECTS = {"instagram": "instagram", "messenger": "page"}


def direct_message(channel: str) -> dict[str, Any]:
    """A text to an account that nobody has."""
    element = {
        "sender": {"id": "5001"},
        "recipient": {"id": "178400"},
        "timestamp": 1764000000000,
        "message": {"mid": new_wamid(), "text": "oi"},
    }
    return {"object": OBJECTS[channel], "entry": [{"id": "178400", "time": 1764000000000, "messaging": [element]}]}


def last_delivery(intake: Intake) -> tuple[str, str, str, int]:
    """Whose the last delivery is, its state, who signed it, and how many items it has."""
    columns = "provider, status, verified_by, item_count"
    found: list[tuple[str, str, str, int]] = intake.rows(
        f"SELECT {columns} FROM integrations.webhook_deliveries ORDER BY received_at DESC LIMIT 1"
    )
    return found[0]


@pytest.mark.parametrize("path", PATHS)
def test_each_path_answers_the_handshake_and_nobody_else(intake: Intake, path: str) -> None:
    """C-01."""
    reply = intake.function.request("GET", f"{path}?{urlencode(GOOD)}")
    assert (reply.status, reply.body) == (200, b"1158201444")
    wrong = urlencode({**GOOD, "hub.verify_token": "wrong"})
    assert intake.function.request("GET", f"{path}?{wrong}").status == 403


def test_instagram_s_own_secret_is_accepted_and_named_where_instagram_s_deliveries_come(intake: Intake) -> None:
    """C-02."""
    raw = encoded(direct_message("instagram"))
    for path, secret, name in (
        ("/instagram", INSTAGRAM_SECRET, AppSecret(INSTAGRAM_SECRET, app="instagram-app").name),
        ("/instagram", SECRET, AppSecret(SECRET).name),
        ("/instagram", PREVIOUS_SECRET, AppSecret(PREVIOUS_SECRET).name),
        ("/meta", INSTAGRAM_SECRET, AppSecret(INSTAGRAM_SECRET, app="instagram-app").name),
    ):
        assert intake.function.post(raw, secret=secret, path=path).status == 200
        assert last_delivery(intake) == ("instagram", "stored", name, 1)
    assert AppSecret(INSTAGRAM_SECRET, app="instagram-app").name.startswith("instagram-app-secret-")


@pytest.mark.parametrize("path", ["/whatsapp", "/messenger"])
def test_instagram_s_secret_opens_no_other_product(intake: Intake, path: str) -> None:
    """C-02."""
    before = intake.count("integrations.webhook_deliveries")
    assert intake.function.post(encoded(intake.body()), secret=INSTAGRAM_SECRET, path=path).status == 401
    assert intake.count("integrations.webhook_deliveries") == before


def test_one_callback_for_all_stores_each_delivery_as_its_own_product_s(intake: Intake) -> None:
    """C-04: the object decides, and an account of one product is none of another."""
    wamid = new_wamid()
    assert intake.function.post(encoded(intake.body(wamid=wamid)), path="/meta").status == 200
    assert last_delivery(intake)[:2] == ("whatsapp", "stored")
    assert intake.stored(wamid) == 1
    for channel in OBJECTS:
        assert intake.function.post(encoded(direct_message(channel)), path="/meta").status == 200
        assert last_delivery(intake)[:2] == (channel, "stored")


@pytest.mark.parametrize("path", ["/instagram", "/messenger", "/whatsapp"])
def test_another_product_s_delivery_is_quarantined(intake: Intake, path: str) -> None:
    body = intake.body() if path != "/whatsapp" else direct_message("messenger")
    assert intake.function.post(encoded(body), path=path).status == 200
    assert last_delivery(intake)[:2] == (path[1:], "quarantined")


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b'{"object":"user","entry":[]}', b'{"object":["page"]}', b'{"object":"page"}']
)
def test_what_names_no_product_is_quarantined_and_acknowledged(intake: Intake, raw: bytes) -> None:
    """C-03, C-05."""
    assert intake.function.post(raw, path="/meta").status == 200
    assert last_delivery(intake)[1] == "quarantined"
    intake.canary()


def test_of_three_tenants_with_four_messages_each_and_one_malformed_eleven_are_routed(intake: Intake) -> None:
    """C-04, C-05, I3: the twelfth is kept for its tenant, unparsed, and the answer is 200."""
    tenants = [make_organization(intake.database) for _ in range(3)]
    kinds = (
        {"type": "text", "text": {"body": "oi"}},
        {"type": "image", "image": {"id": "1234", "mime_type": "image/jpeg"}},
        {"type": "location", "location": {"latitude": -23.5, "longitude": -46.6}},
        {"type": "button", "button": {"text": "Sim", "payload": "yes"}},
    )
    changes = [
        change(tenant.phone_number_id, messages=[{**text_message(), **kind} for kind in kinds]) for tenant in tenants
    ]
    changes[1]["value"]["messages"][2] = {"type": "location", "id": ["malformed"]}
    assert intake.function.post(encoded(envelope(*changes)), path="/meta").status == 200
    found = [
        intake.rows(
            "SELECT status, count(*) FROM integrations.webhook_events WHERE organization_id = %s GROUP BY 1 ORDER BY 1",
            tenant.organization_id,
        )
        for tenant in tenants
    ]
    assert found == [[("processed", 4)], [("processed", 3), ("unparsed", 1)], [("processed", 4)]]


def test_without_a_secret_of_instagram_the_meta_app_s_alone_count() -> None:
    """C-02."""
    providers = providers_by_path(meta_app_secrets=[SECRET], meta_verify_token=VERIFY_TOKEN)
    raw = encoded(direct_message("instagram"))
    for secret, known in ((SECRET, True), (INSTAGRAM_SECRET, False)):
        headers = [(b"x-hub-signature-256", sign(raw, secret))]
        assert all((provider.verify(headers, raw) is not None) is known for provider in providers.values())


def test_a_revoked_secret_opens_nothing() -> None:
    """C-02, I8."""
    rotated = providers_by_path(
        meta_app_secrets=[SECRET], meta_verify_token=VERIFY_TOKEN, instagram_app_secrets=[INSTAGRAM_SECRET]
    )
    raw = encoded(direct_message("instagram"))
    headers = [(b"x-hub-signature-256", sign(raw, PREVIOUS_SECRET))]
    assert [path for path, provider in rotated.items() if provider.verify(headers, raw)] == []


def test_a_delivery_keeps_the_name_of_its_product_when_it_cannot_be_split() -> None:
    provider = providers_by_path(meta_app_secrets=[SECRET], meta_verify_token=VERIFY_TOKEN)["/meta"]
    delivery = read_delivery(b'{"object":"page","entry":{}}', provider=provider, verified_by="x", headers=[])
    assert (delivery.provider, delivery.status) == ("messenger", "quarantined")
