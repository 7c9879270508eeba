"""Portuguese text for matching: accents folded, codes kept whole, words brought to a stem.

"cartao", "cartões" and "cartão" become one lexeme; a postal code, telephone number, price, hour or product code becomes
one exact lexeme however it is punctuated. Pure; the same on every machine.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, Literal

from snowballstemmer.portuguese_stemmer import PortugueseStemmer

from shared.knowledge.chat_words import FILLERS, NUMBERS, SHORT_FOR
from shared.knowledge.places import PLACES, REGIONS
from shared.knowledge.synonyms import RELATED
from shared.knowledge.vocabulary import NOT_DIMINUTIVES, QUIET_WORDS, SAME_MEANING, SILENT_WORDS

CONFIGURATION: Final = "portuguese-2"
"""Name of these rules, stored with each chunk (`search_configuration`); other rules make other lexemes."""

ANY_OF: Final = "|"  # between lexemes of one term, any of which will do

WORD_LIMIT = 64  # characters; longer runs of letters are not words, and PostgreSQL refuses lexemes of 2 kB
TERM_LIMIT = 24  # lexemes of a question; more do not make it clearer
SUBSCRIBER_DIGITS = 9  # of a mobile number without its area code
CODE_WEIGHT = 2.0  # of a price, hour, product code or number in a question: it is meant exactly
NUMBER_DIGITS = 4  # of a number that is a quantity ("15 pessoas"); a longer one is a code
NUMBER_WEIGHT = -0.5  # of a quantity: below 0, it counts only if the business mentions it
QUIET_WEIGHT = 0.3  # of a word that names something; chosen on the question set of tests/knowledge

_PATTERN = re.compile(
    r"""
    (?P<phone> (?<![\d.,-]) (?:\+?55[\s-]?)? (?:\(\d{2}\)|\d{2}) [\s-]? 9?\d{4} [\s-]? \d{4} (?![\d.,-]*\d)
             | (?<![\d.,-]) 9?\d{4}-\d{4} (?![\d.,-]*\d) )
    | (?P<hour> (?<![\d.,:-]) \d{1,2} \s? (?:h(?:rs?|s)?|horas?) (?: (?<=h) [0-5]\d )? (?:min)? \b
              | (?<![\d.,:]) (?:[01]?\d|2[0-3]) : [0-5]\d (?!\d|:) )
    | (?P<amount> (?<![\d.,-]) (?: \d{1,3}(?:\.\d{3})+(?:,\d+)? | \d+,\d+ ) (?! [.,/-]?\d ) )
    | (?P<measure> (?<![\w.,-]) \d+ \s? (?:kg|g|ml|l|cm|km|min) \b )
    | (?P<code> [a-z0-9]+ (?: [-./_] [a-z0-9]+ )* )
    | (?P<word> [^\W\d_]+ )
    """,
    re.VERBOSE,
)
_SEPARATOR = re.compile(r"[-./_]")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or code of a text: its folded `form`, the `stem` that matches it, and its `weight` (0 silent … 1)."""

    form: str
    stem: str
    weight: float
    kind: Literal["word", "code", "phone"]

    @property
    def lexeme(self) -> str:
        """What the word means, to tell whether two questions are the same: its one concept, else its stem."""
        return _meanings().get(self.stem, self.stem)

    @property
    def lexemes(self) -> tuple[str, ...]:
        """What the full text stores: the concepts that the word stands for, else its stem."""
        return concepts().get(self.stem, (self.stem,))


def fold(text: str) -> str:
    """The text in lower case without accents or compatibility forms ("Nº Ação" → "no acao")."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)) if not decomposed.isascii() else decomposed


def tokens(text: str) -> Iterator[Token]:
    """The words and codes of a text in order, silent words included (their weight is 0)."""
    for match in _PATTERN.finditer(fold(text)):
        kind, raw = str(match.lastgroup), match.group()
        if kind == "word" or (kind == "code" and not _DIGIT.search(raw)):
            yield from (_word(word[:WORD_LIMIT]) for word in _SEPARATOR.split(raw))
        elif kind == "phone":
            number = _national_number(re.sub(r"\D", "", raw))
            yield Token(number, number, 1.0, "phone")
        else:
            code = _CODES[kind](raw)[:WORD_LIMIT]
            yield Token(code, code, 1.0, "code")


def index_lexemes(text: str) -> set[str]:
    """What the full text stores: the lexemes of words and codes, a telephone number with and without its area."""
    found: set[str] = set()
    for token in tokens(text):
        if token.weight > 0:
            found.update(token.lexemes)
        if token.kind == "phone" and len(token.form) > SUBSCRIBER_DIGITS:
            found.add(token.form[2:])
    return found


def question_terms(text: str) -> dict[str, float]:
    """The lexemes that a question asks for and how much each counts, at most TERM_LIMIT, the first that are said."""
    terms: dict[str, float] = {}
    for token in tokens(text):
        term = ANY_OF.join((*token.lexemes, *_regions().get(token.stem, ())))
        if token.weight > 0 and (term in terms or len(terms) < TERM_LIMIT):
            weight = token.weight if token.kind == "word" else NUMBER_WEIGHT if _is_number(token.form) else CODE_WEIGHT
            terms[term] = max(terms.get(term, weight), weight)
    return terms


def stem(word: str) -> str:
    """The stem of one word: first its singular (Snowball leaves "cartões" and "cartão" apart), then Snowball's."""
    return _stem_folded(fold(word))


@cache
def concepts() -> dict[str, tuple[str, ...]]:
    """Stem → the concepts it stands for (`=entrega` for "frete", "entregam", "motoboy")."""
    found: dict[str, tuple[str, ...]] = {}
    for concept, words in (*RELATED.items(), *REGIONS.items()):
        for stemmed in dict.fromkeys(_stem_folded(word) for word in words.split()):
            found[stemmed] = (*found.get(stemmed, ()), f"={concept}")
    return found


@cache
def _meanings() -> dict[str, str]:
    return {_stem_folded(word): f"={concept}" for concept, words in SAME_MEANING.items() for word in words.split()}


@cache
def _regions() -> dict[str, tuple[str, ...]]:
    """Stem of a place → where else an answer may stand: for questions, as a text on one city says nothing of others."""
    return {
        _stem_folded(word): (f"={region}",) if region == "exterior" else (f"={region}", "=brasil")
        for region, words in PLACES.items()
        for word in words.split()
    }


def _word(folded: str) -> Token:
    form = SHORT_FOR.get(folded, folded)
    if form in NUMBERS:
        return Token(NUMBERS[form], NUMBERS[form], 1.0, "code")
    silent = form in SILENT_WORDS or form in FILLERS
    return Token(form, _stem_folded(form), 0.0 if silent else QUIET_WEIGHT if form in QUIET_WORDS else 1.0, "word")


def _is_number(form: str) -> bool:
    return form.isdecimal() and len(form) <= NUMBER_DIGITS


_PLURALS = (
    (re.compile(r"(?:oes|(?<!m)aes|aos)$"), "ao"),
    (re.compile(r"ns$"), "m"),
    (re.compile(r"ais$"), "al"),
    (re.compile(r"(?:eis|il|is)$"), "el"),  # papéis, fáceis and fácil, perfis: one ending for all
    (re.compile(r"ois$"), "ol"),
    (re.compile(r"(?<=[rz])es$"), ""),
    (re.compile(r"(?<!s)(?<![aei]mo)s$"), ""),  # but "aceitamos" and "vendemos" are verbs
)
_DIMINUTIVE = re.compile(r"(?<=[a-z]{3})z?inh([oa])$")
_ACTION = re.compile(r"(?<=[a-z]{4})acao$")  # internação and internar; Snowball does this, but to accented text


@lru_cache(maxsize=1 << 16)
def _stem_folded(word: str) -> str:
    if len(word) > 3:  # noqa: PLR2004 -- "mas", "ais", "nos" are not plurals
        for ending, singular in _PLURALS:
            changed, found = ending.subn(singular, word)
            if found:
                word = changed
                break
    word = _ACTION.sub("a", word)
    if word not in NOT_DIMINUTIVES:
        word = _DIMINUTIVE.sub(r"\1", word)
    if word.endswith("ao"):
        return word  # Snowball would bring "cartao" to "carta", the stem of "cartaz" and near "carta"
    return str(PortugueseStemmer().stemWord(word))


def _national_number(digits: str) -> str:
    """A Brazilian number without the country code: area and subscriber, or the subscriber alone."""
    return digits[2:] if len(digits) > 11 and digits.startswith("55") else digits  # noqa: PLR2004 -- 2 area + 9


def _hour(raw: str) -> str:
    hours, minutes = re.match(r"(\d+)\D*(\d*)", raw).groups()  # type: ignore[union-attr]  # the pattern begins with a digit
    return f"{int(hours)}h{minutes if minutes not in ('', '00') else ''}"


def _amount(raw: str) -> str:
    whole, _, fraction = raw.replace(".", "").partition(",")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


_CODES: dict[str, Callable[[str], str]] = {
    "hour": _hour,
    "amount": _amount,
    "measure": lambda raw: re.sub(r"\s", "", raw),
    "code": lambda raw: _SEPARATOR.sub("", raw),
}
