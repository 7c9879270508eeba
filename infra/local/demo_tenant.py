"""A small business to play with, made at a stack's first start: an organization, its responder, its WhatsApp number."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from infra.local.basis import Basis

_SLUG = "padaria-aurora"
_NAME = "Padaria Aurora"
_FIND = """
SELECT o.id, c.account_identifier
FROM platform.organizations AS o
LEFT JOIN integrations.connections AS c ON c.organization_id = o.id AND c.integration_type = 'whatsapp'
WHERE o.slug = :slug
ORDER BY c.created_at
LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTenant:
    """Its ids, as text."""

    organization_id: str
    phone_number_id: str


def ensure_demo(basis: Basis) -> DemoTenant:
    """The demo organization, made where it, or a part of it, is missing."""
    organization_id, phone_number_id = _find(basis)
    if organization_id is not None and phone_number_id is not None:
        return DemoTenant(organization_id=str(organization_id), phone_number_id=phone_number_id)
    return _make(basis, organization_id)


def _find(basis: Basis) -> tuple[UUID | None, str | None]:
    """As superuser, who exists on this machine only and sees all organizations."""
    connection = basis.databases.connect("departments")
    try:
        rows = connection.run(_FIND, slug=_SLUG)
    finally:
        connection.close()
    return (rows[0][0], rows[0][1]) if rows else (None, None)


def _make(basis: Basis, organization_id: UUID | None) -> DemoTenant:
    """By the product's own functions, as `departments organization create` and `connection add` do."""
    # these imports take half a second, which a second start saves
    from shared.channels.connections import connect_whatsapp  # noqa: PLC0415
    from shared.platform.database import connect  # noqa: PLC0415
    from shared.platform.keys import Keys  # noqa: PLC0415
    from shared.platform.settings import DatabaseSettings, KeySettings  # noqa: PLC0415
    from shared.tenants.models import NewOrganization  # noqa: PLC0415
    from shared.tenants.provisioning import provision_organization  # noqa: PLC0415

    settings = DatabaseSettings.model_validate(
        {
            "database_url": basis.server.url("application"),
            "tenant_context_key": basis.secrets.tenant_context_key,
        }
    )
    database = connect(settings)
    try:
        keys = Keys(KeySettings(kms_key_name=None, master_key_file=basis.folder.master_key_file), database)
        if organization_id is None:
            organization = NewOrganization(name=_NAME, slug=_SLUG, business_type="food")
            organization_id = provision_organization(database, keys=keys, organization=organization).organization_id
        phone_number_id = str(10**14 + secrets.randbelow(9 * 10**14))
        connect_whatsapp(
            database,
            keys=keys,
            organization_id=organization_id,
            phone_number_id=phone_number_id,
            access_token=basis.secrets.graph_token,
        )
    finally:
        database.close()
    return DemoTenant(organization_id=str(organization_id), phone_number_id=phone_number_id)
