"""Known-bad shapes: manifests that the API server and istiod take and that fail on the mesh, each refused by a rule.

Each folder of `tests/mesh/known_bad/` has the manifests by cluster, and a `shape.toml` that says in which surroundings
(`base`, a folder of `bases/`), which rule refuses it, and what is to be seen: requests with the `right` answer that a
user would expect and the answers that come instead (`seen`). Of all answers at least one has to be a wrong one, and
each of them is a right or a listed one.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.manifest import load
from gitops_gen.problems import Location, Severity
from gitops_gen.routes.proof import prove_mesh
from gitops_gen.routes.resource import read_resource
from gitops_gen.workflows.reading import load_inventory
from gitops_gen.workflows.verifying import Surroundings, judge_resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.model import Inventory
    from gitops_gen.problems import Problem

SHAPES = Path(__file__).parent / "known_bad"
BASES = SHAPES / "bases"


class Seen(NamedTuple):
    """A request, the answer that a user would expect, and those that come."""

    client: tuple[str, str, str] | None
    question: Mapping[str, Any]
    gateway: str | None
    """The cluster whose public ingress is asked; None: asked in the mesh."""
    right: str
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A known-bad shape."""

    name: str
    shows: str
    rule: str
    by: str
    """`verify`: refused as it stands; `proof`: against the inventory that its surroundings come from."""
    inventory: Inventory
    manifests: Mapping[str, list[dict[str, Any]]]
    ready: Mapping[str, str]
    seen: tuple[Seen, ...]

    @property
    def slots(self) -> dict[str, int]:
        """Return the number of each cluster."""
        return {name: slot for slot, name in enumerate(self.inventory.clusters)}


def names() -> list[str]:
    """Return the names of all shapes, in order of their surroundings, so that pods are kept from one to the next."""
    found = [path.parent for path in SHAPES.glob("*/shape.toml")]
    return [folder.name for folder in sorted(found, key=lambda one: (_said(one)["base"], one.name))]


def _said(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "shape.toml").read_text())


def read_shape(name: str) -> Shape:
    """Read a shape. Raises ValueError when its surroundings are no inventory."""
    said = _said(SHAPES / name)
    judged = load_inventory(str(BASES / said["base"]))
    if judged.inventory is None:
        raise ValueError(f"{said['base']}: {[problem.message for problem in judged.problems]}")
    manifests = {
        path.stem: [dict(one) for one in load(path.read_text()) if one]
        for path in sorted((SHAPES / name).glob("*.yaml"))
    }
    return Shape(
        name=name,
        shows=said["shows"],
        rule=said["rule"],
        by=said.get("by", "verify"),
        inventory=judged.inventory,
        manifests=manifests,
        ready=said.get("ready", {}),
        seen=tuple(map(_seen, said["request"])),
    )


def _seen(said: Mapping[str, Any]) -> Seen:
    client = tuple(said["from"].split("/")) if "from" in said else None
    question = {name: said[name] for name in ("kind", "host", "port", "hosts") if name in said}
    return Seen(
        client=(client[0], client[1], client[2]) if client else None,
        question={"host": question.get("hosts", [""])[0], **question},
        gateway=said.get("gateway"),
        right=said["right"],
        wrong=tuple(said["seen"]),
    )


def refusals(shape: Shape) -> list[Problem]:
    """Return the errors that the rule of a shape finds in it; none: nobody would have been told."""
    resources = {
        cluster: [read_resource(manifest, Location(f"{shape.name}/{cluster}.yaml", 1, 1)) for manifest in found]
        for cluster, found in shape.manifests.items()
    }
    if shape.by == "proof":
        problems = prove_mesh(shape.inventory, resources)
    else:
        known = Surroundings(namespaces={"": "istio-ingress", "istio=eastwestgateway": "istio-system"})
        problems = [problem for found in resources.values() for problem in judge_resources(found, known)]
    return [one for one in problems if one.rule == shape.rule and one.severity is Severity.ERROR]
