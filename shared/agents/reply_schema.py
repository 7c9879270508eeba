"""What a model has to answer: the text with its citations, or a person, and how it understood the customer."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

# As much as a customer reads on a telephone: three or four messages.
REPLY_CHARACTERS: Final = 3000
_MOST_CITATIONS: Final = 10
_MOST_ENTITIES: Final = 10

Intent = Literal[
    "question",
    "purchase",
    "order_status",
    "scheduling",
    "payment",
    "exchange_or_return",
    "complaint",
    "person",
    "other",
]
# Why a person must go on; the turn's handoff has the same codes.
HandOver = Literal["knowledge_gap", "customer_asked", "complaint"]


class Entity(BaseModel):
    """Something that the customer named: a product, a place, a date."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, Field(min_length=1, max_length=40)]
    value: Annotated[str, Field(min_length=1, max_length=200)]


class Reply(BaseModel):
    """The reply to the customer."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=REPLY_CHARACTERS, description="What the customer reads.")]
    citations: Annotated[
        list[int], Field(max_length=_MOST_CITATIONS, description="Numbers of the passages that the text is drawn from.")
    ]
    hand_over: Annotated[
        HandOver | None, Field(description="Why a person must go on; null when the text answers everything.")
    ]
    intent: Intent
    sentiment: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False, description="-1 angry, 0 neutral, 1 glad.")]
    entities: Annotated[list[Entity], Field(max_length=_MOST_ENTITIES)]
    confidence: Annotated[
        float, Field(ge=0, le=1, allow_inf_nan=False, description="How sure it is that the passages answer this.")
    ]
    language: Annotated[str, Field(pattern="^[a-z]{2}$", description="ISO 639-1 of the text.")]
