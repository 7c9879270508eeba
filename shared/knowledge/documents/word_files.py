"""Word files (.docx) as Markdown: headings by their styles, lists, tables; without pictures. Runs in `child.py`."""

import io
import re
import zipfile

from shared.kit.errors import Rejected
from shared.knowledge.documents.document import Document
from shared.knowledge.documents.limits import DOCX_PARTS, DOCX_UNPACKED, MB
from shared.knowledge.documents.web_pages import to_markdown

# What Word's own styles are beyond those that mammoth knows, with their Portuguese names.
_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Título'] => h1:fresh
p[style-name='Subtitle'] => h2:fresh
"""


def read_docx(raw: bytes) -> Document:
    """A Word file's text. Raises Rejected `too_large` (a bomb among others), `damaged`, `no_text`."""
    import mammoth  # noqa: PLC0415 (the child alone needs it)
    from bs4 import BeautifulSoup  # noqa: PLC0415 (idem)

    _check_unpacked(raw)
    nothing = mammoth.images.img_element(lambda _: {"src": ""})
    try:
        html = mammoth.convert_to_html(io.BytesIO(raw), style_map=_STYLES, convert_image=nothing).value
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001 - whatever a damaged file makes a parser raise
        raise Rejected("damaged", "is a damaged Word file; open it and save it again") from None
    text = to_markdown(BeautifulSoup(html, "html.parser"))
    if not re.search(r"\w", text):
        raise Rejected("no_text", "has no text, perhaps only pictures; write the text in it")
    return Document("", text)


def _check_unpacked(raw: bytes) -> None:
    """By the sizes that the archive declares: the reader unpacks no more of a part than that."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = archive.infolist()
        size = sum(part.file_size for part in parts if part.filename.lower().endswith((".xml", ".rels")))
        if len(parts) > DOCX_PARTS or size > DOCX_UNPACKED:
            raise Rejected(
                "too_large",
                f"unpacks to {len(parts):,} parts with {size / MB:,.0f} MB of text; split it (at most {DOCX_PARTS:,}"
                f" and {DOCX_UNPACKED / MB:,.0f} MB)",
            )
