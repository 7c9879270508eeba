"""A document as chunks that can stand alone: cut at headings, then paragraphs, table rows, sentences, words.

Each chunk knows the headings above it; each part of a table begins with the table's header. Pure and deterministic.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from shared.kit.text import truncate
from shared.knowledge.sentences import sentence_spans

CHUNKING: Final = "chunks-1"  # name of these rules: other rules make other chunks of an unchanged document
CHUNK_LIMIT: Final = 900  # characters: a message one still reads on a telephone, and few topics per vector
HEADING_LIMIT: Final = 200  # characters of headings kept per chunk
_HEADER_SHARE: Final = 3  # a table's header may fill a third of a chunk; a longer one is not repeated


@dataclass(frozen=True, slots=True)
class Chunk:
    """Text of at most the limit, and the headings above it, outermost first, joined by " > " (may be empty)."""

    heading: str
    content: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is not cut further: its text, what joins it to the piece before, and what a new chunk repeats before it."""

    text: str
    glue: str
    repeat: str = ""


# No two parts of a pattern fit the same text, so that a line of a megabyte takes no longer than its length.
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?")
_CLOSING = re.compile(r"(?:^|[ \t])#+$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_TABLE_RULE = re.compile(r"\|?:?-+:?(?:\|:?-+:?)*\|?")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+\S")


def chunks(text: str, *, title: str = "", limit: int = CHUNK_LIMIT) -> list[Chunk]:
    """The document's chunks in order; every word of it is in one, each at most `limit` characters long.

    `title` stands before the headings. A text without words has no chunks. Never cuts what a reader sees as one
    character, unless that alone is longer than `limit`.
    """
    if limit < 1:
        raise ValueError(f"a chunk of at most {limit} characters can hold nothing")
    found = []
    for path, lines in _sections(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        names = [name for name in path if name]
        if title and names[:1] != [title]:
            names.insert(0, title)
        heading = truncate(" > ".join(names), HEADING_LIMIT)
        found += [Chunk(heading, content) for content in _pack(_pieces(lines, limit), limit)]
    return found


def _sections(lines: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """(headings above, lines) of each stretch between headings; a heading with nothing below it is itself a text."""
    path: list[str] = []
    body: list[str] = []
    fence = ""
    for line in lines:
        mark = _FENCE.match(line)
        level, name, above = (0, "", body) if fence or mark else _heading(line, body)
        if mark:
            fence = "" if fence == mark[1] else fence or mark[1]
        if level == 0:
            body.append(line)
            continue
        yield from _section(path, above, is_leaf=level <= len(path))
        path = [*path[: level - 1], *[""] * (level - 1 - len(path)), name]
        body = []
    yield from _section(path, body, is_leaf=True)


def _section(path: list[str], body: list[str], *, is_leaf: bool) -> Iterator[tuple[list[str], list[str]]]:
    if any(line.strip() for line in body):
        yield path, body
    elif is_leaf and path and path[-1]:
        yield path[:-1], [path[-1]]


def _heading(line: str, body: list[str]) -> tuple[int, str, list[str]]:
    """(level, name, what of `body` belongs to the section above); level 0 when the line is not a heading."""
    if marked := _HEADING.fullmatch(line):
        return len(marked[1]), _CLOSING.sub("", (marked[2] or "").strip()).strip(), body
    stands_alone = body and body[-1].strip() and (len(body) == 1 or not body[-2].strip())
    if stands_alone and "|" not in body[-1] and not _ITEM.match(body[-1]) and (under := _UNDERLINE.fullmatch(line)):
        return (1 if under[1][0] == "=" else 2), body[-1].strip(), body[:-1]
    return 0, "", body


def _pieces(lines: list[str], limit: int) -> Iterator[_Piece]:
    """The section's text as pieces of at most `limit` characters."""
    for block in _blocks(lines):
        if len(block) > 1 and "|" in block[0] and _is_rule(block[1]):
            yield from _table(block, limit)
            continue
        for position, (indent, text) in enumerate(_runs(block)):
            glue = f"\n{indent}" if position else "\n\n"
            end = 0
            for start, stop in sentence_spans(text):
                if end:
                    glue = "\n" if "\n" in text[end:start] else " "
                for part in _fitting(text[start:stop], limit):
                    yield _Piece(part, glue)
                    glue = " "
                end = stop


def _runs(block: list[str]) -> Iterator[tuple[str, str]]:
    """(indentation, text) of each list item or paragraph of a block, its lines kept."""
    run: list[str] = []
    for line in block:
        if _ITEM.match(line) and run:
            yield _indented("\n".join(run))
            run = []
        run.append(line)
    yield _indented("\n".join(run))


def _indented(text: str) -> tuple[str, str]:
    bare = text.lstrip()
    return text[: len(text) - len(bare)], bare


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Stretches of lines between blank ones; a table begins one of its own."""
    block: list[str] = []
    for line in lines:
        is_rule = "|" in line and _is_rule(line) and block and "|" in block[-1]
        if is_rule and len(block) > 1:
            yield block[:-1]
            block = block[-1:]
        if line.strip():
            block.append(line.rstrip())
        elif block:
            yield block
            block = []
    if block:
        yield block


def _is_rule(line: str) -> bool:
    return line.lstrip()[:1] in ("|", "-", ":") and bool(_TABLE_RULE.fullmatch("".join(line.split())))


def _table(block: list[str], limit: int) -> Iterator[_Piece]:
    """Each row with the header to repeat; a row that does not fit below the header is cut like a sentence."""
    header = "\n".join(block[:2])
    repeated = header if len(header) * _HEADER_SHARE <= limit else ""
    if not repeated:
        for position, line in enumerate(block[:2]):
            yield from (_Piece(part, "\n" if position else "\n\n") for part in _fitting(line, limit))
    room = limit - len(repeated) - 1 if repeated else limit
    glue = "\n\n" if repeated else "\n"
    for row in block[2:]:
        for part in _fitting(row, room):
            yield _Piece(part, glue, repeated)
            glue = "\n"
    if repeated and len(block) == 2:  # noqa: PLR2004 -- a header and its rule, no rows
        yield _Piece(header, "\n\n")


def _fitting(text: str, limit: int) -> Iterator[str]:
    """The text in parts of at most `limit`, cut between lines, else words, else characters as a reader sees them."""
    rest = text.strip()
    while len(rest) > limit:
        cut = max(rest.rfind("\n", 1, limit + 1), 0)
        if cut * 2 < limit:  # no line ends in the second half of what fits
            cut = max(rest.rfind(" ", 1, limit + 1), cut) or len(truncate(rest, limit))
        yield rest[:cut].rstrip()
        rest = rest[cut:].lstrip()
    if rest:
        yield rest


def _pack(pieces: Iterable[_Piece], limit: int) -> Iterator[str]:
    """As many pieces per chunk as fit, in order; a table's header once at the top of its part of each chunk."""
    content, header = "", ""
    for piece in pieces:
        begins_table = piece.repeat and piece.repeat != header
        text = f"{piece.repeat}\n{piece.text}" if begins_table else piece.text
        if content and len(content) + len(piece.glue) + len(text) <= limit:
            content += piece.glue + text
        else:
            if content:
                yield content
            content = f"{piece.repeat}\n{piece.text}" if piece.repeat else piece.text
        header = piece.repeat
    if content:
        yield content
