from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from infra.local.object_storage import ObjectStorage
from shared.kit.errors import Rejected, Unavailable
from shared.platform import storage as storage_module
from shared.platform.settings import StorageSettings
from shared.platform.storage import CloudStorage, crc32c
from tests.platform.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

BUCKET = "media"


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudStorage]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    emulator = ObjectStorage(tmp_path_factory.mktemp("objects"), buckets=(BUCKET,), listening=listening)
    emulator.start()
    opened = CloudStorage(_settings(emulator.url))
    yield opened
    opened.close()
    emulator.stop()


def _settings(url: str) -> StorageSettings:
    return StorageSettings(media_bucket=BUCKET, archive_bucket=BUCKET, storage_emulator_host=url)


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 2000])
def test_what_is_put_comes_back(storage: CloudStorage, data: bytes) -> None:
    name = f"o/{len(data)} é.bin"
    generation = storage.put_new(BUCKET, name, data, "application/octet-stream")
    assert generation > 0
    assert storage.get(BUCKET, name) == data


def test_an_object_is_never_overwritten(storage: CloudStorage) -> None:
    """G2; the emulator ignores the precondition, so that asking first is what refuses here."""
    storage.put_new(BUCKET, "once", b"first", "text/plain")
    with pytest.raises(Rejected) as refused:
        storage.put_new(BUCKET, "once", b"second", "text/plain")
    assert refused.value.code == "object_exists"
    assert storage.get(BUCKET, "once") == b"first"


def test_the_same_bytes_again_are_the_repetition_of_a_put_whose_answer_was_lost(storage: CloudStorage) -> None:
    first = storage.put_new(BUCKET, "again", b"same", "text/plain")
    assert storage.put_new(BUCKET, "again", b"same", "text/plain") == first


def test_what_is_not_there_is_not_found_and_counts_as_deleted(storage: CloudStorage) -> None:
    storage.put_new(BUCKET, "gone", b"x", "text/plain")
    storage.delete(BUCKET, "gone")
    storage.delete(BUCKET, "gone")
    for bucket in (BUCKET, "no-such-bucket"):
        with pytest.raises(Rejected) as missing:
            storage.get(bucket, "gone")
        assert missing.value.code == "not_found"


def test_the_checksum_is_cloud_storage_s() -> None:
    assert crc32c(b"123456789") == "4waSgw=="  # the polynomial's published check value, e3069283


def test_a_service_that_is_down_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_module, "RETRY_TIMEOUT", 0.1)
    down = CloudStorage(_settings("http://127.0.0.1:1"))
    for call in (lambda: down.get(BUCKET, "x"), lambda: down.put_new(BUCKET, "x", b"", "text/plain")):
        with pytest.raises(Unavailable):
            call()
    down.close()


def test_bytes_that_arrive_damaged_are_unavailable_and_not_returned() -> None:
    from starlette.responses import Response  # noqa: PLC0415

    async def damaged(request: Request) -> Response:
        del request
        return Response(b"damaged", headers={"x-goog-hash": f"crc32c={crc32c(b'as they were')}"})

    with serve(damaged) as port:
        storage = CloudStorage(_settings(f"http://127.0.0.1:{port}"))
        with pytest.raises(Unavailable, match="DataCorruption"):
            storage.get(BUCKET, "x")
        storage.close()
