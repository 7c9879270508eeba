"""A business whose people answered customers: conversations by plain SQL, and what becomes of them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from shared.agents.faq_builder import build_drafts
from shared.kit.ids import new_id
from shared.knowledge.faq.listing import list_drafts
from tests.support.tenants import Tenant, make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.knowledge.faq.models import BuildReport, Draft
    from shared.platform.database import Database
    from tests.support.database import Database as TestDatabase

SENDERS = {"c": "customer", "h": "human", "a": "ai"}


@dataclass
class FaqShop:
    """One organization; `talk` makes its conversations, an hour apart, long enough ago to be read."""

    clone: TestDatabase
    application: Database
    tenant: Tenant
    superuser: Any
    clock: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=20))

    @property
    def organization_id(self) -> UUID:
        """The organization's id."""
        return self.tenant.organization_id

    def talk(self, *lines: str, name: str | None = None, gap: timedelta = timedelta(seconds=20)) -> UUID:
        """A conversation of lines such as "c: Abrem domingo?", "h: Sim, das 8h às 12h." and "a: …"; returns its id."""
        conversation_id = uuid4()
        self.execute(
            "INSERT INTO platform.conversations (id, organization_id, connection_id, channel, customer_external_id,"
            " customer_name) VALUES (%s, %s, %s, 'whatsapp', %s, %s)",
            *(conversation_id, self.organization_id, self.tenant.connection_id, conversation_id.hex, name),
        )
        self.clock += timedelta(hours=1)
        for place, line in enumerate(lines):
            self.write(conversation_id, line, at=self.clock + place * gap)
        return conversation_id

    def write(self, conversation_id: UUID, line: str, *, at: datetime, message_type: str = "text") -> UUID:
        """One message of a conversation."""
        who, _, words = line.partition(": ")
        message_id = new_id()
        self.execute(
            "INSERT INTO platform.messages (id, organization_id, conversation_id, connection_id, direction,"
            " message_type, text_content, sender_type, delivery_status, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *(message_id, self.organization_id, conversation_id, self.tenant.connection_id),
            *("inbound" if who == "c" else "outbound", message_type, words, SENDERS[who]),
            *("received" if who == "c" else "sent", at),
        )
        return message_id

    def execute(self, statement: str, *values: object) -> None:
        """Any change, by the superuser."""
        self.superuser.cursor().execute(statement, values)

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """What a statement returns of this organization's rows."""
        return [tuple(row) for row in self.application.tenant_once(self.organization_id, statement, **values)]

    def build(self, **options: Any) -> BuildReport:
        """One run of the FAQ builder."""
        return build_drafts(self.application, self.organization_id, **options)

    def drafts(self, state: Any = "draft") -> list[Draft]:
        """The drafts in a state, the most asked first."""
        return list_drafts(self.application, self.organization_id, state=state)

    def draft(self) -> Draft:
        """The only open draft."""
        [only] = self.drafts()
        return only

    def told(self) -> list[tuple[str, str, int]]:
        """(question, answer, conversations) of the open drafts."""
        return [(draft.question, draft.answer, draft.asked) for draft in self.drafts()]

    def live(self) -> list[tuple[str, str]]:
        """(question, answer) of what answers are taken from."""
        return [
            (row[0], row[1])
            for row in self.rows(
                "SELECT title, content FROM platform.knowledge_base WHERE status = 'active' ORDER BY 1, 2"
            )
        ]


@contextlib.contextmanager
def faq_shop(clone: TestDatabase, application: Database) -> Iterator[FaqShop]:
    """A shop of its own in a database that others use too."""
    with contextlib.closing(clone.superuser()) as superuser:
        yield FaqShop(clone, application, make_organization(clone, name=f"Loja {uuid4().hex[:6]}"), superuser)
