"""A customer's WhatsApp message from the webhook to the delivered reply, and everything that may come twice."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from infra.cli.demo.play import KNOWLEDGE
from tests.cli.command import departments
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.stack import Customer, Stack

# From the last message to the delivered reply: a quiet second, a turn, three statuses; ten times that under load.
SECONDS = 45


def delivered(customer: Customer) -> bool:
    states = customer.states()
    return bool(states) and all(state in {"delivered", "read"} for state in states)


def conversation(stack: Stack, customer: Customer) -> tuple[int, int, str, int]:
    """Newest message, newest answered one, who answers, how many turns."""
    ((last, done, state, turns),) = stack.ask(
        "SELECT c.last_in_seq, c.done_seq, c.automation_state,"
        " (SELECT count(*) FROM departments.agent_executions e WHERE e.conversation_id = c.id)"
        " FROM platform.conversations c WHERE c.customer_external_id = %s",
        customer.number,
    )
    return last, done, state, turns


def test_a_message_becomes_a_delivered_reply_from_the_business_own_knowledge(stack: Stack) -> None:
    """X-01: the whole flow runs on one machine, on real PostgreSQL, with stand-ins for everything outside."""
    organization = stack.ready["demo"]["organization_id"]
    ready_file = str(stack.process.ready_file)
    imported = departments(
        "knowledge", "import", str(KNOWLEDGE), "--organization", organization, "--ready-file", ready_file
    )
    assert imported.code == 0, imported.err
    customer = stack.customer()

    assert customer.write("Quanto é a taxa de entrega para Pinheiros?").status_code == 200

    eventually(lambda: delivered(customer), within=SECONDS)
    (reply,) = customer.replies()
    assert "R$ 8,00" in reply
    assert conversation(stack, customer) == (1, 1, "auto", 1)
    (call,) = stack.calls(to=customer.number)
    rows = stack.ask("SELECT state, provider_message_id FROM platform.outbox WHERE recipient = %s", customer.number)
    assert [list(row) for row in rows] == [["accepted", call["wamid"]]]


def test_fifty_identical_deliveries_at_once_are_one_message_one_turn_and_one_reply(stack: Stack) -> None:
    """C-07, A-02: the key decides, whichever of the parallel deliveries comes first."""
    customer = stack.customer()
    customer.write("Oi!")

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: stack.post(customer.last_delivery).status_code, range(50)))

    assert set(answers) <= {200, 503}  # 503: come again, which the provider does
    eventually(lambda: delivered(customer), within=SECONDS)
    stack.post(customer.last_delivery)
    customer.write("Obrigada!")
    eventually(lambda: len(customer.replies()) == 2 and delivered(customer), within=SECONDS)
    assert conversation(stack, customer) == (2, 2, "auto", 2)


def test_a_burst_of_messages_is_one_turn(stack: Stack) -> None:
    """A-01: messages that follow each other quickly are answered together."""
    customer = stack.customer()

    for text in ("Oi", "tudo bem?", "bom dia!"):
        customer.write(text)

    eventually(lambda: delivered(customer), within=SECONDS)
    assert len(customer.replies()) == 1
    assert conversation(stack, customer) == (3, 3, "auto", 1)


def test_a_question_without_an_answer_is_handed_to_people_who_are_not_disturbed_by_the_agent_again(
    stack: Stack,
) -> None:
    """H-01, K-02: below the threshold the agent says so once and stays silent afterwards."""
    customer = stack.customer()
    customer.write("Vocês consertam máquina de lavar roupa?")
    eventually(lambda: delivered(customer), within=SECONDS)

    customer.write("Alô? Alguém aí?")

    other = stack.customer()
    other.write("Oi!")
    eventually(lambda: delivered(other), within=SECONDS)  # by then the silent one would have been answered too
    (reply,) = customer.replies()
    assert "pessoa da equipe" in reply
    assert conversation(stack, customer) == (2, 1, "human", 1)


def test_a_stack_that_was_stopped_goes_on_with_its_data_and_waiting_tasks(stack: Stack) -> None:
    """X-01: a message that was taken in before the stop is answered after the start, once."""
    answered, waiting = stack.customer(), stack.customer()
    answered.write("Oi!")
    eventually(lambda: delivered(answered), within=SECONDS)
    demo = stack.ready["demo"]
    waiting.write("Bom dia!")

    assert stack.process.stop(signal.SIGINT) == 0
    assert not stack.process.ready_file.exists()
    stack.process.start()

    assert stack.ready["demo"] == demo
    stack.post(waiting.last_delivery)
    eventually(lambda: delivered(waiting), within=SECONDS)
    assert len(waiting.replies()) == 1
    assert conversation(stack, waiting) == (1, 1, "auto", 1)
    assert len(answered.replies()) == 1
