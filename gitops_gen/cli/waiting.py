"""Waiting for the engines, as the commands that push do it: what is said meanwhile, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen.cli import console
from gitops_gen.errors import ExitCode, InputError
from gitops_gen.model import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitops_gen.engines.status import Wanted
    from gitops_gen.model import Inventory
    from gitops_gen.workflows.asking import Heard
    from gitops_gen.workflows.publishing import Published, Remote
    from gitops_gen.workflows.status import Report


def require_engine(inventory: Inventory) -> None:
    """Raise InputError, before anything is done, where no engine could be waited for."""
    if all(cluster.engine is Engine.NONE for cluster in inventory.clusters.values()):
        raise InputError(
            "no cluster has an engine to wait for",
            help="write spec.gitops.engine: argocd, or flux, in the Mesh or in a Cluster",
        )


def require_engines(inventory: Inventory) -> None:
    """Raise InputError, before anything is moved, where a cluster has no engine to wait for."""
    for name, cluster in inventory.clusters.items():
        if cluster.engine is Engine.NONE:
            raise InputError(
                f"{name} has no engine to wait for",
                help="run gitops-gen move without --wait, once for each step",
            )


def wait_for_move(
    inventory: Inventory, remote: Remote, hear: Callable[[Sequence[Wanted]], Heard], deadline: int
) -> bool:
    """Wait until the step of a move that stands on the branch has arrived, and say so; tell whether it has.

    Without a move under way there is nothing to wait for.
    """
    from gitops_gen.cli.programs import clock
    from gitops_gen.report.moves import remain_text
    from gitops_gen.workflows.following import follow, read_underway

    underway = read_underway(inventory, remote)
    if underway is None:
        return True
    followed = follow(underway, remote, hear, clock(), deadline_s=float(deadline), told=console.progress)
    report = followed.report
    if not report.landed:
        from gitops_gen.report.status import waited_text

        console.note(waited_text(report.units, report.commit, landed=False, seconds=report.seconds))
    elif followed.remain:
        console.note(remain_text([(one.wanted.unit.folder, str(one.wanted.engine)) for one in followed.remain]))
    return followed.landed


def wait_for(
    done: Published,
    inventory: Inventory,
    remote: Remote,
    hear: Callable[[Sequence[Wanted]], Heard],
    deadline: int,
) -> Report | None:
    """Wait until the engines have applied what a command published; None where it was kept from publishing.

    Where there was nothing to publish, it is waited for all that is there: a job that is run again goes on waiting.
    """
    from gitops_gen.cli.programs import clock
    from gitops_gen.workflows.status import wait_until_applied

    planned = done.planned
    if done.commit is None and (done.guarded or planned.superseded):
        return None
    known = {*planned.comparison.desired.compiled, *planned.branch.states}
    return wait_until_applied(
        inventory,
        remote,
        hear,
        clock(),
        commit=done.commit,
        since=planned.base if done.commit else None,
        clusters=known - planned.branch.kept.unchosen,
        deadline_s=float(deadline),
        told=console.progress,
    )


def waited_value(waited: Report | None) -> dict[str, Any] | None:
    """Return how a wait ended, for JSON."""
    from gitops_gen.report.status import status_value

    if waited is None:
        return None
    value = status_value(waited.units, commit=waited.commit, repository=waited.repository, branch=waited.branch)
    return {"landed": waited.landed, "seconds": round(waited.seconds, 1), **value}


def say_waited(waited: Report | None) -> None:
    """Say how a wait ended."""
    from gitops_gen.report.status import waited_text

    if waited is not None:
        console.result(waited_text(waited.units, waited.commit, landed=waited.landed, seconds=waited.seconds))


def waited_code(waited: Report | None) -> ExitCode:
    """Return the exit code of a wait: its deadline may have passed."""
    return ExitCode.OK if waited is None or waited.landed else ExitCode.SUPERSEDED
