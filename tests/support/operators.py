"""What an operator's command works with: the application's database, and keys of a master key file."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.platform.database import Database, connect
from shared.platform.keys import Keys
from shared.platform.keysets import create_master_key_file
from shared.platform.settings import DatabaseSettings, KeySettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database as MigratedDatabase


@dataclass(frozen=True)
class Operator:
    """`environment` is what a process needs to do the same."""

    database: Database
    keys: Keys
    environment: dict[str, str]


@contextmanager
def operator_of(migrated: MigratedDatabase, folder: Path, *, login: str = "application") -> Iterator[Operator]:
    """An operator of this database; the master key is made in the folder unless it is there."""
    master_key_file = folder / "master_key.json"
    if not master_key_file.exists():
        create_master_key_file(master_key_file)
    environment = {
        "DATABASE_URL": migrated.url(login),
        "TENANT_CONTEXT_KEY": base64.b64encode(migrated.tenant_context_key).decode(),
        "MASTER_KEY_FILE": str(master_key_file),
    }
    settings = DatabaseSettings.model_validate({name.lower(): value for name, value in environment.items()})
    database = connect(settings)
    try:
        yield Operator(database, Keys(KeySettings(master_key_file=master_key_file), database), environment)
    finally:
        database.close()
