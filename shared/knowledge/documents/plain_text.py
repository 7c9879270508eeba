"""Text and Markdown as they are, in UTF-8."""

from shared.kit.errors import Rejected
from shared.knowledge.documents.document import Document


def read_text(raw: bytes) -> Document:
    """The text. Raises Rejected `not_utf8`."""
    try:
        return Document("", raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Rejected("not_utf8", f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
