"""Lets an answer meet the gates before it is committed: what they refuse is written once more, or a person gets it.

The model has no say in it, and no gate asks a model. The verdicts are kept in the answer's details.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from shared.agents.disclosure import with_disclosure
from shared.agents.gates.models import MOST_CHARACTERS, Draft, Said, Verdict
from shared.agents.gates.order import judge
from shared.agents.person_called import business_of, person_called
from shared.agents.records import MOST_PARTS, message_limit
from shared.agents.responder import Answer, Responder, Rewriter, Turn
from shared.conversations.models import ClaimedTurn
from shared.kit.clock import utc_now
from shared.kit.errors import Unavailable
from shared.kit.text import clean_text
from shared.platform.logs import get_logger

# Less is not enough for a model's answer: a person is the surer way.
_SECONDS_FOR_A_REWRITE: Final = 8.0

_log = get_logger(__name__)


def reviewed(responder: Responder, turn: Turn, answer: Answer) -> Answer:
    """The answer as it may leave: itself, a second try of it, or the sentence that a person was called.

    Raises Unavailable when the database is; whatever else goes wrong in a second try leads to a person.
    """
    if not answer.text:
        return answer
    answer = _clean(answer)
    verdicts = judge(draft_of(turn.claimed, answer))
    record = _record(verdicts, attempt=1)
    vetoes = [verdict for verdict in verdicts if not verdict.passed]
    if vetoes and _may_write_again(responder, turn, vetoes):
        second = _second_try(responder, turn, answer, vetoes)
        if second is not None and second.text:
            answer = _clean(second)
            verdicts = judge(draft_of(turn.claimed, answer))
            record += _record(verdicts, attempt=2)
            vetoes = [verdict for verdict in verdicts if not verdict.passed]
    if vetoes:
        _log_vetoes(turn.claimed, vetoes)
        answer = _to_a_person(turn.claimed, answer, vetoes)
    answer = replace(answer, details={**answer.details, "gates": record})
    return with_disclosure(turn.claimed, answer)


def _clean(answer: Answer) -> Answer:
    """With the text that would be stored and sent: that one meets the gates."""
    text, _ = clean_text(answer.text or "")
    return replace(answer, text=text)


def draft_of(claimed: ClaimedTurn, answer: Answer) -> Draft:
    """What the gates are shown of a turn and its answer."""
    asked = tuple(message.words for message in claimed.messages if message.words)
    said = tuple(earlier.text or "" for earlier in claimed.history if earlier.sender == "customer")
    # when people answer is the business's own word, and true
    own = _own_sentences(claimed) if answer.abstained else ()
    return Draft(
        text=answer.text or "",
        sources=(*(source.text for source in answer.sources), *own),
        customer=(*said, *asked),
        asked=asked,
        history=tuple(Said(earlier.sender, earlier.text or "", earlier.age) for earlier in claimed.history),
        settings=claimed.configuration.agent_settings,
        organization=claimed.configuration.organization_name,
        locale=claimed.configuration.locale,
        recipient=claimed.recipient,
        hands_over=answer.abstained,
        instructions=answer.instructions,
        written=":" in answer.model,  # a model is named after its provider; what is quoted or ruled is not
        most_characters=min(MOST_CHARACTERS, message_limit(claimed) * (MOST_PARTS - 2)),
    )


def _own_sentences(claimed: ClaimedTurn) -> tuple[str, ...]:
    """What the platform says of a hand-over, in each language in which it may be said to this customer."""
    business = business_of(claimed.configuration)
    now = utc_now()
    return tuple(person_called(replace(business, locale=locale), now=now) for locale in (business.locale, "pt", "en"))


def _may_write_again(responder: Responder, turn: Turn, vetoes: Sequence[Verdict]) -> bool:
    """A loop is not a matter of words."""
    return (
        isinstance(responder, Rewriter)
        and turn.seconds_left() >= _SECONDS_FOR_A_REWRITE
        and all(veto.gate != "loop" for veto in vetoes)
    )


def _second_try(responder: Responder, turn: Turn, answer: Answer, vetoes: Sequence[Verdict]) -> Answer | None:
    """What the responder makes of the vetoes; None when it cannot."""
    if not isinstance(responder, Rewriter):
        return None
    try:
        return responder.rewrite(turn, answer, vetoes)
    except Unavailable:
        raise
    except Exception as trouble:  # noqa: BLE001 - there is an answer already: a person gets it, nobody pays for a third
        _log.warning("answer not written again", failure=type(trouble).__name__, **_ids(turn.claimed))
        return None


def _to_a_person(claimed: ClaimedTurn, answer: Answer, vetoes: Sequence[Verdict]) -> Answer:
    """The honest sentence instead of what may not be said. Nothing of the draft is kept."""
    gate = vetoes[0].gate
    return replace(
        answer,
        text=person_called(business_of(claimed.configuration), now=utc_now()),
        abstained=True,
        reason="probable_bot" if gate == "loop" else f"gate:{gate}",
        sources=(),
    )


def _record(verdicts: Sequence[Verdict], *, attempt: int) -> list[dict[str, object]]:
    """What is stored of the verdicts, never the words that they are about."""
    return [
        {"gate": one.gate, "version": one.version, "passed": one.passed, "code": one.code, "attempt": attempt}
        for one in verdicts
    ]


def _log_vetoes(claimed: ClaimedTurn, vetoes: Sequence[Verdict]) -> None:
    codes = [f"{veto.gate}:{veto.code}" for veto in vetoes]
    _log.warning("answer stopped at the gates", gates=codes, **_ids(claimed))


def _ids(claimed: ClaimedTurn) -> dict[str, str]:
    return {"organization_id": str(claimed.organization_id), "conversation_id": str(claimed.conversation_id)}
