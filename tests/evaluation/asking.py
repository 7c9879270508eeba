"""Asks the questions: what each way of searching finds, and what the responder replies."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from shared.agents.extractive import ExtractiveResponder
from shared.agents.questions import questions
from shared.agents.responder import Turn
from shared.conversations.models import ClaimedTurn, Configuration, InboundMessage
from shared.knowledge.embedding import Embedder, HashedNgrams
from shared.knowledge.importing import import_folder
from shared.knowledge.portuguese import question_terms
from shared.knowledge.queries import direction
from shared.knowledge.retrieval import retrieve
from tests.evaluation.questions import BUSINESSES
from tests.support.tenants import make_organization

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.agents.responder import Answer, Responder
    from shared.knowledge.models import Retrieval
    from shared.platform.database import Database
    from tests.evaluation.questions import Question
    from tests.support.database import Database as TestDatabase

EMBEDDER: Final = HashedNgrams()
HYBRID, VECTOR, TEXT = "hybrid", "vector only", "full text only"
PASSAGES: Final = 5
_ALL: Final = 1000  # more chunks than a business has: the single ways rank all of them


@dataclass(frozen=True, slots=True)
class Business:
    """An imported business: `names` are its live chunks as "file#heading", `texts` what they say, both by chunk id."""

    name: str
    organization_id: UUID
    names: Mapping[UUID, str]
    texts: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one search ranked: names best first, and the score of the first, which a threshold decides about."""

    names: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and, for each part of it that is asked apart, what a way of searching found."""

    question: Question
    parts: tuple[Ranking, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the responder made of a question, and the chunks that it was given."""

    question: Question
    answer: Answer
    retrieved: frozenset[UUID]


def import_businesses(database: TestDatabase, application: Database) -> list[Business]:
    """Import every business as an organization of its own: first what it knew before, then what it knows."""
    found = []
    for name, folder in BUSINESSES.items():
        organization_id = make_organization(database, name=name.title()).organization_id
        for stage in ("before", "documents"):
            report = import_folder(application, organization_id, folder / stage)
            assert not report.problems, report.problems
        found.append(Business(name, organization_id, *_live_chunks(application, organization_id)))
    return found


def _live_chunks(application: Database, organization_id: UUID) -> tuple[dict[UUID, str], dict[UUID, str]]:
    """The chunks that may be used today, by id: their names and their texts."""
    rows = application.tenant_once(
        organization_id,
        "SELECT chunk.id, entry.source_path, chunk.heading, chunk.content FROM platform.knowledge_chunks AS chunk"
        " JOIN platform.knowledge_base AS entry ON entry.id = chunk.knowledge_id"
        " WHERE entry.status = 'active' AND (entry.valid_until IS NULL OR entry.valid_until > now())",
    )
    names = {row.id: f"{row.source_path}#{row.heading.rpartition(' > ')[2]}" for row in rows}
    return names, {row.id: f"{row.heading}\n{row.content}" for row in rows}


def parts_of(question: Question) -> list[str]:
    """What of the message is asked apart; a message that is only courtesy is asked whole."""
    return questions([question.ask]) or [question.ask]


def ask_single_ways(
    application: Database, business: Business, asked: Sequence[Question], *, embedder: Embedder
) -> dict[str, list[Asked]]:
    """What vectors alone and words alone find: all chunks of the business, ranked by each measure."""
    found: dict[str, list[Asked]] = {VECTOR: [], TEXT: []}
    for question in asked:
        measured = [_measured(application, business, part, embedder=embedder) for part in parts_of(question)]
        by_vector = tuple(_ranked(business, [(cosine, chunk) for chunk, cosine, _ in rows]) for rows in measured)
        by_words = tuple(_ranked(business, [(covered, chunk) for chunk, _, covered in rows]) for rows in measured)
        found[VECTOR].append(Asked(question, by_vector))
        found[TEXT].append(Asked(question, by_words))
    return found


def _measured(
    application: Database, business: Business, part: str, *, embedder: Embedder
) -> Sequence[tuple[UUID, float, float]]:
    """(chunk, cosine, coverage) of every chunk of the business."""
    terms = question_terms(part)
    rows = application.tenant_once(
        business.organization_id,
        "SELECT chunk_id, cosine, coverage FROM platform.search_knowledge(CAST(:vector AS public.vector), :model,"
        " CAST(:lexemes AS text[]), CAST(:weights AS float8[]), :all, :all)",
        vector=direction(embedder.embed([part])[0]),
        model=embedder.model,
        lexemes=list(terms),
        weights=list(terms.values()),
        all=_ALL,
    )
    return [(row.chunk_id, float(row.cosine), float(row.coverage)) for row in rows] if terms else []


def _ranked(business: Business, scored: Sequence[tuple[float, UUID]]) -> Ranking:
    ranked = sorted(((-score, chunk_id) for score, chunk_id in scored if score > 0))
    names = _names(business, [chunk_id for _, chunk_id in ranked[:PASSAGES]])
    return Ranking(names, -ranked[0][0] if ranked else 0.0)


def _names(business: Business, chunk_ids: Sequence[UUID]) -> tuple[str, ...]:
    # a chunk that is not live has no name here; it must not be found, and counts as nothing's source
    return tuple(business.names.get(chunk_id, f"not live: {chunk_id}") for chunk_id in chunk_ids)


class Watched:
    """The search as a responder is given it; remembers which chunks it handed out."""

    def __init__(self, application: Database, embedder: Embedder = EMBEDDER) -> None:
        self._application, self._embedder = application, embedder
        self.retrieved: list[Retrieval] = []

    def __call__(self, organization_id: UUID, question: str) -> Retrieval:
        """Search, at most PASSAGES."""
        found = retrieve(
            self._application,
            organization_id=organization_id,
            question=question,
            limit=PASSAGES,
            embedder=self._embedder,
        )
        self.retrieved.append(found)
        return found

    @contextlib.contextmanager
    def one_question(self) -> Iterator[list[Retrieval]]:
        """What is retrieved within."""
        self.retrieved = []
        yield self.retrieved


def replies(
    business: Business, asked: Sequence[Question], watched: Watched, responder: Responder | None = None
) -> Iterator[tuple[Asked, Reply]]:
    """For each question what was found for it and what the responder replies, the extractive one by default."""
    responder = responder or ExtractiveResponder(retrieve=watched)
    for question in asked:
        with watched.one_question() as retrieved:
            answer = responder.answer(_turn(business, question))
        rankings = tuple(
            Ranking(_names(business, [passage.chunk_id for passage in one.passages]), one.best_score)
            for one in retrieved
        )
        chunk_ids = frozenset(passage.chunk_id for one in retrieved for passage in one.passages)
        yield Asked(question, rankings), Reply(question, answer, chunk_ids)


def _turn(business: Business, question: Question) -> Turn:
    configuration = Configuration(
        agent_id=uuid4(),
        agent_settings={},
        model_settings={},
        organization_name=business.name.title(),
        locale="pt-BR",
        provider="whatsapp",
    )
    claimed = ClaimedTurn(
        organization_id=business.organization_id,
        conversation_id=uuid4(),
        fence=1,
        from_seq=1,
        to_seq=1,
        attempt=1,
        messages=(InboundMessage(id=uuid4(), seq=1, type="text", text=question.ask),),
        history=(),
        configuration=configuration,
        recipient="5511900000000",
        connection={},
    )
    return Turn(claimed, _NoCalls(), lambda: 60.0)


class _NoCalls:
    """A ledger for turns that call no model."""

    def start(self, **call: Any) -> Any:
        raise AssertionError(f"nothing may be called here: {call}")

    def finish(self, *_: Any, **call: Any) -> None:
        raise AssertionError(f"nothing may be called here: {call}")
