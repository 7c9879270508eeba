"""Organizations with all that a conversation needs, made by plain SQL as the superuser."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from tests.support.database import Database


@dataclass(frozen=True)
class Tenant:
    """The ids of one organization, its WhatsApp connection, and the agent that answers there."""

    organization_id: UUID
    connection_id: UUID
    phone_number_id: str
    department_id: UUID
    agent_id: UUID


def make_organization(database: Database, *, name: str = "Padaria Aurora", locale: str = "pt-BR") -> Tenant:
    """An active organization with one WhatsApp connection, one customer service department and its responder."""
    tenant = Tenant(uuid4(), uuid4(), f"1{secrets.randbelow(10**14):014d}", uuid4(), uuid4())
    with contextlib.closing(database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "INSERT INTO platform.organizations (id, name, slug, business_type, locale, billing_status)"
            " VALUES (%s, %s, %s, 'food', %s, 'active')",
            (tenant.organization_id, name, f"org-{tenant.organization_id}", locale),
        )
        cursor.execute(
            "INSERT INTO integrations.connections (id, organization_id, integration_type, provider, account_identifier)"
            " VALUES (%s, %s, 'whatsapp', 'whatsapp', %s)",
            (tenant.connection_id, tenant.organization_id, tenant.phone_number_id),
        )
        cursor.execute(
            "INSERT INTO departments.departments (id, organization_id, type, name)"
            " VALUES (%s, %s, 'customer_service', 'Atendimento')",
            (tenant.department_id, tenant.organization_id),
        )
        cursor.execute(
            "INSERT INTO departments.agents (id, organization_id, department_id, agent_type, name)"
            " VALUES (%s, %s, %s, 'whatsapp_responder', 'Atendente')",
            (tenant.agent_id, tenant.organization_id, tenant.department_id),
        )
    return tenant


def make_conversation(database: Database, tenant: Tenant, *, customer: str | None = None) -> UUID:
    """An open WhatsApp conversation of `tenant` with one customer."""
    conversation_id = uuid4()
    with contextlib.closing(database.superuser()) as connection:
        connection.cursor().execute(
            "INSERT INTO platform.conversations (id, organization_id, connection_id, channel, customer_external_id)"
            " VALUES (%s, %s, %s, 'whatsapp', %s)",
            (
                conversation_id,
                tenant.organization_id,
                tenant.connection_id,
                customer or f"55{secrets.randbelow(10**11):011d}",
            ),
        )
    return conversation_id


def signed_context(organization_id: UUID | str, key: bytes) -> str:
    """The value of app.current_organization_id for this organization."""
    return f"{organization_id}.{hmac.new(key, str(organization_id).encode(), hashlib.sha256).hexdigest()}"


def enter_tenant(connection: Any, database: Database, organization_id: UUID | str) -> None:
    """Make the rest of the session work for one organization (the product does so for a transaction at a time)."""
    connection.cursor().execute(
        "SELECT set_config('app.current_organization_id', %s, false)",
        (signed_context(organization_id, database.tenant_context_key),),
    )
