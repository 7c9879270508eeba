"""Small files of each kind that customers send, of the right beginning so that they are taken for what they are."""

import base64
import struct
import zlib

MIME_TYPES = {
    "image": "image/png",
    "sticker": "image/webp",
    "audio": "audio/ogg; codecs=opus",
    "voice": "audio/ogg; codecs=opus",
    "video": "video/mp4",
    "document": "application/pdf",
    "file": "application/pdf",
}
_WEBP = "UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA="


def sample(kind: str) -> bytes:
    """The content of a file of this kind."""
    return {
        "image": _png,
        "sticker": lambda: base64.b64decode(_WEBP),
        "audio": _ogg,
        "voice": _ogg,
        "video": _mp4,
        "document": _pdf,
        "file": _pdf,
    }[kind]()


def _png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\x00" + b"\xd2\x8c\x3c" * 8 for _ in range(8)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _ogg() -> bytes:
    """One page with the head of an Opus stream."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)
    return b"OggS" + struct.pack("<BBqIIIBB", 0, 2, 0, 1, 0, 0, 1, len(head)) + head


def _mp4() -> bytes:
    brands = b"isom" + struct.pack(">I", 512) + b"isomiso2mp41"
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + struct.pack(">I", 8) + b"mdat"


def _pdf() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )
