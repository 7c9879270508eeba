"""Which test proves which behaviour: read from the tests' docstrings, compared with docs/behaviours.md.

`python -m tests.docs.behaviours` writes the lists of proofs in that page anew; its words are kept.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "behaviours.md"

_ID = re.compile(r"\b[A-Z]-\d{2}\b")
_HEADING = re.compile(r"^### ([A-Z]-\d{2}) ")
_PROOF = re.compile(r"^- `(tests/[^`]+\.py(?:::[^`]+)?)`$")


def named_in_tests(folder: Path = REPOSITORY / "tests") -> dict[str, list[str]]:
    """Map each behaviour id to the tests whose docstring names it: path::name, or the path of a module that does."""
    proofs: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        place = path.relative_to(REPOSITORY).as_posix()
        for name, docstring in _docstrings_of(path):
            for behaviour in sorted(set(_ID.findall(docstring))):
                proofs.setdefault(behaviour, []).append(f"{place}::{name}" if name else place)
    return proofs


def listed_in_page(text: str) -> dict[str, list[str]]:
    """Map each behaviour id of the page to the proofs listed under it, in the page's order."""
    listed: dict[str, list[str]] = {}
    proofs: list[str] | None = None
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            proofs = listed.setdefault(heading[1], [])
        elif line.startswith("#"):
            proofs = None
        elif proofs is not None and (proof := _PROOF.match(line)):
            proofs.append(proof[1])
    return listed


def with_proofs(text: str, proofs: dict[str, list[str]]) -> str:
    """Return the page with the lists under its headings replaced."""
    lines: list[str] = []
    behaviour = ""
    for line in [line for line in text.splitlines() if not _PROOF.match(line)]:
        if line.startswith("#") and behaviour:
            lines += [*_list(proofs.get(behaviour, [])), ""]
        if line.startswith("#"):
            heading = _HEADING.match(line)
            behaviour = heading[1] if heading else ""
        lines.append(line)
    if behaviour:
        lines += _list(proofs.get(behaviour, []))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def _list(proofs: list[str]) -> list[str]:
    return ["", *(f"- `{proof}`" for proof in proofs)] if proofs else []


def _docstrings_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the module's docstring under an empty name, then each test's under its own."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    yield "", ast.get_docstring(module) or ""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name, ast.get_docstring(node) or ""


def main() -> int:
    """Rewrite the page; report the ids that it has no words for."""
    proofs = named_in_tests()
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_proofs(text, proofs), encoding="utf-8")
    listed = listed_in_page(text)
    for behaviour in sorted(proofs.keys() - listed.keys()):
        sys.stderr.write(f"{behaviour} is proven by a test and has no heading in {PAGE.name}: write one\n")
    for behaviour in sorted(listed.keys() - proofs.keys()):
        sys.stderr.write(f"{behaviour} has a heading in {PAGE.name} and no test names it: take it away or prove it\n")
    return int(proofs.keys() != listed.keys())


if __name__ == "__main__":
    sys.exit(main())
