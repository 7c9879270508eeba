"""Recognizes a customer who asks for a person in so many words (H-01), for the responder that reads no meaning.

A short list, in Portuguese and English; whoever asks in other words is understood by a model or meets a knowledge gap,
which calls a person as well. It looks at what the customer wrote, never at an answer.
"""

import re
from collections.abc import Iterable
from typing import Final

from shared.agents.chat_text import fold
from shared.channels.text_parts import sentences

_PERSON: Final = (
    r"(?:atendentes?|pessoas?|humanos?|ser humano|alguem|gente de verdade|gerente|responsavel|don[oa]|suporte"
    r"|vendedora?)"
)
_ENGLISH_PERSON: Final = (
    r"(?:person|human(?: being)?|agent|representative|somebody|someone|attendant|manager|real person)"
)
_ARTICLE: Final = r"(?:(?:uma?s?|o|a|algum|alguma|outra) )?"
_WANTING: Final = (
    r"(?:quero|queria|queremos|gostaria de|preciso|precisava|posso|poderia|podemos|da para|da pra|tem como|consigo"
    r"|prefiro|deixa eu|deixe-me|me deixa)"
)
_ASKING: Final = re.compile(
    # "quero falar com um atendente", "posso conversar com alguém da loja?", "falar com atendente"
    rf"(?:(?<!nao )\b{_WANTING}\s+|^(?:por favor )?)(?:falar|conversar|tratar|ser atendid[oa])"
    rf"(?: (?:direto|diretamente|logo|agora))?\s+(?:com|por)\s+{_ARTICLE}{_PERSON}\b"
    # "quero um atendente", "preciso de um humano", "quero atendimento humano"
    rf"|(?<!nao )\b(?:quero|queria|preciso(?: de)?|prefiro)\s+{_ARTICLE}"
    r"(?:atendente|humano|atendimento humano|ser humano)\b"
    # "chama um atendente", "me transfere para um humano", "passa para o gerente"
    r"|\b(?:chama|chame|chamar|transfere|transfira|transferir|passa|passe|passar|encaminha|encaminhe)\s+"
    rf"(?:(?:para|pra|pro)\s+)?{_ARTICLE}{_PERSON}\b"
    # "talk to a human", "I want to speak with someone"
    r"|(?<!not )\b(?:talk|speak|chat)\s+(?:to|with)\s+(?:(?:an?|the|your|some)\s+)?(?:real |live |human )?"
    rf"{_ENGLISH_PERSON}\b"
)
# Alone in a message these words ask for one.
_ALONE: Final = re.compile(
    r"(?:um |uma |an? )?(?:atendente|humano|atendimento humano|pessoa de verdade|human|agent|representative"
    r"|real person)(?: por favor| pfv?| please)?"
)
# Who tells of a talk that was asks for none.
_TOLD: Final = re.compile(r"\b(?:falei|falou|conversei|disse que|me disse|spoke|talked)\b")


def asks_for_a_person(sentence: str) -> bool:
    """Whether this sentence of a customer asks for a person."""
    bare = re.sub(r"\s+", " ", re.sub(r"[^\w\s'-]", " ", fold(sentence))).strip()
    if _ALONE.fullmatch(bare):
        return True
    return _ASKING.search(bare) is not None and _TOLD.search(bare) is None


def without_asking(texts: Iterable[str]) -> tuple[list[str], bool]:
    """What else the texts say, and whether a person was asked for in them."""
    rest: list[str] = []
    asked = False
    for text in texts:
        said = sentences(text)
        kept = [sentence for sentence in said if not asks_for_a_person(sentence)]
        rest.append(text if len(kept) == len(said) else " ".join(kept))
        asked = asked or len(kept) < len(said)
    return [text for text in rest if text], asked
