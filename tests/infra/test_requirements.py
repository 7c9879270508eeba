"""The locks: complete, with hashes, without addresses, in agreement with what they were made from and with the code."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.import_closure import import_closure
from infra.manifest import REPOSITORY, load_manifest
from tests.infra.distributions import distribution_of

DEVELOPMENT = REPOSITORY / "infra/requirements/development.txt"
PEERS = REPOSITORY / "infra/requirements/peers.txt"
FUNCTIONS = tuple(load_manifest().functions)
LOCKS = (DEVELOPMENT, PEERS, *(REPOSITORY / f"functions/{name}/requirements.txt" for name in FUNCTIONS))
# Needed without an import: the host of every function, and what makes its event loop and its HTTP parser fast.
UNIMPORTED = {"functions-framework", "uvloop", "httptools"}


def _locked(lock: Path) -> dict[str, set[str]]:
    """Name → versions (more than one where it depends on the Python version)."""
    versions: dict[str, set[str]] = {}
    for line in lock.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.removesuffix("\\"))
            (specifier,) = requirement.specifier
            versions.setdefault(canonicalize_name(requirement.name), set()).add(specifier.version)
    return versions


def _requirements(path: Path) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def _project_requirements() -> list[Requirement]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(line) for group in groups for line in group]


def _assert_satisfied(lock: Path, requirements: list[Requirement]) -> None:
    locked = _locked(lock)
    for requirement in requirements:
        versions = locked.get(canonicalize_name(requirement.name))
        assert versions, f"{lock.name} lacks {requirement}: make lock"
        assert all(requirement.specifier.contains(version) for version in versions), f"{requirement}: {versions}"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(REPOSITORY)))
def test_a_lock_pins_everything_with_hashes_and_names_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=sha256:[0-9a-f]{64}( \\)?$)", text, re.MULTILINE)
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_development_lock_satisfies_the_project() -> None:
    _assert_satisfied(DEVELOPMENT, _project_requirements())


def test_the_peers_lock_satisfies_its_list() -> None:
    _assert_satisfied(PEERS, _requirements(PEERS.with_suffix(".in")))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_lock_satisfies_its_list_with_the_versions_that_are_tested(function: str) -> None:
    lock = REPOSITORY / f"functions/{function}/requirements.txt"
    _assert_satisfied(lock, _requirements(lock.with_suffix(".in")))
    development = _locked(DEVELOPMENT)
    assert {name: versions for name, versions in _locked(lock).items() if versions != development.get(name)} == {}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_requires_what_it_imports_and_nothing_else(function: str) -> None:
    source = REPOSITORY / f"functions/{function}/main.py"
    foreign = import_closure(source, root=REPOSITORY).foreign
    imported = {owner for module in foreign if (owner := distribution_of(module))}
    required = {
        canonicalize_name(requirement.name) for requirement in _requirements(source.with_name("requirements.in"))
    }
    assert required == imported | UNIMPORTED


def test_the_project_requires_what_its_functions_require() -> None:
    project = {canonicalize_name(requirement.name) for requirement in _project_requirements()}
    for function in FUNCTIONS:
        listed = _requirements(REPOSITORY / f"functions/{function}/requirements.in")
        assert {canonicalize_name(requirement.name) for requirement in listed} <= project
