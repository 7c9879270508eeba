"""Which models an agent may ask: its `model_configuration` under the seed's keys, and whose credentials there are."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

OPENAI: Final = "openai"
ANTHROPIC: Final = "anthropic"
GOOGLE: Final = "google"  # the Gemini API, with a key
VERTEX: Final = "vertex"  # Gemini in a project and region of Google Cloud
COMPATIBLE: Final = "compatible"  # any URL that speaks OpenAI's chat completions
PROVIDERS: Final = (OPENAI, ANTHROPIC, GOOGLE, VERTEX, COMPATIBLE)

# An answer has a few hundred; a model that thinks counts its thoughts here too.
MAX_TOKENS: Final = 1000
_MOST_TOKENS: Final = 16_000
_HOTTEST: Final = 2.0


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model and who offers it; as text "provider:name", as the price book knows it."""

    provider: str
    name: str

    def __str__(self) -> str:
        """As in a configuration."""
        return f"{self.provider}:{self.name}"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The models of one agent. `fallback` is asked when the primary cannot answer; None: there is none."""

    primary: ModelName
    fallback: ModelName | None
    temperature: float | None
    max_tokens: int


def model_name(text: object) -> ModelName | None:
    """Reads "provider:name", or a bare name, which means OpenAI; None for anything that names no model."""
    if not isinstance(text, str) or not text.strip():
        return None
    provider, colon, name = text.strip().partition(":")
    if colon and provider in PROVIDERS:
        return ModelName(provider, name) if name else None
    return ModelName(OPENAI, text.strip())  # a fine-tuned model has colons in its name


def choose(configuration: Mapping[str, Any], *, available: Callable[[ModelName], bool]) -> ModelChoice | None:
    """The models to ask: primary_model and fallback_model, as far as there is a credential for them.

    None when there is none for either. Settings out of their range are as if they were missing.
    """
    named = [model_name(configuration.get(key)) for key in ("primary_model", "fallback_model")]
    usable = [name for name in named if name is not None and available(name)]
    if not usable:
        return None
    primary, *others = usable
    return ModelChoice(
        primary=primary,
        fallback=next((name for name in others if name != primary), None),
        temperature=_number(configuration.get("temperature"), most=_HOTTEST),
        max_tokens=int(_number(configuration.get("max_tokens"), least=1, most=_MOST_TOKENS) or MAX_TOKENS),
    )


def _number(value: object, *, most: float, least: float = 0) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if least <= value <= most else None
