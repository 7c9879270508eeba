from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.platform.tenant_context import SETTING, sign
from tests.support.tenants import make_organization, signed_context

if TYPE_CHECKING:
    from tests.platform.conftest import Open
    from tests.support.database import Database as MigratedDatabase


@given(some.uuids(), some.binary(min_size=32, max_size=32))
def test_the_signature_is_the_hmac_of_the_uuid_s_text(organization_id: UUID, key: bytes) -> None:
    assert sign(key, organization_id) == signed_context(organization_id, key)


def test_the_database_accepts_what_is_signed_here_and_nothing_that_is_changed(
    shared_database: MigratedDatabase, open_database: Open
) -> None:
    """T-02, D15: injected SQL can set the context, and cannot sign it."""
    database = open_database(shared_database)
    own, other = (make_organization(shared_database).organization_id for _ in range(2))
    good = sign(shared_database.tenant_context_key, own)
    assert database.tenant_once(own, "SELECT platform.current_organization_id()")[0][0] == own
    forged = [
        str(other), "", "x", good[:-1], good + "0", good.upper(), good.replace(str(own), str(other)),
        sign(bytes(32), own), f"{other}.{'0' * 64}", f"{other}{good[36:]}",
    ]  # fmt: skip
    for value in forged:
        seen = database.tenant_once(
            own,
            f"SELECT platform.current_organization_id() FROM set_config('{SETTING}', :value, true)",
            value=value,
        )
        assert seen[0][0] is None, value


@pytest.mark.parametrize("injection", ["set_config('app.current_organization_id', '{}', true)", "1"])
def test_an_injected_change_of_tenant_shows_no_foreign_row(
    shared_database: MigratedDatabase, open_database: Open, injection: str
) -> None:
    database = open_database(shared_database)
    own, victim = make_organization(shared_database).organization_id, make_organization(shared_database).organization_id
    rows = database.tenant_once(
        own, f"SELECT id FROM platform.organizations, (SELECT {injection.format(victim)}) AS injected"
    )
    assert victim not in [row.id for row in rows]
    assert database.tenant_once(uuid4(), "SELECT id FROM platform.organizations") == []
