"""From a webhook's media id to a checked object, its row and its message."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from shared.media.fetching import Fetching
from shared.media.hosts import origin_name
from shared.media.retrying import MOST_ERRORS, RULES
from shared.platform.object_writing import PIECE
from tests.media.conftest import BUCKET, PNG, TOKEN
from tests.support.tenants import make_organization
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.media.conftest import Scene

HASH = hashlib.sha256(PNG).digest()


def test_a_medium_becomes_a_checked_object_its_row_and_part_of_its_message(scene: Scene) -> None:
    """D-01, D-04, D-06."""
    scene.provider.put("m1", PNG)
    transfer = scene.transfer(
        "m1", declared_sha256=HASH.hex(), file_name="../../etc/passwd", declared_mime_type="image/png"
    )
    assert scene.run(transfer).state == "stored"
    ((asset_id, path, mime_type, size, state),) = scene.assets()
    assert (mime_type, size, state) == ("image/png", len(PNG), "ready")
    assert scene.means.storage.get(BUCKET, path) == PNG
    assert path.startswith(f"media/{scene.tenant.organization_id}/")
    assert "passwd" not in path
    media, reading = scene.media_of(transfer)
    assert media == [
        {
            "media_asset_id": str(asset_id),
            "ordinal": 0,
            "kind": "image",
            "mime_type": "image/png",
            "size": len(PNG),
            "file_name": "../../etc/passwd",
        }
    ]
    assert reading == {"0": {"unread": "no_reader"}}
    assert {call.authorization for call in scene.provider.calls} == {f"Bearer {TOKEN}"}


def test_a_transfer_that_is_done_is_not_done_again(scene: Scene) -> None:
    scene.provider.put("m1", PNG)
    transfer = scene.transfer("m1")
    assert [scene.run(transfer).state for _ in range(3)] == ["stored", "idle", "idle"]
    assert len(scene.provider.downloads()) == 1


def test_twenty_tasks_for_one_transfer_at_once_store_it_once(scene: Scene) -> None:
    """Q2."""
    scene.provider.put("m1", PNG)
    transfer = scene.transfer("m1")
    with ThreadPoolExecutor(4) as threads:
        states = sorted(report.state for report in threads.map(lambda _: scene.run(transfer), range(20)))
    assert states == ["idle"] * 19 + ["stored"]
    assert len(scene.objects()) == len(scene.assets()) == 1


@pytest.mark.parametrize("declared", [HASH.hex(), HASH.hex().upper(), base64.b64encode(HASH).decode()])
def test_the_declared_hash_may_be_hex_or_base64(scene: Scene, declared: str) -> None:
    """D-04."""
    scene.provider.put("m1", PNG)
    assert scene.run(scene.transfer("m1", declared_sha256=declared)).state == "stored"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_document_streams_through(scene: Scene, chunked: bool) -> None:  # noqa: FBT001 - a parameter
    data = b"%PDF-1.7\n" + bytes(range(256)) * (3 * PIECE // 256)
    scene.provider.put("big", data, mime_type="application/pdf", chunked=chunked)
    assert scene.run(scene.transfer("big", kind="document")).state == "stored"
    ((_, path, *_),) = scene.assets()
    assert scene.means.storage.get(BUCKET, path) == data


def test_the_same_bytes_in_one_organization_are_stored_once_and_in_another_again(scene: Scene) -> None:
    """D-06."""
    scene.provider.put("m1", PNG)
    scene.provider.put("m2", PNG)
    first, second = scene.transfer("m1"), scene.transfer("m2")
    assert [scene.run(first).state, scene.run(second).state] == ["stored", "stored"]
    assert len(scene.objects()) == len(scene.assets()) == 1
    assert scene.media_of(first)[0][0]["media_asset_id"] == scene.media_of(second)[0][0]["media_asset_id"]
    other = make_organization(scene.database)
    assert scene.run(scene.transfer("m1", tenant=other), tenant=other).state == "stored"
    assert len(scene.objects(other)) == 1


def test_bytes_whose_hash_is_known_are_not_downloaded_again(scene: Scene) -> None:
    scene.provider.put("m1", PNG)
    assert scene.run(scene.transfer("m1", declared_sha256=HASH.hex())).state == "stored"
    again = scene.transfer("m1", declared_sha256=base64.b64encode(HASH).decode())
    assert scene.run(again).code == "known"
    assert len(scene.provider.downloads()) == 1
    assert len(scene.media_of(again)[0]) == 1


def test_the_media_of_one_message_stand_in_their_order(scene: Scene) -> None:
    message = scene.message()
    for number in range(3):
        scene.provider.put(f"m{number}", PNG + bytes([number]))
    transfers = [scene.transfer(f"m{n}", message_id=message, ordinal=n) for n in range(3)]
    for transfer in reversed(transfers):
        assert scene.run(transfer).state == "stored"
    media, reading = scene.media_of(transfers[0])
    assert [medium["ordinal"] for medium in media] == [0, 1, 2]
    assert sorted(reading) == ["0", "1", "2"]


def test_a_url_is_made_anew_from_the_id_at_each_attempt(scene: Scene) -> None:
    """D-02."""
    scene.provider.put("m1", PNG, download_statuses=[500], lifetime=1)
    transfer = scene.transfer("m1", url="https://lookaside.fbsbx.com/long-gone")
    assert scene.run(transfer).state == "pending"
    scene.due(transfer)
    assert scene.run(transfer).state == "stored"
    assert [call.path for call in scene.provider.downloads()] == ["/files/m1/1", "/files/m1/2"]


def test_a_medium_is_expired_after_seven_days_and_its_message_says_so(scene: Scene) -> None:
    """D-02: permanent, and shown honestly."""
    scene.provider.put("m1", PNG)
    transfer = scene.transfer("m1")
    scene.rows(
        "UPDATE platform.messages SET platform_timestamp = now() - interval '7 days 1 minute' WHERE id ="
        " (SELECT message_id FROM platform.media_transfers WHERE id = %s)",
        transfer,
    )
    assert scene.run(transfer).state == "expired"
    assert scene.media_of(transfer) == ([], {"0": {"unread": "expired", "detail": "too_old"}})
    assert scene.provider.calls == []


@pytest.mark.parametrize(("status", "code"), [(500, "server_error"), (503, "server_error"), (429, "rate_limited")])
@pytest.mark.parametrize("where", ["statuses", "download_statuses"])
def test_trouble_of_the_provider_is_tried_again_after_seconds(scene: Scene, status: int, code: str, where: str) -> None:
    """D-03."""
    scene.provider.put("m1", PNG, **{where: [status]})
    transfer = scene.transfer("m1")
    report = scene.run(transfer)
    assert (report.state, report.code) == ("pending", code)
    ((seconds,),) = [
        scene.rows(
            "SELECT extract(epoch FROM next_attempt_at - clock_timestamp())::float8 FROM platform.media_transfers"
            " WHERE id = %s",
            transfer,
        )
    ]
    assert 0 < seconds <= RULES[code].pauses[0]
    assert scene.run(transfer).state == "pending", "not before its time"
    scene.due(transfer)
    assert scene.run(transfer).state == "stored"


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_gone(scene: Scene, status: int) -> None:
    """D-03."""
    scene.provider.put("m1", PNG, statuses=[status])
    transfer = scene.transfer("m1")
    assert scene.run(transfer).state == "failed"
    assert scene.state(transfer) == ("failed", "not_found")
    assert scene.media_of(transfer) == ([], {"0": {"unread": "failed", "detail": "not_found"}})


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_link_of_a_payload_that_is_over_is_expired(scene: Scene, status: int) -> None:
    """D-02: Instagram and Messenger name no id, so that nothing can make a new link."""
    scene.provider.put("m1", PNG, download_statuses=[status])
    transfer = scene.transfer(None, url=f"{scene.provider.url}/files/m1/0")
    assert scene.run(transfer).state == "expired"
    assert scene.state(transfer) == ("expired", "link_expired")


def test_a_link_of_a_payload_is_read_without_the_token(scene: Scene) -> None:
    """D-05."""
    scene.provider.put("m1", PNG)
    transfer = scene.transfer(None, url=f"{scene.provider.url}/files/m1/0", kind="ig_reel")
    assert scene.run(transfer).state == "stored"
    assert [call.authorization for call in scene.provider.calls] == [None]


def test_retry_after_is_respected(scene: Scene) -> None:
    scene.provider.put("m1", PNG, statuses=[429], headers={"Retry-After": "900"})
    transfer = scene.transfer("m1")
    scene.run(transfer)
    assert scene.rows(
        "SELECT next_attempt_at - clock_timestamp() > interval '890 s' FROM platform.media_transfers WHERE id = %s",
        transfer,
    ) == [True]


def test_a_number_never_makes_more_errors_than_the_provider_allows(scene: Scene) -> None:
    """D-03: 20 errors in 60 minutes would block it; others go on."""
    transfers = [scene.transfer(f"m{n}") for n in range(MOST_ERRORS + 10)]
    for n in range(MOST_ERRORS + 10):
        scene.provider.put(f"m{n}", PNG + bytes([n]), statuses=[500] * 50)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(scene.run, transfers))
    assert len(scene.provider.resolutions()) == MOST_ERRORS
    put_off = [transfer for transfer in transfers if scene.state(transfer)[1] == "throttled"]
    assert len(put_off) == 10
    assert scene.rows("SELECT max(attempt) FROM platform.media_transfers WHERE id = %s", put_off[0]) == [0]
    scene.provider.put("good", PNG)
    other = make_organization(scene.database)
    assert scene.run(scene.transfer("good", tenant=other), tenant=other).state == "stored"
    scene.rows(
        "UPDATE platform.media_throttles SET error_times = ARRAY[now() - interval '61 minutes']"
        " WHERE connection_id = %s",
        scene.tenant.connection_id,
    )
    scene.provider.media[f"m{transfers.index(put_off[0])}"].statuses.clear()
    scene.due(put_off[0])
    assert scene.run(put_off[0]).state == "stored"


def test_without_the_limit_there_would_be_more_errors(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr("shared.media.queries.MOST_ERRORS", 1000)
    for n in range(MOST_ERRORS + 2):
        scene.provider.put(f"m{n}", PNG, statuses=[500])
        scene.run(scene.transfer(f"m{n}"))
    assert len(scene.provider.resolutions()) == MOST_ERRORS + 2


def test_a_token_that_the_provider_refuses_waits_for_people(scene: Scene) -> None:
    scene.provider.put("m1", PNG, statuses=[401])
    transfer = scene.transfer("m1")
    assert scene.run(transfer).code == "unauthorized"
    scene.due(transfer)
    assert scene.run(transfer, open_token=lambda _: "").code == "no_token"
    scene.due(transfer)
    assert scene.run(transfer).state == "stored"


@pytest.mark.parametrize(
    ("status", "error", "state", "code"),
    [
        (400, '{"error": {"code": 190, "message": "expired"}}', "pending", "token_over"),
        (400, '{"error": {"code": 100, "error_subcode": 33}}', "pending", "unknown_object"),
        (400, '{"error": {"code": 100}}', "pending", "refused_by_provider"),
        (400, '{"error": {"code": 130429}}', "pending", "rate_limited"),
        (403, '{"error": {"code": 10}}', "pending", "unauthorized"),
        (404, '{"error": "x"}', "failed", "not_found"),
        (404, "[" * 100_000, "failed", "not_found"),
        (400, '{"error": {"code": true, "error_subcode": []}}', "pending", "refused_by_provider"),
        (500, '{"error": {"code": 190}}', "pending", "server_error"),
    ],
)
def test_what_the_graph_api_says_counts_more_than_its_status(
    scene: Scene, status: int, error: str, state: str, code: str
) -> None:
    """D-03."""
    scene.provider.put("m1", PNG, statuses=[status], error=error.encode())
    report = scene.run(scene.transfer("m1"))
    assert (report.state, report.code) == (state, code)


@pytest.mark.parametrize(
    ("code", "replaced", "status"), [(190, False, "expired"), (190, True, "active"), (10, False, "active")]
)
def test_a_token_that_is_over_stops_the_connection_unless_it_was_replaced_meanwhile(
    scene: Scene,
    code: int,
    replaced: bool,  # noqa: FBT001 - a parameter
    status: str,
) -> None:
    """C-21."""
    mine = scene.tenant.organization_id
    store = "UPDATE integrations.connections SET access_token = %s WHERE organization_id = %s"
    scene.rows(store, "sealed", mine)
    scene.provider.put("m1", PNG, statuses=[400], error=json.dumps({"error": {"code": code}}).encode())

    def open_token(_: object) -> str:
        if replaced:
            scene.rows(store, "sealed anew", mine)
        return TOKEN

    assert scene.run(scene.transfer("m1"), open_token=open_token).state == "pending"
    assert scene.rows("SELECT status FROM integrations.connections WHERE organization_id = %s", mine) == [status]
    told = scene.rows(
        "SELECT count(*) FROM audit.activity_logs WHERE organization_id = %s AND action = 'connection.needs_attention'",
        mine,
    )
    assert told == [int(status == "expired")]


def test_an_object_that_stays_unknown_fails(scene: Scene) -> None:
    scene.provider.put("m1", PNG, statuses=[400] * 3, error=b'{"error": {"code": 100, "error_subcode": 33}}')
    transfer = scene.transfer("m1")
    states = []
    for _ in range(3):
        states.append(scene.run(transfer).state)
        scene.due(transfer)
    assert states == ["pending", "pending", "failed"]


def test_a_zombie_writes_nothing_and_leaves_nothing(scene: Scene) -> None:
    """K9: it was stopped for longer than its lease; another attempt stored the medium meanwhile."""
    gate = threading.Event()
    medium = scene.provider.put("m1", PNG * 20, gate=gate)
    transfer = scene.transfer("m1")
    patient = Fetching(trusted=frozenset({origin_name(scene.provider.url)}), total_seconds=30, read_seconds=30)
    with contextlib.closing(patient), ThreadPoolExecutor(1) as thread:
        zombie = thread.submit(scene.run, transfer, fetching=patient)
        eventually(scene.provider.downloads)
        scene.rows("UPDATE platform.media_transfers SET lease_until = now() WHERE id = %s", transfer)
        medium.gate = None
        assert scene.run(transfer).state == "stored"
        gate.set()
        assert zombie.result().state == "lost"
    assert len(scene.objects()) == len(scene.assets()) == 1
    assert scene.rows("SELECT attempt FROM platform.media_transfers WHERE id = %s", transfer) == [2]


def test_another_organizations_transfer_is_not_there(scene: Scene) -> None:
    other = make_organization(scene.database)
    scene.provider.put("m1", PNG)
    assert scene.run(scene.transfer("m1"), tenant=other).state == "gone"
    assert scene.provider.calls == []
