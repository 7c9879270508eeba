"""Makes an organization that can begin: itself, its customer service department and WhatsApp responder, or nothing."""

import json
import re

from shared.kit.clock import utc_now
from shared.kit.errors import Rejected
from shared.kit.ids import new_id
from shared.kit.text import clean_text
from shared.platform.database import Database, TenantSession
from shared.platform.keys import Keys
from shared.tenants.configuration.checking import agent_settings
from shared.tenants.configuration.triggers import next_run
from shared.tenants.models import NewOrganization, Provisioned
from shared.tenants.queries import (
    furnish_agent,
    furnish_department,
    insert_agent,
    insert_department,
    insert_organization,
    time_zone_exists,
)
from shared.tenants.templates import TEMPLATES

# The hyphenated names that also work in addresses; the schema allows 200 characters, nobody types them.
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?")
_LOCALE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_NAME_LIMIT = 500
_BUSINESS_TYPE_LIMIT = 100

# What people see in lists until they rename them, by the language of the organization.
_NAMES = {"pt": ("Atendimento ao cliente", "Atendente do WhatsApp"), "en": ("Customer service", "WhatsApp responder")}


def provision_organization(
    database: Database, *, keys: Keys, organization: NewOrganization, template: str | None = None
) -> Provisioned:
    """Create the organization with all it needs, in one transaction, and then its keyset.

    The keyset is made in a transaction of its own, because wrapping it may call the key service; where that fails,
    the first use of the key makes it.

    Raises:
        Rejected: "value_unusable", "slug_unusable", "slug_taken" or "template_unknown"; nothing was created.
        Unavailable: the database or the key service cannot do it now.
    """
    if template is not None and template not in TEMPLATES:
        raise Rejected("template_unknown", f"{template!r} is no template; there are {', '.join(TEMPLATES)}")
    checked = _checked(organization)
    provisioned = Provisioned(organization_id=new_id(), department_id=new_id(), agent_id=new_id())
    _insert(database, provisioned, checked, template)
    keys.get_organization_encryption_key(provisioned.organization_id)
    return provisioned


def _insert(database: Database, provisioned: Provisioned, organization: NewOrganization, template: str | None) -> None:
    organization_id = provisioned.organization_id
    department_name, agent_name = _NAMES["en" if organization.locale.startswith("en") else "pt"]
    with database.tenant(organization_id) as session:
        if not time_zone_exists(session, organization.timezone):
            raise Rejected("value_unusable", f"the time zone {organization.timezone!r} is not one of the tz database")
        if not insert_organization(session, organization_id, organization):
            raise Rejected("slug_taken", f"the slug {organization.slug!r} belongs to another organization")
        insert_department(
            session,
            provisioned.department_id,
            organization_id=organization_id,
            kind="customer_service",
            name=department_name,
            industry_template=organization.business_type,
        )
        insert_agent(
            session,
            provisioned.agent_id,
            organization_id=organization_id,
            department_id=provisioned.department_id,
            agent_type="whatsapp_responder",
            name=agent_name,
        )
        if template is not None:
            _furnish(session, provisioned, template, timezone=organization.timezone)


def _furnish(session: TenantSession, provisioned: Provisioned, template: str, *, timezone: str) -> None:
    """The template's settings for the department and its first agent, and its other agents."""
    wanted = TEMPLATES[template]
    configuration = json.dumps(wanted.department)
    furnish_department(session, provisioned.department_id, template=template, configuration=configuration)
    for place, (agent_type, name, settings) in enumerate(wanted.agents):
        agent_id = provisioned.agent_id if place == 0 else new_id()
        if place:
            insert_agent(
                session,
                agent_id,
                organization_id=provisioned.organization_id,
                department_id=provisioned.department_id,
                agent_type=agent_type,
                name=name,
            )
        following = next_run(agent_settings(agent_type, settings).triggers, timezone=timezone, after=utc_now())
        next_at = None if following is None else following[0]
        furnish_agent(session, agent_id, name=name, configuration=json.dumps(settings), next_at=next_at)


def _checked(organization: NewOrganization) -> NewOrganization:
    """Return it with clean texts. Raises Rejected for the first value that cannot be stored."""
    name = clean_text(organization.name)[0].strip()
    business_type = clean_text(organization.business_type)[0].strip()
    if not 1 <= len(name) <= _NAME_LIMIT:
        raise Rejected("value_unusable", f"the name has {len(name)} characters; it takes 1 to {_NAME_LIMIT}")
    if not 1 <= len(business_type) <= _BUSINESS_TYPE_LIMIT:
        raise Rejected(
            "value_unusable", f"the business type has {len(business_type)} characters; 1 to {_BUSINESS_TYPE_LIMIT}"
        )
    if not _SLUG.fullmatch(organization.slug):
        raise Rejected("slug_unusable", f"the slug {organization.slug!r} is not 1 to 100 of a-z, 0-9 and hyphens")
    if not _LOCALE.fullmatch(organization.locale):
        raise Rejected("value_unusable", f"the locale {organization.locale!r} is not like pt-BR")
    if not _CURRENCY.fullmatch(organization.currency):
        raise Rejected("value_unusable", f"the currency {organization.currency!r} is not like BRL")
    return NewOrganization(
        name=name,
        slug=organization.slug,
        business_type=business_type,
        locale=organization.locale,
        timezone=organization.timezone,
        currency=organization.currency,
    )
