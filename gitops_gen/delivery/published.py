"""`published/<cluster>.yaml`: what is published for a cluster, as the branch itself remembers it.

The file lies beside the overlays, so it survives squash and rebase merges, and a revert takes it back together with
what it describes. It changes only when something of the cluster changes: an unrelated commit to the inventory leaves
it, and its serial, alone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gitops_gen.delivery.holds import Hold, hold_value, read_hold
from gitops_gen.delivery.moves import Move, move_value, read_move
from gitops_gen.errors import RefusedError
from gitops_gen.layout.kustomization import listed
from gitops_gen.layout.paths import KUSTOMIZATION
from gitops_gen.layout.seal import read_seal, seal
from gitops_gen.manifest import UNREADABLE, dump, load
from gitops_gen.model import Engine, SyncUnit
from gitops_gen.tree import tree_id

if TYPE_CHECKING:
    from gitops_gen.tree import Tree

FOLDER = "published"
API_VERSION = "gitops-gen.io/v1alpha1"
KIND = "Published"

_KEYS = frozenset(
    {
        "apiVersion",
        "kind",
        "mesh",
        "cluster",
        "serial",
        "output",
        "engine",
        "syncUnit",
        "tree",
        "inventory",
        "addresses",
        "holds",
        "move",
    }
)
_INVENTORY_KEYS = frozenset({"repository", "revision", "digest"})
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The published state of one cluster.

    `serial` counts the changes that gitops-gen made; `tree` is the Git id of the cluster's closure (see `closure`) as
    a tree of its own; repository and revision name the newest commit of the inventory that was published, digest what
    it said; `addresses` are those of the Mesh's vipPool that the cluster's resources use, by host; `holds` are sorted
    by workload.
    """

    mesh: str
    cluster: str
    serial: int
    output: int
    tree: str
    digest: str
    repository: str = ""
    revision: str = ""
    addresses: Mapping[str, str] = field(default_factory=dict)
    holds: tuple[Hold, ...] = ()
    engine: Engine = Engine.NONE
    sync_unit: SyncUnit = SyncUnit.NAMESPACE
    move: Move | None = None

    def __post_init__(self) -> None:
        """Make the addresses as frozen as the rest."""
        object.__setattr__(self, "addresses", MappingProxyType(dict(self.addresses)))

    @property
    def content(self) -> tuple[object, ...]:
        """What the serial counts: everything but the serial itself and the inventory that it came from."""
        return (
            self.mesh,
            self.cluster,
            self.output,
            self.tree,
            dict(self.addresses),
            self.holds,
            self.engine,
            self.sync_unit,
            self.move,
        )


def published_path(cluster: str) -> str:
    """Return where a cluster's file stands in the tree."""
    return f"{FOLDER}/{cluster}.yaml"


def closure(tree: Tree, cluster: str) -> list[str]:
    """Return the paths that make up what a cluster renders: its overlay and the base folders that this names."""
    overlay = f"overlays/{cluster}/"
    paths = [path for path in tree if path.startswith(overlay)]
    named = {
        posixpath.normpath(f"{path.removesuffix(KUSTOMIZATION)}{entry}")
        for path in paths
        if path.endswith(f"/{KUSTOMIZATION}")
        for entry in listed(tree[path])
    }
    # A base folder holds no folders, so that a path without its last part is the folder's name.
    bases = [path for path in tree if path.startswith("base/") and path.rpartition("/")[0] in named]
    return sorted(paths + bases)


def closure_id(tree: Tree, blobs: Mapping[str, str], cluster: str, object_format: str) -> str:
    """Return the Git tree id of a cluster's closure; `blobs` are the blob ids of `tree` by path."""
    return tree_id({path: blobs[path] for path in closure(tree, cluster)}, object_format)


def next_published(
    previous: Published | None, current: Published, *, highest: int = 0, advances: bool = False
) -> Published:
    """Return what is to stand in the file: `previous` itself where nothing of the cluster changed.

    `current` says what is published now; its serial does not matter: it is one more than the highest that was ever
    there (`highest`, where that is not the previous one's). With `advances` the inventory's commit is written even
    though nothing else changes, and the serial stays: a run of an inventory in between is then known to be late.
    """
    if previous is None:
        return replace(current, serial=highest + 1)
    if previous.content != current.content or highest > previous.serial:
        return replace(current, serial=max(previous.serial, highest) + 1)
    return replace(current, serial=previous.serial) if advances else previous


# --- out -----------------------------------------------------------------------------------------------------------


def dump_published(published: Published) -> bytes:
    """Return the sealed file. What is empty, or as it is where nobody says anything, is not written."""
    inventory = {"repository": published.repository, "revision": published.revision, "digest": published.digest}
    body: dict[str, Any] = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "mesh": published.mesh,
        "cluster": published.cluster,
        "serial": published.serial,
        "output": published.output,
    }
    if published.engine is not Engine.NONE:
        body["engine"] = str(published.engine)
    if published.sync_unit is not SyncUnit.NAMESPACE:
        body["syncUnit"] = str(published.sync_unit)
    body |= {"tree": published.tree, "inventory": {key: value for key, value in inventory.items() if value}}
    if published.addresses:
        body["addresses"] = dict(sorted(published.addresses.items()))
    if published.holds:
        body["holds"] = [hold_value(hold) for hold in published.holds]
    if published.move:
        body["move"] = move_value(published.move)
    return seal(dump([body]), published.mesh, f"Cluster {published.cluster}")


# --- in ------------------------------------------------------------------------------------------------------------


def load_published(content: bytes, *, mesh: str, cluster: str) -> Published:
    """Read the file of a cluster.

    Raises RefusedError for a file that somebody edited, that belongs to another Mesh or cluster, or that a newer
    gitops-gen wrote: nothing is published over a state that is not understood.
    """
    path = published_path(cluster)
    mark = read_seal(content)
    if mark is None:
        raise _refused(path, "it was not written by gitops-gen", "move the file away, or publish under another path")
    if mark.mesh != mesh:
        raise _refused(path, f"it belongs to Mesh {mark.mesh}, this is Mesh {mesh}", "give each Mesh a path of its own")
    if not mark.intact:
        raise _refused(path, "somebody edited it", f"restore it: git log -- {path} shows the last good version")
    try:
        documents = list(load(content.decode()))
    except UNREADABLE as error:
        raise _refused(path, "it is no YAML", f"git log -- {path} shows the last good version") from error
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise _refused(
            path, "it does not hold one document with fields", f"git log -- {path} shows the last good version"
        )
    return _read(path, documents[0], mesh, cluster)


def _refused(path: str, why: str, help_: str) -> RefusedError:
    return RefusedError(f"{path} cannot be used: {why}", help=help_)


def _read(path: str, body: Mapping[str, Any], mesh: str, cluster: str) -> Published:
    """Check every field: the seal says that a gitops-gen wrote it, not that it was this one."""
    newer = "use the gitops-gen that wrote it, or a newer one"
    inventory = body.get("inventory")
    addresses = body.get("addresses", {})
    holds = body.get("holds", [])
    if not isinstance(inventory, Mapping) or not isinstance(addresses, Mapping) or not isinstance(holds, list):
        raise _refused(path, "inventory, addresses or holds has another form", newer)
    unknown = sorted({*body} - _KEYS) + sorted({*inventory} - _INVENTORY_KEYS)
    if unknown:
        raise _refused(path, f"this gitops-gen does not know {unknown[0]!r} in it", newer)
    if (body.get("apiVersion"), body.get("kind")) != (API_VERSION, KIND):
        raise _refused(path, f"it is no {API_VERSION} {KIND}", newer)
    if (body.get("mesh"), body.get("cluster")) != (mesh, cluster):
        raise _refused(
            path, "it describes another mesh or cluster", "each cluster has its own file; rename none of them"
        )
    numbers = (body.get("serial"), body.get("output"))
    texts = [body.get("tree"), *inventory.values(), *addresses.values()]
    if not all(type(number) is int and number > 0 for number in numbers):
        raise _refused(path, "serial or output is no number above 0", newer)
    if not all(isinstance(text, str) and text for text in texts) or not _OBJECT_ID.fullmatch(str(body["tree"])):
        raise _refused(path, "a value is missing or of the wrong type", newer)
    read = [read_hold(hold) for hold in holds]
    if None in read:
        raise _refused(path, "this gitops-gen does not understand a hold in it", newer)
    engine, sync_unit = body.get("engine", Engine.NONE), body.get("syncUnit", SyncUnit.NAMESPACE)
    if engine not in [*Engine] or sync_unit not in [*SyncUnit]:
        raise _refused(path, "this gitops-gen does not know its engine or sync unit", newer)
    move = read_move(body["move"]) if "move" in body else None
    if move is None and "move" in body:
        raise _refused(path, "this gitops-gen does not understand the move in it", newer)
    return Published(
        mesh=mesh,
        cluster=cluster,
        serial=body["serial"],
        output=body["output"],
        tree=body["tree"],
        digest=inventory.get("digest", ""),
        repository=inventory.get("repository", ""),
        revision=inventory.get("revision", ""),
        addresses=addresses,
        holds=tuple(hold for hold in read if hold is not None),
        engine=Engine(engine),
        sync_unit=SyncUnit(sync_unit),
        move=move,
    )
