"""A good delivery for each place of a webhook that a value is read from, the place marked."""

from __future__ import annotations

from typing import Any

from tests.functions.webhook_intake.bodies import change, envelope, new_wamid, status, text_message

PLACE = "the place of the value"
PAGE, INSTAGRAM = "108999999999999", "17849999999999999"


def whatsapp_bodies(account: str) -> dict[str, dict[str, Any]]:
    """Everything around a text and a status."""
    place = PLACE
    message, receipt = text_message(), status(new_wamid(), "sent")
    contacts = [{"profile": {"name": place, "username": place}, "wa_id": message["from"], "user_id": place}]
    price = {"billable": place, "category": place, "pricing_model": place, "type": place}
    error = {"code": place, "title": place, "error_data": {"details": place}}
    details = {
        **receipt,
        "id": new_wamid(),
        "recipient_id": place,
        "biz_opaque_callback_data": place,
        "errors": [error],
        "pricing": price,
        "conversation": {"origin": {"type": place}},
    }
    return {
        "text": envelope(change(account, messages=[{**message, "text": {"body": place}}])),
        "id": envelope(change(account, messages=[{**message, "id": place}])),
        "from": envelope(change(account, messages=[{**message, "from": place}])),
        "timestamp": envelope(change(account, messages=[{**message, "id": new_wamid(), "timestamp": place}])),
        "type": envelope(change(account, messages=[{**message, "type": place}])),
        "extra": envelope(change(account, messages=[{**message, "id": new_wamid(), "context": {"x": place}}])),
        "message": envelope(change(account, messages=[place])),
        "name": envelope(change(account, contacts=contacts, messages=[{**message, "id": new_wamid()}])),
        "account": envelope(change(place, messages=[message])),
        "value": envelope({"field": "messages", "value": place}),
        "field": envelope({"field": place, "value": {}}),
        "entry": {"object": "whatsapp_business_account", "entry": [place]},
        "status": envelope(change(account, statuses=[{**receipt, "status": place}])),
        "status_id": envelope(change(account, statuses=[{**receipt, "id": place}])),
        "status_details": envelope(change(account, statuses=[details])),
    }


def whatsapp_kinds(account: str) -> dict[str, dict[str, Any]]:
    """The bodies of the other kinds of messages, and the other fields."""
    place = PLACE
    file = dict.fromkeys(("id", "url", "mime_type", "sha256", "filename", "file_size", "voice", "caption"), place)
    product = dict.fromkeys(("product_retailer_id", "quantity", "item_price", "currency"), place)
    contact = {"name": {"formatted_name": place}, "phones": [{"phone": place}]}
    form = {"type": "nfm_reply", "nfm_reply": {"body": place, "response_json": place}}
    changed = {"body": place, "type": "user_changed_number", "wa_id": place, "user_id": place}
    kinds: dict[str, Any] = {
        "image": file,
        "document": file,
        "location": dict.fromkeys(("latitude", "longitude", "name", "address"), place),
        "contacts": [contact],
        "interactive": form,
        "button": {"text": place, "payload": place},
        "order": {"text": place, "product_items": [product]},
        "system": changed,
        "reaction": {"message_id": place, "emoji": place},
        "edit": {"original_message_id": place, "message": {"type": "image", "image": file}},
        "revoke": {"original_message_id": place},
    }
    bodies = {
        f"whatsapp_{kind}": envelope(change(account, messages=[{**text_message(), "type": kind, kind: body}]))
        for kind, body in kinds.items()
    }
    echo = {**text_message(), "to": place, "to_user_id": place, "biz_opaque_callback_data": place}
    preference = {
        "wa_id": place,
        "user_id": place,
        "category": "marketing_messages",
        "value": "stop",
        "timestamp": place,
    }
    renamed = {"wa_id": place, "user_id": {"previous": place, "current": "BR.1"}, "timestamp": place}
    for field, name, element in (
        ("smb_message_echoes", "message_echoes", echo),
        ("user_preferences", "user_preferences", preference),
        ("user_id_update", "user_id_update", renamed),
    ):
        bodies[field] = envelope({**change(account, **{name: [element]}), "field": field})
    bodies["account_update"] = envelope({"field": "account_update", "value": {"event": place, "x": place}})
    bodies["errors"] = envelope(change(account, errors=[place]))
    return bodies


def messenger_bodies() -> dict[str, dict[str, Any]]:
    """The facts of the Messenger Platform, for a page and for an Instagram account."""
    place = PLACE
    file = {"type": "image", "payload": {"url": place, "sticker_id": place}}
    message = {"text": place, "reply_to": {"mid": place}, "app_id": place, "metadata": place}
    facts: dict[str, dict[str, Any]] = {
        "message": {"message": {"mid": place, "text": "oi"}},
        "message_text": {"message": {"mid": new_wamid(), **message}},
        "message_echo": {"message": {"mid": new_wamid(), "is_echo": True, **message}},
        "message_files": {"message": {"mid": new_wamid(), "attachments": [file, {"type": place, "title": place}]}},
        "message_location": {"message": {"mid": new_wamid(), "attachments": [{"type": "location", "payload": place}]}},
        "message_deleted": {"message": {"mid": place, "is_deleted": True}},
        "postback": {"postback": {"mid": new_wamid(), "title": place, "payload": place}},
        "reaction": {"reaction": {"mid": place, "action": "react", "emoji": place, "reaction": place}},
        "edit": {"message_edit": {"mid": place, "text": place, "num_edit": place}},
        "read": {"read": {"mid": place, "watermark": place}},
        "delivery": {"delivery": {"mids": [place], "watermark": place}},
        "referral": {"referral": place},
        "referral_of_an_object": {"referral": {"ref": place}},
        "handover": {"pass_thread_control": {"metadata": place}},
        "app_roles": {"app_roles": place},
        "timestamp": {"message": {"mid": new_wamid(), "text": "oi"}, "timestamp": place},
        "sender": {"message": {"mid": new_wamid(), "text": "oi"}, "sender": {"id": place, "username": place}},
    }
    bodies = {}
    for name, fact in facts.items():
        for object_name, account in (("page", PAGE), ("instagram", INSTAGRAM)):
            element = {"sender": {"id": "5001"}, "recipient": {"id": account}, "timestamp": 1764000000000, **fact}
            entry = {"id": account, "time": 1764000000000, "messaging": [element]}
            bodies[f"{object_name}_{name}"] = {"object": object_name, "entry": [entry]}
    return bodies
