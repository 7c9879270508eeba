"""Answers in the form of https://platform.openai.com/docs/api-reference/chat/object, the good and the bad ones."""

import json
import math
import time
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from infra.local.models.scripted import Said, reply_to, text_of

CALL_ID_HEADER = "x-client-request-id"
HUGE_CHARACTERS = 1_000_000
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as this sandbox counts them: four characters each, rounded up."""

    input_tokens: int
    output_tokens: int


def usage_of(request: dict[str, Any], said: Said) -> Usage:
    """What the call uses: the request's texts and tools, the answer's text and arguments."""
    asked = "".join(text_of(message) for message in request.get("messages", []))
    tools = json.dumps(request.get("tools", []))
    answered = (said.text or "") + "".join(f"{name}{_arguments(given)}" for name, given in said.calls)
    return Usage(_tokens(asked + tools), _tokens(answered))


def completion(model: str, said: Said, usage: Usage | None) -> dict[str, Any]:
    """A chat completion; without `usage` it does not say what it used."""
    calls = [
        {"id": f"call_{uuid4().hex}", "type": "function", "function": {"name": name, "arguments": _arguments(given)}}
        for name, given in said.calls
    ]
    message: dict[str, Any] = {"role": "assistant", "content": said.text}
    if calls:
        message["tool_calls"] = calls
    body: dict[str, Any] = {
        "id": f"chatcmpl-{uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls" if calls else "stop"}
        ],
    }
    if usage is not None:
        body["usage"] = {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
        }
    return body


def error_body(status: int) -> dict[str, Any]:
    """What the API says when it refuses, https://platform.openai.com/docs/guides/error-codes."""
    kinds = {400: "invalid_request_error", 401: "invalid_request_error", 429: "requests"}
    codes = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
    return {
        "error": {
            "message": f"The sandbox was told to answer with {status}.",
            "type": kinds.get(status, "server_error"),
            "param": None,
            "code": codes.get(status),
        }
    }


_GERMAN = "Wir haben heute leider geschlossen und sind morgen wieder für Sie da. Bitte kommen Sie dann noch einmal."
_WHOLE = {
    "empty": Said(text=""),
    "invalid_json": Said(calls=(("reply", '{"text": "Sim, abrimos às'),)),
    "unknown_tool": Said(calls=(("delete_everything", {"organization_id": "all"}),)),
}
_CHANGES: dict[str, dict[str, Any]] = {
    "huge": {"text": "muito " * (HUGE_CHARACTERS // 6)},
    "wrong_language": {"text": _GERMAN, "language": "de"},
    "surrogates": {"text": "Abrimos \ud800 às 9h \udfff"},
    "huge_number": {"confidence": 0.123456},
    "invented_citation": {"citations": [77]},
}


def spoiled(kind: str, said: Said) -> Said:
    """What the model says when it misbehaves in this way; what is not its words but its wire is app.py's."""
    if kind in _WHOLE:
        return _WHOLE[kind]
    if kind not in _CHANGES:
        return said
    given = {**_given(said), **_CHANGES[kind]}
    if kind == "huge_number":  # as Python cannot write it
        return Said(calls=(("reply", json.dumps(given).replace("0.123456", "1e131071")),))
    return Said(calls=(("reply", given),))


def with_refusal(body: dict[str, Any]) -> dict[str, Any]:
    """The completion of a model that will not speak of it."""
    message = {"role": "assistant", "content": None, "refusal": "Não posso ajudar com isso."}
    body["choices"][0] = {"index": 0, "message": message, "logprobs": None, "finish_reason": "content_filter"}
    return body


def _given(said: Said) -> dict[str, Any]:
    """The arguments that the honest model gave, or those of an empty reply."""
    return next((given for _, given in said.calls if isinstance(given, dict)), None) or reply_to({})


def _arguments(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=True)


def _tokens(text: str) -> int:
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)
