"""What GET /{node} and /{node}/subscribed_apps say of numbers, business accounts, pages and Instagram accounts.

Cloud API, "Phone numbers" and "Health status"; Graph API reference, "Page subscribed apps"; Instagram Platform, "Me".
"""

from typing import Any

from infra.local.meta.accounts import FIELDS_OF_PAGES, PageAccount
from infra.local.meta.graph_errors import GraphError, unknown_object
from infra.local.meta.node_fields import read_fields, select
from infra.local.meta.page_payloads import APP_ID
from infra.local.meta.phone_numbers import PhoneNumber
from infra.local.meta.sandbox import MetaSandbox

_NUMBER_USUALLY = "verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput"


def read_node(sandbox: MetaSandbox, node: str, *, token: str | None, fields: str) -> dict[str, Any] | None:
    """A number, a WhatsApp Business Account, a page, an Instagram account or `me`; None when it is none of those.

    Raises:
        GraphError: the token may not see it, or there is no such field.
    """
    number = sandbox.numbers.get(node) or _adopted(sandbox, node, token=token, fields=fields)
    if number is not None:
        _require_number(number, token)
        return select(_number(number), read_fields(fields or _NUMBER_USUALLY), kind="WhatsAppBusinessPhoneNumber")
    numbers = _numbers_of(sandbox, node, token)
    if numbers:
        business = {"id": node, "name": numbers[0].verified_name, "timezone_id": "25", "currency": "BRL"}
        return select(business, read_fields(fields or "id,name"), kind="WhatsAppBusinessAccount")
    accounts = accounts_of(sandbox, node, token)
    if not accounts:
        return None
    return _page_node(accounts, fields)


def accounts_of(sandbox: MetaSandbox, node: str, token: str | None) -> list[PageAccount]:
    """The accounts of Instagram and Messenger that `me` or an id stands for; empty when the id is nobody's.

    Raises:
        GraphError: 190 for a wrong token.
    """
    if node == "me":
        accounts = sandbox.pages.of_token(token)
        if not accounts and not sandbox.numbers.of_token(token):
            raise GraphError(190)
        return accounts
    account = sandbox.pages.with_id(node)
    if account is None:
        return []
    sandbox.pages.authorised(account, token)
    return [account]


def numbers_edge(sandbox: MetaSandbox, node: str, *, token: str | None, fields: str) -> dict[str, Any]:
    """GET /{business account}/phone_numbers.

    Raises:
        GraphError: the token may not see it.
    """
    numbers = _numbers_of(sandbox, node, token)
    if not numbers:
        raise unknown_object(node, method="get")
    wanted = read_fields(fields or _NUMBER_USUALLY)
    return {"data": [select(_number(number), wanted, kind="WhatsAppBusinessPhoneNumber") for number in numbers]}


def subscribed_apps(
    sandbox: MetaSandbox, node: str, *, token: str | None, method: str, fields: str = ""
) -> dict[str, Any]:
    """GET, POST or DELETE /{node}/subscribed_apps; what is not subscribed has no webhooks.

    Raises:
        GraphError: the token may not see it.
    """
    numbers = _numbers_of(sandbox, node, token)
    accounts = [] if numbers else accounts_of(sandbox, node, token)
    if not numbers and not accounts:
        raise unknown_object(node, method=method.lower())
    if method == "GET":
        return {"data": _subscribed_numbers(numbers) if numbers else _subscribed_pages(accounts)}
    wanted = [field for field in fields.split(",") if field] or list(FIELDS_OF_PAGES)
    for number in numbers:
        number.subscribed = method == "POST"
        sandbox.numbers.register(number)
    for account in accounts:
        account.subscribed_fields = wanted if method == "POST" else []
        sandbox.pages.register(account)
    return {"success": True}


def _adopted(sandbox: MetaSandbox, node: str, *, token: str | None, fields: str) -> PhoneNumber | None:
    """A number that nobody has registered belongs to the first token that asks for it as for a number."""
    known = sandbox.pages.with_id(node) is not None or sandbox.media.get(node) is not None
    if known or not node.isdigit() or "display_phone_number" not in fields:
        return None
    return sandbox.numbers.authorised(node, token)


def _require_number(number: PhoneNumber, token: str | None) -> None:
    if not token or number.access_token != token:
        raise GraphError(190) if not token else unknown_object(number.phone_number_id, method="get")
    if number.expired:
        raise GraphError(190, message="Error validating access token: Session has expired.", subcode=463)


def _numbers_of(sandbox: MetaSandbox, node: str, token: str | None) -> list[PhoneNumber]:
    numbers = sandbox.numbers.of_account(node)
    for number in numbers:
        _require_number(number, token)
    return numbers


def _number(number: PhoneNumber) -> dict[str, Any]:
    return {
        "id": number.phone_number_id,
        "display_phone_number": f"+{number.display_phone_number}",
        "verified_name": number.verified_name,
        "quality_rating": number.quality_rating,
        "code_verification_status": "VERIFIED",
        "name_status": "APPROVED",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "account_mode": "LIVE",
        "messaging_limit_tier": "TIER_1K",
        "is_official_business_account": False,
        "status": "CONNECTED",
        "health_status": _health(number),
    }


def _health(number: PhoneNumber) -> dict[str, Any]:
    """The account's state is the number's; of a blocked one it says why."""
    can = number.can_send_message
    waba: dict[str, Any] = {"entity_type": "WABA", "id": number.account_id, "can_send_message": can}
    if can != "AVAILABLE":
        waba["errors"] = [
            {
                "error_code": 141006,
                "error_description": "There is an error with the payment method.",
                "possible_solution": "Add a valid payment method to the business account.",
            }
        ]
    usable = {"can_send_message": "AVAILABLE"}
    return {
        "can_send_message": can,
        "entities": [
            {"entity_type": "PHONE_NUMBER", "id": number.phone_number_id, **usable},
            waba,
            {"entity_type": "BUSINESS", "id": number.portfolio_id, **usable},
            {"entity_type": "APP", "id": APP_ID, **usable},
        ],
    }


def _page_node(accounts: list[PageAccount], fields: str) -> dict[str, Any]:
    first = accounts[0]
    if first.by_instagram_login:
        person = {
            "id": f"9{first.account_id[1:]}",  # the app's own id of the same account
            "user_id": first.account_id,
            "username": first.username,
            "name": first.name,
            "account_type": "BUSINESS",
        }
        return select(person, read_fields(fields or "id"), kind="User")
    instagram = next((account for account in accounts if account.channel == "instagram"), None)
    page = next((account for account in accounts if account.channel == "messenger"), None)
    owned = None if instagram is None else {"id": instagram.account_id, "username": instagram.username}
    node = {
        "id": page.account_id if page is not None else first.page_id or first.account_id,
        "name": first.name,
        "username": first.username,
        "category": "Bakery",
        "instagram_business_account": owned,
    }
    return select(node, read_fields(fields or "id,name"), kind="Page")


def _subscribed_numbers(numbers: list[PhoneNumber]) -> list[dict[str, Any]]:
    if not any(number.subscribed for number in numbers):
        return []
    app = {"link": "https://www.facebook.com/games/?app_id=" + APP_ID, "name": "Departments (sandbox)", "id": APP_ID}
    return [{"whatsapp_business_api_data": app}]


def _subscribed_pages(accounts: list[PageAccount]) -> list[dict[str, Any]]:
    fields = list(dict.fromkeys(field for account in accounts for field in account.subscribed_fields))
    if not fields:
        return []
    return [{"id": APP_ID, "name": "Departments (sandbox)", "category": "Business", "subscribed_fields": fields}]
