from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.channels.whatsapp.handshake import challenge_of

TOKEN = "a token with spaces & áccents"  # noqa: S105 - a test's


def query(*pairs: tuple[str, str]) -> bytes:
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs).encode()


GOOD = (("hub.mode", "subscribe"), ("hub.challenge", "1158201444"), ("hub.verify_token", TOKEN))


@pytest.mark.parametrize("challenge", ["1158201444", "0", "a_B-9", "x" * 128])
def test_the_challenge_comes_back_byte_for_byte(challenge: str) -> None:
    """C-01."""
    asked = query(GOOD[0], ("hub.challenge", challenge), GOOD[2], ("other", "1"))
    assert challenge_of(asked, verify_token=TOKEN) == challenge.encode()


@pytest.mark.parametrize(
    "asked",
    [
        b"",
        query(*GOOD[:2]),
        query(*GOOD[1:]),
        query(GOOD[0], GOOD[2]),
        query(*GOOD, GOOD[0]),
        query(*GOOD, GOOD[1]),
        query(*GOOD, ("hub.verify_token", "wrong")),
        query(("hub.mode", "unsubscribe"), *GOOD[1:]),
        query(("hub.mode", ""), *GOOD[1:]),
        query(*GOOD[:2], ("hub.verify_token", "wrong")),
        query(*GOOD[:2], ("hub.verify_token", "")),
        query(GOOD[0], ("hub.challenge", ""), GOOD[2]),
        query(GOOD[0], ("hub.challenge", "x" * 129), GOOD[2]),
        query(GOOD[0], ("hub.challenge", "<script>alert(1)</script>"), GOOD[2]),
        query(GOOD[0], ("hub.challenge", "1\n"), GOOD[2]),
        query(GOOD[0], ("hub.challenge", "\uff11\uff12"), GOOD[2]),
        query(*GOOD, *((f"p{number}", "") for number in range(20))),
        query(*GOOD) + b"&\xff",
    ],
)
def test_nobody_else_is_answered(asked: bytes) -> None:
    """C-01, I16: wrong or missing token, mode or challenge, repeated parameters, markup."""
    assert challenge_of(asked, verify_token=TOKEN) is None


def test_an_unset_token_answers_nobody() -> None:
    """C-01."""
    asked = query(*GOOD[:2], ("hub.verify_token", ""))
    assert challenge_of(asked, verify_token="") is None


@given(st.binary(max_size=300))
def test_no_query_is_a_surprise(asked: bytes) -> None:
    assert challenge_of(asked, verify_token=TOKEN) is None
