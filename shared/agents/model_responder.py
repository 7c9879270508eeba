"""The responder with a language model: it answers from passages that were found, cites them, or hands over.

What the model says is believed as far as it is checked: its form, its language, its citations. A reply that is not in
order is asked for once more; after that, and when no model answers, a person is called.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.agents.asking_for_a_person import without_asking
from shared.agents.extractive import asked_in, closing, courtesy_answer
from shared.agents.gates.models import Source, Verdict
from shared.agents.languages import is_other_language, spoken_language
from shared.agents.models.names import ModelChoice
from shared.agents.models.outcome import Converses, Objection, Outcome
from shared.agents.prompts import instructions, prompt_version, turn_prompt
from shared.agents.questions import courtesy, questions
from shared.agents.reply_schema import Reply
from shared.agents.responder import Answer, Purpose, Turn, Understanding
from shared.agents.tools import Desk, Retrieve
from shared.agents.wording import wording
from shared.conversations.models import ClaimedTurn
from shared.kit.clock import utc_now
from shared.kit.text import clean_text

UNCITED: Final = "uncited_answer"
UNREADABLE: Final = "unreadable_message"
CUSTOMER_ASKED: Final = "customer_asked"


@dataclass(frozen=True, slots=True)
class _Burst:
    """What a turn asks, and in which language its customer is answered."""

    claimed: ClaimedTurn
    asked: Sequence[str]
    person_asked: bool
    unread: bool
    language: str


class ModelResponder:
    """Answers with the agent's models; `retrieve` takes an organization and a question."""

    def __init__(self, *, retrieve: Retrieve, service: Converses, choice: ModelChoice) -> None:
        self._retrieve = retrieve
        self._service = service
        self._choice = choice

    def answer(self, turn: Turn) -> Answer:
        """One reply for the whole burst. Raises SpendingLimitReached, and Unavailable when the database is away."""
        burst = _read(turn.claimed)
        if not burst.asked and not burst.unread and not burst.person_asked:
            return courtesy_answer(turn.claimed, wording(burst.language), courtesy(_texts(turn.claimed)))
        if not burst.asked:
            return _decided(_handed_over(Answer(text=None), burst, UNREADABLE if burst.unread else CUSTOMER_ASKED))
        return self._ask(turn, burst, purpose="answer")

    def rewrite(self, turn: Turn, answer: Answer, vetoes: Sequence[Verdict]) -> Answer:
        """The answer again, without what the gates found in it: from the same passages, in one dialogue."""
        because = [{"code": verdict.code, "words": verdict.found} for verdict in vetoes]
        refused = {"text": answer.text or "", "because": because}
        return self._ask(turn, _read(turn.claimed), purpose="rewrite", refused=refused)

    def _ask(
        self, turn: Turn, burst: _Burst, *, purpose: Purpose, refused: Mapping[str, object] | None = None
    ) -> Answer:
        desk = Desk(turn.claimed, self._retrieve)
        for question in burst.asked:
            desk.look_up(question)
        prompt = turn_prompt(
            turn.claimed,
            questions=burst.asked,
            passages=desk.passages,
            language=burst.language,
            now=utc_now(),
            refused=refused,
        )
        outcome = self._service.converse(
            turn,
            self._choice,
            instructions=instructions(burst.claimed.configuration.locale),
            prompt=prompt,
            desk=desk,
            objection=_objection(burst),
            purpose=purpose,
        )
        return decide(burst.claimed, outcome, desk, choice=self._choice)


def decide(claimed: ClaimedTurn, outcome: Outcome, desk: Desk, *, choice: ModelChoice) -> Answer:
    """The answer that an outcome of the model leads to: always the same for the same outcome and passages."""
    burst = _read(claimed)
    record = _record(claimed, outcome, desk, choice)
    considered = [numbered.passage for numbered in desk.passages]
    answer = Answer(
        text=None,
        model=outcome.model or str(choice.primary),
        chunk_ids=tuple(str(passage.chunk_id) for passage in considered),
        scores=tuple(round(float(passage.score), 6) for passage in considered),
        prompt=prompt_version(claimed.configuration.locale),
        instructions=instructions(claimed.configuration.locale),
        details=record,
    )
    reply = outcome.reply
    if reply is None:
        record["unanswered"] = [asked_in(claimed, question) for question in burst.asked]
        return _decided(_handed_over(answer, burst, outcome.failure or UNCITED))
    cited, invented = desk.cited(reply.citations)
    record |= {"used": [str(passage.chunk_id) for passage in cited], "invented_citations": invented}
    answer = replace(
        answer,
        sources=tuple(Source(chunk_id=str(passage.chunk_id), text=passage.content) for passage in cited),
        understanding=_understanding(reply),
    )
    text = _clean(reply.text) if cited else ""
    asked = CUSTOMER_ASKED if burst.person_asked else None
    reason = asked or (UNREADABLE if burst.unread else reply.hand_over) or (None if text else UNCITED)
    if reason is not None:
        record["unanswered"] = [asked_in(claimed, question) for question in _unanswered(burst, desk, said=bool(text))]
    return _decided(replace(answer, text=text) if reason is None else _handed_over(answer, burst, reason, said=text))


def _decided(answer: Answer) -> Answer:
    """With what was decided in its record: the gates may decide otherwise."""
    decision = {"abstained": answer.abstained, "reason": answer.reason}
    return replace(answer, details={**answer.details, "decision": decision})


def _read(claimed: ClaimedTurn) -> _Burst:
    texts = _texts(claimed)
    rest, person_asked = without_asking(texts)
    return _Burst(
        claimed=claimed,
        asked=questions(rest),
        person_asked=person_asked,
        unread=any(message.unread for message in claimed.messages),
        language=spoken_language(
            texts,
            earlier=[said.text for said in claimed.history if said.sender == "customer" and said.text],
            locale=claimed.configuration.locale,
        ),
    )


def _objection(burst: _Burst) -> Objection:
    """What is to be said to the model about a reply of the right form: for one repair."""

    def objection(reply: Reply) -> str | None:
        if is_other_language(reply.text, burst.language):
            return f"The text must be in the customer's language: {burst.language}."
        if not reply.text.strip() and reply.hand_over is None:
            return "The text is empty. Answer from the passages, or say in hand_over why a person must go on."
        return None

    return objection


def _handed_over(answer: Answer, burst: _Burst, reason: str, *, said: str = "") -> Answer:
    """What is known is said, and a person goes on with the rest: one honest sentence for it (H-04)."""
    last = closing(burst.claimed, reason, partial=bool(said), locale=burst.language)
    return replace(answer, text="\n\n".join(filter(None, (said, *last))), abstained=True, reason=reason)


def _texts(claimed: ClaimedTurn) -> list[str]:
    return [message.words for message in claimed.messages if message.words]


def _unanswered(burst: _Burst, desk: Desk, *, said: bool) -> Sequence[str]:
    """The questions that a person finds open: all, or those for which nothing was found when a part was answered."""
    if not said:
        return burst.asked
    return [question for question, search in zip(burst.asked, desk.searches, strict=False) if not search.found]


def _clean(text: str) -> str:
    return clean_text(text)[0].strip()


def _understanding(reply: Reply) -> Understanding:
    return Understanding(
        intent=reply.intent,
        sentiment=round(reply.sentiment, 2),
        confidence=round(reply.confidence, 2),
        entities=tuple({"kind": _clean(one.kind), "value": _clean(one.value)} for one in reply.entities),
        language=reply.language,
    )


def _record(claimed: ClaimedTurn, outcome: Outcome, desk: Desk, choice: ModelChoice) -> dict[str, Any]:
    """What the execution keeps, so that it can be explained and run again; the customer's words are not in it."""
    reply = outcome.reply
    said: dict[str, Any] | None = None
    if reply is not None:
        said = {**reply.model_dump(exclude={"text", "entities"}), "said_something": bool(_clean(reply.text))}
    return {
        "prompt": prompt_version(claimed.configuration.locale),
        "parameters": {"temperature": choice.temperature, "max_tokens": choice.max_tokens},
        "models": [str(name) for name in (choice.primary, choice.fallback) if name is not None],
        "attempts": list(outcome.attempts),
        "repairs": outcome.repairs,
        "failure": outcome.failure,
        "failure_cause": outcome.cause,
        "searches": [search.as_record() for search in desk.searches],
        "reply": said,
        "best_scores": [round(float(search.retrieval.best_score), 6) for search in desk.searches],
    }
