"""Gate "shape" (version 1): a reply says something, is not longer than anybody reads, and does not stutter."""

import re
from collections import Counter
from typing import Final
from unicodedata import category

from shared.agents.gates.models import Draft, Objection
from shared.agents.gates.reading import sentences_of

_MOST_REPEATS: Final = 3
_STUTTER: Final = re.compile(r"(\S{1,40}?)\1{24,}|(\b\w{2,30}\b[ ,.!]{1,2})\2{7,}")


def check_shape(draft: Draft) -> Objection | None:
    """Objects to nothing, too much, and the same again and again."""
    if len(draft.text) > draft.most_characters:
        return Objection("too_long", f"{len(draft.text)} characters")
    if not re.search(r"\w", draft.plain) and not any(category(one) == "So" for one in draft.plain):
        return Objection("empty")
    repeated = Counter(sentence for sentence in sentences_of(draft.folded) if len(sentence) > 12)  # noqa: PLR2004 - "sim", "ok"
    for sentence, times in repeated.most_common(1):
        if times > _MOST_REPEATS:
            return Objection("repeats", sentence)
    match = _STUTTER.search(draft.folded)
    return Objection("repeats", match[0][:40]) if match else None
