"""One case file per kind of delivery in tests/cases/whatsapp, and whatever a generator can think of."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.channels.items import Unreadable
from shared.channels.whatsapp.envelope import ITEMS_LIMIT, split
from shared.kit import bounded_json

CASES = sorted((Path(__file__).parents[2] / "cases" / "whatsapp").glob("*.json"))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
names = st.sampled_from(
    [
        "object",
        "entry",
        "id",
        "changes",
        "field",
        "value",
        "messaging_product",
        "metadata",
        "phone_number_id",
        "contacts",
        "messages",
        "statuses",
        "errors",
        "profile",
        "name",
        "wa_id",
        "from",
        "from_user_id",
        "timestamp",
        "type",
        "text",
        "body",
        "status",
        "recipient_id",
        "pricing",
        "conversation",
        "origin",
        "code",
    ]
)
words = st.sampled_from(["whatsapp_business_account", "messages", "text", "sent", "1764000000", "wamid.1", "", "5511"])
shapes = st.recursive(
    words | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=30,
)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_case_is_split_as_it_says(path: Path) -> None:
    """C-02, C-05, C-10, C-16: the file's "says" is the sentence."""
    case = json.loads(path.read_text(encoding="utf-8"))
    body = bounded_json.parse(json.dumps(case["body"]).encode())
    if "unreadable" in case:
        with pytest.raises(Unreadable, match=case["unreadable"]):
            split(body)
        return
    items: list[Any] = list(split(body))
    assert len(items) == len(case["items"]), items
    for item, expected in zip(items, case["items"], strict=True):
        assert {name: item.get(name) for name in expected} == expected


@given(json_values)
def test_any_json_is_split_or_named_unreadable(value: object) -> None:
    with contextlib.suppress(Unreadable):
        split(value)


@settings(max_examples=300)
@given(st.lists(shapes, max_size=3))
def test_what_looks_like_a_change_loses_no_element(changes: list[object]) -> None:
    """C-05: each change gives at least one item, and every item can be stored."""
    items = split({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]})
    assert len(items) >= len(changes)
    for item in items:
        json.dumps(item).encode()
        assert 0 < len(item["key"]) <= 510
        assert len(item["digest"]) == 32


def test_a_delivery_of_too_many_items_is_unreadable() -> None:
    entries = [None] * (ITEMS_LIMIT + 1)
    with pytest.raises(Unreadable, match="more than 5000"):
        split({"object": "whatsapp_business_account", "entry": entries})
