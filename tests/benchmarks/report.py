"""What a part of the benchmark hands back, and how the whole is printed and written."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table

_PACKAGES = ("functions-framework", "uvicorn", "gunicorn", "sqlalchemy", "pg8000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A promise with its measurement; one of the two bounds is set."""

    what: str
    measured: float
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the measurement keeps the promise."""
        too_low = self.at_least is not None and self.measured < self.at_least
        too_high = self.at_most is not None and self.measured > self.at_most
        return not (too_low or too_high)

    @property
    def bound(self) -> str:
        """The promise in words of a table."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}{self.unit}"
        return f"≤ {self.at_most:g}{self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one part found: tables for people, figures for programs, promises for the exit code."""

    tables: Sequence[RenderableType]
    figures: Mapping[str, Any]
    targets: Sequence[Target] = field(default_factory=tuple)


def spread(values: Sequence[float]) -> str:
    """The lowest and the highest of some rounds, as a table shows them."""
    return f"{min(values):,.0f} to {max(values):,.0f}"


def middle(values: Sequence[float]) -> float:
    """The median of some rounds: one disturbed round does not move it."""
    return median(values)


def print_findings(console: Console, findings: Mapping[str, Findings]) -> bool:
    """Print every table and then the promises; returns whether all were kept."""
    for part in findings.values():
        for table in part.tables:
            console.print(table)
            console.print()
    promises = Table("part", "promise", title="promises", title_justify="left")
    for heading in ("measured", "promised", ""):
        promises.add_column(heading, justify="right")
    missed = []
    for name, part in findings.items():
        for target in part.targets:
            verdict = "[green]kept[/]" if target.met else "[red]missed[/]"
            promises.add_row(name, target.what, f"{target.measured:.2f}{target.unit}", target.bound, verdict)
            if not target.met:
                missed.append(f"{name}: {target.what} is {target.measured:.2f}{target.unit}, promised {target.bound}")
    if promises.row_count:
        console.print(promises)
    for line in missed:
        console.print(f"[red]missed[/] {line}")
    return not missed


def write_findings(path: Path, findings: Mapping[str, Findings]) -> None:
    """Write figures and promises as JSON, with the machine they were measured on."""
    parts = {
        name: {
            "figures": part.figures,
            "targets": [
                {"what": t.what, "measured": t.measured, "at_least": t.at_least, "at_most": t.at_most, "met": t.met}
                for t in part.targets
            ],
        }
        for name, part in findings.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    path.write_text(json.dumps({"made_at": made_at, "machine": machine(), "parts": parts}, indent=2) + "\n")


def machine() -> dict[str, Any]:
    """What the figures depend on besides the code."""
    return {
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }
