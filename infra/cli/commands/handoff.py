"""`departments handoff`: the conversations that wait for people, and what a person does with one."""

from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.commands.options import AsJson, OrganizationName, ReadyFile
from infra.cli.language import say

if TYPE_CHECKING:
    from shared.conversations.handoffs import Handoff

app = typer.Typer(no_args_is_help=True, help=say("The conversations that wait for people."))

HandoffName = Annotated[
    str, typer.Option("--handoff", metavar="ID", help=say("The hand-over, by its id or its conversation's."))
]
Person = Annotated[
    str | None, typer.Option("--user", metavar="ID|EMAIL", help=say("The person who does it, a user of the business."))
]


@app.command("list", help=say("Show who waits for a person, and since when."))
def list_(
    *,
    organization: OrganizationName,
    closed: Annotated[bool, typer.Option("--closed", help=say("Also those that are over, newest first."))] = False,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the queue, longest waiting first."""
    from infra.cli.handing import handing
    from infra.cli.handoff_view import as_data, show_handoffs
    from infra.cli.screen import print_json
    from shared.conversations.handoffs import list_handoffs

    with handing(ready_file, organization) as work:
        found = list_handoffs(work.database, work.organization_id, closed=closed)
    if as_json:
        print_json({"handoffs": [as_data(one) for one in found]})
    else:
        show_handoffs(found)


@app.command("show", help=say("Show a hand-over: why, what the customer wants, what was tried."))
def show(
    *, organization: OrganizationName, handoff: HandoffName, ready_file: ReadyFile = None, as_json: AsJson = False
) -> None:
    """Print it with each line's source."""
    from infra.cli.handing import handing

    with handing(ready_file, organization, handoff=handoff) as work:
        found = work.find(handoff)
    _show(found, as_json=as_json)


@app.command("claim", help=say("Take a conversation: whoever comes next is told who has it."))
def claim(
    *,
    organization: OrganizationName,
    handoff: HandoffName,
    user: Person = None,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Take it and print it."""
    from infra.cli.handing import handing
    from shared.conversations.handoffs import claim_handoff

    with handing(ready_file, organization, handoff=handoff, user=user) as work:
        found = work.find(handoff)
        claim_handoff(
            work.database, organization_id=work.organization_id, handoff_id=found.id, user_id=work.person(user)
        )
        found = work.find(str(found.id))
    _show(found, as_json=as_json)


@app.command("return", help=say("Give a conversation back to the AI, which answers what nobody answered."))
def return_(
    *,
    organization: OrganizationName,
    handoff: HandoffName,
    user: Person = None,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Give it back."""
    from infra.cli.handing import handing
    from infra.cli.screen import output, print_json
    from shared.conversations.handoffs import return_conversation

    with handing(ready_file, organization, handoff=handoff, user=user) as work:
        found = work.find(handoff)
        pending = return_conversation(
            work.database,
            organization_id=work.organization_id,
            conversation_id=found.conversation_id,
            user_id=work.person(user),
        )
    if as_json:
        print_json({"handoff_id": found.id, "conversation_id": found.conversation_id, "pending": pending})
        return
    output().print(say("The AI has it again; messages that it answers now: {count}", count=pending), markup=False)


@app.command("resolve", help=say("End a conversation that is settled; the customer may be asked how it was."))
def resolve(  # noqa: PLR0913 - options of one command
    *,
    organization: OrganizationName,
    handoff: HandoffName,
    user: Person = None,
    seen: Annotated[
        int | None,
        typer.Option("--seen", metavar="N", help=say("Not when the customer has written after this message.")),
    ] = None,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """End it."""
    from infra.cli.handing import handing
    from infra.cli.screen import output, print_json
    from shared.agents.resolving import resolve_conversation

    with handing(ready_file, organization, handoff=handoff, user=user) as work:
        found = work.find(handoff)
        asked = resolve_conversation(
            work.database,
            organization_id=work.organization_id,
            conversation_id=found.conversation_id,
            user_id=work.person(user),
            seen_seq=seen,
        )
    if as_json:
        print_json({"handoff_id": found.id, "conversation_id": found.conversation_id, "survey": asked})
        return
    output().print(say("Resolved. The customer is asked how it was.") if asked else say("Resolved."), markup=False)


def _show(found: "Handoff", *, as_json: bool) -> None:
    from infra.cli.handoff_view import as_data, show_handoff
    from infra.cli.screen import print_json

    if as_json:
        print_json(as_data(found))
    else:
        show_handoff(found)
