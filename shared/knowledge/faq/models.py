"""What the FAQ hands around: answered questions, drafts of them, what is live, and what a run did."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

State = Literal["draft", "approved", "rejected", "superseded", "stale"]
Decision = Literal["approve", "replace", "keep", "reject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredQuestion:
    """A customer's question and what a person of the business answered, in their own words.

    `names` are the names that are known of the customer: they must not be in a draft. The message ids are of the
    question's last message and of the answer's first.
    """

    conversation_id: UUID
    question: str
    question_message_id: UUID
    answer: str
    answer_message_id: UUID
    answered_at: datetime
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """How far people's answers are read: the last one, in the order of their making."""

    answered_at: datetime
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAnswer:
    """An entry in use that answers a question. `in_file`: it came from a file, which alone can change it."""

    entry_id: UUID
    question: str
    answer: str
    version: int
    in_file: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft as people see it. `asked` counts the conversations; `conflict` is the live answer that it contradicts."""

    id: UUID
    state: State
    question: str
    answer: str
    asked: int
    last_answered_at: datetime | None
    conflict: LiveAnswer | None
    decision: Decision | None
    decided_at: datetime | None
    knowledge_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One conversation in which the question of a draft was asked, and how a person answered it there."""

    conversation_id: UUID
    question_message_id: UUID
    answer_message_id: UUID
    question: str
    answer: str
    answered_at: datetime


@dataclass(slots=True, kw_only=True)
class BuildReport:
    """What a run did. `left_out` counts answered questions by the reason why no draft was made of them."""

    answers_read: int = 0
    drafts_made: int = 0
    drafts_superseded: int = 0
    drafts_stale: int = 0
    sources_added: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    finished: bool = True
    """False when the run's bound ended it: the next one goes on there."""
