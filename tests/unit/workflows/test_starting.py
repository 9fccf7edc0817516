"""The texts to begin with are an inventory without problems, whatever the CI systems."""

from __future__ import annotations

from gitops_gen.inventory.source import Source
from gitops_gen.workflows.reading import judge
from gitops_gen.workflows.starting import SYSTEMS, starter_files


def test_the_starter_inventory_has_no_problems() -> None:
    files = starter_files(())
    judged = judge(Source(path, content) for path, content in files.items() if path.startswith("inventory/"))
    assert judged.problems == ()
    assert judged.inventory is not None
    assert [workload.name for workload in judged.inventory.workloads] == ["prometheus"]


def test_no_schema_stands_where_it_would_be_read_as_inventory() -> None:
    assert [path for path in starter_files(SYSTEMS) if path.startswith("inventory/") and path.endswith(".json")] == []


def test_files_for_ci_are_those_that_are_asked_for() -> None:
    without = set(starter_files(()))
    assert {system: set(starter_files([system])) - without for system in SYSTEMS} == {
        "github": {".github/workflows/gitops-gen.yml"},
        "gitlab": {".gitlab-ci.yml"},
    }
