"""Web pages as Markdown: what a visitor reads, without navigation, scripts and what is hidden. Runs in `child.py`."""

import re
from typing import TYPE_CHECKING, Any, Final

from shared.kit.errors import Rejected
from shared.knowledge.documents.document import Document

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

# Not the page's own text: what runs, what decorates, and what stands on every page of a site.
_DROPPED: Final = (
    "script, style, noscript, template, svg, canvas, iframe, object, embed, audio, video, head, title, meta, link, nav,"
    " aside, form, button, select, dialog, [hidden], [aria-hidden=true], [role=navigation], [role=banner],"
    " [role=contentinfo], [role=search], [role=dialog]"
)
# A header or footer of the page; one within an article belongs to its text.
_FRAME: Final = "body > header, body > footer, body > div > header, body > div > footer"
# What no visitor sees must not answer one either: it would be a place for instructions to the model.
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|opacity\s*:\s*0(?!\.)", re.IGNORECASE
)
_ENOUGH: Final = 200  # characters of a page's main part; less is an empty shell and the whole body is read
_BLANK_LINES = re.compile(r"\n{3,}")


def read_html(raw: bytes, *, charset: str | None = None) -> Document:
    """A page's main text. `charset` is what the server said; else the page's own, else UTF-8 or Windows-1252.

    Raises Rejected `no_text`.
    """
    from bs4 import BeautifulSoup  # noqa: PLC0415 (the child alone needs it)

    page = BeautifulSoup(raw, "html.parser", from_encoding=charset)
    title = _title(page)
    for tag in page.select(_DROPPED):
        tag.decompose()
    for tag in page.select(_FRAME):
        tag.decompose()
    for tag in page.select("[style]"):
        if not tag.decomposed and _UNSEEN.search(str(tag.get("style", ""))):
            tag.decompose()
    text = to_markdown(_main_part(page))
    if not re.search(r"\w", text):
        raise Rejected(
            "no_text", "has no text of its own, as pages that a script fills; save it from the browser as PDF or text"
        )
    return Document(title, text)


def to_markdown(tree: Any) -> str:
    """A parsed tree as Markdown: headings with #, lists, tables; without links, pictures and emphasis."""
    from markdownify import MarkdownConverter  # noqa: PLC0415 (the child alone needs it)

    class Converter(MarkdownConverter):
        """Cells without the character that divides them."""

        def convert_td(self, el: Any, text: str, parent_tags: Any) -> str:
            return str(super().convert_td(el, text.replace("|", "/"), parent_tags))  # type: ignore[misc] # its stub lacks it

        def convert_th(self, el: Any, text: str, parent_tags: Any) -> str:
            return str(super().convert_th(el, text.replace("|", "/"), parent_tags))  # type: ignore[misc] # idem

    converter = Converter(
        heading_style="ATX",
        bullets="-",
        strip=["a", "img", "b", "strong", "em", "i", "code"],
        escape_asterisks=False,
        escape_underscores=False,
        table_infer_header=True,
    )
    text = str(converter.convert_soup(tree))
    lines = [line.rstrip() for line in text.replace("\xa0", " ").split("\n")]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _title(page: "BeautifulSoup") -> str:
    named = page.find("meta", attrs={"property": "og:title"})
    said = named.get("content") if named is not None else None
    if not said and page.title is not None:
        said = page.title.get_text()
    return " ".join(str(said or "").split())


def _main_part(page: "BeautifulSoup") -> "Tag":
    for selector in ("main", "[role=main]", "article"):
        found = page.select(selector)
        if len(found) == 1 and len(found[0].get_text(strip=True)) >= _ENOUGH:
            return found[0]
    return page.body or page
