"""What `departments handoff` works with: one organization's queue, and the names by which a person calls things."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.naming import find_organization
from shared.conversations.handoffs import Handoff, find_handoff, find_person
from shared.kit.errors import Rejected
from shared.platform.database import Database


@dataclass(frozen=True, slots=True)
class Handing:
    """The organization and its rows."""

    database: Database
    organization_id: UUID

    def find(self, name: str) -> Handoff:
        """The hand-over of this id, or the newest of this conversation."""
        try:
            named = UUID(name)
        except ValueError as wrong:
            raise Rejected("handoff_unknown", f"{name} is no id") from wrong
        return find_handoff(self.database, self.organization_id, named)

    def person(self, name: str | None) -> UUID | None:
        """The id of the user of this id or e-mail address; None when nobody was named."""
        return None if name is None else find_person(self.database, self.organization_id, name)


@contextmanager
def handing(ready_file: Path | None, organization: str, **named: object) -> Iterator[Handing]:
    """Open an installation for one organization.

    Args:
        ready_file: of a local stack, else the environment's settings count.
        organization: id or slug.
        named: what the refusals' texts name: handoff, user.

    Raises:
        CommandFailed: for everything that this block is refused.
    """
    installation = Installation.named(ready_file)
    with explained(organization=organization, **named), installation.application() as database:
        yield Handing(database, find_organization(installation, database, organization))
