"""Each case file is posted to the running function: the database holds what its items say, and `sent` is sent."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from tests.channels.case_files import Case, all_cases
from tests.functions.webhook_intake.sent_replies import Request, expected_requests, in_order, run_due_turns
from tests.functions.webhook_intake.stored_rows import Rows, expected_rows, stored_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functions.webhook_intake.conftest import Intake

CASES = [case for case in all_cases() if case.items is not None]
WRITTEN_AT = "1764000000"  # the time in the files, which becomes now: what is old is not answered
_TROUBLE = ("refused by the database", "could not be split", "could not be quarantined", "defect", "put off")
_TYPES = {"whatsapp": "whatsapp", "instagram": "instagram", "messenger": "facebook"}


@pytest.fixture(scope="module", autouse=True)
def _no_trouble_in_the_log(intake: Intake) -> Iterator[None]:
    """No case is a surprise: nothing was refused by the database, and nothing was a defect."""
    yield
    log = intake.function.log.read_text(errors="replace")
    assert not [line for line in log.splitlines() if any(trouble in line for trouble in _TROUBLE)]


@pytest.fixture(scope="module")
def owners(intake: Intake) -> dict[str, tuple[UUID, dict[str, str]]]:
    """For each case an organization of its own, and the accounts that it has in place of those in the file."""
    found = {}
    for case in CASES:
        accounts = {item["account"] for item in case.items or () if item["account"]}
        stand_ins = {account: f"2{secrets.randbelow(10**14):014d}" for account in sorted(accounts)}
        found[f"{case.channel}/{case.name}"] = (uuid4(), stand_ins)
    organizations = [str(organization_id) for organization_id, _ in found.values()]
    connections = [
        (str(organization_id), name.split("/")[0], account)
        for name, (organization_id, stand_ins) in found.items()
        for account in stand_ins.values()
    ]
    with contextlib.closing(intake.database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "INSERT INTO platform.organizations (id, name, slug, business_type, billing_status)"
            " SELECT id, 'Padaria Aurora', 'org-' || id, 'food', 'active' FROM unnest(CAST(%s AS uuid[])) AS o (id)",
            (organizations,),
        )
        cursor.execute(
            "INSERT INTO integrations.connections (organization_id, integration_type, provider, account_identifier)"
            " SELECT * FROM unnest(CAST(%s AS uuid[]), CAST(%s AS text[]), CAST(%s AS text[]), CAST(%s AS text[]))",
            (
                [organization_id for organization_id, _, _ in connections],
                [_TYPES[provider] for _, provider, _ in connections],
                [provider for _, provider, _ in connections],
                [account for _, _, account in connections],
            ),
        )
    return found


@pytest.fixture(scope="module")
def expected(intake: Intake, owners: dict[str, tuple[UUID, dict[str, str]]]) -> dict[str, list[dict[str, Any]]]:
    """The items of each case, which has been posted to its own path and, spelled otherwise, to the common one."""
    now = int(time.time())
    found = {}
    with intake.function.kept_alive() as post:
        for case in CASES:
            name = f"{case.channel}/{case.name}"
            body = _with_accounts(_at(now, case.payload), owners[name][1])
            assert post(json.dumps(body).encode(), f"/{case.channel}") == 200, name
            assert post(json.dumps(body, indent=1).encode(), "/meta") == 200, name
            found[name] = _with_accounts(_at(now, case.items), owners[name][1])
    return found


@pytest.fixture(scope="module")
def stored(
    intake: Intake, owners: dict[str, tuple[UUID, dict[str, str]]], expected: dict[str, list[dict[str, Any]]]
) -> dict[str, Rows]:
    """What the database held of each case before any of it was answered."""
    with contextlib.closing(intake.database.superuser()) as connection:
        cursor = connection.cursor()

        def query(statement: str, *values: object) -> list[Any]:
            cursor.execute(statement, values)
            return [row[0] if len(row) == 1 else tuple(row) for row in cursor.fetchall()]

        return {name: stored_rows(query, owners[name][0]) for name in expected}


@pytest.fixture(scope="module")
def sent(
    intake: Intake, owners: dict[str, tuple[UUID, dict[str, str]]], stored: dict[str, Rows]
) -> dict[str, list[Request]]:
    """What the provider received for each case, whose conversations were run twice."""
    organizations = [owners[name][0] for name in stored]
    received = run_due_turns(intake.database, organizations)
    assert received.keys() <= {account for _, stand_ins in owners.values() for account in stand_ins.values()}
    return {
        name: in_order(request for account in stand_ins.values() for request in received.get(account, ()))
        for name, (_, stand_ins) in owners.items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.channel}-{case.name}")
def test_what_is_stored_is_what_the_case_says(
    expected: dict[str, list[dict[str, Any]]], stored: dict[str, Rows], case: Case
) -> None:
    """C-04, C-05, C-07, C-10, C-11, C-12, C-14, C-15, C-16, C-20: once, although it was delivered twice."""
    name = f"{case.channel}/{case.name}"
    assert stored[name] == expected_rows(case, expected[name])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.channel}-{case.name}")
def test_what_is_sent_is_what_the_case_says(
    owners: dict[str, tuple[UUID, dict[str, str]]], sent: dict[str, list[Request]], case: Case
) -> None:
    """C-07, C-11, C-12, C-13, C-14, C-15: one reply to each who asks, by the account that was asked; else none."""
    name = f"{case.channel}/{case.name}"
    assert sent[name] == expected_requests(case, owners[name][1])


def test_a_row_that_is_missing_or_another_would_be_seen(
    expected: dict[str, list[dict[str, Any]]], stored: dict[str, Rows]
) -> None:
    """The negative control of what is stored."""
    case = _case("batch_of_many_kinds")
    found = stored["whatsapp/batch_of_many_kinds"]["media"]
    items = deepcopy(expected["whatsapp/batch_of_many_kinds"])
    assert found == expected_rows(case, items)["media"]
    assert found != expected_rows(case, items[1:])["media"]
    items[0]["media"][0]["id"] = "another"
    assert found != expected_rows(case, items)["media"]


@pytest.mark.parametrize(
    "change",
    [
        {"answers": ["wamid.a1"]},
        {"answers": ["wamid.a2", "wamid.a1"]},
        {"answers": ["wamid.a1", "wamid.a2", "wamid.b1"]},
        {"to": "5511987654322"},
        {"account": "222"},
    ],
)
def test_a_reply_that_is_missing_or_another_would_be_seen(
    owners: dict[str, tuple[UUID, dict[str, str]]], sent: dict[str, list[Request]], change: dict[str, Any]
) -> None:
    """The negative control of what is sent."""
    case, stand_ins, found = _case("three_tenants"), owners["whatsapp/three_tenants"][1], sent["whatsapp/three_tenants"]
    [first, second] = case.sent or []
    assert found == expected_requests(case, stand_ins)
    for other in ([], [first], [first, second, second], [{**first, **change}, second]):
        assert found != expected_requests(replace(case, sent=other), stand_ins)


def _case(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def _at(now: int, value: Any) -> Any:
    """The same JSON with the time of the file replaced by now, as seconds, milliseconds and in items."""
    text = json.dumps(value).replace(WRITTEN_AT, str(now))
    return json.loads(text.replace("2025-11-24T16:00:00+00:00", _iso(now)))


def _iso(now: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(now))


def _with_accounts(value: Any, stand_ins: dict[str, str]) -> Any:
    if isinstance(value, str):
        return stand_ins.get(value, value)
    if isinstance(value, dict):
        return {name: _with_accounts(member, stand_ins) for name, member in value.items()}
    return [_with_accounts(member, stand_ins) for member in value] if isinstance(value, list) else value
