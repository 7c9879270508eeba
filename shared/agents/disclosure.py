"""Says with a conversation's first automatic message that a machine writes it, where it is asked for.

The platform adds the sentence; no model is asked to. The agent's setting `disclosure` is true, false, or the
organization's own sentence; without it the channel's policy decides.
"""

from dataclasses import replace
from typing import Any, Final

from shared.agents.gates.reading import folded
from shared.agents.responder import Answer
from shared.agents.wording import wording
from shared.conversations.models import ClaimedTurn

# Meta: where the law asks for it, at the beginning, after a long time, and when a chat comes back from a person; and
# recommended everywhere. https://developers.facebook.com/docs/messenger-platform/send-messages
CHANNELS_THAT_ASK: Final = frozenset(("messenger", "instagram"))
_LONG_SECONDS: Final = 24 * 3600.0
_SAYS_SO: Final = ("assistente virtual", "atendente virtual", "virtual assistant", "asistente virtual")
_LONGEST: Final = 300  # of an organization's own sentence, so that the reply stays what is read


def with_disclosure(claimed: ClaimedTurn, answer: Answer) -> Answer:
    """The answer with the sentence in front when it is due, and recorded in its details; the same answer otherwise."""
    sentence = _sentence(claimed) if answer.text and _is_due(claimed) else None
    if sentence is None or not answer.text:
        return answer
    if any(words in folded(answer.text) for words in _SAYS_SO):
        return replace(answer, details={**answer.details, "disclosure": "in_text"})
    return replace(answer, text=f"{sentence}\n\n{answer.text}", details={**answer.details, "disclosure": "added"})


def _is_due(claimed: ClaimedTurn) -> bool:
    """Whether nothing automatic was said yet, or not for long, or a person has spoken since."""
    said = [earlier for earlier in claimed.history if earlier.sender != "customer"]
    return not said or said[-1].sender != "ai" or (said[-1].age or 0.0) > _LONG_SECONDS


def _sentence(claimed: ClaimedTurn) -> str | None:
    configuration = claimed.configuration
    wanted: Any = configuration.agent_settings.get("disclosure")
    if isinstance(wanted, str) and wanted.strip():
        return wanted.strip()[:_LONGEST]
    if wanted is None:
        wanted = configuration.provider in CHANNELS_THAT_ASK
    if wanted is not True:
        return None
    return wording(configuration.locale).disclosure.format(organization=configuration.organization_name)
