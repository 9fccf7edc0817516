"""The commit of many files, by gitops-gen's delivery or by `git fast-import` alone; prints the seconds that it took.

    python -m benchmarks.commit ours|plain FOLDER FILES

What comes before (Python's start, the files, an empty repository) is not counted: a publish has had that already.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

BODY = "".join(f"key-{number}: some value of a resource\n" for number in range(40))
"""About as long as the file of a pod."""


def files(count: int) -> dict[str, bytes]:
    """Make files of different content, ten to a folder."""
    return {
        f"overlays/cluster-a/team-{number // 1000:03d}/db-{number // 10:05d}/db-{number}.yaml": (
            f"name: db-{number}\n{BODY}".encode()
        )
        for number in range(count)
    }


def ours(folder: Path, tree: dict[str, bytes]) -> float:
    """Commit by delivery, with everything that it checks."""
    from gitops_gen.delivery.clone import open_clone
    from gitops_gen.delivery.commit import Identity, Signature
    from gitops_gen.delivery.url import parse_repository

    url = parse_repository(str(repository(folder)), relative_to="/")
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    with open_clone(url, "main", environment=environment, timeout_s=600, scratch=folder) as clone:
        begin = time.perf_counter()
        clone.write_commit(
            writes=tree, deletes=[], message="All", signature=Signature(identity=Identity("A", "a@example.com"), date=0)
        )
        return time.perf_counter() - begin


def plain(folder: Path, tree: dict[str, bytes]) -> float:
    """Commit by fast-import, with nothing checked."""
    made = repository(folder)
    begin = time.perf_counter()
    stream = [b"commit refs/heads/main\ncommitter A <a@example.com> 0 +0000\ndata 3\nAll\n"]
    for path, content in tree.items():
        stream += [b"M 100644 inline %s\ndata %d\n" % (path.encode(), len(content)), content, b"\n"]
    subprocess.run(["git", "-C", made, "fast-import", "--quiet"], input=b"".join(stream), check=True)
    return time.perf_counter() - begin


def repository(folder: Path) -> Path:
    """Make an empty repository."""
    made = folder / "gitops.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", made], check=True)
    return made


if __name__ == "__main__":
    how = {"ours": ours, "plain": plain}[sys.argv[1]]
    print(how(Path(sys.argv[2]), files(int(sys.argv[3]))))
