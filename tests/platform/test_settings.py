from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from shared.platform.settings import (
    AgentExecutionSettings,
    ArchiveSettings,
    CallerSettings,
    DatabaseSettings,
    GraphSettings,
    KeySettings,
    LogSettings,
    MetaSettings,
    Settings,
    SettingsMissing,
    StorageSettings,
    TasksSettings,
    TurnSettings,
    load,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY = base64.b64encode(bytes(range(32))).decode()


class Everything(  # what a function that needs much declares
    DatabaseSettings,
    TasksSettings,
    AgentExecutionSettings,
    CallerSettings,
    StorageSettings,
    ArchiveSettings,
    KeySettings,
    MetaSettings,
):
    """All settings that have no default."""


COMPLETE = {
    "DATABASE_URL": "postgresql+pg8000://application:canary-password@/departments?unix_sock=/run/s",
    "TENANT_CONTEXT_KEY": KEY,
    "GOOGLE_CLOUD_PROJECT": "project",
    "GOOGLE_CLOUD_REGION": "southamerica-east1",
    "TASKS_SERVICE_ACCOUNT": "tasks@project.iam.gserviceaccount.com",
    "QUEUE_SHARDS": "agent-turns=4, deliveries=2",
    "AGENT_EXECUTION_URL": "https://agent-execution.example",
    "OIDC_AUDIENCE": "https://agent-execution.example",
    "OIDC_ALLOWED_EMAILS": "tasks@project.iam.gserviceaccount.com, scheduler@project.iam.gserviceaccount.com",
    "MEDIA_BUCKET": "media",
    "ARCHIVE_BUCKET": "archive",
    "KMS_KEY_NAME": "projects/p/locations/l/keyRings/r/cryptoKeys/k",
    "META_APP_SECRETS": "canary-new-secret,canary-old-secret",
    "META_VERIFY_TOKEN": "canary-verify-token",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with none of our settings."""
    for settings_class in (Everything, TurnSettings, GraphSettings, LogSettings):
        for name in settings_class.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_settings_are_read_from_the_environment_and_typed(environment: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        environment.setenv(name, value)
    settings = load(Everything)
    assert settings.tenant_context_key is not None
    assert settings.tenant_context_key.get_secret_value() == bytes(range(32))
    assert settings.queue_shards == {"agent-turns": 4, "deliveries": 2}
    assert settings.oidc_allowed_emails == (
        "tasks@project.iam.gserviceaccount.com",
        "scheduler@project.iam.gserviceaccount.com",
    )
    assert [secret.get_secret_value() for secret in settings.meta_app_secrets] == [
        "canary-new-secret",
        "canary-old-secret",
    ]
    assert settings.database_pool_size == 4
    assert "canary" not in repr(settings), "secrets do not show"


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsMissing) as missing:
        load(Everything)
    needed = set(COMPLETE) - {"TENANT_CONTEXT_KEY", "QUEUE_SHARDS"}
    assert set(missing.value.names) == needed
    assert all(name in str(missing.value) for name in needed)
    assert "CLOUD_SQL_INSTANCE" in str(missing.value)
    assert "MASTER_KEY_FILE" in str(missing.value)


def test_an_empty_variable_is_missing(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AGENT_EXECUTION_URL", "")
    environment.setenv("DATABASE_URL", "")
    with pytest.raises(SettingsMissing, match="AGENT_EXECUTION_URL: missing"):
        load(AgentExecutionSettings)
    with pytest.raises(SettingsMissing, match="DATABASE_URL: missing"):
        load(DatabaseSettings)


@pytest.mark.parametrize(
    ("settings_class", "name", "value"),
    [
        (DatabaseSettings, "TENANT_CONTEXT_KEY", "canary no base64"),
        (DatabaseSettings, "TENANT_CONTEXT_KEY", base64.b64encode(b"canary").decode()),
        (DatabaseSettings, "DATABASE_POOL_SIZE", "canary"),
        (DatabaseSettings, "DATABASE_POOL_SIZE", "0"),
        (TasksSettings, "QUEUE_SHARDS", "agent-turns=canary"),
        (TurnSettings, "QUIET_SECONDS", "-1"),
        (LogSettings, "LOG_LEVEL", "canary"),
        (MetaSettings, "META_APP_SECRETS", " , "),
    ],
)
def test_a_wrong_value_is_named_and_not_shown(
    environment: pytest.MonkeyPatch, settings_class: type[Settings], name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(SettingsMissing) as wrong:
        load(settings_class)
    assert name in wrong.value.names
    assert "canary" not in str(wrong.value)
    assert wrong.value.__cause__ is None


def test_a_turn_must_end_before_its_lease(environment: pytest.MonkeyPatch) -> None:
    assert load(TurnSettings).lease_seconds == 150
    environment.setenv("LEASE_SECONDS", "100")
    with pytest.raises(SettingsMissing, match="TURN_TIMEOUT_SECONDS < LEASE_SECONDS"):
        load(TurnSettings)


def test_cloud_sql_takes_the_place_of_a_url(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CLOUD_SQL_INSTANCE", "p:r:i")
    environment.setenv("DATABASE_USER", "application")
    with pytest.raises(SettingsMissing):
        load(DatabaseSettings)
    environment.setenv("DATABASE_NAME", "departments")
    assert load(DatabaseSettings).cloud_sql_ip_type == "PRIVATE"


def test_a_master_key_is_a_kms_key_or_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("MASTER_KEY_FILE", str(tmp_path / "key"))
    assert load(KeySettings).master_key_file == tmp_path / "key"
    environment.setenv("KMS_KEY_NAME", "projects/p/locations/l/keyRings/r/cryptoKeys/k")
    assert load(KeySettings).kms_key_name is not None, "a name in the cloud wins over a file"


def test_the_defaults_are_those_of_the_protocol() -> None:
    turn, graph = load(TurnSettings), load(GraphSettings)
    assert (turn.quiet_seconds, turn.ceiling_seconds, turn.uncertain_seconds, turn.reply_max_age_hours) == (
        2,
        8,
        180,
        12,
    )
    assert (graph.graph_base_url, graph.graph_version) == ("https://graph.facebook.com", "v24.0")
