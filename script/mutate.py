"""Makes small mistakes in modules, one at a time, and counts those that the tests of each notice.

Beside the listed mistakes of `script/mutants`, which each have to be noticed, these are made by rule: conditions turned
round, comparisons shifted, statements left out, values changed. Nothing is written: a process that has the libraries
loaded forks for each mistake, puts the changed module in the place of the good one, and runs its tests.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.machinery
import json
import os
import signal
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import types
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent
GOAL = 90
TIMEOUT_S = 120
"""Seconds after which a mistake that makes the tests hang counts as noticed."""

KEPT = ROOT / "build" / "mutate"
"""Where what was found of each module is kept, for the table."""

PAGE = ROOT / "docs" / "reference" / "mutants.md"
REASONS = ROOT / "tests" / "mutate.toml"
"""Why mistakes that no test notices may stay so."""

QUIET = ("-W", "ignore:Module already imported")
"""What pytest says of plugins that were loaded before it."""

TESTS = {
    "gitops_gen.layout.seal": ("tests/unit/layout/test_seal.py", "tests/unit/layout/test_ownership.py"),
    "gitops_gen.plan.guards": (
        "tests/unit/plan/test_guards.py",
        "tests/property/test_plans.py::test_guards_decide_as_an_oracle_does",
    ),
    "gitops_gen.delivery.holds": ("tests/unit/delivery/test_holds.py", "tests/unit/delivery/test_published.py"),
    "gitops_gen.layout.mixture": ("tests/unit/layout/test_mixture.py",),
    "gitops_gen.layout.freeze": ("tests/unit/layout/test_ownership.py",),
    "gitops_gen.delivery.fence": ("tests/unit/delivery/test_fence.py",),
    "gitops_gen.delivery.commit": (
        "tests/unit/delivery/test_commit.py",
        "tests/integration/delivery/test_commit.py",
        "--deselect=tests/integration/delivery/test_commit.py::test_20000_files_make_the_tree_that_git_itself_would_make",
    ),
}
"""Module -> the tests that have to notice: those that stand beside it, not all that pass by."""

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
SUMS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


class Mistake(NamedTuple):
    """A changed module, and what is wrong in it."""

    line: int
    what: str
    source: str


def mistakes(source: str) -> Iterator[Mistake]:
    """Yield every mistake that there is a rule for."""
    tree = ast.parse(source)
    passed_over = _texts_for_people(tree)
    for node in [*ast.walk(tree)]:
        if id(node) in passed_over:
            continue
        for wrong in _wrong(node):
            what = f"{_shown(node)} -> {_shown(wrong)}"
            _put(tree, node, wrong)
            text = ast.unparse(ast.fix_missing_locations(tree))
            _put(tree, wrong, node)
            yield Mistake(getattr(node, "lineno", 0), what, text)


def _shown(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:70]


def _texts_for_people(tree: ast.Module) -> set[int]:
    """Return what is no behaviour: docstrings, annotations, imports for types, and the words of messages."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found |= {id(node), id(node.value)}
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            parts = [node]
        elif isinstance(node, ast.AnnAssign | ast.arg):
            parts = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            parts = [node.returns, *node.decorator_list]
        elif isinstance(node, ast.ClassDef):
            parts = list(node.decorator_list)
        elif isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr):
            parts = [node]
        elif isinstance(node, ast.keyword) and node.arg in {"help", "details"}:
            parts = [node.value]
        found |= {id(inner) for part in parts if part is not None for inner in ast.walk(part)}
    return found


def _wrong(node: ast.AST) -> Iterator[ast.AST]:  # noqa: C901, PLR0912 - one rule after the other
    """Yield what a node may be turned into."""
    match node:
        case ast.Compare(ops=[op], left=left, comparators=right) if type(op) in TURNED:
            yield ast.Compare(left, [TURNED[type(op)]()], right)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(left=left, op=op, right=right) if type(op) in SUMS:
            yield ast.BinOp(left, SUMS[type(op)](), right)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str() as value) if value and " " not in value:  # others are words for people
            yield ast.Constant("")
        case ast.IfExp(test=test, body=body, orelse=other):
            yield ast.IfExp(test, other, body)
        case ast.If(test=test, body=body, orelse=other):
            yield ast.If(ast.Constant(value=True), body, other)
            yield ast.If(ast.Constant(value=False), body, other)
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield ast.Return(ast.Constant(None))
        case ast.Raise() | ast.Continue() | ast.Break() | ast.AugAssign() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.comprehension(target=target, iter=iterated, ifs=[_, *rest], is_async=is_async):
            yield ast.comprehension(target, iterated, rest, is_async)
        case _:
            pass


def _put(tree: ast.AST, target: ast.AST, wrong: ast.AST) -> None:
    """Put a node in the place of another."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is target:
                setattr(parent, name, wrong)
                return
            if isinstance(value, list) and any(one is target for one in value):
                value[[one is target for one in value].index(True)] = wrong
                return


class Changed(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds the changed module under the name of the good one."""

    def __init__(self, module: str, source: str) -> None:
        """Remember both."""
        self.module = module
        self.source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find that one module."""
        del path, target
        found = importlib.machinery.ModuleSpec(fullname, self, origin=self.module)
        return found if fullname == self.module else None

    def get_source(self, fullname: str) -> str:
        """Return its source."""
        del fullname
        return self.source


def noticed(module: str, source: str) -> bool:
    """Run the tests of a module on a changed source, in a fork; tell whether one of them fails."""
    child = os.fork()
    if not child:
        os.setsid()
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        code = 1
        try:
            import pytest

            sys.meta_path.insert(0, Changed(module, source))
            code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *QUIET, *TESTS[module]]))
        finally:
            os._exit(code)
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


HEAD = """\
# Mistakes that the tests notice

`script/mutate` makes small mistakes by rule in the modules that decide what is written, replaced and deleted, one at a
time, and runs the tests that stand beside each. `script/mutate --table` wrote this page from its results. At least
{goal} % are to be noticed; the rest stands below, each with the reason why it may stay. The mistakes that have to be
noticed without exception are listed in `tests/mutants.toml`, and replayed by `script/mutants`.

| module | code | mistakes | noticed | share |
|---|---|---|---|---|
"""

UNKNOWN = "no reason is known; it asks for a test"


class Judged(NamedTuple):
    """What came of a module: the blob id of its code, how many mistakes were made, and those that nobody noticed."""

    module: str
    code: str
    made: int
    survived: tuple[str, ...]

    @property
    def share(self) -> float:
        """How many of a hundred were noticed."""
        return 100 * (self.made - len(self.survived)) / max(self.made, 1)


def reasons() -> dict[tuple[str, str], str]:
    """Return why a mistake of a module may stay unnoticed."""
    listed = tomllib.loads(REASONS.read_text(encoding="utf-8"))["survivor"]
    return {(one["module"], one["mistake"]): one["why"] for one in listed}


def page(results: Sequence[Judged], why: Mapping[tuple[str, str], str]) -> str:
    """Return the page of figures."""
    rows = [
        f"| `{one.module}` | `{one.code[:12]}` | {one.made} | {one.made - len(one.survived)} | {one.share:.1f} % |\n"
        for one in results
    ]
    sections = []
    for one in results:
        lines = [f"- `{what}`: {why.get((one.module, what), UNKNOWN)}\n" for what in one.survived]
        headline = f"\n## {one.module.rpartition('.')[2]}\n\n`script/mutate {one.module}`\n\n"
        sections.append(headline + "".join(lines or ["All are noticed.\n"]))
    return HEAD.format(goal=GOAL) + "".join(rows) + "".join(sections)


def kept() -> list[Judged]:
    """Return what was found last of each module."""
    files = [KEPT / f"{module}.json" for module in TESTS]
    found = [json.loads(file.read_text()) for file in files if file.exists()]
    return [Judged(**{**one, "survived": tuple(one["survived"])}) for one in found]


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge modules; 1 when fewer mistakes than the goal are noticed in one of them."""
    parser = argparse.ArgumentParser(prog="script/mutate", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(TESTS)}; none: all")
    parser.add_argument("--share", type=int, default=1, metavar="N", help="one of N mistakes")
    parser.add_argument("--table", action="store_true", help="write the page of figures from what was found last")
    given = parser.parse_args(arguments)
    if given.table:
        PAGE.write_text(page(kept(), reasons()))
        return 0
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    import git
    import hypothesis.stateful
    import pydantic
    import pytest
    import yaml

    from gitops_gen.tree import blob_id

    del git, hypothesis, pydantic, pytest, yaml  # loaded, so that no fork has to
    low = False
    for module in given.modules or TESTS:
        good = (ROOT / f"{module.replace('.', '/')}.py").read_text()
        if noticed(module, ast.unparse(ast.parse(good))):
            print(f"{module}: its tests do not pass as it is")
            return 1
        made = list(mistakes(good))[:: given.share]
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            found = list(pool.map(lambda one, module=module: noticed(module, one.source), made))
        for mistake, seen in zip(made, found, strict=True):
            if not seen:
                print(f"survived {module}:{mistake.line}: {mistake.what}")
        survived = tuple(mistake.what for mistake, seen in zip(made, found, strict=True) if not seen)
        judged = Judged(module, blob_id(good.encode()), len(made), survived)
        share = f"{judged.share:.1f} % (at least {GOAL} %)"
        print(f"{module}: {judged.made - len(survived)} of {judged.made} mistakes noticed, {share}", flush=True)
        if given.share == 1:
            KEPT.mkdir(parents=True, exist_ok=True)
            (KEPT / f"{module}.json").write_text(json.dumps(judged._asdict()))
        low = low or judged.share < GOAL
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
