"""Tink keysets and the master key that wraps them: Cloud KMS in the cloud, a file on one machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tink
from tink import aead, secret_key_access
from tink.aead import Aead

from shared.kit.errors import Unavailable

if TYPE_CHECKING:
    from shared.platform.settings import KeySettings

CALL_TIMEOUT = 5.0  # seconds for one call to Cloud KMS
_FILE = "file"  # the name of the file's key; the file may hold several, the newest first in use

aead.register()


class MasterKeys:
    """Wraps with the settings' master key, and unwraps also what an earlier one wrapped. Threads share it."""

    def __init__(self, settings: KeySettings) -> None:
        self._settings = settings
        self._opened: dict[str, Any] = {}

    @property
    def current(self) -> str:
        """The name of the master key that wraps: a KMS key's resource name, or "file"."""
        return self._settings.kms_key_name or _FILE

    def wrap(self, handle: tink.KeysetHandle, *, purpose: str) -> bytes:
        """Encrypt a keyset; it can be opened with the same `purpose` only. Raises `Unavailable` without KMS."""
        wrapped: bytes = tink.proto_keyset_format.serialize_encrypted(handle, self._key(self.current), purpose.encode())
        return wrapped

    def unwrap(self, wrapped: bytes, *, master_key: str, purpose: str) -> tink.KeysetHandle:
        """Decrypt a keyset. Raises `Unavailable` without KMS, `tink.TinkError` for another purpose or key."""
        return tink.proto_keyset_format.parse_encrypted(wrapped, self._key(master_key), purpose.encode())

    def _key(self, name: str) -> Any:
        if name not in self._opened:
            self._opened[name] = self._open(name)
        return self._opened[name]

    def _open(self, name: str) -> Any:
        if name != _FILE:
            return _CloudKey(name)
        if self._settings.master_key_file is None:
            raise Unavailable("A keyset is wrapped by a master key file, and MASTER_KEY_FILE is not set")
        text = Path(self._settings.master_key_file).read_text()
        return tink.json_proto_keyset_format.parse(text, secret_key_access.TOKEN).primitive(Aead)


class _CloudKey(Aead):  # type: ignore[misc]
    """One key of Cloud KMS as Tink sees it, with a deadline, and outages as `Unavailable`.

    https://cloud.google.com/kms/docs/reference/rest/v1/projects.locations.keyRings.cryptoKeys
    """

    def __init__(self, name: str) -> None:
        from google.cloud import kms  # noqa: PLC0415 (0.5 s that only the cloud needs)

        self._client = kms.KeyManagementServiceClient()
        self._name = name

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        """Encrypt up to 64 kB with the key's primary version."""
        request = {"name": self._name, "plaintext": plaintext, "additional_authenticated_data": associated_data}
        ciphertext: bytes = self._call(self._client.encrypt, request).ciphertext
        return ciphertext

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        """Decrypt with the version that encrypted."""
        request = {"name": self._name, "ciphertext": ciphertext, "additional_authenticated_data": associated_data}
        plaintext: bytes = self._call(self._client.decrypt, request).plaintext
        return plaintext

    def _call(self, method: Any, request: dict[str, Any]) -> Any:
        from google.api_core import exceptions  # noqa: PLC0415 (see above)
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 (see above)

        try:
            return method(request=request, timeout=CALL_TIMEOUT)
        except exceptions.InvalidArgument as error:  # the ciphertext is not this key's
            raise tink.TinkError("Cloud KMS refused the ciphertext") from error
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise Unavailable(f"Cloud KMS did not answer: {type(error).__name__}") from error


def new_keyset() -> tink.KeysetHandle:
    """Return a fresh keyset with one AES-256-GCM key."""
    return tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)


def primitive(handle: tink.KeysetHandle) -> Aead:
    """Return what encrypts and decrypts with a keyset."""
    return handle.primitive(Aead)


def create_master_key_file(path: Path) -> None:
    """Write a new master key for one machine, readable by its owner alone. Raises `FileExistsError`."""
    text = tink.json_proto_keyset_format.serialize(new_keyset(), secret_key_access.TOKEN)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
