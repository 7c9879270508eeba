"""Which installation a command works on: the one of the environment's settings, or a local stack by its ready file."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from infra.cli.refusals import refused
from shared.platform.database import Database, connect
from shared.platform.settings import DatabaseSettings, load


class Installation:
    """Its settings; for a local stack also what the stack says about itself (`ready`)."""

    def __init__(self, ready: dict[str, Any] | None = None) -> None:
        """Use `named` instead."""
        self.ready = ready

    @classmethod
    def named(cls, ready_file: Path | None) -> Self:
        """Return the installation of the environment, or of the running stack that wrote this file.

        A local stack's settings are put into this process's environment, where every settings class reads them.

        Raises:
            CommandFailed: the file is not there or not of a stack.
        """
        if ready_file is None:
            return cls()
        try:
            ready = json.loads(ready_file.read_text(encoding="utf-8"))
            os.environ.update(_settings_of(ready))
        except OSError as error:
            raise refused("not_a_ready_file", path=ready_file, reason=error.strerror) from error
        except (ValueError, KeyError, TypeError) as error:
            raise refused("not_a_ready_file", path=ready_file, reason=type(error).__name__) from error
        return cls(ready)

    @contextmanager
    def application(self) -> Iterator[Database]:
        """Open the database as the functions that work for organizations do.

        Raises:
            CommandFailed: TENANT_CONTEXT_KEY is not set, without which no organization's row can be seen or written.
        """
        settings = load(DatabaseSettings)
        if settings.tenant_context_key is None:
            raise refused("settings_missing", reason="TENANT_CONTEXT_KEY: missing")
        with opened(settings) as database:
            yield database

    @contextmanager
    def worker(self) -> Iterator[Database]:
        """Open the database as the jobs that look across organizations do.

        For a local stack this is its `worker` login; elsewhere DATABASE_URL has to be one of worker_role.
        """
        settings = load(DatabaseSettings)
        if self.ready is not None:
            url = make_url(self.ready["database"]["application"]).set(username="worker")
            settings = settings.model_copy(
                update={"database_url": SecretStr(url.render_as_string(hide_password=False))}
            )
        with opened(settings) as database:
            yield database


@contextmanager
def opened(settings: DatabaseSettings) -> Iterator[Database]:
    """Open a database for the time of a block.

    Raises:
        CommandFailed: its URL cannot be used.
    """
    try:
        database = connect(settings)
    except ArgumentError as error:
        raise refused("database_url_unusable", reason="it is not a URL") from error
    try:
        yield database
    finally:
        database.close()


def _settings_of(ready: dict[str, Any]) -> dict[str, str]:
    from infra.local.credentials import load_secrets
    from infra.local.folder import DataFolder

    folder = DataFolder(Path(ready["data_dir"]))
    secrets = load_secrets(folder)
    return {
        "DATABASE_URL": ready["database"]["application"],
        "TENANT_CONTEXT_KEY": secrets.tenant_context_key,
        "MASTER_KEY_FILE": str(folder.master_key_file),
        "GRAPH_BASE_URL": ready["sandboxes"]["meta"],
        "INSTAGRAM_GRAPH_BASE_URL": ready["sandboxes"]["meta"],
        "META_APP_SECRETS": secrets.app_secret,
        "INSTAGRAM_APP_SECRETS": secrets.instagram_app_secret,
        "META_VERIFY_TOKEN": secrets.verify_token,
    }
