"""What the demo plays: a customer of a neighbourhood bakery writes on WhatsApp, in Portuguese as she would.

The bakery's texts are in infra/cli/demo_knowledge. Whoever changes them or these lines keeps the two in step.
"""

from dataclasses import dataclass
from typing import Literal

CUSTOMER = "5511987650001"
CUSTOMER_NAME = "Marina Duarte"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Messages that belong together, and what should come of them."""

    name: str
    title: str  # English; its Portuguese is in infra/cli/portuguese.py
    texts: tuple[str, ...] = ()
    pause_seconds: float = 0.0  # between the messages: quicker than the quiet time after which a turn starts
    copies: int = 0  # of the last delivery of the scene before, sent again at once instead of texts
    comes: Literal["reply", "handoff", "nothing"]
    reply_holds: tuple[str, ...] = ()  # what a right answer cannot do without


SCENES = (
    Scene(
        name="burst",
        title="A burst of three quick messages",
        texts=("Oi, bom dia! 😊", "vocês abrem no domingo?", "e aceitam Pix?"),
        pause_seconds=0.4,
        comes="reply",
        reply_holds=("13h", "Pix"),
    ),
    Scene(
        name="answerable",
        title="A question that the knowledge answers",
        texts=("Quanto é a taxa de entrega para Pinheiros?",),
        comes="reply",
        reply_holds=("R$ 8,00",),
    ),
    Scene(
        name="repeated",
        title="The same delivery again, five times at once",
        copies=5,
        comes="nothing",
    ),
    Scene(
        name="unanswerable",
        title="A question that the knowledge does not answer",
        texts=("Vocês consertam máquina de lavar roupa?",),
        comes="handoff",
        reply_holds=("pessoa da equipe",),
    ),
)
