"""The responder that needs no model: it answers with the best passage of the organization's knowledge, or hands over.

It never invents: what it says is cut from a passage that retrieval holds to be good enough, sentence by sentence.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID

from shared.agents.asking_for_a_person import without_asking
from shared.agents.chat_text import chat_text, stems
from shared.agents.gates.models import Source
from shared.agents.person_called import business_of, person_called
from shared.agents.questions import Courtesy, courtesy, questions
from shared.agents.responder import Answer, Turn
from shared.agents.tools import as_record
from shared.agents.wording import Wording, wording
from shared.channels.text_parts import sentences
from shared.conversations.models import ClaimedTurn
from shared.kit.clock import utc_now
from shared.knowledge.models import Passage, Retrieval

# As much as one reads at a glance on a telephone; longer passages are cut to the sentences that speak of the question.
ANSWER_CHARACTERS: Final = 700

# Reasons that are not about what is missing here: nothing is said of it.
_NO_GAP: Final = frozenset({"customer_asked", "complaint", "model_unavailable", "model_garbage", "model_refused"})

Retrieve = Callable[[UUID, str], Retrieval]


class ExtractiveResponder:
    """Answers each question of the burst from its own best passage; `retrieve` takes an organization and a question."""

    def __init__(self, *, retrieve: Retrieve) -> None:
        self._retrieve = retrieve

    def answer(self, turn: Turn) -> Answer:
        """One reply for the whole burst. Abstains, wholly or for a part, where the knowledge says nothing."""
        claimed = turn.claimed
        texts = [message.words for message in claimed.messages if message.words]
        rest, person_asked = without_asking(texts)
        asked = questions(rest)
        unreadable = any(message.unread for message in claimed.messages)
        if not asked and not unreadable and not person_asked:
            return courtesy_answer(claimed, wording(claimed.configuration.locale), courtesy(texts))
        found = [(question, self._retrieve(claimed.organization_id, question)) for question in asked]
        reason = "customer_asked" if person_asked else "unreadable_message" if unreadable else None
        return _answer_from(claimed, found, reason=reason)


def _answer_from(claimed: ClaimedTurn, found: list[tuple[str, Retrieval]], *, reason: str | None) -> Answer:
    """The reply from what was found for each question, in their order; with a `reason` people are called anyhow."""
    said: dict[str, str] = {}
    sources: dict[str, Source] = {}
    unanswered: list[str] = []
    for question, retrieval in found:
        if retrieval.above_threshold and retrieval.passages:
            best = retrieval.passages[0]
            chunk_id = str(best.chunk_id)
            said.setdefault(chunk_id, excerpt(best, question))
            sources[chunk_id] = Source(chunk_id=chunk_id, text=f"{best.heading}\n{best.content}")
        else:
            unanswered.append(question)
    if reason is None and unanswered:
        reason = "knowledge_gap"
    passages = {passage.chunk_id: passage for _, retrieval in found for passage in retrieval.passages}.values()
    return Answer(
        text="\n\n".join([*said.values(), *closing(claimed, reason, partial=bool(said))]),
        abstained=reason is not None,
        reason=reason,
        chunk_ids=tuple(str(passage.chunk_id) for passage in passages),
        scores=tuple(round(float(passage.score), 6) for passage in passages),
        sources=tuple(sources.values()),
        details={
            "used": list(said),
            "best_scores": [retrieval.best_score for _, retrieval in found],
            "unanswered": [asked_in(claimed, question) for question in unanswered],
            "searches": [as_record(retrieval) for _, retrieval in found],
            "decision": {"abstained": reason is not None, "reason": reason},
        },
    )


def closing(claimed: ClaimedTurn, reason: str | None, *, partial: bool, locale: str | None = None) -> list[str]:
    """What is said last when people are to go on: what is missing, and that they were called.

    In the organization's language, unless `locale` is the customer's.
    """
    if reason is None:
        return []
    business = business_of(claimed.configuration)
    business = replace(business, locale=locale or business.locale)
    words = wording(business.locale)
    sentence = person_called(business, now=utc_now())
    if reason in _NO_GAP:
        return [sentence]
    return [f"{words.partial_gap if partial else words.gap} {sentence}"]


def asked_in(claimed: ClaimedTurn, question: str) -> dict[str, str]:
    """A question with the message in which it ends."""
    holding = [message for message in claimed.messages if message.words and message.words.strip()[-20:] in question]
    return {"text": question, "message_id": str((holding or claimed.messages)[-1].id)}


def courtesy_answer(claimed: ClaimedTurn, words: Wording, kind: Courtesy | None) -> Answer:
    """What to say when nothing was asked; a burst that cannot be read at all is a person's."""
    if kind is None and not any("?" in message.words for message in claimed.messages):
        # a thumb up or a heart: whoever answers it starts a conversation about nothing
        return Answer(text=None, details={"courtesy": "sign"})
    if kind is None:
        return _answer_from(claimed, [], reason="unreadable_message")
    text = words.greeting.format(organization=claimed.configuration.organization_name)
    return Answer(
        text=text if kind is Courtesy.GREETING else words.thanks,
        details={"courtesy": kind.value},
    )


def excerpt(passage: Passage, question: str) -> str:
    """The passage as a chat message of at most ANSWER_CHARACTERS: whole, or its sentences that fit the question best.

    The sentences stay in the passage's order; a single sentence that is too long is kept whole.
    """
    wanted = stems(question)
    text = chat_text(passage.content, wanted=wanted)
    if len(text) <= ANSWER_CHARACTERS:
        return text
    candidates = sentences(text)
    ranked = sorted(range(len(candidates)), key=lambda index: (-len(wanted & stems(candidates[index])), index))
    chosen: list[int] = []
    room = ANSWER_CHARACTERS
    for index in ranked:
        if chosen and len(candidates[index]) + 1 > room:
            continue
        chosen.append(index)
        room -= len(candidates[index]) + 1
    return " ".join(candidates[index] for index in sorted(chosen))
