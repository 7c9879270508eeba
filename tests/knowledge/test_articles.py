from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kit.errors import Rejected
from shared.knowledge.articles import read_article
from shared.knowledge.documents.limits import FILE_LIMITS

if TYPE_CHECKING:
    from shared.knowledge.models import Entry

FRONT = """---
title: "Entrega em casa"
type: policy
category: entrega
tags: frete, motoboy , ,prazo
# um comentário
valid_until: 2026-12-31
---

# Outro título

Entregamos.
"""


def read(content: str | bytes, path: str = "pasta/entrega-em-casa.md") -> Entry:
    return read_article(content.encode() if isinstance(content, str) else content, path=path)


def test_an_article_has_the_facts_above_its_text() -> None:
    entry = read(FRONT)
    assert (entry.title, entry.content_type, entry.category) == ("Entrega em casa", "policy", "entrega")
    assert entry.tags == ("frete", "motoboy", "prazo")
    assert entry.content == "# Outro título\n\nEntregamos."


def test_an_article_holds_to_the_end_of_its_last_day() -> None:
    """K-06."""
    assert read(FRONT).valid_until == datetime(2027, 1, 1, tzinfo=UTC)
    assert read("texto").valid_until is None


def test_the_title_is_the_first_heading_or_the_name_of_the_file() -> None:
    assert read("Oi.\n\n# Entrega #\n").title == "Entrega"
    assert read("Oi.").title == "entrega em casa"


def test_bom_and_line_ends_of_other_systems_are_no_difference() -> None:
    assert read(b"\xef\xbb\xbf---\r\ntype: policy\r\n---\r\n# Loja\r\n\r\nOi.\r\n").content == "# Loja\n\nOi."


def test_the_digest_changes_with_the_bytes_and_with_the_way_of_reading_them() -> None:
    table = "a,b\n1,2"
    digests = {read("a").source_digest, read(table).source_digest, read(table, "t.csv").source_digest}
    assert len(digests) == 3
    assert read("a").source_digest == read("a").source_digest


@pytest.mark.parametrize(
    ("raw", "code", "advice"),
    [
        ("É".encode("cp1252"), "not_utf8", "save it as UTF-8"),
        ("bolo".encode("utf-16"), "not_utf8", "save it as UTF-8"),
        (b"", "empty", "write something"),
        (b" \n---\n***\n", "empty", "write something"),
        (b"---\ntype: faq\n---\n", "empty", "write something"),
        (b"a" * (FILE_LIMITS["markdown"] + 1), "too_large", "split it"),
        (b"---\ntype: receita\n---\noi", "front_matter", "one of faq, policy"),
        (b"---\npreco: 10\n---\noi", "front_matter", "known are title"),
        (b"---\nvalid_until: 31/12/2026\n---\noi", "front_matter", "write a date as 2026-12-31"),
        (b"---\nvalid_until: 9999-12-31\n---\noi", "front_matter", "write a date"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_do(raw: bytes, code: str, advice: str) -> None:
    with pytest.raises(Rejected, match=advice) as refused:
        read(raw)
    assert refused.value.code == code


def test_a_name_that_cannot_be_stored_is_refused() -> None:
    """V2: a file name in another encoding arrives with lone surrogates."""
    for path in ("caf\udce9.md", "a" * 3000 + ".md"):
        with pytest.raises(Rejected, match="rename it"):
            read("oi", path=path)


def test_what_the_database_cannot_hold_is_replaced() -> None:
    """V1."""
    entry = read("# T\0tulo\n\nbolo\0")
    assert entry.title == "T\N{REPLACEMENT CHARACTER}tulo"
    assert "\0" not in entry.content


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_file_is_an_entry_or_refused(raw: bytes) -> None:
    """V1 to V3."""
    try:
        entry = read(raw)
    except Rejected:
        return
    entry.content.encode()
    assert entry.title
    assert "\0" not in entry.content + entry.title
