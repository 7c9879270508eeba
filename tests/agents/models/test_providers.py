"""Each provider's real client against a local server in its wire format: one exchange, one try, its own credential."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.listener import Listener
from infra.local.models.scripted import reply_to
from shared.agents.models.clients import ModelClients
from shared.agents.models.names import ModelName
from shared.agents.models.service import ModelService
from shared.platform.settings import LanguageModelSettings
from tests.agents.models.turns import OPENING, Shop
from tests.infra.local.loop_thread import LoopThread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

QUESTION = "vocês abrem no domingo?"
NAMES = {
    "openai:gpt-test": ("/v1/chat/completions", "authorization", "Bearer openai-key"),
    "compatible:llama-test": ("/own/chat/completions", "authorization", "Bearer compatible-key"),
    "anthropic:claude-test": ("/v1/messages", "authorization", "Bearer anthropic-key"),
    "google:gemini-test": ("/v1beta/models/gemini-test:generateContent", "x-goog-api-key", "google-key"),
}


@dataclass
class Providers:
    """The server: `status` is what it answers with; `came` are the requests."""

    url: str = ""
    status: int = 200
    hangs: bool = False
    failures: int = 0  # so many calls more are answered with a 503
    came: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.came.append((request.url.path, dict(request.headers)))
        if self.hangs:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            return Response()
        status = 503 if self.failures > 0 else self.status
        self.failures -= 1
        if status != 200:
            return JSONResponse({"error": {"message": "told to", "type": "error"}}, status_code=status)
        return JSONResponse(_answer(request.url.path, reply_to(_prompt(body))))


def _prompt(body: object) -> dict[str, Any]:
    """The JSON of ours, wherever a provider's request has it."""
    if isinstance(body, str) and body.startswith("{"):
        found: dict[str, Any] = json.loads(body)
        return found
    parts = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return next((prompt for part in parts if (prompt := _prompt(part))), {})


def _answer(path: str, reply: dict[str, Any]) -> dict[str, Any]:
    """Anthropic's message, Google's candidate, OpenAI's completion."""
    if path.endswith("/messages"):
        content = [{"type": "tool_use", "id": "toolu_1", "name": "reply", "input": reply}]
        used = {"input_tokens": 11, "output_tokens": 7}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-test", "content": content}
        return {**message, "stop_reason": "tool_use", "stop_sequence": None, "usage": used}
    if path.endswith(":generateContent"):
        said = {"role": "model", "parts": [{"functionCall": {"name": "reply", "args": reply}}]}
        counted = {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18}
        return {"candidates": [{"content": said, "finishReason": "STOP", "index": 0}], "usageMetadata": counted}
    call = {"id": "call_1", "type": "function", "function": {"name": "reply", "arguments": json.dumps(reply)}}
    choice = {"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [call]}}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    completion = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": usage}
    return {**completion, "choices": [{**choice, "finish_reason": "tool_calls", "logprobs": None}]}


@pytest.fixture(scope="module")
def running() -> Iterator[Providers]:
    providers = Providers()
    with LoopThread() as loop:

        async def start() -> Listener:
            listener = Listener(0)
            await listener.serve(Starlette(routes=[Route("/{rest:path}", providers.answer, methods=["POST"])]))
            return listener

        listener = loop.run(start())
        providers.url = listener.url
        yield providers
        loop.run(listener.close())


@pytest.fixture(scope="module")
def all_providers(running: Providers) -> Iterator[ModelService]:
    with contextlib.closing(ModelService(settings_at(running, request_seconds=10))) as service:
        yield service


@pytest.fixture(scope="module")
def impatient(running: Providers) -> Iterator[ModelService]:
    with contextlib.closing(ModelService(settings_at(running, request_seconds=0.4))) as service:
        yield service


def settings_at(running: Providers, *, request_seconds: float) -> LanguageModelSettings:
    return LanguageModelSettings(
        openai_api_key="openai-key",
        openai_base_url=f"{running.url}/v1",
        openai_compatible_url=f"{running.url}/own",
        openai_compatible_api_key="compatible-key",
        anthropic_api_key="anthropic-key",
        anthropic_base_url=running.url,
        google_api_key="google-key",
        google_base_url=running.url,
        model_connect_seconds=1,
        model_request_seconds=request_seconds,
        model_answer_seconds=20,
        model_margin_seconds=1,
        model_retry_seconds=0,
    )


@pytest.fixture
def providers(running: Providers) -> Providers:
    running.status, running.hangs, running.failures = 200, False, 0
    running.came.clear()
    return running


@pytest.mark.parametrize("name", NAMES)
def test_a_provider_is_asked_with_its_own_credential(
    providers: Providers, all_providers: ModelService, name: str
) -> None:
    path, header, value = NAMES[name]
    shop = Shop(all_providers, configuration={"primary_model": name})
    answer = shop.answers(QUESTION)
    assert (answer.text, answer.model) == (OPENING, name)
    [(asked, headers)] = providers.came
    assert (asked, headers[header]) == (path, value)
    assert headers["x-client-request-id"] == str(shop.ledger.rows[0].id)
    [row] = shop.ledger.rows
    assert row.usage is not None
    assert (row.state, row.usage.input_tokens, row.usage.output_tokens) == ("succeeded", 11, 7)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [429, 503, 401])
def test_no_client_repeats_a_call_by_itself(
    providers: Providers, all_providers: ModelService, name: str, status: int
) -> None:
    providers.status = status
    shop = Shop(all_providers, configuration={"primary_model": name})
    assert shop.answers(QUESTION).reason == "model_unavailable"
    calls = 1 if status == 401 else 2  # the second is ours, and accounted
    assert len(providers.came) == calls
    assert shop.ledger.states == [(name, "failed", f"http_{status}")] * calls


@pytest.mark.parametrize("name", NAMES)
def test_every_client_stops_waiting_in_time(providers: Providers, impatient: ModelService, name: str) -> None:
    providers.hangs = True
    shop = Shop(impatient, configuration={"primary_model": name})
    assert shop.answers(QUESTION).reason == "model_unavailable"
    assert len(providers.came) == 1
    assert shop.ledger.states == [(name, "estimated", "timeout")]


@pytest.mark.parametrize(
    ("primary", "fallback"),
    [("anthropic:claude-test", "google:gemini-test"), ("google:gemini-test", "gpt-test")],
)
def test_one_provider_stands_in_for_another(
    providers: Providers, all_providers: ModelService, primary: str, fallback: str
) -> None:
    """A-05: the fallback may be another provider's, with its own credential."""
    providers.failures = 1
    shop = Shop(all_providers, configuration={"primary_model": primary, "fallback_model": fallback})
    answer = shop.answers(QUESTION)
    assert answer.text == OPENING
    assert answer.model.endswith(fallback)
    assert [headers.get(NAMES[answer.model][1]) for _, headers in providers.came][1] == NAMES[answer.model][2]
    assert [state for _, state, _ in shop.ledger.states] == ["failed", "succeeded"]


def test_vertex_is_asked_in_its_region_with_no_key() -> None:
    """The credential is the function's own identity, which is looked for at the first call."""
    settings = LanguageModelSettings(vertex_project="project", vertex_region="southamerica-east1")
    model = ModelClients(settings).model(ModelName("vertex", "gemini-test"))
    assert model.base_url == "https://southamerica-east1-aiplatform.googleapis.com/"


def test_a_model_without_a_credential_has_no_client() -> None:
    with pytest.raises(LookupError, match="anthropic"):
        ModelClients(LanguageModelSettings()).model(ModelName("anthropic", "claude-test"))
