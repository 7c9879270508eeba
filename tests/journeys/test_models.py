"""A customer's message from the webhook to a reply that a language model wrote, through the models sandbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra.cli.demo.play import KNOWLEDGE
from tests.cli.command import departments
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.stack import Stack

SECONDS = 45
_SET = "UPDATE departments.agents SET model_configuration = model_configuration || %s::jsonb WHERE organization_id = %s"


@pytest.fixture
def asking(stack: Stack) -> Iterator[Stack]:
    """The stack whose agent asks the sandbox's model, as `departments up --model sandbox` lets it."""
    organization = stack.ready["demo"]["organization_id"]
    was = stack.ask("SELECT model_configuration FROM departments.agents WHERE organization_id = %s", organization)[0][0]
    stack.ask(_SET, json.dumps({"primary_model": "compatible:sandbox"}), organization)
    yield stack
    stack.ask(_SET, json.dumps(was), organization)


def test_a_model_answers_with_a_citation_and_its_call_is_on_the_invoice(asking: Stack) -> None:
    organization = asking.ready["demo"]["organization_id"]
    ready_file = str(asking.process.ready_file)
    knowledge = ("knowledge", "import", str(KNOWLEDGE), "--organization", organization, "--ready-file", ready_file)
    assert departments(*knowledge).code == 0
    customer = asking.customer()

    customer.write("Quanto é a taxa de entrega para Pinheiros?")

    eventually(lambda: bool(customer.replies()), within=SECONDS)
    assert "R$ 8,00" in customer.replies()[0]
    ((output, model),) = asking.ask(
        "SELECT e.output_data, e.model_used FROM departments.agent_executions e JOIN platform.conversations c"
        " ON c.id = e.conversation_id WHERE c.customer_external_id = %s",
        customer.number,
    )
    assert model == "compatible:sandbox"
    assert output["reply"]["citations"]
    assert output["used"]
    assert set(output["used"]) <= set(output["chunk_ids"])
    invoice = asking.client.get(f"{asking.ready['sandboxes']['models']}/invoice").json()
    attempts = asking.ask("SELECT id::text FROM agents.llm_attempts WHERE model = 'compatible:sandbox'")
    assert {line["call_id"] for line in invoice["lines"]} == {row[0] for row in attempts}
