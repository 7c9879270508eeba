"""What a customer asks in a burst of short messages: the questions in it, without greetings and thanks.

"Oi!", "bom dia", "vocês abrem no domingo?", "e entregam em Santos?" holds two questions.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from shared.agents.chat_text import fold
from shared.channels.text_parts import sentences

# Two or three are read and answered in one reply; more are asked together as one, so that a turn's work stays bounded.
MOST_QUESTIONS: Final = 3

_GREETINGS: Final = re.compile(
    r"(?:oi+e?|ola|opa|e ?ai|hello|hi|hey|alo|bo[am] (?:dia|tarde|noite)|good (?:morning|afternoon|evening)"
    r"|tudo (?:bem|bom|certo|joia)|como vai(?: voces?)?|how are you|(?:tem )?alguem (?:ai|online|disponivel)"
    r"|pessoal|gente|por favor|pfv|pf|please)"
)
_THANKS: Final = re.compile(
    r"(?:(?:muito )?obrigad[oa]+|obg|brigad[oa]|valeu|vlw|(?:thank you|thanks)(?: (?:so|very) much)?|agradeco"
    r"|perfeito|otimo|ok+|okay|blz|beleza|certo|show|legal|entendi|ta bom|combinado|great|got it|tchau"
    r"|ate (?:mais|logo)|bye)"
)
_LEADING_COURTESY: Final = re.compile(rf"^(?:{_GREETINGS.pattern}|{_THANKS.pattern})(?=[\s,.!…]|$)[\s,.!…]*")


class Courtesy(StrEnum):
    """What a burst is when nothing is asked in it."""

    GREETING = "greeting"
    THANKS = "thanks"


def questions(texts: Iterable[str]) -> list[str]:
    """The questions of a burst in the order asked, at most MOST_QUESTIONS; empty when the burst is only courtesy.

    What is said before a question belongs to it ("Comprei um vestido M. Posso trocar?"). What follows the last one
    and is not courtesy is asked as well: a request without a question mark.
    """
    found: list[str] = []
    said: list[str] = []
    for text in texts:
        for sentence in sentences(text):
            rest = _without_courtesy(sentence)
            if not rest:
                continue
            said.append(rest)
            if rest.rstrip("\"'”\u2019) ").endswith("?"):
                found.append(" ".join(said))
                said = []
    if said:
        found.append(" ".join(said))
    if len(found) > MOST_QUESTIONS:
        found[MOST_QUESTIONS - 1 :] = [" ".join(found[MOST_QUESTIONS - 1 :])]
    return found


def courtesy(texts: Iterable[str]) -> Courtesy | None:
    """Whether a burst without questions greets or thanks; None when it says nothing that can be read."""
    folded = " ".join(fold(text) for text in texts)
    if re.search(rf"\b{_GREETINGS.pattern}\b", folded):
        return Courtesy.GREETING
    return Courtesy.THANKS if re.search(rf"\b{_THANKS.pattern}\b", folded) else None


def _without_courtesy(sentence: str) -> str:
    """The sentence after any greetings and thanks at its beginning; empty when nothing else is in it."""
    rest = unicodedata.normalize("NFC", sentence)
    while True:
        folded = fold(rest)
        leading = _LEADING_COURTESY.match(folded)
        if leading is None or leading.end() == 0:
            break
        rest = rest[leading.end() :] if len(folded) == len(rest) else ""
    return rest if re.search(r"\w", rest) and not _only_courtesy(rest) else ""


def _only_courtesy(text: str) -> bool:
    bare = re.sub(r"[^\w\s]", " ", fold(text)).strip()
    return re.fullmatch(rf"(?:(?:{_GREETINGS.pattern}|{_THANKS.pattern})\s*)+", bare) is not None
