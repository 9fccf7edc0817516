from __future__ import annotations

import json
import textwrap

import pytest

from gitops_gen.problems import Location, Problem, Severity
from gitops_gen.report.problems import problems_github, problems_json, problems_summary, problems_text

REPLICAS = Problem(
    rule="GGI117",
    message='`replicas` must be a whole number, got "three"',
    location=Location("inventory.yaml", 2, 13, 5),
    subject="Workload streaming/kafka",
    help="write a whole number, for example `replicas: 3`",
)
TWICE = Problem(
    rule="GGI202",
    message="there are two of them",
    location=Location("a/b.yaml", 1, 1),
    severity=Severity.WARNING,
    related=(("the first stands here", Location("a/c.yaml", 12, 3)),),
)
TEXTS = {"inventory.yaml": "spec:\n  replicas: three  # x\n", "a/b.yaml": "kind: Mesh\n"}


def test_problems_for_people() -> None:
    assert problems_text([REPLICAS, TWICE], TEXTS) == textwrap.dedent("""\
        inventory.yaml:2:13: error: `replicas` must be a whole number, got "three" [GGI117]
            2 |   replicas: three  # x
              |             ^^^^^
           in Workload streaming/kafka
           help: write a whole number, for example `replicas: 3`
        a/b.yaml:1:1: warning: there are two of them [GGI202]
            1 | kind: Mesh
              | ^
           = a/c.yaml:12:3: the first stands here""")


def test_no_problems_are_no_text() -> None:
    assert problems_text([], {}) == ""
    assert problems_github([]) == ""
    assert problems_summary([]) == "no problems"
    assert json.loads(problems_json([])) == {"problems": [], "summary": {"errors": 0, "warnings": 0, "files": 0}}


@pytest.mark.parametrize(
    ("problems", "summary"),
    [
        ([REPLICAS], "1 error in 1 file"),
        ([TWICE], "1 warning in 1 file"),
        ([REPLICAS, REPLICAS, REPLICAS, TWICE], "3 errors, 1 warning in 2 files"),
        ([TWICE, TWICE], "2 warnings in 1 file"),
    ],
)
def test_the_summary_counts(problems: list[Problem], summary: str) -> None:
    assert problems_summary(iter(problems)) == summary


def shown(line: str, column: int, length: int = 1) -> list[str]:
    problem = Problem(rule="R", message="m", location=Location("f", 1, column, length))
    return problems_text([problem], {"f": line}).split("\n")[1:]


@pytest.mark.parametrize(
    ("line", "column", "length", "source", "caret"),
    [
        ("\ta: b", 5, 1, "     1 |  a: b", "       |     ^"),
        ("a: 日本語", 5, 2, "     1 | a: 日本語", "       |      ^^^^"),
        ("e\u0301: x", 5, 1, "     1 | e\u0301: x", "       |    ^"),
        ("a: \x1b[31mb", 4, 2, "     1 | a: \\x1b[31mb", "       |    ^^^^^"),
        ("a: \u202eb", 5, 1, "     1 | a: \\u202eb", "       |          ^"),
        ("a: b\r", 4, 1, "     1 | a: b", "       |    ^"),
        ("a:", 9, 3, "     1 | a:", "       |   ^"),
    ],
)  # fmt: skip
def test_the_caret_stands_below_the_place(line: str, column: int, length: int, source: str, caret: str) -> None:
    assert shown(line, column, length) == [source[1:], caret[1:]]


def test_of_a_long_line_the_part_around_the_place_is_shown() -> None:
    source, caret = shown("a" * 5000 + "X" * 5 + "b" * 5_000_000, 5001, 5)
    assert len(source) < 180
    assert source[caret.index("^")] == "X"
    assert caret.count("^") == 5
    assert source.startswith("    1 | …a")
    assert source.endswith("b…")
    source, caret = shown("a" * 500, 1, 500)
    assert caret.count("^") == 160


@pytest.mark.parametrize(("texts", "line"), [({}, 1), ({"f": ""}, 1), ({"f": "a"}, 7), ({"f": "\n \n"}, 2)])
def test_a_line_that_is_not_there_or_empty_is_not_shown(texts: dict[str, str], line: int) -> None:
    assert problems_text([Problem(rule="R", message="m", location=Location("f", line, 1))], texts) == (
        f"f:{line}:1: error: m [R]"
    )


def test_the_text_for_programs_is_the_documented_one() -> None:
    assert json.loads(problems_json([REPLICAS, TWICE])) == {
        "problems": [
            {
                "rule": "GGI117",
                "severity": "error",
                "message": '`replicas` must be a whole number, got "three"',
                "file": "inventory.yaml",
                "line": 2,
                "column": 13,
                "length": 5,
                "subject": "Workload streaming/kafka",
                "help": "write a whole number, for example `replicas: 3`",
                "related": [],
            },
            {
                "rule": "GGI202",
                "severity": "warning",
                "message": "there are two of them",
                "file": "a/b.yaml",
                "line": 1,
                "column": 1,
                "length": 1,
                "subject": "",
                "help": "",
                "related": [
                    {"message": "the first stands here", "file": "a/c.yaml", "line": 12, "column": 3, "length": 1}
                ],
            },
        ],
        "summary": {"errors": 1, "warnings": 1, "files": 2},
    }


def test_annotations_for_github() -> None:
    assert problems_github([REPLICAS, TWICE]).split("\n") == [
        (
            "::error file=inventory.yaml,line=2,col=13,endColumn=18,title=GGI117::"
            '`replicas` must be a whole number, got "three"%0Ain Workload streaming/kafka'
            "%0Ahelp: write a whole number, for example `replicas: 3`"
        ),
        (
            "::warning file=a/b.yaml,line=1,col=1,endColumn=2,title=GGI202::"
            "there are two of them%0Athe first stands here: a/c.yaml:12:3"
        ),
    ]


CANARIES = [
    "x\n::error::pwned",
    "x\r\n::add-mask::a",
    "::stop-commands::tok",
    "x\x1b]0;title\x07",
    "\x1b[2J",
    "50%0A::warning::",
    "a,b:c%2C",
    "##[add-path]/tmp",
    "##vso[task.setvariable]x",
    "\u202eevil",
    "\u2028::error::x",
    "x\x85::error::x",
    "\x00",
]


@pytest.mark.parametrize("canary", CANARIES)
def test_nothing_in_an_inventory_gets_out_of_its_line(canary: str) -> None:
    problem = Problem(
        rule="GGI103",
        message=f"unknown key `{canary}`",
        location=Location(f"{canary}.yaml", 1, 2, 3),
        subject=f"Workload {canary}",
        help=f"did you mean `{canary}`?",
        related=((f"first {canary}", Location(canary, 1, 1)),),
    )
    texts = {f"{canary}.yaml": canary}
    plain = [problem.rule, "x" * 9]
    innocent = Problem(
        rule=plain[0],
        message="m",
        location=Location("f", 1, 2, 3),
        subject="s",
        help="h",
        related=(("r", Location("g", 1, 1)),),
    )
    github, text = problems_github([problem]), problems_text([problem], texts)
    assert github.count("\n") == 0
    assert github.startswith("::error file=")
    assert github.count("::error ") == 1
    # As many properties as without the canary, whatever it holds.
    assert github.partition("::")[2].partition("::")[0].count(",") == 4
    lines = text.split("\n")
    assert len(lines) in {
        len(problems_text([innocent], {"f": "x"}).split("\n")),
        len(problems_text([innocent], {}).split("\n")),
    }
    for line in (*lines, github):
        assert line.isprintable()
        assert "##[" not in line
        assert "##vso[" not in line
    assert not any(line.lstrip().startswith("::") for line in lines)
    assert problems_json([problem]).isascii()
    assert json.loads(problems_json([problem]))["problems"][0]["subject"] == f"Workload {canary}"


def test_github_text_is_what_was_said_once_github_has_decoded_it() -> None:
    problem = Problem(rule="R", message="100% of `a,b:c`", location=Location("dir,x:1/50%.yaml", 1, 1))
    command = problems_github([problem])
    _, properties, message = command.split("::", 2)
    named = dict(pair.split("=", 1) for pair in properties.partition(" ")[2].split(","))
    assert named["file"].replace("%2C", ",").replace("%3A", ":").replace("%25", "%") == "dir,x:1/50%.yaml"
    assert named["file"] == "dir%2Cx%3A1/50%25.yaml"
    assert message == "100%25 of `a,b:c`"
