from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_gen.kustomize import Kustomize
from gitops_gen.layout.paths import Folder
from gitops_gen.workflows import on_top
from gitops_gen.workflows.rendering import Verification
from tests.trees import a_tree, of_pod

if TYPE_CHECKING:
    from pathlib import Path

WHERE = ("a", Folder("data", "db"))
HOW = Verification(kustomize=Kustomize(("kustomize", "build"), "5.8.1"), jobs=1)


@pytest.mark.parametrize("text", ["a: b", "metadata: {name: one}", "{", "kind: A\napiVersion: v1\nmetadata: 7\n"])
def test_what_is_no_list_of_resources_is_told_as_a_failure(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def build_all(_kustomize: Kustomize, folders: dict[Path, object], *_: object) -> dict[Path, str]:
        return dict.fromkeys(folders, text)

    monkeypatch.setattr(on_top, "build_all", build_all)
    built = on_top.build_folders(a_tree({"a": [of_pod("db-0")]}), {}, [WHERE], HOW)
    assert built.rendered == {}
    assert built.failed[WHERE].startswith("what it makes is no list of resources: ")
