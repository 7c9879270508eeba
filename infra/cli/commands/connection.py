"""`departments connection`: an organization's accounts at providers."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.commands.options import AsJson, OrganizationName, ReadyFile
from infra.cli.failures import explained
from infra.cli.language import say
from infra.cli.refusals import refused

app = typer.Typer(no_args_is_help=True, help=say("The organizations' accounts at WhatsApp."))


@app.callback()
def connection() -> None:
    """Keep `add` a command of its own while it is the only one."""


@app.command("add", help=say("Connect a WhatsApp number, or give its connection a new token."))
def add(  # noqa: PLR0913 - options of one command
    *,
    organization: OrganizationName,
    phone_number_id: Annotated[
        str,
        typer.Option("--phone-number-id", help=say("Meta's id of the number, digits only (not the number itself).")),
    ],
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help=say("File that holds the access token and nothing else."))
    ] = None,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help=say("Read the access token from standard input."))
    ] = False,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Store the account with its token encrypted by the organization's key; the token is never an argument."""
    from infra.cli.installation import Installation
    from infra.cli.naming import find_organization
    from infra.cli.screen import output, print_json
    from shared.channels.connections import TOKEN_LIMIT, connect_whatsapp
    from shared.platform.keys import Keys
    from shared.platform.settings import KeySettings, load

    token = _read_token(token_file, from_stdin=token_stdin)
    installation = Installation.named(ready_file)
    with explained(account=phone_number_id, limit=TOKEN_LIMIT), installation.application() as database:
        organization_id = find_organization(installation, database, organization)
        connected = connect_whatsapp(
            database,
            keys=Keys(load(KeySettings), database),
            organization_id=organization_id,
            phone_number_id=phone_number_id,
            access_token=token,
        )
    if as_json:
        print_json(
            {
                "organization_id": organization_id,
                "connection_id": connected.connection_id,
                "phone_number_id": phone_number_id,
                "change": connected.change,
            }
        )
        return
    told = {
        "created": say("Connected {account}", account=phone_number_id),
        "token_replaced": say("Replaced the token of {account}", account=phone_number_id),
        "reconnected": say("Connected {account} again", account=phone_number_id),
    }
    output().print(told[connected.change], markup=False, highlight=False)
    output().print(f"  connection_id    {connected.connection_id}", highlight=False)


def _read_token(token_file: Path | None, *, from_stdin: bool) -> str:
    if (token_file is None) == (not from_stdin):
        raise refused("token_source")
    if token_file is None:
        return sys.stdin.read().strip()
    try:
        return token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise refused("not_a_file", path=token_file) from error
