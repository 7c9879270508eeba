"""Gate "secrets" (version 1): no key, token or password, and nothing of what a model was instructed with.

The instructions are looked for in the reply as it stands, and reversed, in rot13, base64, hexadecimal, percent signs.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from shared.agents.gates.models import Draft, Objection
from shared.agents.gates.reading import compact, folded

# Forms of keys as their issuers document them: Meta, Google, OpenAI, Anthropic, Stripe, AWS, GitHub, Slack, Mercado
# Pago, JWT, PEM; and an encrypted value of our own.
_KEY: Final = re.compile(
    r"\bEAA[A-Za-z0-9]{16,}|\bAIza[\w-]{20,}|\bya29\.[\w-]{10,}|\bGOCSPX-[\w-]{8,}|\bsk-[\w-]{12,}"
    r"|\b[srp]k_(?:live|test)_\w{8,}|\bwhsec_\w{8,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bgh[pousr]_\w{16,}|\bxox[abprs]-[\w-]{8,}|\beyJ[\w-]{8,}\.[\w-]{8,}"
    r"|-----BEGIN [A-Z ]{3,40}"
    r"|\bBearer [\w.~+/-]{8,}|\b(?:APP_USR|TEST)-[\w-]{12,}|\b(?:postgres(?:ql)?|mysql|redis|amqp)(?:\+\w+)?://"
    r"|\bv\d+:[A-Za-z0-9+/]{40,}"
)
# Written by this project into rows and instructions that nobody outside may read, to see whether they get out.
_CANARY: Final = re.compile(r"canary[-_][0-9a-z]{6,}")
_NAMED: Final = re.compile(
    r"\b(?:senha|password|passwd|api[ _-]?key|access[ _-]?token|token|secret|segredo|chave (?:de )?(?:api|acesso"
    r"|secreta)|contrasena|credentials?)"
    r"\b(?: (?:e|is|es))?\s?[:=]?\s?[\"'`]?(?P<value>[\w+/=.@!#$%&*-]{6,})"
)
_RUN: Final = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/=_-]{24,}(?![\w+/=-])")
_WINDOW: Final = 32  # letters and digits in a row that nobody writes twice by chance
_STEP: Final = 8


def check_secrets(draft: Draft) -> Objection | None:
    """Objects to a secret, or to words of the instructions that no source has too."""
    if match := _KEY.search(draft.plain):
        return Objection("key", match[0])
    if match := _CANARY.search(draft.folded):
        return Objection("canary", match[0])
    for match in _NAMED.finditer(draft.folded):
        if re.search(r"\d|[^\w.]", match["value"][:-1]) and match["value"].rstrip(".") not in draft.all_grounds:
            return Objection("password", match[0])
    for match in _RUN.finditer(draft.plain):
        if _looks_random(match[0]) and match[0].lower() not in draft.all_grounds:
            return Objection("token", match[0])
    if draft.instructions and (words := _told(draft)):
        return Objection("instructions", words)
    return None


def _looks_random(run: str) -> bool:
    """Letters and digits mixed, or capitals in the middle of words: no word of a language, no number."""
    letters = re.sub(r"[^A-Za-z]", "", run)
    if not letters:
        return False
    changes = len(re.findall(r"[a-z][A-Z]|[A-Z]{2}[a-z]|[A-Za-z]\d|\d[A-Za-z]", run))
    return changes >= 3  # noqa: PLR2004 - "R2-D2Max" is a name, not a token


def _told(draft: Draft) -> str | None:
    """The first words of the reply that stand in the instructions and in nothing that may be said."""
    told = _windows(draft.instructions)
    allowed = compact(draft.all_grounds) + "\n" + compact(draft.own_words)
    for reading in _readings(draft.plain):
        for start in range(0, max(1, len(reading) - _WINDOW + 1), _STEP):
            window = reading[start : start + _WINDOW]
            if window in told and window not in allowed:
                return window
    return None


@lru_cache(maxsize=32)
def _windows(instructions: str) -> frozenset[str]:
    text = compact(folded(instructions))
    return frozenset(text[start : start + _WINDOW] for start in range(len(text) - _WINDOW + 1))


def _readings(shown: str) -> Iterator[str]:
    """The reply's letters and digits as they stand, and as what they may be a disguise of."""
    straight = compact(folded(shown))
    yield straight
    yield straight[::-1]
    yield codecs.decode(straight, "rot13")
    if "%" in shown:
        yield compact(folded(unquote(shown)))
    for run in re.findall(r"[A-Za-z0-9+/_=-]{40,}", re.sub(r"\s+", "", shown))[:4]:
        yield from (compact(folded(text)) for text in _decoded(run))


def _decoded(run: str) -> Iterator[str]:
    for decode in (bytes.fromhex, base64.urlsafe_b64decode):
        whole = run[: len(run) // 4 * 4].replace("+", "-").replace("/", "_")
        try:
            yield decode(whole).decode("utf-8", "ignore")
        except (ValueError, binascii.Error):
            continue
