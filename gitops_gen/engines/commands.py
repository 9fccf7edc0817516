"""What a person has to do in clusters that no commit does: take away engine objects that nobody prunes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.engines.kinds import KINDS
from gitops_gen.engines.pruning import ANNOTATIONS
from gitops_gen.engines.units import LABELS
from gitops_gen.layout.units import tombstone
from gitops_gen.model import Engine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_gen.engines.units import Unit
    from gitops_gen.manifest import ResourceId


class Command(NamedTuple):
    """A command, where it is run (a cluster, or "" for the one that Argo CD runs in), and what to know about it."""

    cluster: str
    text: str
    note: str


def take_away(engine: Engine, unit: Unit) -> list[Command]:
    """Return the commands that take away the engine object of a unit.

    An Application that an ApplicationSet of ours made has no finalizer, so that its resources stay; a Kustomization
    prunes its own (docs/explanation/what-engines-and-kustomize-do.md, "Prune").
    """
    match engine:
        case Engine.ARGOCD:
            text = f"kubectl --namespace argocd delete applications.argoproj.io {unit.full_name}"
            return [Command("", text, "its resources stay")]
        case Engine.FLUX:
            text = f"kubectl --namespace flux-system delete kustomizations.kustomize.toolkit.fluxcd.io {unit.name}"
            return [Command(unit.cluster, text, f"unless what applies engines/flux/{unit.cluster} prunes it")]
        case _:
            return []


def take_tombstone_away(engine: Engine, unit: Unit, *, own_account: bool = False) -> list[Command]:
    """Return the commands that take away the ConfigMap of an emptied unit.

    A Kustomization takes its own along, unless it does so with an account of its own that goes at the same time.
    """
    if engine is Engine.FLUX and not own_account:
        return []
    metadata = tombstone(unit.folder)["metadata"]
    text = f"kubectl --namespace {metadata['namespace']} delete configmap {metadata['name']}"
    return [Command(unit.cluster, text, "if it is still there" if own_account else "nothing else takes it away")]


def let_go(cluster: str, resources: Iterable[ResourceId]) -> list[Command]:
    """Return the commands that take the annotations against pruning off resources that have got another engine.

    Both engines have put them on, and each takes off only what no other has put on, too: they would stay for ever
    (docs/explanation/what-engines-and-kustomize-do.md, "Moves").
    """
    plurals = {(kind.group, kind.name): ".".join(filter(None, [kind.plural, kind.group])) for kind in KINDS}
    kinds: dict[str, set[str]] = {}
    for one in resources:
        kinds.setdefault(one.namespace, set()).add(plurals[one.group, one.kind])
    selector = ",".join(f"{name}={value}" for name, value in LABELS.items())
    return [
        Command(
            cluster,
            f"kubectl --namespace {namespace} annotate --selector {selector} {','.join(sorted(kinds[namespace]))} "
            + " ".join(f"{name}-" for name in ANNOTATIONS),
            "after the commands above: else nothing there is ever pruned again",
        )
        for namespace in sorted(kinds)
    ]
