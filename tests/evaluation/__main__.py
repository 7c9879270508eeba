"""`make eval`: asks three businesses 302 questions, prints how well they are answered, writes build/eval.json.

Fails when a figure falls below its floor. `--wrong` prints what went wrong on the part that may be tuned on.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.report import Findings, print_findings, write_findings
from tests.evaluation.asking import HYBRID, import_businesses
from tests.evaluation.evaluation import PARTS, evaluate, promises
from tests.evaluation.figures import forbidden, is_right, says_what_it_must
from tests.evaluation.questions import BUSINESSES, KINDS
from tests.support.conversations import open_database
from tests.support.database import cloned_database, create_run_folder, remove_run_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.evaluation.evaluation import Evaluation
    from tests.evaluation.figures import Share

RESULTS = Path(__file__).resolve().parents[2] / "build" / "eval.json"
_MEASURES = ("recall_at_1", "recall_at_5", "abstain_precision", "abstain_recall", "right")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="make eval ARGS=…", description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="print each question of the tuned part that went wrong")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that the server is stopped
    console = Console(width=None if sys.stdout.isatty() else 140)
    with _server() as (database, application), console.status("importing") as status:
        businesses = import_businesses(database, application)
        evaluation = evaluate(application, businesses, told=status.update)
    if options.wrong:
        for line in _wrong(evaluation):
            console.print(line, highlight=False, markup=False)
    findings = {
        "evaluation": Findings(tables=_tables(evaluation), figures=_figures(evaluation), targets=promises(evaluation))
    }
    kept = print_findings(console, findings)
    write_findings(options.output, findings)
    console.print(f"\nwritten to {options.output}", highlight=False)
    sys.exit(0 if kept else 1)


@contextlib.contextmanager
def _server() -> Iterator[tuple[Any, Any]]:
    create_run_folder()
    try:
        with cloned_database() as database, contextlib.closing(open_database(database, "application")) as application:
            yield database, application
    finally:
        remove_run_folder()


def _tables(evaluation: Evaluation) -> list[Table]:
    return [_ways_table(evaluation), _kinds_table(evaluation), _replies_table(evaluation)]


def _ways_table(evaluation: Evaluation) -> Table:
    table = Table("part", "search", title="the right passage, or silence (95 % interval)", title_justify="left")
    for heading in ("threshold", "recall@1", "recall@5", "abstain precision", "abstain recall", "right outcome"):
        table.add_column(heading, justify="right")
    for part, held_out in PARTS.items():
        for name, way in evaluation.ways.items():
            figures = way.figures(held_out=held_out)
            cells = [_cell(getattr(figures, measure)) for measure in _MEASURES]
            table.add_row(part, name, f"{way.threshold:.3f}", *cells)
        table.add_section()
    return table


def _kinds_table(evaluation: Evaluation) -> Table:
    table = Table("business", "kind", title="right outcomes of the hybrid search, right replies", title_justify="left")
    for heading in ("search, tuned on", "held out", "replies, tuned on", "held out"):
        table.add_column(heading, justify="right")
    hybrid = evaluation.ways[HYBRID]
    for business in BUSINESSES:
        for kind in KINDS:
            wanted = {"business": business, "kind": kind}
            outcomes = [hybrid.figures(**wanted, held_out=held).right for held in PARTS.values()]
            said = [_right_replies(evaluation, **wanted, held_out=held) for held in PARTS.values()]
            table.add_row(business, kind, *[_count(*pair) for pair in [(o.part, o.whole) for o in outcomes] + said])
        table.add_section()
    return table


def _replies_table(evaluation: Evaluation) -> Table:
    table = Table("part", title="what the responder says", title_justify="left")
    for heading in ("says what it must", "citations valid", "invented", "stale or former", "obeyed"):
        table.add_column(heading, justify="right")
    for part, held_out in PARTS.items():
        said = evaluation.said(held_out=held_out)
        counts = [str(count) for count in (said.invented, said.stale, said.obeyed)]
        table.add_row(part, _cell(said.right), _cell(said.citations), *counts)
    return table


def _right_replies(evaluation: Evaluation, **wanted: object) -> tuple[float, int]:
    """Replies that say what they must; where there is nothing to say, that say nothing they must not."""
    chosen = [r for r in evaluation.replies if all(getattr(r.question, n) == v for n, v in wanted.items())]
    right = [says_what_it_must(r) if r.question.has_answer else not forbidden(r) for r in chosen]
    return sum(right), len(right)


def _cell(share: Share) -> str:
    low, high = share.interval
    return f"{share.value:.3f} ({low:.2f} to {high:.2f}) of {share.whole}"


def _count(part: float, whole: int) -> str:
    return f"{part:g} of {whole}" if whole else ""


def _figures(evaluation: Evaluation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part, held_out in PARTS.items():
        found[part] = {
            name: {
                "threshold": way.threshold,
                **{measure: _share(getattr(way.figures(held_out=held_out), measure)) for measure in _MEASURES},
            }
            for name, way in evaluation.ways.items()
        }
        said = evaluation.said(held_out=held_out)
        found[part]["replies"] = asdict(said) | {"right": _share(said.right), "citations": _share(said.citations)}
    found["by business and kind"] = {
        business: {kind: _share(evaluation.ways[HYBRID].figures(business=business, kind=kind).right) for kind in KINDS}
        for business in BUSINESSES
    }
    return found


def _share(share: Share) -> dict[str, Any]:
    low, high = share.interval
    return {"value": round(share.value, 4), "of": share.whole, "from": round(low, 4), "to": round(high, 4)}


def _wrong(evaluation: Evaluation) -> Iterator[str]:
    """What went wrong on the part that may be tuned on; of the other nobody may look at single questions."""
    hybrid = evaluation.ways[HYBRID]
    for asked, reply in zip(hybrid.asked, evaluation.replies, strict=True):
        question = asked.question
        if question.held_out or (
            is_right(asked, threshold=hybrid.threshold)
            and (says_what_it_must(reply) if question.has_answer else not forbidden(reply))
        ):
            continue
        found = " / ".join(f"{part.score:.2f} {part.names[0] if part.names else 'nothing'}" for part in asked.parts)
        wanted = ", ".join(" or ".join(names) for names in question.sources) or "nothing"
        yield f"{question.business}, {question.kind}: {question.ask} → {found} (wanted {wanted})"


if __name__ == "__main__":
    main()
