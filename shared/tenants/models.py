"""What an organization is made from, and the ids of what was made."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganization:
    """The facts of a business that wants to begin; texts as in platform.organizations.

    slug: 1 to 100 of a-z, 0-9 and hyphens. locale such as "pt-BR", timezone a name of the tz database, currency a code
    of ISO 4217.
    """

    name: str
    slug: str
    business_type: str
    locale: str = "pt-BR"
    timezone: str = "America/Sao_Paulo"
    currency: str = "BRL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """An organization that can take a connection: its customer service department has a WhatsApp responder."""

    organization_id: UUID
    department_id: UUID
    agent_id: UUID
