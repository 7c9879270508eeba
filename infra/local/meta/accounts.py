"""The Instagram accounts and Facebook pages that the sandbox knows, each with its token; kept in a file.

A page may own an Instagram account: both then have the page's token, and `me` is the page. An account of Instagram
Login has a token of its own, which can be renewed, and the Instagram app signs its webhooks.
"""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infra.local.folder import write_whole
from infra.local.meta.graph_errors import GraphError, expired_token

CHANNELS = ("instagram", "messenger")
FIELDS_OF_PAGES = ("messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads")
TOKEN_SECONDS = 60 * 24 * 3600  # of a token of Instagram Login
_PRIVATE = 0o600


@dataclass(slots=True, kw_only=True)
class PageAccount:
    """One account of Instagram or Messenger. `login`: instagram (a token of its own) or facebook (a page's)."""

    channel: str
    account_id: str  # the id of a webhook's entry; of Messenger the page's
    access_token: str
    login: str = "facebook"
    name: str = "Padaria Aurora"
    username: str = "padaria.aurora"
    page_id: str = ""  # the page that owns an Instagram account
    expired: bool = False
    token_issued_at: int = field(default_factory=lambda: int(time.time()))
    token_expires_at: int | None = None  # Unix seconds; None: never, as of a page
    earlier_tokens: list[str] = field(default_factory=list)  # renewed, and good until they end
    subscribed_fields: list[str] = field(default_factory=lambda: list(FIELDS_OF_PAGES))

    @property
    def subscribed(self) -> bool:
        """Whether its webhooks are sent."""
        return bool(self.subscribed_fields)

    @property
    def by_instagram_login(self) -> bool:
        """Whether it is reached by Instagram's own API and signed for by the Instagram app."""
        return self.channel == "instagram" and self.login == "instagram"

    def ended(self) -> bool:
        """Whether its token's time is over."""
        return self.expired or (self.token_expires_at is not None and self.token_expires_at <= time.time())

    def knows(self, token: str) -> bool:
        """Whether the token is one of its own."""
        return token == self.access_token or token in self.earlier_tokens


class PageAccounts:
    """All of them."""

    def __init__(self, file: Path) -> None:
        """Read the file, when there is one."""
        self._file = file
        self._accounts: dict[tuple[str, str], PageAccount] = {}
        if file.exists():
            for fields in json.loads(file.read_text()):
                account = PageAccount(**fields)
                self._accounts[account.channel, account.account_id] = account

    def register(self, account: PageAccount) -> None:
        """Add or replace an account."""
        self._accounts[account.channel, account.account_id] = account
        self.save()

    def save(self) -> None:
        """Write the file, after an account was changed."""
        content = json.dumps([asdict(known) for known in self._accounts.values()], indent=1).encode()
        write_whole(self._file, content, mode=_PRIVATE)

    def get(self, channel: str, account_id: str) -> PageAccount | None:
        """A known account."""
        return self._accounts.get((channel, account_id))

    def with_id(self, account_id: str) -> PageAccount | None:
        """The account of either channel with this id."""
        return self.get("instagram", account_id) or self.get("messenger", account_id)

    def every(self) -> list[PageAccount]:
        """All of them, in the order in which they came."""
        return list(self._accounts.values())

    def of_token(self, token: str | None) -> list[PageAccount]:
        """The accounts that the token may act for: none, one, or a page and its Instagram account.

        Raises:
            GraphError: 190, subcode 463, when the token's time is over.
        """
        found = [account for account in self._accounts.values() if token and account.knows(token)]
        if found and all(account.ended() for account in found):
            raise expired_token()
        return found

    def authorised(self, account: PageAccount, token: str | None) -> PageAccount:
        """The account, when the token may act for it.

        Raises:
            GraphError: 190 for a missing, another's or an expired token.
        """
        if not token or not account.knows(token):
            raise GraphError(190)
        if account.ended():
            raise expired_token()
        return account
