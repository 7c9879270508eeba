"""How often entries answered, and how well, derived from the turns that used their chunks; no hot row is counted up.

A use is *good* when the turn answered, and neither it nor anything within a day handed the conversation to a person; a
score that the customer gave the conversation counts more: 4 and 5 are good, 1 and 2 are not. Effectiveness is
(good + 1) / (uses + 2): 0.5 for what nobody used, and no certainty from a few.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from shared.platform.database import Database

WINDOW_DAYS: Final = 90
EVERY_SECONDS: Final = 86_400.0
SETTLED_SECONDS: Final = 86_400.0  # a turn's outcome is known a day later

_DUE: Final = text("""
    UPDATE platform.knowledge_settings SET usage_due_at = clock_timestamp() + make_interval(secs => :every)
    WHERE organization_id = :organization_id AND usage_due_at <= clock_timestamp() RETURNING 1""")
# The extractive responder says which passages it answered with; a model's citations are the chunks that it names.
_DERIVE: Final = text("""
    WITH turn AS (
        SELECT e.id, e.conversation_id, e.created_at, e.outcome,
               CASE WHEN jsonb_typeof(e.output_data -> 'used') = 'array' THEN e.output_data -> 'used'
                    WHEN jsonb_typeof(e.output_data -> 'chunk_ids') = 'array' THEN e.output_data -> 'chunk_ids'
                    ELSE '[]'::jsonb END AS chunks
        FROM departments.agent_executions AS e
        WHERE e.organization_id = :organization_id AND e.status = 'completed' AND e.outcome IN ('answered', 'abstained')
          AND e.conversation_id IS NOT NULL
          AND e.created_at > clock_timestamp() - make_interval(days => :days)
          AND e.created_at <= clock_timestamp() - make_interval(secs => :settled)
    ), used AS (
        SELECT DISTINCT turn.id, chunk.knowledge_id, turn.conversation_id, turn.created_at, turn.outcome
        FROM turn CROSS JOIN LATERAL jsonb_array_elements_text(turn.chunks) AS named (chunk_id)
        JOIN platform.knowledge_chunks AS chunk ON chunk.id::text = named.chunk_id
        WHERE chunk.organization_id = :organization_id
    ), judged AS (
        SELECT used.knowledge_id, used.created_at,
               CASE WHEN given.score >= 4 THEN true WHEN given.score <= 2 THEN false
                    ELSE used.outcome = 'answered' AND NOT EXISTS (
                        SELECT FROM audit.activity_logs AS log
                        WHERE log.organization_id = :organization_id AND log.action = 'conversation.escalated'
                          AND log.resource_type = 'conversation' AND log.resource_id = used.conversation_id
                          AND log.created_at >= used.created_at
                          AND log.created_at < used.created_at + interval '1 day')
               END AS good
        FROM used
        LEFT JOIN LATERAL (
            SELECT s.score FROM analytics.satisfaction_scores AS s
            WHERE s.organization_id = :organization_id AND s.conversation_id = used.conversation_id
              AND s.created_at >= used.created_at
            ORDER BY s.created_at LIMIT 1
        ) AS given ON true
    ), total AS (
        SELECT entry.id AS knowledge_id, count(judged.knowledge_id) AS uses,
               count(*) FILTER (WHERE judged.good) AS good, max(judged.created_at) AS last_used
        FROM platform.knowledge_base AS entry LEFT JOIN judged ON judged.knowledge_id = entry.id
        WHERE entry.organization_id = :organization_id AND entry.status = 'active'
        GROUP BY entry.id
    )
    UPDATE platform.knowledge_base AS entry
    SET access_count = total.uses, last_accessed_at = coalesce(total.last_used, entry.last_accessed_at),
        effectiveness_score = round((total.good + 1)::numeric / (total.uses + 2), 2)
    FROM total
    WHERE entry.organization_id = :organization_id AND entry.id = total.knowledge_id
      AND (entry.access_count, entry.effectiveness_score, entry.last_accessed_at) IS DISTINCT FROM
          (total.uses::integer, round((total.good + 1)::numeric / (total.uses + 2), 2),
           coalesce(total.last_used, entry.last_accessed_at))
    RETURNING 1""")


def derive_usage_if_due(database: Database, organization_id: UUID) -> int:
    """Derive once a day, whoever asks how often; returns how many entries changed."""

    def derive() -> int:
        with database.tenant(organization_id) as session:
            parameters = {"organization_id": organization_id}
            if session.execute(_DUE, {**parameters, "every": EVERY_SECONDS}).one_or_none() is None:
                return 0
            return len(session.execute(_DERIVE, {**parameters, "days": WINDOW_DAYS, "settled": SETTLED_SECONDS}).all())

    return database.retrying(derive)
