"""What a worker knows of a conversation: the outcomes of a claim and of a commit, as the database returns them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """The times and limits of turns: seconds, except three counts.

    `history`: messages given to the responder. `max_replies`: in ten minutes, then a person looks.
    """

    quiet: float = 2.0
    ceiling: float = 8.0
    lease: float = 150.0
    timeout: float = 120.0
    # a reply that is older than this is a person's task
    max_age: float = 12 * 3600.0
    max_attempts: int = 5
    history: int = 20
    max_replies: int = 20
    # from the burst's first message: so long a turn waits for what its files say
    media_wait: float = 15.0


@dataclass(frozen=True, slots=True)
class Configuration:
    """Who answers for whom: the agent and its department with their settings, the organization, the provider."""

    agent_id: UUID
    agent_settings: dict[str, Any]
    model_settings: dict[str, Any]
    organization_name: str
    locale: str | None
    provider: str
    timezone: str = "America/Sao_Paulo"
    department_settings: dict[str, Any] = field(default_factory=dict)


_FILES: Final = frozenset({"image", "video", "audio", "document", "story", "share"})
_SIGNS: Final = frozenset({"sticker"})  # like a thumb up: nothing is asked


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message of the turn.

    `text` is what the customer wrote, a caption too; None without any. `reading` is what its files say, as far as they
    were read. `unread`: it has something that nobody has read, or is of a kind that says nothing to a reader of text.
    `external_id` is the provider's.
    """

    id: UUID
    seq: int
    type: str
    text: str | None
    reading: str | None = None
    external_id: str | None = None

    @property
    def words(self) -> str:
        """All there is to read of it."""
        return "\n".join(filter(None, (self.text, self.reading)))

    @property
    def unread(self) -> bool:
        """Whether a person would see or hear more in it than `words`."""
        return self.type not in _SIGNS and (not self.words or (self.type in _FILES and self.reading is None))


RETURNED: Final = "returned_to_ai"


@dataclass(frozen=True, slots=True)
class EarlierMessage:
    """One message before the turn; sender is 'customer', 'ai' or 'human', age in seconds when the turn was claimed.

    'system' is no message: it is the place at which people gave the conversation back to the AI (`RETURNED`). What was
    said before it about people who were called is over.
    """

    sender: str
    text: str | None
    age: float | None = None


@dataclass(frozen=True, slots=True)
class ClaimedTurn:
    """A turn that is this worker's until its lease ends: messages from_seq to to_seq, under one fence.

    `recipient` is the customer's id at the provider, `connection` what `shared.channels.outbox.account_of` reads.
    """

    organization_id: UUID
    conversation_id: UUID
    fence: int
    from_seq: int
    to_seq: int
    attempt: int
    messages: tuple[InboundMessage, ...]
    history: tuple[EarlierMessage, ...]
    configuration: Configuration
    recipient: str
    connection: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unsent:
    """Replies that were written and not sent come before any new turn: their outbox ids in order."""

    outbox_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing may happen before `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The claim gave the conversation to people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Scored:
    """The message was the customer's answer to the question how it was, 1 to 5; it is kept and done."""

    score: int
    locale: str | None


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing to do, and why: nothing_pending, leased, unsettled, human, paused, dead, or what is switched off."""

    reason: str


Claim = ClaimedTurn | Unsent | Waiting | HandedOver | Scored | Idle


@dataclass(frozen=True, slots=True)
class ReplyPart:
    """One message to send: `payload` is the provider's body without its envelope, kind 'reply' or 'handoff'."""

    outbox_id: UUID
    message_id: UUID
    kind: str
    text: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Commit:
    """The verdict: 'committed', 'superseded', 'human_active' or 'stale'; `run_at` when something still waits."""

    result: str
    run_at: datetime | None
