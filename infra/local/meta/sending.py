"""What the sandbox does with POST /{account}/messages on each channel: checks it, and accepts it or not."""

from collections.abc import Mapping
from typing import Any

from infra.local.meta.accounts import TOKEN_SECONDS, PageAccount
from infra.local.meta.graph_errors import GraphError, unknown_object
from infra.local.meta.interactive_shapes import body_parameters
from infra.local.meta.page_payloads import new_mid
from infra.local.meta.page_shapes import PageMessage, SenderAction, read_page_request
from infra.local.meta.payloads import new_wamid
from infra.local.meta.phone_numbers import PhoneNumber
from infra.local.meta.record import Call
from infra.local.meta.sandbox import MetaSandbox, now
from infra.local.meta.shapes import ReadReceipt, ValidMessage, read_request

_OUTSIDE_WINDOW = 131047
_SHORTEST_TOKEN = 8


async def send(sandbox: MetaSandbox, node: str, *, token: str | None, payload: object) -> dict[str, Any]:
    """POST /{node}/messages: the answer's body. `node`: a phone number's id, an account's id, or me.

    Raises:
        GraphError: refused, nothing was accepted.
        AnswerDropped: accepted, by a fault without an answer.
    """
    account = _page_account(sandbox, node, token=token, payload=payload)
    if account is None:
        return await _send_whatsapp(sandbox, node, token=token, payload=payload)
    return await _send_page(sandbox, account, token=token, payload=payload)


async def _send_whatsapp(sandbox: MetaSandbox, node: str, *, token: str | None, payload: object) -> dict[str, Any]:
    faults = sandbox.faults.on("whatsapp")
    if faults.happens(faults.error_share):
        raise GraphError(131000, details="Message failed to send due to an unknown error.")
    number = sandbox.numbers.authorised(node, token)
    request = read_request(payload)
    sandbox.refuse_by_fault("whatsapp")
    if isinstance(request, ReadReceipt):
        sandbox.record.add_read(
            {
                "time": now(),
                "channel": "whatsapp",
                "phone_number_id": node,
                "message_id": request.message_id,
                "typing": request.typing,
            }
        )
        return {"success": True}
    if number.allowed_recipients is not None and request.wa_id not in number.allowed_recipients:
        raise GraphError(131030, details="Recipient phone number not in allowed list: add it and try again.")
    if request.type == "template" and (node, request.wa_id) in sandbox.record.stopped:
        raise GraphError(131050, details="User has stopped receiving marketing messages from this business.")
    _require_template(number, request, payload)
    sandbox.require_pace("whatsapp", node, request.wa_id)
    call = _whatsapp_call(sandbox, number, request, payload)
    sandbox.accept(number, call)
    await sandbox.answer(call)
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": request.to, "wa_id": request.wa_id}],
        "messages": [{"id": call.wamid}],
    }


def _require_template(number: PhoneNumber, request: ValidMessage, payload: Any) -> None:
    """Refuse a template that the number has not, or with another count of parameters."""
    if request.type != "template" or number.templates is None:
        return
    name = payload["template"]["name"]
    if name not in number.templates:
        raise GraphError(132001, details=f"template name ({name}) does not exist in the translation")
    given, wanted = body_parameters(payload["template"]), number.templates[name]
    if given != wanted:
        details = (
            f"body: number of localizable_params ({given}) does not match the expected number of params ({wanted})"
        )
        raise GraphError(132000, details=details)


def _whatsapp_call(sandbox: MetaSandbox, number: PhoneNumber, request: ValidMessage, payload: Any) -> Call:
    """Outside the window only templates pass; most others are accepted and fail later, as Meta does it."""
    windows, faults = sandbox.record.windows, sandbox.faults.on("whatsapp")
    late = request.type != "template" and not windows.is_open("whatsapp", number.phone_number_id, request.wa_id)
    if late and not faults.happens(faults.window_as_status):
        details = "Message failed to send because more than 24 hours have passed since the customer last replied."
        raise GraphError(_OUTSIDE_WINDOW, details=details)
    return Call(
        time=now(),
        channel="whatsapp",
        phone_number_id=number.phone_number_id,
        to=request.to,
        body=request.text,
        biz_opaque_callback_data=request.opaque,
        wamid=new_wamid(request.wa_id),
        type=request.type,
        answered=True,
        payload=payload,
        statuses_lost=not request.reaches_customer or not number.subscribed,
        failed_with=_OUTSIDE_WINDOW if late else None,
    )


async def _send_page(
    sandbox: MetaSandbox, account: PageAccount, *, token: str | None, payload: object
) -> dict[str, Any]:
    channel = account.channel
    faults = sandbox.faults.on(channel)
    if faults.happens(faults.error_share):
        raise GraphError(2, message="Service temporarily unavailable")
    sandbox.pages.authorised(account, token)
    request = read_page_request(payload, channel=channel)
    sandbox.refuse_by_fault(channel)
    if isinstance(request, SenderAction):
        return _act(sandbox, account, request)
    sandbox.record.windows.require_open(channel, account.account_id, request.to, by_person=request.by_person)
    sandbox.require_pace(channel, account.account_id, request.to)
    call = _page_call(account, request, payload)
    sandbox.accept(account, call)
    await sandbox.answer(call)
    return {"recipient_id": request.to, "message_id": call.wamid}


def _act(sandbox: MetaSandbox, account: PageAccount, request: SenderAction) -> dict[str, Any]:
    sandbox.record.add_read(
        {
            "time": now(),
            "channel": account.channel,
            "phone_number_id": account.account_id,
            "to": request.to,
            "action": request.action,
            "message_id": request.message_id,
            "reaction": request.reaction,
            "typing": request.action == "typing_on",
        }
    )
    return {"recipient_id": request.to}


def _page_call(account: PageAccount, request: PageMessage, payload: Any) -> Call:
    return Call(
        time=now(),
        channel=account.channel,
        phone_number_id=account.account_id,
        to=request.to,
        body=request.text,
        biz_opaque_callback_data=request.metadata,
        wamid=new_mid(account.channel),
        type=request.type,
        answered=True,
        payload=payload,
        statuses_lost=not account.subscribed,
        echo_lost=not account.subscribed,
    )


def _page_account(sandbox: MetaSandbox, node: str, *, token: str | None, payload: object) -> PageAccount | None:
    """The account of Instagram or Messenger that is meant; None for a WhatsApp number.

    Raises:
        GraphError: `me` is nobody.
    """
    recipient = payload.get("recipient") if isinstance(payload, dict) else None
    if node == "me":
        return _me(sandbox, token, recipient)
    if sandbox.numbers.get(node) is not None:
        return None
    account = sandbox.pages.with_id(node)
    if account is None and isinstance(recipient, dict) and node.isdigit() and token and len(token) >= _SHORTEST_TOKEN:
        account = PageAccount(channel="instagram", account_id=node, access_token=token, login="instagram")
        account.token_expires_at = account.token_issued_at + TOKEN_SECONDS
        sandbox.pages.register(account)  # like a number that nobody registered, it belongs to its first token
    return account


def _me(sandbox: MetaSandbox, token: str | None, recipient: object) -> PageAccount:
    accounts = sandbox.pages.of_token(token)
    if not accounts:
        raise unknown_object("me") if sandbox.numbers.of_token(token) else GraphError(190)
    customer = str(recipient.get("id")) if isinstance(recipient, Mapping) else ""
    for account in accounts:  # a page's token serves both channels; the customer's id is of one of them
        if sandbox.record.windows.knows(account.channel, account.account_id, customer):
            return account
    return min(accounts, key=lambda account: account.channel != "messenger")
