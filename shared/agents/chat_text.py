"""Markdown as a chat shows it: no heading lines, bold with one star, links written out, a table as one line per row."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Final

_HEADING: Final = re.compile(r"^\s{0,3}#{1,6}\s+")
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*|__(.+?)__")
_LINK: Final = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_RULE: Final = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
# Word beginnings of this length stand in for stems: "entregas", "entregamos" and "entrega" agree.
_STEM: Final = 5


def fold(text: str) -> str:
    """Lower case without accents, as long as the input's composed form, so that positions can be carried over."""
    return "".join(
        unicodedata.normalize("NFD", character)[0] for character in unicodedata.normalize("NFC", text).lower()
    )


def stems(text: str) -> set[str]:
    """The beginnings of the words of three letters and more, folded."""
    return {word[:_STEM] for word in re.findall(r"\w{3,}", fold(text))}


def chat_text(markdown: str, *, wanted: set[str]) -> str:
    """The text for a chat. Of a table only the rows that `wanted` (stems) names are kept; all when it names none."""
    lines = [line.rstrip() for line in markdown.strip().splitlines() if not _HEADING.match(line)]
    shown = "\n".join(_without_tables(lines, wanted)).strip() or markdown.strip()
    shown = _BOLD.sub(lambda bold: f"*{bold.group(1) or bold.group(2)}*", shown)
    return _LINK.sub(r"\1: \2", shown)


def _without_tables(lines: list[str], wanted: set[str]) -> Iterable[str]:
    for in_table, group in groupby(lines, key=lambda line: line.lstrip().startswith("|")):
        block = list(group)
        if not in_table:
            yield from block
            continue
        header, *rows = [_cells(line) for line in block if not _RULE.match(line)] or [[""]]
        yield from [_row_text(header, row) for row in _named_rows(rows, wanted)] or [" ".join(header)]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _row_text(header: list[str], row: list[str]) -> str:
    """One line, such as: Pinheiros: Taxa R$ 8,00, Mínimo R$ 40,00."""
    named = [f"{name} {cell}".strip() for name, cell in zip(header[1:], row[1:], strict=False) if cell]
    return f"{row[0]}: {', '.join(named)}" if named else row[0]


def _named_rows(rows: list[list[str]], wanted: set[str]) -> list[list[str]]:
    """The rows whose first cell is wanted word for word, else those that share a word with it, else all."""

    def kept(test: Callable[[set[str]], bool]) -> list[list[str]]:
        return [row for row in rows if (words := stems(row[0])) and test(words)]

    return kept(lambda words: words <= wanted) or kept(lambda words: bool(words & wanted)) or rows
