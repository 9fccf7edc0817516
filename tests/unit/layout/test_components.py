from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitops_gen.layout.components import Reached, kustomization_in, place_in, reach
from gitops_gen.manifest import ResourceId
from gitops_gen.problems import Location
from gitops_gen.rules import RULES
from gitops_gen.tree import Entry
from tests.trees import entries_of

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "rules"
COMPONENT = b"apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"


def reached(files: dict[str, bytes], **other: str) -> Reached:
    """Look for the component `team`; `other` are modes of what else stands in it by name."""

    def read(paths: Sequence[str]) -> dict[str, bytes]:
        return {path: files[path] for path in paths}

    links = {f"components/team/{name}": Entry(mode, "1") for name, mode in other.items()}
    return reach("team", {**entries_of(files), **links}, read)


def test_a_component_is_all_that_stands_in_its_folder() -> None:
    files = {
        "components/team/kustomization.yaml": COMPONENT,
        "components/team/patches/one.yaml": b"{}",
        "components/teams/kustomization.yaml": COMPONENT,
    }
    assert reached(files) == Reached({path: files[path] for path in list(files)[:2]}, None)


@pytest.mark.parametrize("name", ["kustomization.yml", "Kustomization"])
def test_its_kustomization_may_have_each_of_its_names(name: str) -> None:
    path = f"components/team/{name}"
    assert reached({path: COMPONENT}).fault is None
    assert kustomization_in([path], "team") == path
    assert kustomization_in([], "team") == "components/team/kustomization.yaml"


def test_what_it_leads_to_comes_along_once() -> None:
    files = {
        "components/team/kustomization.yaml": COMPONENT + b"components: [../a, inner]\nresources: [one.yaml]\n",
        "components/team/one.yaml": b"{}",
        "components/team/inner/kustomization.yaml": COMPONENT + b"transformers:\n- |\n  kind: Any\n- 7\n",
        "components/a/kustomization.yaml": COMPONENT + b"bases: ../team\ncomponents: [../b/deep]\n",
        "components/b/deep/kustomization.yaml": COMPONENT + b"resources: [../../team]\n",
        "components/c/kustomization.yaml": COMPONENT,
    }
    found = reached(files)
    assert found.fault is None
    assert sorted(found.files) == sorted(path for path in files if not path.startswith("components/c/"))


@pytest.mark.parametrize(
    ("files", "rule", "said"),
    [
        ({}, "GGI061", "there is no components/team"),
        ({"components/team": b""}, "GGI061", "there is no components/team"),
        ({"components/team/notes.md": b""}, "GGI061", "components/team has no kustomization.yaml"),
        (
            {"components/team/kustomization.yaml": b"kind: Kustomization\n"},
            "GGI061",
            "components/team/kustomization.yaml does not say that it is a component",
        ),
        (
            {"components/team/kustomization.yaml": b"kind: [\n"},
            "GGI061",
            "components/team/kustomization.yaml does not say that it is a component",
        ),
        (
            {"components/team/kustomization.yaml": COMPONENT + b"resources: [../../base/data/db]\n"},
            "GGI062",
            "components/team/kustomization.yaml leads to base/data/db, out of components/",
        ),
        (
            {"components/team/kustomization.yaml": COMPONENT + b"components: [..]\n"},
            "GGI062",
            "components/team/kustomization.yaml leads to components, out of components/",
        ),
    ],
)
def test_what_is_no_component_says_why(files: dict[str, bytes], rule: str, said: str) -> None:
    fault = reached(files).fault
    assert fault is not None
    assert (fault.rule, fault.message) == (rule, said)
    assert fault.help


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_links_are_not_followed(mode: str) -> None:
    fault = reached({"components/team/kustomization.yaml": COMPONENT}, more=mode).fault
    assert fault is not None
    assert fault.rule == "GGI062"
    assert fault.message == "components/team/more is a link or a submodule, and nobody knows what is behind it"


def test_a_resource_is_found_where_it_or_its_patch_is_written() -> None:
    files = {
        "components/team/kustomization.yaml": b"kind: Gateway\nmetadata: {name: one}\n",
        "components/team/odd.yaml": b"[1, 2]\n---\nkind: Gateway\n---\nkind: Gateway\nmetadata: one\n",
        "components/team/broken.yaml": b"{",
        "components/team/patch.yaml": b"kind: Service\nmetadata: {name: one}\n---\n"
        b"kind: Gateway\nmetadata: {name: one}\n",
    }
    wanted = ResourceId("networking.istio.io", "Gateway", "data", "one")
    assert place_in(files, wanted) == Location("components/team/patch.yaml", 4, 1)
    assert place_in(files, wanted._replace(name="two")) is None


def files_of(rule: str, heading: str) -> dict[str, bytes]:
    """Return the files of components that a rule's page shows; what comes first is the inventory."""
    page = (PAGES / f"{rule}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {rule}: {RULES[rule].name}\n\n{RULES[rule].holds}\n\n")
    (text,) = re.findall(rf"^## {heading}\n\n```yaml\n# inventory\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    _, *files = re.split(r"^---\n# (?=components/)", text, flags=re.MULTILINE)
    return {path: body.encode() for path, _, body in (file.partition("\n") for file in files)}


@pytest.mark.parametrize("rule", ["GGI061", "GGI062"])
def test_a_rules_page_shows_what_fails_and_what_passes(rule: str) -> None:
    fault = reached(files_of(rule, "Fails")).fault
    assert fault is not None
    assert fault.rule == rule
    passes = reached(files_of(rule, "Passes"))
    assert passes.fault is None
    assert passes.files == files_of(rule, "Passes")
