"""How large media may be, by kind; Meta's own limits, so that nothing larger can be genuine.

Source: Cloud API reference, "Supported media types" (WhatsApp); Messenger and Instagram take attachments up to 25 MB.
"""

from typing import Final

MB: Final = 1024 * 1024
KB: Final = 1024

WHATSAPP: Final = {
    "image": 5 * MB,
    "audio": 16 * MB,
    "video": 16 * MB,
    "document": 100 * MB,
    "sticker": 500 * KB,  # animated; a static one has 100 KB
}
ATTACHMENT: Final = 25 * MB


def limit_of(*, provider: str, kind: str) -> int:
    """The greatest number of bytes; a kind of WhatsApp that is not known yet has the greatest of its limits."""
    return WHATSAPP.get(kind, WHATSAPP["document"]) if provider == "whatsapp" else ATTACHMENT
