"""What Meta's error codes mean for a message that was refused: the whole table, as data.

Of the Graph API in version GRAPH_VERSION. Sources: the Cloud API error reference (it says to build on the code), pywa's
error classes, Courier's handlers, the Messenger Platform's page of common error codes (2026-03-18), Instagram's
reference.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# "Permission denied", by which Instagram and Messenger say a dozen things.
_PERMISSION: Final = 10
# The version whose reference this table was read from; the code is sent to the version of the settings.
GRAPH_VERSION: Final = "v24.0"


class Action(StrEnum):
    """Who must act after a refusal."""

    RETRY = "retry"  # nobody: later, with growing pauses
    RETRY_ONCE = "retry_once"  # nobody: once more, then it is permanent
    REAUTHENTICATE = "reauthenticate"  # the owner: the connection's sends are paused, not lost
    ACCOUNT = "account"  # the owner, at Meta: payment, certificate, policy; sends are paused, not lost
    WINDOW = "window"  # the 24-hour window is closed: a template, or a person
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
_PERMANENT: Final = Meaning(Action.PERMANENT)
_DEFECT: Final = Meaning(Action.DEFECT)
_ACCOUNT: Final = Meaning(Action.ACCOUNT)
_WINDOW: Final = Meaning(Action.WINDOW)
_REAUTHENTICATE: Final = Meaning(Action.REAUTHENTICATE)
# one message per about 6 s to the same customer
_PAIR_RATE: Final = Meaning(Action.RETRY, pause=6.0)
# application and account throughput windows are counted by the minute
_THROTTLED: Final = Meaning(Action.RETRY, pause=60.0)
# quality limits: sending on makes it worse
_SLOW_DOWN: Final = Meaning(Action.RETRY, pause=3600.0)

MEANINGS: Final[dict[int, Meaning]] = {
    # the service, and limits
    **dict.fromkeys((1, 2, 130429, 131000, 131016), _RETRY),
    **dict.fromkeys((4, 80007, 131057, 133004), _THROTTLED),
    131056: _PAIR_RATE,
    **dict.fromkeys((133016, 131048, 131064), _SLOW_DOWN),
    **dict.fromkeys((131052, 131053), Meaning(Action.RETRY_ONCE)),  # the provider could not fetch or read our media
    # the token and its permissions
    **dict.fromkeys((0, 3, 10, 190, 131005, *range(200, 300)), _REAUTHENTICATE),
    # the customer
    **dict.fromkeys((131047, 470), _WINDOW),  # 470: as the older API said it
    131050: Meaning(Action.OPT_OUT),
    **dict.fromkeys((131026, 131021, 131030, 131062, 131037), _PERMANENT),
    **dict.fromkeys((131049, 130472, 131063), _PERMANENT),
    # the request
    **dict.fromkeys((33, 100, 131008, 131009, 131051, 135000), _DEFECT),
    **dict.fromkeys(
        (132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068, 132069), Meaning(Action.TEMPLATE)
    ),
    # the account
    **dict.fromkeys((368, 130497, 131031, 131042, 131044, 131045, 137000), _ACCOUNT),
    # Messenger and Instagram
    **dict.fromkeys((1200,), _RETRY),  # temporary send message failure
    **dict.fromkeys((613, 17, 32, 80002, 80006), _THROTTLED),  # calls to this API, of this user, page or account
    9: _SLOW_DOWN,  # too many actions
    102: _REAUTHENTICATE,  # the session is over
    551: _PERMANENT,  # this person is not available right now: blocked, or left
}

# Codes whose subcode changes the meaning.
SUBCODE_MEANINGS: Final[dict[tuple[int, int], Meaning]] = {
    # "outside the allowed window" is said as a permission error
    **dict.fromkeys(((10, 2534022), (10, 2018278), (10, 2018065)), _WINDOW),
    # so are customers who do not take messages
    **dict.fromkeys(((10, 2018108), (200, 1545041), (551, 1545041)), _PERMANENT),
    (200, 2018028): _PERMANENT,  # the app may write to its testers only: this customer is none
    (100, 2018001): _PERMANENT,  # no matching user
    (100, 2534014): _PERMANENT,  # Instagram's word for the same
    (100, 33): _PERMANENT,  # this page's token cannot reach that person
    (100, 1893061): _DEFECT,  # a message tag that was retired
    (100, 2018109): _PERMANENT,  # the attachment is too large
    **dict.fromkeys(((100, 2018007), (100, 2018008), (100, 2018047)), Meaning(Action.RETRY_ONCE)),  # fetching our media
    (1, 99): _REAUTHENTICATE,  # "unknown", by a missing permission
    (4, 2018022): _THROTTLED,
    (190, 458): _REAUTHENTICATE,  # the app was removed by its user
}

# The window is also said by other codes in a synchronous answer: then only the words tell.
WINDOW_WORDS: Final = re.compile(
    r"24.hours? (have )?passed|outside (of )?(the )?allowed window|re-engagement message", re.IGNORECASE
)

# A code that nobody has listed yet: sending again blindly could go on for ever, so a person looks.
UNLISTED: Final = Meaning(Action.PERMANENT)

# The longest pause between two tries of one message, in seconds; its age ends the tries, not their number.
LONGEST_PAUSE: Final = 3600.0


def meaning(code: int, subcode: int | None = None, *, words: str = "") -> Meaning:
    """What a provider's error code asks for; `words` are its own, which only count where the code says little."""
    if subcode is not None and (code, subcode) in SUBCODE_MEANINGS:
        return SUBCODE_MEANINGS[code, subcode]
    found = MEANINGS.get(code, UNLISTED)
    vague = found.action is Action.DEFECT or found is UNLISTED or code == _PERMISSION
    return _WINDOW if vague and WINDOW_WORDS.search(words) else found


def pause_before_retry(pause: float, attempt: int) -> float:
    """Seconds until the next try: doubled for each attempt made (attempt counts from 1), never beyond LONGEST_PAUSE."""
    return min(pause * 2.0 ** min(attempt - 1, 20), max(LONGEST_PAUSE, pause))
