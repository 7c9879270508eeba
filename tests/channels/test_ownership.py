"""An account is accepted when the provider shows it to the token as its own; each look says what it found."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from shared.channels.account_reading import AccountReader
from shared.channels.graph_transport import GraphTransport
from shared.channels.ownership import Examination, Provider, examine, prove
from shared.kit.errors import Rejected, Unavailable
from tests.support.graph_accounts import GraphAccounts, graph_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER, PAGE, ACCOUNT = "123456789012345", "223456789012345", "17841400000000001"
TOKEN, IG_TOKEN = "EAA" + "x" * 40, "IGAA" + "y" * 40


@pytest.fixture
def graph() -> Iterator[GraphAccounts]:
    with graph_accounts() as found:
        yield found


def outcomes(examination: Examination) -> dict[str, str]:
    return {check.name: check.outcome for check in examination.checks}


def refusal_of(graph: GraphAccounts, provider: Provider, account: str, token: str) -> Rejected:
    with pytest.raises(Rejected) as refusal:
        prove(graph.reader(), provider=provider, account=account, token=token)
    return refusal.value


def test_a_number_that_the_token_can_read_is_proven_with_its_business(graph: GraphAccounts) -> None:
    """C-21: the business account is what account-level events name."""
    graph.number(NUMBER, TOKEN)

    proven = prove(graph.reader(), provider="whatsapp", account=NUMBER, token=TOKEN)

    assert (proven.business_account_id, proven.business_portfolio_id, proven.app_id) == (
        "2220001",
        "3330001",
        "5550001",
    )
    assert (proven.name, proven.login) == ("+55 11 4000-0000 Padaria Aurora", "facebook")
    assert {token for _, token in graph.asked} == {TOKEN}


def test_the_number_of_somebody_else_is_refused(graph: GraphAccounts) -> None:
    """I10: whoever has a token of their own cannot claim another's number."""
    graph.number("99999999999", TOKEN)

    assert refusal_of(graph, "whatsapp", NUMBER, TOKEN).code == "account_not_owned"


def test_a_page_is_proven_by_its_own_token_and_by_no_other(graph: GraphAccounts) -> None:
    """Anybody's token reads the public parts of any page: only `me` says whose the token is."""
    graph.page(PAGE, TOKEN)
    graph.page("55555555555", "EAAother" + "z" * 30)
    graph.nodes["EAAother" + "z" * 30, PAGE] = {"id": PAGE, "name": "Padaria Aurora"}

    assert prove(graph.reader(), provider="messenger", account=PAGE, token=TOKEN).name == "Padaria Aurora"
    assert refusal_of(graph, "messenger", PAGE, "EAAother" + "z" * 30).code == "account_not_owned"
    # the control: the page itself answers to the other token, so that reading it would be no proof
    assert graph.reader().read(PAGE, token="EAAother" + "z" * 30)["id"] == PAGE


@pytest.mark.parametrize(("token", "login"), [(IG_TOKEN, "instagram"), (TOKEN, "facebook")])
def test_an_instagram_account_is_proven_by_either_kind_of_token(graph: GraphAccounts, token: str, login: str) -> None:
    graph.instagram(ACCOUNT, IG_TOKEN)
    graph.page(PAGE, TOKEN, instagram=ACCOUNT)

    proven = prove(graph.reader(), provider="instagram", account=ACCOUNT, token=token)

    assert (proven.login, proven.name) == (login, "padaria.aurora")
    assert proven.business_account_id == (PAGE if login == "facebook" else None)
    assert refusal_of(graph, "instagram", "17841400000000009", token).code == "account_not_owned"


def test_a_token_that_ended_is_refused_in_the_providers_words(graph: GraphAccounts) -> None:
    graph.number(NUMBER, TOKEN)
    graph.end(TOKEN)

    refusal = refusal_of(graph, "whatsapp", NUMBER, TOKEN)

    assert refusal.code == "token_refused"
    assert refusal.message == "Error validating access token: Session has expired."


def test_a_token_that_the_provider_quotes_is_not_told(graph: GraphAccounts) -> None:
    """T-08: the provider's words are shown and stored, the tokens in them are not."""
    other = "EAA" + "k" * 30
    error = {"code": 200, "message": f"(#200) {TOKEN} and {other} lack whatsapp_business_management"}
    graph.answer = lambda *_: (403, {"error": error})  # type: ignore[method-assign]

    refusal = refusal_of(graph, "whatsapp", NUMBER, TOKEN)

    assert refusal.code == "permission_missing"
    assert refusal.message == "(#200) [token] and [token] lack whatsapp_business_management"


def test_a_field_that_the_token_may_not_ask_for_is_no_verdict_on_the_owner(graph: GraphAccounts) -> None:
    error = {"code": 100, "message": "(#100) Tried accessing nonexisting field (health_status)"}
    graph.answer = lambda *_: (400, {"error": error})  # type: ignore[method-assign]

    refusal = refusal_of(graph, "whatsapp", NUMBER, TOKEN)

    assert (refusal.code, "health_status" in refusal.message) == ("provider_refused", True)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_provider_in_trouble_decides_nothing(graph: GraphAccounts, status: int) -> None:
    graph.number(NUMBER, TOKEN)
    graph.status = status

    with pytest.raises(Unavailable):
        prove(graph.reader(), provider="whatsapp", account=NUMBER, token=TOKEN)


def test_a_provider_that_does_not_answer_is_waited_for_shortly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        transport = GraphTransport(total_seconds=0.2)
        reader = AccountReader(transport=transport, facebook_url=url, instagram_url=url, version="v24.0")
        with pytest.raises(Unavailable, match="ReadTimeout"):
            prove(reader, provider="messenger", account=PAGE, token=TOKEN)


def test_an_examination_names_each_thing_and_what_it_found(graph: GraphAccounts) -> None:
    graph.number(NUMBER, TOKEN)

    found = examine(graph.reader(), provider="whatsapp", account=NUMBER, token=TOKEN)

    assert outcomes(found) == dict.fromkeys(("token", "ownership", "sending", "webhooks"), "passed")
    assert found.passed


def test_a_number_that_may_not_send_says_why(graph: GraphAccounts) -> None:
    graph.number(NUMBER, TOKEN, blocked=True)

    found = examine(graph.reader(), provider="whatsapp", account=NUMBER, token=TOKEN)

    assert outcomes(found)["sending"] == "failed"
    assert found.checks[2].detail == "WABA: There is an error with the payment method."


def test_webhooks_of_another_app_are_not_ours(graph: GraphAccounts) -> None:
    graph.number(NUMBER, TOKEN)
    graph.nodes[TOKEN, "2220001/subscribed_apps"] = {"data": [{"whatsapp_business_api_data": {"id": "666"}}]}

    assert outcomes(examine(graph.reader(), provider="whatsapp", account=NUMBER, token=TOKEN))["webhooks"] == "failed"


def test_a_page_that_does_not_report_echoes_is_told(graph: GraphAccounts) -> None:
    graph.page(PAGE, TOKEN, fields=["messages", "messaging_postbacks", "message_deliveries", "message_reads"])

    found = examine(graph.reader(), provider="messenger", account=PAGE, token=TOKEN)

    assert found.checks[-1] == ("webhooks", "failed", "message_echoes")


def test_what_cannot_be_found_out_is_no_failure(graph: GraphAccounts) -> None:
    graph.instagram(ACCOUNT, IG_TOKEN)
    del graph.nodes[IG_TOKEN, "me/subscribed_apps"]

    found = examine(graph.reader(), provider="instagram", account=ACCOUNT, token=IG_TOKEN)

    assert outcomes(found) == {"token": "passed", "ownership": "passed", "webhooks": "unknown"}
    assert found.passed


@pytest.mark.parametrize(
    ("account", "token", "code"),
    [("../me", TOKEN, "account_unusable"), ("12345?x", TOKEN, "account_unusable"), (NUMBER, "a b", "token_unusable")],
)
def test_what_is_no_id_and_no_token_is_never_asked_for(
    graph: GraphAccounts, account: str, token: str, code: str
) -> None:
    assert refusal_of(graph, "whatsapp", account, token).code == code
    assert graph.asked == []
