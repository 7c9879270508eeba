"""What agents do when no customer's message starts it: one entry per agent type, whatever triggered the run.

A run that its worker does not finish is done again, so what it writes elsewhere must bear a repetition; what it returns
as `write` happens once, together with the end of the run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal
from uuid import UUID

from shared.agents.responder import CallLedger
from shared.platform.database import Database, TenantSession

TriggerType = Literal["scheduled", "manual", "event"]


@dataclass(frozen=True, slots=True)
class RunTrigger:
    """Why an agent runs, and since when that is due.

    `data`: scheduled {}, manual what the person gave, event {"event", "resource_ids" (at most 100), "times"}.
    """

    type: TriggerType
    data: dict[str, Any]
    due_at: datetime


@dataclass(frozen=True, slots=True)
class RunningAgent:
    """The agent with its settings as they are stored, and the organization it works for."""

    id: UUID
    type: str
    name: str
    configuration: dict[str, Any]
    model_configuration: dict[str, Any]
    department_id: UUID
    department_configuration: dict[str, Any]
    organization_name: str
    locale: str | None
    timezone: str


@dataclass(frozen=True, slots=True)
class RunContext:
    """Everything that a run needs. `calls` accounts each model call before it is made."""

    database: Database
    organization_id: UUID
    run_id: UUID
    agent: RunningAgent
    trigger: RunTrigger
    calls: CallLedger
    seconds_left: Callable[[], float]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did: `summary` is kept as output_data, `model` names who wrote.

    `write` is called in the transaction that ends the run, and only if this worker still has it: exactly once per run.
    """

    summary: dict[str, Any] = field(default_factory=dict)
    model: str = "rules"
    write: Callable[[TenantSession], None] | None = None


# Raises whatever goes wrong: the run is tried again later, and fails for good after a few tries.
AgentRun = Callable[[RunContext], RunResult]


def _build_faq(context: RunContext) -> RunResult:
    from shared.agents.faq_builder import build_drafts  # noqa: PLC0415 (numpy: few instances run it)

    report = build_drafts(context.database, context.organization_id)
    return RunResult(
        summary={
            "answers_read": report.answers_read,
            "drafts_made": report.drafts_made,
            "drafts_superseded": report.drafts_superseded,
            "drafts_stale": report.drafts_stale,
            "sources_added": report.sources_added,
            "left_out": dict(report.left_out),
            "finished": report.finished,
        }
    )


# A run imports what it needs when it runs. A type without an entry takes no trigger but its channel's messages.
RUNS: Final[Mapping[str, AgentRun]] = MappingProxyType({"faq_builder": _build_faq})
