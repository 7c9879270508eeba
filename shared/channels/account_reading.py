"""Asks Meta about an account with its own token: who it is, what the token may do, whether webhooks come from it.

Sources: Cloud API reference "Phone numbers" and "Health status"; Messenger Platform "Page subscribed apps"; Instagram
Platform "Me" and "Refresh access token"; the Graph API's page "Handle errors". All are GET.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote, urlencode

from shared.channels.graph_answers import parsed
from shared.channels.graph_transport import GraphRequest, GraphTransport, NoAnswer
from shared.kit.errors import Rejected, Unavailable
from shared.kit.text import clean_text
from shared.platform.settings import GraphSettings

Login = Literal["instagram", "facebook"]

READ_SECONDS: Final = 10.0
_DETAIL_CHARACTERS: Final = 300
_TOKENS: Final = re.compile(r"\b(?:EAA|IGAA|IGQ)\w{8,}")  # how Meta's begin; its error texts may quote one
_TOKEN_REFUSED: Final = frozenset({0, 102, 190, 463, 467})
_MISSING_PERMISSION: Final = frozenset({3, 10, *range(200, 300)})
_NOT_VISIBLE: Final = frozenset({21, 110, 803})
_NO_SUCH_OBJECT: Final = (100, 33)  # code and subcode; other subcodes of 100 speak of fields
_LATER: Final = frozenset({1, 2, 4, 17, 32, 341, 613, 80002, 80006, 80007, 80008, 131016, 131057})
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


class Renewed(NamedTuple):
    """A renewed token and the seconds that it lives."""

    token: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReader:
    """Reads with one token at a time. Share it: it keeps connections. `version` is the Graph API's, such as v24.0."""

    transport: GraphTransport
    facebook_url: str
    instagram_url: str
    version: str

    def read(self, path: str, *, token: str, login: Login = "facebook", fields: str = "") -> dict[str, Any]:
        """GET one node or edge; returns its object.

        Args:
            path: below the version, its ids checked by the caller, such as "me/subscribed_apps".
            token: goes into a header.
            login: which of the two hosts knows the token.
            fields: separated by commas.

        Raises:
            Rejected: "token_refused", "permission_missing", "account_not_owned" (not visible to this token) or
                "provider_refused".
            Unavailable: no answer, or one that asks to come again.
        """
        base = self.instagram_url if login == "instagram" else self.facebook_url
        query = f"?{urlencode({'fields': fields}, safe=',{}')}" if fields else ""
        return self._get(f"{base.rstrip('/')}/{self.version}/{quote(path, safe='/')}{query}", token=token)

    def renew(self, token: str) -> Renewed:
        """Renew a token of Instagram Login; it has to be 24 hours old and not at its end.

        The endpoint takes the token in the query alone, so the URL is a secret here: nothing writes it anywhere.
        Raises as `read`.
        """
        query = urlencode({"grant_type": "ig_refresh_token", "access_token": token})
        answer = self._get(f"{self.instagram_url.rstrip('/')}/refresh_access_token?{query}", token=token)
        renewed, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(renewed, str) or not renewed or not isinstance(seconds, int) or seconds <= 0:
            raise Unavailable("The answer of the token's renewal has no token or no life time")
        return Renewed(renewed, seconds)

    def _get(self, url: str, *, token: str) -> dict[str, Any]:
        try:
            status, raw = self.transport.exchange(GraphRequest(url=url, token=token))
        except NoAnswer as trouble:
            raise Unavailable(f"The provider did not answer: {trouble.kind}") from None
        answer = parsed(raw)
        if 200 <= status < 300 and answer:  # noqa: PLR2004 - HTTP's own class
            return answer
        raise _refusal(status, answer.get("error"), token)


def account_reader(settings: GraphSettings) -> AccountReader:
    """The reader that the settings name."""
    return AccountReader(
        transport=GraphTransport(total_seconds=READ_SECONDS),
        facebook_url=settings.graph_base_url,
        instagram_url=settings.instagram_graph_base_url,
        version=settings.graph_version,
    )


def _refusal(status: int, error: object, token: str) -> Rejected | Unavailable:
    error = error if isinstance(error, dict) else {}
    code = error.get("code")
    detail = _detail(error, token)
    if status >= _SERVER_ERROR or status == _TOO_MANY or code in _LATER or not isinstance(code, int):
        return Unavailable(f"The provider cannot say it now (status {status}): {detail}", retry_after=60)
    if code in _TOKEN_REFUSED:
        return Rejected("token_refused", detail)
    if code in _MISSING_PERMISSION:
        return Rejected("permission_missing", detail)
    if code in _NOT_VISIBLE or (code, error.get("error_subcode")) == _NO_SUCH_OBJECT:
        return Rejected("account_not_owned", detail)
    return Rejected("provider_refused", f"code {code}: {detail}")


def _detail(error: dict[str, Any], token: str) -> str:
    """The provider's own words without any token that they quote."""
    text = error.get("message")
    text = clean_text(text)[0] if isinstance(text, str) else "no reason was given"
    return _TOKENS.sub("[token]", text.replace(token, "[token]"))[:_DETAIL_CHARACTERS]
