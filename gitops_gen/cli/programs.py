"""What a command takes from its options, its environment and its machine, as values for the workflows."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_gen.cli import console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitops_gen.delivery.commit import Identity
    from gitops_gen.delivery.lineage import Lineage
    from gitops_gen.engines.status import Wanted
    from gitops_gen.model import Inventory
    from gitops_gen.workflows.asking import Heard
    from gitops_gen.workflows.landing import Clock
    from gitops_gen.workflows.publishing import Remote
    from gitops_gen.workflows.reading import Judged
    from gitops_gen.workflows.rendering import Verification


def verification(verify: str, kustomize: str | None) -> Verification | None:
    """Turn `--verify` and `--kustomize` into what a workflow needs; None where nothing is to be rendered.

    Raises ToolError with advice when there is no kustomize, or when it is too old.
    """
    if verify == "none":
        return None
    from gitops_gen.kustomize import find_kustomize
    from gitops_gen.workflows.rendering import Verification

    found = find_kustomize(
        console.environment().get("PATH", os.defpath),
        beside=[Path(sys.executable).parent],
        chosen=kustomize or "",
    )
    return Verification(kustomize=found, jobs=_processors(), every_unit=verify == "all")


def _processors() -> int:
    """Return how many programs may run side by side: one per processor that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def remote(repository: str | None, branch: str | None, timeout: int) -> Remote:
    """Say where the GitOps repository is and how git may reach it."""
    from gitops_gen.workflows.publishing import Remote

    return Remote(
        environment=console.environment(),
        relative_to=str(Path.cwd()),
        repository=repository,
        branch=branch,
        timeout_s=float(timeout),
    )


def engines(
    inventory: Inventory, contexts: Sequence[str], argocd_context: str, kubectl: str | None, timeout: int
) -> Callable[[Sequence[Wanted]], Heard]:
    """Return what asks the engines of some units, through kubectl.

    Raises BadParameter for a context of a cluster that the inventory does not have, ToolError without a kubectl.
    """
    from gitops_gen.kubectl import Kubectl, find_kubectl
    from gitops_gen.workflows.asking import Contexts, hear_clusters

    named: dict[str, str] = {}
    template = "{cluster}"
    for text in contexts:
        cluster, equals, context = text.partition("=")
        if not equals:
            template = text
        elif cluster in inventory.clusters:
            named[cluster] = context
        else:
            raise click.BadParameter(f"the inventory has no cluster {cluster!r}", param_hint="--context")
    # kubectl may start a program that fetches credentials, which needs what the person has set; our token is not its.
    environment = {name: value for name, value in console.environment().items() if name != "GITOPS_GEN_TOKEN"}
    program = find_kubectl(
        environment.get("PATH", os.defpath), beside=[Path(sys.executable).parent], chosen=kubectl or ""
    )
    asked = Kubectl(program, environment, Path.cwd(), float(timeout))
    known = Contexts(named=named, template=template, argocd=argocd_context)
    return lambda wanted: hear_clusters(asked, known, wanted)


def lineage(inventory: str, judged: Judged, timeout: int) -> Lineage:
    """Find the commit that holds exactly the inventory that was read, and the history behind it."""
    from gitops_gen.delivery.lineage import inventory_lineage
    from gitops_gen.delivery.provenance import inventory_provenance

    contents = {source.name: source.content for source in judged.sources}
    environment, timeout_s = console.environment(), float(timeout)
    found = inventory_provenance(inventory, contents, environment=environment, timeout_s=timeout_s)
    return inventory_lineage(inventory, found, environment=environment, timeout_s=timeout_s)


def identity(author: str) -> Identity:
    """Read `Name <mail>`. Raises BadParameter for anything else."""
    from email.utils import parseaddr

    from gitops_gen.delivery.commit import Identity

    name, mail = parseaddr(author)
    if not name or not mail:
        message = f"{author!r} is no author; write it like `Mesh Bot <mesh-bot@example.com>`"
        raise click.BadParameter(message, param_hint="--author")
    return Identity(name, mail)


def clock() -> Clock:
    """Hand in time and chance. SOURCE_DATE_EPOCH, where it is set, is the time that commits bear."""
    import random
    import time

    from gitops_gen.workflows.landing import Clock

    fixed = console.environment().get("SOURCE_DATE_EPOCH", "")
    return Clock(
        now=(lambda: float(fixed)) if fixed.isdecimal() else time.time,
        monotonic=time.monotonic,
        sleep=time.sleep,
        chance=random.random,
    )
