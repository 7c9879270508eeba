"""Reads the record of one turn's execution, with the messages that it answered and the texts that it was made from."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from shared.platform.database import Database

# The chunks may be gone since: an article's new version has new ones.
_READ: Final = """
SELECT e.conversation_id, e.agent_id, e.from_seq, e.to_seq, e.model_used, e.outcome, e.input_data, e.output_data,
    o.name,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'id', m.id, 'seq', m.seq, 'type', m.message_type, 'text', m.text_content,
            'readings', m.metadata -> 'media_reading') ORDER BY m.seq), '[]')
     FROM platform.messages m
     WHERE m.organization_id = e.organization_id AND m.conversation_id = e.conversation_id
       AND m.id IN (SELECT CAST(one AS uuid) FROM jsonb_array_elements_text(e.input_data -> 'message_ids') one)),
    (SELECT coalesce(jsonb_agg(m.text_content ORDER BY x.part), '[]')
     FROM jsonb_array_elements_text(e.output_data -> 'message_ids') WITH ORDINALITY AS x (id, part)
     JOIN platform.messages m ON m.organization_id = e.organization_id AND m.id = CAST(x.id AS uuid)),
    (SELECT coalesce(jsonb_object_agg(k.id, k.content), '{}')
     FROM platform.knowledge_chunks k
     WHERE k.organization_id = e.organization_id
       AND k.id IN (SELECT CAST(one AS uuid) FROM jsonb_array_elements_text(e.output_data -> 'chunk_ids') one))
FROM departments.agent_executions e
JOIN platform.organizations o ON o.id = e.organization_id
WHERE e.organization_id = :organization_id AND e.id = :execution_id
"""


@dataclass(frozen=True, slots=True)
class ExecutionRecord:
    """One execution. `messages`: {id, seq, type, text, readings}; `said`: the reply's parts; `chunks`: id → text."""

    organization_id: UUID
    conversation_id: UUID
    agent_id: UUID
    from_seq: int
    to_seq: int
    model: str | None
    outcome: str | None
    input: dict[str, Any]
    output: dict[str, Any]
    organization_name: str
    messages: list[dict[str, Any]]
    said: list[str | None]
    chunks: dict[str, str]


def read_execution(database: Database, *, organization_id: UUID, execution_id: UUID) -> ExecutionRecord:
    """The record of a turn. Raises LookupError when the organization has none of this id."""
    rows = database.tenant_once(organization_id, _READ, organization_id=organization_id, execution_id=execution_id)
    if not rows:
        raise LookupError(f"no execution {execution_id} in organization {organization_id}")
    columns: tuple[Any, ...] = tuple(rows[0])  # in the order of the fields
    return ExecutionRecord(organization_id, *columns)
