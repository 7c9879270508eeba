"""What the pages point to is there: links between them, and the paths that they name."""

from __future__ import annotations

import re

from tests.docs.behaviours import REPOSITORY

PAGES = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
_LINK = re.compile(r"\]\(([^)#][^)]*)\)")
_PATH = re.compile(r"`((?:functions|shared|infra|migrations|tests|docs)/[^`\s:]*)`")
_EXAMPLES = ("NNNN", "<")  # stand for something that whoever follows the page writes


def test_links_between_the_pages_lead_somewhere() -> None:
    assert PAGES
    for page in PAGES:
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:")):
                path = (page.parent / target.partition("#")[0]).resolve()
                assert path.exists(), f"{page.relative_to(REPOSITORY)} links to {target}, which is not there"


def test_paths_that_the_pages_name_are_there() -> None:
    named = [(page, path) for page in PAGES for path in _PATH.findall(page.read_text(encoding="utf-8"))]

    assert named
    for page, path in named:
        if not any(example in path for example in _EXAMPLES):
            pattern = path if path.endswith("*") else f"{path.rstrip('/')}*"  # a page may abbreviate a file's name
            assert list(REPOSITORY.glob(pattern)), f"{page.relative_to(REPOSITORY)} names {path}"
