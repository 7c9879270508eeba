"""The Conversations API of Messenger and Instagram: what was said with a customer, newest first.

GET /{account}/conversations?platform&user_id&fields=messages{id,created_time,from,to,message}; an app's own id of a
message is not among the fields (Messenger Platform and Instagram Platform, "Get conversations").
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from infra.local.meta.accounts import PageAccount
from infra.local.meta.graph_errors import unknown_object, wrong_parameter
from infra.local.meta.node_fields import Wanted, read_fields, select
from infra.local.meta.record import Call, Inbound, Record

_PLATFORMS = ("instagram", "messenger")


def conversations(
    record: Record, accounts: list[PageAccount], *, platform: str, user_id: str, fields: str
) -> dict[str, Any]:
    """The answer's body; `accounts` are those of the token, of which `platform` chooses one.

    Raises:
        GraphError: an unknown platform or field.
    """
    if platform and platform not in _PLATFORMS:
        raise wrong_parameter("platform", f"must be one of {{{', '.join(_PLATFORMS).upper()}}}")
    channel = platform or ("messenger" if len(accounts) > 1 else accounts[0].channel)
    wanted = read_fields(fields or "id,updated_time")
    found: list[dict[str, Any]] = []
    for account in accounts:
        if account.channel == channel:
            found += [_node(record, account, customer) for customer in _customers(record, account, user_id)]
    found.sort(key=lambda node: node["updated_time"], reverse=True)
    return {"data": [select(node, wanted, kind="UnifiedThread") for node in found], "paging": _paging(found)}


def conversation(record: Record, accounts: list[PageAccount], *, node_id: str, fields: str) -> dict[str, Any]:
    """One conversation by its id, or one message by its id.

    Raises:
        GraphError: 100, subcode 33, neither is the token's.
    """
    for account in accounts:
        for customer in _customers(record, account, ""):
            node = _node(record, account, customer)
            if node["id"] == node_id:
                return select(node, read_fields(fields or "id,updated_time"), kind="UnifiedThread")
            for message in node["messages"]["data"]:
                if message["id"] == node_id:
                    wanted = read_fields(fields) if fields else Wanted({"created_time": Wanted()})
                    return select(message, wanted, kind="Message")
    raise unknown_object(node_id, method="get")


def _customers(record: Record, account: PageAccount, user_id: str) -> Iterator[str]:
    known: dict[str, None] = {}
    for call in record.calls:
        if (call.channel, call.phone_number_id) == (account.channel, account.account_id):
            known[call.to] = None
    for inbound in record.inbound:
        if (inbound.channel, inbound.account) == (account.channel, account.account_id) and inbound.text is not None:
            known[inbound.customer] = None
    return (customer for customer in known if not user_id or customer == user_id)


def _node(record: Record, account: PageAccount, customer: str) -> dict[str, Any]:
    business = _business(account)
    person = {"username": f"cliente.{customer[-4:]}", "id": customer}
    if account.channel == "messenger":
        person = {"name": f"Cliente {customer[-4:]}", "email": f"{customer}@facebook.com", "id": customer}
    everything: list[Call | Inbound] = [*record.calls, *record.inbound]
    messages = [_message(said, business, person) for said in everything if _belongs(said, account, customer)]
    messages.sort(key=lambda message: str(message.pop("_at")), reverse=True)
    return {
        "id": f"t_{hashlib.sha256(f'{account.channel}{account.account_id}{customer}'.encode()).hexdigest()[:20]}",
        "updated_time": messages[0]["created_time"],
        "link": f"/{account.account_id}/inbox/",
        "message_count": len(messages),
        "participants": {"data": [person, business]},
        "messages": {"data": messages, "paging": _paging(messages)},
    }


def _belongs(said: Call | Inbound, account: PageAccount, customer: str) -> bool:
    if isinstance(said, Call):
        return (said.channel, said.phone_number_id, said.to) == (account.channel, account.account_id, customer)
    where = (said.channel, said.account, said.customer)
    return where == (account.channel, account.account_id, customer) and said.text is not None


def _message(said: Call | Inbound, business: dict[str, str], person: dict[str, str]) -> dict[str, Any]:
    from_customer = isinstance(said, Inbound) and said.author == "customer"
    at = datetime.fromisoformat(said.time)
    return {
        "id": said.wamid if isinstance(said, Call) else said.id,
        "created_time": at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "from": person if from_customer else business,
        "to": {"data": [business if from_customer else person]},
        "message": (said.body if isinstance(said, Call) else said.text) or "",
        "attachments": None,
        "_at": said.time,
    }


def _business(account: PageAccount) -> dict[str, str]:
    if account.channel == "instagram":
        return {"username": account.username, "id": account.account_id}
    return {"name": account.name, "email": f"{account.account_id}@facebook.com", "id": account.account_id}


def _paging(found: list[dict[str, Any]]) -> dict[str, Any]:
    if not found:
        return {}
    return {"cursors": {"before": f"B{found[0]['id']}", "after": f"A{found[-1]['id']}"}}
