"""What the gates read and say: a source that a reply is drawn from, and a gate's verdict."""

from dataclasses import dataclass, field


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
