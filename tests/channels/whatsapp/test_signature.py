import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.channels.whatsapp.signature import AppSecret, sign, verify

SECRET = b"0123456789abcdef0123456789abcdef"
OLD_SECRET = b"fedcba9876543210fedcba9876543210"
ACTIVE, OLD = AppSecret(SECRET), AppSecret(OLD_SECRET)
BODY = '{"text":"Pão de açúcar 🥖 \\u00e1"}'.encode()


@given(raw=st.binary(max_size=200), secret=st.binary(min_size=1, max_size=64))
def test_what_the_provider_signs_is_authentic(raw: bytes, secret: bytes) -> None:
    """C-02."""
    reference = "sha256=" + hmac.new(secret, raw, hashlib.sha256).hexdigest()
    assert sign(raw, secret) == reference.encode()
    signed_by = AppSecret(secret)
    assert verify([reference.encode()], raw, secrets=[AppSecret(b"another one"), signed_by]) == signed_by.name


def test_every_flipped_bit_of_body_or_header_is_refused() -> None:
    """C-02, I6."""
    header = sign(BODY, SECRET)
    for place in range(len(BODY) * 8):
        changed = bytearray(BODY)
        changed[place // 8] ^= 1 << place % 8
        assert verify([header], bytes(changed), secrets=[ACTIVE]) is None
    for place in range(len(header) * 8):
        changed = bytearray(header)
        changed[place // 8] ^= 1 << place % 8
        assert verify([bytes(changed)], BODY, secrets=[ACTIVE]) is None


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [b""],
        [b"sha256="],
        [sign(BODY, SECRET).upper()],
        [sign(BODY, SECRET).replace(b"sha256=", b"SHA256=")],
        [sign(BODY, SECRET).replace(b"sha256=", b"sha1=")],
        [sign(BODY, SECRET).replace(b"sha256=", b"")],
        [b"sha256=" + sign(BODY, SECRET)[7:].upper()],
        [sign(BODY, SECRET)[:-1]],
        [sign(BODY, SECRET) + b"0"],
        [sign(BODY, SECRET) + b"\n"],
        [b" " + sign(BODY, SECRET)],
        [sign(BODY, SECRET), sign(BODY, SECRET)],
        [sign(BODY, SECRET) + b", " + sign(BODY, SECRET)],
        [b"sha256=" + "é".encode() * 32],
        [b"sha256=" + b"\xff" * 64],
        [sign(BODY + b" ", SECRET)],
        [sign(BODY, b"wrong")],
        [b"sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest().encode()],
    ],
)
def test_anything_but_the_one_right_header_is_refused(headers: list[bytes]) -> None:
    """C-02, I6: missing, empty, wrong scheme, length, case or secret, two signatures, not ASCII."""
    assert verify(headers, BODY, secrets=[ACTIVE, OLD]) is None


def test_during_a_rotation_both_secrets_count_and_afterwards_only_the_new_one() -> None:
    """C-02, I8."""
    assert verify([sign(BODY, OLD_SECRET)], BODY, secrets=[ACTIVE, OLD]) == OLD.name
    assert verify([sign(BODY, SECRET)], BODY, secrets=[ACTIVE, OLD]) == ACTIVE.name
    assert verify([sign(BODY, OLD_SECRET)], BODY, secrets=[ACTIVE]) is None


def test_a_secret_s_name_tells_secrets_apart_and_holds_none() -> None:
    assert ACTIVE.name != OLD.name
    assert SECRET.decode() not in ACTIVE.name


def test_an_empty_secret_is_no_secret() -> None:
    with pytest.raises(ValueError, match="empty"):
        AppSecret(b"")
