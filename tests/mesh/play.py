"""Plays a cell on a running mesh: applies what was generated, asks every request, compares who answered."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.kustomize import build
from gitops_gen.routes.bindings import ANY_HOST
from tests.mesh.cells import rendered
from tests.mesh.records import lead_names
from tests.mesh.surroundings import BYSTANDER, PLAYED, surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitops_gen.kustomize import Kustomize
    from tests.mesh.ask import Answer, Question
    from tests.mesh.cells import Cell
    from tests.mesh.pods import Pod
    from tests.mesh.predict import Asked
    from tests.mesh.stage import Stage

AT_ONCE = 8
"""How many requests are made at a time; where limits are tried, one."""
TIMES = 2
"""How often each request is made: an answer that changes is a wrong one."""
CONVERGES_WITHIN_S = 75.0
"""What goes by DNS may take a minute."""
FLUSHED_S = 0.5
RAW = {"tcp", "tls"}
"""Kinds whose answer cannot say whether it came by mesh TLS: the access log of the pod's proxy does."""
INBOUND = re.compile(r"^[\d.]+:(?P<port>\d+) peer=(?P<peer>\S+) .* cluster=(?:inbound\||Inbound)")


class Result(NamedTuple):
    """A request, every answer that it got, and whether that is what was predicted."""

    asked: Asked
    answers: tuple[str, ...]
    right: bool


def play(stage: Stage, cell: Cell, kustomize: Kustomize) -> list[Result]:
    """Play a cell. Raises RefusedError when a generated resource is refused, RuntimeError when the mesh fails."""
    slots, state = cell.slots, stage.mesh.state
    trees = _render(cell, kustomize)
    stage.switch(cell.istiod, slots.values())
    stage.discover(
        slot for name, slot in slots.items() if cell.inventory.clusters[name].istio.endpoint_discovery is not False
    )
    given = {
        slot: surroundings(cell.inventory, cell.inventory.clusters[name], trees[name], state)
        for name, slot in slots.items()
    }
    stage.prepare(given)
    lead_names(stage, cell.inventory, slots, trees, by_file=cell.hosts_file)
    for name, slot in slots.items():
        stage.apply(slot, [manifest for manifest in trees[name] if manifest["kind"] not in PLAYED])
    for slot in slots.values():
        for namespace, pod in cell.not_ready:
            stage.make_ready(slot, namespace, pod, ready=False)
    stage.settle()
    return ask_until_right(stage, cell.asked, slots)


def _render(cell: Cell, kustomize: Kustomize) -> dict[str, list[dict[str, Any]]]:
    """Write the generated tree and let kustomize build each cluster, as an engine does."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in cell.tree.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(content)
        return {
            name: rendered(build(kustomize, Path(folder) / "overlays" / name, 60))
            if (Path(folder) / "overlays" / name).is_dir()
            else []
            for name in cell.inventory.clusters
        }


def ask_until_right(stage: Stage, asked: Sequence[Asked], slots: Mapping[str, int]) -> list[Result]:
    """Ask everything; what is not as predicted is asked again until the mesh has had its time.

    Only an answer that was asked for after that time counts as wrong. A round may take as long as the time itself: a
    proxy that has yet to hear of a pod waits for one that is gone.
    """
    results: dict[Asked, Result] = {}
    deadline = time.monotonic() + CONVERGES_WITHIN_S
    waiting, in_time = list(asked), True
    while waiting and in_time:
        if results:
            time.sleep(1)
        in_time = time.monotonic() < deadline
        for result in _ask(stage, waiting, slots, sizes(stage)):
            results[result.asked] = result
        waiting = [one for one in waiting if not results[one].right]
    return [results[one] for one in asked]


def _ask(stage: Stage, asked: Sequence[Asked], slots: Mapping[str, int], marks: Mapping[str, int]) -> list[Result]:
    named = {slot: name for name, slot in slots.items()}
    answers: dict[Asked, list[Answer]] = {one: [] for one in asked}
    by_client: dict[tuple[str, str, str] | None, list[Asked]] = {}
    for one in asked:
        by_client.setdefault(one.client, []).append(one)
    alone = any(one.trial is not None for one in asked)
    for client, ones in by_client.items():
        pod = None if client is None else stage.mesh.node.pod(slots[client[0]], *client[1:])
        questions = [_question(stage, one, slots) for one in ones for _ in range(TIMES)]
        for place, answer in enumerate(stage.mesh.ask(pod, questions, at_once=1 if alone else AT_ONCE)):
            answers[ones[place // TIMES]].append(answer)
    for one, extra in _reused(stage, asked, slots).items():
        answers[one].append(extra)
    time.sleep(FLUSHED_S)
    return [_result(stage, one, answers[one], named, marks) for one in asked]


def _question(stage: Stage, one: Asked, slots: Mapping[str, int]) -> Question:
    question: Question = {"kind": one.kind, "host": one.host, "port": one.port}
    if one.shows:
        question["certificate"] = str(stage.mesh.state / one.shows)
    if one.certificate and one.places:
        question["authority"] = str(stage.mesh.state / "authority.crt")
    if one.trial is not None:
        question["trial"] = one.trial._asdict()
    if one.gateway is not None:
        question["address"] = stage.gateway_address(slots[one.cluster], one.gateway[0], dict(one.gateway[1]))
        question["host"] = one.host.replace(ANY_HOST, "any.example.com")
    elif one.host == BYSTANDER:
        # somebody else, by an address of which the mesh knows no name
        place = next(iter(one.places))
        question["address"] = stage.mesh.node.pod(slots[place.cluster], place.namespace, place.pod).address
    return question


def _reused(stage: Stage, asked: Sequence[Asked], slots: Mapping[str, int]) -> dict[Asked, Answer]:
    """Ask all hosts of a port with a certificate over one HTTP/2 connection, as browsers and gRPC clients do."""
    groups: dict[tuple[str, object, int], list[Asked]] = {}
    for one in asked:
        if one.kind in {"https", "grpcs"} and one.gateway is not None and one.places and one.trial is None:
            groups.setdefault((one.cluster, one.gateway, one.port), []).append(one)
    wanted = [ones for ones in groups.values() if len(ones) > 1]
    questions = [
        {**_question(stage, ones[0], slots), "kind": "reuse", "hosts": [one.host for one in ones]} for ones in wanted
    ]
    return {
        one: said
        for ones, answer in zip(wanted, stage.mesh.ask(None, questions), strict=True)
        for one, said in zip(ones, answer.get("answers") or [answer] * len(ones), strict=True)
    }


def _result(
    stage: Stage, one: Asked, answers: Sequence[Answer], named: Mapping[int, str], marks: Mapping[str, int]
) -> Result:
    told = {_told(stage, one, answer, named, marks) for answer in answers}
    if not one.places:
        return Result(one, tuple(sorted(told)), right=all("error" in answer for answer in answers))
    return Result(one, tuple(sorted(told)), right=bool(told) and told <= set(expected(one)))


def _told(stage: Stage, one: Asked, answer: Answer, named: Mapping[int, str], marks: Mapping[str, int]) -> str:
    if "error" in answer or "pod" not in answer:
        said = str(answer.get("error", answer))
        return "closed" if one.trial is not None and said.startswith("closed") else said
    mtls: bool | None = bool(answer["peer"])
    if one.mtls is None:
        mtls = None
    elif one.kind in RAW:
        pod = stage.mesh.node.pod(answer["slot"], answer["namespace"], answer["pod"])
        found = inbound_peers(pod, int(answer["port"]), marks.get(pod.uid, 0))
        mtls = found.pop() if len(found) == 1 else None
    place = written(named[answer["slot"]], answer["namespace"], answer["pod"], answer["port"], mtls)
    if one.trial is not None:
        said = f"{answer['at_once']} at once" if one.trial.does == "crowd" else f"attempt {answer['attempt']}"
        return f"{place}, {said}"
    return f"{place}{certified(str(answer.get('certificate', '')))}"


def expected(one: Asked) -> list[str]:
    """Write what may be answered to a request, as it is told afterwards."""
    if one.trial is not None and one.trial.ends:
        return [one.trial.seen]
    more = certified(one.certificate) if one.trial is None else f", {one.trial.seen}"
    return [
        written(place.cluster, place.namespace, place.pod, place.port, one.mtls) + more for place in sorted(one.places)
    ]


def certified(name: str) -> str:
    """Write whose certificate was shown, as the table has it."""
    return f", certificate {name}" if name else ""


def written(cluster: str, namespace: str, pod: str, port: int, mtls: bool | None) -> str:  # noqa: FBT001
    """Write who answered, as the table has it."""
    how = {True: ", mTLS", False: ", plain text", None: ""}[mtls]
    return f"{cluster} {namespace}/{pod}:{port}{how}"


def inbound_peers(pod: Pod, port: int, mark: int) -> set[bool]:
    """Return whether requests to a port came by mesh TLS, by the proxy's access log since a mark."""
    if not pod.has_proxy:
        return {False}
    with pod.proxy_log.open(errors="replace") as log:
        log.seek(mark)
        return {match["peer"] != "-" for line in log if (match := INBOUND.match(line)) and int(match["port"]) == port}


def sizes(stage: Stage) -> dict[str, int]:
    """Return how long the access log of each pod is by now."""
    pods = [pod for pod in list(stage.mesh.node.pods.values()) if pod.has_proxy and pod.proxy_log.exists()]
    return {pod.uid: pod.proxy_log.stat().st_size for pod in pods}
