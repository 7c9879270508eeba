"""Where Brazilian sentences end: not in "R$ 1.497,00", nor after "Av.", "Dr." or "nº", nor at "às 16h30. de sábado"."""

import re
from itertools import pairwise

_ALWAYS_CONTINUED = frozenset(
    """
    av r al pç pça pc pca trav tv est rod rua jd vl st dr dra sr sra sres srta srs sto sta prof profa profs eng enga arq
    exmo exma ilmo ilma v d dom pe fr gov pres dep sen cel gen cap mr mrs ms n nº no nos num núm art arts inc par tel
    fone cep cx ap apto apt bl cj conj km pg pág pag págs p vol ed fig tab ref cód cod aprox mín min máx max p.ex ex
    obs att vs
    """.split()  # noqa: SIM905 -- read as prose
)
"""Abbreviations that announce what follows, whatever it begins with. "etc.", "Ltda." and "16h." may end a sentence."""

_END = re.compile(r"[.!?…]+[\"'”’»)\]*_]*\s+")  # noqa: RUF001 -- quotation marks of texts
_LAST_WORD = re.compile(r"(?:p\.\s?ex|[^\W_]+)$", re.IGNORECASE)
_SIGHT = 24  # characters looked at on either side of a full stop
_OPENING = "\"'“‘«([*_¿¡-–—•"  # noqa: RUF001 -- idem


def sentences(text: str) -> list[str]:
    """The text cut at its sentence borders, white space trimmed, nothing else lost; empty text has none."""
    return [text[start:end] for start, end in sentence_spans(text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where each sentence begins and ends, without the white space around it."""
    borders = [end.end() for end in _END.finditer(text) if _is_border(text, end)]
    spans = []
    for start, end in pairwise([0, *borders, len(text)]):
        sentence = text[start:end]
        first = start + len(sentence) - len(sentence.lstrip())
        if sentence.strip():
            spans.append((first, first + len(sentence.strip())))
    return spans


def _is_border(text: str, end: re.Match[str]) -> bool:
    mark = end.group().rstrip()
    if mark[0] != "." or mark.startswith(".."):
        return True  # ! ? … end a sentence even before a small letter ("Oi! tudo bem")
    following = text[end.end() : end.end() + _SIGHT].lstrip(_OPENING)
    if following[:1].islower():
        return False
    word = _LAST_WORD.search(text, max(0, end.start() - _SIGHT), end.start())
    if word is None:
        return True
    last = word.group().lower().replace(" ", "")
    is_initial = len(last) == 1 and word.group().isupper()
    return (
        last not in _ALWAYS_CONTINUED and not is_initial and not (last.isdigit() and _begins_line(text, word.start()))
    )


def _begins_line(text: str, at: int) -> bool:
    """Whether only white space or emphasis stands before `at` in its line: "1." there is a number of a list."""
    before = text[max(0, at - _SIGHT) : at].rstrip(" \t*_")
    return not before or before.endswith("\n")
