"""English or Portuguese: chosen once from `--lang` or the locale; the English text is the key of the other."""

import os
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal

from infra.cli.portuguese import PORTUGUESE

Language = Literal["en", "pt"]


def choose_language(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """Return the language of the output: `--lang` first, then LC_ALL, LC_MESSAGES and LANG, else English.

    The arguments are read before the parser sees them, because the help itself is in that language.
    """
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            return "pt" if arguments[position + 1] == "pt" else "en"
        if argument.startswith("--lang="):
            return "pt" if argument == "--lang=pt" else "en"
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "pt" if environment[name].lower().startswith("pt") else "en"
    return "en"


@cache
def language() -> Language:
    """Return the language of this process."""
    return choose_language(sys.argv[1:], os.environ)


def say(text: str, **values: object) -> str:
    """Return `text`, or its Portuguese, with `{name}` replaced by the values."""
    chosen = PORTUGUESE[text] if language() == "pt" else text
    return chosen.format(**values) if values else chosen
