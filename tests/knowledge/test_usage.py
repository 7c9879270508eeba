"""What entries were worth is derived from what became of the conversations that they answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from shared.knowledge.usage import derive_usage_if_due
from tests.support.tenants import make_conversation

if TYPE_CHECKING:
    from tests.knowledge.ingesting import Knowing
    from tests.support.database import Database


class Used:
    """An entry with one chunk, and the turns that used it."""

    def __init__(self, knowing: Knowing, database: Database) -> None:
        self.knowing, self.database = knowing, database
        self.entry = knowing.known("a.md", "Aceitamos Pix na entrega.")
        (chunk,) = knowing.rows("SELECT id FROM platform.knowledge_chunks")
        self.chunk = str(chunk)

    def turn(self, *, outcome: str = "answered", days_ago: float = 2, used: bool = True, **details: Any) -> UUID:
        """A finished turn of a new conversation; returns the conversation."""
        conversation = make_conversation(self.database, self.knowing.tenant)
        output = {"chunk_ids": [self.chunk], "used": [self.chunk] if used else [str(uuid4())], **details}
        self.knowing.rows(
            "INSERT INTO departments.agent_executions (organization_id, agent_id, trigger_type, conversation_id,"
            " status, outcome, output_data, created_at)"
            " VALUES (:organization, :agent, 'webhook', :conversation, 'completed',"
            " :outcome, CAST(:output AS jsonb), now() - make_interval(secs => :ago))",
            organization=self.knowing.organization_id,
            agent=self.knowing.tenant.agent_id,
            conversation=conversation,
            outcome=outcome,
            output=json.dumps(output),
            ago=days_ago * 86_400,
        )
        return conversation

    def escalated(self, conversation: UUID, *, days_ago: float) -> None:
        """The conversation was given to a person."""
        self.knowing.rows(
            "INSERT INTO audit.activity_logs (organization_id, action, resource_type, resource_id, created_at)"
            " VALUES (:organization, 'conversation.escalated', 'conversation', :conversation,"
            " now() - make_interval(secs => :ago))",
            organization=self.knowing.organization_id,
            conversation=conversation,
            ago=days_ago * 86_400,
        )

    def scored(self, conversation: UUID, score: int) -> None:
        """The customer said how it was."""
        self.knowing.rows(
            "INSERT INTO analytics.satisfaction_scores (organization_id, conversation_id, score)"
            " VALUES (:organization, :conversation, :score)",
            organization=self.knowing.organization_id,
            conversation=conversation,
            score=score,
        )

    def derived(self) -> tuple[int, float]:
        """Derive, whenever it was done last: uses and effectiveness."""
        self.knowing.rows("UPDATE platform.knowledge_settings SET usage_due_at = now()")
        derive_usage_if_due(self.knowing.means.database, self.knowing.organization_id)
        ((count, score),) = self.knowing.rows(
            "SELECT access_count, effectiveness_score FROM platform.knowledge_base WHERE status = 'active'"
        )
        return int(count), float(score)


@pytest.fixture
def used(knowing: Knowing, shared_database: Database) -> Used:
    return Used(knowing, shared_database)


def test_an_answer_that_no_person_had_to_mend_is_a_good_use(used: Used) -> None:
    used.turn()
    assert used.derived() == (1, 0.67)
    mended = used.turn(days_ago=3)
    used.escalated(mended, days_ago=2.5)
    assert used.derived() == (2, 0.5)
    later = used.turn(days_ago=5)
    used.escalated(later, days_ago=3.5)
    assert used.derived() == (3, 0.6), "what comes more than a day later is another matter"


def test_what_the_customer_says_counts_more(used: Used) -> None:
    praised = used.turn(days_ago=3)
    used.escalated(praised, days_ago=2.9)
    used.scored(praised, 5)
    blamed = used.turn()
    used.scored(blamed, 1)
    assert used.derived() == (2, 0.5)
    used.scored(used.turn(), 3)
    assert used.derived() == (3, 0.6)


def test_only_settled_turns_that_used_the_entry_count(used: Used) -> None:
    used.turn(used=False)
    used.turn(days_ago=0.5)
    used.turn(outcome="no_reply")
    assert used.derived() == (0, 0.5)
    used.turn(outcome="abstained")
    assert used.derived() == (1, 0.33), "it was used for a part, and a person had to answer the rest"


def test_a_models_citations_are_uses_as_well_and_hostile_records_are_none(used: Used) -> None:
    used.turn(chunk_ids=[used.chunk, used.chunk, "no uuid", 7])
    used.turn(chunk_ids="x")
    used.knowing.rows("UPDATE departments.agent_executions SET output_data = output_data - 'used'")
    assert used.derived() == (1, 0.67)


def test_it_is_derived_once_a_day_and_writes_only_what_changed(used: Used) -> None:
    used.turn()
    database, organization_id = used.knowing.means.database, used.knowing.organization_id
    assert derive_usage_if_due(database, organization_id) == 1
    used.turn()
    assert derive_usage_if_due(database, organization_id) == 0
    assert used.derived()[0] == 2
    used.knowing.rows("UPDATE platform.knowledge_settings SET usage_due_at = now()")
    assert derive_usage_if_due(database, organization_id) == 0
