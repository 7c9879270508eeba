"""What the sweep finds of media, and in which order."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from uuid import UUID

    from tests.media.conftest import Scene


def as_worker(scene: Scene, statement: str, *values: object) -> list[Any]:
    """The rows of a statement as the sweep's login."""
    with contextlib.closing(scene.database.connect("worker")) as connection:
        cursor = connection.cursor()
        cursor.execute(statement, values)
        return [tuple(row) for row in cursor.fetchall()]


def waking(scene: Scene, *, per_organization: int = 50, limit: int = 500, grace: float = 0) -> list[tuple[UUID, UUID]]:
    return as_worker(scene, "SELECT * FROM agents.transfers_to_wake(%s, %s, %s)", grace, per_organization, limit)


def test_a_noisy_organization_does_not_delay_the_others(scene: Scene) -> None:
    """O-03: each organization's oldest come in turns, up to its share."""
    scene.rows("UPDATE platform.media_transfers SET state = 'failed'")
    quiet = make_organization(scene.database)
    message = scene.message()
    noisy = [
        scene.transfer(f"m{n}", message_id=message, ordinal=n, next_attempt_at=f"2026-01-01 00:00:{n:02d}+00")
        for n in range(30)
    ]
    other = scene.transfer("q", tenant=quiet)
    woken = [transfer for _, transfer in waking(scene, per_organization=10)]
    assert len(woken) == 11
    assert set(woken[:2]) == {noisy[0], other}
    assert [transfer for transfer in woken if transfer != other] == noisy[:10]


def test_only_what_is_due_and_has_waited_is_woken(scene: Scene) -> None:
    scene.rows("UPDATE platform.media_transfers SET state = 'failed'")
    due = scene.transfer("a", next_attempt_at="2026-01-01 00:00:00+00")
    scene.transfer("b")
    scene.transfer("c", next_attempt_at="2999-01-01 00:00:00+00")
    scene.transfer("d", state="stored", next_attempt_at="2026-01-01 00:00:00+00")
    assert [transfer for _, transfer in waking(scene, grace=60)] == [due]


def test_a_transfer_whose_lease_is_over_is_pending_again(scene: Scene) -> None:
    """O-01."""
    lost = scene.transfer("a", state="transferring", attempt=1, lease_until="2026-01-01 00:00:00+00")
    held = scene.transfer("b", state="transferring", attempt=1, lease_until="2999-01-01 00:00:00+00")
    assert as_worker(scene, "SELECT agents.expire_transfers(100)")[0][0] >= 1
    assert scene.state(lost) == ("pending", "worker_lost")
    assert scene.state(held) == ("transferring", None)


def test_the_sweep_looks_at_no_secret_and_changes_no_asset(scene: Scene) -> None:
    """T-04: the worker's rights on media are those of the sweep."""
    rights = as_worker(
        scene,
        "SELECT has_column_privilege('platform.media_assets', 'storage_path', 'SELECT'),"
        " has_table_privilege('platform.media_assets', 'UPDATE'),"
        " has_table_privilege('platform.media_transfers', 'INSERT')",
    )
    assert rights == [(False, False, False)]
