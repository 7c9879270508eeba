"""docs/behaviours.md says which tests prove which behaviour, and says it truly."""

from pathlib import Path

from tests.docs.behaviours import PAGE, listed_in_page, named_in_tests, with_proofs

HOW_TO_MEND = "write a heading for a new behaviour, then run: python -m tests.docs.behaviours"


def test_every_listed_behaviour_is_proven_by_the_tests_listed_under_it() -> None:
    listed = listed_in_page(PAGE.read_text(encoding="utf-8"))

    assert listed, "the page lists nothing"
    assert listed == named_in_tests(), HOW_TO_MEND


def test_every_behaviour_has_words_between_its_heading_and_its_proofs() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()

    for position, line in enumerate(lines):
        if line.startswith("### "):
            assert lines[position + 1].strip(" -"), f"{line!r} is followed by no description"


def test_a_page_that_names_a_test_that_does_not_prove_it_is_found(tmp_path: Path) -> None:
    """The check of the check: a wrong list differs from what the tests say."""
    page = "### A-01 Something\nWords.\n\n- `tests/nowhere/test_none.py::test_none`\n"

    assert listed_in_page(page) == {"A-01": ["tests/nowhere/test_none.py::test_none"]}
    assert listed_in_page(page) != named_in_tests(tmp_path)


def test_rewriting_the_page_changes_lists_and_keeps_words() -> None:
    page = "# Title\n\n## Area\n\n### A-01 Something\nWords.\n\n- `tests/a.py::old`\n\n### A-02 More\nOthers.\n"
    proofs = {"A-01": ["tests/a.py::new"], "A-02": ["tests/b.py::one", "tests/b.py::two"]}

    rewritten = with_proofs(page, proofs)

    assert listed_in_page(rewritten) == proofs
    assert [line for line in rewritten.splitlines() if line and not line.startswith("- ")] == [
        "# Title",
        "## Area",
        "### A-01 Something",
        "Words.",
        "### A-02 More",
        "Others.",
    ]
    assert with_proofs(rewritten, proofs) == rewritten
