"""Plays a known-bad shape on a running mesh: it has to fail there, in the way that is written down."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from tests.mesh.play import FLUSHED_S, inbound_peers, sizes, written
from tests.mesh.records import lead_names
from tests.mesh.surroundings import BYSTANDER, CALLERS, surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.mesh.ask import Answer, Question
    from tests.mesh.known_bad import Seen, Shape
    from tests.mesh.stage import Stage

TIMES = 6
SHOWS_WITHIN_S = 75.0


class Shown(NamedTuple):
    """What came of a shape: the answers to each request, and whether it failed as it is said to."""

    answers: tuple[tuple[Seen, tuple[str, ...]], ...]
    as_said: bool


def show(stage: Stage, shape: Shape) -> Shown:
    """Apply a shape and ask until it fails as it is said to. Raises RefusedError when the API server refuses it."""
    slots = shape.slots
    stage.switch({}, slots.values())
    stage.discover(
        slot for name, slot in slots.items() if shape.inventory.clusters[name].istio.endpoint_discovery is not False
    )
    given = {
        slot: surroundings(
            shape.inventory, shape.inventory.clusters[name], shape.manifests.get(name, []), stage.mesh.state
        )
        for name, slot in slots.items()
    }
    stage.prepare(given)
    lead_names(stage, shape.inventory, slots, shape.manifests)
    for name, slot in slots.items():
        # in turn, so that of two objects for one thing the first is the older
        for manifest in shape.manifests.get(name, []):
            stage.apply(slot, [manifest])
            if manifest["kind"] == "ServiceEntry" and len(shape.manifests) == 1:
                time.sleep(1.1)
    stage.settle()
    deadline = time.monotonic() + SHOWS_WITHIN_S
    while True:
        marks = sizes(stage)
        found = tuple((seen, _ask(stage, seen, slots, marks)) for seen in shape.seen)
        fails = any(answer != seen.right for seen, answers in found for answer in answers)
        listed = all(answer == seen.right or answer in seen.wrong for seen, answers in found for answer in answers)
        if (fails and listed) or time.monotonic() > deadline:
            return Shown(found, fails and listed)
        time.sleep(1)


def _ask(stage: Stage, seen: Seen, slots: Mapping[str, int], marks: Mapping[str, int]) -> tuple[str, ...]:
    named = {slot: name for name, slot in slots.items()}
    question: Question = dict(seen.question)
    if seen.gateway is not None:
        question["address"] = stage.gateway_address(slots[seen.gateway], "istio-ingress", {"istio": "ingressgateway"})
    elif question["host"] == BYSTANDER:
        question["address"] = stage.mesh.node.pod(
            slots[seen.client[0]] if seen.client else 0, CALLERS, BYSTANDER
        ).address
    pod = None if seen.client is None else stage.mesh.node.pod(slots[seen.client[0]], *seen.client[1:])
    answers = stage.mesh.ask(pod, [question] * TIMES)
    if question["kind"] == "reuse":
        answers = [said for answer in answers for said in (answer.get("answers") or [answer])]
    time.sleep(FLUSHED_S)
    return tuple(sorted({_told(stage, answer, seen, named, marks) for answer in answers}))


def _told(stage: Stage, answer: Answer, seen: Seen, named: Mapping[int, str], marks: Mapping[str, int]) -> str:
    if "pod" not in answer:
        return str(answer.get("error", answer))
    mtls: bool | None = None
    if seen.right.endswith(("mTLS", "plain text")):
        pod = stage.mesh.node.pod(answer["slot"], answer["namespace"], answer["pod"])
        mtls = bool(answer["peer"]) or True in inbound_peers(pod, int(answer["port"]), marks.get(pod.uid, 0))
    return written(named[answer["slot"]], answer["namespace"], answer["pod"], answer["port"], mtls)
