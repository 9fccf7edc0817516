"""What is known of each cluster's published state: its record on the branch, and whether the branch went back.

A serial only grows by our hand. Where a record with a lower one stands, or none although there was one, somebody took
commits back: by `git revert`, a forge's button, or by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.delivery.history import parent_of, record_history
from gitops_gen.delivery.published import FOLDER, Published, load_published, published_path
from gitops_gen.errors import RefusedError
from gitops_gen.layout.seal import read_seal
from gitops_gen.tree import FILES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitops_gen.delivery.clone import Clone
    from gitops_gen.delivery.history import Version

_RECORD = re.compile(rf"(?:(?P<folder>.+)/)?{FOLDER}/[^/]+\.yaml", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The published state of one cluster.

    `record` stands on the branch, None where none does or somebody edited it (`unreadable` says so). `newest` has the
    highest serial that is known. `before` is the last commit at which `newest` stood, "" where it still does.
    `versions` are those of the record, the newest first.
    """

    cluster: str
    record: Published | None
    newest: Published | None
    versions: tuple[Version, ...] = ()
    before: str = ""
    unreadable: str = ""

    @property
    def highest(self) -> int:
        """The highest serial that is known, 0 where there never was a record."""
        return self.newest.serial if self.newest else 0

    @property
    def went_back(self) -> bool:
        """Whether the branch had a later record than it has now."""
        return bool(self.before)


def read_states(clone: Clone, records: Mapping[str, bytes], mesh: str) -> dict[str, State]:
    """Return the state of every cluster that has, or had, a record; `records` are the present files by path.

    Two versions of each record are read, more only where an old one was put back. Raises RefusedError for an intact
    record that cannot be understood or belongs to another Mesh.
    """
    history = record_history(clone)
    present = {path: content for path, content in records.items() if path.endswith(".yaml")}
    clusters = sorted({*history, *(path.rpartition("/")[2].removesuffix(".yaml") for path in present)})
    earlier = {cluster: _earlier(history.get(cluster, ())) for cluster in clusters}
    contents = clone.read([version.blob for versions in earlier.values() for version in versions if version.blob])
    states = {}
    for cluster in clusters:
        record, unreadable = _present(present.get(published_path(cluster)), mesh, cluster)
        newest, place = record, 0
        versions = tuple(history.get(cluster, ()))
        for number, version in enumerate(versions):
            known = _known(contents.get(version.blob), mesh, cluster) if version in earlier[cluster] else None
            if known is not None and (newest is None or known.serial > newest.serial):
                newest, place = known, number
        before = parent_of(clone, versions[place - 1].commit) if place else None
        states[cluster] = State(
            cluster=cluster,
            record=record,
            newest=newest,
            versions=versions,
            before="" if unreadable else before or "",
            unreadable=unreadable,
        )
    return states


def present_states(records: Mapping[str, bytes], mesh: str) -> dict[str, State]:
    """Return the states by the present files alone: in a plain folder nobody knows what stood there before.

    Raises RefusedError as `read_states` does.
    """
    states = {}
    for path, content in sorted(records.items()):
        cluster = path.rpartition("/")[2].removesuffix(".yaml")
        record, unreadable = _present(content, mesh, cluster)
        states[cluster] = State(cluster=cluster, record=record, newest=record, unreadable=unreadable)
    return states


def other_folders(clone: Clone, mesh: str) -> list[str]:
    """Return the folders of the repository, other than the clone's own, that hold records of this mesh, sorted."""
    records: dict[str, set[str]] = {}
    for path, entry in clone.everything().items():
        found = _RECORD.fullmatch(path)
        if found and entry.mode in FILES and (found["folder"] or "") != clone.folder:
            records.setdefault(found["folder"] or "", set()).add(entry.blob)
    contents = clone.read({blob for blobs in records.values() for blob in blobs})
    return sorted(
        folder
        for folder, blobs in records.items()
        if any(mark.mesh == mesh for blob in blobs if (mark := read_seal(contents[blob])))
    )


def _earlier(versions: Sequence[Version]) -> Sequence[Version]:
    """Return the versions that may be later ones than that which stands there now.

    What stands there for the first time is held against the one before; what stood there before, against all since.
    """
    again = max((number for number, one in enumerate(versions) if number and one.blob == versions[0].blob), default=2)
    return [version for version in versions[1:again] if version.blob]


def _present(content: bytes | None, mesh: str, cluster: str) -> tuple[Published | None, str]:
    if content is None:
        return None, ""
    try:
        return load_published(content, mesh=mesh, cluster=cluster), ""
    except RefusedError as error:
        mark = read_seal(content)
        if mark is not None and mark.intact:
            raise
        return None, error.message


def _known(content: bytes | None, mesh: str, cluster: str) -> Published | None:
    """Read an earlier version; one that is no record of ours says nothing."""
    try:
        return None if content is None else load_published(content, mesh=mesh, cluster=cluster)
    except RefusedError:
        return None
