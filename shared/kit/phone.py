"""Phone numbers as providers write them, digits only: when two of them are the same person's."""

import re

_BRAZILIAN_MOBILE = re.compile(r"55[1-9][1-9]9[6-9][0-9]{7}")


def match_key(phone: str) -> str:
    """Return what equality of two phone numbers is decided by.

    Brazilian mobile numbers got a ninth digit, a 9 in front, between 2012 and 2016 (Anatel, resolution 553/2010), and
    providers name the same person with it and without it: the key has none. Landlines begin with 2 to 5 and got none,
    so that a number which would look like one without its 9 keeps it. Anything else is its own key.
    """
    return phone[:4] + phone[5:] if _BRAZILIAN_MOBILE.fullmatch(phone) else phone
