from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from shared.kit.bounded_json import MAX_DEPTH, MAX_TOKENS, Unusable, parse
from shared.kit.text import clean_text

GOOD = [
    b"{}",
    b"[]",
    b'""',
    b"0",
    b"-0",
    b"1.5",
    b"-1.5e-10",
    b"1E+2",
    b"true",
    b"null",
    b' [1 , {"a" : null}]\r\n\t',
    b'"\\u0000"',
    b'"\\ud800"',
    b'"\\udead\\ud800"',
    b'"\\ud83d\\ude00"',
    b'"\x7f"',
    '"olá 😀"'.encode(),
    b'{"":1,"__proto__":2,"a b":3}',
    b'"' + b"9" * 5000 + b'"',
    b'{"wamid.' + b"1" * 100 + b'":1}',
    b'"\\\\"',
    b'"\\""',
    b'["\\\\", ' + b"1" * 64 + b"]",
    b"1" * 64,
    b"[" * 64 + b"]" * 64,
    b'"' + b"[" * 100 + b'"',
    b'"\\"' + b"{" * 100 + b'"',
    b'"' + "á".encode() * 100_000 + b'"',
    b'{"' + b"k" * 1_000_000 + b'":1}',
    b"1e-400",
]


@pytest.mark.parametrize("raw", GOOD, ids=lambda raw: repr(raw[:30]))
def test_ordinary_json_is_parsed_as_the_standard_parser_does(raw: bytes) -> None:
    assert parse(raw) == json.loads(raw)


# V3 (encodings), what is no JSON, V4 (depth, tokens), V5 (numbers), V6 (keys)
BAD = [
    (b'"\xff"', "not_utf8"),
    (b'"\xed\xa0\x80"', "not_utf8"),
    (b'"\xc0\xaf"', "not_utf8"),
    (b"\xfe\xff\x00{\x00}", "not_utf8"),
    ('{"a":1}'.encode("utf-16-le"), "not_json"),
    ("{}".encode("utf-32-be"), "not_json"),
    (b"\xef\xbb\xbf{}", "not_json"),
    (b"", "not_json"),
    (b" ", "not_json"),
    (b"{", "not_json"),
    (b"[1,]", "not_json"),
    (b"{'a':1}", "not_json"),
    (b'{"a" 1}', "not_json"),
    (b'"\n"', "not_json"),
    (b'"\x00"', "not_json"),
    (b"{}{}", "not_json"),
    (b"+1", "not_json"),
    (b"01", "not_json"),
    (b".5", "not_json"),
    (b"1.", "not_json"),
    (b"0x1", "not_json"),
    (b"[1 2]", "not_json"),
    (b'"\\x41"', "not_json"),
    (b'"\\u12"', "not_json"),
    (b"nul", "not_json"),
    (b"/**/1", "not_json"),
    (b"{1:2}", "not_json"),
    (b"\x00", "not_json"),
    (b'"abc', "not_json"),
    (b"]", "not_json"),
    (b"{]", "not_json"),
    (b"undefined", "not_json"),
    (b"[" * 65 + b"]" * 65, "too_deep"),
    (b'[{"a":' * 33 + b"1" + b"}]" * 33, "too_deep"),
    (b"[" * 99_000, "too_deep"),
    (b"[" * 99_000 + b"]" * 99_000, "too_deep"),
    (b"[" * 100_000, "too_many_tokens"),
    (b'{"a":' * 5000 + b"1" + b"}" * 5000, "too_deep"),
    (b"[" + b"0," * MAX_TOKENS + b"0]", "too_many_tokens"),
    (b"[" + b"[]," * MAX_TOKENS + b"0]", "too_many_tokens"),
    (b"9" * 5000, "number_too_long"),
    (b"1" * 65, "number_too_long"),
    (b"-" + b"1" * 64, "number_too_long"),
    (b'["a", ' + b"0." + b"1" * 64 + b"]", "number_too_long"),
    (b'{"a\\"b": ' + b"1" * 65 + b"}", "number_too_long"),
    (b"1e" + b"9" * 70, "number_too_long"),
    (b"1e400", "number_not_finite"),
    (b"-1e400", "number_not_finite"),
    (b"1e131071", "number_not_finite"),
    (b"[" + b",".join([b"1e131071"] * 1000) + b"]", "number_not_finite"),
    (b"NaN", "number_not_finite"),
    (b"Infinity", "number_not_finite"),
    (b"[-Infinity]", "number_not_finite"),
    (b'{"a":1,"a":1}', "duplicate_key"),
    (b'[{"x":{"a":1,"\\u0061":2}}]', "duplicate_key"),
    (b'{"":1,"":2}', "duplicate_key"),
]


@pytest.mark.parametrize(("raw", "reason"), BAD, ids=lambda value: repr(value[:30]))
def test_what_would_harm_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    """V3 to V6."""
    with pytest.raises(Unusable) as unusable:
        parse(raw)
    assert unusable.value.reason == reason


def test_the_standard_parser_takes_what_is_refused_here() -> None:
    """The negative control: these bodies are why this module exists."""
    assert math.isnan(json.loads("NaN"))
    assert math.isinf(json.loads("1e400"))
    assert json.loads('{"a":1}'.encode("utf-16")) == {"a": 1}
    assert json.loads('{"a":1,"a":2}') == {"a": 2}
    with pytest.raises(RecursionError):  # and not the ValueError that callers expect
        json.loads("[" * 100_000)


@pytest.mark.parametrize(
    "raw",
    [
        b'"' + b'\\"' * 2_000_000,
        b"[" * 4_000_000,
        b'{"a":' * 600_000,
        b"[" + b'"\\\\\\"[",' * 400_000 + b"0]",
        b"[" + b'"' * 4_000_000,
        b"9" * 4_000_000,
        b'["' + b"1" * 100 + b'",' * 1_000_000,
        b"[" + b"[[]]," * 700_000 + b"0]",
        b"\\" * 4_000_000,
        b'{"' + b'","'.join(b"%d" % number for number in range(400_000)) + b'":1}',
    ],
    ids=range(10),
)
def test_four_hostile_megabytes_are_refused_within_a_second(raw: bytes) -> None:
    began = time.thread_time()  # what it computes, however busy the machine is
    with pytest.raises(Unusable):
        parse(raw)
    assert time.thread_time() - began < 1.5


def test_an_ordinary_body_costs_microseconds() -> None:
    body = json.dumps({"entry": [{"changes": [{"value": {"messages": [{"text": {"body": "á" * 200}}]}}]}] * 3}).encode()
    assert len(body) > 1000
    best = min(_seconds(parse, body) - _seconds(json.loads, body) for _ in range(5))
    assert best < 30e-6, "besides the parser itself"


def _seconds(call: Any, body: bytes) -> float:
    began = time.perf_counter()
    for _ in range(200):
        call(body)
    return (time.perf_counter() - began) / 200


TREES = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(10**20), 10**20)
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(some.characters(exclude_categories=())),
    lambda children: some.lists(children) | some.dictionaries(some.text(), children),
    max_leaves=60,
)


@given(TREES)
def test_every_bounded_document_comes_back_as_it_was(tree: object) -> None:
    assert parse(json.dumps(tree).encode()) == tree


@given(some.binary(max_size=200))
@example(b'"\\')
def test_no_bytes_raise_anything_else(raw: bytes) -> None:
    try:
        parse(raw)
    except Unusable:
        return
    assert json.loads(raw) is not Ellipsis


@given(
    some.integers(1, 130),
    some.sampled_from([(1, "[", "]"), (1, '{"a":', "}"), (2, '[{"[":', "}]"), (2, '{"a]\\"":[', "]}")]),
)
def test_depth_is_counted_exactly(times: int, level: tuple[int, str, str]) -> None:
    levels, opening, closing = level
    raw = (opening * times + "0" + closing * times).encode()
    if levels * times <= MAX_DEPTH:
        parse(raw)
    else:
        with pytest.raises(Unusable, match="too_deep"):
            parse(raw)


@given(some.text(some.characters(exclude_categories=())))
def test_strings_may_hold_anything_and_are_clean_after_cleaning(text: str) -> None:
    """V1, V2: accepted raw; `clean_text` makes them storable."""
    parsed = parse(json.dumps({"t": text}).encode())["t"]
    clean_text(parsed)[0].encode()
