"""What the demo learns at each step: plain values that are printed, checked, and given as JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any

from infra.cli.webhooks import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A line of the transcript."""

    seconds: float  # since the conversation began
    speaker: str  # customer | department
    text: str
    note: str = ""  # for the department: how it came about


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A row that a step left in the database."""

    table: str
    id: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An execution of the agent, as its row tells it."""

    id: str
    messages: int
    outcome: str
    model: str
    own_milliseconds: int | None  # from claim to commit, measured by the function itself


@dataclass(slots=True, kw_only=True)
class Step:
    """One scene, played: what was said, what came back, what was stored, how long it took."""

    name: str
    title: str
    sent: list[str] = field(default_factory=list)
    webhook_answers: list[int] = field(default_factory=list)
    webhook_milliseconds: list[float] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    seconds_to_reply: float | None = None  # from the last message to the provider's acceptance
    turns: list[Turn] = field(default_factory=list)
    round_trips: list[int] = field(default_factory=list)  # with the database, of each run of the function
    rows: dict[str, int] = field(default_factory=dict)  # table → rows added
    stored: list[Stored] = field(default_factory=list)

    def add_answer(self, answer: Answer) -> None:
        """Keep what a webhook was answered, and after how long."""
        self.webhook_answers.append(answer.status_code)
        self.webhook_milliseconds.append(round(answer.milliseconds, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An expectation, and whether it held; `name` stays, the words are in the reader's language."""

    name: str
    expectation: str
    held: bool
    found: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """Everything the demo shows."""

    organization: dict[str, Any] = field(default_factory=dict)
    knowledge: dict[str, Any] = field(default_factory=dict)
    transcript: list[Said] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every expectation held."""
        return bool(self.checks) and all(check.held for check in self.checks)

    def as_data(self) -> dict[str, Any]:
        """The outcome for programs."""
        return {"passed": self.passed, **asdict(self)}
