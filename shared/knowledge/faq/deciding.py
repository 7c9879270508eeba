"""A person decides about a draft: it becomes an entry of the knowledge, takes the place of one, or never comes back.

Never two live answers to one question: decisions of an organization come one after the other, and the database's unique
key on the live entries' questions holds whatever else writes.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, text

from shared.kit.errors import Rejected
from shared.kit.ids import new_id
from shared.knowledge import queries as knowledge
from shared.knowledge.embedding import Embedder, HashedNgrams
from shared.knowledge.faq import queries
from shared.knowledge.faq.live import known_of, says
from shared.knowledge.faq.models import Decision, LiveAnswer
from shared.knowledge.faq.sameness import compared
from shared.knowledge.models import ChunkRow, Entry
from shared.knowledge.writing import ROWS_PER_STATEMENT, chunk_rows, hold_model
from shared.platform.database import Database, TenantSession

Choice = Literal["replace", "keep"]

_EMBEDDER: Final = HashedNgrams()

_FIND = """
    SELECT id, state, question, answer, question_key, embedding::text AS embedding, embedding_model, conflict_with
    FROM platform.faq_drafts WHERE id = :id
"""
_HOLD = text(f"{_FIND} FOR UPDATE")
_NOTE_CONFLICT = text("UPDATE platform.faq_drafts SET conflict_with = :entry_id WHERE id = :id")
_OUT_OF_DATE = text("UPDATE platform.faq_drafts SET state = 'stale' WHERE id = :id")
_INSERT_ENTRY = text("""
    INSERT INTO platform.knowledge_base (id, organization_id, title, content, content_type, auto_generated,
                                         question_key, version, parent_id, reviewed_at, reviewed_by)
    VALUES (:id, :organization_id, :title, :content, 'faq', true,
            :question_key, :version, :parent_id, clock_timestamp(), :by)
    ON CONFLICT (organization_id, question_key) WHERE status = 'active' AND question_key IS NOT NULL DO NOTHING
    RETURNING id
""")
_DECIDE = text("""
    UPDATE platform.faq_drafts
    SET state = :state, decision = :decision, decided_by = :by, decided_at = clock_timestamp(),
        knowledge_id = :knowledge_id, question_message_id = NULL, answer_message_id = NULL
    WHERE id = :id
""")
_AUDIT = text("""
    INSERT INTO audit.activity_logs (organization_id, user_id, action, resource_type, resource_id, metadata)
    VALUES (:organization_id, :by, :action, 'faq_draft', :id,
            jsonb_build_object('decision', CAST(:decision AS text), 'knowledge_id', CAST(:knowledge_id AS uuid),
                               'instead_of', CAST(:instead_of AS uuid)))
""")


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a draft: `entry_id` is the entry that answers now, `instead_of` the one that no longer does.

    `outcome` is 'approved', 'replaced', 'kept', 'rejected', or 'live_already' when the knowledge says the same anyhow.
    """

    outcome: str
    entry_id: UUID | None = None
    instead_of: UUID | None = None


class Contradiction(Rejected):
    """A live entry answers the question otherwise, and nobody has said which of the two shall hold."""

    def __init__(self, live: LiveAnswer) -> None:
        super().__init__(
            "faq_conflict", f"The entry {live.entry_id} answers this question otherwise; replace or keep it"
        )
        self.live = live


def approve(  # noqa: PLR0913 -- all but the first three are options
    database: Database,
    organization_id: UUID,
    draft_id: UUID,
    *,
    choice: Choice | None = None,
    by: UUID | None = None,
    embedder: Embedder = _EMBEDDER,
) -> Decided:
    """Make the draft an entry that answers are taken from, in one transaction with its passages.

    When a live entry answers the question otherwise, `choice` says which holds: 'replace' takes that one out of use,
    'keep' rejects the draft. It is about the entry that the draft shows; another one is shown first (`Contradiction`).

    Raises:
        Rejected: `faq_draft_unknown`, `faq_draft_decided`, `faq_conflict` (Contradiction), `faq_no_conflict` for a
            choice without one, `faq_in_file` when what would be replaced is written in a file,
            `other_embedding_model` when the organization's vectors are of another.
        Unavailable: the database is.
    """
    found = database.tenant_once(organization_id, _FIND, id=draft_id)
    if not found:
        raise Rejected("faq_draft_unknown", f"There is no draft {draft_id}")
    entry = _entry(found[0])
    rows = chunk_rows(entry, embedder)

    def decide() -> Decided | LiveAnswer:
        with database.tenant(organization_id) as session:
            draft = _held(session, organization_id, draft_id)
            return _decide(
                session, organization_id, draft, choice=choice, by=by, entry=entry, rows=rows, model=embedder.model
            )

    decided = database.retrying(decide)
    if isinstance(decided, LiveAnswer):
        raise Contradiction(decided)
    return decided


def reject(database: Database, organization_id: UUID, draft_id: UUID, *, by: UUID | None = None) -> Decided:
    """Refuse a draft for ever: its question makes no draft again, however it is asked.

    Raises:
        Rejected: `faq_draft_unknown`, `faq_draft_decided`.
        Unavailable: the database is.
    """

    def decide() -> Decided:
        with database.tenant(organization_id) as session:
            draft = _held(session, organization_id, draft_id)
            _record(session, organization_id, draft.id, decision="reject", by=by)
        return Decided("rejected")

    return database.retrying(decide)


def _held(session: TenantSession, organization_id: UUID, draft_id: UUID) -> Row[Any]:
    """The open draft, which nobody else changes before the transaction ends."""
    queries.lock_drafts(session, organization_id)
    draft = session.execute(_HOLD, {"id": draft_id}).first()
    if draft is None:
        raise Rejected("faq_draft_unknown", f"There is no draft {draft_id}")
    if draft.state != "draft":
        raise Rejected("faq_draft_decided", f"The draft {draft_id} is {draft.state} already")
    return draft


def _entry(draft: Row[Any]) -> Entry:
    return Entry(
        title=draft.question,
        content=draft.answer,
        content_type="faq",
        category=None,
        tags=(),
        valid_until=None,
        source_path="",
        source_digest="",
    )


def _decide(  # noqa: PLR0913 -- one decision with its parts
    session: TenantSession,
    organization_id: UUID,
    draft: Row[Any],
    *,
    choice: Choice | None,
    by: UUID | None,
    entry: Entry,
    rows: list[ChunkRow],
    model: str,
) -> Decided | LiveAnswer:
    """The decision; a live answer when it contradicts and nobody chose."""
    [known] = known_of(session, [compared(draft.question)], vectors=[draft.embedding], model=draft.embedding_model)
    same = next((live for live in known.live if says(live, draft.answer)), None)
    if same is not None:
        session.execute(_OUT_OF_DATE, {"id": draft.id})
        return Decided("live_already", same.entry_id)
    live = next(iter(known.live), None)
    if live is None and choice == "keep":
        raise Rejected("faq_no_conflict", f"No entry answers the question of {draft.id}; approve or reject it")
    if live is not None and (choice is None or draft.conflict_with != live.entry_id):
        session.execute(_NOTE_CONFLICT, {"id": draft.id, "entry_id": live.entry_id})
        return live
    if live is not None and choice == "keep":
        _record(session, organization_id, draft.id, decision="keep", by=by)
        return Decided("kept", live.entry_id)
    entry_id = _publish(session, organization_id, draft, entry, rows, replaced=live, by=by, model=model)
    decision: Decision = "replace" if live else "approve"
    instead_of = live.entry_id if live else None
    _record(session, organization_id, draft.id, decision=decision, by=by, entry_id=entry_id, instead_of=instead_of)
    return Decided("replaced" if live else "approved", entry_id, instead_of)


def _publish(  # noqa: PLR0913 -- one entry with its parts
    session: TenantSession,
    organization_id: UUID,
    draft: Row[Any],
    entry: Entry,
    rows: list[ChunkRow],
    *,
    replaced: LiveAnswer | None,
    by: UUID | None,
    model: str,
) -> UUID:
    """The new entry with its passages, in the place of the replaced one."""
    if replaced is not None and replaced.in_file:
        raise Rejected(
            "faq_in_file", f"The entry {replaced.entry_id} is written in a file; change it there and import it"
        )
    hold_model(session, organization_id, model=model)
    if replaced is not None and not knowledge.deprecate_entry(session, replaced.entry_id):
        raise Contradiction(replaced)
    entry_id = new_id()
    parameters = {
        "id": entry_id,
        "organization_id": organization_id,
        "title": entry.title,
        "content": entry.content,
        "question_key": draft.question_key,
        "version": replaced.version + 1 if replaced else 1,
        "parent_id": replaced.entry_id if replaced else None,
        "by": by,
    }
    if session.execute(_INSERT_ENTRY, parameters).first() is None:
        raise Rejected("faq_conflict", "Another entry was made for this question at the same moment; look at it first")
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        part = rows[start : start + ROWS_PER_STATEMENT]
        knowledge.insert_chunks(session, organization_id, part, knowledge_id=entry_id, model=model)
    return entry_id


def _record(  # noqa: PLR0913 -- one decision with its parts
    session: TenantSession,
    organization_id: UUID,
    draft_id: UUID,
    *,
    decision: Decision,
    by: UUID | None,
    entry_id: UUID | None = None,
    instead_of: UUID | None = None,
) -> None:
    state = "approved" if entry_id is not None else "rejected"
    row = {"id": draft_id, "decision": decision, "by": by, "knowledge_id": entry_id}
    session.execute(_DECIDE, {**row, "state": state})
    session.execute(
        _AUDIT, {**row, "organization_id": organization_id, "action": f"faq.{state}", "instead_of": instead_of}
    )
