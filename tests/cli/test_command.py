"""The command itself: help at once, two languages, errors that name the thing, the value and the next step."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from infra.cli.app import app
from tests.cli.command import departments, departments_from_scratch, error_of

COMMANDS = ("demo", "up", "migrate", "status", "replay", "organization", "connection", "knowledge")


def test_the_help_lists_every_command() -> None:
    ended = departments_from_scratch("--help")

    assert (ended.code, ended.err) == (0, "")
    assert "Usage: departments" in ended.out
    assert all(name in ended.out for name in COMMANDS)


@pytest.mark.parametrize(
    "command", [*COMMANDS, "organization create", "connection add", "knowledge import", "knowledge review"]
)
def test_every_command_has_help(command: str) -> None:
    """In this process, because it is only text."""
    result = CliRunner().invoke(app, [*command.split(), "--help"])

    assert result.exit_code == 0
    assert f"{command} " in result.output


def test_help_imports_neither_the_platform_nor_the_stack() -> None:
    """What --help costs is what it imports; its time is that of typer and rich."""
    program = (
        "import sys; from infra.cli.app import main; sys.argv = ['departments', '--help']; main();"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    started = time.monotonic()

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert (
        set(done.stderr.split()) & {"sqlalchemy", "pydantic", "httpx", "grpc", "shared", "functions", "numpy"} == set()
    )
    assert time.monotonic() - started < 10  # far above the second it may take, for a loaded machine


def test_help_is_in_portuguese_for_a_portuguese_locale() -> None:
    portuguese = departments("--help", environment={"LANG": "pt_BR.UTF-8"})

    assert "Mostra o que está gravado" in portuguese.out
    assert "Mostra" not in departments("--lang", "en", "--help", environment={"LANG": "pt_BR.UTF-8"}).out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("nothing",), "nothing"),
        (("--lang", "de", "status"), "de"),
        (("organization", "create", "--name", "X"), "--slug"),
        (("up", "--port", "70000"), "--port"),
        (("replay", "--since", "yesterday"), "yesterday"),
    ],
)
def test_a_usage_error_names_what_is_wrong_and_where_the_help_is(arguments: tuple[str, ...], named: str) -> None:
    ended = departments(*arguments)

    code, message, next_step = error_of(ended)
    assert (ended.code, code) == (2, "usage")
    assert named in message
    assert next_step.startswith("departments")
    assert next_step.endswith("--help")


def test_a_missing_setting_is_a_usage_error_that_names_all_of_them() -> None:
    """X-04: a refusal has a stable code."""
    ended = departments("organization", "create", "--name", "X", "--slug", "x", "--business-type", "food")

    code, message, next_step = error_of(ended)
    assert (ended.code, code) == (2, "settings_missing")
    assert "DATABASE_URL" in message
    assert "--ready-file" in next_step


def test_without_the_key_of_tenant_contexts_nothing_is_tried_for_an_organization() -> None:
    ended = departments(
        *("connection", "add", "--organization", "x", "--phone-number-id", "12345", "--token-stdin"),
        given="token",
        environment={"DATABASE_URL": "postgresql+pg8000://nobody@127.0.0.1:1/none"},
    )

    assert (ended.code, error_of(ended)[:2]) == (2, ("settings_missing", "TENANT_CONTEXT_KEY: missing"))


def test_a_ready_file_that_is_none_is_refused_by_its_path() -> None:
    ended = departments("status", "--ready-file", "/nowhere/ready.json")

    code, message, next_step = error_of(ended)
    assert (ended.code, code) == (2, "not_a_ready_file")
    assert "/nowhere/ready.json" in message
    assert next_step == "start one: departments up --ready-file /nowhere/ready.json"
