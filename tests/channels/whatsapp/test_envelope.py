"""Whatever a generator can think of; the kinds of deliveries are in tests/channels/cases."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.channels.entries import ITEMS_LIMIT
from shared.channels.items import Unreadable
from shared.channels.products import SPLITS
from shared.channels.whatsapp.envelope import split

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


@given(json_values)
def test_any_json_is_split_or_named_unreadable(value: object) -> None:
    for each in SPLITS.values():
        with contextlib.suppress(Unreadable):
            each(value)


@settings(max_examples=300)
@given(st.lists(shapes, max_size=3))
def test_what_looks_like_a_change_loses_no_element(changes: list[object]) -> None:
    """C-05: each change gives at least one item unless its lists are empty, and every item can be stored."""
    items = split({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]})
    assert len(items) >= sum(not _is_empty(change) for change in changes)
    for item in items:
        json.dumps(item).encode()
        assert 0 < len(item["key"]) <= 510
        assert len(item["digest"]) == 32


def test_a_delivery_of_too_many_items_is_unreadable() -> None:
    entries = [None] * (ITEMS_LIMIT + 1)
    with pytest.raises(Unreadable, match="more than 5000"):
        split({"object": "whatsapp_business_account", "entry": entries})


def _is_empty(change: object) -> bool:
    value = change.get("value") if isinstance(change, dict) else None
    return isinstance(value, dict) and any(value.get(name) == [] for name in ("messages", "statuses", "errors"))
