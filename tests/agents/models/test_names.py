"""Which models an agent's configuration names, and which of them can be asked."""

from __future__ import annotations

from typing import Any

import pytest

from shared.agents.models.names import MAX_TOKENS, ModelName, choose, model_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("gpt-4", ModelName("openai", "gpt-4")),
        ("openai:gpt-4", ModelName("openai", "gpt-4")),
        ("anthropic:claude", ModelName("anthropic", "claude")),
        ("vertex:gemini", ModelName("vertex", "gemini")),
        ("compatible:llama:8b", ModelName("compatible", "llama:8b")),
        ("ft:gpt-4o:shop::1", ModelName("openai", "ft:gpt-4o:shop::1")),
        ("google:", None),
        ("", None),
        (None, None),
        (4, None),
    ],
)
def test_a_bare_name_is_openais(text: object, name: ModelName | None) -> None:
    assert model_name(text) == name


def configured(**configuration: Any) -> tuple[str | None, str | None]:
    choice = choose(configuration, available=lambda name: name.provider != "anthropic")
    return (str(choice.primary), str(choice.fallback) if choice.fallback else None) if choice else (None, None)


def test_a_model_without_a_credential_is_not_asked() -> None:
    assert configured(primary_model="gpt-4", fallback_model="google:g") == ("openai:gpt-4", "google:g")
    assert configured(primary_model="gpt-4", fallback_model="gpt-4") == ("openai:gpt-4", None)
    assert configured(primary_model="anthropic:c", fallback_model="gpt-4") == ("openai:gpt-4", None)
    assert configured(primary_model="gpt-4", fallback_model="anthropic:c") == ("openai:gpt-4", None)
    assert configured(primary_model="anthropic:c") == configured() == (None, None)


@pytest.mark.parametrize(("given", "kept"), [(0.2, 0.2), (0, 0.0), (3, None), ("hot", None), (float("nan"), None)])
def test_a_temperature_out_of_range_is_left_to_the_model(given: object, kept: float | None) -> None:
    choice = choose({"primary_model": "m", "temperature": given}, available=lambda _: True)
    assert choice is not None
    assert choice.temperature == kept


@pytest.mark.parametrize(("given", "kept"), [(500, 500), (0, MAX_TOKENS), (10**9, MAX_TOKENS), (None, MAX_TOKENS)])
def test_an_answers_length_is_bounded(given: object, kept: int) -> None:
    choice = choose({"primary_model": "m", "max_tokens": given}, available=lambda _: True)
    assert choice is not None
    assert choice.max_tokens == kept
