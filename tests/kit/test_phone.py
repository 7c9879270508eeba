import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.phone import match_key

areas = st.from_regex("[1-9][1-9]", fullmatch=True).filter(str.isascii)
mobiles = st.from_regex("[6-9][0-9]{7}", fullmatch=True).filter(str.isascii)
landlines = st.from_regex("[2-5][0-9]{7}", fullmatch=True).filter(str.isascii)
digits = st.text("0123456789", min_size=0, max_size=20)


@given(areas, mobiles)
def test_a_mobile_is_the_same_with_and_without_the_ninth_digit(area: str, number: str) -> None:
    """C-12."""
    assert match_key(f"55{area}9{number}") == match_key(f"55{area}{number}") == f"55{area}{number}"


@given(areas, landlines)
def test_a_landline_is_never_a_mobile(area: str, number: str) -> None:
    """C-12: neither the landline nor the number with a 9 before it is changed."""
    assert match_key(f"55{area}{number}") == f"55{area}{number}"
    assert match_key(f"55{area}9{number}") == f"55{area}9{number}"


@given(digits, digits)
def test_only_two_forms_of_one_brazilian_mobile_are_ever_equal(one: str, other: str) -> None:
    """C-12."""
    if one != other and match_key(one) == match_key(other):
        short, long = sorted((one, other), key=len)
        assert (len(short), len(long)) == (12, 13)
        assert long == f"{short[:4]}9{short[4:]}"


@given(digits)
def test_a_key_is_its_own_key(phone: str) -> None:
    assert match_key(match_key(phone)) == match_key(phone)


@pytest.mark.parametrize(
    ("phone", "key"),
    [
        ("5511987654321", "551187654321"),
        ("551187654321", "551187654321"),
        ("5585999990000", "558599990000"),
        ("551133334444", "551133334444"),
        ("5511933334444", "5511933334444"),  # without its 9 it would be a landline
        ("14155550123", "14155550123"),
        ("5491123456789", "5491123456789"),  # Argentina's 9 is another matter
        ("5501987654321", "5501987654321"),  # no such area
        ("55119876543210", "55119876543210"),
        ("BR.5511987654321", "BR.5511987654321"),
        ("55119８7654321", "55119８7654321"),  # noqa: RUF001 - a digit, but not one of a phone number
        ("5511987654321\n", "5511987654321\n"),
        ("", ""),
    ],
)
def test_keys_of_known_numbers(phone: str, key: str) -> None:
    """C-12."""
    assert match_key(phone) == key
