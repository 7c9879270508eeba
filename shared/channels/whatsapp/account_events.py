"""What happens to a WhatsApp account, a number or a template rather than to a message: one item for each change.

The value's own word for it is `event`, `decision`, or another of the members below; the whole value is the detail.
"""

from shared.channels.items import Item, digest_of, event_key, fact, identifier, moment_of, storable

FIELDS = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_settings_update",
        "account_update",
        "automatic_events",
        "business_capability_update",
        "business_status_update",
        "business_username_update",
        "business_username_updates",
        "calls",
        "flows",
        "group_lifecycle_update",
        "group_participants_update",
        "group_settings_update",
        "group_status_update",
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "partner_solutions",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "smb_app_state_sync",
        "template_category_update",
        "template_correct_category_detection",
    }
)
_WORDS = ("event", "decision", "alert_type", "new_quality_score")  # members that say it in a word
_ATTENTION = frozenset(
    {
        "account_alerts.CRITICAL",
        "account_alerts.WARNING",
        "account_review_update.REJECTED",
        "account_update.ACCOUNT_DELETED",
        "account_update.ACCOUNT_OFFBOARDED",
        "account_update.ACCOUNT_RESTRICTION",
        "account_update.ACCOUNT_VIOLATION",
        "account_update.DISABLED_UPDATE",
        "account_update.PARTNER_APP_UNINSTALLED",
        "account_update.PARTNER_REMOVED",
        "message_template_quality_update.RED",
        "message_template_status_update.DISABLED",
        "message_template_status_update.FLAGGED",
        "message_template_status_update.PAUSED",
        "message_template_status_update.REJECTED",
        "phone_number_name_update.REJECTED",
        "phone_number_quality_update.DOWNGRADE",
        "phone_number_quality_update.FLAGGED",
    }
)


def account_event_item(value: object, *, field: str, account: str, business: str, time: object) -> Item:
    """Turn the value of one of FIELDS into an item.

    Args:
        value: as received, of any shape.
        field: its field.
        account: the phone number id, "" when the value names none.
        business: the WhatsApp business account's id.
        time: the entry's; two equal changes at different times are two events.
    """
    members = value if isinstance(value, dict) else {}
    word = next(filter(None, (identifier(members.get(name), limit=64) for name in _WORDS)), field)
    key = event_key("a", business, field, digest_of([time, value]))
    item = fact(value, kind="account", account=account, key=key, event_type=f"account.{field}")
    item["business"] = business
    item["occurred_at"] = moment_of(time)
    item["event"] = word
    item["severity"] = "attention" if _is_alarming(field, word, members) else "info"
    item["detail"] = storable(value)
    return item


def account_error_item(error: object, *, account: str, business: str, time: object) -> Item:
    """Turn one element of a value's `errors`, which concern no message that is named, into an item."""
    key = event_key("a", "errors", digest_of([time, error]))
    item = fact(error, kind="account", account=account, key=key, event_type="account.errors")
    item["business"] = business
    item["occurred_at"] = moment_of(time)
    item["event"] = "error"
    item["severity"] = "attention"
    item["detail"] = storable(error)
    return item


def _is_alarming(field: str, word: str, value: dict[str, object]) -> bool:
    ban = value.get("ban_info")
    if isinstance(ban, dict) and ban.get("waba_ban_state") == "REINSTATE":
        return False
    said = (word, value.get("alert_severity"))
    return any(f"{field}.{each}" in _ATTENTION for each in said)
