"""A plan as text: on one screen, what a publish would do.

    3 clusters, 1 workload: 3 pods added, 9 resources added; nothing removed

    monitoring/prometheus in cluster-a: 2 -> 3 pods (+prometheus-2: Service, VirtualService, Gateway; +host ...)

`+` is added, `-` removed, `~` changed, `>` moved to another sync unit.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from gitops_gen.plan.changes import Action, Presence, components_changed
from gitops_gen.plan.groups import group_changes
from gitops_gen.report.inventory import count
from gitops_gen.report.plan_value import plan_value
from gitops_gen.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.plan.changes import ClusterPlan, Plan, ResourceChange, Statement, SubjectChange, WorkloadChange
    from gitops_gen.plan.groups import Group, Remark

_SIGNS = {Action.ADDED: "+", Action.REMOVED: "-", Action.CHANGED: "~", Action.MOVED: ">"}
_SHOWN = 3
"""How many names, values or fields are listed before the rest is just counted."""
_SUBJECT_LENGTH = 72
_ALWAYS_TOLD = ("host", "gateway host", "endpoint")
"""What comes first, and is all that is worth saying of resources that are new or gone altogether."""


def plan_text(plan: Plan, limit: int = 200) -> str:
    """Write a plan for people: a summary, then one line for each change that differs; at most `limit` of those."""
    lines = plan_lines(plan)
    if len(lines) > limit:
        lines[limit:] = [f"... and {count(len(lines) - limit, 'more line')}; the JSON form has everything"]
    body = "".join(f"{line}\n" for line in lines)
    foot = f"unchanged: {_listed(plan.untouched, 'other cluster')}\n" if plan.untouched and plan.clusters else ""
    summary = plan_summary(plan)
    if plan.empty:
        return f"{summary}\n"
    return "\n".join(part for part in (f"{summary}\n", body, f"{foot}plan {plan.digest}\n") if part)


def plan_lines(plan: Plan) -> list[str]:
    """Write one line for each change that differs, and below it what it consists of."""
    lines = [_cluster_line(cluster) for cluster in plan.clusters if cluster.presence is not Presence.STAYS]
    for group in _groups(plan):
        lines += _group_lines(group)
    lines += [_engine_line(change) for change in plan.engine_objects]
    return [
        *lines,
        *(f"{printable(path)}: holds no resources that can be read; it is replaced" for path in plan.unreadable),
    ]


def plan_headlines(plan: Plan) -> list[str]:
    """Write one line for each workload, consumer or gateway folder that changes, those with most resources first."""
    groups = sorted(_groups(plan), key=lambda group: -group.resources)
    lines = []
    for group in groups:
        signs = Counter(change.action for one in group.changes for change in one.resources() if not change.tombstone)
        numbers = ", ".join(f"{signs[action]:,} {action}" for action in Action if signs[action])
        said = "; ".join(part for part in (_pods(group), f"resources: {numbers}" if numbers else "") if part)
        lines.append(printable(f"{_title(group.first)} in {_where(group.clusters)}: {said or _otherwise(group)}"))
    if plan.engine_objects:
        lines.append(f"{count(len(plan.engine_objects), 'engine object')} changed")
    return lines


def _otherwise(group: Group) -> str:
    """Say what changes where no pod and no resource does."""
    return "other components on top" if any(components_changed(group.changes)) else "laid out differently"


def resource_lines(plan: Plan) -> list[str]:
    """Write one line for each resource that changes: its cluster, its sign, its id, and the fields that differ."""
    lines = []
    for cluster in plan.clusters:
        for change in cluster.resources():
            fields = f": {_names(change.fields)}" if change.fields else ""
            moved = f" from {change.unit_before} to {change.unit_after}" if change.action is Action.MOVED else ""
            lines.append(printable(f"{_SIGNS[change.action]} {cluster.name}: {change.id}{moved}{fields}"))
    return lines + [f"{_SIGNS[change.action]} {_engine_line(change)}" for change in plan.engine_objects]


def plan_summary(plan: Plan) -> str:
    """Say in one line how much changes: `3 clusters, 1 workload: 3 pods added, 9 resources added; nothing removed`."""
    if plan.empty:
        return "nothing to change"
    changes = [change for cluster in plan.clusters for change in cluster.workloads]
    if not changes:
        objects = f", {count(len(plan.engine_objects), 'engine object')} changed" if plan.engine_objects else ""
        return f"no cluster renders anything else: {count(plan.rewritten, 'file')} rewritten{objects}"
    workloads = len({(change.namespace, change.folder) for change in changes if change.is_workload})
    others = len({(change.namespace, change.folder) for change in changes if change.folder and not change.is_workload})
    concerned = [count(len(plan.clusters), "cluster")]
    concerned += [count(workloads, "workload")] if workloads else []
    concerned += [count(others, "consumer or gateway folder")] if others and not workloads else []
    actions = Counter(change.action for change in plan.resources() if not change.tombstone)
    pods_added = sum(len(change.pods_added) for change in changes)
    pods_removed = sum(len(change.pods_removed) for change in changes)
    done = [f"{count(pods_added, 'pod')} added"] if pods_added else []
    done += [
        f"{count(actions[action], 'resource')} {action}"
        for action in (Action.ADDED, Action.CHANGED, Action.MOVED)
        if actions[action]
    ]
    on_top, taken_off = components_changed(changes)
    done += [f"{count(on_top, 'component')} put on top"] if on_top else []
    removed = [f"{count(pods_removed, 'pod')} removed"] if pods_removed else []
    removed += [f"{count(actions[Action.REMOVED], 'resource')} removed"] if actions[Action.REMOVED] else []
    removed += [f"{count(taken_off, 'component')} taken off"] if taken_off else []
    said = [", ".join(done)] if done else []
    return f"{', '.join(concerned)}: {'; '.join([*said, ', '.join(removed) or 'nothing removed'])}"


def plan_subject(plan: Plan) -> str:
    """Return a commit subject of at most 72 characters: the change itself when it is about one workload, else how much.

    A list of endpoints that follows a workload's scale is no change of its own.
    """
    groups = _groups(plan)
    workloads = [group for group in groups if group.first.is_workload]
    main = workloads if len(workloads) == 1 else groups
    candidates = []
    if len(main) == 1 and not plan.engine_objects:
        clusters = main[0].clusters
        where = clusters[0] if len(clusters) == 1 else count(len(clusters), "cluster")
        said = f"{_title(main[0].first)} in {where}: {_pods(main[0]) or 'changed'}"
        candidates.append(printable(said))
    summary = plan_summary(plan)
    candidates += [summary, summary.partition(";")[0], summary.partition(":")[0]]
    return next((text for text in candidates if len(text) <= _SUBJECT_LENGTH), "generated resources")


def _groups(plan: Plan) -> list[Group]:
    return group_changes(change for cluster in plan.clusters for change in cluster.workloads)


def _cluster_line(cluster: ClusterPlan) -> str:
    new = cluster.presence is Presence.NEW
    workloads = cluster.workloads_after if new else cluster.workloads_before
    pods = cluster.pods_after if new else cluster.pods_before
    resources = cluster.resources_after if new else cluster.resources_before
    numbers = ((workloads, "workload"), (pods, "pod"), (resources, "resource"))
    held = ", ".join(count(number, word) for number, word in numbers if number)
    name = printable(cluster.name)
    return f"new cluster {name}: {held}" if new else f"cluster {name} is emptied: {held} go"


def _group_lines(group: Group) -> list[str]:
    """Write one line when there is one thing to say, else a headline with a line for each remark."""
    head = f"{_title(group.first)} in {_where(group.clusters)}"
    pods = _pods(group)
    remarks = [_remark(remark, example=len(group.clusters) > 1) for remark in group.remarks]
    if len(remarks) == 1:
        return [printable(f"{head}: {pods} ({remarks[0]})" if pods else f"{head}: {remarks[0]}")]
    first = f"{head}: {pods or ('' if remarks else 'laid out differently')}".rstrip()
    return [printable(first), *(f"  {printable(remark)}" for remark in remarks)]


def _title(change: WorkloadChange) -> str:
    """Name what changes as the inventory does."""
    kind, dot, name = change.folder.partition(".")
    if kind == "consumer" and dot:
        return f"consumer {change.namespace}/{name}"
    if kind == "gateways" and dot:
        return f"shared {'ingress' if name == 'ingress' else 'east-west'} gateways in namespace {change.namespace}"
    if not change.folder:
        return f"namespace {change.namespace}" if change.namespace else "the whole overlay"
    return f"{change.namespace}/{change.folder}"


def _where(clusters: Sequence[str]) -> str:
    return clusters[0] if len(clusters) == 1 else f"{len(clusters):,} clusters ({_names(clusters)})"


def _pods(group: Group) -> str:
    """Say how the number of pods goes: `2 -> 3 pods`; nothing where it stays."""
    changes = group.changes
    if not group.first.folder:
        return "left without workloads" if group.first.left_empty else ""
    before, after = group.first.pods_before, group.first.pods_after
    same = all((change.pods_before, change.pods_after) == (before, after) for change in changes)
    each = " each" if len(changes) > 1 else ""
    if group.presence is Presence.NEW:
        said = count(after, "pod") + each if same else f"{count(sum(c.pods_after for c in changes), 'pod')} in all"
        return f"new, {said}" if any(change.pods_after for change in changes) else "new"
    if group.presence is Presence.GONE:
        said = count(before, "pod") + each if same else f"{count(sum(c.pods_before for c in changes), 'pod')} in all"
        return f"gone, with {said}" if any(change.pods_before for change in changes) else "gone"
    if before == after:
        return ""
    if same:
        return f"{before:,} -> {count(after, 'pod')}{each}"
    all_before, all_after = sum(change.pods_before for change in changes), sum(change.pods_after for change in changes)
    step = count(abs(after - before), "pod")
    return f"{step} {'more' if after > before else 'fewer'} each, {all_before:,} -> {all_after:,} in all"


def _remark(remark: Remark, *, example: bool) -> str:
    """Write equal changes of some pods, or of shared resources: `+prometheus-2: Service, Gateway; +host ...`."""
    first = remark.subjects[0]
    if not first.resources:
        return "; ".join(map(_statement, first.statements))
    several = len(remark.subjects) > 1
    kinds = ", ".join(_kinds(first)) + (" each" if several else "")
    if first.pod is None:
        named = ", ".join(_resource(change) for change in first.resources[:_SHOWN])
        rest = len(first.resources) - _SHOWN
        said = f"{_SIGNS[first.action]}{named}{f' and {rest:,} more' if rest > 0 else ''}"
    else:
        names = [_pod(subject.pod or "") for subject in remark.subjects]
        said = f"{_SIGNS[first.action]}{_names(names)}: {kinds}"
    details = _details(first)
    if not details:
        return said
    lead = "; e.g. " if several or example or not remark.alike else "; "
    return f"{said}{lead if first.pod is not None else ': '}{'; '.join(details)}"


def _pod(name: str) -> str:
    pod, dot, home = name.partition(".")
    return f"{pod} of {home}" if dot else pod


def _resource(change: ResourceChange) -> str:
    return f"{change.id.kind} {change.id.name}"


def _kinds(subject: SubjectChange) -> list[str]:
    """List the kinds of a pod's resources; with a sign where the sign of the whole does not say it."""
    said = Counter(
        change.id.kind if change.action is subject.action else f"{_SIGNS[change.action]}{change.id.kind}"
        for change in subject.resources
    )
    return [kind if number == 1 else f"{number:,} {kind}" for kind, number in said.items()]


def _details(subject: SubjectChange) -> list[str]:
    """Say what a change means; where it means nothing that we know, which fields differ."""
    whole = subject.action in {Action.ADDED, Action.REMOVED}
    first = [said for about in _ALWAYS_TOLD for said in subject.statements if said.about == about]
    rest = [said for said in subject.statements if said.about not in _ALWAYS_TOLD]
    told = [_statement(said) for said in (first if whole else [*first, *rest])]
    moves = sorted({(c.unit_before or "", c.unit_after or "") for c in subject.resources if c.action is Action.MOVED})
    told += [f"from {before} to {after}" for before, after in moves]
    if told or whole:
        return told
    fields = [f"{change.id.kind} {field}" for change in subject.resources for field in change.fields]
    if subject.pod is None:
        fields = [field for change in subject.resources for field in change.fields]
    return [_names(fields)] if fields else []


def _statement(said: Statement) -> str:
    if said.about == "endpoint":
        return f"endpoints +{len(said.after):,} -{len(said.before):,}"
    if said.before and said.after:
        return f"{said.about} {_names(said.before)} -> {_names(said.after)}"
    return f"+{said.about} {_names(said.after)}" if said.after else f"-{said.about} {_names(said.before)}"


def _names(names: Sequence[str]) -> str:
    """List a few names and count the rest: `a, b, ... and 10 more`."""
    if len(names) <= _SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[: _SHOWN - 1])}, ... and {len(names) - _SHOWN + 1:,} more"


def _listed(names: Sequence[str], word: str) -> str:
    return f"{count(len(names), word)} ({printable(_names(names))})"


def _engine_line(change: ResourceChange) -> str:
    where = change.unit_after or change.unit_before or ""
    fields = f": {_names(change.fields)}" if change.fields else ""
    return printable(f"{where}: {_SIGNS[change.action]}{change.id}{fields}")


def plan_json(plan: Plan) -> str:
    """Return the whole plan as JSON, nothing collapsed (documented in docs/reference/plan-json.md)."""
    return json.dumps({"summary": plan_summary(plan), **plan_value(plan)}, indent=2)
