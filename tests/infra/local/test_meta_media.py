"""Files in the Meta sandbox: uploads, links that end and need the token, and the block for those who ask in vain."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.infra.local.meta_server import PHONE, TOKEN, MetaServer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    import httpx

OTHER_TOKEN = TOKEN[::-1]
PICTURE = b"\x89PNG\r\n\x1a\n and more"


def _upload(
    meta: MetaServer, content: bytes = PICTURE, *, mime_type: str = "image/png", token: str = TOKEN, **fields: Any
) -> httpx.Response:
    return meta.client.post(
        f"/v24.0/{PHONE}/media",
        data={"messaging_product": "whatsapp", "type": mime_type, **fields},
        files={"file": ("a.png", content, mime_type)},
        headers={"Authorization": f"Bearer {token}"},
    )


def _read(meta: MetaServer, url: str, *, token: str | None = TOKEN) -> httpx.Response:
    return meta.client.get(url, headers={} if token is None else {"Authorization": f"Bearer {token}"})


def test_an_upload_is_found_by_its_id_and_read_with_the_token(meta: MetaServer) -> None:
    media_id = _upload(meta).json()["id"]
    found = meta.get(media_id).json()
    assert (found["id"], found["mime_type"], found["file_size"]) == (media_id, "image/png", len(PICTURE))
    assert found["sha256"] == hashlib.sha256(PICTURE).hexdigest()
    answer = _read(meta, found["url"])
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PICTURE, "image/png")


@pytest.mark.parametrize("token", [None, "EAAanother-token"])
def test_a_link_without_the_owners_token_is_refused(meta: MetaServer, token: str | None) -> None:
    url = meta.get(_upload(meta).json()["id"]).json()["url"]
    assert _read(meta, url, token=token).status_code == 401


def test_a_link_ends_and_the_id_gives_another(meta: MetaServer) -> None:
    """D-02: the URL lives minutes, the id days."""
    media_id = _upload(meta).json()["id"]
    meta.set_faults(media_url_seconds=0)
    ended = meta.get(media_id).json()["url"]
    meta.set_faults()
    eventually(lambda: _read(meta, ended).status_code == 404)
    assert _read(meta, meta.get(media_id).json()["url"]).content == PICTURE
    assert _read(meta, ended[:-1] + "x").status_code == 404


def test_downloads_fail_when_told_to(meta: MetaServer) -> None:
    url = meta.get(_upload(meta).json()["id"]).json()["url"]
    meta.set_faults(media_error_share=1.0)
    assert _read(meta, url).status_code == 500


def test_wrong_uploads_are_refused(meta: MetaServer) -> None:
    assert _upload(meta, messaging_product="telegram").json()["error"]["code"] == 100
    assert _upload(meta, b"").json()["error"]["code"] == 100
    assert _upload(meta, token="EAAanother-token").json()["error"]["code"] == 190  # noqa: S106 - of the sandbox
    assert _upload(meta, bytes(6 * 1024 * 1024)).json()["error"]["code"] == 131053


def test_a_deleted_file_is_gone(meta: MetaServer) -> None:
    media_id = _upload(meta).json()["id"]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert meta.client.delete(f"/v24.0/{media_id}", headers=headers).json() == {"success": True}
    assert meta.get(media_id).json()["error"]["error_subcode"] == 33


def test_whoever_asks_for_twenty_files_in_vain_is_blocked_also_for_good_ones(meta: MetaServer) -> None:
    """D-03: Graph's own throttle of media errors."""
    media_id = _upload(meta).json()["id"]
    for number in range(20):
        assert meta.get(str(10**15 + number)).status_code == 400
    blocked = meta.get(media_id)
    assert (blocked.status_code, blocked.json()["error"]["code"]) == (429, 80007)


def test_nineteen_in_vain_block_nobody(meta: MetaServer) -> None:
    """The negative control."""
    media_id = _upload(meta).json()["id"]
    for number in range(19):
        meta.get(str(10**15 + number))
    assert meta.get(media_id).status_code == 200


@pytest.mark.parametrize("kind", ["image", "video", "sticker", "document", "audio", "voice"])
def test_a_customers_file_is_told_of_with_its_id_and_digest(meta: MetaServer, kind: str) -> None:
    meta.happen(kind=kind, with_url=True)
    (message,) = meta.webhooks()[0]["messages"]
    told = message[message["type"]]
    assert message["type"] == ("audio" if kind == "voice" else kind)
    content = _read(meta, meta.get(told["id"]).json()["url"]).content
    assert told["sha256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert _read(meta, told["url"]).content == content
    assert told.get("voice", False) is (kind == "voice")


@pytest.mark.parametrize("channel", ["instagram", "messenger"])
def test_a_file_on_the_other_channels_is_a_link_that_needs_no_token(meta: MetaServer, channel: str) -> None:
    meta.happen(channel=channel, kind="image", content="as the test says")
    (attachment,) = meta.events()[0]["message"]["attachments"]
    assert _read(meta, attachment["payload"]["url"], token=None).content == b"as the test says"
