from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import tink
from google.api_core import exceptions
from tink import secret_key_access

from shared.kit.errors import Rejected, Unavailable
from shared.platform import keys as keys_module
from shared.platform import keysets
from shared.platform.keys import Keys, Place
from shared.platform.keysets import create_master_key_file
from shared.platform.settings import KeySettings
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from shared.platform.database import Database
    from tests.platform.conftest import Open
    from tests.support.database import Database as MigratedDatabase

TOKEN = Place("integrations.connections", "access_token", "row-1")


@pytest.fixture(scope="module")
def master_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "master_key.json"
    create_master_key_file(path)
    return path


@pytest.fixture
def settings(master_key_file: Path) -> KeySettings:
    return KeySettings(master_key_file=master_key_file)


@pytest.fixture
def database(shared_database: MigratedDatabase, open_database: Open) -> Database:
    return open_database(shared_database, pool_size=4)


@pytest.fixture
def keys(settings: KeySettings, database: Database) -> Keys:
    return Keys(settings, database)


@pytest.fixture
def organization_id(shared_database: MigratedDatabase) -> UUID:
    return make_organization(shared_database).organization_id


def test_a_secret_comes_back_for_its_own_place_only(
    keys: Keys, organization_id: UUID, shared_database: MigratedDatabase
) -> None:
    """T-07: the associated data are organization, table, column and row."""
    sealed = keys.encrypt_sensitive_data("EAAG canary é", organization_id=organization_id, place=TOKEN)
    assert "canary" not in sealed
    assert keys.decrypt_sensitive_data(sealed, organization_id=organization_id, place=TOKEN) == "EAAG canary é"
    for place in (TOKEN._replace(row_id="row-2"), TOKEN._replace(column="refresh_token"), TOKEN._replace(table="x.y")):
        with pytest.raises(Rejected) as moved:
            keys.decrypt_sensitive_data(sealed, organization_id=organization_id, place=place)
        assert moved.value.code == "ciphertext_invalid"
    other = make_organization(shared_database).organization_id
    for ciphertext in (sealed, sealed[:-4], "no base64", "", "AAAA"):
        with pytest.raises(Rejected):
            keys.decrypt_sensitive_data(ciphertext, organization_id=other, place=TOKEN)


def test_an_organization_s_key_is_made_once_named_on_it_and_stored_wrapped(
    keys: Keys, settings: KeySettings, database: Database, organization_id: UUID, master_key_file: Path
) -> None:
    sealed = keys.encrypt_sensitive_data("x", organization_id=organization_id, place=TOKEN)
    again = Keys(settings, database)
    assert again.decrypt_sensitive_data(sealed, organization_id=organization_id, place=TOKEN) == "x"
    (row,) = database.tenant_once(
        organization_id,
        "SELECT o.encryption_key_id, k.id, k.wrapped_keyset, k.master_key"
        " FROM platform.organizations AS o JOIN platform.encryption_keys AS k ON k.organization_id = o.id",
    )
    assert row.encryption_key_id == row.id == f"organization-{organization_id}"
    assert row.master_key == "file"
    with pytest.raises(tink.TinkError):
        tink.proto_keyset_format.parse(row.wrapped_keyset, secret_key_access.TOKEN).primitive(tink.aead.Aead)
    assert oct(master_key_file.stat().st_mode)[-3:] == "600"
    with pytest.raises(FileExistsError):
        create_master_key_file(master_key_file)


def test_many_first_uses_at_once_make_one_key(settings: KeySettings, database: Database, organization_id: UUID) -> None:
    instances = [Keys(settings, database) for _ in range(4)]
    meeting = threading.Barrier(4)

    def seal(instance: Keys) -> tuple[str, tuple[bytes, str]]:
        meeting.wait(5)
        return (
            instance.encrypt_sensitive_data("x", organization_id=organization_id, place=TOKEN),
            instance.seal_delivery(b"raw", "d"),
        )

    with ThreadPoolExecutor(4) as threads:
        sealed = list(threads.map(seal, instances))
    reader = Keys(settings, database)
    for text, (delivery, key_id) in sealed:
        assert reader.decrypt_sensitive_data(text, organization_id=organization_id, place=TOKEN) == "x"
        assert reader.open_delivery(delivery, "d", key_id) == b"raw"


def test_a_key_is_read_once_and_again_when_it_is_old(
    keys: Keys, database: Database, organization_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.get_organization_encryption_key(organization_id)
    before = database.round_trips
    for _ in range(100):
        keys.get_organization_encryption_key(organization_id)
    assert database.round_trips == before
    monkeypatch.setattr(keys_module, "CACHE_AGE", -1.0)
    keys.get_organization_encryption_key(organization_id)
    assert database.round_trips == before + 1


def test_the_cache_is_bounded(
    keys: Keys, shared_database: MigratedDatabase, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_module, "CACHE_SIZE", 2)
    organizations = [make_organization(shared_database).organization_id for _ in range(3)]
    for each in organizations:
        keys.get_organization_encryption_key(each)
    before = database.round_trips
    keys.get_organization_encryption_key(organizations[2])
    keys.get_organization_encryption_key(organizations[1])
    assert database.round_trips == before
    keys.get_organization_encryption_key(organizations[0])
    assert database.round_trips == before + 1


def test_destroying_a_key_erases_what_it_encrypted(
    keys: Keys, settings: KeySettings, database: Database, organization_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-07: key destruction is erasure; other instances follow when their cache is old."""
    sealed = keys.encrypt_sensitive_data("x", organization_id=organization_id, place=TOKEN)
    other_instance = Keys(settings, database)
    assert other_instance.decrypt_sensitive_data(sealed, organization_id=organization_id, place=TOKEN) == "x"
    keys.destroy_organization_key(organization_id)
    monkeypatch.setattr(keys_module, "CACHE_AGE", -1.0)
    for instance in (keys, other_instance, Keys(settings, database)):
        with pytest.raises(Rejected) as gone:
            instance.decrypt_sensitive_data(sealed, organization_id=organization_id, place=TOKEN)
        assert gone.value.code == "key_destroyed"
        with pytest.raises(Rejected):
            instance.encrypt_sensitive_data("y", organization_id=organization_id, place=TOKEN)
    assert (
        database.tenant_once(
            organization_id, "SELECT count(*) FROM platform.encryption_keys WHERE wrapped_keyset IS NOT NULL"
        )[0][0]
        == 0
    )
    assert not keys.rewrap_organization_key(organization_id)


def test_a_new_master_key_wraps_anew_without_touching_a_ciphertext(
    database: Database, organization_id: UUID, tmp_path: Path
) -> None:
    """T-07: rotation without downtime."""
    master_key_file = tmp_path / "master_key.json"
    create_master_key_file(master_key_file)
    settings = KeySettings(master_key_file=master_key_file)
    keys = Keys(settings, database)
    sealed = keys.encrypt_sensitive_data("x", organization_id=organization_id, place=TOKEN)
    stored = "SELECT wrapped_keyset FROM platform.encryption_keys"
    before = database.tenant_once(organization_id, stored)[0][0]

    old, retired = json.loads(master_key_file.read_text()), master_key_file.with_name("retired.json")
    create_master_key_file(retired)
    new = json.loads(retired.read_text())
    both = {"primaryKeyId": new["primaryKeyId"], "key": [*new["key"], *old["key"]]}
    master_key_file.write_text(json.dumps(both))
    assert Keys(settings, database).rewrap_organization_key(organization_id)
    assert database.tenant_once(organization_id, stored)[0][0] != before

    master_key_file.write_text(json.dumps(new))  # the old master key is gone for good
    rotated = Keys(settings, database)
    assert rotated.decrypt_sensitive_data(sealed, organization_id=organization_id, place=TOKEN) == "x"


def test_a_keyset_that_another_master_key_wrapped_is_refused(
    keys: Keys, database: Database, organization_id: UUID, tmp_path: Path
) -> None:
    sealed = keys.encrypt_sensitive_data("x", organization_id=organization_id, place=TOKEN)
    create_master_key_file(tmp_path / "another.json")
    another = Keys(KeySettings(master_key_file=tmp_path / "another.json"), database)
    with pytest.raises(Rejected) as refused:
        another.decrypt_sensitive_data(sealed, organization_id=organization_id, place=TOKEN)
    assert refused.value.code == "ciphertext_invalid"


def test_a_keyset_cannot_be_moved_to_another_organization(
    keys: Keys, settings: KeySettings, database: Database, shared_database: MigratedDatabase, organization_id: UUID
) -> None:
    """The wrapping names its organization: not even the database's owner can lend a key to somebody else."""
    keys.get_organization_encryption_key(organization_id)
    other = make_organization(shared_database).organization_id
    keys.get_organization_encryption_key(other)
    superuser = shared_database.superuser()
    superuser.cursor().execute(
        "UPDATE platform.encryption_keys AS k SET wrapped_keyset = o.wrapped_keyset FROM platform.encryption_keys AS o"
        " WHERE k.organization_id = %s AND o.organization_id = %s",
        (other, organization_id),
    )
    superuser.close()
    with pytest.raises(Rejected) as refused:
        Keys(settings, database).get_organization_encryption_key(other)
    assert refused.value.code == "ciphertext_invalid"


def test_an_organization_that_does_not_exist_has_no_key(keys: Keys) -> None:
    with pytest.raises(Rejected) as missing:
        keys.get_organization_encryption_key(uuid4())
    assert missing.value.code == "not_found"


def test_the_intake_s_login_seals_deliveries_and_each_opens_as_itself_only(
    settings: KeySettings, shared_database: MigratedDatabase, open_database: Open, keys: Keys
) -> None:
    intake = open_database(shared_database, "intake")
    sealing = Keys(settings, intake)
    sealed, key_id = sealing.seal_delivery(b"\x00raw canary", "delivery-1")
    assert key_id == f"deliveries-{datetime.now(UTC):%Y-%m}"
    assert b"canary" not in sealed
    assert keys.open_delivery(sealed, "delivery-1", key_id) == b"\x00raw canary"
    with pytest.raises(Rejected) as other:
        keys.open_delivery(sealed, "delivery-2", key_id)
    assert other.value.code == "ciphertext_invalid"
    with pytest.raises(Rejected) as unknown:
        keys.open_delivery(sealed, "delivery-1", "deliveries-1999-01")
    assert unknown.value.code == "key_destroyed"
    before = intake.round_trips
    for number in range(10):
        sealing.seal_delivery(b"x", str(number))
    assert intake.round_trips == before, "a delivery waits for no key service and no other statement"


class FakeKms:
    """Cloud KMS's client as far as it is called, over a local key; `failure` is raised instead."""

    def __init__(self) -> None:
        self.key = keysets.primitive(keysets.new_keyset())
        self.failure: Exception | None = None
        self.calls: list[dict[str, Any]] = []

    def encrypt(self, *, request: dict[str, Any], timeout: float) -> Any:
        return self._answer("ciphertext", self.key.encrypt, request, "plaintext", timeout)

    def decrypt(self, *, request: dict[str, Any], timeout: float) -> Any:
        return self._answer("plaintext", self.key.decrypt, request, "ciphertext", timeout)

    def _answer(self, field: str, call: Any, request: dict[str, Any], argument: str, timeout: float) -> Any:
        assert timeout <= 5
        self.calls.append(request)
        if self.failure is not None:
            raise self.failure
        value = call(request[argument], request["additional_authenticated_data"])
        return type("Response", (), {field: value})


def test_cloud_kms_wraps_keysets_and_is_asked_once_for_each(
    database: Database, organization_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Google's client at its own border: nothing else of it is reachable from this machine."""
    fake = FakeKms()
    monkeypatch.setattr("google.cloud.kms.KeyManagementServiceClient", lambda: fake)
    name = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
    keys = Keys(KeySettings(kms_key_name=name), database)
    sealed = keys.encrypt_sensitive_data("x", organization_id=organization_id, place=TOKEN)
    for _ in range(5):
        assert keys.decrypt_sensitive_data(sealed, organization_id=organization_id, place=TOKEN) == "x"
    assert [request["name"] for request in fake.calls] == [name] * 3, "wrapped, checked by Tink, unwrapped"
    assert {request["additional_authenticated_data"] for request in fake.calls} == {str(organization_id).encode()}

    fresh = Keys(KeySettings(kms_key_name=name), database)
    kinds: Any = exceptions
    for failure in (kinds.ServiceUnavailable("x"), kinds.DeadlineExceeded("x"), kinds.Forbidden("x")):
        fake.failure = failure
        with pytest.raises(Unavailable):
            fresh.get_organization_encryption_key(organization_id)
    fake.failure = kinds.InvalidArgument("x")
    with pytest.raises(Rejected):
        fresh.get_organization_encryption_key(organization_id)
    fake.failure = None
    assert fresh.decrypt_sensitive_data(sealed, organization_id=organization_id, place=TOKEN) == "x"
