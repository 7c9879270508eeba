"""Forged, stolen and broken tokens: 401 or 403, never a claim, never a 500 (A1, Q6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as some

from shared.kit.errors import Rejected, Unavailable
from shared.platform.callers import Callers
from tests.platform.oidc import AUDIENCE, EMAIL, ISSUER, Issuer

ISSUER_OF_KEYS = Issuer()  # one key for the module: making it takes a while
NOW = int(time.time())


@pytest.fixture
def issuer() -> Issuer:
    fresh = Issuer.__new__(Issuer)
    fresh.keys, fresh.fetches, fresh.is_down = dict(ISSUER_OF_KEYS.keys), 0, False
    return fresh


@pytest.fixture
def callers(issuer: Issuer) -> Callers:
    return Callers(issuer.settings(), fetch=issuer.fetch)


def _hs256_with_the_public_key() -> str:
    """The classic confusion: the public key, which everybody knows, taken as the secret of an HMAC."""
    parts = ISSUER_OF_KEYS.token().split(".")
    header = (
        base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "one"}).encode())
        .rstrip(b"=")
        .decode()
    )
    signature = hmac.new(ISSUER_OF_KEYS.public_pem(), f"{header}.{parts[1]}".encode(), hashlib.sha256).digest()
    return f"{header}.{parts[1]}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _unsigned(algorithm: str) -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "one"}).encode()).rstrip(b"=").decode()
    return f"{header}.{ISSUER_OF_KEYS.token().split('.')[1]}."


CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "1",
    "email": EMAIL,
    "email_verified": True,
    "iat": NOW,
    "exp": NOW + 3000,
}
HEADER = '{"alg":"RS256","kid":"one"}'
_token = ISSUER_OF_KEYS.token
_raw = ISSUER_OF_KEYS.raw_token
UNKNOWN = {
    "nothing": "",
    "garbage": "garbage",
    "two dots": "..",
    "alg none": _unsigned("none"),
    "alg None": _unsigned("None"),
    "alg nOnE": _unsigned("nOnE"),
    "alg empty": _unsigned(""),
    "HS256 with the public key": _hs256_with_the_public_key(),
    "another key of the same id": _token(key=rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    "kid traversal": _token(headers={"kid": "../../../../dev/null"}),
    "kid SQL": _token(headers={"kid": "x' UNION SELECT 'key"}),
    "kid URL": _token(headers={"kid": "https://evil.example/key"}),
    "kid not text": _raw('{"alg":"RS256","kid":["one"]}', json.dumps(CLAIMS)),
    "kid missing": _raw('{"alg":"RS256"}', json.dumps(CLAIMS)),
    "jku to a stranger": _token(
        key=rsa.generate_private_key(public_exponent=65537, key_size=2048),
        headers={"jku": "https://evil.example/jwks", "x5u": "https://evil.example/x5u"},
    ),
    "critical header": _token(headers={"crit": ["b64"], "b64": False}),
    "no exp": _token(exp=...),
    "no iat": _token(iat=...),
    "no aud": _token(aud=...),
    "no iss": _token(iss=...),
    "no sub": _token(sub=...),
    "expired": _token(exp=NOW - 60, iat=NOW - 3660),
    "exp as text": _raw(HEADER, json.dumps(CLAIMS | {"exp": str(NOW + 3000)})),
    "exp as a fraction": _raw(HEADER, json.dumps(CLAIMS | {"exp": NOW + 0.5})),
    "exp true": _raw(HEADER, json.dumps(CLAIMS | {"exp": True})),
    "exp null": _raw(HEADER, json.dumps(CLAIMS | {"exp": None})),
    "exp huge": _raw(HEADER, json.dumps(CLAIMS).replace(str(NOW + 3000), "9" * 60)),
    "exp in a year": _token(exp=NOW + 365 * 86400),
    "nbf in the future": _token(nbf=NOW + 3600),
    "nbf as text": _raw(HEADER, json.dumps(CLAIMS | {"nbf": "now"})),
    "issued in the future": _token(iat=NOW + 3600),
    "other audience": _token(aud="https://work-sweep.example/"),
    "several audiences": _token(aud=[AUDIENCE, "https://work-sweep.example/"]),
    "part of the audience": _token(aud=AUDIENCE[:-1]),
    "other issuer": _token(iss="https://evil.example"),
    "issuer without scheme": _token(iss="accounts.google.com"),
    "duplicate claims": _raw(HEADER, json.dumps(CLAIMS)[:-1] + ', "email": "tasks@project.iam.gserviceaccount.com"}'),
    "claims no object": _raw(HEADER, "[]"),
    "claims no JSON": _raw(HEADER, "{"),
    "deep claims": _raw(HEADER, '{"a":' * 1500 + "1" + "}" * 1500),
    "number bomb": _raw(HEADER, '{"exp":1e131071}'),
    "truncated": _token()[:-10],
    "a flipped bit": _token()[:-20] + ("A" if _token()[-20] != "A" else "B") + _token()[-19:],
    "very long": _token(padding="x" * 20_000),
    "non-ASCII": "é" + _token(),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_caller_without_a_good_token_is_unknown(callers: Callers, name: str) -> None:
    with pytest.raises(Rejected) as refused:
        callers.verify(f"Bearer {UNKNOWN[name]}")
    assert refused.value.code == "caller_unknown"
    assert UNKNOWN[name] == "" or UNKNOWN[name] not in str(refused.value)


NOT_ALLOWED: dict[str, dict[str, Any]] = {
    "another service account": {"email": "intake@project.iam.gserviceaccount.com"},
    "an address that was not verified": {"email_verified": False},
    "verified as text": {"email_verified": "true"},
    "verification missing": {"email_verified": ...},
    "no address": {"email": ...},
    "an address with a tail": {"email": EMAIL + ".evil.example"},
    "an address in capitals": {"email": EMAIL.upper()},
    "a list of addresses": {"email": [EMAIL]},
}


@pytest.mark.parametrize("name", NOT_ALLOWED)
def test_a_known_caller_that_is_not_allowed_is_turned_away(callers: Callers, name: str) -> None:
    with pytest.raises(Rejected) as refused:
        callers.verify(f"Bearer {_token(**NOT_ALLOWED[name])}")
    assert refused.value.code == "caller_not_allowed"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic dGFza3M6", "Token x", "bearer", "Bearer  "])
def test_a_call_without_a_bearer_token_is_unknown(callers: Callers, header: str | None) -> None:
    with pytest.raises(Rejected) as refused:
        callers.verify(header)
    assert refused.value.code == "caller_unknown"


def test_the_good_token_is_good_and_names_its_account(callers: Callers) -> None:
    """The negative control of everything above."""
    assert callers.verify(f"Bearer {_token()}") == EMAIL
    assert callers.verify(f"bearer {_token(email='scheduler@example')}") == "scheduler@example"


def test_pyjwt_alone_would_take_a_token_without_an_end() -> None:
    """The negative control of "no exp"."""
    claims = jwt.decode(
        _token(exp=...), ISSUER_OF_KEYS.keys["one"].public_key(), algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER
    )
    assert claims["email"] == EMAIL


def test_the_keys_are_fetched_once_and_again_for_an_unknown_id_at_most_once_a_minute(
    callers: Callers, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        callers.verify(f"Bearer {_token()}")
    assert issuer.fetches == 1
    issuer.keys["two"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for _ in range(5):
        with pytest.raises(Rejected):
            callers.verify(f"Bearer {issuer.token(kid='two')}")
    assert issuer.fetches == 1, "invented ids do not make it fetch"
    monkeypatch.setattr("shared.platform.callers._REFETCH_PAUSE", -1.0)
    assert callers.verify(f"Bearer {issuer.token(kid='two')}") == EMAIL
    assert issuer.fetches == 2


def test_a_revoked_key_is_forgotten_with_age(callers: Callers, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    token = _token()
    callers.verify(f"Bearer {token}")
    issuer.keys = {"two": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
    monkeypatch.setattr("shared.platform.callers._KEYS_AGE", -1.0)
    with pytest.raises(Rejected):
        callers.verify(f"Bearer {token}")


def test_without_any_keys_the_caller_shall_come_again_and_known_keys_serve_on(
    callers: Callers, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.is_down = True
    with pytest.raises(Unavailable):
        callers.verify(f"Bearer {_token()}")
    issuer.is_down = False
    callers.verify(f"Bearer {_token()}")
    issuer.is_down = True
    monkeypatch.setattr("shared.platform.callers._KEYS_AGE", -1.0)
    assert callers.verify(f"Bearer {_token()}") == EMAIL


@given(some.text(), some.binary(max_size=100), some.binary(max_size=100))
def test_no_token_raises_anything_else(text: str, header: bytes, claims: bytes) -> None:
    callers = Callers(ISSUER_OF_KEYS.settings(), fetch=ISSUER_OF_KEYS.fetch)
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, claims, b"x")]
    for token in (text, ".".join(parts), f"{_token().split('.')[0]}.{parts[1]}.{parts[2]}"):
        with pytest.raises(Rejected):
            callers.verify(f"Bearer {token}")
