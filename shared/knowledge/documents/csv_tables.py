"""Tables in CSV as Markdown tables, so that each row is read with its header; delimiter and encoding are found."""

import codecs
import csv
import io
import re
from collections import Counter
from itertools import islice
from typing import Final

from shared.kit.errors import Rejected
from shared.knowledge.documents.document import Document
from shared.knowledge.documents.limits import CSV_COLUMNS, CSV_ROWS

_DELIMITERS: Final = (";", ",", "\t", "|")  # the first is what spreadsheets write in Brazil
_SAMPLE: Final = 50  # rows by which the delimiter is found


def read_csv(raw: bytes) -> Document:
    """The table: its first row is the header. UTF-8, UTF-16 with its mark, or else Windows-1252.

    Raises Rejected `too_many_rows`, `damaged`, `no_text`.
    """
    text = _decoded(raw)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        # one more than may be: a file of empty rows does not fill the memory
        rows = list(islice((row for row in reader if any(map(str.strip, row))), CSV_ROWS + 2))
    except csv.Error:
        raise Rejected("damaged", "is no table in CSV (a quotation mark without its other); save it again") from None
    if not rows or not re.search(r"\w", text):
        raise Rejected("no_text", "has no rows; write something in it or delete it")
    if len(rows) - 1 > CSV_ROWS:
        raise Rejected("too_many_rows", f"has more than {CSV_ROWS:,} rows; split it into files of at most so many")
    width = max(map(len, rows))
    if width > CSV_COLUMNS:
        raise Rejected(
            "too_many_rows", f"has {width} columns; keep those that customers ask for ({CSV_COLUMNS} at most)"
        )
    header, *body = [_line(row, width) for row in rows]
    return Document("", "\n".join([header, "|" + " --- |" * width, *body]))


def _decoded(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    """The one by which most of the first rows have the same number of cells, more than one."""

    def agreement(delimiter: str) -> tuple[int, int]:
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            widths = Counter(len(row) for row, _ in zip(reader, range(_SAMPLE), strict=False) if row)
        except csv.Error:
            return 0, 0
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        return (count, width) if width > 1 else (0, 0)

    return max(_DELIMITERS, key=agreement)


def _line(row: list[str], width: int) -> str:
    cells = [" ".join(cell.replace("|", "/").split()) for cell in row]
    return "| " + " | ".join([*cells, *[""] * (width - len(cells))]) + " |"
