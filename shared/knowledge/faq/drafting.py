"""Answered questions become drafts: grouped, compared with all that is known, stored together with the progress.

That is one transaction: a run that dies before its end has done nothing, one that is repeated finds its progress taken.
No model is asked: the words of a draft are those of the customer and the person. Of several answers to one question the
one that most conversations gave is chosen; of two that as many gave, the newest.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from shared.kit.ids import new_id
from shared.knowledge.embedding import Embedder
from shared.knowledge.faq import queries
from shared.knowledge.faq.grouping import Group, grouped
from shared.knowledge.faq.live import Known, known_of
from shared.knowledge.faq.models import AnsweredQuestion, BuildReport, Position, Source
from shared.knowledge.faq.sameness import compared, same_answer
from shared.knowledge.faq.screening import bare_answer, reason_against
from shared.knowledge.writing import stored_form
from shared.platform.database import Database, TenantSession

_BOILERPLATE: Final = 3  # different questions with one and the same answer: it answers none of them
_REEMBEDDED: Final = 100  # drafts per statement when the embedding model has changed


def draft_answers(  # noqa: PLR0913 -- what one batch is
    database: Database,
    organization_id: UUID,
    answered: Sequence[AnsweredQuestion],
    *,
    known: Position | None,
    reached: Position,
    embedder: Embedder,
    report: BuildReport,
) -> bool:
    """Store a batch: its drafts, their sources and that all is read up to `reached`; the counts go into `report`.

    False when another run was there since `known`, and nothing is written. Raises Unavailable when the database is.
    """
    fit, left_out = _screened(answered)
    groups = grouped([pair.question for pair in fit], embedder)
    counts = BuildReport()

    def store() -> bool:
        nonlocal counts
        counts = BuildReport(left_out=Counter(left_out))
        with database.tenant(organization_id) as session:
            queries.lock_drafts(session, organization_id)
            if not queries.advance(session, organization_id, known=known, reached=reached):
                return False
            _store(session, organization_id, fit, groups, model=embedder.model, report=counts)
        return True

    if not database.retrying(store):
        return False
    report.drafts_made += counts.drafts_made
    report.drafts_superseded += counts.drafts_superseded
    report.sources_added += counts.sources_added
    report.left_out += counts.left_out
    return True


def reembed_drafts(database: Database, organization_id: UUID, embedder: Embedder) -> None:
    """Give drafts of another embedding model this one's vectors, so that what was rejected is known again."""
    while rows := queries.drafts_of_another_model(database, organization_id, model=embedder.model, limit=_REEMBEDDED):
        vectors = embedder.embed([row.question for row in rows])
        embeddings = {row.id: stored_form(vector) for row, vector in zip(rows, vectors, strict=True)}
        queries.store_embeddings(database, organization_id, embeddings, model=embedder.model)


def best_answer(sources: Sequence[Source]) -> tuple[Source, int]:
    """Of sources, newest first: the newest of the answer that most conversations gave, and how many did."""
    clusters: list[list[Source]] = []
    for source in sources:
        for cluster in clusters:
            if same_answer(cluster[0].answer, source.answer):
                cluster.append(source)
                break
        else:
            clusters.append([source])
    largest = max(clusters, key=len)  # the first of the largest: the newest
    return largest[0], len(largest)


def _screened(answered: Sequence[AnsweredQuestion]) -> tuple[list[AnsweredQuestion], Counter[str]]:
    fit: list[AnsweredQuestion] = []
    left_out: Counter[str] = Counter()
    for pair in answered:
        bare = replace(pair, question=pair.question.strip(), answer=bare_answer(pair.answer))
        reason = reason_against(bare)
        if reason is None:
            fit.append(bare)
        else:
            left_out[reason] += 1
    asked: dict[str, set[str]] = {}
    for pair in fit:
        asked.setdefault(pair.answer, set()).add(compared(pair.question).key)
    boilerplate = {answer for answer, keys in asked.items() if len(keys) >= _BOILERPLATE}
    left_out["boilerplate"] += sum(pair.answer in boilerplate for pair in fit)
    return [pair for pair in fit if pair.answer not in boilerplate], +left_out


def _store(  # noqa: PLR0913 -- one batch and what becomes of it
    session: TenantSession,
    organization_id: UUID,
    fit: Sequence[AnsweredQuestion],
    groups: Sequence[Group],
    *,
    model: str,
    report: BuildReport,
) -> None:
    messages = {id_ for pair in fit for id_ in (pair.question_message_id, pair.answer_message_id)}
    held = queries.hold_messages(session, organization_id, sorted(messages))
    vectors = [stored_form(group.vector) for group in groups]
    known = known_of(session, [group.question for group in groups], vectors=vectors, model=model)
    sources: list[tuple[UUID, AnsweredQuestion]] = []
    for group, facts in zip(groups, known, strict=True):
        pairs = [fit[place] for place in group.places]
        there = [pair for pair in pairs if {pair.question_message_id, pair.answer_message_id} <= held]
        report.left_out["taken_back"] += len(pairs) - len(there)
        wanted = [pair for pair in there if _is_wanted(pair, facts, report)]
        if not wanted:
            continue
        draft = facts.open_draft
        draft_id = draft.id if draft else _make_draft(session, organization_id, group, wanted, facts, model=model)
        report.drafts_made += draft is None
        sources += [(draft_id, pair) for pair in wanted]
    report.left_out = +report.left_out
    report.sources_added += queries.insert_sources(session, organization_id, sources)
    _choose_answers(session, {facts.open_draft.id: facts for facts in known if facts.open_draft}, sources, report)


def _is_wanted(pair: AnsweredQuestion, known: Known, report: BuildReport) -> bool:
    reason = (
        "live_already" if known.is_live(pair.answer) else "rejected_before" if known.is_refused(pair.answer) else None
    )
    if reason is not None:
        report.left_out[reason] += 1
    return reason is None


def _make_draft(  # noqa: PLR0913 -- one draft with its reasons
    session: TenantSession,
    organization_id: UUID,
    group: Group,
    pairs: Sequence[AnsweredQuestion],
    known: Known,
    *,
    model: str,
) -> UUID:
    draft_id = new_id()
    by_answer = {pair.answer_message_id: pair for pair in pairs}
    once = {pair.conversation_id: _source(pair) for pair in sorted(pairs, key=lambda pair: pair.answered_at)}
    best, _ = best_answer(sorted(once.values(), key=lambda source: source.answered_at, reverse=True))
    chosen = by_answer[best.answer_message_id]
    live = known.contradicting(chosen.answer)
    queries.insert_draft(
        session,
        organization_id,
        chosen,
        draft_id=draft_id,
        question_key=group.question.key,
        embedding=stored_form(group.vector),
        model=model,
        conflict_with=live.entry_id if live else None,
    )
    return draft_id


def _source(pair: AnsweredQuestion) -> Source:
    return Source(
        conversation_id=pair.conversation_id,
        question_message_id=pair.question_message_id,
        answer_message_id=pair.answer_message_id,
        question=pair.question,
        answer=pair.answer,
        answered_at=pair.answered_at,
    )


def _choose_answers(
    session: TenantSession,
    open_before: dict[UUID, Known],
    added: Sequence[tuple[UUID, AnsweredQuestion]],
    report: BuildReport,
) -> None:
    """Where more conversations than before answer otherwise, another draft takes the place of the open one."""
    touched = sorted({draft_id for draft_id, _ in added} & open_before.keys())
    for draft_id, sources in queries.sources_of(session, touched).items() if touched else ():
        draft = open_before[draft_id].open_draft
        if draft is None or not sources:
            continue
        best, count = best_answer(sources)
        agreeing = sum(same_answer(source.answer, draft.answer) for source in sources)
        if count > agreeing and not same_answer(best.answer, draft.answer):
            queries.supersede(session, draft_id, draft_id=new_id(), source=best)
            report.drafts_superseded += 1
