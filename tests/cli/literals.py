"""The texts of the command, found in its source: every literal given to `say`, and the refusals' texts."""

import ast
from pathlib import Path

from infra.cli.refusals import REFUSALS

CLI = Path(__file__).resolve().parents[2] / "infra" / "cli"


def said_texts() -> set[str]:
    """Return every text that needs a Portuguese one."""
    texts = {text for refusal in REFUSALS.values() for text in (refusal.text, refusal.next_step) if text}
    for path in CLI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                texts |= set(_literals(node.args[0]))
    return texts


def _literals(node: ast.expr) -> list[str]:
    """The string constants that the argument may be: itself, or the two sides of a conditional."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [*_literals(node.body), *_literals(node.orelse)]
    return []
