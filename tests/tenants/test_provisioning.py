"""An organization is made whole or not at all, and is ready for its first connection."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.kit.errors import Rejected, Unavailable
from shared.platform.keys import Keys, Place
from shared.platform.settings import KeySettings
from shared.tenants.models import NewOrganization
from shared.tenants.provisioning import provision_organization
from shared.tenants.queries import find_organization_id, organization_exists
from tests.support.operators import operator_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.operators import Operator


def a_bakery() -> NewOrganization:
    return NewOrganization(name="Padaria São João", slug=f"padaria-{secrets.token_hex(4)}", business_type="food")


def count(database: Database, table: str) -> int:
    with contextlib.closing(database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT count(*) FROM {table}")
        found: int = cursor.fetchone()[0]
    return found


def test_an_organization_has_its_department_its_responder_and_its_own_keyset(
    operator: Operator, shared_database: Database
) -> None:
    wanted = a_bakery()

    made = provision_organization(operator.database, keys=operator.keys, organization=wanted)

    with contextlib.closing(shared_database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT o.name, o.slug, o.locale, o.currency, d.type, d.id, a.agent_type, a.id, k.organization_id"
            " FROM platform.organizations o JOIN departments.departments d ON d.organization_id = o.id"
            " JOIN departments.agents a ON a.organization_id = o.id AND a.department_id = d.id"
            " JOIN platform.encryption_keys k ON k.id = o.encryption_key_id WHERE o.id = %s",
            (made.organization_id,),
        )
        rows: list[Any] = list(cursor.fetchall())
    assert [tuple(row) for row in rows] == [
        (
            wanted.name,
            wanted.slug,
            "pt-BR",
            "BRL",
            "customer_service",
            made.department_id,
            "whatsapp_responder",
            made.agent_id,
            made.organization_id,
        )
    ]
    assert organization_exists(operator.database, made.organization_id)


def test_a_slug_that_is_taken_is_refused_and_nothing_is_left_behind(
    operator: Operator, shared_database: Database
) -> None:
    first = a_bakery()
    provision_organization(operator.database, keys=operator.keys, organization=first)
    before = [count(shared_database, table) for table in ("platform.organizations", "departments.departments")]

    with pytest.raises(Rejected, match=first.slug) as refusal:
        provision_organization(operator.database, keys=operator.keys, organization=replace(a_bakery(), slug=first.slug))

    assert refusal.value.code == "slug_taken"
    assert before == [count(shared_database, table) for table in ("platform.organizations", "departments.departments")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slug": "Padaria"}, "slug_unusable"),
        ({"slug": "-padaria"}, "slug_unusable"),
        ({"slug": "padaria-"}, "slug_unusable"),
        ({"slug": ""}, "slug_unusable"),
        ({"slug": "a" * 101}, "slug_unusable"),
        ({"slug": "padaria\n"}, "slug_unusable"),
        ({"slug": "pão"}, "slug_unusable"),
        ({"name": "  "}, "value_unusable"),
        ({"name": "x" * 501}, "value_unusable"),
        ({"business_type": ""}, "value_unusable"),
        ({"locale": "português"}, "value_unusable"),
        ({"currency": "R$"}, "value_unusable"),
        ({"timezone": "Sao_Paulo"}, "value_unusable"),
        ({"timezone": "'; DROP TABLE platform.organizations; --"}, "value_unusable"),
    ],
)
def test_a_value_that_cannot_be_stored_is_refused_by_a_code(
    operator: Operator, change: dict[str, str], code: str
) -> None:
    with pytest.raises(Rejected) as refusal:
        provision_organization(operator.database, keys=operator.keys, organization=replace(a_bakery(), **change))

    assert refusal.value.code == code


def test_a_name_with_unstorable_characters_is_stored_cleaned(operator: Operator, shared_database: Database) -> None:
    made = provision_organization(
        operator.database, keys=operator.keys, organization=replace(a_bakery(), name="Pa\0daria \ud800 Aurora ")
    )

    with contextlib.closing(shared_database.superuser()) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT name FROM platform.organizations WHERE id = %s", (made.organization_id,))
        assert cursor.fetchone()[0] == "Pa\ufffddaria \ufffd Aurora"


def test_without_the_master_key_the_organization_is_made_and_its_first_use_makes_the_keyset(
    operator: Operator,
) -> None:
    wanted = a_bakery()
    without = Keys(KeySettings(), operator.database)  # neither a file nor a key of Cloud KMS

    with pytest.raises(Unavailable, match="MASTER_KEY_FILE"):
        provision_organization(operator.database, keys=without, organization=wanted)

    with pytest.raises(Rejected) as refusal:
        provision_organization(operator.database, keys=operator.keys, organization=wanted)
    assert refusal.value.code == "slug_taken"


def test_a_slug_leads_to_its_organization_only_for_a_login_that_sees_all(
    operator: Operator, shared_database: Database, tmp_path: Path
) -> None:
    wanted = a_bakery()
    made = provision_organization(operator.database, keys=operator.keys, organization=wanted)

    with operator_of(shared_database, tmp_path, login="worker") as worker, worker.database.system() as session:
        assert find_organization_id(session, wanted.slug) == made.organization_id
        assert find_organization_id(session, "nobody") is None
    with operator.database.system() as session:
        assert find_organization_id(session, wanted.slug) is None


def test_a_secret_of_one_organization_cannot_be_read_as_another(operator: Operator) -> None:
    """T-07: each organization has a keyset of its own; a ciphertext moved to another one does not open."""
    one, other = (
        provision_organization(operator.database, keys=operator.keys, organization=a_bakery()) for _ in range(2)
    )
    place = Place(table="integrations.connections", column="access_token", row_id=one.agent_id)
    sealed = operator.keys.encrypt_sensitive_data("token", organization_id=one.organization_id, place=place)

    with pytest.raises(Rejected):
        operator.keys.decrypt_sensitive_data(sealed, organization_id=other.organization_id, place=place)
    assert operator.keys.decrypt_sensitive_data(sealed, organization_id=one.organization_id, place=place) == "token"


def test_a_template_gives_the_department_its_hours_and_its_agents_in_the_same_transaction(operator: Operator) -> None:
    made = provision_organization(operator.database, keys=operator.keys, organization=a_bakery(), template="food")
    rows = operator.database.tenant_once(
        made.organization_id,
        "SELECT a.agent_type, a.next_scheduled_at IS NOT NULL, d.industry_template, d.configuration ? 'opening_hours'"
        " FROM departments.agents a JOIN departments.departments d ON d.id = a.department_id ORDER BY 1",
    )
    assert [tuple(row) for row in rows] == [
        ("faq_builder", True, "food", True),
        ("whatsapp_responder", False, "food", True),
    ]


def test_a_template_that_does_not_exist_makes_nothing(operator: Operator, shared_database: Database) -> None:
    before = count(shared_database, "platform.organizations")
    with pytest.raises(Rejected, match="there are fashion, food, services"):
        provision_organization(operator.database, keys=operator.keys, organization=a_bakery(), template="bank")
    assert count(shared_database, "platform.organizations") == before
