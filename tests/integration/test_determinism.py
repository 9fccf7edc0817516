"""Same inventory, same bytes: whatever the machine, its settings, the Python version, or the order of the text.

The interpreters are the running one, each `python3.N` on PATH, and those that GITOPS_GEN_TEST_PYTHONS lists (joined
as in PATH); only those count that have the libraries.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gitops_gen.inventory.source import Source
from gitops_gen.workflows.desired import compile_tree
from gitops_gen.workflows.reading import judge, load_inventory
from tests.command import EXAMPLES, ROOT, bare_repository, files_of, git, start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.tree import Tree


def _interpreters() -> list[str]:
    named = [shutil.which(f"python3.{minor}") for minor in range(11, 20)]
    named += os.environ.get("GITOPS_GEN_TEST_PYTHONS", "").split(os.pathsep)
    found: dict[str, str] = {}
    for python in (sys.executable, *filter(None, named)):
        words = "import sys, click, git, pydantic, yaml; print(sys.version_info[:3] >= (3, 11), sys.prefix)"
        asked = subprocess.run([python, "-c", words], capture_output=True, check=False, encoding="utf-8")
        if asked.returncode == 0 and asked.stdout.startswith("True"):
            found.setdefault(asked.stdout, python)
    return list(found.values())


INTERPRETERS = _interpreters()


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> Path:
    return ROOT / "examples" / str(request.param)


@pytest.fixture(scope="module")
def wanted(example: Path) -> Tree:
    """Return the tree as this process compiles it."""
    return compiled(sources_of(example))


def sources_of(folder: Path) -> list[Source]:
    return [Source(path.name, path.read_bytes()) for path in sorted(folder.glob("*.yaml"))]


def compiled(sources: list[Source]) -> Tree:
    judged = judge(sources)
    assert judged.inventory is not None, judged.problems
    return compile_tree(judged.inventory)


SETTINGS = {
    "hash seed 0": {"PYTHONHASHSEED": "0"},
    "hash seed 1": {"PYTHONHASHSEED": "1"},
    "hash seed 4711": {"PYTHONHASHSEED": "4711"},
    "zone east": {"TZ": "Pacific/Kiritimati"},
    "zone west": {"TZ": "Etc/GMT+12", "PYTHONHASHSEED": "7"},
    "locale C": {"LC_ALL": "C", "LANG": "C"},
    "locale without UTF-8": {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "locale with other letters": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "optimised": {"PYTHONOPTIMIZE": "2"},
    "another width": {"COLUMNS": "20", "TERM": "dumb"},
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_settings_of_a_machine_do_not_count(setting: str, example: Path, wanted: Tree, tmp_path: Path) -> None:
    ended = start("generate", example, "--output", tmp_path / "tree", env=SETTINGS[setting])
    assert ended.code == 0, ended.err
    assert files_of(tmp_path / "tree") == wanted


@pytest.mark.parametrize("python", INTERPRETERS)
def test_the_python_version_does_not_count(python: str, example: Path, wanted: Tree, tmp_path: Path) -> None:
    ended = start("generate", example, "--output", tmp_path / "tree", python=python, env={"PYTHONHASHSEED": "3"})
    assert ended.code == 0, ended.err
    assert files_of(tmp_path / "tree") == wanted


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_the_umask_counts_in_no_commit(mask: int, tmp_path: Path) -> None:
    bare = bare_repository(tmp_path / "mesh.git")
    before = os.umask(mask)
    try:
        assert start("publish", "examples/thanos", "--repository", bare).code == 0
    finally:
        os.umask(before)
    entries = git(bare, "ls-tree", "-r", "main").splitlines()
    assert entries
    assert {entry.split()[0] for entry in entries} == {"100644"}


def test_the_working_folder_and_the_way_an_inventory_is_named_do_not_count(
    example: Path, wanted: Tree, tmp_path: Path
) -> None:
    relative = os.path.relpath(example, tmp_path)
    for place, (folder, inventory) in enumerate(
        [(tmp_path, relative), (example, "."), (ROOT, f"{example}/"), (Path("/"), str(example))]
    ):
        output = tmp_path / str(place)
        assert start("generate", inventory, "--output", output, cwd=folder).code == 0
        assert files_of(output) == wanted


def test_all_of_it_on_standard_input_is_the_same(example: Path, wanted: Tree, tmp_path: Path) -> None:
    text = b"---\n".join(path.read_bytes() for path in sorted(example.glob("*.yaml")))
    assert start("generate", "-", "--output", tmp_path / "tree", stdin=text).code == 0
    assert files_of(tmp_path / "tree") == wanted


def test_the_same_inventory_at_the_same_time_makes_the_same_commit(tmp_path: Path) -> None:
    commits = set()
    for place, setting in enumerate(({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu"})):
        bare = bare_repository(tmp_path / f"{place}.git")
        ended = start(
            "publish", "examples/mixed", "--repository", bare, env={"SOURCE_DATE_EPOCH": "1580608922", **setting}
        )
        assert ended.code == 0, ended.err
        commits.add(git(bare, "rev-parse", "main"))
    assert len(commits) == 1


# --- the order of the text -------------------------------------------------------------------------------------------


def documents_of(sources: list[Source]) -> list[Any]:
    return [document for source in sources for document in yaml.safe_load_all(source.content)]


def shuffled(value: Any, chance: random.Random) -> Any:
    """Return the same value with the keys of every mapping in another order; lists keep theirs."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(one, chance) for one in value] if isinstance(value, list) else value


def written(document: Mapping[str, Any], chance: random.Random) -> bytes:
    """Write a document in one of the ways in which people do."""
    return chance.choice(
        [
            json.dumps(document).encode() + b"\n",
            json.dumps(document, indent=4).encode() + b"\n",
            yaml.safe_dump(document, sort_keys=False).encode(),
            yaml.safe_dump(document, sort_keys=False, default_flow_style=True, width=40).encode(),
            yaml.safe_dump(document, sort_keys=False, indent=6).replace("\n", "\r\n").encode(),
        ]
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_order_of_files_documents_and_keys_does_not_count(seed: int, example: Path, wanted: Tree) -> None:
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    documents = documents_of(sources_of(example))
    chance.shuffle(documents)
    files: dict[str, list[bytes]] = {}
    for document in documents:
        name = f"{chance.choice('zmakqx')}{chance.randrange(3)}.yaml"
        files.setdefault(name, []).append(written(shuffled(document, chance), chance))
    sources = [Source(name, b"---\n".join(texts)) for name, texts in files.items()]
    chance.shuffle(sources)
    assert compiled(sources) == wanted


def test_an_inventory_in_folders_is_the_same(example: Path, wanted: Tree, tmp_path: Path) -> None:
    for place, document in enumerate(reversed(documents_of(sources_of(example)))):
        folder = tmp_path / f"team-{place % 3}" / "deep"
        folder.mkdir(parents=True, exist_ok=True)
        suffix = ("json", "yml", "yaml")[place % 3]
        (folder / f"{place}.{suffix}").write_text(json.dumps(document))
    judged = load_inventory(str(tmp_path))
    assert judged.inventory is not None
    assert compile_tree(judged.inventory) == wanted
