"""The business phone numbers that the sandbox knows, each with its access token; kept in a file.

A number that nobody has registered belongs to the token that first sends from it, so that a tenant added to a running
stack can send at once; from then on only that token may.
"""

import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.folder import write_whole
from infra.local.meta.graph_errors import GraphError, expired_token, unknown_object

_SHORTEST_TOKEN = 8
_PRIVATE = 0o600


@dataclass(slots=True, kw_only=True)
class PhoneNumber:
    """A business phone number. `allowed_recipients` limits it to a test list, as Meta's test numbers are."""

    phone_number_id: str
    display_phone_number: str
    account_id: str  # of the WhatsApp Business Account: the id of a webhook's entry
    access_token: str
    expired: bool = False
    allowed_recipients: list[str] | None = None
    verified_name: str = "Padaria Aurora"
    quality_rating: str = "GREEN"
    portfolio_id: str = "300000000000001"  # of the business that owns the account
    can_send_message: str = "AVAILABLE"  # or LIMITED, BLOCKED: what health_status says
    subscribed: bool = True  # whether the account's webhooks are sent
    templates: dict[str, int] | None = None  # approved ones, with how many parameters the body has; None: all pass


class PhoneNumbers:
    """All numbers, by their id."""

    def __init__(self, file: Path) -> None:
        """Read the file, when there is one."""
        self._file = file
        self._numbers: dict[str, PhoneNumber] = {}
        if file.exists():
            self._numbers = {
                fields["phone_number_id"]: PhoneNumber(**fields) for fields in json.loads(file.read_text())
            }

    def register(self, number: PhoneNumber) -> None:
        """Add or replace a number."""
        self._numbers[number.phone_number_id] = number
        content = json.dumps([asdict(known) for known in self._numbers.values()], indent=1).encode()
        write_whole(self._file, content, mode=_PRIVATE)

    def get(self, phone_number_id: str) -> PhoneNumber | None:
        """A known number."""
        return self._numbers.get(phone_number_id)

    def every(self) -> list[PhoneNumber]:
        """All of them, in the order in which they came."""
        return list(self._numbers.values())

    def of_account(self, account_id: str) -> list[PhoneNumber]:
        """The numbers of a WhatsApp Business Account."""
        return [number for number in self._numbers.values() if number.account_id == account_id]

    def of_token(self, token: str | None) -> list[PhoneNumber]:
        """The numbers that the token may send from."""
        return [number for number in self._numbers.values() if token and number.access_token == token]

    def authorised(self, phone_number_id: str, token: str | None) -> PhoneNumber:
        """The number, when the token may send from it.

        Raises:
            GraphError: 190 for a missing, unknown or expired token, 100 (subcode 33) for an id that cannot be one.
        """
        if token is None or len(token) < _SHORTEST_TOKEN or not token.isascii():
            raise GraphError(190)
        if not phone_number_id.isdigit():
            raise unknown_object(phone_number_id)
        number = self._numbers.get(phone_number_id)
        if number is None:
            number = new_number(phone_number_id, access_token=token)
            self.register(number)
        if not hmac.compare_digest(number.access_token, token):
            raise GraphError(190)
        if number.expired:
            raise expired_token()
        return number


def new_number(phone_number_id: str, *, access_token: str, display_phone_number: str | None = None) -> PhoneNumber:
    """A number with made-up details."""
    return PhoneNumber(
        phone_number_id=phone_number_id,
        display_phone_number=display_phone_number or f"5511{40_000_000 + secrets.randbelow(10_000_000)}",
        account_id=str(10**14 + secrets.randbelow(9 * 10**14)),
        access_token=access_token,
        portfolio_id=str(10**14 + secrets.randbelow(9 * 10**14)),
    )
