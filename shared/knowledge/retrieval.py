"""Finds the passages of an organization's knowledge that answer a question, or says that there are none.

One statement and one round trip: vectors and words are ranked in the database, joined by reciprocal rank, and
thresholded here by a calibrated score. The question itself is not sent: only numbers and folded lexemes are.
"""

import re
from uuid import UUID

from shared.kit.text import truncate
from shared.knowledge.calibration import calibration_of
from shared.knowledge.embedding import Embedder, HashedNgrams
from shared.knowledge.models import Passage, Retrieval
from shared.knowledge.portuguese import question_terms
from shared.knowledge.queries import search_knowledge
from shared.platform.database import Database

__all__ = ["Passage", "Retrieval", "retrieve"]

QUESTION_LIMIT = 2000  # characters that are read of a question; a burst of messages has a few hundred
PASSAGE_LIMIT = 50
_FUSED = 20  # passages that are scored: the right one is almost never further down the joined ranking

_NEAR = 0.1  # of score: passages that only differ in their numbers are closer, unless the question asks for one by name

_EMBEDDER = HashedNgrams()
_WORDS = re.compile(r"[^\W\d_]+")


def retrieve(
    database: Database, *, organization_id: UUID, question: str, limit: int = 5, embedder: Embedder = _EMBEDDER
) -> Retrieval:
    """The best passages for a question, at most `limit`, or none when even the best is below the model's threshold.

    Only entries that are active and within their date count, and only chunks of the embedder's own model. A question
    without a word that means something finds nothing and asks nobody. Raises ValueError for a limit outside 1 to 50,
    LookupError for an embedder without calibration, Unavailable when the database is.
    """
    if not 1 <= limit <= PASSAGE_LIMIT:
        raise ValueError(f"limit is {limit}, must be 1 to {PASSAGE_LIMIT}")
    calibration = calibration_of(embedder.model)
    asked = truncate(question, QUESTION_LIMIT)
    terms = question_terms(asked)
    if not terms:
        return Retrieval(passages=(), best_score=0.0, above_threshold=False)
    found = search_knowledge(
        database,
        organization_id=organization_id,
        vector=embedder.embed([asked])[0],
        model=embedder.model,
        terms=terms,
        limit=max(_FUSED, limit),
    )
    passages = [
        Passage(
            row.chunk_id,
            row.knowledge_id,
            row.heading or "",
            row.content,
            calibration.score(cosine=row.cosine, coverage=row.coverage),
            row.vector_rank,
            row.text_rank,
        )
        for row in found
    ]
    passages.sort(key=lambda passage: -passage.score)  # the fused order decides between equals
    passages = _newest_first_of_equals(passages)
    best_score = max((passage.score for passage in passages), default=0.0)
    above_threshold = best_score >= calibration.threshold
    return Retrieval(tuple(passages[:limit]) if above_threshold else (), best_score, above_threshold)


def _newest_first_of_equals(passages: list[Passage]) -> list[Passage]:
    """Of passages that say the same but for their numbers, such as an old price and a new one, the newest comes first.

    An entry's id tells when it was written. Others keep their places.
    """
    ordered = list(passages)
    words = [tuple(_WORDS.findall(passage.content.lower())) for passage in passages]
    for place, passage in enumerate(ordered):
        for later in range(place + 1, len(ordered)):
            other = ordered[later]
            is_equal = words[later] == words[place] and passage.score - other.score <= _NEAR
            if is_equal and other.knowledge_id > ordered[place].knowledge_id:
                ordered[place], ordered[later] = other, ordered[place]
    return ordered
