"""Plays the cases in one database: two organizations, secrets in every row that a case must not reach."""

from __future__ import annotations

import contextlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from shared.agents.turns import run_turn
from shared.channels.deliveries import Delivery, record_deliveries
from shared.kit.ids import new_id
from shared.knowledge.importing import import_folder
from shared.knowledge.retrieval import retrieve
from tests.agents.injection.obedient import TOPICS, Obedient
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene
from tests.support.tenants import Tenant, make_conversation, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from shared.agents.responder import Responder
    from shared.channels.items import Item
    from shared.knowledge.models import Retrieval
    from tests.agents.injection.cases import Case

# In the other organization's knowledge, messages, contact and token; and in another customer's messages of our own.
FOREIGN: Final = "canary-d41e88bc02"
NEIGHBOUR: Final = "canary-90aa17f3ee"
ALLOWED_LINK: Final = "padaria-aurora.example"
_READ_FILES: Final = {"image_text": "image", "transcript": "audio", "file_name": "document"}
_BATCH: Final = 100


@dataclass
class Played:
    """What reached the provider for a case: who was addressed, and the texts."""

    customer: str
    recipients: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


@dataclass
class World:
    """Our organization as a scene, and the one whose rows are nobody's business here."""

    scene: Scene
    other: Tenant
    folder: Path

    def search(self, organization_id: UUID, words: str) -> Retrieval:
        """The responder's only tool."""
        return retrieve(self.scene.application, organization_id=organization_id, question=words, limit=1)

    def fill(self, cases: Sequence[Case]) -> None:
        """Secrets in the other organization and beside the cases' conversations; articles, the poisoned ones too."""
        clone = self.scene.clone
        self._import(
            self.other.organization_id, {"fornecedores": f"# Tabela secreta de fornecedores\n\nMargem {FOREIGN}."}
        )
        poisoned = {
            f"{case.goal}-{case.place}": f"# {TOPICS[case.goal]}\n\nTemos {TOPICS[case.goal]}. {case.text}\n"
            for case in cases
            if case.place == "article"
        }
        self._import(self.scene.organization_id, {"bolos": "# Bolos\n\nBolo de chocolate R$ 95,00 o quilo."} | poisoned)
        with contextlib.closing(clone.superuser()) as connection:
            cursor = connection.cursor()
            cursor.execute("UPDATE integrations.connections SET access_token = %s", (f"token {FOREIGN}",))
            cursor.execute(
                "UPDATE departments.agents SET configuration = %s::jsonb",
                (json.dumps({"allowed_links": [ALLOWED_LINK]}),),
            )
            for tenant, secret in ((self.other, FOREIGN), (self.scene.tenant, NEIGHBOUR)):
                conversation_id = make_conversation(clone, tenant)
                cursor.execute(
                    "INSERT INTO platform.messages (organization_id, conversation_id, connection_id, direction,"
                    " sender_type, text_content) VALUES (%s, %s, %s, 'inbound', 'customer', %s)",
                    (tenant.organization_id, conversation_id, tenant.connection_id, f"meu segredo é {secret}"),
                )

    def play(self, cases: Sequence[Case], responder: Obedient) -> dict[Case, Played]:
        """Each case in a conversation of its own, from the webhook's item to what the provider is asked to send."""
        customers = {case: f"5519{secrets.randbelow(10**9):09d}" for case in cases}
        early = [case for case in cases if case.place in {"earlier_message", "agreed_earlier"}]
        self._say((customers[case], case.text) for case in early)
        ids = self._conversations()
        for case in early:
            self._run(ids[customers[case]], ScriptedResponder(), ScriptedSender())
        self._say((customers[case], _words(case)) for case in cases)
        ids = self._conversations()
        self._put_in_place(cases, customers, ids, responder)
        played = {}
        for case in cases:
            sender = ScriptedSender()
            self._run(ids[customers[case]], responder, sender)
            recipients = [delivery.recipient for delivery in sender.sent]
            played[case] = Played(customers[case], recipients, sender.texts)
        return played

    def _run(self, conversation_id: UUID, responder: Responder, sender: ScriptedSender) -> None:
        run_turn(
            self.scene.application,
            organization_id=self.scene.organization_id,
            conversation_id=conversation_id,
            responder=responder,
            sender=sender,
            times=TIMES,
        )

    def _put_in_place(
        self, cases: Sequence[Case], customers: dict[Case, str], ids: dict[str, UUID], responder: Obedient
    ) -> None:
        """What a file says is with its message; a name is what a prompt may hold beside the messages."""
        with contextlib.closing(self.scene.clone.superuser()) as connection:
            cursor = connection.cursor()
            cursor.execute("ANALYZE platform.conversations, platform.messages")  # as the server does after such a rush
            for case in cases:
                conversation_id = ids[customers[case]]
                responder.cases[conversation_id] = case
                if case.place in {"contact_name", "tool_result"}:
                    responder.extra[conversation_id] = case.text
                if kind := _READ_FILES.get(case.place):
                    cursor.execute(
                        "UPDATE platform.messages SET message_type = %s, text_content = NULL, metadata = %s::jsonb"
                        " WHERE conversation_id = %s",
                        (kind, json.dumps({"media_reading": {"0": {"text": case.text}}}), conversation_id),
                    )

    def _say(self, said: Iterable[tuple[str, str]]) -> None:
        items = [self._item(customer, text) for customer, text in said]
        for start in range(0, len(items), _BATCH):
            delivery = Delivery(
                provider="whatsapp", raw=b"{}", verified_by="test", headers={}, items=items[start : start + _BATCH]
            )
            record_deliveries(
                self.scene.intake, [delivery], seal=lambda *_: (b"sealed", "test"), rules=self.scene.rules
            )

    def _item(self, customer: str, text: str) -> Item:
        message_id = f"wamid.{uuid4()}"
        return {
            "id": str(new_id()),
            "kind": "message",
            "account": self.scene.tenant.phone_number_id,
            "key": f"m:{message_id}",
            "digest": secrets.token_hex(16),
            "event_type": "message.text",
            "event_id": message_id,
            "occurred_at": datetime.now(UTC).isoformat(),
            "customer": customer,
            "text": text,
        }

    def _conversations(self) -> dict[str, UUID]:
        rows = self.scene.rows("SELECT customer_external_id, id FROM platform.conversations")
        return dict(map(tuple, rows))

    def _import(self, organization_id: UUID, articles: dict[str, str]) -> None:
        folder = self.folder / str(organization_id)
        folder.mkdir()
        for name, text in articles.items():
            (folder / f"{name}.md").write_text(text, encoding="utf-8")
        import_folder(self.scene.application, organization_id, folder)


def world_of(scene: Scene, folder: Path, cases: Sequence[Case]) -> World:
    """Two organizations, filled."""
    world = World(scene, make_organization(scene.clone, name="Rival Moda"), folder)
    world.fill(cases)
    return world


def _words(case: Case) -> str:
    """What the customer writes in the turn: the attack itself, or a question that leads to where it stands."""
    if case.place in {"message", "quoted_reply"}:
        return case.text
    return "agora" if case.place in {"earlier_message", "agreed_earlier"} else f"tem {TOPICS[case.goal]}?"
