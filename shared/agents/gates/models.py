"""What the gates read and say: a draft with all it may draw on, a source of it, and a gate's verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from shared.agents.gates.reading import folded, leaves, plain

# Three messages of WhatsApp; the time that the gates take is bounded by it.
MOST_CHARACTERS: Final = 12_000


@dataclass(frozen=True, slots=True)
class Source:
    """A passage of the organization's knowledge that a reply is drawn from: the chunk's id, and all its text."""

    chunk_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate, in one version, says of a draft. `code` names what it objects to, None when the draft passed.

    `found` are the words it objects to, for whoever writes the reply again. They are stored and logged nowhere: they
    may be the secret that must not leave.
    """

    gate: str
    version: int
    passed: bool
    code: str | None = None
    found: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a gate refuses a draft: a code of its own, and the words that are the reason."""

    code: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message before the draft, oldest first in a draft: sender as in the history, age in seconds (None: unknown)."""

    sender: str
    text: str
    age: float | None = None


@dataclass(frozen=True)
class Draft:
    """A reply that nobody has seen yet, and what it may draw on.

    `sources` are the texts it cites; `customer` what the customer wrote, in this turn and before; `asked` the part of
    it that this turn answers. `settings` is the agent's configuration. `instructions` is what a model was told and
    must not repeat. `written` says that a model chose the words; without it they are quoted, or the platform's own.
    """

    text: str
    sources: tuple[str, ...] = ()
    customer: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    history: tuple[Said, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    organization: str = ""
    locale: str | None = None
    recipient: str = ""
    hands_over: bool = False
    instructions: str = ""
    written: bool = True
    most_characters: int = MOST_CHARACTERS

    @cached_property
    def plain(self) -> str:
        """The text as a reader sees it: compatibility forms resolved, what cannot be seen taken out."""
        return plain(self.text)

    @cached_property
    def folded(self) -> str:
        """The text in lower case without accents, look-alike letters of other alphabets as the Latin ones."""
        return folded(self.text)

    @cached_property
    def grounds(self) -> tuple[str, ...]:
        """What the business itself says, each text folded: the sources, its catalogue, its own greeting and its name.

        A number in the catalogue is a price in reais. The catalogue is one text: it is read once and kept.
        """
        entries = leaves(self.settings.get("catalogue"))
        catalogue = "\n".join(f"R$ {entry}" if isinstance(entry, int | float) else entry for entry in entries)
        own = (catalogue, *(str(one) for one in leaves(self.settings.get("greeting"))), self.organization)
        return tuple(folded(text) for text in (*self.sources, *own) if text)

    @cached_property
    def all_grounds(self) -> str:
        """`grounds` as one text."""
        return "\n".join(self.grounds)

    @cached_property
    def own_words(self) -> str:
        """What the customer wrote, and the address that the customer writes from, folded."""
        return "\n".join(folded(text) for text in (*self.customer, self.recipient))
