"""The run of a `faq_builder` agent: drafts of what people of the business answered since the last run.

It works with no model: the words are the customer's and the person's own. Each batch is one transaction with how far it
got, so a run that dies goes on where it stopped, and two runs at once do the work once.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from shared.agents.answered_questions import BATCH, SETTLED_SECONDS, read_batch
from shared.kit.crash_points import crash_point
from shared.knowledge.embedding import Embedder, HashedNgrams
from shared.knowledge.faq import queries
from shared.knowledge.faq.drafting import draft_answers, reembed_drafts
from shared.knowledge.faq.models import BuildReport
from shared.platform.database import Database

MOST_BATCHES: Final = 50  # of one run: 5,000 answers, a minute or two; the next run goes on
STALE_DAYS: Final = 180  # a question that nobody asked for half a year is no frequent one

_EMBEDDER: Final = HashedNgrams()

Progress = Callable[[BuildReport], None]
"""Told after each batch."""


def build_drafts(  # noqa: PLR0913 -- all but the first two are options
    database: Database,
    organization_id: UUID,
    *,
    embedder: Embedder = _EMBEDDER,
    most_batches: int = MOST_BATCHES,
    settled_seconds: float = SETTLED_SECONDS,
    progress: Progress | None = None,
) -> BuildReport:
    """Read the answers that people gave since the last run and draft what is asked; safe to repeat and to interrupt.

    Raises Unavailable when the database is; what was stored until then stays.
    """
    report = BuildReport(finished=False)
    reembed_drafts(database, organization_id, embedder)
    for _ in range(most_batches):
        known = queries.progress(database, organization_id)
        batch = read_batch(database, organization_id, after=known, limit=BATCH, settled_seconds=settled_seconds)
        crash_point("FAQ_READ")
        if batch is None:
            report.finished = True
            break
        stored = draft_answers(
            database,
            organization_id,
            batch.pairs,
            known=known,
            reached=batch.reached,
            embedder=embedder,
            report=report,
        )
        crash_point("FAQ_STORED")
        if stored:  # else another run has done this batch; go on behind it
            report.answers_read += batch.answers
            report.left_out += batch.left_out
        if progress is not None:
            progress(report)
    with database.tenant(organization_id) as session:
        queries.lock_drafts(session, organization_id)
        report.drafts_stale = queries.close_stale_drafts(session, days=STALE_DAYS)
    return report
