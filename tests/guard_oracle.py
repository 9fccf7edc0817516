"""Which guards stop the way from one tree to another, decided from the YAML alone.

Written apart from the guards, and without a line of gitops_gen, so that the two can be held against each other. It
renders each cluster by following its kustomizations, as an engine would.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Member = dict[str, Any]
"""A resource and the folder of the overlay that lists it."""
Rendered = dict[tuple[str, ...], Member]
"""(apiVersion, kind, namespace, name) -> resource."""

DEPTHS = {"cluster": 2, "namespace": 3, "workload": 4}


def rendered(tree: Mapping[str, bytes]) -> dict[str, Rendered]:
    """Render every cluster of a tree."""
    clusters = {path.split("/")[1] for path in tree if path.startswith("overlays/")}
    return {cluster: _render(tree, f"overlays/{cluster}") for cluster in clusters}


def _render(tree: Mapping[str, bytes], top: str) -> Rendered:
    found: Rendered = {}
    waiting = [(top, top)]
    while waiting:
        folder, overlay = waiting.pop()
        for entry in next(_documents(tree[f"{folder}/kustomization.yaml"]))["resources"]:
            if entry.startswith("../"):
                waiting.append((entry.removeprefix("../../../../"), overlay))
            elif not entry.endswith(".yaml"):
                waiting.append((f"{folder}/{entry}", f"{folder}/{entry}"))
            else:
                for resource in _documents(tree[f"{folder}/{entry}"]):
                    metadata = resource["metadata"]
                    identity = (resource["apiVersion"], resource["kind"], metadata["namespace"], metadata["name"])
                    assert identity not in found
                    found[identity] = {"resource": resource, "overlay": overlay}
    return found


def _documents(content: bytes) -> Iterator[Any]:
    return yaml.load_all(content, Loader=yaml.CSafeLoader)


def without_tombstones(found: Rendered) -> Rendered:
    """Leave out what only keeps an emptied unit's place."""
    return {identity: member for identity, member in found.items() if not identity[3].startswith("gitops-gen-retired-")}


def unit(overlay: str, sync_unit: str) -> str:
    """Return the sync unit of a folder of an overlay."""
    return "/".join(overlay.split("/")[: DEPTHS[sync_unit]])


def stopped(
    old: Mapping[str, bytes], new: Mapping[str, bytes], limits: Mapping[str, tuple[int | None, int]], sync_unit: str
) -> Counter[tuple[str, str]]:
    """Return (guard, scope) of every guard that stops this; `limits` are at most and percent by guard."""
    before, after = (
        {cluster: without_tombstones(found) for cluster, found in rendered(tree).items()} for tree in (old, new)
    )
    stops: Counter[tuple[str, str]] = Counter()
    for cluster in {*before, *after}:
        was, becomes = before.get(cluster, {}), after.get(cluster, {})
        stops.update((guard, cluster) for guard in _cluster(was, becomes, limits))
        units = [{unit(folder, sync_unit) for folder in _folders(found)} for found in (was, becomes)]
        stops.update(("emptied-unit", name) for name in units[0] - units[1])
    if any(before.values()) and not any(after.values()):
        stops["emptied-inventory", ""] += 1
    return stops


def _cluster(was: Rendered, becomes: Rendered, limits: Mapping[str, tuple[int | None, int]]) -> Iterable[str]:
    if was and (not becomes or (_workloads(was) and not _workloads(becomes))):
        yield "emptied-cluster"
    hosts = _hosts(was), _hosts(becomes)
    losses = {
        "removed-workloads": (len(_workloads(was) - _workloads(becomes)), len(_workloads(was)), 1),
        "removed-resources": (len(was.keys() - becomes.keys()), len(was), 10),
        "changed-hosts": (len([host for host in hosts[0] if host not in hosts[1]]), len(hosts[0]), 5),
    }
    for guard, (number, whole, always) in losses.items():
        at_most, percent = limits[guard]
        over_share = number > always and Fraction(number, whole) > Fraction(percent, 100)
        if over_share or (at_most is not None and number > at_most):
            yield guard
    pods = _pods(was), _pods(becomes)
    if pods[0] >= 10 and pods[1] > 2 * pods[0]:
        yield "doubled-pods"


def _folders(found: Rendered) -> set[str]:
    return {member["overlay"] for member in found.values()}


def _workloads(found: Rendered) -> set[str]:
    return {folder for folder in _folders(found) if "." not in folder.split("/")[-1]}


def _pod(member: Member) -> tuple[str, str | None]:
    return member["overlay"], member["resource"]["metadata"].get("labels", {}).get("gitops-gen.io/pod")


def _pods(found: Rendered) -> int:
    return len({_pod(member) for member in found.values() if _pod(member)[1]})


def _hosts(found: Rendered) -> list[tuple[str, tuple[str, str | None]]]:
    routes = [member for member in found.values() if member["resource"]["kind"] == "VirtualService"]
    return [(host, _pod(member)) for member in routes for host in member["resource"]["spec"]["hosts"]]
