"""What several scenarios need: what people do by hand, and what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.command import git
from tests.engines.clusters import HUB
from tests.engines.oracle import Name, by_kind
from tests.engines.stand import KUBECTL, SIZES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.engines.stand import Sizes, Stand

Identities = dict[str, dict[Name, str]]

POD_KINDS = {"Gateway": 1, "ServiceEntry": 1, "VirtualService": 1}
"""What a pod has of its own."""


def changed(key: str, **pods: int) -> Sizes:
    """Return the sizes that scenarios begin with, with one workload in others."""
    sizes = {name: dict(placed) for name, placed in SIZES.items()}
    sizes[key] |= pods
    return sizes


def gone_and_new(before: Identities, after: Identities, cluster: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return what went and what came in a cluster, by kind; one that was made anew is both."""
    old, new = set(before[cluster].items()), set(after[cluster].items())
    return by_kind(name for name, _ in old - new), by_kind(name for name, _ in new - old)


def times(count: int) -> dict[str, int]:
    return {kind: number * count for kind, number in POD_KINDS.items()}


def revert(stand: Stand) -> None:
    """Take the newest commit back, as a person does."""
    with _clone(stand) as person:
        git(person, "revert", "--no-edit", "HEAD")


def commit(stand: Stand, files: Mapping[str, str]) -> None:
    """Write files and commit them, as a person does."""
    with _clone(stand) as person:
        for path, text in files.items():
            (person / path).write_text(text)
        git(person, "add", *files)
        git(person, "commit", "--quiet", "-m", "By hand")


@contextmanager
def _clone(stand: Stand) -> Iterator[Path]:
    """Clone the repository for a person, and push what is committed there."""
    with tempfile.TemporaryDirectory(prefix="person-", dir=stand.inventory.parent) as made:
        person = Path(made) / "clone"
        git(stand.repository, "clone", "--quiet", str(stand.repository), str(person))
        yield person
        git(person, "push", "--quiet", "origin", "HEAD:main")


def do_by_hand(stand: Stand, value: Mapping[str, Any]) -> None:
    """Run the commands that `move` and `retire` print, in the cluster that they name."""
    for one in value["commands"]:
        program, *words = one["command"].split()
        assert program == "kubectl"
        more = ["--ignore-not-found"] if one["note"] == "if it is still there" else []
        kubectl(stand, one["cluster"] or HUB, *words, *more)


def kubectl(stand: Stand, cluster: str, *words: str) -> str:
    """Run kubectl in a cluster and return what it prints."""
    ended = subprocess.run(
        [KUBECTL, f"--context={cluster}", *words],
        env={**os.environ, "KUBECONFIG": str(stand.running.kubeconfig)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, f"kubectl {' '.join(words)}: {ended.stderr}"
    return ended.stdout


def json_value(text: str) -> Any:
    """Return the JSON object in what a command printed."""
    return json.loads(text)
