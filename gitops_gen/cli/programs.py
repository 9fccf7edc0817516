"""What a command takes from its options, its environment and its machine, as values for the workflows."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_gen.cli import console
from gitops_gen.cli.options import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gitops_gen.cli.options import CommitOptions
    from gitops_gen.delivery.commit import Identity, Signature
    from gitops_gen.delivery.keys import Signing
    from gitops_gen.delivery.lineage import Lineage
    from gitops_gen.delivery.provenance import Provenance
    from gitops_gen.engines.status import Wanted
    from gitops_gen.model import Inventory
    from gitops_gen.workflows.asking import Heard
    from gitops_gen.workflows.extending import Rendering
    from gitops_gen.workflows.landing import Clock
    from gitops_gen.workflows.publishing import Remote
    from gitops_gen.workflows.reading import Judged
    from gitops_gen.workflows.rendering import Verification

_TOKENS = ("GITOPS_GEN_TOKEN", "GITOPS_GEN_FORGE_TOKEN")
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_LATEST = 253_402_300_799
"""The end of the year 9999: the last moment that every reader of dates knows."""


def verification(verify: str, kustomize: str | None) -> Verification | None:
    """Turn `--verify` and `--kustomize` into what a workflow needs; None where nothing is to be rendered.

    Raises ToolError with advice when there is no kustomize, or when it is too old.
    """
    return None if verify == "none" else _verification(kustomize, every_unit=verify == "all")


def rendering(kustomize: str | None) -> Rendering:
    """Return what finds the program that renders people's components; it is looked for where there are any, once."""
    return functools.cache(lambda: _verification(kustomize, every_unit=False))


def _verification(kustomize: str | None, *, every_unit: bool) -> Verification:
    from gitops_gen.kustomize import find_kustomize
    from gitops_gen.workflows.rendering import Verification

    found = find_kustomize(
        console.environment().get("PATH", os.defpath),
        beside=[Path(sys.executable).parent],
        chosen=kustomize or "",
    )
    return Verification(kustomize=found, jobs=_processors(), every_unit=every_unit)


def _processors() -> int:
    """Return how many programs may run side by side: one per processor that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def remote(repository: str | None, branch: str | None, timeout: int) -> Remote:
    """Say where the GitOps repository is and how git may reach it.

    Raises a usage error for a URL or a branch that will never do; those of the Mesh are judged by its rules.
    """
    from gitops_gen.delivery.refs import branch_ref
    from gitops_gen.delivery.url import parse_repository
    from gitops_gen.workflows.publishing import Remote

    here = str(Path.cwd())
    if repository:
        with usage("--repository"):
            parse_repository(repository, relative_to=here)
    if branch:
        with usage("--branch"):
            branch_ref(branch)
    return Remote(
        environment=console.environment(),
        relative_to=here,
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
    # kubectl may start a program that fetches credentials, which needs what the person has set; our tokens are not its.
    environment = {name: value for name, value in console.environment().items() if name not in _TOKENS}
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


def signature(commit: CommitOptions) -> Signature:
    """Read whose commit it is, of when, and what signs it. Raises a usage error for what cannot be read."""
    from gitops_gen._version import __version__
    from gitops_gen.delivery.commit import Signature

    return Signature(
        identity=_identity(commit.author, "--author"),
        committer=_identity(commit.committer, "--committer") if commit.committer is not None else None,
        date=_date(commit.date) if commit.date is not None else _now(),
        version=__version__,
        signing=_signing(commit),
    )


def dated(signed: Signature, commit: CommitOptions, provenance: Provenance) -> Signature:
    """Give a commit the date of the inventory's, where nobody gave it another one.

    So a run that comes late, or on a machine whose clock is wrong, makes the same commit.
    """
    if commit.date is not None or _fixed_time() is not None or provenance.date is None:
        return signed
    return replace(signed, date=provenance.date)


def _identity(written: str, option: str) -> Identity:
    """Read `Name <mail>`. Raises BadParameter for anything else."""
    from email.utils import parseaddr

    from gitops_gen.delivery.commit import Identity

    name, mail = parseaddr(written)
    message = f"{written!r} is nobody; write it like `Mesh Bot <mesh-bot@example.com>`"
    if not name or not mail:
        raise click.BadParameter(message, param_hint=option)
    with usage(option):
        return Identity(name, mail)


def _date(written: str) -> int:
    """Read a date. Raises BadParameter for one that no commit can bear, or that says nothing of its time zone."""
    from datetime import datetime

    seconds = _seconds(written)
    if seconds is None:
        with contextlib.suppress(ValueError):
            at = datetime.fromisoformat(written)
            seconds = int(at.timestamp()) if at.tzinfo else None
    if seconds is None or seconds < 0:
        message = f"{written!r} is no date; write seconds since 1970, or like 2026-11-30T12:00:00Z"
        raise click.BadParameter(message, param_hint="--date")
    return seconds


def _now() -> int:
    fixed = _fixed_time()
    return int(clock().now()) if fixed is None else fixed


def _seconds(written: str) -> int | None:
    """Read seconds since 1970, up to the end of the year 9999; None for anything else."""
    return int(written) if _SECONDS.fullmatch(written) and int(written) <= _LATEST else None


def _signing(commit: CommitOptions) -> Signing | None:
    """Read which key signs, None for no signature. An empty variable is a mistake, never a way to do without one."""
    from gitops_gen.delivery.keys import parse_signing

    for name in ("signing-key", "allowed-signers"):
        variable = f"{PREFIX}{name.replace('-', '_').upper()}"
        if getattr(commit, name.replace("-", "_")) is None and variable in console.environment():
            message = f"{variable} is set, but empty: a secret is missing here, or unset it"
            raise click.BadParameter(message, param_hint=f"--{name}")
    if commit.signing_key is None:
        if commit.allowed_signers is not None:
            raise click.BadParameter("nothing is signed without --signing-key", param_hint="--allowed-signers")
        return None
    with usage("--signing-key"):
        return parse_signing(commit.signing_key, commit.allowed_signers, relative_to=str(Path.cwd()))


@contextlib.contextmanager
def usage(option: str) -> Iterator[None]:
    """Report what is wrong with an option's value as a mistake in usage."""
    from gitops_gen.errors import InputError

    try:
        yield
    except InputError as error:
        raise click.BadParameter("; ".join(filter(None, [error.message, error.help])), param_hint=option) from error


def _fixed_time() -> int | None:
    """Return SOURCE_DATE_EPOCH, None where it is not set. Raises a usage error for one that is no time."""
    written = console.environment().get("SOURCE_DATE_EPOCH", "")
    seconds = _seconds(written)
    if written and seconds is None:
        raise click.UsageError(f"SOURCE_DATE_EPOCH is {written!r}, and not seconds since 1970")
    return seconds


def clock() -> Clock:
    """Hand in time and chance."""
    import random
    import time

    from gitops_gen.workflows.landing import Clock

    return Clock(
        now=time.time,
        monotonic=time.monotonic,
        sleep=time.sleep,
        chance=random.random,
    )
