"""Proves with the provider that a token is of the account that it is said to be of, and looks whether it works.

The proof is that the provider shows the account to the token as its own: a phone number is visible to nobody else, and
`me` of a page's or an Instagram token is that page or account (any token can read the public parts of any page).
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, get_args

from shared.channels.account_reading import AccountReader, Login
from shared.kit.errors import Rejected, Unavailable

Provider = Literal["whatsapp", "instagram", "messenger"]
PROVIDERS: Final[tuple[Provider, ...]] = get_args(Provider)

ACCOUNT: Final = re.compile(r"[0-9]{5,32}", re.ASCII)  # Meta's ids are decimal numbers, 15 to 17 digits today
TOKEN_LIMIT: Final = 4096  # characters; Meta's are about 200
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")  # what a header can carry
_FACEBOOK: Final[Login] = "facebook"
_INSTAGRAM: Final[Login] = "instagram"
_PHONE_FIELDS: Final = "id,display_phone_number,verified_name,health_status"
# What Messenger has to report so that conversations, echoes and the silence alarm work.
_PAGE_FIELDS: Final = ("messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads")


class Check(NamedTuple):
    """One thing that was looked at: token, ownership, sending or webhooks; `detail` in the provider's words."""

    name: str
    outcome: Literal["passed", "failed", "unknown"]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An account that the provider showed to its token.

    `business_account_id`: WhatsApp's business account, or the page of an Instagram account; `app_id`: the token's app.
    `sending`: what the provider says about sending from it, where it says anything.
    """

    provider: Provider
    account: str
    name: str
    login: Login
    business_account_id: str | None = None
    business_portfolio_id: str | None = None
    app_id: str | None = None
    sending: Check | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found about an account; `proven` when the token is taken and the account is its own."""

    checks: tuple[Check, ...]
    proven: Proven | None

    @property
    def passed(self) -> bool:
        """Whether nothing failed; what could not be found out does not count."""
        return all(check.outcome != "failed" for check in self.checks)


def require_usable(*, provider: str, account: str, token: str) -> None:
    """Raise Rejected "account_unusable" or "token_unusable" for what cannot be an id or a token at all."""
    if provider not in PROVIDERS or not ACCOUNT.fullmatch(account):
        raise Rejected("account_unusable", f"{account!r} is not an id of Meta's for {provider}: they are digits only")
    if not _TOKEN.fullmatch(token) or len(token) > TOKEN_LIMIT:
        raise Rejected("token_unusable", f"an access token is 1 to {TOKEN_LIMIT} printable characters without spaces")


def prove(reader: AccountReader, *, provider: Provider, account: str, token: str) -> Proven:
    """Ask the provider whose the token is.

    Raises:
        Rejected: "account_unusable", "token_unusable", "token_refused", "permission_missing", "account_not_owned" or
            "provider_refused".
        Unavailable: the provider did not say.
    """
    require_usable(provider=provider, account=account, token=token)
    if provider == "whatsapp":
        return _prove_number(reader, account, token)
    if provider == "messenger":
        return _prove_page(reader, account, token)
    return _prove_instagram(reader, account, token)


def examine(reader: AccountReader, *, provider: Provider, account: str, token: str) -> Examination:
    """Check token, ownership, whether it may send, and whether webhooks are subscribed. Raises Unavailable."""
    try:
        proven = prove(reader, provider=provider, account=account, token=token)
    except Rejected as refusal:
        if refusal.code != "account_not_owned":
            return Examination((Check("token", "failed", refusal.message),), None)
        return Examination((Check("token", "passed", ""), Check("ownership", "failed", refusal.message)), None)
    checks = [Check("token", "passed", ""), Check("ownership", "passed", proven.name)]
    if proven.sending is not None:
        checks.append(proven.sending)
    checks.append(check_webhooks(reader, proven, token))
    return Examination(tuple(checks), proven)


def _prove_number(reader: AccountReader, account: str, token: str) -> Proven:
    number = reader.read(account, token=token, fields=_PHONE_FIELDS)
    if number.get("id") != account:
        raise _not_owned(account)
    health = _object(number.get("health_status"))
    entities = {str(entity.get("entity_type")): entity for entity in _objects(health.get("entities"))}
    return Proven(
        provider="whatsapp",
        account=account,
        name=" ".join(filter(None, (_text(number.get("display_phone_number")), _text(number.get("verified_name"))))),
        login="facebook",
        business_account_id=_id(entities.get("WABA", {}).get("id")),
        business_portfolio_id=_id(entities.get("BUSINESS", {}).get("id")),
        app_id=_id(entities.get("APP", {}).get("id")),
        sending=_sending(health, entities),
    )


def _prove_page(reader: AccountReader, account: str, token: str) -> Proven:
    page = reader.read("me", token=token, fields="id,name")
    if page.get("id") != account:
        raise _not_owned(account)
    name = _text(page.get("name"))
    return Proven(provider="messenger", account=account, name=name, login="facebook", business_account_id=account)


def _prove_instagram(reader: AccountReader, account: str, token: str) -> Proven:
    """By a page's token (they begin with EAA) the account is the page's; else the token is the account's own."""
    if token.startswith("EAA"):
        page = reader.read("me", token=token, fields="id,name,instagram_business_account{id,username}")
        own = _object(page.get("instagram_business_account"))
        found, login, business = own.get("id"), _FACEBOOK, _id(page.get("id"))
    else:
        # user_id is the professional account's id, which webhooks name; id is the app's own for the same person
        own = reader.read("me", token=token, login="instagram", fields="user_id,username")
        found, login, business = str(own.get("user_id")), _INSTAGRAM, None
    if found != account:
        raise _not_owned(account)
    name = _text(own.get("username"))
    return Proven(provider="instagram", account=account, name=name, login=login, business_account_id=business)


def check_webhooks(reader: AccountReader, proven: Proven, token: str) -> Check:
    """Whether the token's app gets the account's webhooks; `detail` lists the fields that are not reported."""
    if proven.provider == "whatsapp" and proven.business_account_id is None:
        return Check("webhooks", "unknown", "the business account is not known")
    path = proven.business_account_id or "me"
    try:
        answer = reader.read(f"{path}/subscribed_apps", token=token, login=proven.login)
    except Rejected as refusal:
        return Check("webhooks", "unknown", refusal.message)
    except Unavailable as away:
        return Check("webhooks", "unknown", away.message)
    apps = _objects(answer.get("data"))
    if proven.provider == "whatsapp":
        ids = {_object(app.get("whatsapp_business_api_data")).get("id") for app in apps}
        subscribed = bool(apps) and (proven.app_id is None or proven.app_id in ids)
        return Check("webhooks", "passed" if subscribed else "failed", "")
    fields = {str(field) for app in apps for field in _list(app.get("subscribed_fields"))}
    wanted = _PAGE_FIELDS if proven.provider == "messenger" else ("messages",)
    missing = [field for field in wanted if field not in fields]
    return Check("webhooks", "failed" if missing else "passed", ", ".join(missing))


def _sending(health: dict[str, Any], entities: dict[str, dict[str, Any]]) -> Check | None:
    """Whether the number may send; if not, which part of the account is blocked and why. A limited one still sends."""
    overall = _text(health.get("can_send_message"))
    if overall != "BLOCKED":
        return Check("sending", "passed", overall) if overall else None
    said = []
    for kind, entity in entities.items():
        if entity.get("can_send_message") == "BLOCKED":
            reasons = [_text(error.get("error_description")) for error in _objects(entity.get("errors"))]
            said.append(f"{kind}: {' '.join(filter(None, reasons))}".removesuffix(": "))
    return Check("sending", "failed", "; ".join(said)[:300] or overall)


def _not_owned(account: str) -> Rejected:
    return Rejected("account_not_owned", f"the token is of another account than {account}")


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and ACCOUNT.fullmatch(value) else None
