from __future__ import annotations

import socket
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.local.object_storage import ObjectStorage
from shared.kit.errors import Rejected, Unavailable
from shared.platform import storage as storage_module
from shared.platform.object_writing import PIECE
from shared.platform.settings import StorageSettings
from shared.platform.signed_links import Download
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
    return StorageSettings(media_bucket=BUCKET, storage_emulator_host=url)


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


def test_what_is_written_in_pieces_comes_back_and_is_described(storage: CloudStorage) -> None:
    data = bytes(range(256)) * 40_000  # two pieces and a half
    writing = storage.create(BUCKET, "pieces", "video/mp4")
    for begin in range(0, len(data), 70_000):
        writing.write(data[begin : begin + 70_000])
    stored = writing.finish()
    assert (stored.size, stored.crc32c) == (len(data), crc32c(data))
    assert storage.get(BUCKET, "pieces", generation=stored.generation) == data


@pytest.mark.parametrize("size", [0, 10, PIECE, PIECE + 1])
def test_an_object_of_any_size_is_written(storage: CloudStorage, size: int) -> None:
    writing = storage.create(BUCKET, f"size-{size}", "application/pdf")
    writing.write(b"x" * size)
    assert writing.finish().size == size
    assert len(storage.get(BUCKET, f"size-{size}")) == size


@pytest.mark.parametrize("written", [10, PIECE * 2])
def test_what_is_abandoned_is_never_there(storage: CloudStorage, written: int) -> None:
    writing = storage.create(BUCKET, f"abandoned-{written}", "application/pdf")
    writing.write(b"x" * written)
    writing.abandon()
    with pytest.raises(Rejected):
        storage.get(BUCKET, f"abandoned-{written}")


def test_a_name_that_is_taken_is_not_written_again(storage: CloudStorage) -> None:
    storage.put_new(BUCKET, "taken", b"first", "text/plain")
    with pytest.raises(Rejected) as refused:
        storage.create(BUCKET, "taken", "text/plain")
    assert refused.value.code == "object_exists"


def test_names_are_listed_in_a_range(storage: CloudStorage) -> None:
    for name in ("l/a", "l/b", "l/c", "l/d", "m/b"):
        storage.put_new(BUCKET, name, b"", "text/plain")
    assert storage.names(BUCKET, "l/", start="l/b", end="l/d", limit=10) == ["l/b", "l/c"]
    assert storage.names(BUCKET, "l/", start="l/a", end="l/z", limit=3) == ["l/a", "l/b", "l/c"]


def test_a_link_downloads_the_object_under_its_name_and_lives_shortly(storage: CloudStorage) -> None:
    """D-06: the emulator answers to every signature; what is signed is what the client library signs for the cloud."""
    generation = storage.put_new(BUCKET, "linked", b"a photo", "image/png")
    download = Download(file_name='a"b\r\n é.png', mime_type="image/png", seconds=10_000)
    link = storage.link(BUCKET, "linked", download, generation=generation)
    query = parse_qs(urlsplit(link).query)
    assert query["X-Goog-Expires"] == ["900"]
    assert query["response-content-disposition"] == ["attachment; filename*=UTF-8''a%22b%0D%0A%20%C3%A9.png"]
    with urllib.request.urlopen(link) as answer:  # noqa: S310 - the emulator's own address
        assert answer.read() == b"a photo"
