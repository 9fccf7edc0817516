"""The stage: brings the clusters of a running mesh to what a cell wants, keeping every pod that it can."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.mesh.istio import run_istiod, set_discovery
from tests.mesh.mesh import until
from tests.mesh.pods import READY
from tests.programs.kube import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.mesh.mesh import Mesh
    from tests.programs.kube import Kube

Manifest: TypeAlias = "dict[str, Any]"
Key: TypeAlias = "tuple[str, str, str, str]"

KEPT = {"Namespace"}
REMADE = {"Pod", "StatefulSet", "Service"}
"""Kinds of which too much cannot be changed."""
PODS_START_WITHIN_S = 300.0
PODS_END_WITHIN_S = 60.0
SETTLES_S = 1.5
FIRST = ("Namespace", "ServiceAccount", "Role", "RoleBinding", "Secret", "Service")


class RefusedError(Exception):
    """The API server or istiod's webhook refused a resource."""


class Stage:
    """What stands in each cluster of a mesh because a cell wanted it."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self._standing: dict[int, dict[Key, Manifest]] = {slot: {} for slot in mesh.planes}
        self._switches: dict[int, Mapping[str, str]] = {slot: {} for slot in mesh.planes}

    def switch(self, wanted: Mapping[str, str], slots: Iterable[int]) -> None:
        """Let the istiods of these clusters run with exactly these switches beside the usual ones."""
        for slot in slots:
            if self._switches[slot] != wanted:
                run_istiod(self.mesh.planes[slot], slot, self.mesh.state / f"slot-{slot}", wanted)
                self._switches[slot] = wanted

    def discover(self, slots: Iterable[int]) -> None:
        """Let these clusters know each other's endpoints."""
        if set_discovery(self.mesh.planes, frozenset(slots)):
            time.sleep(2 * SETTLES_S)

    def prepare(self, wanted: Mapping[int, Sequence[Manifest]]) -> None:
        """Bring every cluster to what is to stand there before anything generated is applied, and wait for its pods.

        Raises RefusedError, and RuntimeError when pods do not start.
        """
        for slot, plane in self.mesh.planes.items():
            self._remove(slot, plane.kube, {key(manifest): manifest for manifest in wanted.get(slot, ())})
        for slot, manifests in wanted.items():
            self.apply(slot, manifests)
        self.await_pods(wanted)

    def apply(self, slot: int, manifests: Iterable[Manifest]) -> None:
        """Apply resources to a cluster. Raises RefusedError."""
        kube, standing = self.mesh.planes[slot].kube, self._standing[slot]
        for manifest in sorted(manifests, key=_order):
            if standing.get(key(manifest)) == manifest:
                continue
            try:
                kube.apply(manifest)
            except ApiError as error:
                raise RefusedError(f"{'/'.join(key(manifest)[1:])}: {error.message}") from error
            standing[key(manifest)] = manifest

    def settle(self) -> None:
        """Give istiod the time that it waits for more changes, and the proxies theirs."""
        time.sleep(SETTLES_S)

    def _remove(self, slot: int, kube: Kube, wanted: Mapping[Key, Manifest]) -> None:
        standing = self._standing[slot]
        gone: list[tuple[str, str]] = []
        for one, manifest in list(standing.items()):
            changed = one[1] in REMADE and wanted.get(one) != manifest
            if (one not in wanted or changed) and one[1] not in KEPT:
                kube.delete(one[0], one[1], one[2], one[3])
                del standing[one]
                for namespace, name in _pods_of(manifest):
                    kube.delete("v1", "Pod", namespace, name)
                    gone.append((namespace, name))

        def all_gone() -> bool:
            here = {(pod.namespace, pod.name) for pod in list(self.mesh.node.pods.values()) if pod.slot == slot}
            return here.isdisjoint(gone) and all(kube.get("v1", "Pod", *one) is None for one in gone)

        if not until(all_gone, PODS_END_WITHIN_S):
            raise RuntimeError(f"slot {slot}: some of {gone} would not go")

    def await_pods(self, wanted: Mapping[int, Sequence[Manifest]]) -> None:
        """Wait until every pod that is wanted, and no other, is there and ready."""
        expected = {(slot, *name) for slot, manifests in wanted.items() for one in manifests for name in _pods_of(one)}

        def all_there() -> bool:
            if self.mesh.node.failed:
                raise RuntimeError("; ".join(self.mesh.node.failed))
            pods = list(self.mesh.node.pods.values())
            return {(pod.slot, pod.namespace, pod.name) for pod in pods} == expected and all(
                pod.ready is not None for pod in pods
            )

        if not until(all_there, PODS_START_WITHIN_S):
            there = {(pod.slot, pod.namespace, pod.name) for pod in self.mesh.node.pods.values()}
            raise RuntimeError(f"pods: missing {sorted(expected - there)}, too many {sorted(there - expected)}")

    def make_ready(self, slot: int, namespace: str, name: str, *, ready: bool) -> None:
        """Let a pod be Ready or not, as its probes would; the next cell gets a new one."""
        annotation = {"metadata": {"annotations": {READY: str(ready).lower()}}}
        self.mesh.planes[slot].kube.merge("v1", "Pod", namespace, name, annotation)
        until(lambda: self.mesh.node.pod(slot, namespace, name).ready is ready, PODS_END_WITHIN_S)
        for manifest in self._standing[slot].values():
            if (namespace, name) in _pods_of(manifest):
                manifest["metadata"]["annotations"] = {READY: "not as it was"}

    def gateway_address(self, slot: int, namespace: str, selector: Mapping[str, str]) -> str:
        """Return the address of gateway pods. Raises RuntimeError when there are none."""
        for pod in list(self.mesh.node.pods.values()):
            if (pod.slot, pod.namespace) == (slot, namespace) and selector.items() <= pod.labels.items():
                return pod.address
        raise RuntimeError(f"no gateway pods {dict(selector)} in {namespace}, slot {slot}")


def key(manifest: Manifest) -> Key:
    """Return what names a resource: version, kind, namespace, name."""
    metadata = manifest["metadata"]
    return manifest["apiVersion"], manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def _order(manifest: Manifest) -> int:
    return FIRST.index(manifest["kind"]) if manifest["kind"] in FIRST else len(FIRST)


def _pods_of(manifest: Manifest) -> list[tuple[str, str]]:
    metadata, spec = manifest["metadata"], manifest.get("spec", {})
    if manifest["kind"] == "Pod":
        return [(metadata["namespace"], metadata["name"])]
    if manifest["kind"] != "StatefulSet":
        return []
    start = spec.get("ordinals", {}).get("start", 0)
    return [(metadata["namespace"], f"{metadata['name']}-{start + place}") for place in range(spec["replicas"])]
