"""What bytes are, by how they begin, and whether that is what they were said to be.

Signatures: the formats' own specifications (ISO base media "ftyp", RIFF, OggS, ID3 and MPEG frame sync, PDF, PNG, …).
"""

import codecs
from typing import Final

HEAD_BYTES: Final = 4096  # as many of the first bytes as `sniff` wants to see

UNKNOWN: Final = "application/octet-stream"
TEXT: Final = "text/plain"
ZIP: Final = "application/zip"
OLE: Final = "application/x-ole-storage"

# (place, bytes, type), the first that fits
_SIGNATURES: Final = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"BM", "image/bmp"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", ZIP),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (0, b"OggS", "audio/ogg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (0, b"{\\rtf", "application/rtf"),
    # what runs when it is opened
    (0, b"MZ", "application/x-executable"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"\xfe\xed\xfa", "application/x-executable"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (0, b"#!", "application/x-executable"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_BRANDS: Final = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"avif": "image/avif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_MARKUP: Final = (b"<!doctype html", b"<html", b"<svg", b"<script", b"<head", b"<body")

# Sniffed type → declared types that such bytes may have; every other declared type must be the sniffed one.
_ALSO: Final[dict[str, tuple[str, ...]]] = {
    "image/jpeg": ("image/jpg", "image/pjpeg"),
    "image/heic": ("image/heif",),
    "audio/mpeg": ("audio/mp3", "audio/aac"),
    "audio/aac": ("audio/aacp", "audio/mpeg", "audio/mp4"),
    "audio/ogg": ("audio/opus", "video/ogg", "application/ogg"),
    "audio/mp4": ("audio/m4a", "audio/x-m4a", "audio/aac", "video/mp4"),
    "audio/wav": ("audio/x-wav", "audio/wave"),
    "video/mp4": ("audio/mp4", "audio/x-m4a", "audio/m4a", "audio/aac", "video/3gpp", "video/quicktime"),
    "video/3gpp": ("video/mp4", "audio/3gpp"),
    "video/quicktime": ("video/mp4",),
    "video/webm": ("audio/webm", "video/x-matroska"),
    ZIP: ("application/x-zip-compressed", "application/epub+zip", "application/vnd.android.package-archive"),
    OLE: ("application/msword", "application/x-msi"),
    "application/rtf": ("text/rtf",),
}
# What a document written in plain text may call itself, and containers whose types are many.
_TEXT_TYPES: Final = ("text/", "application/json", "application/xml", "application/csv", "application/x-")
_ZIP_PREFIXES: Final = (
    "application/vnd.openxmlformats-",
    "application/vnd.oasis.",
    "application/x-",
    "application/java",
)
_OLE_PREFIXES: Final = ("application/vnd.ms-", "application/x-")
_NOT_SERVED: Final = frozenset({"application/x-executable", "text/html"})
# Declared types whose bytes are recognised for certain: unrecognised bytes are then something else.
_CERTAIN: Final = ("image/", "audio/", "video/", "application/pdf", "application/vnd.openxmlformats-")
_KINDS: Final = {
    "image": ("image/",),
    "sticker": ("image/",),
    "audio": ("audio/", "video/mp4", "video/webm", "video/3gpp"),
    "video": ("video/",),
}


def essence(mime_type: str | None) -> str:
    """`audio/ogg; codecs=opus` → `audio/ogg`; "" when there is none."""
    return (mime_type or "").partition(";")[0].strip().lower()


def sniff(head: bytes) -> str:
    """The type of bytes that begin so; UNKNOWN when nothing is recognised."""
    for place, signature, mime_type in _SIGNATURES:
        if head.startswith(signature, place):
            return mime_type
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "video/3gpp" if brand.startswith(b"3g") else _BRANDS.get(brand, "video/mp4")
    return _unsigned_type(head)


def disagreement(*, kind: str, declared: str | None, sniffed: str) -> str | None:
    """Why bytes of that type may not be stored under that kind and declared type; None when they may."""
    said = essence(declared)
    if sniffed in _NOT_SERVED:
        return f"{sniffed} is not taken"
    wanted = _KINDS.get(kind)
    if wanted is not None and not sniffed.startswith(wanted):
        return f"the bytes are {sniffed}, not {kind}"
    if not said or said == UNKNOWN:
        return None
    if sniffed == UNKNOWN:
        return f"the bytes are not {said}" if said.startswith(_CERTAIN) else None
    return None if _may_be(sniffed, said) else f"the bytes are {sniffed}, not {said}"


def stored_type(*, declared: str | None, sniffed: str) -> str:
    """The type under which agreeing bytes are stored: the declared one when it says more than the bytes do."""
    said = essence(declared)
    return said if said and sniffed in (UNKNOWN, TEXT, ZIP, OLE) and said not in _NOT_SERVED else sniffed


def _may_be(sniffed: str, said: str) -> bool:
    if said == sniffed or said in _ALSO.get(sniffed, ()):
        return True
    prefixes = {ZIP: _ZIP_PREFIXES, OLE: _OLE_PREFIXES, TEXT: _TEXT_TYPES}.get(sniffed, ())
    return said.startswith(prefixes) if prefixes else False


def _unsigned_type(head: bytes) -> str:
    if b"%PDF-" in head[:1024]:  # readers accept what comes before it
        return "application/pdf"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return TEXT  # UTF-16
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # noqa: PLR2004 - the sync of a frame
        return "audio/aac" if head[1] & 0xF6 == 0xF0 else "audio/mpeg"  # noqa: PLR2004 - ADTS has layer 00
    return _text_type(head)


def _text_type(head: bytes) -> str:
    if head[3:].lstrip()[:15].lower().startswith(_MARKUP) or head.lstrip()[:15].lower().startswith(_MARKUP):
        return "text/html"
    if head.lstrip().startswith(b"<?xml") and b"<svg" in head.lower():
        return "text/html"
    if not head or b"\x00" in head:
        return UNKNOWN
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return UNKNOWN
    return TEXT
