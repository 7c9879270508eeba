"""One source archive per function: `main.py` at its root, the shared modules that it needs, its locked requirements.

The same sources give the same bytes on any machine: fixed order, times and modes, and no compression, whose bytes
differ between versions of zlib. `python -m infra.package` writes them to dist/ and prints their sizes and digests.
"""

import argparse
import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.import_closure import import_closure
from infra.manifest import REPOSITORY, Function, load_manifest

DESTINATION = REPOSITORY / "dist"
_PACKED = {"functions", "shared"}  # what a function may be made of
_LEFT_OUT = {"requirements.in", "requirements.txt", "README.md"}
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can name
_REGULAR_FILE = 0o100644 << 16
_UNIX = 3
_TABLE_WIDTH = 130  # characters; a digest must not be cut


class SourceUnusable(Exception):
    """A function cannot be packed as it is; the message names the file and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A written archive."""

    function: str
    path: Path
    files: int
    size: int
    sha256: str


def build_archive(function: Function, *, destination: Path = DESTINATION) -> Archive:
    """Write the archive of one function and return what was written."""
    content = archive_content(function)
    destination.mkdir(parents=True, exist_ok=True)
    path = destination / f"{function.cloud_name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.create_system = _UNIX
            entry.external_attr = _REGULAR_FILE
            file.writestr(entry, content[name])
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Archive(function=function.name, path=path, files=len(content), size=len(data), sha256=digest)


def archive_content(function: Function) -> dict[str, bytes]:
    """Return name → bytes of all that the function's archive holds.

    Raises:
        SourceUnusable: the function has no lock, or imports what is not deployed.
    """
    root = function.source.parents[2]  # functions/<name>/main.py
    lock = function.source.with_name("requirements.txt")
    if not lock.is_file():
        missing = lock.relative_to(root)
        raise SourceUnusable(f"{missing} is missing: write requirements.in beside it, then: make lock")
    needed = import_closure(function.source, root=root).files
    for file in needed:
        if file.parts[0] not in _PACKED:
            raise SourceUnusable(f"{function.name} imports {file}, which is not deployed: move it to shared/")
    files = set(needed) - {function.source.relative_to(root)}
    for package in {file.parent for file in needed}:
        files.update(file.relative_to(root) for file in _data_files(root / package))
    content = {file.as_posix(): (root / file).read_bytes() for file in files}
    return content | {"main.py": function.source.read_bytes(), "requirements.txt": lock.read_bytes()}


def _data_files(package: Path) -> list[Path]:
    """Return what a package and its plain folders hold besides Python and requirements."""
    found: list[Path] = []
    for path in package.iterdir():
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            found.extend(_data_files(path))
        elif path.is_file() and path.suffix not in {".py", ".pyc"} and path.name not in _LEFT_OUT:
            found.append(path)
    return found


def _print(archives: Sequence[Archive]) -> None:
    """Show the archives as a table."""
    table = Table("function", title="source archives", title_justify="left")
    table.add_column("archive", no_wrap=True)
    table.add_column("sha256", no_wrap=True)
    table.add_column("files", justify="right")
    table.add_column("kB", justify="right")
    for archive in archives:
        place = archive.path.relative_to(Path.cwd()) if archive.path.is_relative_to(Path.cwd()) else archive.path
        size = f"{archive.size / 1000:.1f}"
        table.add_row(archive.function, str(place), archive.sha256, str(archive.files), size)
    console = Console()
    console.width = max(console.width, _TABLE_WIDTH)
    console.print(table)


def main() -> None:
    """Read the command line, write archives, print the table."""
    functions = load_manifest().functions
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("functions", nargs="*", metavar="function", help=f"one of {', '.join(functions)}; all without")
    parser.add_argument("--destination", type=Path, default=DESTINATION)
    options = parser.parse_args()
    if unknown := set(options.functions) - set(functions):
        parser.error(f"infra/functions.yaml has no function {', '.join(sorted(unknown))}")
    chosen = options.functions or list(functions)
    try:
        _print([build_archive(functions[name], destination=options.destination) for name in chosen])
    except SourceUnusable as unusable:
        parser.exit(1, f"{unusable}\n")


if __name__ == "__main__":
    main()
