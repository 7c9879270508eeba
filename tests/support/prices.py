"""Prices of models that tests make up."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from shared.usage.models import CallUsage

if TYPE_CHECKING:
    from tests.support.conversations import Scene

CENT = "test:cent"
"""A model of which a token costs a cent, once `cent_price` was written."""


def add_price(scene: Scene, model: str, *, input_price: str, output_price: str = "0") -> None:
    """The organization's own price from now on, in US dollars for a million tokens."""
    scene.execute(
        "INSERT INTO agents.model_prices (organization_id, model, effective_from, input_price, output_price)"
        " VALUES (%s, %s, now(), %s, %s)",
        scene.organization_id,
        model,
        Decimal(input_price),
        Decimal(output_price),
    )


def cent_price(scene: Scene) -> None:
    """Makes CENT cost a cent a token."""
    add_price(scene, CENT, input_price="10000", output_price="10000")


def cents(number: int) -> CallUsage:
    """The usage of CENT that costs so many cents."""
    return CallUsage(input_tokens=number)
