"""Access tokens of the process's own Google account, for Google's HTTP interfaces that have no client here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from shared.kit.errors import Unavailable

AccessTokenSource = Callable[[], str]
"""Gives a token that is good for a minute at least. May raise `Unavailable`."""

_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_lock = threading.Lock()
_credentials: list[Any] = []  # one, once it is asked for


def default_access_token() -> str:
    """A token of the account that the function runs as; it is renewed when it is about to end."""
    import google.auth  # noqa: PLC0415 (a call needs it, a start does not)
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 (idem)
    from google.auth.transport.requests import Request  # noqa: PLC0415 (idem)

    try:
        with _lock:
            if not _credentials:
                _credentials.append(google.auth.default(scopes=[_SCOPE])[0])
            (credentials,) = _credentials
            if not credentials.valid:
                credentials.refresh(Request())
            return str(credentials.token)
    except GoogleAuthError as error:
        raise Unavailable(f"Google gave no access token: {type(error).__name__}") from error
