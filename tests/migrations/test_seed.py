"""The specification as it was given: which of its statements and functions fail, and that each failure has its mend."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pg8000.dbapi
import pytest

from tests.migrations.deviations import documented_calls, documented_statements
from tests.migrations.seed import failures, statements

if TYPE_CHECKING:
    from tests.support.database import Server


def test_every_statement_of_the_seed_that_fails_is_documented_with_its_mend(bare_server: Server) -> None:
    """Run as given, one after the other, on a server that has nothing."""
    bare_server.execute("CREATE DATABASE seed")
    with contextlib.closing(bare_server.connect(database="seed")) as connection:
        failed = failures(connection, statements())
        assert len(statements()) == 119
        assert len(failed) == 27
        assert failed == documented_statements()
        for call, code in documented_calls().items():
            with pytest.raises(pg8000.dbapi.DatabaseError) as failure:
                connection.cursor().execute(f"SELECT {call}")
            assert failure.value.args[0]["C"] == code, call
