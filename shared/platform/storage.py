"""Objects in Cloud Storage: written once, never overwritten, checked by their CRC32C on the way in and out."""

from __future__ import annotations

import base64
import contextlib
import threading
from typing import TYPE_CHECKING, Any, Protocol

from shared.kit.errors import Rejected, Unavailable
from shared.platform.object_writing import PIECE, ObjectWriting
from shared.platform.signed_links import Download, signed_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.platform.settings import StorageSettings

CALL_TIMEOUT = 60.0  # seconds for one request; media are up to 100 MB
RETRY_TIMEOUT = 20.0  # seconds after which a request that failed is not sent again


class Storage(Protocol):
    """Named bytes in buckets. Every method may raise `Unavailable`."""

    def put_new(self, bucket: str, name: str, data: bytes, content_type: str) -> int:
        """Write an object that must not exist and return its generation. Raises `Rejected` "object_exists"."""

    def get(self, bucket: str, name: str, *, generation: int | None = None) -> bytes:
        """Return an object's bytes, of that generation if given. Raises `Rejected` "not_found"."""

    def delete(self, bucket: str, name: str) -> None:
        """Delete an object; one that is not there counts as deleted."""

    def create(self, bucket: str, name: str, content_type: str) -> ObjectWriting:
        """Begin an object that must not exist, to be written piece by piece."""

    def names(self, bucket: str, prefix: str, *, start: str, end: str, limit: int) -> list[str]:
        """Return the first `limit` names with the prefix from `start` on and before `end`, in order."""

    def link(self, bucket: str, name: str, download: Download, *, generation: int | None) -> str:
        """Return a signed URL that answers with the object, of that generation, as the download describes."""


class CloudStorage:
    """`Storage` over google-cloud-storage; its client is made by the first call. Threads share it."""

    def __init__(self, settings: StorageSettings) -> None:
        self._settings = settings
        self._client: Any = None
        self._making = threading.Lock()

    def put_new(self, bucket: str, name: str, data: bytes, content_type: str) -> int:
        """See `Storage`."""
        blob = self._blob(bucket, name)
        # The emulator ignores if_generation_match: asking first makes it refuse as well, save for a race that only the
        # precondition, which Cloud Storage honours, can decide.
        if not _call(blob.exists):
            with contextlib.suppress(_Exists):
                _call(
                    blob.upload_from_string,
                    data,
                    content_type=content_type,
                    if_generation_match=0,
                    checksum="crc32c",  # Cloud Storage refuses bytes that arrive damaged
                )
        # what is there now is ours, or was ours (a repetition after a lost answer), if its bytes are the same
        _call(blob.reload)
        if blob.size != len(data) or blob.crc32c != crc32c(data):
            raise Rejected("object_exists", f"object {name} exists in {bucket} with other bytes")
        return int(blob.generation)

    def get(self, bucket: str, name: str, *, generation: int | None = None) -> bytes:
        """See `Storage`."""
        blob = self._blob(bucket, name, generation)
        data: bytes = _call(blob.download_as_bytes, checksum="crc32c")
        return data

    def delete(self, bucket: str, name: str) -> None:
        """See `Storage`."""
        blob = self._blob(bucket, name)
        try:
            _call(blob.delete)
        except Rejected:
            return

    def create(self, bucket: str, name: str, content_type: str) -> ObjectWriting:
        """See `Storage`."""
        blob = self._blob(bucket, name)
        if _call(blob.exists):  # as in put_new
            raise Rejected("object_exists", f"object {name} exists in {bucket}")
        options = {"content_type": content_type, "if_generation_match": 0, "timeout": CALL_TIMEOUT, "retry": _retry()}
        writer = blob.open("wb", chunk_size=PIECE, **options)
        return ObjectWriting(blob, writer, _step)

    def names(self, bucket: str, prefix: str, *, start: str, end: str, limit: int) -> list[str]:
        """See `Storage`."""

        def listed() -> Iterator[str]:
            blobs = self._connected().list_blobs(
                bucket,
                prefix=prefix,
                start_offset=start,
                end_offset=end,
                max_results=limit,
                fields="items(name),nextPageToken",
                timeout=CALL_TIMEOUT,
                retry=_retry(),
            )
            # the emulator ignores the offsets and the limit
            return (blob.name for blob in blobs if start <= blob.name < end)

        names: list[str] = _step(lambda: list(listed()))
        return names[:limit]

    def link(self, bucket: str, name: str, download: Download, *, generation: int | None) -> str:
        """See `Storage`."""
        blob = self._blob(bucket, name, generation)

        def refresh(credentials: Any) -> None:
            from google.auth.transport.requests import Request  # noqa: PLC0415 (see `_make_client`)

            if not credentials.valid:
                credentials.refresh(Request())

        url: str = _step(
            signed_link,
            blob,
            download,
            credentials=self._connected()._credentials,  # noqa: SLF001 (the client has no other way to its own)
            emulator=self._settings.storage_emulator_host,
            refresh=refresh,
        )
        return url

    def close(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            self._client.close()

    def _blob(self, bucket: str, name: str, generation: int | None = None) -> Any:
        return self._connected().bucket(bucket).blob(name, generation=generation)

    def _connected(self) -> Any:
        with self._making:
            if self._client is None:
                self._client = _make_client(self._settings.storage_emulator_host)
        return self._client


class _Exists(Exception):
    """The precondition failed."""


def crc32c(data: bytes) -> str:
    """Return the checksum as Cloud Storage writes it: base64 of four bytes, the highest first."""
    import google_crc32c  # noqa: PLC0415 (see `_make_client`)

    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def _make_client(emulator: str | None) -> Any:
    from google.cloud.storage import Client  # noqa: PLC0415 (0.2 s that a starting instance does not wait for)

    if emulator is None:
        return Client()
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 (see above)

    anonymous: Any = AnonymousCredentials
    return Client(project="local", credentials=anonymous(), client_options={"api_endpoint": emulator.rstrip("/")})


def _retry() -> Any:
    from google.cloud.storage.retry import DEFAULT_RETRY  # noqa: PLC0415 (see `_make_client`)

    return DEFAULT_RETRY.with_timeout(RETRY_TIMEOUT)


def _call(method: Callable[..., Any], *arguments: object, **options: object) -> Any:
    """Call the client within our times and say its troubles in our words."""
    return _translated(method, *arguments, timeout=CALL_TIMEOUT, retry=_retry(), **options)


def _step(method: Callable[..., Any], *arguments: object, **options: object) -> Any:
    """Call what has its times already; a name that is taken is `Rejected`."""
    try:
        return _translated(method, *arguments, **options)
    except _Exists:
        raise Rejected("object_exists", "an object of this name exists") from None


def _translated(method: Callable[..., Any], *arguments: object, **options: object) -> Any:
    from google.api_core import exceptions  # noqa: PLC0415 (see `_make_client`)
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 (see `_make_client`)
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse  # noqa: PLC0415 (see `_make_client`)
    from requests.exceptions import RequestException  # noqa: PLC0415 (see `_make_client`)

    try:
        return method(*arguments, **options)
    except exceptions.NotFound:
        raise Rejected("not_found", "the object or its bucket does not exist") from None
    except exceptions.PreconditionFailed:
        raise _Exists from None
    except InvalidResponse as error:  # of an upload in pieces
        if error.response.status_code == 412:  # noqa: PLR2004 (precondition failed)
            raise _Exists from None
        raise Unavailable(f"Cloud Storage did not do it: HTTP {error.response.status_code}") from error
    except (exceptions.GoogleAPIError, GoogleAuthError, RequestException, DataCorruption) as error:
        raise Unavailable(f"Cloud Storage did not do it: {type(error).__name__}") from error
