"""What a reader makes of a file."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["markdown", "text", "html", "pdf", "docx", "csv"]


@dataclass(frozen=True, slots=True)
class Document:
    """Markdown with headings and tables. `title` is what the file says of itself, "" when it says nothing."""

    title: str
    text: str
