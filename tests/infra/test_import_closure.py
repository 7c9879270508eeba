from pathlib import Path

import pytest

from infra.import_closure import import_closure


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        "main.py": (
            "from typing import TYPE_CHECKING\n"
            "import json\n"
            "from room.door import handle\n"
            "if TYPE_CHECKING:\n    from room.types import Shape\n"
            "def first_use():\n    from outside.cloud import client\n    from room import window\n"
            "def by_name():\n    import importlib\n    importlib.import_module('room.named')\n"
        ),
        "room/__init__.py": "",
        "room/door.py": "from . import hinge\n",
        "room/hinge/__init__.py": "import outside.metal\n",
        "room/hinge/unused.py": "",
        "room/window.py": "",
        "room/named.py": "",
        "room/types.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def _files(tree: Path) -> set[str]:
    return {str(file) for file in import_closure(tree / "main.py", root=tree).files}


def test_imports_are_followed_through_packages(tree: Path) -> None:
    assert {"main.py", "room/__init__.py", "room/door.py", "room/hinge/__init__.py"} <= _files(tree)


def test_imports_at_first_use_and_by_name_count(tree: Path) -> None:
    assert {"room/window.py", "room/named.py"} <= _files(tree)


def test_what_nobody_imports_or_only_the_type_checker_is_left_out(tree: Path) -> None:
    assert not {"room/hinge/unused.py", "room/types.py"} & _files(tree)


def test_the_modules_of_others_are_named_without_the_standard_library(tree: Path) -> None:
    foreign = import_closure(tree / "main.py", root=tree).foreign
    assert foreign == {"outside.cloud", "outside.cloud.client", "outside.metal"}
