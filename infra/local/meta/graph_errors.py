"""The errors of the Graph API for WhatsApp, Instagram and Messenger, as bodies and HTTP statuses.

Codes, texts and statuses are those of Meta's page "Error codes" of the WhatsApp Cloud API (2026-05) and of the
Messenger Platform.
"""

import secrets
from typing import Any

_DEFAULT_STATUS = 400
_TEXTS: dict[int, tuple[int, str]] = {
    0: (401, "We were unable to authenticate the app user."),
    1: (400, "Invalid request or possible server error."),
    2: (503, "Temporary due to downtime or due to being overloaded."),
    3: (500, "Capability or permissions issue."),
    4: (400, "The app has reached its API call rate limit."),
    10: (403, "Permission is either not granted or has been removed."),
    33: (400, "The business phone number has been deleted."),
    100: (400, "Invalid parameter"),
    190: (401, "Invalid OAuth access token - Cannot parse access token"),
    200: (403, "Permission is either not granted or has been removed."),
    368: (403, "Temporarily blocked for policies violations"),
    551: (400, "This person isn't available right now."),
    613: (400, "Calls to this api have exceeded the rate limit."),
    2500: (400, "An active access token must be used to query information about the current user."),
    80006: (400, "There have been too many messenger api calls to this Page account."),
    80007: (400, "The WhatsApp Business Account has reached its rate limit."),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country."),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Account has been locked"),
    131037: (400, "WhatsApp provided number needs display name approval before message can be sent."),
    131042: (400, "Business eligibility payment issue"),
    131044: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement."),
    131050: (400, "User has stopped receiving marketing messages from this business."),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131062: (400, "Business-scoped user ids are not supported for this message type"),
    131063: (400, "Marketing messages are disabled for this account on Cloud API"),
    131064: (400, "Messages are limited for quality reasons"),
    132000: (400, "Template Param Count Mismatch"),
    132001: (404, "Template does not exist"),
    132005: (400, "Template Hydrated Text Too Long"),
    132007: (400, "Template Format Character Policy Violated"),
    132008: (400, "Template Parameter Format Mismatch"),
    132012: (400, "Template Parameter Format Mismatch"),
    132015: (400, "Template is Paused"),
    132016: (400, "Template is Disabled"),
    133004: (503, "Server Temporarily Unavailable"),
    133016: (400, "Account register deregister rate limit exceeded"),
    135000: (400, "Generic user error"),
    137000: (400, "Identity mismatch"),
}
KNOWN_CODES = frozenset(_TEXTS)
_PLAIN_CODES = frozenset(
    {0, 1, 2, 3, 4, 10, 33, 100, 190, 200, 368, 551, 613, 2500, 80006}
)  # of the Graph API itself: no error_data
_EXPIRED_SUBCODE = 463


class GraphError(Exception):
    """A refusal by the Graph API: HTTP status and JSON body as Meta sends them."""

    def __init__(
        self, code: int, *, message: str | None = None, details: str | None = None, subcode: int | None = None
    ) -> None:
        """Take a known code; `message` replaces its usual text, `details` says more."""
        self.code = code
        self.status, usual = _TEXTS.get(code, (_DEFAULT_STATUS, "Unknown error"))
        text = message if message is not None else usual
        self.message = text if code in {0, 190} else f"(#{code}) {text}"
        self._details = details
        self._subcode = subcode
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        error: dict[str, Any] = {"message": self.message, "type": "OAuthException", "code": self.code}
        if self._subcode is not None:
            error["error_subcode"] = self._subcode
        if self.code not in _PLAIN_CODES:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self._details or self.message}
        error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
        return {"error": error}

    def headers(self) -> dict[str, str]:
        """What a refused token brings besides."""
        if self.code != 190:  # noqa: PLR2004 - the code of tokens
            return {}
        return {"WWW-Authenticate": f'OAuth "Facebook Platform" "invalid_token" "{self.message}"'}


def missing_parameter(name: str) -> GraphError:
    """A required parameter is not there."""
    return GraphError(100, message=f"The parameter {name} is required.")


def wrong_parameter(name: str, rule: str) -> GraphError:
    """A parameter breaks a rule."""
    return GraphError(100, message=f"Param {name} {rule}.")


def unknown_object(object_id: str, *, method: str = "post") -> GraphError:
    """No object with this id is visible to the token."""
    return GraphError(
        100,
        message=f"Unsupported {method} request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation.",
        subcode=33,
    )


def expired_token() -> GraphError:
    """The token's time is over."""
    return GraphError(190, message="Error validating access token: Session has expired.", subcode=_EXPIRED_SUBCODE)
