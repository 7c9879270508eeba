"""One setting: its type and bounds, and what it takes in words, in English and Portuguese."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def setting(default: Any = ..., *, en: str, pt: str, **bounds: Any) -> Any:
    """A field of a settings model; `en` and `pt` say what it takes."""
    return Field(default, description=en, json_schema_extra={"description_pt": pt}, **bounds)


class Settings(BaseModel):
    """Settings that refuse unknown keys, and values of another kind: "true" is a text, not a switch."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, validate_default=False)
