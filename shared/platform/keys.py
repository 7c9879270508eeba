"""Encryption of what a dump or a log must never show: one keyset per organization, one per month for raw deliveries.

Keysets are stored wrapped by the master key; destroying a keyset erases all that it encrypted. It is done here and not
in SQL, where keys and plaintext would reach the server's log.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import tink

from shared.kit.clock import utc_now
from shared.kit.errors import Rejected
from shared.platform import keysets

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from tink.aead import Aead

    from shared.platform.database import Database
    from shared.platform.settings import KeySettings

CACHE_AGE = 300.0  # seconds: so long can another instance still read what a destroyed key encrypted
CACHE_SIZE = 2000  # keysets, about 1 kB each

_FIND_OF_ORGANIZATION = """
SELECT o.encryption_key_id, k.wrapped_keyset, k.master_key, k.destroyed_at
FROM platform.organizations AS o
LEFT JOIN LATERAL platform.get_encryption_key(o.encryption_key_id) AS k ON true
WHERE o.id = CAST(:organization_id AS uuid)
"""
_ADD_TO_ORGANIZATION = """
WITH added AS (
    SELECT * FROM platform.add_encryption_key(:key_id, CAST(:organization_id AS uuid), :wrapped_keyset, :master_key)
), named AS (
    UPDATE platform.organizations SET encryption_key_id = :key_id
    WHERE id = CAST(:organization_id AS uuid) AND encryption_key_id IS NULL
)
SELECT * FROM added
"""
_DESTROY = """
UPDATE platform.encryption_keys SET wrapped_keyset = NULL, destroyed_at = clock_timestamp()
WHERE organization_id = CAST(:organization_id AS uuid) AND destroyed_at IS NULL
RETURNING id
"""
_REWRAP = """
UPDATE platform.encryption_keys SET wrapped_keyset = :new_keyset, master_key = :master_key
WHERE id = :key_id AND wrapped_keyset = :old_keyset
RETURNING id
"""
_FIND_OF_PLATFORM = "SELECT wrapped_keyset, master_key, destroyed_at FROM platform.get_encryption_key(:key_id)"
_ADD_TO_PLATFORM = """
SELECT wrapped_keyset, master_key, destroyed_at
FROM platform.add_encryption_key(:key_id, NULL, :wrapped_keyset, :master_key)
"""


class Place(NamedTuple):
    """The row and column that a ciphertext belongs to: moved anywhere else it does not decrypt."""

    table: str
    column: str
    row_id: object


class Keys:
    """The keysets of one database. Threads share it.

    Every method may raise `Unavailable`, and `Rejected` with "key_destroyed" or "ciphertext_invalid".
    """

    def __init__(self, settings: KeySettings, database: Database) -> None:
        self._master = keysets.MasterKeys(settings)
        self._database = database
        self._cache: OrderedDict[str, tuple[float, Aead]] = OrderedDict()
        self._lock = threading.Lock()

    def encrypt_sensitive_data(self, plaintext: str, *, organization_id: UUID, place: Place) -> str:
        """Encrypt for one column of one row; the base64 text can be decrypted for the same place only."""
        return _encrypt(self.get_organization_encryption_key(organization_id), plaintext, organization_id, place)

    def decrypt_sensitive_data(self, ciphertext: str, *, organization_id: UUID, place: Place) -> str:
        """Decrypt what `encrypt_sensitive_data` returned for the same organization and place."""
        return _decrypt(self.get_organization_encryption_key(organization_id), ciphertext, organization_id, place)

    def get_organization_encryption_key(self, organization_id: UUID) -> Aead:
        """Return the organization's key, made at its first use, from the cache for up to five minutes."""
        return self._cached(f"organization {organization_id}", lambda: self._load_of_organization(organization_id))

    def rewrap_organization_key(self, organization_id: UUID) -> bool:
        """Wrap the organization's keyset anew by the current master key; its ciphertexts stay as they are.

        Returns whether there was a keyset to wrap.
        """
        (row,) = self._database.tenant_once(organization_id, _FIND_OF_ORGANIZATION, organization_id=organization_id)
        if row.wrapped_keyset is None:
            return False
        handle = self._unwrap(row, purpose=str(organization_id))
        rewrapped = self._database.tenant_once(
            organization_id,
            _REWRAP,
            key_id=row.encryption_key_id,
            old_keyset=row.wrapped_keyset,
            new_keyset=self._master.wrap(handle, purpose=str(organization_id)),
            master_key=self._master.current,
        )
        return bool(rewrapped)

    def destroy_organization_key(self, organization_id: UUID) -> None:
        """Erase for ever what the organization's key encrypted; other instances forget it within five minutes."""
        self._database.tenant_once(organization_id, _DESTROY, organization_id=organization_id)
        with self._lock:
            self._cache.pop(f"organization {organization_id}", None)

    def seal_delivery(self, raw: bytes, delivery_id: str) -> tuple[bytes, str]:
        """Encrypt a raw body by this month's platform keyset; returns the sealed bytes and the keyset's id."""
        key_id = f"deliveries-{utc_now():%Y-%m}"
        key = self._cached(key_id, lambda: self._load_of_platform(key_id, makes=True))
        sealed: bytes = key.encrypt(raw, f"{key_id}|{delivery_id}".encode())
        return sealed, key_id

    def open_delivery(self, sealed: bytes, delivery_id: str, key_id: str) -> bytes:
        """Decrypt what `seal_delivery` returned."""
        key = self._cached(key_id, lambda: self._load_of_platform(key_id, makes=False))
        try:
            opened: bytes = key.decrypt(sealed, f"{key_id}|{delivery_id}".encode())
        except tink.TinkError:
            raise _invalid("the sealed body is not this delivery's") from None
        return opened

    def _cached(self, name: str, load: Callable[[], Aead]) -> Aead:
        now = time.monotonic()
        with self._lock:
            found = self._cache.get(name)
            if found is not None and now - found[0] < CACHE_AGE:
                self._cache.move_to_end(name)
                return found[1]
        key = load()
        with self._lock:
            self._cache[name] = (now, key)
            self._cache.move_to_end(name)
            while len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)
        return key

    def _load_of_organization(self, organization_id: UUID) -> Aead:
        rows = self._database.tenant_once(organization_id, _FIND_OF_ORGANIZATION, organization_id=organization_id)
        if not rows:
            raise Rejected("not_found", f"organization {organization_id} does not exist")
        row = rows[0]
        if row.master_key is None:
            (row,) = self._database.tenant_once(
                organization_id,
                _ADD_TO_ORGANIZATION,
                key_id=row.encryption_key_id or f"organization-{organization_id}",
                organization_id=organization_id,
                wrapped_keyset=self._master.wrap(keysets.new_keyset(), purpose=str(organization_id)),
                master_key=self._master.current,
            )
        return keysets.primitive(self._unwrap(row, purpose=str(organization_id)))

    def _load_of_platform(self, key_id: str, *, makes: bool) -> Aead:
        rows = self._database.system_once(_FIND_OF_PLATFORM, key_id=key_id)
        if not rows and makes:
            rows = self._database.system_once(
                _ADD_TO_PLATFORM,
                key_id=key_id,
                wrapped_keyset=self._master.wrap(keysets.new_keyset(), purpose=key_id),
                master_key=self._master.current,
            )
        if not rows:
            raise _destroyed(key_id)
        return keysets.primitive(self._unwrap(rows[0], purpose=key_id))

    def _unwrap(self, row: Any, *, purpose: str) -> tink.KeysetHandle:
        if row.wrapped_keyset is None:
            raise _destroyed(purpose)
        try:
            return self._master.unwrap(row.wrapped_keyset, master_key=row.master_key, purpose=purpose)
        except tink.TinkError:
            raise _invalid(f"the keyset of {purpose} is not wrapped by master key {row.master_key}") from None


class HandedKeys:
    """Uses keysets that a database function handed out, for a job whose role may not read keys. Threads share it.

    Every method may raise `Unavailable`, and `Rejected` with "ciphertext_invalid".
    """

    def __init__(self, settings: KeySettings) -> None:
        self._master = keysets.MasterKeys(settings)

    def open(self, wrapped_keyset: bytes, master_key: str, *, organization_id: UUID) -> Aead:
        """Unwrap the keyset of an organization for `encrypt` and `decrypt`; it is kept nowhere."""
        try:
            handle = self._master.unwrap(wrapped_keyset, master_key=master_key, purpose=str(organization_id))
        except tink.TinkError:
            raise _invalid(f"the keyset of {organization_id} is not wrapped by master key {master_key}") from None
        return keysets.primitive(handle)

    def encrypt(self, key: Aead, plaintext: str, *, organization_id: UUID, place: Place) -> str:
        """As `Keys.encrypt_sensitive_data`."""
        return _encrypt(key, plaintext, organization_id, place)

    def decrypt(self, key: Aead, ciphertext: str, *, organization_id: UUID, place: Place) -> str:
        """As `Keys.decrypt_sensitive_data`."""
        return _decrypt(key, ciphertext, organization_id, place)


def _encrypt(key: Aead, plaintext: str, organization_id: UUID, place: Place) -> str:
    sealed: bytes = key.encrypt(plaintext.encode(), _associated(organization_id, place))
    return base64.b64encode(sealed).decode()


def _decrypt(key: Aead, ciphertext: str, organization_id: UUID, place: Place) -> str:
    try:
        opened: bytes = key.decrypt(base64.b64decode(ciphertext, validate=True), _associated(organization_id, place))
    except (tink.TinkError, binascii.Error):
        raise _invalid(f"the ciphertext in {place.table}.{place.column} is not this row's") from None
    return opened.decode()


def _associated(organization_id: UUID, place: Place) -> bytes:
    return f"{organization_id}|{place.table}|{place.column}|{place.row_id}".encode()


def _destroyed(name: str) -> Rejected:
    return Rejected("key_destroyed", f"the key of {name} is destroyed or was never made")


def _invalid(reason: str) -> Rejected:
    return Rejected("ciphertext_invalid", reason)
