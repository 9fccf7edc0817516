"""Ask the engines how the sync units stand: through kubectl, or from their objects in files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from gitops_gen.engines.observed import argo_units, flat, flux_units
from gitops_gen.engines.status import judge, unreached
from gitops_gen.errors import InputError, ToolError
from gitops_gen.kubectl import get
from gitops_gen.manifest import UNREADABLE, load
from gitops_gen.model import Engine
from gitops_gen.process import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gitops_gen.engines.observed import ArgoUnit, FluxUnit
    from gitops_gen.engines.status import Relation, UnitStatus, Wanted
    from gitops_gen.kubectl import Kubectl
    from gitops_gen.manifest import ResourceId

_FLUX_KINDS = (
    "kustomizations.kustomize.toolkit.fluxcd.io",
    "gitrepositories.source.toolkit.fluxcd.io",
    "ocirepositories.source.toolkit.fluxcd.io",
)
_ARGO_KINDS = ("applications.argoproj.io",)
_SIDE_BY_SIDE = 8
_ARGOCD = ""
"""In place of a cluster: where Argo CD runs, which syncs many from one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the engines said. `flux` is by cluster, None for objects of which nobody said where they are from.

    `unreached` says why some could not be asked: a cluster with Flux, or "" for Argo CD.
    """

    flux: Mapping[str | None, Sequence[FluxUnit]] = field(default_factory=dict)
    argo: Sequence[ArgoUnit] = ()
    unreached: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contexts:
    """Which context of the kubeconfig leads to a cluster: one that is named for it, else what `template` makes.

    `argocd` leads to where Argo CD runs; "" is the current context.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    template: str = "{cluster}"
    argocd: str = ""

    def of(self, cluster: str) -> str:
        """Return the context of a cluster."""
        return self.named.get(cluster) or self.template.replace("{cluster}", cluster)


def hear_clusters(kubectl: Kubectl, contexts: Contexts, wanted: Iterable[Wanted]) -> Heard:
    """Ask the engines of some units through kubectl, side by side. One that cannot be asked stands in the result."""
    wanted = list(wanted)
    clusters = sorted({one.unit.cluster for one in wanted if one.engine is Engine.FLUX})
    asked: dict[str, tuple[str, tuple[str, ...]]] = {
        cluster: (contexts.of(cluster), _FLUX_KINDS) for cluster in clusters
    }
    if any(one.engine is Engine.ARGOCD for one in wanted):
        asked[_ARGOCD] = (contexts.argocd, _ARGO_KINDS)
    found: dict[str, list[Any]] = {}
    failed: dict[str, str] = {}
    with side_by_side(_SIDE_BY_SIDE, "kubectl") as (pool, leash):
        running = {name: pool.submit(get, kubectl, *question, leash) for name, question in asked.items()}
        for name, one in running.items():
            try:
                found[name] = one.result()
            except ToolError as error:
                failed[name] = ": ".join(filter(None, [error.message, error.details.replace("\n", " ")]))
    return Heard(
        flux={name: flux_units(flat(objects)) for name, objects in found.items() if name != _ARGOCD},
        argo=argo_units(flat(found.get(_ARGOCD, []))),
        unreached=failed,
    )


def hear_files(files: Mapping[str, bytes]) -> Heard:
    """Read the engines' objects from files, JSON or YAML, lists or one by one. Raises InputError for anything else."""
    flux: list[FluxUnit] = []
    argo: list[ArgoUnit] = []
    for name, content in files.items():
        documents = _documents(name, content)
        if not any(isinstance(one, dict) and one.get("kind") for one in documents):
            raise InputError(
                f"{name} holds no Kubernetes objects", help="make it with: kubectl get KIND --all-namespaces -o json"
            )
        objects = flat(documents)
        # A Kustomization is looked up by its folder, which names the cluster; its source stands in the same file.
        flux += flux_units(objects)
        argo += argo_units(objects)
    return Heard(flux={None: flux}, argo=argo)


def statuses(
    wanted: Iterable[Wanted],
    heard: Heard,
    relation: Callable[[Wanted, str], Relation],
    changed: Callable[[Wanted, str, str], Mapping[ResourceId, bool] | None] = lambda *_: None,
) -> list[UnitStatus]:
    """Say how each unit stands by what was heard.

    `relation` tells what a revision is for a unit, `changed` what of it differs between two revisions.
    """
    found = []
    for one in wanted:
        place = one.unit.cluster if one.engine is Engine.FLUX else _ARGOCD
        if place in heard.unreached:
            found.append(unreached(one, heard.unreached[place]))
            continue
        flux = heard.flux.get(one.unit.cluster, heard.flux.get(None, ()))
        found.append(judge(one, flux, heard.argo, partial(relation, one), partial(changed, one)))
    return found


def _documents(name: str, content: bytes) -> list[Any]:
    try:
        text = content.decode()
        return [json.loads(text)] if text.lstrip().startswith("{") else list(load(text))
    except UNREADABLE as error:
        raise InputError(f"{name} is neither JSON nor YAML", help="write what kubectl prints with -o json") from error
