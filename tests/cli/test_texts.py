"""Everything that the command says is there in both languages, and every refusal is documented."""

import re
import string
from pathlib import Path

import pytest

from infra.cli.demo.scenes import SCENES
from infra.cli.language import choose_language
from infra.cli.portuguese import PORTUGUESE
from infra.cli.refusals import REFUSALS
from tests.cli.literals import said_texts

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
OUTCOMES = {"accepted", "refused", "skipped"}  # said by the name of a replay's outcome


def test_every_text_has_a_portuguese_one_and_none_is_left_over() -> None:
    """X-04: each refusal has its text in English and Portuguese."""
    said = said_texts() | {scene.title for scene in SCENES} | OUTCOMES

    assert said - PORTUGUESE.keys() == set(), "write their Portuguese in infra/cli/portuguese.py"
    assert PORTUGUESE.keys() - said == set(), "nobody says these any more: take them away"


def test_a_translation_names_the_same_values() -> None:
    for english, portuguese in PORTUGUESE.items():
        assert _fields(portuguese) == _fields(english), english


def test_every_refusal_is_in_the_table_of_the_documentation() -> None:
    """X-04: the codes are stable and listed; nothing is listed that does not exist."""
    listed = dict(re.findall(r"^\| `([a-z_]+)` \| (\d+) \|", OPERATIONS.read_text(encoding="utf-8"), re.MULTILINE))

    assert listed == {code: str(refusal.exit_code.value) for code, refusal in REFUSALS.items()}


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, "en"),
        ([], {"LANG": "pt_BR.UTF-8"}, "pt"),
        ([], {"LANG": "pt_BR.UTF-8", "LC_ALL": "C"}, "en"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        (["--lang", "pt", "up"], {"LANG": "en_US"}, "pt"),
        (["--lang=en", "up"], {"LANG": "pt_BR"}, "en"),
        (["--lang"], {"LANG": "pt_BR"}, "pt"),
    ],
)
def test_the_option_wins_over_the_locale(arguments: list[str], environment: dict[str, str], expected: str) -> None:
    assert choose_language(arguments, environment) == expected


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
