"""What must hold after every soak, one query each: it returns the rows that break it (RELIABILITY 5.7).

The provider's log is loaded into chaos.accepted and chaos.invoice first. A reply's text says which messages it answers.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# What the customer sees: holds for any implementation, and fails for the naive one.
AT_THE_CUSTOMER = {
    "every message is answered once": """
        SELECT c.customer_external_id, m.seq, count(a.n) FROM platform.messages m
        JOIN platform.conversations c ON c.id = m.conversation_id
        LEFT JOIN chaos.accepted a
            ON a.recipient = c.customer_external_id AND m.seq BETWEEN a.from_seq AND a.to_seq AND a.part = 1
        WHERE m.direction = 'inbound'
        GROUP BY c.customer_external_id, m.seq HAVING count(a.n) <> 1 ORDER BY count(a.n) DESC""",
    "replies are accepted in the order of the messages": """
        SELECT a.recipient, a.n, b.n FROM chaos.accepted a
        JOIN chaos.accepted b ON b.recipient = a.recipient AND b.n > a.n
        WHERE (b.from_seq, b.part) <= (a.from_seq, a.part)""",
    "a reply in two parts is whole": """
        SELECT c.customer_external_id, m.seq FROM platform.messages m
        JOIN platform.conversations c ON c.id = m.conversation_id
        WHERE m.direction = 'inbound' AND m.text_content LIKE '%[long]%'
          AND 1 <> (SELECT count(*) FROM chaos.accepted a
                    WHERE a.recipient = c.customer_external_id
                      AND m.seq BETWEEN a.from_seq AND a.to_seq AND a.part = 2)""",
}

# What our own tables say.
IN_THE_DATABASE = {
    "every key of a message has one message": """
        SELECT k.event_key FROM integrations.webhook_keys k
        LEFT JOIN platform.messages m ON 'm:' || m.external_message_id = k.event_key
        WHERE k.event_key LIKE 'm:%' GROUP BY k.event_key HAVING count(m.id) <> 1""",
    "every answered message is in one completed turn": """
        SELECT m.conversation_id, m.seq FROM platform.messages m
        JOIN platform.conversations c ON c.id = m.conversation_id AND m.seq <= c.done_seq
        LEFT JOIN departments.agent_executions e
            ON e.conversation_id = m.conversation_id AND e.status = 'completed'
            AND m.seq BETWEEN e.from_seq AND e.to_seq
        GROUP BY m.conversation_id, m.seq HAVING count(e.id) <> 1""",
    "every conversation is done": """
        SELECT id, automation_state, done_seq, last_in_seq FROM platform.conversations
        WHERE done_seq < last_in_seq OR automation_state <> 'auto' OR run_at IS NOT NULL OR lease_until IS NOT NULL""",
    "every completed turn has a reply": """
        SELECT e.id FROM departments.agent_executions e
        WHERE e.status = 'completed' AND NOT EXISTS (SELECT FROM platform.outbox o WHERE o.execution_id = e.id)""",
    "no message waits to be sent": """
        SELECT id, state, attempt FROM platform.outbox
        WHERE state IN ('ready', 'sending', 'uncertain', 'held', 'refused')""",
    "the provider accepted what we hold for accepted, and nothing else": """
        SELECT a.key, o.id, o.state FROM (SELECT DISTINCT key FROM chaos.accepted) a
        FULL JOIN (SELECT id, state FROM platform.outbox WHERE state = 'accepted') o ON o.id = a.key
        WHERE a.key IS NULL OR o.id IS NULL""",
    "the provider accepted each message once": """
        SELECT a.key, count(*) FROM chaos.accepted a JOIN platform.outbox o ON o.id = a.key
        WHERE o.duplicate_detected_at IS NULL GROUP BY a.key HAVING count(*) > 1""",
    "no duplicate was detected": """
        SELECT id FROM platform.outbox WHERE duplicate_detected_at IS NOT NULL""",
    "every accepted message has the provider's id": """
        SELECT o.id FROM platform.outbox o JOIN platform.messages m ON m.id = o.message_id
        WHERE o.state = 'accepted' AND m.external_message_id IS DISTINCT FROM o.provider_message_id""",
    "every invoiced model call is in the ledger with its price": """
        SELECT i.attempt FROM chaos.invoice i LEFT JOIN agents.llm_attempts a ON a.id = i.attempt
        WHERE a.id IS NULL OR a.state NOT IN ('succeeded', 'estimated') OR a.cost_usd IS DISTINCT FROM i.cost""",
    "the turns' costs and the calls of no turn add up to the ledger": """
        SELECT turns.cost, lost.cost, ledger.cost
        FROM (SELECT coalesce(sum(cost_usd), 0) AS cost FROM departments.agent_executions) turns,
             (SELECT coalesce(sum(a.cost_usd), 0) AS cost FROM agents.llm_attempts a
              WHERE NOT EXISTS (SELECT FROM departments.agent_executions e WHERE e.id = a.execution_id)) lost,
             (SELECT coalesce(sum(cost_usd), 0) AS cost FROM agents.llm_attempts) ledger
        WHERE turns.cost + lost.cost <> ledger.cost""",
    "no model call is left open": "SELECT id FROM agents.llm_attempts WHERE state = 'started'",
    "no row belongs to another organization than its parent": """
        SELECT m.id FROM platform.messages m JOIN platform.conversations c ON c.id = m.conversation_id
        WHERE c.organization_id <> m.organization_id
        UNION ALL
        SELECT o.id FROM platform.outbox o JOIN platform.messages m ON m.id = o.message_id
        WHERE m.organization_id <> o.organization_id
        UNION ALL
        SELECT e.id FROM departments.agent_executions e JOIN platform.conversations c ON c.id = e.conversation_id
        WHERE c.organization_id <> e.organization_id
        UNION ALL
        SELECT a.id FROM agents.llm_attempts a JOIN platform.conversations c ON c.id = a.conversation_id
        WHERE c.organization_id <> a.organization_id""",
}

_TABLES = """
CREATE SCHEMA IF NOT EXISTS chaos;
DROP TABLE IF EXISTS chaos.accepted, chaos.invoice;
CREATE TABLE chaos.accepted (n int, key uuid, recipient text, from_seq bigint, to_seq bigint, part int);
CREATE TABLE chaos.invoice (attempt uuid, cost numeric);
"""
_TEXT = re.compile(r"re:(\d+)-(\d+) (primeira|segunda)")


def load_provider_log(connection: Any, log: Path) -> dict[str, Any]:
    """Makes the provider's log queryable; returns how many messages it accepted and calls it invoiced."""
    cursor = connection.cursor()
    for statement in _TABLES.split(";"):
        if statement.strip():
            cursor.execute(statement)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        if line["kind"] == "call":
            cursor.execute("INSERT INTO chaos.invoice VALUES (%s::uuid, %s::numeric)", (line["attempt"], line["cost"]))
            continue
        found = _TEXT.match(line["text"])
        assert found is not None, line["text"]
        values = (line["n"], line["key"], line["to"], int(found[1]), int(found[2]), 1 if found[3] == "primeira" else 2)
        cursor.execute("INSERT INTO chaos.accepted VALUES (%s, %s::uuid, %s, %s, %s, %s)", values)
    return {
        "accepted": sum(line["kind"] == "message" for line in lines),
        "invoiced": sum(line["kind"] == "call" for line in lines),
    }


def broken(connection: Any, invariants: dict[str, str]) -> dict[str, list[Any]]:
    """The invariants that do not hold, each with some of the rows that break it."""
    found: dict[str, list[Any]] = {}
    for name, query in invariants.items():
        cursor = connection.cursor()
        cursor.execute(query)
        rows = [[str(value) for value in row] for row in cursor.fetchmany(5)]
        if rows:
            found[name] = rows
    return found
