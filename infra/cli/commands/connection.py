"""`departments connection`: an organization's accounts at WhatsApp, Instagram and Messenger."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.commands.options import AsJson, OrganizationName, ReadyFile
from infra.cli.language import say
from infra.cli.refusals import refused

if TYPE_CHECKING:
    from shared.channels.ownership import Provider

app = typer.Typer(no_args_is_help=True, help=say("The organizations' accounts at WhatsApp, Instagram and Messenger."))

TokenFile = Annotated[
    Path | None, typer.Option("--token-file", help=say("File that holds the access token and nothing else."))
]
TokenStdin = Annotated[bool, typer.Option("--token-stdin", help=say("Read the access token from standard input."))]
TokenVariable = Annotated[
    str | None,
    typer.Option("--token-env", metavar="NAME", help=say("Environment variable that holds the access token.")),
]
TokenEnd = Annotated[
    str | None,
    typer.Option("--token-expires-at", metavar="MOMENT", help=say("When the token ends, if it does and you know.")),
]
ConnectionName = Annotated[
    str, typer.Option("--connection", metavar="ID|ACCOUNT", help=say("The connection, by its id or its account's."))
]


@app.command("add", help=say("Connect an account after its token is proven, or give its connection a new token."))
def add(  # noqa: PLR0913 - options of one command
    *,
    organization: OrganizationName,
    phone_number_id: Annotated[
        str | None,
        typer.Option("--phone-number-id", help=say("Meta's id of the number, digits only (not the number itself).")),
    ] = None,
    instagram_account_id: Annotated[
        str | None, typer.Option("--instagram-account-id", help=say("Id of the Instagram professional account."))
    ] = None,
    page_id: Annotated[
        str | None, typer.Option("--page-id", help=say("Id of the Facebook page, for Messenger."))
    ] = None,
    token_file: TokenFile = None,
    token_stdin: TokenStdin = False,
    token_env: TokenVariable = None,
    token_expires_at: TokenEnd = None,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Store the account with its token encrypted by the organization's key; the token is never an argument."""
    from infra.cli.connecting import add_connection, connecting, moment
    from infra.cli.token_source import read_token

    given: list[tuple[Provider, str]] = []
    if phone_number_id is not None:
        given.append(("whatsapp", phone_number_id))
    if instagram_account_id is not None:
        given.append(("instagram", instagram_account_id))
    if page_id is not None:
        given.append(("messenger", page_id))
    if len(given) != 1:
        raise refused("account_choice")
    [(provider, account)] = given
    token = read_token(token_file, from_stdin=token_stdin, variable=token_env)
    expires_at = moment(token_expires_at)
    with connecting(ready_file, organization, account=account) as work:
        told = add_connection(work, provider=provider, account=account, token=token, expires_at=expires_at)
    _show_connected(told, as_json=as_json)


@app.command("list", help=say("Show an organization's connections, when they were heard of, and what to do."))
def list_(*, organization: OrganizationName, ready_file: ReadyFile = None, as_json: AsJson = False) -> None:
    """Print them; what somebody has to do is beneath."""
    from infra.cli.connecting import connecting, list_states
    from infra.cli.connection_view import as_data, show_connections
    from infra.cli.screen import print_json

    with connecting(ready_file, organization) as work:
        states = list_states(work)
    if as_json:
        print_json({"connections": [as_data(state) for state in states]})
    else:
        show_connections(states)


@app.command("test", help=say("Ask the provider about a connection: token, ownership, sending, webhooks."))
def try_(
    *, organization: OrganizationName, connection: ConnectionName, ready_file: ReadyFile = None, as_json: AsJson = False
) -> int:
    """Print each check. A pause ends when they pass and begins when the token is refused; 1 when one fails."""
    from infra.cli.connecting import connecting, try_connection
    from infra.cli.connection_view import show_tested, tested_data
    from infra.cli.failures import ExitCode
    from infra.cli.screen import print_json

    with connecting(ready_file, organization, connection=connection) as work:
        tested = try_connection(work, connection=connection)
    if as_json:
        print_json(tested_data(tested))
    else:
        show_tested(tested)
    return ExitCode.OK if tested.examination.passed else ExitCode.FAILED


@app.command("rotate", help=say("Give a connection a new token after it is proven; a pause ends."))
def rotate(  # noqa: PLR0913 - options of one command
    *,
    organization: OrganizationName,
    connection: ConnectionName,
    token_file: TokenFile = None,
    token_stdin: TokenStdin = False,
    token_env: TokenVariable = None,
    token_expires_at: TokenEnd = None,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """The old token stays until the provider has taken the new one."""
    from infra.cli.connecting import connecting, moment, rotate_token
    from infra.cli.token_source import read_token

    token = read_token(token_file, from_stdin=token_stdin, variable=token_env)
    expires_at = moment(token_expires_at)
    with connecting(ready_file, organization, connection=connection, account=connection) as work:
        told = rotate_token(work, connection=connection, token=token, expires_at=expires_at)
    _show_connected(told, as_json=as_json)


@app.command("revoke", help=say("End a connection: its token is erased and its account is free for others."))
def revoke(
    *, organization: OrganizationName, connection: ConnectionName, ready_file: ReadyFile = None, as_json: AsJson = False
) -> None:
    """What waits to be sent goes to people."""
    from infra.cli.connecting import connecting, end_connection
    from infra.cli.screen import output, print_json

    with connecting(ready_file, organization, connection=connection) as work:
        told = end_connection(work, connection=connection)
    if as_json:
        print_json(told)
    else:
        output().print(say("Ended the connection of {account}", account=told["account"]), markup=False, highlight=False)


def _show_connected(told: dict[str, object], *, as_json: bool) -> None:
    from infra.cli.connection_view import show_check
    from infra.cli.screen import output, print_json
    from shared.channels.ownership import Check

    if as_json:
        print_json(told)
        return
    account = f"{told['account']} {told['name']}".strip()
    changes = {
        "created": say("Connected {account}", account=account),
        "token_replaced": say("Replaced the token of {account}", account=account),
        "reconnected": say("Connected {account} again", account=account),
    }
    output().print(changes[str(told["change"])], markup=False, highlight=False)
    output().print(f"  connection_id    {told['connection_id']}", highlight=False)
    webhooks = told["webhooks"]
    if isinstance(webhooks, dict):
        show_check(Check(**webhooks))
