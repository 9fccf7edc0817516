"""Direct mode, killed at each event of its system calls: `python -m tests.killed FOLDER` prints how many there were."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from gitops_gen.delivery import worktree
from tests.command import files_of

BEFORE = {
    "base/data/db/kustomization.yaml": b"resources: [service.yaml]\n",
    "base/data/db/service.yaml": b"old\n" * 50,
    "overlays/east/kustomization.yaml": b"resources: [data]\n",
    "overlays/east/data/kustomization.yaml": b"resources: [db]\n",
    "overlays/east/data/db/kustomization.yaml": b"resources: [pod-0.yaml, pod-1.yaml]\n",
    "overlays/east/data/db/pod-0.yaml": b"old 0\n" * 50,
    "overlays/east/data/db/pod-1.yaml": b"old 1\n" * 50,
    "overlays/west/gone/kustomization.yaml": b"resources: []\n",
}
AFTER = {
    **{path: content.replace(b"old", b"new") for path, content in BEFORE.items() if "west" not in path},
    "overlays/east/data/db/kustomization.yaml": b"resources: [pod-0.yaml, pod-2.yaml]\n",
    "overlays/east/data/db/pod-2.yaml": b"new 2\n" * 50,
}
del AFTER["overlays/east/data/db/pod-1.yaml"]


def write(folder: Path, kill_at: int = 0) -> bool:
    """Replace the tree in a process that kills itself at an event of its system calls; tell whether it lived."""
    child = os.fork()
    if not child:
        count = 0

        def seen(event: str, _: object) -> None:
            nonlocal count
            if event.startswith(("os.", "open", "shutil.")):
                count += 1
                if count == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(seen)
            worktree.replace(
                folder,
                {path: AFTER[path] for path in AFTER if AFTER[path] != BEFORE.get(path)},
                set(BEFORE) - set(AFTER),
            )
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def main(top: Path) -> int:
    """Kill at each event, look at what is left, and let another run end it; return at how many."""
    for kill_at in range(1, 500):
        folder = top / str(kill_at)
        worktree.replace(folder, BEFORE, [])
        lived = write(folder, kill_at)
        found = {path: content for path, content in files_of(folder).items() if not path.endswith(".tmp")}
        for path, content in found.items():
            assert content in {BEFORE.get(path), AFTER.get(path)}, path
        # What a kustomization lists is there: files before those that name them, and deletions last.
        for name in found["overlays/east/data/db/kustomization.yaml"].decode()[12:-2].split(", "):
            assert f"overlays/east/data/db/{name}" in found
        assert (found == AFTER) >= lived
        assert set(worktree.entries(folder)) == set(found)
        assert write(folder)
        assert files_of(folder) == AFTER
        assert not (folder / "overlays/west").exists()
        if lived:
            return kill_at - 1
    raise AssertionError("it does not come to an end")


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]))}\n")
