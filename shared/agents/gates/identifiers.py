"""Gate "identifiers" (version 1): no internal ids and no names of tables, columns or settings.

What the business's own text holds may be said: a Pix key is a uuid too.
"""

import re
from typing import Final

from shared.agents.gates.links import links
from shared.agents.gates.models import Draft, Objection

_UUID: Final = re.compile(r"\b[0-9a-f]{8}[- ]?(?:[0-9a-f]{4}[- ]?){3}[0-9a-f]{12}\b")
_TABLE: Final = re.compile(
    r"\b(?:platform|departments|agents|integrations|audit|analytics|billing|content|knowledge|information_schema"
    r"|pg_catalog)\.[a-z]\w{3,}"
)
_SNAKE: Final = re.compile(r"(?<![\w@#/._-])[a-z][a-z0-9]{1,30}(?:_[a-z0-9]{1,30}){1,8}(?![\w@-])")
_PROVIDER_ID: Final = re.compile(r"\bwamid\.[\w=+/-]{8,}|\bm_[\w-]{20,}|\bgs://\S+")


def check_identifiers(draft: Draft) -> Objection | None:
    """Objects to the first id or name of ours that neither the sources nor the customer wrote."""
    text = draft.folded
    for code, pattern in (("uuid", _UUID), ("table", _TABLE), ("provider_id", _PROVIDER_ID), ("identifier", _SNAKE)):
        for match in pattern.finditer(text):
            # a table's name has the form of a link, and any other id in a link is for the gate of links
            if match[0] not in draft.all_grounds and (code == "table" or not _is_in_link(match[0], draft.text)):
                if code == "identifier" and match[0] in draft.own_words:
                    continue
                return Objection(code, match[0])
    return None


def _is_in_link(words: str, text: str) -> bool:
    """Addresses are another gate's."""
    return any(words in address.lower() for _, address in links(text))
