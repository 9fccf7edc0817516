from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_spec = importlib.util.spec_from_file_location("mutate", ROOT / "script" / "mutate.py")
assert _spec is not None
assert _spec.loader is not None
mutate = importlib.util.module_from_spec(_spec)
sys.modules["mutate"] = mutate
_spec.loader.exec_module(mutate)


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("x = a == b", {"x = a != b"}),
        ("x = a < b", {"x = a <= b"}),
        ("x = a in b", {"x = a not in b"}),
        ("x = a and b", {"x = a or b"}),
        ("x = not a", {"x = a"}),
        ("x = a + 1", {"x = a - 1", "x = a + 2"}),
        ("x = True", {"x = False"}),
        ("x = 'text'", {"x = ''"}),
        ("x = a if b else c", {"x = c if b else a"}),
        ("f(a)", {"pass"}),
        ("x = [a for a in b if a]", {"x = [a for a in b]"}),
        ("if a:\n    b = c", {"if True:\n    b = c", "if False:\n    b = c"}),
        ("def f():\n    return a", {"def f():\n    return None"}),
        ("def f():\n    raise E(a)", {"def f():\n    pass"}),
        ('"""What it is for."""', set()),
        ("from a import b", set()),
        ("x: 'A' = a", set()),
    ],
)
def test_each_rule_makes_its_mistakes(source: str, wrong: set[str]) -> None:
    assert {mistake.source for mistake in mutate.mistakes(source)} == wrong


@pytest.mark.parametrize("module", mutate.TESTS)
def test_every_mistake_is_python_and_every_test_is_there(module: str) -> None:
    made = list(mutate.mistakes((ROOT / f"{module.replace('.', '/')}.py").read_text()))[::5]
    assert len(made) > 3
    for mistake in made:
        ast.parse(mistake.source)
    for path in mutate.TESTS[module]:
        assert path.startswith("--") or (ROOT / path.partition("::")[0]).is_file()


def test_every_reason_is_of_a_mistake_that_is_made() -> None:
    made = {
        (module, mistake.what)
        for module in mutate.TESTS
        for mistake in mutate.mistakes((ROOT / f"{module.replace('.', '/')}.py").read_text())
    }
    assert not mutate.reasons().keys() - made


def test_the_page_says_of_each_survivor_why_it_may_stay() -> None:
    good = mutate.Judged("a.good", "1" * 40, 3, ())
    bad = mutate.Judged("a.bad", "2" * 40, 4, ("x -> y", "y -> z"))
    text = mutate.page([good, bad], {("a.bad", "x -> y"): "Nobody asks."})
    assert "| `a.good` | `111111111111` | 3 | 3 | 100.0 % |\n| `a.bad` | `222222222222` | 4 | 2 | 50.0 % |\n" in text
    assert "## good\n\n`script/mutate a.good`\n\nAll are noticed.\n" in text
    assert "- `x -> y`: Nobody asks.\n- `y -> z`: no reason is known; it asks for a test\n" in text
