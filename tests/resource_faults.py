"""Faults of resources, made on purpose: what is deleted, altered or swapped in the examples, and what may be.

A fault takes one place of one resource: the resource itself, or anything inside its manifest. It is deleted; its value
is altered; or it is exchanged with that of a neighbour: the same place in the next resource of the kind, or in the next
member of the same list. The proof of the whole mesh has to notice, or else the fault is harmless for a reason that is
written down here.
"""

from __future__ import annotations

import copy
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from gitops_gen.problems import Location
from gitops_gen.routes.proof import prove, prove_mesh
from gitops_gen.routes.resource import read_resource
from gitops_gen.workflows.reading import load_inventory
from tests.proofs import rendered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.model import Inventory
    from gitops_gen.routes.resource import Resource

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = ("thanos", "kafka", "mixed", "gateway-api", "components")
HERE = Location("altered.yaml", 1, 1)

Place: TypeAlias = "tuple[str | int, ...]"


class Fault(NamedTuple):
    """One fault: in which resource of an example (by number), where, and which."""

    example: str
    cluster: str
    number: int
    place: Place
    how: str
    """`deleted`, `altered`, `swapped with the next resource` or `swapped with the next member`."""

    @property
    def said(self) -> str:
        """Write it as the reasons below have it."""
        resource = compiled(self.example)[1][self.cluster][self.number]
        return f"{resource.kind} {at(self.place)} {self.how}".replace("  ", " ")

    def __str__(self) -> str:
        """Write it with the resource that has it."""
        return f"{self.example}, {self.cluster}, {compiled(self.example)[1][self.cluster][self.number]}: {self.said}"


@cache
def compiled(example: str) -> tuple[Inventory, dict[str, list[Resource]]]:
    """Return an example's inventory, and the resources of each cluster."""
    inventory = load_inventory(str(EXAMPLES / example)).inventory
    assert inventory is not None
    return inventory, rendered(inventory)


def at(place: Place) -> str:
    """Write a place as people do: `spec.ports[0].name`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def faults(example: str) -> Iterator[Fault]:
    """Yield every fault of an example."""
    for cluster, resources in compiled(example)[1].items():
        for number, resource in enumerate(resources):
            yield Fault(example, cluster, number, (), "deleted")
            following = _next_of_kind(resources, number)
            for place in _places(resource.manifest):
                if place == ("metadata",):
                    continue
                yield Fault(example, cluster, number, place, "deleted")
                yield Fault(example, cluster, number, place, "altered")
                if following is not None:
                    yield Fault(example, cluster, number, place, "swapped with the next resource")
                if any(isinstance(part, int) for part in place):
                    yield Fault(example, cluster, number, place, "swapped with the next member")


def _places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Yield the place of everything inside a manifest."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield (*here, name)
        yield from _places(member, (*here, name))


def _next_of_kind(resources: list[Resource], number: int) -> int | None:
    kind = resources[number].kind
    return next((place for place in range(number + 1, len(resources)) if resources[place].kind == kind), None)


def resources_with(fault: Fault) -> dict[str, list[Resource]] | None:
    """Return all resources with one fault; None where there is nothing to alter, or the result has no name or kind."""
    clusters = compiled(fault.example)[1]
    resources = list(clusters[fault.cluster])
    if not fault.place:
        del resources[fault.number]
        return {**clusters, fault.cluster: resources}
    changed = {fault.number: copy.deepcopy(dict(resources[fault.number].manifest))}
    if fault.how == "swapped with the next resource":
        other = _next_of_kind(resources, fault.number)
        assert other is not None
        changed[other] = copy.deepcopy(dict(resources[other].manifest))
        if not _swap((changed[fault.number], fault.place), (changed[other], fault.place)):
            return None
    elif fault.how == "swapped with the next member":
        [manifest] = changed.values()
        last = max(place for place, part in enumerate(fault.place) if isinstance(part, int))
        beside = (*fault.place[:last], int(fault.place[last]) + 1, *fault.place[last + 1 :])
        if not _swap((manifest, fault.place), (manifest, beside)):
            return None
    elif not _change(changed[fault.number], fault):
        return None
    try:
        for number, manifest in changed.items():
            resources[number] = read_resource(manifest, HERE)
    except (KeyError, TypeError, AttributeError):
        return None  # the API server takes no resource without a name
    return {**clusters, fault.cluster: resources}


_ABSENT = object()


def _value(manifest: Any, place: Place) -> Any:
    for part in place:
        try:
            manifest = manifest[part]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return manifest


def _swap(one: tuple[Any, Place], other: tuple[Any, Place]) -> bool:
    """Exchange two values; tells whether there were two, and different ones."""
    mine, theirs = _value(*one), _value(*other)
    if mine is _ABSENT or theirs is _ABSENT or mine == theirs:
        return False
    for (manifest, place), value in ((one, theirs), (other, mine)):
        _value(manifest, place[:-1])[place[-1]] = copy.deepcopy(value)
    return True


def _change(manifest: Any, fault: Fault) -> bool:
    inside, name = _value(manifest, fault.place[:-1]), fault.place[-1]
    value = inside[name]
    if fault.how == "deleted":
        del inside[name]
    elif isinstance(value, bool):
        inside[name] = not value
    elif isinstance(value, int):
        inside[name] = value + 1
    elif isinstance(value, str):
        inside[name] = {"HTTP": "TCP", "TCP": "HTTP", ".": "elsewhere", "*": "elsewhere"}.get(value, f"x{value}")
    else:
        return False
    return True


def survives(fault: Fault) -> bool:
    """Tell whether the proof does not notice a fault."""
    resources = resources_with(fault)
    if resources is None:
        return False
    inventory = compiled(fault.example)[0]
    # Nearly all are noticed in their own cluster, and that is the cheaper question.
    return not (prove(inventory, fault.cluster, resources[fault.cluster]) or prove_mesh(inventory, resources))


def in_sample(fault: Fault, one_of: int) -> bool:
    """Choose one of so many faults, always the same ones."""
    return int.from_bytes(hashlib.sha256(repr(fault).encode()).digest()[:4]) % one_of == 0


_HOW = r"( deleted| altered| swapped with the next (resource|member))?"


def excuse(said: str) -> str | None:
    """Return the class of harmless faults that a fault belongs to."""
    return next((one for one in HARMLESS if re.fullmatch(f"{one}{_HOW}", said)), None)


HARMLESS = {
    r"\w+ metadata\.labels\b.*": "labels are for people, engines and plans; no route reads them",
    r"(VirtualService|Gateway|ServiceEntry|DestinationRule|PeerAuthentication) metadata\.name": "nothing but a "
    "VirtualService's `gateways` refers to these by name, and a Gateway that is missed is noticed",
    r"Gateway spec\.servers\[\d+\]\.name": "the name of a server is for people",
    r"Gateway spec\.servers\[\d+\]\.port\.name": "it has only to be one of a kind in its Gateway",
    r"Gateway spec\.servers\[\d+\]\.tls\.minProtocolVersion": "a policy on clients; Istio's own least is the same",
    r"Gateway spec\.servers\[\d+\]\.tls\.mode deleted": "for TLS the mode that is not said is PASSTHROUGH",
    r"VirtualService spec\.http\[\d+\]\.name": "the name of a rule is for people",
    r"VirtualService spec\.exportTo\[\d+\] (deleted|altered)": "the namespace of the resource itself; the gateway's "
    "own entry is noticed",
    r"VirtualService spec\.(http|tls|tcp)\[\d+\]\.match(\[\d+\](\.port)?)? deleted": "with one server to answer, "
    "the port goes without saying",
    r"(Service metadata\.annotations\b.*|ServiceEntry spec\.exportTo\b.*)": "wider or narrower than it was, and still "
    "seen by every gateway and Consumer that uses it",
    r"DestinationRule spec\.exportTo\b.*": "who takes part in it; `*` is the default",
    r"Service spec\.ports\[\d+\]\.appProtocol deleted": "the port's name may say it, too",
    r"Service spec\.ports\[\d+\]\.targetPort deleted": "the port's own number is the default; another is noticed",
    r"VirtualService spec\.\w+\[\d+\]\.route\[\d+\]\.destination\.port(\.number)? deleted": "a Service of "
    "one port has no other; where it has, it is noticed",
    r"VirtualService spec\.http\[\d+\]\.retries(\.attempts)?": "for a companion, which may have other pods to try; "
    "for a pod it is noticed",
    r"(HTTP|GRPC|TLS|TCP)Route metadata\.name": "nothing refers to a route by its name",
    r"(HTTP|GRPC|TLS|TCP)Route spec\.parentRefs\[\d+\]\.(group|kind) deleted": "the default; without it, a "
    "ListenerSet would be missed, and is noticed",
    r"(HTTP|GRPC|TLS|TCP)Route spec\.rules\[\d+\]\.backendRefs\[\d+\]\.kind deleted": "Service is the default",
    r"ListenerSet spec\.parentRef\.(group|kind) deleted": "a Gateway is the default",
    r"Gateway spec\.listeners\[\d+\]\.hostname deleted": "the hosts of its routes decide; another one is noticed",
    r"Gateway spec\.listeners\[\d+\]\.tls\.(mode|certificateRefs\[\d+\]\.kind) deleted": "of HTTPS Terminate is the "
    "default, of a certificate Secret",
    r"(Gateway|ListenerSet) spec\.listeners\[\d+\]\.allowedRoutes\.namespaces\.selector\.matchExpressions(\[\d+\])? "
    "deleted": "wider than it was: each route that is there still attaches",
    r"(VirtualService|ServiceEntry|DestinationRule|PeerAuthentication|\w+Route) spec swapped with the next resource": (
        "as if the two had changed names, to which nothing refers"
    ),
    r"\w+ spec\.(exportTo|ports|servers|listeners|hosts|gateways|http|tls|tcp)\[\d+\] swapped with the next member": (
        "the order among those of which no two answer one request; where two do, it is noticed"
    ),
    r"Gateway spec\.servers\[\d+\]\.port(\.number)? swapped with the next member": "two servers that differ in "
    "nothing but their port",
    r"ConfigMap\b.*": "lists for clients, no routes",
}
"""Classes of faults that the proof does not notice, each with the reason why that is right.

The pattern is of what is said of the fault: kind, place, and how, where that matters.
"""
