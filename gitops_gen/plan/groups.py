"""Equal changes over pods and clusters, put together: what a person wants to read once.

Two changes are equal when they differ in nothing but the names of their cluster and pod. Pods that are new or gone
altogether are equal when they have resources of the same kinds and as many hosts. Nothing is lost: each group knows
how many resources it stands for.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gitops_gen.plan.changes import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitops_gen.plan.changes import Presence, SubjectChange, WorkloadChange

MOST_SHAPES = 3
"""More different kinds of change than this to one workload's pods are told as one, with an example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Equal changes to some pods of a workload (or to its shared resources) in one cluster.

    `alike` is False where the values differ from pod to pod, so that the first is just an example.
    """

    subjects: tuple[SubjectChange, ...]
    alike: bool
    shape: object

    @property
    def resources(self) -> int:
        """How many resources change."""
        return sum(len(subject.resources) for subject in self.subjects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The same change to a workload in one or more clusters; `remarks` are those of the first."""

    changes: tuple[WorkloadChange, ...]
    remarks: tuple[Remark, ...]

    @property
    def first(self) -> WorkloadChange:
        """The change that is shown."""
        return self.changes[0]

    @property
    def clusters(self) -> tuple[str, ...]:
        """The clusters in which it happens, in order."""
        return tuple(change.cluster for change in self.changes)

    @property
    def presence(self) -> Presence:
        """Whether the workload begins, ends or goes on in these clusters."""
        return self.first.presence

    @property
    def resources(self) -> int:
        """How many resources change, over all clusters."""
        return sum(len(subject.resources) for change in self.changes for subject in change.subjects)


def group_changes(changes: Iterable[WorkloadChange]) -> list[Group]:
    """Put equal changes of a workload together over clusters, in order of namespace and folder."""
    found: dict[object, list[tuple[WorkloadChange, tuple[Remark, ...]]]] = defaultdict(list)
    for change in changes:
        remarks = remarks_of(change)
        key = (
            change.namespace,
            change.folder,
            change.presence,
            change.pods_after - change.pods_before,
            tuple((remark.shape, len(remark.subjects)) for remark in remarks),
        )
        found[key].append((change, remarks))
    groups = [
        Group(changes=tuple(change for change, _remarks in members), remarks=members[0][1])
        for members in found.values()
    ]
    return sorted(groups, key=lambda group: (group.first.namespace, group.first.folder, group.clusters))


def remarks_of(change: WorkloadChange) -> tuple[Remark, ...]:
    """Put the equal changes of a workload's pods together, in the order of their first pods, shared resources last."""
    families: dict[object, list[SubjectChange]] = defaultdict(list)
    for subject in change.subjects:
        families[subject.pod is None, subject.action, _kinds(subject)].append(subject)
    remarks = []
    for family, members in families.items():
        shapes: dict[object, list[SubjectChange]] = defaultdict(list)
        for subject in members:
            shapes[_shape(subject, change.cluster)].append(subject)
        if len(shapes) <= MOST_SHAPES:
            remarks += [
                Remark(subjects=tuple(alike), alike=True, shape=(family, shape)) for shape, alike in shapes.items()
            ]
        else:
            remarks.append(Remark(subjects=tuple(members), alike=False, shape=(family, None)))
    return tuple(remarks)


def _kinds(subject: SubjectChange) -> tuple[object, ...]:
    return tuple(sorted((change.action, change.id.kind) for change in subject.resources))


def _shape(subject: SubjectChange, cluster: str) -> object:
    """Return what two equal changes have in common: all but the names of cluster and pod."""
    if subject.pod is not None and subject.action in {Action.ADDED, Action.REMOVED}:
        return sum(len(said.before) + len(said.after) for said in subject.statements if said.about == "host")
    pod, _dot, home = (subject.pod or "").partition(".")
    names = _names(cluster, pod, home)
    return (
        tuple((_blank(change.id.name, names), change.fields) for change in subject.resources),
        tuple(
            (statement.about, _blanks(statement.before, names), _blanks(statement.after, names))
            for statement in subject.statements
        ),
    )


@lru_cache(maxsize=4096)
def _names(cluster: str, pod: str, home: str) -> re.Pattern[str]:
    """Match the names of a cluster, a pod and the pod's home where they stand as words of their own."""
    words = [("pod", pod), ("home", home), ("cluster", cluster)]
    any_of = "|".join(f"(?P<{group}>{re.escape(name)})" for group, name in words if name)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{any_of})(?![A-Za-z0-9])")


def _blanks(values: Sequence[str], names: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(_blank(value, names) for value in values)


def _blank(text: str, names: re.Pattern[str]) -> str:
    """Replace each name by what cannot stand in a manifest: `<cluster>-<pod>.example.com`, with a NUL before each."""
    return names.sub(lambda found: f"\0{found.lastgroup}", text)
