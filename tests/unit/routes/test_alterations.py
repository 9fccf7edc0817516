"""Every resource of the examples deleted, and its fields deleted or altered, one at a time: the proof notices.

What it does not notice is in HARMLESS, with the reason. A sample of all places is taken, always the same one; the
whole set takes minutes and is run with `-m slow`.
"""

from __future__ import annotations

import copy
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gitops_gen.problems import Location
from gitops_gen.routes.proof import prove
from gitops_gen.routes.resource import read_resource
from gitops_gen.workflows.reading import load_inventory
from tests.proofs import rendered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.model import Inventory
    from gitops_gen.routes.resource import Resource

EXAMPLES = Path(__file__).parents[3] / "examples"
HERE = Location("altered.yaml", 1, 1)
SAMPLE = 25
"""One of so many places is tried in a quick run."""

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
    r"ConfigMap\b.*": "lists for clients, no routes",
}

Place = tuple[str | int, ...]


@cache
def compiled(example: str) -> tuple[Inventory, dict[str, list[Resource]]]:
    inventory = load_inventory(str(EXAMPLES / example)).inventory
    assert inventory is not None
    return inventory, rendered(inventory)


def places(value: Any, here: Place = ()) -> Iterator[Place]:
    """Yield the place of everything inside a manifest."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield (*here, name)
        yield from places(member, (*here, name))


def at(place: Place) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def altered(manifest: Any, place: Place, how: str) -> Any:
    changed = copy.deepcopy(manifest)
    inside = changed
    for part in place[:-1]:
        inside = inside[part]
    if how == "deleted":
        del inside[place[-1]]
        return changed
    value = inside[place[-1]]
    if isinstance(value, bool):
        inside[place[-1]] = not value
    elif isinstance(value, int):
        inside[place[-1]] = value + 1
    elif isinstance(value, str):
        inside[place[-1]] = {"HTTP": "TCP", "TCP": "HTTP", ".": "elsewhere", "*": "elsewhere"}.get(value, f"x{value}")
    else:
        return None
    return changed


def attempts() -> Iterator[tuple[str, str, int, Place, str]]:
    for example in ("thanos", "kafka", "mixed", "gateway-api"):
        for cluster, resources in compiled(example)[1].items():
            for number, resource in enumerate(resources):
                yield example, cluster, number, (), "deleted"
                for place in places(resource.manifest):
                    if place[0] not in {"apiVersion", "kind"} and place not in {
                        ("metadata",),
                        ("metadata", "namespace"),
                    }:
                        yield example, cluster, number, place, "deleted"
                        yield example, cluster, number, place, "altered"


def survivors(*, every: bool) -> list[str]:
    found = []
    for attempt in attempts():
        example, cluster, number, place, how = attempt
        if not every and int.from_bytes(hashlib.sha256(repr(attempt).encode()).digest()[:4]) % SAMPLE:
            continue
        inventory, clusters = compiled(example)
        resource = clusters[cluster][number]
        said = f"{resource.kind} {at(place)} {how}".replace("  ", " ")
        others = [one for one in clusters[cluster] if one is not resource]
        if place:
            try:
                changed = altered(resource.manifest, place, how)
                if changed is None:
                    continue
                others.append(read_resource(changed, HERE))
            except (KeyError, TypeError, AttributeError):
                continue  # the API server takes no resource without a name
        if prove(inventory, cluster, others) == []:
            found.append(f"{example} {cluster} {resource}: {said}")
    return found


def excuse(survivor: str) -> str | None:
    said = survivor.partition(": ")[2]
    return next((one for one in HARMLESS if re.fullmatch(f"{one}( deleted| altered)?", said)), None)


def test_the_proof_notices_what_is_altered_in_a_sample_of_all_places() -> None:
    assert [one for one in survivors(every=False) if excuse(one) is None] == []


@pytest.mark.slow
def test_the_proof_notices_whatever_is_altered_and_every_excuse_is_needed() -> None:
    found = survivors(every=True)
    assert [one for one in found if excuse(one) is None] == []
    assert {excuse(one) for one in found} == set(HARMLESS)


@pytest.mark.parametrize("example", ["thanos", "kafka", "mixed", "gateway-api"])
def test_the_proof_is_silent_on_what_is_right(example: str) -> None:
    inventory, clusters = compiled(example)
    assert [found for cluster, resources in clusters.items() for found in prove(inventory, cluster, resources)] == []
