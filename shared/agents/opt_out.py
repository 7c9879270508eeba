"""Recognizes the customer who wants no more messages (C-20): the usual single words, alone in a message."""

import re
from collections.abc import Sequence
from typing import Final

from shared.agents.chat_text import fold
from shared.agents.responder import Answer
from shared.conversations.models import InboundMessage

_WORDS: Final = frozenset(
    ("pare", "parar", "sair", "stop", "unsubscribe", "descadastrar", "nao quero receber mais", "nao quero mais receber")
)


def opt_out_answer(messages: Sequence[InboundMessage]) -> Answer | None:
    """The silent answer to a burst that ends in such a word; None for every other burst.

    Marketing ends at once. A later question is a request for service and is answered again.
    """
    last = messages[-1].text if messages else None
    if last is None or " ".join(re.findall(r"\w+", fold(last))) not in _WORDS:
        return None
    return Answer(text=None, model="rules", opted_out=True, details={"rule": "opt_out"})
