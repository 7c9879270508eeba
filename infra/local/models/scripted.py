"""The sandbox's honest model: it answers from the passages in its prompt, cites them, or asks for a person.

It follows the contract of shared/agents/prompts.py: the last user message is one JSON object with `questions` and
numbered `passages`, and the answer is a call of the tool `reply`. To a prompt of another kind it answers with a text.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_WORD = re.compile(r"\w{3,}")
_ENGLISH = re.compile(r"\b(the|you|is|do|what|how|are|open|deliver|and|hello|have)\b")
_STEM = 5
REPLY_TOOL = "reply"


@dataclass(frozen=True, slots=True)
class Said:
    """What the model says: a text, or calls of tools with their arguments (an object, or JSON as it is)."""

    text: str | None = None
    calls: tuple[tuple[str, Any], ...] = field(default=())


Script = Callable[[dict[str, Any]], Said]


def honest(request: dict[str, Any]) -> Said:
    """What the scripted model says to a chat-completions request."""
    prompt = prompt_of(request)
    if prompt is None:
        return Said(text="Recebi a mensagem.")
    return Said(calls=((REPLY_TOOL, reply_to(prompt)),))


def prompt_of(request: dict[str, Any]) -> dict[str, Any] | None:
    """The first of the user's messages that is our prompt; None when none is."""
    for message in request.get("messages", []):
        if message.get("role") == "user":
            try:
                found = json.loads(text_of(message))
            except ValueError:
                continue
            if isinstance(found, dict) and "passages" in found:
                return found
    return None


def text_of(message: dict[str, Any]) -> str:
    """A message's text, whether it comes whole or in parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


def reply_to(prompt: dict[str, Any]) -> dict[str, Any]:
    """The reply, for each question the passage that shares most words with it."""
    questions = [str(question) for question in prompt.get("questions", [])]
    passages = [passage for passage in prompt.get("passages", []) if isinstance(passage, dict)]
    language = "en" if _ENGLISH.search(" ".join(questions).lower()) else "pt"
    chosen = {passage["number"]: str(passage["text"]) for q in questions for passage in _best(passages, q)}
    everything = not questions or (bool(chosen) and not prompt.get("unread"))
    return {
        "text": "\n\n".join(chosen.values()) or ("Como posso ajudar?" if not questions else ""),
        "citations": list(chosen),
        "hand_over": None if everything else "knowledge_gap",
        "intent": "question" if questions else "greeting",
        "sentiment": 0.0,
        "entities": [],
        "confidence": 0.9 if everything else 0.2,
        "language": language,
    }


def _best(passages: list[dict[str, Any]], question: str) -> list[dict[str, Any]]:
    """The one passage that fits, or none; retrieval has already left out what does not belong."""
    wanted = _stems(question)
    ranked = sorted(passages, key=lambda passage: -len(wanted & _stems(str(passage.get("text", "")))))
    return ranked[:1]


def _stems(text: str) -> set[str]:
    plain = "".join(
        letter for letter in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(letter)
    )
    return {word[:_STEM] for word in _WORD.findall(plain)}
