"""Who calls a function that is not public: Google's OIDC tokens of Cloud Tasks and Cloud Scheduler, checked here too.

The front end checks them as well, but a forged task must not pass because somebody changed the front end. The headers
X-CloudTasks-* prove nothing.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from shared.kit import bounded_json
from shared.kit.errors import Rejected, Unavailable
from shared.platform.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.platform.settings import CallerSettings

_ALGORITHM = "RS256"  # Google's; never the token's own wish
_REQUIRED = ("exp", "iat", "aud", "iss", "sub")
_LONGEST_TOKEN = 8192  # characters; Google's have about 900
_LEEWAY = 30  # seconds that the clocks may differ
_LONGEST_LIFE = 25 * 3600  # seconds; Google's tokens live one hour
_KEYS_AGE = 6 * 3600  # seconds after which the keys are fetched again
_REFETCH_PAUSE = 60  # seconds; tokens with invented key ids must not make us fetch each time
_FETCH_TIMEOUT = 5.0  # seconds
_LARGEST_KEY_SET = 1 << 20  # bytes

_log = get_logger(__name__)


class Callers:
    """Knows the callers of one function. Threads share it."""

    def __init__(self, settings: CallerSettings, *, fetch: Callable[[str], bytes] | None = None) -> None:
        self._settings = settings
        self._fetch = fetch or _fetch
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")
        self._lock = threading.Lock()

    def verify(self, authorization: str | None) -> str:
        """Return the e-mail address of the service account that the Authorization header proves.

        Raises `Rejected` with "caller_unknown" (401) or "caller_not_allowed" (403), `Unavailable` without any keys.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.isascii() or not 0 < len(token) <= _LONGEST_TOKEN:
            raise _unknown("there is no bearer token")
        try:
            claims = self._claims(token)
        except (Rejected, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 (whatever a hostile token makes a parser raise)
            raise _unknown(type(error).__name__) from None
        email = claims.get("email")
        if claims.get("email_verified") is not True or email not in self._settings.oidc_allowed_emails:
            raise Rejected("caller_not_allowed", "the token's account is not in OIDC_ALLOWED_EMAILS")
        return str(email)

    def _claims(self, token: str) -> dict[str, Any]:
        import jwt  # noqa: PLC0415 (60 ms that a public function never needs)

        header = _segment(token, 0)
        if header.get("alg") != _ALGORITHM or "crit" in header or not isinstance(header.get("kid"), str):
            raise _unknown("the token's header names another algorithm, an extension or no key")
        _require_sane_times(_segment(token, 1))
        claims: dict[str, Any] = jwt.decode(
            token,
            self._key(header["kid"]),
            algorithms=[_ALGORITHM],
            audience=self._settings.oidc_audience,
            issuer=self._settings.oidc_issuer,
            leeway=_LEEWAY,
            options={"require": list(_REQUIRED), "strict_aud": True},
        )
        return claims

    def _key(self, kid: str) -> Any:
        """Return the public key of that id, fetching the set again when it is unknown or old."""
        with self._lock:
            age = time.monotonic() - self._fetched_at
            if age > _KEYS_AGE or (kid not in self._keys and age > _REFETCH_PAUSE):
                self._refresh()
            if kid not in self._keys:
                raise _unknown("the token's key is none of the issuer's")
            return self._keys[kid]

    def _refresh(self) -> None:
        from jwt.algorithms import RSAAlgorithm  # noqa: PLC0415 (see above)

        self._fetched_at = time.monotonic()
        try:
            key_set = json.loads(self._fetch(self._settings.oidc_certs_url))
            self._keys = {key["kid"]: RSAAlgorithm.from_jwk(key) for key in key_set["keys"] if key.get("kty") == "RSA"}
        except Exception as error:
            if not self._keys:
                self._fetched_at = float("-inf")
                raise Unavailable("The keys of the token's issuer could not be fetched") from error
            _log.warning("the issuer's keys could not be fetched; the known ones serve on", kind=type(error).__name__)


def _segment(token: str, index: int) -> dict[str, Any]:
    """Return one part of the token as strictly as any body: no duplicate claims, no monstrous numbers."""
    import jwt.utils  # noqa: PLC0415 (see above)

    value = bounded_json.parse(jwt.utils.base64url_decode(token.split(".")[index]))
    if not isinstance(value, dict):
        raise _unknown("a part of the token is not an object")
    return value


def _require_sane_times(claims: dict[str, Any]) -> None:
    """PyJWT accepts "exp" as text, and any distance."""
    for name in ("exp", "iat", "nbf"):
        if name in claims and type(claims[name]) is not int:
            raise _unknown(f"the claim {name} is no whole number")
    if claims.get("exp", 0) > time.time() + _LONGEST_LIFE:
        raise _unknown("the token would live too long")


def _unknown(reason: str) -> Rejected:
    return Rejected("caller_unknown", f"The caller is not known: {reason}")


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_FETCH_TIMEOUT) as answer:  # noqa: S310 (the address is a setting)
        content: bytes = answer.read(_LARGEST_KEY_SET)
    return content
