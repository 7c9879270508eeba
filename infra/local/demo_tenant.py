"""A small business to play with, made at a stack's first start: an organization, its responder, its accounts."""

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from infra.local.basis import Basis

if TYPE_CHECKING:
    from shared.channels.ownership import Proven

_SLUG = "padaria-aurora"
_NAME = "Padaria Aurora"
_FIND = """
SELECT o.id, c.provider, c.account_identifier, c.business_account_id
FROM platform.organizations AS o
LEFT JOIN integrations.connections AS c
    ON c.organization_id = o.id AND c.provider IN ('whatsapp', 'instagram', 'messenger')
WHERE o.slug = :slug
ORDER BY c.created_at DESC
"""
_SET_MODEL = """
UPDATE departments.agents
SET model_configuration = model_configuration
    || jsonb_build_object('primary_model', CAST(:model AS text), 'fallback_model', NULL)
WHERE organization_id = :organization_id
"""
_CHANNELS = ("whatsapp", "instagram", "messenger")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTenant:
    """Its ids, as text. `business_account_id`: of the WhatsApp Business Account; "" when it is not known."""

    organization_id: str
    phone_number_id: str
    business_account_id: str
    instagram_id: str
    page_id: str


def ensure_demo(basis: Basis, *, model: str | None = None) -> DemoTenant:
    """The demo organization; it, or an account of it, is made when it is missing. `model`: what its agent asks."""
    organization_id, accounts, business = _find(basis)
    missing = [channel for channel in _CHANNELS if channel not in accounts]
    if organization_id is None or missing:
        made = {channel: _new_id() for channel in missing}
        if "whatsapp" in made:
            business = _new_id()
        organization_id = _make(basis, organization_id, accounts=made, business=business)
        accounts |= made
    if model is not None:
        _set_model(basis, organization_id, model)
    return DemoTenant(
        organization_id=str(organization_id),
        phone_number_id=accounts["whatsapp"],
        business_account_id=business,
        instagram_id=accounts["instagram"],
        page_id=accounts["messenger"],
    )


def _set_model(basis: Basis, organization_id: UUID | None, model: str) -> None:
    connection = basis.databases.connect("departments")
    try:
        connection.run(_SET_MODEL, organization_id=organization_id, model=model)
    finally:
        connection.close()


def _new_id() -> str:
    return str(10**14 + secrets.randbelow(9 * 10**14))


def _find(basis: Basis) -> tuple[UUID | None, dict[str, str], str]:
    """As superuser, who exists on this machine only and sees all organizations; the oldest account of each channel."""
    connection = basis.databases.connect("departments")
    try:
        rows = connection.run(_FIND, slug=_SLUG)
    finally:
        connection.close()
    accounts = {row[1]: row[2] for row in rows if row[1] is not None}
    business = {row[1]: row[3] or "" for row in rows if row[1] is not None}
    return rows[0][0] if rows else None, accounts, business.get("whatsapp", "")


def _make(basis: Basis, organization_id: UUID | None, *, accounts: dict[str, str], business: str) -> UUID:
    """By the product's own functions, as `departments organization create` and `connection add` do."""
    # these imports take half a second, which a second start saves
    from shared.channels.connections import connect_account  # noqa: PLC0415
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
    tokens = basis.secrets.demo_tokens
    try:
        keys = Keys(KeySettings(kms_key_name=None, master_key_file=basis.folder.master_key_file), database)
        if organization_id is None:
            organization = NewOrganization(name=_NAME, slug=_SLUG, business_type="food")
            organization_id = provision_organization(database, keys=keys, organization=organization).organization_id
        for channel, account in accounts.items():
            connect_account(
                database,
                keys=keys,
                organization_id=organization_id,
                proven=_vouched(channel, account, business=business),
                access_token=tokens[channel],
            )
    finally:
        database.close()
    return organization_id


def _vouched(channel: str, account: str, *, business: str) -> "Proven":
    """The stack need not ask its own sandbox whose the account is."""
    from shared.channels.ownership import Proven  # noqa: PLC0415 - see _make

    if channel == "instagram":
        return Proven(provider="instagram", account=account, name="padaria.aurora", login="instagram")
    if channel == "messenger":
        return Proven(provider="messenger", account=account, name=_NAME, login="facebook", business_account_id=account)
    return Proven(
        provider="whatsapp", account=account, name=_NAME, login="facebook", business_account_id=business or None
    )
