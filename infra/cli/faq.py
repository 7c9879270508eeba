"""What `departments faq` does, and how it is shown."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from infra.cli.failures import explained
from infra.cli.installation import Installation
from infra.cli.language import say
from infra.cli.naming import find_organization
from infra.cli.refusals import refused
from infra.cli.screen import output, print_json, progress
from shared.agents.faq_builder import build_drafts
from shared.agents.unanswered import unanswered_questions
from shared.knowledge.embedders import Embedders
from shared.knowledge.faq.deciding import Choice, Decided, approve, reject
from shared.knowledge.faq.listing import find_draft, list_drafts, sources_of_draft
from shared.knowledge.faq.models import BuildReport, Draft, State
from shared.platform.database import Database
from shared.platform.settings import EmbeddingSettings, load


@dataclass(frozen=True, slots=True)
class _Faq:
    """One organization's questions."""

    database: Database
    organization_id: UUID


@contextmanager
def _opened(organization: str, ready_file: Path | None, **named: object) -> Iterator[_Faq]:
    """Open it; refusals name what `named` says."""
    installation = Installation.named(ready_file)
    with explained(organization=organization, **named), installation.application() as database:
        yield _Faq(database, find_organization(installation, database, organization))


def build_faq(*, organization: str, ready_file: Path | None, as_json: bool) -> None:
    """Run the builder until everything is read."""
    total = BuildReport()
    with _opened(organization, ready_file) as faq, progress().status(say("Reading answers")) as status:

        def tell(report: BuildReport) -> None:
            read = total.answers_read + report.answers_read
            status.update(say("Reading answers: {count} read", count=read))

        finished = False
        while not finished:
            report = build_drafts(faq.database, faq.organization_id, progress=tell)
            finished = report.finished
            _add(total, report)
    if as_json:
        # as a dictionary: `asdict` of this Python makes a Counter into nonsense
        print_json(asdict(replace(total, left_out=Counter())) | {"left_out": dict(total.left_out)})
        return
    console = output()
    console.print(
        say(
            "{read} answers read, {made} drafts made, {superseded} replaced, {stale} out of date",
            read=total.answers_read,
            made=total.drafts_made,
            superseded=total.drafts_superseded,
            stale=total.drafts_stale,
        ),
        highlight=False,
    )
    if total.left_out:
        table = _table(say("left out because"), say("answers"))
        for reason, count in total.left_out.most_common():
            table.add_row(_reason(reason), str(count))
        console.print(table)


def show_drafts(  # noqa: PLR0913 - the options of one command
    *, organization: str, state: str, asked: int, limit: int, ready_file: Path | None, as_json: bool
) -> None:
    """Print the drafts in a state."""
    if state not in get_args(State):
        raise refused("faq_state", state=state, states=", ".join(get_args(State)))
    known: Any = state
    with _opened(organization, ready_file) as faq:
        found = list_drafts(faq.database, faq.organization_id, state=known, at_least=asked, limit=limit)
    if as_json:
        print_json({"drafts": [asdict(draft) for draft in found]})
        return
    if not found:
        output().print(say("There are none."))
        return
    table = _table(say("draft"), say("asked"), say("question"), say("answer"), say("contradicts"))
    for draft in found:
        conflict = Text(draft.conflict.answer, style="yellow") if draft.conflict else Text("")
        table.add_row(str(draft.id), str(draft.asked), Text(draft.question), Text(draft.answer), conflict)
    output().print(table)


def show_draft(draft_id: UUID, *, organization: str, ready_file: Path | None, as_json: bool) -> None:
    """Print one draft with its sources; a contradiction side by side with how to choose."""
    with _opened(organization, ready_file, draft=draft_id) as faq:
        draft = find_draft(faq.database, faq.organization_id, draft_id)
        sources = sources_of_draft(faq.database, faq.organization_id, draft_id)
    if as_json:
        print_json({**asdict(draft), "sources": [asdict(source) for source in sources]})
        return
    console = output()
    console.print(Text(draft.question, style="bold"))
    console.print(say("{state}, asked in {count} conversations", state=draft.state, count=draft.asked), highlight=False)
    console.print(_side_by_side(draft))
    table = _table(say("conversation"), say("asked as"), say("answered"))
    for source in sources:
        table.add_row(str(source.conversation_id), Text(source.question), Text(source.answer))
    console.print(table)
    if draft.state == "draft":
        for line in _choices(draft):
            console.print(f"  → {line}", markup=False, highlight=False, soft_wrap=True)


def approve_draft(
    draft_id: UUID, *, choice: Choice | None, organization: str, ready_file: Path | None, as_json: bool
) -> None:
    """Approve a draft, by the vectors of the organization's own model."""
    with _opened(organization, ready_file, draft=draft_id) as faq:
        embedders = Embedders(load(EmbeddingSettings))
        embedder = embedders.for_documents(embedders.model_of(faq.database, faq.organization_id))
        decided = approve(faq.database, faq.organization_id, draft_id, choice=choice, embedder=embedder)
    _show_decided(draft_id, decided, as_json=as_json)


def reject_draft(draft_id: UUID, *, organization: str, ready_file: Path | None, as_json: bool) -> None:
    """Reject a draft."""
    with _opened(organization, ready_file, draft=draft_id) as faq:
        decided = reject(faq.database, faq.organization_id, draft_id)
    _show_decided(draft_id, decided, as_json=as_json)


def show_unanswered(*, organization: str, month: str, limit: int, ready_file: Path | None, as_json: bool) -> None:
    """Print what the knowledge could not answer in a month."""
    with _opened(organization, ready_file, month=month) as faq:
        report = unanswered_questions(faq.database, faq.organization_id, month=month, limit=limit)
    if as_json:
        print_json(asdict(report))
        return
    console = output()
    if not report.questions:
        console.print(say("There are none."))
        return
    table = _table(say("asked"), say("conversations"), say("question"), say("nearest"), say("last asked"))
    for one in report.questions:
        nearest = "—" if one.best_score is None else f"{one.best_score:.2f}"
        table.add_row(
            str(one.count), str(one.conversations), Text(one.question), nearest, f"{one.last_asked_at:%Y-%m-%d}"
        )
    console.print(table)
    if not report.complete:
        console.print(say("Only the newest {turns} turns of the month were read.", turns=report.turns), highlight=False)


def _add(total: BuildReport, report: BuildReport) -> None:
    total.answers_read += report.answers_read
    total.drafts_made += report.drafts_made
    total.drafts_superseded += report.drafts_superseded
    total.drafts_stale += report.drafts_stale
    total.sources_added += report.sources_added
    total.left_out = Counter(total.left_out) + report.left_out


def _show_decided(draft_id: UUID, decided: Decided, *, as_json: bool) -> None:
    if as_json:
        print_json({"draft_id": draft_id, **asdict(decided)})
        return
    said = {
        "approved": say("Answers are taken from it now: entry {entry}", entry=decided.entry_id),
        "replaced": say(
            "Entry {entry} answers now, and {former} no more", entry=decided.entry_id, former=decided.instead_of
        ),
        "kept": say("Entry {entry} still answers; the draft is rejected", entry=decided.entry_id),
        "rejected": say("Rejected; this question makes no draft again"),
        "live_already": say("Entry {entry} says so already; nothing was added", entry=decided.entry_id),
    }
    output().print(said[decided.outcome], markup=False, highlight=False, soft_wrap=True)


def _side_by_side(draft: Draft) -> Table:
    """The draft's answer, and the live one beside it."""
    grid = Table.grid(expand=True, padding=(0, 1))
    panels = [Panel(Text(draft.answer), title=say("this draft"), title_align="left")]
    grid.add_column(ratio=1)
    if draft.conflict is not None:
        grid.add_column(ratio=1)
        title = say("live now, entry {entry}", entry=draft.conflict.entry_id)
        panels.append(Panel(Text(draft.conflict.answer), title=title, title_align="left", border_style="yellow"))
    grid.add_row(*panels)
    return grid


def _choices(draft: Draft) -> list[str]:
    approving = f"departments faq approve {draft.id}"
    rejecting = f"departments faq reject {draft.id}"
    if draft.conflict is None:
        return [approving, rejecting]
    if draft.conflict.in_file:
        return [say("change the file and import it, or: {command}", command=f"{approving} --keep"), rejecting]
    return [f"{approving} --replace", f"{approving} --keep", rejecting]


def _table(*headings: str) -> Table:
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _reason(code: str) -> str:
    if code.startswith("private_"):
        return say("personal data ({kind})", kind=code.removeprefix("private_"))
    reasons = {
        "asks_back": say("the person asked back"),
        "boilerplate": say("the same text answers different questions"),
        "live_already": say("the knowledge says so already"),
        "momentary": say("it holds for one day"),
        "not_a_question": say("nothing was asked"),
        "not_in_words": say("the answer is not in words"),
        "one_customers_matter": say("it is one customer's own matter"),
        "rejected_before": say("it was rejected before"),
        "says_nothing": say("the answer says nothing by itself"),
        "several_questions": say("several questions at once"),
        "stalling": say("the person asked to wait"),
        "taken_back": say("the message was taken back"),
        "too_long": say("too long"),
    }
    return reasons.get(code, code)
