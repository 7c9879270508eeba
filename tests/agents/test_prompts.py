"""What a model is told, word for word: one object of data, dates as Brazil writes them, versions that tell changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.agents import prompts
from shared.agents.prompts import instructions, prompt_version, turn_prompt
from shared.agents.tools import NumberedPassage
from shared.conversations.models import ClaimedTurn, Configuration, EarlierMessage, InboundMessage
from shared.kit.ids import new_id
from shared.knowledge.models import Passage

NOW = datetime(2026, 11, 24, 12, 5, tzinfo=UTC)


def data(text: str = "abrem?", *, timezone: str = "America/Sao_Paulo", language: str = "pt") -> dict[str, Any]:
    configuration = Configuration(new_id(), {}, {}, "Padaria Aurora", "pt-BR", "whatsapp", timezone)
    claimed = ClaimedTurn(
        organization_id=new_id(),
        conversation_id=new_id(),
        fence=1,
        from_seq=1,
        to_seq=1,
        attempt=1,
        messages=(InboundMessage(new_id(), 1, "text", text),),
        history=(EarlierMessage("customer", "oi"), EarlierMessage("ai", None)),
        configuration=configuration,
        recipient="5511912345678",
        connection={"id": "secret"},
    )
    passage = NumberedPassage(1, Passage(new_id(), new_id(), "Preços", "Bolo: R$ 1.234,56", 0.8, 1, 1))
    made = turn_prompt(claimed, questions=["abrem?"], passages=[passage], language=language, now=NOW)
    found: dict[str, Any] = json.loads(made)
    return found


def test_the_data_of_a_turn_is_this_and_no_more() -> None:
    assert data() == {
        "business": "Padaria Aurora",
        "now": "terça-feira, 24/11/2026, 09:05",
        "language": "pt-BR",
        "earlier": [{"from": "customer", "text": "oi"}],
        "messages": [{"text": "abrem?"}],
        "questions": ["abrem?"],
        "unread": False,
        "passages": [{"number": 1, "title": "Preços", "text": "Bolo: R$ 1.234,56"}],
    }


@pytest.mark.parametrize(
    ("timezone", "hour"),
    [("America/Manaus", "08:05"), ("America/Rio_Branco", "07:05"), ("nowhere", "09:05"), ("../etc/passwd", "09:05")],
)
def test_the_day_and_hour_are_the_businesss_own(timezone: str, hour: str) -> None:
    """Of A-12: as Brazil writes them."""
    assert data(timezone=timezone)["now"] == f"terça-feira, 24/11/2026, {hour}"


def test_a_very_long_message_is_cut_and_broken_characters_are_replaced() -> None:
    assert len(data("a" * 10**6)["messages"][0]["text"]) == 4000
    assert data("oi \ud800 \0")["messages"][0]["text"] == "oi \ufffd \ufffd"


def test_the_version_of_a_prompt_changes_with_what_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    portuguese, english = prompt_version("pt-BR"), prompt_version("en-US")
    assert portuguese != english
    assert prompt_version(None) == portuguese
    prompt_version.cache_clear()
    monkeypatch.setattr(prompts, "_PORTUGUESE", instructions("pt-BR") + " Seja breve.")
    assert prompt_version("pt-BR") != portuguese
    prompt_version.cache_clear()
