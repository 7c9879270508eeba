"""Which installed distribution a module belongs to, by the files that each one installed."""

from functools import cache
from importlib.metadata import distributions
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name


@cache
def _owners() -> dict[str, str]:
    """Dotted module name → distribution."""
    owners: dict[str, str] = {}
    for distribution in distributions():
        name = canonicalize_name(distribution.metadata["Name"])
        for file in distribution.files or ():
            path = PurePosixPath(str(file))
            if path.suffix not in {".py", ".so", ".pyd"} or path.parts[0] == "..":
                continue
            parts = [*path.parts[:-1], path.name.split(".")[0]]
            owners[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = name
    return owners


def distribution_of(module: str) -> str | None:
    """The distribution that `module`, or the longest part of its name that is a module, belongs to."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        owner = _owners().get(".".join(parts[:length]))
        if owner is not None:
            return owner
    return None
