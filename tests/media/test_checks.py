"""What is refused, and that nothing of it stays: sizes, types, hashes, answers that are cut, slow or endless."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from shared.media.fetching import Fetching
from shared.media.limits import MB
from shared.media.retrying import RULES
from shared.media.storing import digest_of
from shared.platform.object_writing import PIECE
from tests.media.conftest import PNG

if TYPE_CHECKING:
    from tests.media.conftest import Scene

JPEG = b"\xff\xd8\xff\xe0" + b"x" * 5000
OTHER_HASH = hashlib.sha256(b"other").hexdigest()


def nothing_is_left(scene: Scene) -> bool:
    return scene.objects() == [] and scene.assets() == []


def test_a_declared_size_beyond_the_limit_is_refused_before_anything_is_asked(scene: Scene) -> None:
    """D-04: by the provider's own word, without a download."""
    scene.provider.put("m1", PNG, size=6 * MB)
    transfer = scene.transfer("m1")
    assert scene.run(transfer).state == "refused"
    assert scene.state(transfer)[1] == "too_large"
    assert scene.provider.downloads() == []
    assert scene.media_of(transfer) == ([], {"0": {"unread": "refused", "detail": "too_large"}})


@pytest.mark.parametrize("how", [{"endless": True}, {"chunked": True}])
def test_bytes_beyond_the_limit_are_not_read_on(scene: Scene, how: dict[str, Any]) -> None:
    """D-04: an answer that does not say how long it is, up to one without an end."""
    data = PNG + bytes(7 * MB)
    scene.provider.put("m1", data, size=100, **how)
    transfer = scene.transfer("m1")
    assert scene.run(transfer).state == "refused"
    assert scene.state(transfer)[1] == "too_large"
    assert scene.provider.bytes_sent < len(data) + 4 * MB
    assert nothing_is_left(scene)


def test_an_announced_length_beyond_the_limit_is_not_read(scene: Scene) -> None:
    scene.provider.put("m1", PNG, size=100, headers={"Content-Length": str(6 * MB)})
    transfer = scene.transfer("m1")
    assert scene.run(transfer).state == "refused"
    assert scene.state(transfer)[1] == "too_large"


@pytest.mark.parametrize(
    ("kind", "declared", "data"),
    [
        ("image", "image/png", JPEG),
        ("image", "image/png", b"<html><script>alert(1)</script>"),
        ("image", "image/jpeg", b"%PDF-1.7 not a photo"),
        ("image", None, b"MZ\x90\x00 a program"),
        ("audio", "audio/ogg; codecs=opus", PNG),
        ("video", "video/mp4", b"OggS not a film"),
        ("document", "application/pdf", b"MZ\x90\x00 a program"),
        ("document", "application/pdf", b"\x00\x01\x02 nothing known"),
        ("document", "image/svg+xml", b'<?xml version="1.0"?><svg onload="x()">'),
        ("document", "text/html", b"<!DOCTYPE html><p>"),
    ],
)
def test_bytes_that_are_not_what_they_were_said_to_be_are_refused(
    scene: Scene, kind: str, declared: str | None, data: bytes
) -> None:
    """D-04, G4."""
    scene.provider.put("m1", data, mime_type=declared or "application/octet-stream")
    transfer = scene.transfer("m1", kind=kind, declared_mime_type=declared)
    assert scene.run(transfer).state == "refused"
    assert scene.state(transfer)[1] == "wrong_type"
    assert nothing_is_left(scene)


@pytest.mark.parametrize("data", [PNG, b"%PDF-1.7" + b"x" * (2 * PIECE)])
def test_bytes_without_the_declared_hash_are_fetched_again_and_then_refused(scene: Scene, data: bytes) -> None:
    """D-04: damaged on its way, perhaps; after three attempts it is not."""
    scene.provider.put("m1", data, mime_type="application/octet-stream")
    transfer = scene.transfer("m1", kind="document", declared_sha256=OTHER_HASH)
    states = []
    for _ in range(3):
        states.append(scene.run(transfer).state)
        scene.due(transfer)
    assert states == ["pending", "pending", "refused"]
    assert scene.state(transfer)[1] == "wrong_hash"
    assert nothing_is_left(scene)


def test_the_control_without_the_check_of_hashes_takes_them(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.media.storing._check", lambda *_: None)
    scene.provider.put("m1", PNG)
    assert scene.run(scene.transfer("m1", declared_sha256=OTHER_HASH)).state == "stored"


@pytest.mark.parametrize("declared", ["", "not a hash", "ab" * 31, "é" * 32])
def test_a_hash_that_is_none_is_never_taken_for_a_match(scene: Scene, declared: str) -> None:
    scene.provider.put("m1", PNG, sha256=declared)
    expected = "stored" if declared == "" else "pending"
    assert scene.run(scene.transfer("m1")).state == expected


def test_a_size_that_is_not_the_declared_one_is_damage(scene: Scene) -> None:
    scene.provider.put("m1", PNG, size=len(PNG) + 1)
    transfer = scene.transfer("m1")
    assert scene.run(transfer).code == "wrong_size"
    assert nothing_is_left(scene)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"send_only": 5000}, "incomplete"),
        ({"send_only": 70_000, "chunked": True}, "incomplete"),
        ({"send_only": 0}, "incomplete"),
        ({"pause_between": 0.6}, "timeout"),
        ({"pause_between": 0.35}, "timeout"),
        ({"headers": {"Content-Encoding": "gzip"}}, "encoded"),
        ({"raw_answer": b"[]"}, "bad_answer"),
        ({"raw_answer": b"not json"}, "bad_answer"),
        ({"raw_answer": b'{"url": 5}'}, "bad_answer"),
        ({"raw_answer": b"x" * 100_000}, "bad_answer"),
        ({"download_statuses": [500]}, "server_error"),
    ],
)
def test_an_answer_that_does_not_end_well_is_tried_again(scene: Scene, how: dict[str, Any], code: str) -> None:
    """D-03, and nothing half-written stays."""
    medium = scene.provider.put("m1", PNG * 60, **how)
    transfer = scene.transfer("m1")
    report = scene.run(transfer)
    assert (report.state, report.code) == ("pending", code)
    assert nothing_is_left(scene)
    scene.provider.put("m1", medium.data)
    scene.due(transfer)
    assert scene.run(transfer).state == "stored"


def test_an_empty_file_is_refused_in_the_end(scene: Scene) -> None:
    scene.provider.put("m1", b"")
    transfer = scene.transfer("m1")
    for _ in range(3):
        scene.run(transfer)
        scene.due(transfer)
    assert scene.state(transfer) == ("refused", "empty")


def test_a_provider_that_is_not_there_is_tried_again(scene: Scene) -> None:
    transfer = scene.transfer("m1")
    assert scene.run(transfer, graph_url="https://127.0.0.1:1/v24.0").state == "refused", "it is no host of Meta's"
    other = scene.transfer(None, url="https://lookaside.fbsbx.com/x")

    def nowhere(_host: str, _port: int) -> list[str]:
        raise OSError

    assert scene.run(other, fetching=Fetching(resolve=nowhere)).code == "unreachable"


def test_what_was_never_named_fails(scene: Scene) -> None:
    transfer = scene.transfer(None)
    assert scene.run(transfer).state == "failed"
    assert scene.state(transfer)[1] == "no_source"


def test_a_medium_that_kills_its_workers_is_given_up(scene: Scene) -> None:
    scene.provider.put("m1", PNG)
    transfer = scene.transfer("m1", attempt=5, error_code="worker_lost")
    assert scene.run(transfer).state == "failed"
    assert scene.provider.calls == []


def test_a_revoked_connection_gets_no_more(scene: Scene) -> None:
    scene.rows("UPDATE integrations.connections SET status = 'revoked' WHERE id = %s", scene.tenant.connection_id)
    assert scene.run(scene.transfer("m1")).code == "connection_gone"


def test_every_rule_ends_in_a_state_of_the_table() -> None:
    assert {rule.then for rule in RULES.values()} == {"failed", "expired", "refused"}


def test_hashes_in_url_safe_base64_without_padding_are_read() -> None:
    raw = bytes(range(224, 256))
    assert digest_of(base64.urlsafe_b64encode(raw).decode().rstrip("=")) == raw.hex()
