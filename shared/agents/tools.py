"""What a model may do besides answering: search the knowledge of the organization whose turn this is, a few times.

No tool takes an organization, a contact or a conversation: they are the turn's, whatever the model says (A-09).
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from shared.conversations.models import ClaimedTurn
from shared.knowledge.models import Passage, Retrieval

Retrieve = Callable[[UUID, str], Retrieval]

# A follow-up that needs the earlier messages to be understood is found with one more question, seldom two.
MOST_SEARCHES: Final = 2
_QUESTION_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class NumberedPassage:
    """A passage under the number by which the model knows it: our ids stay here."""

    number: int
    passage: Passage

    def as_data(self) -> dict[str, object]:
        """What the model sees of it."""
        return {"number": self.number, "title": self.passage.heading, "text": self.passage.content}


@dataclass(frozen=True, slots=True)
class Search:
    """One look-up: its key is the turn and the call's place in it, so that the same call is one call."""

    key: str
    retrieval: Retrieval

    @property
    def found(self) -> bool:
        """Whether there was a passage that is good enough."""
        return self.retrieval.above_threshold and bool(self.retrieval.passages)

    def as_record(self) -> dict[str, object]:
        """For the execution's record: what was found, not what was asked."""
        return {"key": self.key, **as_record(self.retrieval)}


def as_record(found: Retrieval) -> dict[str, object]:
    """A search as an execution's record has it."""
    return {
        "chunk_ids": [str(passage.chunk_id) for passage in found.passages],
        "scores": [round(float(passage.score), 6) for passage in found.passages],
        "best_score": round(float(found.best_score), 6),
        "above_threshold": found.above_threshold,
    }


@dataclass
class Desk:
    """What is on the table while one turn is answered: the passages found so far, and the way to find more."""

    claimed: ClaimedTurn
    retrieve: Retrieve
    searches: list[Search] = field(default_factory=list)
    passages: list[NumberedPassage] = field(default_factory=list)
    searched_by_model: int = 0
    progressed: bool = False  # whether the model used a tool rightly since its last request
    _known: dict[str, list[NumberedPassage]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look_up(self, question: str) -> Sequence[NumberedPassage]:
        """The passages about a question, numbered on. The same question again is answered from the table."""
        with self._lock:
            asked = question.strip()[:_QUESTION_CHARACTERS]
            if asked not in self._known:
                key = f"{self.claimed.conversation_id}:{self.claimed.to_seq}:{len(self.searches) + 1}"
                found = self.retrieve(self.claimed.organization_id, asked)
                self.searches.append(Search(key, found))
                self._known[asked] = [self._number(passage) for passage in found.passages if found.above_threshold]
            return self._known[asked]

    def search(self, question: str) -> Sequence[NumberedPassage]:
        """A look-up that the model asked for; beyond MOST_SEARCHES nothing is found any more."""
        self.progressed = True
        if self.searched_by_model >= MOST_SEARCHES:
            return ()
        self.searched_by_model += 1
        return self.look_up(question)

    def cited(self, numbers: Sequence[int]) -> tuple[list[Passage], int]:
        """The passages under these numbers, each once, and how many of the numbers are invented (K-04)."""
        known = {numbered.number: numbered.passage for numbered in self.passages}
        wanted = list(dict.fromkeys(numbers))
        return [known[number] for number in wanted if number in known], sum(n not in known for n in wanted)

    def _number(self, passage: Passage) -> NumberedPassage:
        for numbered in self.passages:
            if numbered.passage.chunk_id == passage.chunk_id:
                return numbered
        numbered = NumberedPassage(len(self.passages) + 1, passage)
        self.passages.append(numbered)
        return numbered
