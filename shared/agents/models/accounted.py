"""A model whose every call is in the turn's ledger before it is made, within the turn's time and a number of calls."""

import asyncio
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from shared.agents.models.clients import ModelClients
from shared.agents.models.failures import CallFailed, CallFailure, failure_of
from shared.agents.models.names import ModelChoice, ModelName
from shared.agents.responder import CallUsage, Purpose, StartedCall
from shared.agents.tools import Desk
from shared.platform.logs import get_logger

if TYPE_CHECKING:
    from shared.agents.responder import CallLedger

# The provider keeps it with the call, so a line of its bill can be found in our ledger.
CALL_ID_HEADER: Final = "X-Client-Request-Id"
MOST_REPAIRS: Final = 1
# A customer waits: a provider that wants a longer pause is as good as away.
LONGEST_PAUSE_SECONDS: Final = 5.0
# A call that could not even be read is no use to the customer.
LEAST_SECONDS: Final = 0.2
# Portuguese has three to four characters a token in today's models: two are more than any ordinary text needs.
_CHARACTERS_PER_TOKEN_AT_LEAST: Final = 2
_CHARACTERS_PER_TOKEN: Final = 4

_log = get_logger(__name__)


class OutOfTime(Exception):
    """No call can be made any more within the turn's time."""


class StillGarbage(Exception):
    """The model was asked to put its answer right once, and did not."""


class ContentRefused(Exception):
    """The model, or its provider's filter, will not speak of this."""


@dataclass
class Account:
    """The calls of one answer: their ledger, their times, and what became of them."""

    ledger: "CallLedger"
    desk: Desk
    purpose: Purpose
    ends_at: float  # monotonic seconds
    request_seconds: float
    retry_seconds: float = 0.0
    requests: int = 0
    repairs: int = 0
    writer: ModelName | None = None  # of the last answer that came
    attempts: list[dict[str, object]] = field(default_factory=list)
    failed: dict[ModelName, CallFailed] = field(default_factory=dict)  # not asked again for this answer

    def count_request(self) -> None:
        """One more request of the dialogue. What does not follow a tool's result is a repair. Raises StillGarbage."""
        self.requests += 1
        if self.requests > 1 and not self.desk.progressed:
            self.repairs += 1
        self.desk.progressed = False
        if self.repairs > MOST_REPAIRS:
            raise StillGarbage

    def seconds_left(self) -> float:
        """Of the answer's time."""
        return self.ends_at - time.monotonic()

    def seconds(self) -> float:
        """How long the next call may take. Raises OutOfTime."""
        left = self.seconds_left()
        if left < LEAST_SECONDS:
            raise OutOfTime
        return min(left, self.request_seconds)

    def finish(  # noqa: PLR0913 - what is known of one call
        self,
        call: StartedCall,
        name: ModelName,
        *,
        started: float,
        usage: CallUsage | None = None,
        failure: CallFailure | None = None,
        guessed: bool = False,
    ) -> None:
        """Writes the end of a call into the ledger and into the record of this answer."""
        state = failure.state if failure else "estimated" if guessed else "succeeded"
        code = failure.code if failure else None
        self.ledger.finish(call, usage=usage, state=state, error_code=code)
        took = int((time.monotonic() - started) * 1000)
        self.attempts.append({"model": str(name), "state": state, "code": code, "ms": took})
        if failure is not None:
            _log.warning("model call failed", model=str(name), code=failure.code, ms=took)


class AccountedModel(WrapperModel):
    """One of the turn's models. `leads` is the one that is asked first at every step of the dialogue.

    `again`: a call that was certainly refused, and not for ever, is made once more after a pause.
    """

    def __init__(self, wrapped: Model, *, name: ModelName, account: Account, leads: bool, again: bool) -> None:
        super().__init__(wrapped)
        self._name = name
        self._account = account
        self._leads = leads
        self._again = again

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """One call. Raises CallFailed, OutOfTime, StillGarbage, ContentRefused, and what the ledger raises."""
        account, name = self._account, self._name
        if self._leads:
            account.count_request()
        if name in account.failed:
            raise account.failed[name]
        try:
            return await self._call(messages, model_settings, model_request_parameters)
        except CallFailed as refused:
            failure = refused.failure
            if not (self._again and failure.fallback and failure.state == "failed"):
                raise
            pause = max(account.retry_seconds, failure.retry_after or 0.0)
            if pause > min(LONGEST_PAUSE_SECONDS, account.seconds_left()):
                raise
        self._again = False
        del account.failed[name]
        await asyncio.sleep(pause)
        return await self._call(messages, model_settings, model_request_parameters)

    async def _call(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        account, name = self._account, self._name
        settings: dict[str, Any] = {**(model_settings or {})}
        asked = len(ModelMessagesTypeAdapter.dump_json(messages)) + _size_of_tools(model_request_parameters)
        most = CallUsage(
            input_tokens=math.ceil(asked / _CHARACTERS_PER_TOKEN_AT_LEAST), output_tokens=settings["max_tokens"]
        )
        account.seconds()  # no call is written down that has no time
        call = await asyncio.to_thread(account.ledger.start, model=str(name), purpose=account.purpose, most=most)
        started = time.monotonic()
        try:
            seconds = account.seconds()
            settings |= {"timeout": seconds, "max_retries": 0, "extra_headers": {CALL_ID_HEADER: str(call.id)}}
            async with asyncio.timeout(seconds):
                response = await self.wrapped.request(
                    messages, cast("ModelSettings", settings), model_request_parameters
                )
        except OutOfTime:  # the ledger took what was left: nothing was sent
            account.finish(call, name, started=started, failure=CallFailure("out_of_time", "failed", fallback=False))
            raise
        except Exception as trouble:
            failure = failure_of(trouble)
            account.finish(call, name, started=started, failure=failure)
            if failure.garbage:
                return ModelResponse(parts=[], model_name=name.name)  # nothing was said: the dialogue asks once more
            failed = CallFailed(failure)
            if failure.fallback:
                account.failed[name] = failed
            raise failed from trouble
        usage, guessed = _usage(response, asked=asked)
        account.finish(call, name, started=started, usage=usage, guessed=guessed)
        account.writer = name
        if response.finish_reason == "content_filter":
            raise ContentRefused
        return response


def turn_model(clients: ModelClients, choice: ModelChoice, account: Account) -> Model:
    """The agent's models for one answer: the fallback is asked when the primary's failure allows it."""
    alone = choice.fallback is None
    models = [
        AccountedModel(clients.model(name), name=name, account=account, leads=name == choice.primary, again=alone)
        for name in (choice.primary, choice.fallback)
        if name is not None
    ]
    if len(models) == 1:
        return models[0]
    return FallbackModel(*models, fallback_on=_falls_back)


def _falls_back(trouble: Exception) -> bool:
    return isinstance(trouble, CallFailed) and trouble.failure.fallback


def _usage(response: ModelResponse, *, asked: int) -> tuple[CallUsage, bool]:
    """What the call used, and whether that is our guess because the provider did not say (L3)."""
    told = response.usage
    if not told.input_tokens and not told.output_tokens:
        said = len(ModelMessagesTypeAdapter.dump_json([response]))
        guess = (math.ceil(size / _CHARACTERS_PER_TOKEN) for size in (asked, said))
        return CallUsage(input_tokens=next(guess), output_tokens=next(guess)), True
    return CallUsage(
        input_tokens=told.input_tokens,
        output_tokens=told.output_tokens,
        cached_tokens=told.cache_read_tokens,
        cache_write_tokens=told.cache_write_tokens,
        audio_tokens=told.input_audio_tokens,
    ), False


def _size_of_tools(parameters: ModelRequestParameters) -> int:
    """Characters of the tools' names, descriptions and schemas, roughly as they are sent."""
    tools = [*parameters.function_tools, *parameters.output_tools]
    return sum(len(f"{tool.name}{tool.description}{tool.parameters_json_schema}") for tool in tools)
