"""Which organization is meant: its id, or its slug where the login may look across organizations."""

from uuid import UUID

from infra.cli.installation import Installation
from infra.cli.refusals import refused
from shared.platform.database import Database
from shared.tenants.queries import organization_exists, organization_id_of_slug


def find_organization(installation: Installation, database: Database, name: str) -> UUID:
    """Return the id of the organization.

    Args:
        installation: asked for a worker's login when `name` is a slug.
        database: as the application role.
        name: an id or a slug.

    Raises:
        CommandFailed: there is none.
    """
    try:
        organization_id = UUID(name)
    except ValueError:
        with installation.worker() as worker, worker.system() as session:
            found = organization_id_of_slug(session, name)
    else:
        found = organization_id if organization_exists(database, organization_id) else None
    if found is None:
        raise refused("organization_unknown", organization=name)
    return found
