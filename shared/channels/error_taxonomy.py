"""What Meta's error codes mean for a message that was refused: the whole table, as data.

Sources: the Cloud API error reference (it says to build on the code), pywa's error classes, Courier's handlers.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Action(StrEnum):
    """Who must act after a refusal."""

    RETRY = "retry"  # nobody: later, with growing pauses
    REAUTHENTICATE = "reauthenticate"  # the owner: the connection's sends are paused, not lost
    ACCOUNT = "account"  # the owner, at Meta: payment, certificate, policy; sends are paused, not lost
    WINDOW = "window"  # a person: the 24-hour window is closed, the message is held
    OPT_OUT = "opt_out"  # nobody: the customer wants no more of this
    PERMANENT = "permanent"  # a person: this message can never be delivered
    DEFECT = "defect"  # us: the request was wrong
    TEMPLATE = "template"  # the owner: the template is wrong or disabled


@dataclass(frozen=True, slots=True)
class Meaning:
    """The action for one code; `pause` is the first pause in seconds before a retry, doubled at each further one."""

    action: Action
    pause: float = 5.0


_RETRY: Final = Meaning(Action.RETRY)
# one message per about 6 s to the same customer
_PAIR_RATE: Final = Meaning(Action.RETRY, pause=6.0)
# application and account throughput windows are counted by the minute
_THROTTLED: Final = Meaning(Action.RETRY, pause=60.0)
# quality limits: sending on makes it worse
_SLOW_DOWN: Final = Meaning(Action.RETRY, pause=3600.0)

MEANINGS: Final[dict[int, Meaning]] = {
    1: _RETRY,
    2: _RETRY,
    4: _THROTTLED,
    80007: _THROTTLED,
    130429: _RETRY,
    131000: _RETRY,
    131016: _RETRY,
    131056: _PAIR_RATE,
    131057: _THROTTLED,
    133004: _THROTTLED,
    133016: _SLOW_DOWN,
    131048: _SLOW_DOWN,
    131064: _SLOW_DOWN,
    131052: _RETRY,
    131053: _RETRY,
    **dict.fromkeys((0, 3, 10, 190, 131005, *range(200, 300)), Meaning(Action.REAUTHENTICATE)),
    131047: Meaning(Action.WINDOW),
    **dict.fromkeys((131026, 131021, 131030, 131062, 131037), Meaning(Action.PERMANENT)),
    **dict.fromkeys((131049, 130472, 131063), Meaning(Action.PERMANENT)),
    131050: Meaning(Action.OPT_OUT),
    **dict.fromkeys((33, 100, 131008, 131009, 131051, 135000), Meaning(Action.DEFECT)),
    **dict.fromkeys(
        (132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068, 132069), Meaning(Action.TEMPLATE)
    ),
    **dict.fromkeys((368, 130497, 131031, 131042, 131044, 131045, 137000), Meaning(Action.ACCOUNT)),
}

# Codes whose subcode changes the meaning: Instagram and Messenger say "outside the window" as a permission error.
SUBCODE_MEANINGS: Final[dict[tuple[int, int], Meaning]] = {
    (10, 2534022): Meaning(Action.WINDOW),
    (10, 2018278): Meaning(Action.WINDOW),
}

# A code that nobody has listed yet: sending again blindly could go on for ever, so a person looks.
UNLISTED: Final = Meaning(Action.PERMANENT)

# The longest pause between two tries of one message, in seconds; its age ends the tries, not their number.
LONGEST_PAUSE: Final = 3600.0


def meaning(code: int, subcode: int | None = None) -> Meaning:
    """What a provider's error code asks for."""
    if subcode is not None and (code, subcode) in SUBCODE_MEANINGS:
        return SUBCODE_MEANINGS[code, subcode]
    return MEANINGS.get(code, UNLISTED)


def pause_before_retry(pause: float, attempt: int) -> float:
    """Seconds until the next try: doubled for each attempt made (attempt counts from 1), never beyond LONGEST_PAUSE."""
    return min(pause * 2.0 ** min(attempt - 1, 20), max(LONGEST_PAUSE, pause))
