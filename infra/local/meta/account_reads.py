"""What the sandbox says about a business phone number and its account, to the token that may use it.

Shapes: Cloud API reference "Phone numbers", "Health status" and "Subscribed apps".
"""

from typing import Any

from infra.local.meta.graph_errors import unknown_object
from infra.local.meta.phone_numbers import PhoneNumbers

_APP_ID = "100000000000001"  # of the one app that the sandbox has
_PORTFOLIO_ID = "200000000000001"
_AVAILABLE = "AVAILABLE"


def read_number(numbers: PhoneNumbers, phone_number_id: str, *, token: str | None) -> dict[str, Any]:
    """GET /{phone_number_id}, whatever fields were asked for. Raises GraphError as a send would."""
    number = numbers.authorised(phone_number_id, token)
    entities = {
        "PHONE_NUMBER": number.phone_number_id,
        "WABA": number.account_id,
        "BUSINESS": _PORTFOLIO_ID,
        "APP": _APP_ID,
    }
    return {
        "id": number.phone_number_id,
        "display_phone_number": number.display_phone_number,
        "verified_name": "Sandbox",
        "health_status": {
            "can_send_message": _AVAILABLE,
            "entities": [
                {"entity_type": kind, "id": each, "can_send_message": _AVAILABLE} for kind, each in entities.items()
            ],
        },
    }


def read_subscriptions(numbers: PhoneNumbers, account_id: str, *, token: str | None) -> dict[str, Any]:
    """GET /{account_id}/subscribed_apps: the sandbox's webhooks go to its one app. Raises GraphError."""
    if not numbers.has_account(account_id, token):
        raise unknown_object(account_id)
    return {"data": [{"whatsapp_business_api_data": {"id": _APP_ID, "name": "Sandbox"}}]}
