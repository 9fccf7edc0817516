"""A plan as Markdown; whole ones stand in tests/golden."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_gen.cli.options import MARKDOWN_LEAST, MARKDOWN_MOST
from gitops_gen.layout.ownership import Refusal
from gitops_gen.plan.guards import GuardFinding, Verdict
from gitops_gen.report.markdown import LEAST, MOST, Detail, PlanReport, plan_markdown
from tests.meshes import plan_of, pods

KEY = "data/db"
ONE = plan_of({"a": pods("a", KEY, range(2))}, {"a": pods("a", KEY, range(3)), "b": pods("b", KEY, range(1))})
NAMES = [f"cluster-{place:03}" for place in range(120)]
MANY = plan_of({}, {name: pods(name, f"data/db-{number % 70}", range(3)) for number, name in enumerate(NAMES)})


def finding(verdict: Verdict, message: str = "cluster a would be emptied") -> GuardFinding:
    return GuardFinding(guard="emptied-cluster", verdict=verdict, scope="a", number=4, limit=0, message=message)


def refusal(number: int = 0, diff: str = "-a\n+b") -> Refusal:
    return Refusal(path=f"overlays/b/{number}.yaml", unit="overlays/b", reason="somebody edited it", diff=diff)


def test_the_command_line_knows_the_limits_without_importing_them() -> None:
    assert (MARKDOWN_LEAST, MARKDOWN_MOST) == (LEAST, MOST)


def test_nothing_to_change() -> None:
    assert plan_markdown(PlanReport(plan=plan_of({}, {}))) == "### gitops-gen: nothing to change\n"


def test_every_change_with_every_resource() -> None:
    assert (
        plan_markdown(PlanReport(plan=ONE))
        == f"""\
### gitops-gen: 2 clusters, 1 workload: 2 pods added, 6 resources added; nothing removed

| cluster | pods | resources | added | changed | moved | removed | hosts lost |
|---|---:|---:|---:|---:|---:|---:|---:|
| `a` | 2 -> 3 | 6 -> 9 | 3 | 0 | 0 | 0 | 0 |
| `b` | 0 -> 1 | 0 -> 3 | 3 | 0 | 0 | 0 | 0 |

```text
new cluster b: 1 workload, 1 pod, 3 resources
data/db in a: 2 -> 3 pods (+db-2: Service, VirtualService, Gateway; +host a-db-2.example.com)
data/db in b: new, 1 pod (+db-0: Service, VirtualService, Gateway; +host b-db-0.example.com)
```

<details><summary>Every resource (6)</summary>

```diff
+ a: Service data/a-db-2
+ a: VirtualService data/a-db-2
+ a: Gateway data/a-db-2
+ b: Service data/b-db-0
+ b: VirtualService data/b-db-0
+ b: Gateway data/b-db-0
```

</details>

Plan `{ONE.digest}`
"""
    )


def test_a_line_for_each_workload() -> None:
    assert (
        plan_markdown(PlanReport(plan=ONE), detail=Detail.CONCISE)
        == f"""\
### gitops-gen: 2 clusters, 1 workload: 2 pods added, 6 resources added; nothing removed

| cluster | pods | resources | added | changed | moved | removed | hosts lost |
|---|---:|---:|---:|---:|---:|---:|---:|
| `a` | 2 -> 3 | 6 -> 9 | 3 | 0 | 0 | 0 | 0 |
| `b` | 0 -> 1 | 0 -> 3 | 3 | 0 | 0 | 0 | 0 |

```text
data/db in a: 2 -> 3 pods; resources: 3 added
data/db in b: new, 1 pod; resources: 3 added
```

Plan `{ONE.digest}`
"""
    )


def test_how_much() -> None:
    report = PlanReport(
        plan=ONE,
        findings=[finding(Verdict.NEEDS_APPROVAL), finding(Verdict.NEEDS_APPROVAL), finding(Verdict.WARNING)],
        refusals=[refusal()],
        stays="held: cluster c\n  more\nheld: cluster d",
        command="gitops-gen publish INVENTORY --change-request",
    )
    assert (
        plan_markdown(report, detail=Detail.COUNTS)
        == f"""\
### gitops-gen: 2 clusters, 1 workload: 2 pods added, 6 resources added; nothing removed

**Held back by a guard:** nothing is published until somebody approves this plan.

```text
emptied-cluster (needs approval): 2
emptied-cluster (warning): 1
```

If this is meant, publish this very plan:

```text
gitops-gen publish INVENTORY --change-request --approve {ONE.digest}
```

**Refused:** 1 file of somebody else or edited by hand; the rest goes on.

```text
refused: 1
```

**Stays as it is published:**

```text
held: 2
```

- 2 clusters of 2 will render otherwise
- resources: 6 added, 0 removed, 0 changed, 0 moved
- 0 hosts will no longer lead where they lead now

Plan `{ONE.digest}`
"""
    )


def test_objects_of_an_engine_alone_and_bytes_alone() -> None:
    change = replace(next(ONE.resources()), unit_before=None, unit_after="engines/flux/a/gitops-gen.yaml")
    engines = replace(ONE, clusters=(), engine_objects=(change,))
    assert "| cluster |" not in plan_markdown(PlanReport(plan=engines))
    assert "1 engine object changed" in plan_markdown(PlanReport(plan=engines), detail=Detail.CONCISE)
    assert "- 1 engine object changed" in plan_markdown(PlanReport(plan=engines), detail=Detail.COUNTS)
    assert plan_markdown(PlanReport(plan=replace(ONE, clusters=()))) == (
        f"### gitops-gen: no cluster renders anything else: 6 files rewritten\n\nPlan `{ONE.digest}`\n"
    )


@pytest.mark.parametrize(
    ("findings", "approved", "said"),
    [
        ([Verdict.WARNING], None, "**Warnings:**"),
        ([Verdict.WARNING, Verdict.REFUSED], None, "**Refused by a guard:** nothing approves this"),
        ([Verdict.NEEDS_APPROVAL], "sha256:other", "**Held back by a guard:**"),
        ([Verdict.NEEDS_APPROVAL], ONE.digest, "**Approved**, although guards would hold it back:"),
    ],
)
def test_guards(findings: list[Verdict], approved: str | None, said: str) -> None:
    report = PlanReport(plan=ONE, findings=[finding(one) for one in findings], approved=approved)
    text = plan_markdown(report)
    assert said in text
    assert ("--approve" in text) == said.startswith("**Held")
    assert "emptied-cluster (" in text


def test_refusals_lose_their_differences_first() -> None:
    report = PlanReport(plan=ONE, refusals=[refusal(number) for number in range(12)])
    assert plan_markdown(report).count("  | -a") == 12
    concise = plan_markdown(report, detail=Detail.CONCISE)
    assert "  | -a" not in concise
    assert concise.count("refused: overlays/b/") == 5
    assert "... and 14 more" in concise


def test_what_does_not_fit_is_said_in_less_detail() -> None:
    report = PlanReport(plan=MANY)
    full = len(plan_markdown(report, most=10**9).encode())
    concise = len(plan_markdown(report, detail=Detail.CONCISE).encode())
    said = "Shortened to fit in here"
    assert full > concise > LEAST
    assert said not in plan_markdown(report, most=full)
    for most in (full - 1, concise + len(said) + 80):
        text = plan_markdown(report, most=most)
        assert len(text.encode()) <= most
        assert said in text
        assert "more | | | | | | | |" in text
        assert "... and 10 more" in text
    counts = plan_markdown(report, most=LEAST)
    assert len(counts.encode()) <= LEAST
    assert said in counts
    assert "120 clusters of 120" in counts
    assert "data/db" not in counts


CANARIES = (
    "\n::error::canary",
    "::error::canary",
    "##[error]canary",
    "\x1b[31mcanary",
    "\n```\n@team",
    "~~~\n@team",
    "\n/close",
    "fixes #1",
    "<img src=x>",
    "a`@team`",
)


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("detail", list(Detail))
def test_nothing_in_it_is_read_as_anything_else(detail: Detail, canary: str) -> None:
    cluster = replace(ONE.clusters[0], name=f"{canary} c", hosts_lost=(canary,))
    plan = replace(ONE, clusters=(cluster, *ONE.clusters[1:]), unreadable=(canary,), untouched=(canary,))
    report = PlanReport(
        plan=plan,
        findings=[finding(Verdict.WARNING, canary)],
        refusals=[Refusal(path=canary, unit=canary, reason=canary, diff=f"-{canary}", change_instead=canary)],
        stays=f"{canary}\n  {canary}",
    )
    fence = ""
    for line in plan_markdown(report, detail=detail).splitlines():
        if line.startswith("```"):
            assert line in {"```text", "```diff", "```"}
            assert (line == "```") == bool(fence)
            fence = "" if fence else line
            continue
        assert line.isprintable()
        assert not line.lstrip().startswith(("::", "/", "~~~", "##["))
        assert not {"@team", "##[", "<img", "#1"} & {word for word in ("@team", "##[", "<img", "#1") if word in line}
        assert not fence or "`" not in line
    assert not fence
