"""The list of mutants can be replayed: each text is there just once, each named test exists."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from script.mutants import Mutant, misplaced, mutants

ROOT = Path(__file__).parents[3]
LISTED = mutants()


@pytest.mark.parametrize("mutant", LISTED, ids=lambda mutant: mutant.name)
def test_a_mutant_can_be_applied_and_is_python(mutant: Mutant) -> None:
    assert misplaced(mutant) == ""
    good = (ROOT / mutant.path).read_text()
    bad = good.replace(mutant.text, mutant.instead)
    assert ast.dump(ast.parse(bad)) != ast.dump(ast.parse(good))


def test_the_named_tests_exist() -> None:
    for test in sorted({test for mutant in LISTED for test in mutant.tests}):
        path, _, name = test.partition("::")
        # Without a name, it is the whole file.
        assert (f"\ndef {name}(" if name else "\ndef test_") in (ROOT / path).read_text(), test


def test_there_are_enough_and_no_two_are_one() -> None:
    assert len(LISTED) >= 35
    assert len({mutant.name for mutant in LISTED}) == len(LISTED)
    assert len({mutant[1:4] for mutant in LISTED}) == len(LISTED)


def test_a_text_that_is_not_there_just_once_is_told(tmp_path: Path) -> None:
    mutant = Mutant("a", "gitops_gen.odd", "one", "two", ())
    assert misplaced(mutant, tmp_path) == "there is no gitops_gen/odd.py"
    (tmp_path / "gitops_gen").mkdir()
    (tmp_path / "gitops_gen" / "odd.py").write_text("one = 1\nprint(one)\n")
    assert misplaced(mutant, tmp_path) == "its text is 2 times in gitops_gen/odd.py"
