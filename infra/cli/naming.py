"""Which organization is meant: its id, or its slug where the login may look across organizations."""

from uuid import UUID

from infra.cli.installation import Installation
from infra.cli.refusals import refused
from shared.platform.database import Database
from shared.tenants.queries import find_organization_id, organization_exists


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
        with installation.worker() as worker:
            return find_among_all(worker, name)
    if not organization_exists(database, organization_id):
        raise refused("organization_unknown", organization=name)
    return organization_id


def find_among_all(worker: Database, name: str) -> UUID:
    """Return the id of the organization with this id or slug.

    Args:
        worker: as the worker role; another role finds none.
        name: an id or a slug.

    Raises:
        CommandFailed: there is none.
    """
    with worker.system() as session:
        found = find_organization_id(session, name)
    if found is None:
        raise refused("organization_unknown", organization=name)
    return found
