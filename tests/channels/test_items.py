import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.channels.items import digest_of, event_key, identifier, key_part, leftovers, storable, unparsed

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def test_a_digest_does_not_depend_on_spelling_or_order() -> None:
    """I2."""
    one = json.loads('{"a": 1, "b": "\\u00e9"}')
    other = json.loads('{"b":"é","a":1}')
    assert digest_of(one) == digest_of(other)
    assert digest_of(one) != digest_of({"a": 1, "b": "e"})


@given(json_values)
def test_every_json_value_has_a_digest_and_can_be_kept(value: object) -> None:
    item = unparsed(value, account="1", event_type="x", reason="why")
    text = json.dumps(item)
    assert "\\u0000" not in text
    text.encode("utf-8")


def test_numbers_that_jsonb_would_write_out_in_full_are_kept_as_text() -> None:
    """V5: 1e308 is five characters here and 309 in jsonb."""
    kept = storable({"n": [1e308, 1e-300, 1.5, 0.0, -0.0, 12345678901234567890, -1e17]})
    assert kept == {"n": ["1e+308", "1e-300", 1.5, 0.0, -0.0, 12345678901234567890, -1e17]}
    assert storable(math.inf) == "inf"


@given(json_values)
def test_any_value_can_be_a_part_of_a_key(value: object) -> None:
    part = key_part(value)
    assert "\0" not in part
    assert 0 < len(part.encode()) <= 1020


def test_members_that_are_not_known_are_kept_as_they_can_be_stored() -> None:
    assert leftovers({"a": 1, "b\0": ["\ud800"]}, known={"a"}) == {"b\ufffd": ["\ufffd"]}


def test_names_of_members_are_cleaned_as_well() -> None:
    assert storable({"a\x00": {"\ud800": "\udfff"}}) == {"a\ufffd": {"\ufffd": "\ufffd"}}


def test_a_key_says_the_id_and_is_a_hash_only_when_it_must() -> None:
    assert event_key("m", "wamid.1") == "m:wamid.1"
    assert event_key("s", "wamid.1", "read") == "s:wamid.1:read"
    long = {event_key("m", "w" * length) for length in (509, 510, 1000)}
    assert len(long) == 3
    assert {len(key) for key in long} == {66}


@pytest.mark.parametrize("text", ["", "x" * 256, "a\x00", "a\ud800", None, 5, ["a"]])
def test_what_is_no_clean_short_text_names_nothing(text: object) -> None:
    """Two ids that look alike after cleaning must not become one."""
    assert identifier(text) is None


def test_an_identifier_is_kept_as_it_is() -> None:
    assert identifier("wamid.ção\ufffd") == "wamid.ção\ufffd"
    assert identifier("x" * 256, limit=256) == "x" * 256
