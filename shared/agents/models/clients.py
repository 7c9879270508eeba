"""The clients of the models' providers, made from the settings: explicit times, no retries of their own.

Facts of the providers' wire formats are pydantic-ai's and the providers' own libraries'; here is what we add to them.
"""

from collections.abc import Callable
from typing import Final

import httpx2
from pydantic import SecretStr
from pydantic_ai.models import Model

from shared.agents.models.names import ANTHROPIC, COMPATIBLE, GOOGLE, OPENAI, VERTEX, ModelName
from shared.agents.models.transport import http_client
from shared.platform.settings import LanguageModelSettings

_NO_KEY: Final = "none"  # a server of one's own may ask for none, the client library wants a text


class ModelClients:
    """One per process, used on one event loop. Each provider has its own connections and its own credential."""

    def __init__(self, settings: LanguageModelSettings) -> None:
        self._settings = settings
        self._http: dict[str, httpx2.AsyncClient] = {}
        self._models: dict[ModelName, Model] = {}

    def model(self, name: ModelName) -> Model:
        """The model, with the provider's client. Raises LookupError when there is no credential for it."""
        if name not in self._models:
            if not self._settings.offers(name.provider):
                raise LookupError(f"{name}: there is no credential for {name.provider}")
            self._models[name] = _MAKERS[name.provider](name.name, self._settings, self._client(name.provider))
        return self._models[name]

    async def close(self) -> None:
        """Close all connections."""
        for client in self._http.values():
            await client.aclose()
        self._http.clear()
        self._models.clear()

    def _client(self, provider: str) -> httpx2.AsyncClient:
        if provider not in self._http:
            self._http[provider] = http_client(
                connect_seconds=self._settings.model_connect_seconds,
                request_seconds=self._settings.model_request_seconds,
            )
        return self._http[provider]


def _openai(name: str, settings: LanguageModelSettings, client: httpx2.AsyncClient) -> Model:
    from openai import AsyncOpenAI  # noqa: PLC0415 - each provider's library takes a second to import
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415 - idem
    from pydantic_ai.providers.openai import OpenAIProvider  # noqa: PLC0415 - idem

    sdk = AsyncOpenAI(
        api_key=_secret(settings.openai_api_key),
        base_url=settings.openai_base_url,
        max_retries=0,
        timeout=settings.model_request_seconds,
        http_client=client,
    )
    return OpenAIChatModel(name, provider=OpenAIProvider(openai_client=sdk))


def _compatible(name: str, settings: LanguageModelSettings, client: httpx2.AsyncClient) -> Model:
    from openai import AsyncOpenAI  # noqa: PLC0415 - idem
    from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415 - idem
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider  # noqa: PLC0415 - idem

    sdk = AsyncOpenAI(
        api_key=_secret(settings.openai_compatible_api_key),
        base_url=settings.openai_compatible_url,
        max_retries=0,
        timeout=settings.model_request_seconds,
        http_client=client,
    )
    return OpenAIChatModel(name, provider=OpenAICompatibleProvider(COMPATIBLE, openai_client=sdk))


def _anthropic(name: str, settings: LanguageModelSettings, client: httpx2.AsyncClient) -> Model:
    from anthropic import AsyncAnthropic  # noqa: PLC0415 - idem
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415 - idem
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415 - idem

    sdk = AsyncAnthropic(
        api_key=_secret(settings.anthropic_api_key),
        base_url=settings.anthropic_base_url,
        max_retries=0,
        timeout=settings.model_request_seconds,
        http_client=client,
    )
    return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=sdk))


def _google(name: str, settings: LanguageModelSettings, client: httpx2.AsyncClient) -> Model:
    from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415 - idem
    from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415 - idem

    provider = GoogleProvider(
        api_key=_secret(settings.google_api_key), base_url=settings.google_base_url, http_client=client
    )
    return GoogleModel(name, provider=provider)


def _vertex(name: str, settings: LanguageModelSettings, client: httpx2.AsyncClient) -> Model:
    """With the function's own identity: there is no key."""
    from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415 - idem
    from pydantic_ai.providers.google_cloud import GoogleCloudProvider  # noqa: PLC0415 - idem

    provider = GoogleCloudProvider(project=settings.vertex_project, location=settings.vertex_region, http_client=client)
    return GoogleModel(name, provider=provider)


def _secret(value: SecretStr | None) -> str:
    return _NO_KEY if value is None else value.get_secret_value()


_MAKERS: Final[dict[str, Callable[[str, LanguageModelSettings, httpx2.AsyncClient], Model]]] = {
    OPENAI: _openai,
    COMPATIBLE: _compatible,
    ANTHROPIC: _anthropic,
    GOOGLE: _google,
    VERTEX: _vertex,
}
