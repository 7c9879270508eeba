"""What the provider receives after the due turns of a case, and what it should receive by the case's `sent`.

The whole request is compared: its address, its token, which is the account's own, and its body but for our id. The
responder answers whatever it is asked, with what it was asked: re: [["wamid.A", "Oi"], ["wamid.B", "Tem bolo?"]].
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from shared.agents.responder import Answer
from shared.agents.turns import run_turn
from shared.channels.graph import GraphSender
from tests.channels.graph_server import Provider, answer, serving
from tests.support.answers import ScriptedResponder
from tests.support.conversations import TIMES, open_database

if TYPE_CHECKING:
    from collections.abc import Iterable
    from http.server import BaseHTTPRequestHandler

    from shared.agents.responder import Turn
    from tests.channels.case_files import Case
    from tests.support.database import Database as TestDatabase

Request = tuple[str, str, dict[str, Any]]  # path, token, body

_AT_ONCE = 4
# the files of a case are at no provider: what was not read is answered without it
_TIMES = replace(TIMES, media_wait=0.0)
_PATHS = {"whatsapp": "/v24.0/{}/messages", "instagram": "/instagram/v24.0/{}/messages"}
_PATH_OF_A_PAGE = "/v24.0/me/messages"
_WORDS = (
    *("bolo", "torta", "doce", "massa", "cenoura", "milho", "queijo", "fruta"),
    *("leite", "creme", "coco", "nozes", "mel", "uva", "figo", "trigo"),
)


def run_due_turns(database: TestDatabase, organization_ids: Iterable[UUID]) -> dict[str, list[Request]]:
    """Gives each organization its agents and runs every conversation that it has; the requests of each account.

    Each is run twice, and also those in which nothing is due: a task that comes too often sends nothing.
    """
    organizations = [str(organization_id) for organization_id in organization_ids]
    conversations = _made_ready(database, organizations)
    provider = Provider(behave=_accept)
    with contextlib.ExitStack() as stack:
        stack.enter_context(serving(provider))
        application = stack.enter_context(
            contextlib.closing(open_database(database, "application", pool_size=_AT_ONCE))
        )
        sender = GraphSender(
            base_url=provider.url,
            instagram_base_url=f"{provider.url}/instagram",
            version="v24.0",
            open_token=lambda _, account: account.sealed_token or "",
        )
        stack.callback(sender.close)

        def run_twice(conversation: tuple[UUID, UUID]) -> None:
            organization_id, conversation_id = conversation
            for allowed in ({"answered", "idle"}, {"idle"}):
                report = run_turn(
                    application,
                    organization_id=organization_id,
                    conversation_id=conversation_id,
                    responder=ScriptedResponder(_names_what_it_answers),
                    sender=sender,
                    times=_TIMES,
                )
                assert report.result in allowed, (conversation, report)

        workers = stack.enter_context(ThreadPoolExecutor(_AT_ONCE))
        list(workers.map(run_twice, conversations))
    return _by_account(provider)


def expected_requests(case: Case, stand_ins: dict[str, str]) -> list[Request]:
    """What the case says is sent, as the provider of its channel takes it."""
    said = _said(case)
    found = []
    for reply in case.sent or ():
        account, text = stand_ins[reply["account"]], _text([(name, said[name]) for name in reply["answers"]])
        path = _PATHS.get(case.channel, _PATH_OF_A_PAGE).format(account)
        found.append((path, _token(account), _body(case.channel, reply["to"], text)))
    return in_order(found)


def in_order(requests: Iterable[Request]) -> list[Request]:
    """Sorted: conversations are answered beside each other."""
    return sorted(requests, key=json.dumps)


def _body(channel: str, customer: str, text: str) -> dict[str, Any]:
    if channel != "whatsapp":
        return {"recipient": {"id": customer}, "messaging_type": "RESPONSE", "message": {"text": text}}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to" if customer.isdigit() else "recipient": customer,
        "type": "text",
        "text": {"body": text, "preview_url": False},
    }


def _said(case: Case) -> dict[str, str]:
    """What each message of the case says in the end, by the provider's id, or by its words when it has none."""
    items = case.items or []
    said = {item.get("event_id") or item["text"]: item["text"] or "" for item in items if item["kind"] == "message"}
    return said | {item["target"]: item["text"] for item in items if item["kind"] == "edit"}


def _text(said: list[tuple[str, str]]) -> str:
    """A reply that no other messages get, in words to which no gate objects, whatever the customer wrote."""
    digest = hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()
    words = [_WORDS[int(digit, 16)] for digit in digest[:24]]
    return " ".join(f"Temos também {first} com {second} para você." for first, second in _pairs(words))


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    return list(zip(words[::2], words[1::2], strict=True))


def _token(account: str) -> str:
    return f"token-of-{account}"


def _names_what_it_answers(turn: Turn) -> Answer:
    """Each message's id, or its words when it has none, and its words; silence when all was taken back."""
    said = [(message.external_id or message.words, message.words) for message in turn.claimed.messages]
    return Answer(text=_text(said) if said else None, model="scripted")


def _accept(handler: BaseHTTPRequestHandler) -> None:
    """As each of the three channels does, under a new id."""
    message_id = f"sent.{uuid4()}"
    answer(handler, 200, {"messages": [{"id": message_id}], "recipient_id": "1", "message_id": message_id})


def _by_account(provider: Provider) -> dict[str, list[Request]]:
    found: dict[str, list[Request]] = {}
    for path, headers, body in provider.received:
        token = headers["Authorization"].removeprefix("Bearer ")
        our_id = body.pop("biz_opaque_callback_data", None) or body["message"].pop("metadata")
        assert UUID(our_id)
        found.setdefault(token.removeprefix("token-of-"), []).append((path, token, body))
    return found


def _made_ready(database: TestDatabase, organizations: list[str]) -> list[tuple[UUID, UUID]]:
    """Agents and tokens for the organizations, and their quiet seconds are over; each conversation there is."""
    with contextlib.closing(database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "WITH made AS (INSERT INTO departments.departments (organization_id, type, name)"
            " SELECT o.id, 'customer_service', 'Atendimento' FROM unnest(CAST(%s AS uuid[])) AS o (id)"
            " RETURNING organization_id, id)"
            " INSERT INTO departments.agents (organization_id, department_id, agent_type, name, configuration)"
            " SELECT organization_id, id, channel || '_responder', 'Atendente', '{\"disclosure\": false}'"
            " FROM made, unnest(ARRAY['whatsapp', 'instagram', 'facebook']) AS c (channel)",
            (organizations,),
        )
        cursor.execute(
            "UPDATE integrations.connections SET access_token = 'token-of-' || account_identifier"
            " WHERE organization_id = ANY (CAST(%s AS uuid[]))",
            (organizations,),
        )
        cursor.execute(
            "UPDATE platform.conversations SET run_at = clock_timestamp()"
            " WHERE organization_id = ANY (CAST(%s AS uuid[])) AND run_at IS NOT NULL",
            (organizations,),
        )
        cursor.execute(
            "SELECT organization_id, id FROM platform.conversations WHERE organization_id = ANY (CAST(%s AS uuid[]))",
            (organizations,),
        )
        return [(organization_id, conversation_id) for organization_id, conversation_id in cursor.fetchall()]
