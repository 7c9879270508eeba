"""Objects in Cloud Storage: written once, never overwritten, checked by their CRC32C on the way in and out."""

from __future__ import annotations

import base64
import contextlib
import threading
from typing import TYPE_CHECKING, Any, Protocol

from shared.kit.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

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

    def close(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            self._client.close()

    def _blob(self, bucket: str, name: str, generation: int | None = None) -> Any:
        with self._making:
            if self._client is None:
                self._client = _make_client(self._settings.storage_emulator_host)
        return self._client.bucket(bucket).blob(name, generation=generation)


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


def _call(method: Callable[..., Any], *arguments: object, **options: object) -> Any:
    """Call the client and say its troubles in our words."""
    from google.api_core import exceptions  # noqa: PLC0415 (see `_make_client`)
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 (see `_make_client`)
    from google.cloud.storage.exceptions import DataCorruption  # noqa: PLC0415 (see `_make_client`)
    from google.cloud.storage.retry import DEFAULT_RETRY  # noqa: PLC0415 (see `_make_client`)
    from requests.exceptions import RequestException  # noqa: PLC0415 (see `_make_client`)

    try:
        return method(*arguments, timeout=CALL_TIMEOUT, retry=DEFAULT_RETRY.with_timeout(RETRY_TIMEOUT), **options)
    except exceptions.NotFound:
        raise Rejected("not_found", "the object or its bucket does not exist") from None
    except exceptions.PreconditionFailed:
        raise _Exists from None
    except (exceptions.GoogleAPIError, GoogleAuthError, RequestException, DataCorruption) as error:
        raise Unavailable(f"Cloud Storage did not do it: {type(error).__name__}") from error
