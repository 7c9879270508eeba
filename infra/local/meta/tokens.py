"""What the sandbox says of access tokens: GET /debug_token, and the renewal of those of Instagram Login.

Facebook Login, "Debugging and error handling of access tokens"; Instagram Platform, "Refresh access token": a token
that has not ended is renewed for 60 days, the old one goes on until its own end.
"""

import secrets
import time
from typing import Any

from infra.local.meta.accounts import TOKEN_SECONDS, PageAccount
from infra.local.meta.graph_errors import GraphError, expired_token, missing_parameter, wrong_parameter
from infra.local.meta.page_payloads import APP_ID
from infra.local.meta.sandbox import MetaSandbox

_SCOPES = {
    "whatsapp": ["whatsapp_business_management", "whatsapp_business_messaging"],
    "messenger": ["pages_messaging", "pages_manage_metadata", "pages_show_list"],
    "instagram": ["instagram_basic", "instagram_manage_messages", "pages_manage_metadata"],
}


def debug_token(sandbox: MetaSandbox, *, token: str | None, about: str | None) -> dict[str, Any]:
    """The answer's body. `token` is the asking one, `about` the one that is looked at.

    Raises:
        GraphError: a parameter is missing.
    """
    if not token:
        raise GraphError(2500)
    if not about:
        raise missing_parameter("input_token")
    pages = [account for account in sandbox.pages.every() if account.knows(about)]
    numbers = sandbox.numbers.of_token(about)
    if pages:
        ended = all(account.ended() for account in pages)
        accounts = {
            account.channel: [one.account_id for one in pages if one.channel == account.channel] for account in pages
        }
        return _described("PAGE", accounts, ended=ended, ends=pages[0].token_expires_at or 0, of=pages[0].account_id)
    if numbers:
        ended = all(number.expired for number in numbers)
        waba = {"whatsapp": sorted({number.account_id for number in numbers})}
        return _described("SYSTEM_USER", waba, ended=ended, ends=0, of="100000000000001")
    error = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
    return {"data": {"error": error, "is_valid": False, "scopes": []}}


def _described(kind: str, accounts: dict[str, list[str]], *, ended: bool, ends: int, of: str) -> dict[str, Any]:
    scopes = [scope for channel in accounts for scope in _SCOPES[channel]]
    data: dict[str, Any] = {
        "app_id": APP_ID,
        "type": kind,
        "application": "Departments (sandbox)",
        "data_access_expires_at": 0,
        "expires_at": ends,
        "is_valid": not ended,
        "scopes": list(dict.fromkeys(scopes)),
        "granular_scopes": [
            {"scope": scope, "target_ids": ids} for channel, ids in accounts.items() for scope in _SCOPES[channel]
        ],
        "profile_id" if kind == "PAGE" else "user_id": of,
    }
    if ended:
        message = "Error validating access token: Session has expired."
        data["error"] = {"code": 190, "message": message, "subcode": 463}
    return {"data": data}


def refresh_access_token(sandbox: MetaSandbox, *, token: str | None, grant_type: str | None) -> dict[str, Any]:
    """A new token for 60 days.

    Raises:
        GraphError: the token is not one of Instagram Login, or has ended.
    """
    if grant_type != "ig_refresh_token":
        raise wrong_parameter("grant_type", "must be ig_refresh_token")
    account = _of_instagram_login(sandbox, token)
    if account.ended():
        raise expired_token()
    account.earlier_tokens.append(account.access_token)
    account.access_token = "IGAA" + secrets.token_urlsafe(48)
    account.token_issued_at = int(time.time())
    account.token_expires_at = account.token_issued_at + TOKEN_SECONDS
    sandbox.pages.save()
    return {
        "access_token": account.access_token,
        "token_type": "bearer",
        "expires_in": TOKEN_SECONDS,
        "permissions": "instagram_business_basic,instagram_business_manage_messages",
    }


def _of_instagram_login(sandbox: MetaSandbox, token: str | None) -> PageAccount:
    for account in sandbox.pages.every():
        if token and account.by_instagram_login and account.knows(token):
            return account
    raise GraphError(190)
