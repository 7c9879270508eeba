"""Every state that a row can have, and what becomes of it: who moves it and how soon, or why it may stay.

The schema's CHECK constraints are the other list; a test compares the two, so that no new state can be forgotten.
Ages are in seconds. They are alarms, longer than the times at which the sweepers act: something older is a defect.
"""

from dataclasses import dataclass
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Moves:
    """A state that must not last: `sweeper` is the function of schema agents that moves it on.

    `since` is the SQL expression of the moment it began, `condition` narrows the rows that must move.
    """

    sweeper: str
    max_age: int
    since: str
    condition: str = "true"


@dataclass(frozen=True, slots=True)
class Rests:
    """A state that may last, and why."""

    because: str


_END: Final = Rests("the end of its row's life")
_PERSON: Final = Rests("a person acts next")
_SWITCH: Final = Rests("a setting of the organization, not work")
_UNWRITTEN: Final = Rests("nothing writes it yet; whoever does adds its sweeper here")

# A reply waits while its connection or agent is switched off, up to REPLY_MAX_AGE_HOURS (12), then it is held.
_REPLY_AGE: Final = 13 * HOUR

STATES: Final[dict[tuple[str, str], dict[str, Moves | Rests]]] = {
    ("platform.conversations", "automation_state"): {
        "auto": Moves(
            "conversations_to_wake",
            max_age=10 * MINUTE,
            since="run_at",
            # while a reply is unsettled the next turn waits for it; the outbox has its own ages
            condition=(
                "last_in_seq > done_seq AND (lease_until IS NULL OR lease_until < clock_timestamp()) AND NOT EXISTS"
                " (SELECT FROM platform.outbox o WHERE o.organization_id = conversations.organization_id"
                " AND o.conversation_id = conversations.id AND o.state IN ('ready', 'sending', 'uncertain'))"
            ),
        ),
        "human": _PERSON,
        "paused": _PERSON,
        "dead": _PERSON,
    },
    ("platform.conversations", "status"): {
        "active": Rests("open; its work is in automation_state"),
        "escalated": _PERSON,
        "resolved": _END,
        "archived": _END,
    },
    ("platform.handoffs", "state"): {
        # people are told that nobody has come; how long they let the customer wait is theirs
        "open": Moves("alert_handoff", max_age=10 * MINUTE, since="target_at", condition="alerted_at IS NULL"),
        "claimed": _PERSON,
        "resolved": _END,
        "returned": _END,
    },
    ("platform.outbox", "state"): {
        "ready": Moves("conversations_to_wake", max_age=_REPLY_AGE, since="created_at"),
        "sending": Moves("expire_sends", max_age=5 * MINUTE, since="sending_at"),
        "uncertain": Moves("settle_uncertain", max_age=15 * MINUTE, since="uncertain_at"),
        "held": _PERSON,
        "accepted": _END,
        "refused": _END,
        "cancelled": _END,
    },
    ("platform.messages", "delivery_status"): {
        "pending": Rests("its outbox row moves it, and has the ages"),
        "received": _END,
        "sent": Rests("the customer's telephone decides when it is delivered"),
        "delivered": Rests("the customer decides when it is read"),
        "read": _END,
        "failed": _END,
    },
    ("platform.message_watermarks", "status"): {"delivered": _END, "read": _END},
    ("agents.llm_attempts", "state"): {
        "started": Moves("estimate_attempts", max_age=15 * MINUTE, since="started_at"),
        "succeeded": _END,
        "failed": _END,
        "estimated": _END,
    },
    ("platform.media_transfers", "state"): {
        "pending": Moves("transfers_to_wake", max_age=10 * MINUTE, since="next_attempt_at"),
        "transferring": Moves("expire_transfers", max_age=10 * MINUTE, since="lease_until"),
        "stored": _END,
        "expired": _END,
        "refused": _END,
        "failed": _END,
    },
    ("platform.knowledge_ingestions", "state"): {
        # a re-embedding of many chunks comes back for each part of them, behind what else is due
        "pending": Moves("ingestions_to_wake", max_age=30 * MINUTE, since="next_attempt_at"),
        "running": Moves("expire_ingestions", max_age=10 * MINUTE, since="lease_until"),
        "done": _END,
        "refused": _END,
        "failed": _END,
    },
    ("platform.media_assets", "state"): {
        "ready": _END,
        "deleting": Moves("media_to_clean", max_age=HOUR, since="deleting_at"),
        "missing": _PERSON,
    },
    ("departments.agent_executions", "status"): {
        "pending": Moves("close_stuck_executions", max_age=30 * MINUTE, since="created_at"),
        "running": Moves("close_stuck_executions", max_age=30 * MINUTE, since="created_at"),
        "completed": _END,
        "failed": _END,
        "superseded": _END,
        "dead": _END,
    },
    ("agents.agent_runs", "status"): {
        # while something is switched off it is looked at each minute, which moves run_at
        "pending": Moves("runs_to_wake", max_age=10 * MINUTE, since="run_at"),
        "running": Moves("expire_runs", max_age=10 * MINUTE, since="lease_until"),
        "completed": _END,
        "failed": _END,
    },
    ("integrations.webhook_events", "status"): {
        # intake stores an event together with its effect, in one transaction
        "pending": _UNWRITTEN,
        "processing": _UNWRITTEN,
        "failed": _UNWRITTEN,
        "processed": _END,
        "quarantined": _PERSON,
        "unparsed": _PERSON,
    },
    ("integrations.webhook_deliveries", "status"): {"stored": _END, "quarantined": _PERSON},
    ("integrations.connections", "status"): {
        "active": _SWITCH,
        "expired": _PERSON,
        "error": _PERSON,
        "revoked": _END,
    },
    ("departments.departments", "status"): {"active": _SWITCH, "paused": _SWITCH, "archived": _END},
    ("departments.agents", "status"): {"active": _SWITCH, "paused": _SWITCH, "error": _PERSON, "training": _SWITCH},
    ("platform.organizations", "billing_status"): {
        "trial": _SWITCH,
        "active": _SWITCH,
        "suspended": _SWITCH,
        "cancelled": _END,
    },
    ("platform.knowledge_base", "status"): {"active": _SWITCH, "deprecated": _END, "archived": _END},
    ("platform.faq_drafts", "state"): {
        "draft": _PERSON,
        "approved": _END,
        "rejected": _END,
        "superseded": _END,
        "stale": _END,
    },
    ("platform.subscriptions", "status"): {
        "trialing": _UNWRITTEN,
        "active": _UNWRITTEN,
        "past_due": _UNWRITTEN,
        "canceled": _END,
    },
    ("platform.content", "status"): {"draft": _UNWRITTEN, "scheduled": _UNWRITTEN, "published": _END, "failed": _END},
    ("platform.backup_executions", "status"): {"running": _UNWRITTEN, "completed": _END, "failed": _END},
}


def overdue_statement() -> str:
    """One query over every state that must move: (name, rows older than its age), from this module's constants."""
    parts = [
        f"SELECT '{table}.{column}={state}' AS name, count(*) AS overdue FROM {table}"  # noqa: S608 - constants above
        f" WHERE {column} = '{state}' AND {rule.since} < clock_timestamp() - interval '{rule.max_age} seconds'"
        f" AND {rule.condition}"
        for (table, column), states in STATES.items()
        for state, rule in states.items()
        if isinstance(rule, Moves)
    ]
    return " UNION ALL ".join(parts)
