"""What a Python file needs: its own project's files and others' modules, found by reading, never by running.

Imports inside functions count, since heavy clients are imported at first use; imports for type checkers do not.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Closure:
    """`files` relative to the root, packages' `__init__.py` included; `foreign`: dotted names of others' modules."""

    files: frozenset[Path]
    foreign: frozenset[str]


def import_closure(entry: Path, *, root: Path) -> Closure:
    """Follow the imports of `entry` through all that lies under `root`."""
    found: set[Path] = set()
    foreign: set[str] = set()
    pending = [entry]
    while pending:
        file = pending.pop()
        if file in found:
            continue
        found.add(file)
        for name in _imported_names(file, root=root):
            own = _own_files(name, root=root)
            pending.extend(own)
            if not own and name.partition(".")[0] not in sys.stdlib_module_names:
                foreign.add(name)
    relative = frozenset(file.relative_to(root) for file in found)
    return Closure(relative, frozenset(foreign))


def _imported_names(file: Path, *, root: Path) -> Iterator[str]:
    """Yield each module name that a file imports; of `from a import b` both `a` and `a.b` when that is a module."""
    package = file.parent.relative_to(root).parts
    for node in _run_time_nodes(ast.parse(file.read_text(encoding="utf-8"), filename=str(file))):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                above = package[: len(package) - level + 1] if level else ()
                base = ".".join([*above, *([module] if module else [])])
                yield base
                yield from (name for alias in names if _own_files(name := f"{base}.{alias.name}", root=root))
                if not _own_files(base, root=root):
                    yield from (f"{base}.{alias.name}" for alias in names)
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(value=str(name)), *_]):
                yield name


def _run_time_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without what stands under `if TYPE_CHECKING:`."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            pending.extend(node.orelse)
        else:
            pending.extend(ast.iter_child_nodes(node))


def _own_files(name: str, *, root: Path) -> list[Path]:
    """Return the files that importing a module of the project reads, its packages' first; empty for any other name."""
    parts = name.split(".")
    place = root.joinpath(*parts)
    packages = [root.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts))]
    for last in (place / "__init__.py", place.with_suffix(".py")):
        if last.is_file():
            return [package for package in packages if package.is_file()] + [last]
    return []
