"""A small business to play with, made at a stack's first start: an organization, its responder, its WhatsApp number."""

import secrets
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from infra.local.basis import Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTenant:
    """Its ids, as text."""

    organization_id: str
    phone_number_id: str

    def as_json(self) -> dict[str, str]:
        """For state.json."""
        return asdict(self)


def ensure_demo(basis: Basis, known: dict[str, Any] | None) -> DemoTenant:
    """The demo organization, made when `known` (from state.json) is empty."""
    if known:
        return DemoTenant(**known)
    return DemoTenant(organization_id=str(uuid4()), phone_number_id=f"1{secrets.randbelow(10**14):014d}")
