"""Settings: small typed classes per concern, read from the environment in one place, all that is missing named at once.

A field's environment variable is its name in capitals: `database_url` is DATABASE_URL. Empty means missing.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BeforeValidator, Field, SecretBytes, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.platform import secrets

_KEY_SIZE = 32  # bytes, of HMAC-SHA256


class SettingsMissing(Exception):
    """The environment lacks settings, or has wrong ones; the message names every one and never a value."""

    def __init__(self, problems: dict[str, str]) -> None:
        listed = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        super().__init__(f"Settings to put right in the environment: {listed}")
        self.names = tuple(problems)


def _split(value: Any) -> Any:
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _split_pairs(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return dict(item.split("=", 1) if "=" in item else (item, "") for item in _split(value))


def _decode_key(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("must be base64") from None
    if len(key) != _KEY_SIZE:
        raise ValueError(f"must be {_KEY_SIZE} bytes in base64")
    return key


Alternatives = tuple[tuple[str, ...], ...]
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
OptionalSecretCommaList = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)]
SecretCommaList = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)]
Base64Key = Annotated[SecretBytes, NoDecode, BeforeValidator(_decode_key)]


class Settings(BaseSettings):
    """What all classes here have in common. They may be joined: `class Mine(DatabaseSettings, TasksSettings)`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    # settings of which one or another must be there, checked by `load`: the first group that is complete suffices
    alternatives: ClassVar[Alternatives] = ()


class DatabaseSettings(Settings):
    """DATABASE_URL, or CLOUD_SQL_INSTANCE with DATABASE_USER and DATABASE_NAME (the connector, with IAM)."""

    database_url: SecretStr | None = None
    cloud_sql_instance: str | None = None
    cloud_sql_ip_type: str = "PRIVATE"
    database_user: str | None = None
    database_name: str | None = None
    database_pool_size: int = Field(default=4, ge=1, le=100)
    tenant_context_key: Base64Key | None = None
    k_service: str = "departments"  # Cloud Run's name of the function, shown in pg_stat_activity

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("DATABASE_URL",),
        ("CLOUD_SQL_INSTANCE", "DATABASE_USER", "DATABASE_NAME"),
    )


class TasksSettings(Settings):
    """Cloud Tasks. CLOUD_TASKS_ENDPOINT (host:port, plain text) is for the local queue; unset means Google."""

    google_cloud_project: str
    google_cloud_region: str
    tasks_service_account: str
    cloud_tasks_endpoint: str | None = None
    queue_shards: Annotated[dict[str, int], NoDecode, BeforeValidator(_split_pairs)] = {}  # "agent-turns=4"


class AgentExecutionSettings(Settings):
    """Where a turn's wake-up goes."""

    agent_execution_url: str


class MessageDeliverySettings(Settings):
    """Where the wake-up for a message goes that no turn wrote."""

    message_delivery_url: str


class CallerSettings(Settings):
    """Who may call a function that is not public: Google's OIDC tokens, for this audience, of these accounts."""

    oidc_issuer: str = "https://accounts.google.com"
    oidc_certs_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    oidc_audience: str
    oidc_allowed_emails: Annotated[CommaList, Field(min_length=1)]


class StorageSettings(Settings):
    """Cloud Storage. STORAGE_EMULATOR_HOST is Google's own variable for another endpoint without credentials."""

    media_bucket: str
    storage_emulator_host: str | None = None


class ArchiveSettings(Settings):
    """Where archived months go."""

    archive_bucket: str


class MediaTransferSettings(Settings):
    """Where a medium's wake-up goes."""

    media_transfer_url: str


class MediaHostSettings(Settings):
    """Origins (scheme://host:port) that media may come from besides Meta's hosts: the local stack's sandbox."""

    media_trusted_origins: CommaList = ()


class MediaReaderSettings(Settings):
    """The models that read media, at an OpenAI-compatible URL; a kind of media without its model is not read."""

    media_reader_url: str | None = Field(default=None, pattern="^https?://")
    media_reader_api_key: SecretStr | None = None
    media_transcription_model: str | None = None
    media_description_model: str | None = None

    @model_validator(mode="after")
    def _have_an_address(self) -> Self:
        if (self.media_transcription_model or self.media_description_model) and not self.media_reader_url:
            raise ValueError("MEDIA_READER_URL: missing, a model is named but not where it is")
        return self


class KnowledgeIngestionSettings(Settings):
    """Where the wake-up for work on knowledge goes."""

    knowledge_ingestion_url: str


class EmbeddingSettings(Settings):
    """The models of vectors: which one an organization's first document gets, and where the paid ones are.

    EMBEDDING_URL is an OpenAI-compatible API's base; EMBEDDING_VERTEX_LOCATION a region of Vertex AI, or global.
    """

    embedding_model: str = Field(default="hashed-ngrams-pt-2", min_length=1, max_length=200)
    embedding_url: str | None = Field(default=None, pattern="^https?://")
    embedding_api_key: SecretStr | None = None
    embedding_vertex_location: str | None = Field(default=None, pattern="^[a-z0-9-]{2,40}$")
    google_cloud_project: str | None = None


class LanguageModelSettings(Settings):
    """The models' providers, each optional: an agent whose models have no credential answers without one.

    Times in seconds: model_answer for all calls of one answer, model_margin of the turn's time kept for what follows.
    """

    openai_api_key: SecretStr | None = None
    openai_base_url: str = Field(default="https://api.openai.com/v1", pattern="^https?://")
    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: str = Field(default="https://api.anthropic.com", pattern="^https?://")
    google_api_key: SecretStr | None = None
    google_base_url: str | None = Field(default=None, pattern="^https?://")  # None: Google's own
    vertex_project: str | None = None
    vertex_region: str | None = None
    openai_compatible_url: str | None = Field(default=None, pattern="^https?://")
    openai_compatible_api_key: SecretStr | None = None
    model_connect_seconds: float = Field(default=5, gt=0)
    model_request_seconds: float = Field(default=30, gt=0)
    model_answer_seconds: float = Field(default=60, gt=0)
    model_retry_seconds: float = Field(default=1, ge=0)  # before a refused call is made again, without a fallback
    model_margin_seconds: float = Field(default=20, ge=0)

    def offers(self, provider: str) -> bool:
        """Whether there is a credential for this provider (or, for one of one's own, an address)."""
        needed = {
            "openai": (self.openai_api_key,),
            "anthropic": (self.anthropic_api_key,),
            "google": (self.google_api_key,),
            "vertex": (self.vertex_project, self.vertex_region),
            "compatible": (self.openai_compatible_url,),
        }
        return None not in needed[provider]


class KeySettings(Settings):
    """The master key that wraps every keyset: KMS_KEY_NAME in the cloud, MASTER_KEY_FILE (a Tink keyset) locally."""

    kms_key_name: str | None = None
    master_key_file: Path | None = None

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("KMS_KEY_NAME",), ("MASTER_KEY_FILE",))


class MetaSettings(Settings):
    """Meta's webhooks: the apps' secrets (several while one is being replaced) and the handshake's token.

    The Instagram app has a secret of its own, which signs what comes by Instagram Login.
    """

    meta_app_secrets: SecretCommaList
    instagram_app_secrets: OptionalSecretCommaList = ()
    meta_verify_token: SecretStr


class GraphSettings(Settings):
    """Meta's Graph API."""

    graph_base_url: str = "https://graph.facebook.com"
    instagram_graph_base_url: str = "https://graph.instagram.com"  # for tokens of Instagram Login
    graph_version: str = "v24.0"


class TurnSettings(Settings):
    """The protocol of turns: each limit exceeds the ones that it must outlast (turn < lease < uncertain)."""

    quiet_seconds: float = Field(default=2, ge=0)
    ceiling_seconds: float = Field(default=8, ge=0)
    turn_timeout_seconds: float = Field(default=120, gt=0)
    lease_seconds: float = Field(default=150, gt=0)
    uncertain_seconds: float = Field(default=180, gt=0)
    sending_limit_seconds: float = Field(default=30, gt=0)
    send_guard_seconds: float = Field(default=5, gt=0)  # longest pause between the mark "sending" and the first byte
    reply_max_age_hours: float = Field(default=12, gt=0)
    max_replies_per_10_minutes: int = Field(default=20, ge=1)
    media_wait_seconds: float = Field(default=15, ge=0)  # longest wait of an answer for what a customer's files say

    @model_validator(mode="after")
    def _outlast(self) -> Self:
        if not self.turn_timeout_seconds < self.lease_seconds <= self.uncertain_seconds:
            raise ValueError("TURN_TIMEOUT_SECONDS < LEASE_SECONDS <= UNCERTAIN_SECONDS must hold")
        return self


class ConnectionSettings(Settings):
    """When the owner of a connection is told: a channel that sends and hears nothing, a token that ends."""

    silent_channel_minutes: float = Field(default=30.0, gt=0)
    token_warning_days: float = Field(default=7.0, ge=0)


class LogSettings(Settings):
    """LOG_LEVEL: DEBUG, INFO, WARNING or ERROR."""

    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    google_cloud_project: str | None = None  # completes the trace's name, by which Cloud Logging groups


SettingsClass = TypeVar("SettingsClass", bound=Settings)


def load(settings_class: type[SettingsClass]) -> SettingsClass:
    """Read the class's fields from the environment. Raises `SettingsMissing`, which names all that is wrong."""
    problems = _missing_alternatives(settings_class)
    try:
        settings = settings_class()
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            where = str(problem["loc"][0]).upper() if problem["loc"] else settings_class.__name__
            problems[where] = (
                "missing" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
            )
    if problems:
        raise SettingsMissing(problems)
    for name, field in settings_class.model_fields.items():
        if "Secret" in str(field.annotation):
            secrets.remember(os.environ.get(name.upper(), ""))
    return settings


def _missing_alternatives(settings_class: type[Settings]) -> dict[str, str]:
    problems = {}
    for each in settings_class.__mro__:
        groups: Alternatives = vars(each).get("alternatives", ())
        if groups and not any(all(os.environ.get(name) for name in group) for group in groups):
            first, *others = [", ".join(group) for group in groups]
            problems[first] = f"missing (or {' or '.join(others)})"
    return problems
