"""Documents come in by uploads and addresses: once, in their last good version, with progress and reasons."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import pytest

from shared.kit.errors import Rejected, Unavailable
from shared.knowledge.ingestion.requesting import request_pages
from shared.knowledge.ingestion.retrying import MOST_LOST
from tests.knowledge.made_documents import docx, paragraph, pdf

if TYPE_CHECKING:
    from uuid import UUID

    from shared.platform.storage import Storage
    from tests.knowledge.ingesting import Knowing

DOCUMENTS = {
    "entrega.md": b"# Entrega\n\nAceitamos Pix na entrega.",
    "entrega.txt": "Aceitamos Pix na entrega, também no sábado.".encode(),
    "entrega.html": b"<html><title>Entrega</title><h1>Entrega</h1><p>Aceitamos Pix na entrega.</p></html>",
    "entrega.pdf": pdf([[(16.0, "Entrega"), (10.0, "Aceitamos Pix na entrega.")]]),
    "entrega.docx": docx(paragraph("Entrega", "Ttulo1") + paragraph("Aceitamos Pix na entrega.")),
    "entrega.csv": b"Forma;Onde\nPix;Aceitamos Pix na entrega",
}


@pytest.mark.parametrize("path", DOCUMENTS)
def test_an_upload_of_each_format_becomes_knowledge(knowing: Knowing, path: str) -> None:
    ingestion = knowing.upload(path, DOCUMENTS[path])
    report = knowing.run(ingestion)
    assert (report.state, report.code, report.chunks) == ("done", None, 1)
    assert "Pix na entrega" in (knowing.answer("Posso pagar com Pix na entrega?") or "")
    assert knowing.rows("SELECT source_object FROM platform.knowledge_base") == knowing.objects()
    assert knowing.rows("SELECT done_count, total_count FROM platform.knowledge_ingestions") == [(1, 1)]
    assert knowing.run(ingestion).state == "idle"


def test_a_changed_upload_is_a_new_version_and_an_unchanged_one_leaves_nothing_behind(knowing: Knowing) -> None:
    knowing.known("a.md", "O bolo custa 10 reais.")
    knowing.known("a.md", "O bolo custa 12 reais.")
    assert knowing.active() == [("a.md", 2, "a")]
    again = knowing.upload("a.md", "O bolo custa 12 reais.")
    assert len(knowing.objects()) == 3
    report = knowing.run(again)
    assert (report.state, report.code) == ("done", "unchanged")
    assert [knowing.run(deletion).state for deletion in knowing.pending("deletion")] == ["done"]
    assert len(knowing.objects()) == 2
    assert knowing.active() == [("a.md", 2, "a")]


def test_an_upload_that_cannot_be_read_says_why_and_its_bytes_go(knowing: Knowing) -> None:
    """The last good version stays in use."""
    knowing.known("a.pdf", DOCUMENTS["entrega.pdf"])
    ingestion = knowing.upload("a.pdf", pdf([[]]))
    assert knowing.run(ingestion).state == "refused"
    assert knowing.state(ingestion) == ("refused", "no_text")
    (detail,) = knowing.rows("SELECT error_detail FROM platform.knowledge_ingestions WHERE state = 'refused'")
    assert "OCR" in str(detail)
    assert [knowing.run(deletion).state for deletion in knowing.pending("deletion")] == ["done"]
    assert len(knowing.objects()) == 1
    assert [row[1] for row in knowing.active()] == [1]


@pytest.mark.parametrize(
    ("path", "raw", "code"),
    [
        ("", b"oi", "bad_name"),
        ("https://x.example/a", b"oi", "bad_name"),
        ("a" * 2001, b"oi", "bad_name"),
        ("a.md", b"", "empty"),
        ("a.md", b"a" * 1_000_001, "too_large"),
        ("a.pdf", b"MZ", "unknown_format"),
    ],
)
def test_what_can_never_be_used_is_not_stored(knowing: Knowing, path: str, raw: bytes, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        knowing.upload(path, raw)
    assert refused.value.code == code
    assert knowing.objects() == []
    assert knowing.rows("SELECT id FROM platform.knowledge_ingestions") == []


class AwayStorage:
    """Is away for every call."""

    def __getattr__(self, name: str) -> object:
        def call(*_: object, **__: object) -> object:
            raise Unavailable("storage is away")

        return call


def test_bytes_that_never_arrive_are_given_up_and_a_storage_that_is_away_is_waited_for(knowing: Knowing) -> None:
    storage = knowing.means.storage
    knowing.means = replace(knowing.means, storage=cast("Storage", AwayStorage()))
    with pytest.raises(Unavailable):
        knowing.upload("a.md", "Aceitamos Pix.")
    (ingestion,) = knowing.pending("upload")
    assert knowing.run(ingestion).state == "pending", "it has a minute to arrive"
    knowing.due(ingestion)
    assert (knowing.run(ingestion).code, knowing.state(ingestion)[0]) == ("storage_away", "pending")
    for _ in range(4):
        knowing.due(ingestion)
        assert knowing.run(ingestion, storage=storage).state in ("pending", "failed")
    assert knowing.state(ingestion) == ("failed", "upload_incomplete")


def wanted(knowing: Knowing, url: str) -> UUID:
    """Work for an address of the test's own site, which no owner could name."""
    ingestion = uuid4()
    knowing.rows(
        "INSERT INTO platform.knowledge_ingestions (id, organization_id, kind, source_path)"
        " VALUES (:id, :organization, 'url', :url)",
        id=ingestion,
        organization=knowing.organization_id,
        url=url,
    )
    return ingestion


def test_a_page_becomes_knowledge_and_is_a_new_version_only_when_its_text_changed(knowing: Knowing) -> None:
    page = "<html><title>Loja</title><p>Aceitamos Pix na entrega.</p><script>{}</script></html>"
    url = knowing.site.put("/sobre", page.format(1))
    assert knowing.run(wanted(knowing, url)).state == "done"
    assert knowing.active() == [(url, 1, "Loja")]
    knowing.site.put("/sobre", page.format(2))
    assert knowing.run(wanted(knowing, url)).code == "unchanged"
    knowing.site.put("/sobre", page.format(2).replace("Pix", "Pix e cartão"))
    assert knowing.run(wanted(knowing, url)).code is None
    assert knowing.active() == [(url, 2, "Loja")]
    assert knowing.answer("Posso pagar na entrega?") == "Aceitamos Pix e cartão na entrega."


def test_a_document_at_an_address_is_read_by_what_it_is(knowing: Knowing) -> None:
    url = knowing.site.put("/d", DOCUMENTS["entrega.docx"], content_type="application/octet-stream")
    assert knowing.run(wanted(knowing, url)).state == "done"
    assert knowing.answer("Aceitam Pix na entrega?") == "Aceitamos Pix na entrega."


@pytest.mark.parametrize(
    ("page", "state", "code"),
    [
        ({"body": "oi", "status": 404}, "failed", "not_found"),
        ({"body": "oi", "status": 403}, "failed", "refused_by_site"),
        ({"body": "oi", "status": 503}, "pending", "server_error"),
        ({"body": "oi", "status": 429, "retry_after": "120"}, "pending", "rate_limited"),
        ({"body": b"\x89PNG", "content_type": "image/png"}, "refused", "wrong_type"),
        ({"body": "oi", "content_length": "99000000"}, "refused", "too_large"),
        ({"body": "oi", "status": 302, "location": "http://127.0.0.1:1/x"}, "refused", "host_not_allowed"),
        ({"body": "oi", "status": 302, "location": "/p"}, "pending", "bad_answer"),
        ({"body": "<html><script>x()</script></html>"}, "refused", "no_text"),
    ],
)
def test_an_address_that_gives_nothing_says_why(knowing: Knowing, page: dict[str, str], state: str, code: str) -> None:
    ingestion = wanted(knowing, knowing.site.put("/p", **page))  # type: ignore[arg-type] # headers beside the options
    assert (knowing.run(ingestion).code, knowing.state(ingestion)) == (code, (state, code))


def test_a_worker_that_dies_again_and_again_of_one_document_dies_no_more(knowing: Knowing) -> None:
    """O-01."""
    ingestion = knowing.upload("a.md", "oi")
    knowing.rows(
        "UPDATE platform.knowledge_ingestions SET error_code = 'worker_lost', failures = :lost WHERE id = :id",
        lost=MOST_LOST,
        id=ingestion,
    )
    assert knowing.run(ingestion).state == "failed"
    assert knowing.state(ingestion) == ("failed", "worker_lost")


@pytest.mark.parametrize(
    "url",
    [
        "http://loja.example/x",
        "ftp://loja.example/x",
        "file:///etc/passwd",
        "https://user:secret@loja.example/",
        "https://loja.example:8443/",
        "https://localhost/",
        "https://2130706433/",
        "https://l\u043eja.example/",
        "https://loja.example/a b",
        "https://[::1/",
        "",
    ],
)
def test_an_address_that_may_not_be_fetched_is_refused_before_anything_is_asked(knowing: Knowing, url: str) -> None:
    """S1."""
    with pytest.raises(Rejected) as refused:
        request_pages(knowing.means.database, knowing.organization_id, ["https://loja.example/", url])
    assert refused.value.code == "url_unusable"
    assert knowing.pending("url") == []


def test_pages_are_asked_for_together(knowing: Knowing) -> None:
    urls = ["https://loja.example/a", "https://loja.example/b"]
    assert request_pages(knowing.means.database, knowing.organization_id, urls) == knowing.pending("url")
