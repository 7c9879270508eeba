"""`departments faq`: drafts of frequently asked questions, and what the knowledge could not answer."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from infra.cli.commands.options import AsJson, OrganizationName, ReadyFile
from infra.cli.language import say

if TYPE_CHECKING:
    from shared.knowledge.faq.deciding import Choice

app = typer.Typer(no_args_is_help=True, help=say("Frequently asked questions, drafted from what people answered."))

DraftId = Annotated[
    UUID, typer.Argument(metavar="DRAFT", help=say("The draft's id, as `departments faq drafts` shows."))
]


@app.command("build", help=say("Draft what customers asked and people answered since the last run."))
def build(*, organization: OrganizationName, ready_file: ReadyFile = None, as_json: AsJson = False) -> None:
    """Run until all is read; safe to interrupt and to repeat."""
    from infra.cli.faq import build_faq

    build_faq(organization=organization, ready_file=ready_file, as_json=as_json)


@app.command("drafts", help=say("List the drafts, the most asked first."))
def drafts(  # noqa: PLR0913 - the options of one command
    *,
    organization: OrganizationName,
    state: Annotated[
        str, typer.Option("--state", help=say("draft, approved, rejected, superseded or stale."))
    ] = "draft",
    asked: Annotated[
        int, typer.Option("--asked", min=0, help=say("Only what was asked in at least so many conversations."))
    ] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help=say("At most so many."))] = 100,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Print them; what contradicts the knowledge is marked."""
    from infra.cli.faq import show_drafts

    show_drafts(
        organization=organization, state=state, asked=asked, limit=limit, ready_file=ready_file, as_json=as_json
    )


@app.command("show", help=say("Show a draft, where it comes from, and beside it the answer that it contradicts."))
def show(
    draft: DraftId, *, organization: OrganizationName, ready_file: ReadyFile = None, as_json: AsJson = False
) -> None:
    """Print one draft."""
    from infra.cli.faq import show_draft

    show_draft(draft, organization=organization, ready_file=ready_file, as_json=as_json)


@app.command("approve", help=say("Make a draft an entry that answers are taken from."))
def approve(  # noqa: PLR0913 - the options of one command
    draft: DraftId,
    *,
    organization: OrganizationName,
    replace: Annotated[
        bool, typer.Option("--replace", help=say("Take the entry that it contradicts out of use."))
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help=say("Keep the entry that it contradicts, and reject the draft."))
    ] = False,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Approve; what contradicts a live entry needs one of the two choices."""
    from infra.cli.faq import approve_draft
    from infra.cli.refusals import refused

    if replace and keep:
        raise refused("faq_choice")
    choice: Choice | None = "replace" if replace else "keep" if keep else None
    approve_draft(draft, choice=choice, organization=organization, ready_file=ready_file, as_json=as_json)


@app.command("reject", help=say("Refuse a draft: its question makes none again, in no words."))
def reject(
    draft: DraftId, *, organization: OrganizationName, ready_file: ReadyFile = None, as_json: AsJson = False
) -> None:
    """Reject one draft for ever."""
    from infra.cli.faq import reject_draft

    reject_draft(draft, organization=organization, ready_file=ready_file, as_json=as_json)


@app.command("unanswered", help=say("List what customers asked in a month and the knowledge could not answer."))
def unanswered(
    *,
    organization: OrganizationName,
    month: Annotated[
        str, typer.Option("--month", metavar="YYYY-MM", help=say("The month, in the organization's time."))
    ],
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help=say("At most so many."))] = 50,
    ready_file: ReadyFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the questions, the most asked first."""
    from infra.cli.faq import show_unanswered

    show_unanswered(organization=organization, month=month, limit=limit, ready_file=ready_file, as_json=as_json)
