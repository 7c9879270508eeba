"""What kind of document bytes are. What they look like decides; a name only between kinds that look alike."""

import io
import re
import zipfile
from typing import Final

from shared.kit.errors import Rejected
from shared.knowledge.documents.document import Kind

_HEAD: Final = 4096  # bytes that are looked at
_DIRECTORY: Final = 2_000_000  # bytes of a zip's list of files: 20,000 of them; it is read into memory
_WORD: Final = "word/document.xml"  # the text of every Word file (ECMA-376, part 1)
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # also of encrypted new files
_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_SKIPPED: Final = ((b"<!--", b"-->"), (b"<?xml", b"?>"))  # what may stand before
_TAG = re.compile(rb"<(?:p|div|h[1-6]|table|ul|ol|section|article|main|span)\b[^<>]*>", re.IGNORECASE)
# The name's end, and the type that a server declares, for what looks like text.
_BY_NAME: Final[dict[str, Kind]] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".csv": "csv",
    ".tsv": "csv",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
_BY_TYPE: Final[dict[str, Kind]] = {
    "text/markdown": "markdown",
    "text/plain": "text",
    "text/csv": "csv",
    "text/tab-separated-values": "csv",
    "text/html": "html",
    "application/xhtml+xml": "html",
}
_CERTAIN: Final = (".pdf", ".docx")  # kinds that show what they are
SUFFIXES: Final = (*_BY_NAME, *_CERTAIN)


def kind_of(raw: bytes, *, name: str, content_type: str | None = None) -> Kind:
    """The kind of a file of that name, which a server may have declared as `content_type`.

    Raises Rejected `unknown_format`, which says what to do.
    """
    head = raw[:_HEAD]
    if b"%PDF-" in head[:1024]:  # readers accept what comes before it
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(raw)
    if head.startswith(_OLD_OFFICE):
        raise Rejected(
            "unknown_format", "is an old or encrypted Office file; save it as .docx without a password, or as PDF"
        )
    named = _kind_by_label(name, content_type)
    is_html = _begins_as_html(head.removeprefix(b"\xef\xbb\xbf"))
    if not is_html and name.lower().endswith(_CERTAIN):
        raise Rejected("unknown_format", "is not what its name says; open it and save it again")
    if b"\x00" in head and not (named == "csv" and head.startswith(_BOMS)):
        if named in ("markdown", "text"):
            return named  # a stray NUL in a text is replaced
        raise Rejected("unknown_format", "is no document that can be read; save it as PDF, .docx, .html, .csv or .md")
    if is_html or (named == "html" and _TAG.search(raw)):
        return "html"
    return "text" if named == "html" else named


def _kind_by_label(name: str, content_type: str | None) -> Kind:
    """By the name's end, else by the declared type, else plain text."""
    bare = name.partition("?")[0].lower()
    suffix = bare[bare.rfind(".") :] if "." in bare.rpartition("/")[2] else ""
    essence = (content_type or "").partition(";")[0].strip().lower()
    return _BY_NAME.get(suffix) or _BY_TYPE.get(essence) or "text"


def _begins_as_html(head: bytes) -> bool:
    rest = head.lstrip()
    while True:
        for begin, end in _SKIPPED:
            if rest.startswith(begin) and end in rest:
                rest = rest.partition(end)[2].lstrip()
                break
        else:
            return bool(_HTML.match(rest))


def _zip_kind(raw: bytes) -> Kind:
    at = raw.rfind(b"PK\x05\x06")  # the end of the directory (PKWARE's APPNOTE, 4.3.16): its size is at 12
    if (
        b"PK\x06\x07" in raw[max(at - 20, 0) : max(at, 0)]
        or int.from_bytes(raw[at + 12 : at + 16], "little") > _DIRECTORY
    ):
        raise Rejected("too_large", "has far more files in it than a document needs; save it again")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if _WORD in archive.namelist():
                return "docx"
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RecursionError):
        raise Rejected("damaged", "is a damaged archive; save the document again") from None
    raise Rejected(
        "unknown_format", "is an archive that is no Word document; import the documents in it, spreadsheets as .csv"
    )
