"""Opens the token of a connection for one send; the plain text is kept nowhere."""

from uuid import UUID

from shared.channels.outbox import Account
from shared.kit.errors import Rejected
from shared.platform.keys import Keys, Place
from shared.platform.logs import get_logger

_log = get_logger(__name__)


def token_place(connection_id: UUID) -> Place:
    """Where a connection's token is stored; whoever encrypts one uses the same."""
    return Place(table="integrations.connections", column="access_token", row_id=connection_id)


class AccessTokens:
    """Decrypts with the organization's keyset, which is cached for minutes: no call to the key service per send."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def open(self, organization_id: UUID, account: Account) -> str:
        """The token, or "" when it can never be opened (then a person must connect again).

        Raises Unavailable when the key service or the database is away.
        """
        if account.sealed_token is None:
            return ""
        try:
            return self._keys.decrypt_sensitive_data(
                account.sealed_token, organization_id=organization_id, place=token_place(account.connection_id)
            )
        except Rejected as rejected:
            _log.error(
                "token cannot be opened",
                organization_id=str(organization_id),
                connection_id=str(account.connection_id),
                code=rejected.code,
            )
            return ""
