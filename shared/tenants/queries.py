"""Every statement on organizations, and those that give a new one its first department and agent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from shared.platform.database import Database, SystemSession, TenantSession
from shared.tenants.models import NewOrganization

_INSERT_ORGANIZATION = text("""
INSERT INTO platform.organizations (id, name, slug, business_type, locale, timezone, currency)
VALUES (:id, :name, :slug, :business_type, :locale, :timezone, :currency)
ON CONFLICT (slug) DO NOTHING
RETURNING id
""")
_INSERT_DEPARTMENT = text("""
INSERT INTO departments.departments (id, organization_id, type, name, industry_template)
VALUES (:id, :organization_id, :type, :name, :industry_template)
""")
_INSERT_AGENT = text("""
INSERT INTO departments.agents (id, organization_id, department_id, agent_type, name)
VALUES (:id, :organization_id, :department_id, :agent_type, :name)
""")
_FURNISH_DEPARTMENT = text("""
UPDATE departments.departments SET configuration = CAST(:configuration AS jsonb), industry_template = :template
WHERE id = :id
""")
_FURNISH_AGENT = text("""
UPDATE departments.agents SET name = :name, configuration = CAST(:configuration AS jsonb), next_scheduled_at = :next_at
WHERE id = :id
""")
_FIND = text("SELECT id FROM platform.organizations WHERE (slug = :name OR id::text = :name) AND deleted_at IS NULL")
_EXISTS = "SELECT 1 FROM platform.organizations WHERE id = :organization_id AND deleted_at IS NULL"
_ZONE_EXISTS = text("SELECT EXISTS (SELECT FROM pg_catalog.pg_timezone_names WHERE name = :timezone)")


def insert_organization(session: TenantSession, organization_id: UUID, organization: NewOrganization) -> bool:
    """Insert the organization of this transaction; False when its slug is another's, which stays as it is."""
    inserted = session.execute(
        _INSERT_ORGANIZATION,
        {
            "id": organization_id,
            "name": organization.name,
            "slug": organization.slug,
            "business_type": organization.business_type,
            "locale": organization.locale,
            "timezone": organization.timezone,
            "currency": organization.currency,
        },
    )
    return inserted.first() is not None


def insert_department(  # noqa: PLR0913 - the row's columns
    session: TenantSession, department_id: UUID, *, organization_id: UUID, kind: str, name: str, industry_template: str
) -> None:
    """Insert a department; an organization has one of each kind."""
    session.execute(
        _INSERT_DEPARTMENT,
        {
            "id": department_id,
            "organization_id": organization_id,
            "type": kind,
            "name": name,
            "industry_template": industry_template,
        },
    )


def insert_agent(  # noqa: PLR0913 - the row's columns
    session: TenantSession, agent_id: UUID, *, organization_id: UUID, department_id: UUID, agent_type: str, name: str
) -> None:
    """Insert an agent of a department."""
    session.execute(
        _INSERT_AGENT,
        {
            "id": agent_id,
            "organization_id": organization_id,
            "department_id": department_id,
            "agent_type": agent_type,
            "name": name,
        },
    )


def furnish_department(session: TenantSession, department_id: UUID, *, template: str, configuration: str) -> None:
    """Give a new department the settings (JSON) of its industry's template."""
    session.execute(_FURNISH_DEPARTMENT, {"id": department_id, "template": template, "configuration": configuration})


def furnish_agent(
    session: TenantSession, agent_id: UUID, *, name: str, configuration: str, next_at: datetime | None
) -> None:
    """Give a new agent its name, its settings (JSON), and its next run."""
    session.execute(_FURNISH_AGENT, {"id": agent_id, "name": name, "configuration": configuration, "next_at": next_at})


def time_zone_exists(session: TenantSession, timezone: str) -> bool:
    """Whether the database knows the zone, so that schedules can be kept in it."""
    return bool(session.execute(_ZONE_EXISTS, {"timezone": timezone}).scalar_one())


def find_organization_id(session: SystemSession, name: str) -> UUID | None:
    """Return the id of the organization with this slug or id; only roles that see all (worker_role) find any."""
    found: UUID | None = session.execute(_FIND, {"name": name}).scalars().first()
    return found


def organization_exists(database: Database, organization_id: UUID) -> bool:
    """Whether there is such an organization."""
    return bool(database.tenant_once(organization_id, _EXISTS, organization_id=organization_id))
