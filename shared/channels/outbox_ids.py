"""The id of our outbox row, which travels with a message and comes back with its status or echo."""

from uuid import UUID


def outbox_id_of(opaque: object) -> str | None:
    """Return the outbox id that we gave when sending, in its usual spelling; None for what others put there."""
    try:
        return str(UUID(opaque)) if isinstance(opaque, str) else None
    except ValueError:
        return None
