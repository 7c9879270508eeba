"""Turns that a model answers, over a real database: what is sent, what is recorded, and that it can be run again."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from functions.agent_execution.responding import ChoosingResponder, knowledge_responder
from infra.local.models.scripted import Said, prompt_of, reply_to
from shared.agents.replaying import Decision, recorded_decision, replay
from shared.agents.turns import TurnReport, run_turn
from shared.conversations.executions import ExecutionRecord, read_execution
from shared.knowledge.importing import import_folder
from tests.agents.models.turns import OPENING, settings_for
from tests.support.answers import ScriptedSender
from tests.support.conversations import TIMES, Scene, scene_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.model_server import ModelServer

ARTICLES = {
    "horario.md": f"# Horário\n\n{OPENING}\n",
    "entrega.md": "# Entrega\n\nEntregamos em toda a zona oeste. A taxa de entrega é de R$ 8,00.\n",
}
FIRST = {"primary_model": "compatible:first", "fallback_model": None}
BOTH = {"primary_model": "compatible:first", "fallback_model": "openai:second"}


@pytest.fixture
def bakery(shared_database: Database, tmp_path: Path) -> Iterator[Scene]:
    """A business with two short articles, whose agent asks a model."""
    for name, text in ARTICLES.items():
        (tmp_path / name).write_text(text)
    with scene_in(shared_database) as scene:
        import_folder(scene.application, scene.organization_id, tmp_path)
        asks(scene, FIRST)
        yield scene


@pytest.fixture
def responder(bakery: Scene, server: ModelServer) -> Iterator[ChoosingResponder]:
    with closing(knowledge_responder(bakery.application, models=settings_for(server))) as made:
        yield made


def asks(scene: Scene, configuration: dict[str, Any]) -> None:
    scene.execute("UPDATE departments.agents SET model_configuration = %s::jsonb", json.dumps(configuration))


def answer(scene: Scene, responder: ChoosingResponder, *texts: str) -> tuple[list[str], TurnReport]:
    scene.customer = str(uuid4().int % 10**12)
    scene.says(*texts)
    sender = ScriptedSender()
    report = run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        responder=responder,
        sender=sender,
        times=TIMES,
    )
    return sender.texts, report


def execution(scene: Scene) -> ExecutionRecord:
    found = scene.value("SELECT id FROM departments.agent_executions ORDER BY created_at DESC LIMIT 1")
    return read_execution(scene.application, organization_id=scene.organization_id, execution_id=found)


def attempts(scene: Scene) -> list[list[Any]]:
    return scene.rows("SELECT model, state FROM agents.llm_attempts ORDER BY started_at, attempt")


def test_a_model_answers_and_the_call_is_in_the_ledger(bakery: Scene, responder: ChoosingResponder) -> None:
    texts, report = answer(bakery, responder, "Oi!", "vocês abrem no domingo?")
    assert OPENING in texts[0]
    assert report.result == "answered"
    assert attempts(bakery) == [["compatible:first", "succeeded"]]
    model, prompt = bakery.rows(
        "SELECT model_used, prompt_used FROM platform.messages WHERE direction = 'outbound' ORDER BY created_at LIMIT 1"
    )[0]
    assert model == "compatible:first"
    assert prompt.startswith("customer-service:")
    understood = bakery.rows("SELECT intent_classification FROM platform.messages WHERE direction = 'inbound'")
    assert understood == [["question"], ["question"]]


def test_the_record_explains_the_answer(bakery: Scene, responder: ChoosingResponder) -> None:
    answer(bakery, responder, "qual a taxa de entrega?")
    record = execution(bakery)
    assert record.model == "compatible:first"
    assert record.input["model_configuration"] == FIRST
    assert [message["text"] for message in record.messages] == ["qual a taxa de entrega?"]
    output = record.output
    assert output["prompt"].startswith("customer-service:")
    assert output["parameters"] == {"temperature": None, "max_tokens": 1000}
    assert set(output["used"]) <= set(output["chunk_ids"]) == set(record.chunks)
    assert len(output["scores"]) == len(output["chunk_ids"])
    assert [one["state"] for one in output["attempts"]] == ["succeeded"]
    assert {verdict["passed"] for verdict in output["gates"]} == {True}
    assert "taxa" not in json.dumps(output["searches"])


def test_both_models_of_a_turn_are_in_the_ledger_by_themselves(
    bakery: Scene, responder: ChoosingResponder, server: ModelServer
) -> None:
    """A-05: the record says which model wrote the answer."""
    asks(bakery, BOTH)
    server.set_faults(shares={"overloaded": 1}, model="first")
    texts, _ = answer(bakery, responder, "vocês abrem no domingo?")
    assert OPENING in texts[0]
    assert attempts(bakery) == [["compatible:first", "failed"], ["openai:second", "succeeded"]]
    assert execution(bakery).model == "openai:second"


def test_when_no_model_answers_a_person_does(bakery: Scene, responder: ChoosingResponder, server: ModelServer) -> None:
    """L1: the turn ends all the same, and its calls are accounted."""
    asks(bakery, BOTH)
    server.set_faults(shares={"reset_after": 1})
    texts, report = answer(bakery, responder, "vocês abrem no domingo?")
    assert "Já chamei uma pessoa" in texts[0]
    assert (report.result, report.reason) == ("abstained", "model_unavailable")
    assert attempts(bakery) == [["compatible:first", "estimated"], ["openai:second", "estimated"]]
    assert bakery.conversation("automation_state") == "human"


def test_garbage_reaches_neither_the_customer_nor_the_tables(
    bakery: Scene, responder: ChoosingResponder, server: ModelServer
) -> None:
    for kind in ("surrogates", "huge_number", "huge", "invalid_json", "wrong_language"):
        server.set_faults(shares={kind: 1})
        texts, report = answer(bakery, responder, "vocês abrem no domingo?")
        assert report.reason == "model_garbage", kind
        assert texts == [text for text in texts if "Já chamei uma pessoa" in text]
        assert bakery.rows("SELECT DISTINCT sentiment_score FROM platform.messages") == [[None]]


@pytest.mark.parametrize("configuration", [{"primary_model": "gpt-4"}, {"primary_model": "anthropic:claude"}, {}])
def test_without_a_credential_the_answer_needs_no_model(
    bakery: Scene, server: ModelServer, configuration: dict[str, Any]
) -> None:
    asks(bakery, configuration)
    settings = settings_for(server, openai_api_key=None)
    with closing(knowledge_responder(bakery.application, models=settings)) as responder:
        texts, _ = answer(bakery, responder, "vocês abrem no domingo?")
    assert OPENING in texts[0]
    assert execution(bakery).model == "extractive"
    assert server.calls == []
    assert attempts(bakery) == []


def test_a_call_beyond_the_spending_limit_is_not_made(
    bakery: Scene, responder: ChoosingResponder, server: ModelServer
) -> None:
    """L4: a person is called instead."""
    bakery.execute(
        "INSERT INTO agents.spending_limits (organization_id, monthly_limit_usd) VALUES (%s, 0.000001)",
        bakery.organization_id,
    )
    texts, report = answer(bakery, responder, "vocês abrem no domingo?")
    assert (report.result, report.reason) == ("abstained", "spending_limit")
    assert "Já chamei uma pessoa" in texts[0]
    assert server.calls == []


def test_a_turn_of_a_model_needs_six_round_trips(bakery: Scene, responder: ChoosingResponder) -> None:
    """Five as without one, and the line of the ledger."""
    answer(bakery, responder, "vocês abrem no domingo?")
    before = bakery.application.round_trips
    answer(bakery, responder, "qual a taxa de entrega?")
    assert bakery.application.round_trips - before == 6


def replying(server: ModelServer, **changes: Any) -> None:
    def script(request: dict[str, Any]) -> Said:
        return Said(calls=(("reply", {**reply_to(prompt_of(request) or {}), **changes}),))

    server.sandbox.script = script


CASES: dict[str, dict[str, Any]] = {
    "answered": {},
    "uncited": {"citations": []},
    "invented": {"citations": [1, 99]},
    "partly": {"hand_over": "knowledge_gap"},
    "person": {"text": "", "citations": [], "hand_over": "customer_asked"},
}


@pytest.mark.parametrize("case", CASES)
def test_an_execution_that_is_run_again_from_its_record_decides_the_same(
    bakery: Scene, responder: ChoosingResponder, server: ModelServer, case: str
) -> None:
    """A-14: without a model, a search or a provider."""
    replying(server, **CASES[case])
    answer(bakery, responder, "vocês abrem no domingo?", "e qual a taxa de entrega?")
    record, calls = execution(bakery), len(server.calls)
    assert replay(record) == recorded_decision(record)
    assert len(server.calls) == calls


@pytest.mark.parametrize("kind", ["server_error", "empty", "refusal"])
def test_a_failure_that_is_run_again_is_the_same_failure(
    bakery: Scene, responder: ChoosingResponder, server: ModelServer, kind: str
) -> None:
    server.set_faults(shares={kind: 1})
    answer(bakery, responder, "vocês abrem no domingo?")
    record = execution(bakery)
    assert replay(record) == recorded_decision(record)
    assert replay(record).reason in {"model_unavailable", "model_garbage", "model_refused"}


@pytest.mark.parametrize("question", ["vocês abrem no domingo?", "vocês consertam bicicleta elétrica?"])
def test_an_execution_without_a_model_is_run_again_likewise(bakery: Scene, question: str) -> None:
    with closing(knowledge_responder(bakery.application)) as responder:
        answer(bakery, responder, question)
    record = execution(bakery)
    assert record.model == "extractive"
    assert replay(record) == recorded_decision(record)


def test_a_replay_of_a_changed_record_decides_otherwise(bakery: Scene, responder: ChoosingResponder) -> None:
    """The control of the replays above: they look at the record."""
    answer(bakery, responder, "vocês abrem no domingo?")
    record = execution(bakery)
    uncited = {**record.output, "reply": {**record.output["reply"], "citations": [99]}}
    assert replay(replace(record, output=uncited)) == Decision(True, "uncited_answer", ())  # noqa: FBT003 - as recorded


def test_a_start_and_an_extractive_turn_load_no_model_library() -> None:
    program = (
        "import sys, functions.agent_execution.wiring;"
        "from functions.agent_execution.responding import knowledge_responder;"
        "from shared.platform.settings import LanguageModelSettings;"
        "from shared.agents.models.names import choose;"
        "responder = knowledge_responder(None, models=LanguageModelSettings(openai_compatible_url='http://localhost'));"
        "print([name for name in ('pydantic_ai', 'openai', 'anthropic', 'httpx2', 'genai_prices', 'numpy')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
