"""One answer of a language model: its requests, tools and one repair, until there is a reply that is in order."""

import asyncio
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from pydantic_ai import Agent, ModelRetry, RunContext, ToolOutput, UsageLimits
from pydantic_ai.exceptions import FallbackExceptionGroup, UnexpectedModelBehavior, UsageLimitExceeded
from pydantic_ai.settings import ModelSettings

from shared.agents.models.accounted import Account, ContentRefused, OutOfTime, StillGarbage, turn_model
from shared.agents.models.clients import ModelClients
from shared.agents.models.failures import CallFailed
from shared.agents.models.names import ModelChoice
from shared.agents.models.outcome import GARBAGE, REFUSED, UNAVAILABLE, Objection, Outcome
from shared.agents.prompts import as_data
from shared.agents.reply_schema import Reply
from shared.agents.responder import CallLedger, Purpose
from shared.agents.tools import MOST_SEARCHES, Desk

# the answer, two searches, and one repair
MOST_REQUESTS: Final = 2 + MOST_SEARCHES


@dataclass
class Table:
    """What the model's tools work on, and what is said against a reply that has the right form."""

    desk: Desk
    objection: Objection
    repairable: bool = True
    objections: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What is asked: our instructions, the data, the models, the ledger, and until when (monotonic seconds)."""

    instructions: str
    prompt: str
    choice: ModelChoice
    ledger: CallLedger
    desk: Desk
    objection: Objection
    purpose: Purpose
    ends_at: float
    request_seconds: float
    retry_seconds: float = 0.0


async def converse(clients: ModelClients, task: Assignment) -> Outcome:
    """The model's reply, or why there is none. Raises SpendingLimitReached and Unavailable."""
    account = Account(
        ledger=task.ledger,
        desk=task.desk,
        purpose=task.purpose,
        ends_at=task.ends_at,
        request_seconds=task.request_seconds,
        retry_seconds=task.retry_seconds,
    )
    reply, failure, cause = None, None, None
    settings = ModelSettings(max_tokens=task.choice.max_tokens)
    if task.choice.temperature is not None:
        settings["temperature"] = task.choice.temperature
    try:
        async with asyncio.timeout(max(0.0, task.ends_at - time.monotonic())):
            result = await _agent().run(
                task.prompt,
                model=turn_model(clients, task.choice, account),
                instructions=task.instructions,
                deps=Table(desk=task.desk, objection=task.objection),
                model_settings=settings,
                usage_limits=UsageLimits(request_limit=MOST_REQUESTS),
            )
            reply = result.output
    except (CallFailed, FallbackExceptionGroup, OutOfTime, TimeoutError) as trouble:
        failure, cause = UNAVAILABLE, _cause(trouble)
    except ContentRefused:
        failure, cause = REFUSED, "content_refused"
    except (StillGarbage, UnexpectedModelBehavior, UsageLimitExceeded) as trouble:
        failure, cause = GARBAGE, type(trouble).__name__
    return Outcome(
        reply=reply,
        failure=failure,
        cause=cause,
        model=str(account.writer) if account.writer else None,
        attempts=account.attempts,
        repairs=account.repairs,
    )


@cache
def _agent() -> "Agent[Table, Reply]":
    """The agent, which has no model of its own; it is the same for all turns."""
    agent = Agent(
        output_type=ToolOutput(Reply, name="reply", description="Answers the customer."),
        deps_type=Table,
        retries={"tools": 1, "output": 1},
        end_strategy="early",
    )

    @agent.tool
    async def search_knowledge(context: RunContext[Table], question: str) -> str:  # noqa: D417 - the model reads this
        """Searches what the business knows.

        Args:
            question: One question in full, with what earlier messages say of it.
        """
        found = await asyncio.to_thread(context.deps.desk.search, question)
        return as_data({"passages": [passage.as_data() for passage in found]})

    @agent.output_validator
    def in_order(context: RunContext[Table], reply: Reply) -> Reply:
        objection = context.deps.objection(reply)
        if objection is not None:
            raise ModelRetry(objection)
        return reply

    return agent


def _cause(trouble: BaseException) -> str:
    """The code of the last failure."""
    if isinstance(trouble, FallbackExceptionGroup):
        return _cause(trouble.exceptions[-1])
    return trouble.failure.code if isinstance(trouble, CallFailed) else "out_of_time"


def preload() -> Any:
    """Makes what a first answer would wait for; the import of this module was most of it."""
    return _agent()
