"""Each case file is split as it says; and nothing that a mutation of one can do is lost or raises (C-05)."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.channels.items import IDENTIFIER_LIMIT, KEY_LIMIT, NAME_LIMIT, Item, Unreadable, identifier
from shared.channels.products import SPLITS, provider_of
from shared.kit import bounded_json
from shared.kit.text import clean_text
from tests.channels.case_files import Case, all_cases, comparable

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = all_cases()
LISTS = {
    "messages": ("messages", "statuses"),
    "smb_message_echoes": ("message_echoes",),
    "user_preferences": ("user_preferences",),
    "user_id_update": ("user_id_update",),
}
# the frame; times, which items have in another form; and what a status or a preference says besides its facts
NOT_KEPT = frozenset({"object", "field", "messaging_product", "display_phone_number", "timestamp", "mids"}) | frozenset(
    {
        "title",
        "message",
        "href",
        "expiration_timestamp",
        "biz_opaque_callback_data",
        "recipient_type",
        "detail",
        "category",
    }
)
# the business, which has its connection; the sender of an echo, which is the account; a word that stands for an emoji;
# a recipient's second name
KNOWN_ELSEWHERE = {
    ("entry", "id"),
    ("message_echoes", "from"),
    ("reaction", "reaction"),
    ("statuses", "recipient_user_id"),
}
READABLE = [case for case in CASES if case.items is not None]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.channel}-{case.name}")
def test_the_case_is_split_as_it_says(case: Case) -> None:
    """C-02, C-05, C-10, C-11, C-12, C-14, C-15, C-16, C-20: the file's description is the sentence."""
    body = bounded_json.parse(json.dumps(case.payload).encode())
    if case.items is None:
        with pytest.raises(Unreadable, match=case.unreadable):
            SPLITS[case.channel](body)
        return
    items: list[Any] = list(SPLITS[case.channel](body))
    found = [comparable(item, expected) for item, expected in zip(items, case.items, strict=False)]
    assert found == case.items
    assert len(items) == len(case.items), items
    assert provider_of(body) == case.channel


@pytest.mark.parametrize("case", READABLE, ids=lambda case: f"{case.channel}-{case.name}")
def test_every_word_of_the_case_is_in_its_items(case: Case) -> None:
    """C-05: nothing that a delivery says is lost, but for its frame and the members that are named above."""
    items = json.dumps(SPLITS[case.channel](case.payload), ensure_ascii=False)
    lost = [
        (path, word)
        for path, word in _words(case.payload)
        if path[-1] not in NOT_KEPT and path[-2:] not in KNOWN_ELSEWHERE and clean_text(word)[0] not in items
    ]
    assert lost == []


def test_there_is_a_case_of_every_kind_for_every_channel() -> None:
    kinds = {
        channel: {item["kind"] for case in READABLE if case.channel == channel for item in case.items or ()}
        for channel in SPLITS
    }
    shared = {"message", "echo", "reaction", "deletion", "edit", "status", "account", "unparsed"}
    assert kinds["whatsapp"] == shared | {"identity", "preference"}
    assert kinds["instagram"] == shared
    assert kinds["messenger"] >= (shared - {"edit", "deletion", "status"}) | {"watermark"}
    assert len(CASES) >= 120


@pytest.mark.parametrize("case", READABLE, ids=lambda case: f"{case.channel}-{case.name}")
def test_the_same_body_gives_the_same_keys_and_digests(case: Case) -> None:
    """C-07: a repetition is recognised, whatever the spelling and order of its members."""
    again = json.loads(json.dumps(_reversed(case.payload), ensure_ascii=True))
    known = [(item["key"], item["digest"]) for item in SPLITS[case.channel](case.payload)]
    assert [(item["key"], item["digest"]) for item in SPLITS[case.channel](again)] == known


replacements = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a\x00b", "x\ud800y", "x" * 300, "5511987654321", "text", "wamid.1", "1764000000", "999"])
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


new_names = st.sampled_from(["new", "a\x00b", "\ud800", "mid", "group_id", "context", "num_edit", "is_echo", "standby"])


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_no_mutation_of_a_case_raises_or_loses_an_element(data: st.DataObject) -> None:
    """C-05: every element that can happen or be said ends up in an item, and every item can be stored."""
    case = data.draw(st.sampled_from(READABLE))
    body = json.loads(json.dumps(case.payload))
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(_places(body))
        if not places:
            break
        container, name = data.draw(st.sampled_from(places))
        change = data.draw(st.sampled_from(("replace", "delete", "add")))
        if change == "delete":
            del container[name]
        elif change == "add" and isinstance(container, dict):
            container[data.draw(new_names)] = data.draw(replacements)
        else:
            container[name] = data.draw(replacements)
    with contextlib.suppress(Unreadable):
        items = SPLITS[case.channel](body)
        assert len(items) >= _elements(body)
        for item in items:
            assert_storable(item)


def test_a_lost_element_would_be_seen() -> None:
    """The negative control of the count above."""
    batch = next(case for case in CASES if case.name == "batch_of_many_kinds")
    items = SPLITS["whatsapp"](batch.payload)
    assert len(items) == _elements(batch.payload) == 4
    assert len(items[1:]) < _elements(batch.payload)


def assert_storable(item: Item) -> None:
    """What the database function and its tables can take."""
    text = json.dumps(item)
    text.encode()
    assert "\\u0000" not in text
    json.dumps(item, ensure_ascii=False).encode()  # no half of a surrogate pair
    assert 0 < len(item["key"]) <= KEY_LIMIT
    assert len(item["digest"]) == 32
    assert 0 < len(item["event_type"]) <= NAME_LIMIT
    assert len(item["account"]) <= IDENTIFIER_LIMIT
    for name in (*item.get("identities", ()), *item.get("previous", ())):
        assert 0 < len(name["value"]) <= IDENTIFIER_LIMIT
        assert name["match"]
    if item["kind"] in ("message", "echo", "watermark", "preference", "reaction"):
        assert item["customer"] == item["identities"][0]["value"]
    for file in item.get("media", ()):
        assert "id" in file or "url" in file
    if item["kind"] in ("edit", "deletion", "reaction"):
        assert item["target"]


def _elements(body: Any) -> int:
    """How many things a delivery holds, counted without knowing what they are."""
    names = ("changes",) if body["object"] == "whatsapp_business_account" else ("messaging", "standby", "changes")
    count = 0
    for entry in body["entry"]:
        said = [entry[name] for name in names if entry.get(name) is not None] if isinstance(entry, dict) else []
        count += sum(map(_within, said)) if said else 1
    return count


def _within(elements: Any) -> int:
    if not isinstance(elements, list):
        return 1
    return sum(map(_of_change, elements))


def _of_change(element: Any) -> int:
    """The elements of WhatsApp's lists, where the number that they came for is named; else the change as a whole."""
    value = element.get("value") if isinstance(element, dict) else None
    field = element.get("field") if isinstance(element, dict) else None
    metadata = value.get("metadata") if isinstance(value, dict) else None
    account = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
    if not isinstance(field, str) or not isinstance(value, dict) or identifier(account) is None:
        return 1
    said = [value[name] for name in (*LISTS.get(field, ()), "errors") if value.get(name) is not None]
    return sum(len(part) if isinstance(part, list) else 1 for part in said) if field in LISTS and said else 1


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member and element below the list of entries, with its container."""
    members: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        members = [(name, member) for name, member in value.items() if name != "object"]
    elif isinstance(value, list):
        members = list(enumerate(value))
    for name, member in members:
        if name != "entry":
            yield value, name
        yield from _places(member)


def _words(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text that the JSON value holds, as items write it, with the names that lead to it."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _words(member, (*path, name))
    elif isinstance(value, list):
        for member in value:
            yield from _words(member, path)
    elif isinstance(value, str) and "contacts" not in path[:-1]:
        yield path, json.dumps(clean_text(value)[0], ensure_ascii=False)[1:-1]


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(value[name]) for name in reversed(value)}
    return [_reversed(member) for member in value] if isinstance(value, list) else value
