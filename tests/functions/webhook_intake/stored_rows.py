"""What the database holds of an organization, and what it should hold by the items of a case file, in one shape.

A case may say `stored`: for a table named here, rows that are other than its items alone would make them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from tests.channels.case_files import Case

Rows = dict[str, list[Any]]

# table → what is compared of it; %s is the organization
_STATEMENTS = {
    "messages": "SELECT external_message_id, direction, message_type, text_content, reply_to_external_id, metadata"
    " FROM platform.messages WHERE organization_id = %s",
    "media": "SELECT kind, provider_media_id, url, declared_mime_type, declared_sha256, file_name, voice"
    " FROM platform.media_transfers WHERE organization_id = %s",
    "statuses": "SELECT provider_message_id, status, recipient, error_code, error_detail, pricing_category,"
    " conversation_origin FROM platform.message_statuses WHERE organization_id = %s",
    "watermarks": "SELECT status, occurred_at FROM platform.message_watermarks WHERE organization_id = %s",
    "amendments": "SELECT target, kind, text_content, emoji FROM platform.message_amendments"
    " WHERE organization_id = %s",
    "names": "SELECT kind, value, match FROM platform.contact_identities"
    " WHERE organization_id = %s AND retired_at IS NULL",
    "opted_out": "SELECT count(*) FROM platform.contacts"
    " WHERE organization_id = %s AND marketing_opted_out_at IS NOT NULL",
    "to_answer": "SELECT count(*) FROM platform.conversations WHERE organization_id = %s AND run_at IS NOT NULL",
    "unparsed": "SELECT event_type, error_message, payload FROM integrations.webhook_events"
    " WHERE organization_id = %s AND status = 'unparsed'",
    "account": "SELECT event_type, payload ->> 'event', payload ->> 'severity', payload -> 'detail'"
    " FROM integrations.webhook_events"
    " WHERE organization_id = %s AND event_type LIKE 'account.%%' AND status = 'processed'",
}


def stored_rows(query: Callable[..., list[Any]], organization_id: UUID) -> Rows:
    """What is there, each table in an order of its own."""
    return {table: _sorted(query(statement, organization_id)) for table, statement in _STATEMENTS.items()}


def expected_rows(case: Case, items: list[dict[str, Any]]) -> Rows:
    """What should be there after these items, which are the case's with the accounts that were connected for it."""
    of = {kind: [item for item in items if item["kind"] == kind and item["account"]] for kind in _KINDS}
    spoken = of["message"] + of["echo"]
    amended = of["edit"] + of["deletion"] + of["reaction"]
    met = [item for kind in ("message", "echo", "watermark", "preference", "identity") for item in of[kind]]
    answerable = {(item["account"], item["customer"]) for item in of["message"] if item.get("answerable", True)}
    rows: Rows = {
        "messages": [_message(item) for item in spoken],
        "media": [_file(file) for item in spoken for file in item.get("media", ())],
        "statuses": [_status(item) for item in of["status"]],
        "watermarks": [(item["status"], item["occurred_at"]) for item in of["watermark"]],
        "amendments": [(item["target"], item["kind"], item.get("text"), item.get("emoji")) for item in amended],
        "names": _names(met),
        "opted_out": [sum(item["choice"] == "stop" for item in of["preference"])],
        "to_answer": [len(answerable)],
        "unparsed": [(item["event_type"], item["reason"], item["payload"]) for item in of["unparsed"]],
        "account": [(item["event_type"], item["event"], item["severity"], item["detail"]) for item in of["account"]],
    }
    for table, other in (case.stored or {}).items():
        rows[table] = [tuple(row) if isinstance(row, list) else row for row in other]
    return {table: _sorted(found) for table, found in rows.items()}


_KINDS = (
    "message",
    "echo",
    "edit",
    "deletion",
    "reaction",
    "status",
    "watermark",
    "identity",
    "preference",
    "account",
    "unparsed",
)


def _message(item: dict[str, Any]) -> tuple[Any, ...]:
    direction = "inbound" if item["kind"] == "message" else "outbound"
    names = ("message_type", "text", "reply_to")
    return (item.get("event_id"), direction, *(item.get(name) for name in names), item.get("metadata", {}))


def _file(file: dict[str, Any]) -> tuple[Any, ...]:
    names = ("kind", "id", "url", "mime_type", "sha256", "filename")
    return (*(file.get(name) for name in names), file.get("voice", False))


def _status(item: dict[str, Any]) -> tuple[Any, ...]:
    names = (
        "event_id",
        "status",
        "recipient",
        "error_code",
        "error_detail",
        "pricing_category",
        "conversation_origin",
    )
    return tuple(item.get(name) for name in names)


def _names(items: list[dict[str, Any]]) -> list[Any]:
    """The names in use at the end: one spelling of each, without those that were given up."""
    given_up = {(name["kind"], name["match"]) for item in items for name in item.get("previous", ())}
    found = {(name["kind"], name["match"]): name["value"] for item in items for name in item["identities"]}
    kept = found.items() if not given_up else ((name, value) for name, value in found.items() if name not in given_up)
    return [(kind, value, match) for (kind, match), value in kept]


def _sorted(rows: list[Any]) -> list[Any]:
    return sorted(map(_plain, rows), key=repr)


def _plain(row: Any) -> Any:
    if not isinstance(row, tuple):
        return row
    return tuple(value.isoformat() if hasattr(value, "isoformat") else value for value in row)
