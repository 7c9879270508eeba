"""Two steps to delete, a comparison in both directions, and what a person may read."""

from __future__ import annotations

import time
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from shared.kit.errors import Rejected, Unavailable
from shared.media import comparing
from shared.media.comparing import compare, compare_if_due
from shared.media.deleting import (
    delete_marked,
    delete_media_of_message,
    delete_media_taken_back,
    mark_deleting,
)
from shared.media.links import asset_link
from tests.media.conftest import BUCKET, PNG, sorted_id
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from shared.platform.storage import Storage
    from tests.media.conftest import Scene

LONG_AGO = int((time.time() - 3 * 86_400) * 1000)
EVER = datetime(2020, 1, 1, tzinfo=UTC)


def stored(scene: Scene, data: bytes = PNG) -> UUID:
    """A transfer that is stored."""
    media_id = f"m{len(scene.provider.media)}"
    scene.provider.put(media_id, data)
    transfer = scene.transfer(media_id)
    assert scene.run(transfer).state == "stored"
    return transfer


def message_of(scene: Scene, transfer: UUID) -> UUID:
    return UUID(str(scene.rows("SELECT message_id FROM platform.media_transfers WHERE id = %s", transfer)[0]))


def delete_of(scene: Scene, transfer: UUID) -> int:
    with scene.means.database.tenant(scene.tenant.organization_id) as session:
        return delete_media_of_message(
            session, organization_id=scene.tenant.organization_id, message_id=message_of(scene, transfer)
        )


def second_step(scene: Scene, storage: Storage | None = None) -> int:
    deleted, _ = delete_marked(
        scene.means.database,
        organization_id=scene.tenant.organization_id,
        storage=storage or scene.means.storage,
        bucket=BUCKET,
    )
    return deleted


def compared(scene: Scene, since: datetime = EVER) -> tuple[int, int]:
    return compare(
        scene.means.database,
        organization_id=scene.tenant.organization_id,
        storage=scene.means.storage,
        bucket=BUCKET,
        since=since,
    )


def test_media_are_deleted_in_two_steps(scene: Scene) -> None:
    """D-09."""
    transfer = stored(scene)
    assert delete_of(scene, transfer) == 1
    assert scene.media_of(transfer)[0] == []
    assert [asset[4] for asset in scene.assets()] == ["deleting"]
    assert len(scene.objects()) == 1, "the object goes in the second step"
    assert second_step(scene) == 1
    assert scene.assets() == scene.objects() == []
    assert scene.state(transfer)[0] == "stored", "what happened stays known"


def test_bytes_that_another_message_has_stay(scene: Scene) -> None:
    """D-06, D-09."""
    first, second = stored(scene), stored(scene)
    assert delete_of(scene, first) == 0
    assert len(scene.media_of(second)[0]) == len(scene.objects()) == 1
    assert delete_of(scene, second) == 1


def test_the_same_bytes_that_come_while_the_old_are_deleted_are_stored_anew(scene: Scene) -> None:
    delete_of(scene, stored(scene))
    again = stored(scene)
    assert second_step(scene) == 1
    assert len(scene.objects()) == 1
    assert len(scene.media_of(again)[0]) == 1


def test_an_asset_in_use_is_not_marked(scene: Scene) -> None:
    stored(scene)
    with scene.means.database.tenant(scene.tenant.organization_id) as session:
        asset_id = scene.assets()[0][0]
        assert not mark_deleting(session, organization_id=scene.tenant.organization_id, asset_id=asset_id)


def test_a_storage_that_is_away_leaves_the_row_to_be_found(scene: Scene) -> None:
    """D-09."""
    delete_of(scene, stored(scene))

    class Away:
        def delete(self, bucket: str, name: str) -> None:
            raise Unavailable(f"{bucket}/{name} is out of reach")

    with pytest.raises(Unavailable):
        second_step(scene, Away())  # type: ignore[arg-type] # the one method that is used
    assert [asset[4] for asset in scene.assets()] == ["deleting"]
    assert second_step(scene) == 1


def test_an_object_without_a_row_goes_and_a_row_without_an_object_is_flagged(scene: Scene) -> None:
    """D-09, G3: in both directions; what is younger than a day is left alone."""
    transfer = stored(scene)
    folder = f"media/{scene.tenant.organization_id}/"
    orphan, young = folder + str(sorted_id(LONG_AGO)), folder + str(sorted_id(int(time.time() * 1000)))
    other = make_organization(scene.database)
    foreign = f"media/{other.organization_id}/{sorted_id(LONG_AGO)}"
    for name in (orphan, young, foreign):
        scene.means.storage.put_new(BUCKET, name, b"left behind", "image/png")
    lost, kept = str(sorted_id(LONG_AGO)), str(sorted_id(LONG_AGO))
    scene.means.storage.put_new(BUCKET, folder + kept, b"kept", "image/png")
    for name in (lost, kept):
        scene.rows(
            "INSERT INTO platform.media_assets (id, organization_id, filename, mime_type, file_size_bytes,"
            " storage_path, created_at) VALUES (%s, %s, 'x', 'image/png', 1, %s, now() - interval '3 days')",
            name,
            scene.tenant.organization_id,
            folder + name,
        )
    assert compared(scene) == (1, 1)
    assert orphan not in scene.objects()
    assert young in scene.objects()
    assert folder + kept in scene.objects()
    assert len(scene.objects(other)) == 1, "another organization's objects are its own matter"
    states = {str(asset[0]): asset[4] for asset in scene.assets()}
    assert (states[lost], states[kept]) == ("missing", "ready")
    assert len(scene.media_of(transfer)[0]) == 1
    assert compared(scene) == (0, 0)


def test_many_names_are_compared_in_several_runs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "_NAMES", 3)
    folder = f"media/{scene.tenant.organization_id}/"
    for number in range(7):
        scene.means.storage.put_new(BUCKET, folder + str(sorted_id(LONG_AGO + number)), b"x", "image/png")
    scene.rows(
        "INSERT INTO platform.media_audits (organization_id, due_at) VALUES (%s, now())", scene.tenant.organization_id
    )
    runs = 0
    while scene.objects():
        compare_if_due(
            scene.means.database,
            organization_id=scene.tenant.organization_id,
            storage=scene.means.storage,
            bucket=BUCKET,
        )
        runs += 1
        assert runs < 9
    assert runs > 2


def test_a_comparison_is_planned_by_a_transfer_and_done_when_due(scene: Scene) -> None:
    organization = scene.tenant.organization_id
    stored(scene)
    planned = "SELECT due_at - now() > interval '23 hours' FROM platform.media_audits WHERE organization_id = %s"
    assert scene.rows(planned, organization) == [True]
    place = {"storage": scene.means.storage, "bucket": BUCKET}
    orphan = f"media/{organization}/{sorted_id(LONG_AGO)}"
    scene.means.storage.put_new(BUCKET, orphan, b"x", "image/png")
    assert compare_if_due(scene.means.database, organization_id=organization, **place) == (0, 0)  # type: ignore[arg-type]
    scene.rows("UPDATE platform.media_audits SET due_at = now() WHERE organization_id = %s", organization)
    assert compare_if_due(scene.means.database, organization_id=organization, **place) == (1, 0)  # type: ignore[arg-type]
    assert scene.rows(planned, organization) == [True], "what was written since is compared tomorrow"
    ((until,),) = [
        scene.rows("SELECT audited_until FROM platform.media_audits WHERE organization_id = %s", organization)
    ]
    assert timedelta(hours=23) < datetime.now(UTC) - until < timedelta(hours=25)


def test_a_link_reads_the_asset_and_nobody_elses(scene: Scene) -> None:
    """D-06, G5."""
    transfer = stored(scene)
    asset_id = UUID(scene.media_of(transfer)[0][0]["media_asset_id"])
    place = {"asset_id": asset_id, "storage": scene.means.storage, "bucket": BUCKET}
    link = asset_link(scene.means.database, organization_id=scene.tenant.organization_id, **place)  # type: ignore[arg-type]
    with urllib.request.urlopen(link) as answer:  # noqa: S310 - the emulator's own address
        assert answer.read() == PNG
    assert "X-Goog-Expires=300" in link
    other = make_organization(scene.database)
    with pytest.raises(Rejected) as refused:
        asset_link(scene.means.database, organization_id=other.organization_id, **place)  # type: ignore[arg-type]
    assert refused.value.code == "not_found"
    delete_of(scene, transfer)
    with pytest.raises(Rejected):
        asset_link(scene.means.database, organization_id=scene.tenant.organization_id, **place)  # type: ignore[arg-type]


def test_a_message_that_its_sender_deleted_loses_its_media(scene: Scene) -> None:
    """C-14, D-09: what was stored goes, and what was not fetched yet never comes."""
    transfer = stored(scene)
    scene.provider.put("later", PNG + b"later")
    later = scene.transfer("later")
    for each in (transfer, later):
        scene.rows(
            "UPDATE platform.messages SET deleted_at = now(), metadata = '{}' WHERE id = %s", message_of(scene, each)
        )
    assert scene.rows(
        "SELECT count(*) FROM agents.media_to_clean(0, 1000) WHERE organization_id = %s", scene.tenant.organization_id
    ) == [1]
    assert delete_media_taken_back(scene.means.database, organization_id=scene.tenant.organization_id) == 1
    assert second_step(scene) == 1
    assert (scene.run(later).state, scene.run(later).state) == ("refused", "idle")
    assert scene.assets() == scene.objects() == []
    assert delete_media_taken_back(scene.means.database, organization_id=scene.tenant.organization_id) == 0


def test_a_message_that_is_deleted_while_its_medium_comes_keeps_nothing(scene: Scene) -> None:
    class Deleter:
        def describe(self, _data: bytes, *, mime_type: str) -> str:
            scene.rows("UPDATE platform.messages SET deleted_at = now() WHERE id = %s", message_of(scene, transfer))
            return f"what a {mime_type} shows"

        transcribe = describe

    scene.provider.put("m1", PNG)
    transfer = scene.transfer("m1")
    assert scene.run(transfer, reader=Deleter()).state == "refused"
    assert scene.assets() == scene.objects() == []
    assert scene.media_of(transfer)[1] == {"0": {"unread": "refused", "detail": "message_deleted"}}
