"""Types by how bytes begin, and whether they agree with what was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.media.sniffing import UNKNOWN, disagreement, essence, sniff, stored_type

OGG = b"OggS\x00\x02" + b"OpusHead"
MP4 = b"\x00\x00\x00\x20ftypisom"
M4A = b"\x00\x00\x00\x20ftypM4A "
ZIP = b"PK\x03\x04[Content_Types].xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("head", "mime_type"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        (b"GIF89a", "image/gif"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (OGG, "audio/ogg"),
        (b"#!AMR\n", "audio/amr"),
        (b"ID3\x03", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"\xff\xf1\x50", "audio/aac"),
        (M4A, "audio/mp4"),
        (MP4, "video/mp4"),
        (b"\x00\x00\x00\x18ftyp3gp5", "video/3gpp"),
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"%PDF-1.4", "application/pdf"),
        (b"junk\n%PDF-1.4", "application/pdf"),
        (ZIP, "application/zip"),
        (OLE, "application/x-ole-storage"),
        ("preço;1,50\n".encode(), "text/plain"),
        ("preço".encode()[:-1], "text/plain"),
        (b"\xff\xfeo\x00i\x00", "text/plain"),
        ("preço".encode("latin-1"), UNKNOWN),
        (b"#!/bin/sh", "application/x-executable"),
        (b"\xef\xbb\xbf<!DOCTYPE html>", "text/html"),
        (b"  <svg xmlns=", "text/html"),
        (b"\x00\x01\x02", UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_bytes_are_known_by_how_they_begin(head: bytes, mime_type: str) -> None:
    assert sniff(head) == mime_type


@pytest.mark.parametrize(
    ("kind", "declared", "head", "stored"),
    [
        ("audio", "audio/ogg; codecs=opus", OGG, "audio/ogg"),
        ("audio", "audio/mp4", M4A, "audio/mp4"),
        ("audio", "audio/mp4", MP4, "video/mp4"),
        ("audio", "audio/aac", b"\xff\xf1\x50", "audio/aac"),
        ("video", "video/mp4", b"\x00\x00\x00\x18ftyp3gp5", "video/3gpp"),
        ("sticker", "image/webp", b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        ("document", DOCX, ZIP, DOCX),
        ("document", "application/vnd.ms-excel", OLE, "application/vnd.ms-excel"),
        ("document", "application/msword", OLE, "application/msword"),
        ("document", "text/csv", b"a;b\n", "text/csv"),
        ("document", "text/csv", "preço".encode("latin-1"), "text/csv"),
        ("document", "application/acad", b"AC1032\x00\x00", "application/acad"),
        ("document", None, b"%PDF-1.7", "application/pdf"),
        ("file", None, b"%PDF-1.7", "application/pdf"),
        ("image", None, b"\xff\xd8\xff\xe1", "image/jpeg"),
    ],
)
def test_what_customers_really_send_is_taken(kind: str, declared: str | None, head: bytes, stored: str) -> None:
    sniffed = sniff(head)
    assert disagreement(kind=kind, declared=declared, sniffed=sniffed) is None
    assert stored_type(declared=declared, sniffed=sniffed) == stored


@given(
    st.binary(max_size=64), st.sampled_from(["image", "audio", "video", "document", "file", "x"]), st.text(max_size=40)
)
def test_any_bytes_and_words_have_an_answer_and_nothing_active_is_taken(head: bytes, kind: str, declared: str) -> None:
    sniffed = sniff(head)
    problem = disagreement(kind=kind, declared=declared, sniffed=sniffed)
    stored = stored_type(declared=declared, sniffed=sniffed)
    assert problem or (stored and "html" not in sniffed and "executable" not in sniffed)
    assert essence(stored) == stored
