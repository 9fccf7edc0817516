"""The mesh as a whole: control planes, istiods, the node and the name server, up as long as the context."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from tests.mesh import network
from tests.mesh.certificates import make_certificates
from tests.mesh.istio import share_trust, start_istiod
from tests.mesh.names import Names
from tests.mesh.node import Node
from tests.mesh.pods import HERE
from tests.programs.catalogue import program
from tests.programs.control_plane import ControlPlane, control_plane

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.mesh.ask import Answer, Question
    from tests.mesh.pods import Pod

CONTROLLERS = (
    "statefulset-controller",
    "endpointslice-controller",
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
)
ASKING_TAKES_AT_MOST_S = 240.0
OUTSIDE = "outside"
"""The client that is in no cluster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """A mesh that runs; its clusters are numbered slots."""

    planes: Mapping[int, ControlPlane]
    node: Node
    names: Names
    state: Path

    def ask(self, client: Pod | None, questions: Sequence[Question], *, at_once: int = 1) -> list[Answer]:
        """Ask from a pod, or from outside, so many at once; returns the answers in order."""
        if not questions:
            return []
        command = [sys.executable, str(HERE / "ask.py"), str(at_once)]
        folder = self.state / OUTSIDE
        within = network.inside(OUTSIDE, folder, command) if client is None else client.inside(*command)
        ended = subprocess.run(
            within,
            input=json.dumps(questions),
            capture_output=True,
            text=True,
            check=True,
            timeout=ASKING_TAKES_AT_MOST_S,
        )
        answers: list[Answer] = json.loads(ended.stdout)
        return answers


@contextmanager
def mesh(state: Path, slots: int) -> Iterator[Mesh]:
    """Run a mesh of as many clusters as are asked for, with everything that it writes in a folder."""
    state.chmod(0o755)
    network.set_up([network.slot_address(slot) for slot in range(slots)])
    make_certificates(state)
    with ExitStack() as stack:
        _place_programs(stack, state)
        with ThreadPoolExecutor(slots) as pool:
            planes = dict(enumerate(pool.map(lambda slot: _start_plane(stack, state, slot), range(slots))))
        for slot, plane in planes.items():
            if slot:
                share_trust(planes[0].kube, plane.kube)
            start_istiod(plane, slot, state / f"slot-{slot}")
        names = Names()
        network.add_namespace(OUTSIDE, f"{network.NETWORK}.15.10", state / OUTSIDE, [], "example.com")
        node = Node([planes[slot].kube for slot in sorted(planes)], names, state)
        stack.callback(node.close)
        yield Mesh(planes=planes, node=node, names=names, state=state)


def _start_plane(stack: ExitStack, state: Path, slot: int) -> ControlPlane:
    plane = stack.enter_context(
        control_plane(
            state / f"slot-{slot}",
            port=16443 + 100 * slot,
            address=network.slot_address(slot),
            service_range=f"10.{96 + slot}.0.0/16",
            controllers=CONTROLLERS,
        )
    )
    definitions = [
        definition
        for folder in ("istio", "gateway-api")
        for path in sorted((program("istio-files") / folder).iterdir())
        for definition in yaml.load_all(path.read_text(), yaml.CSafeLoader)
        if definition
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(plane.kube.create, definitions))
    for name in ("istio-system", "istio-ingress"):
        plane.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    labels = {"topology.kubernetes.io/region": f"region-{slot}"}
    plane.kube.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{slot}", "labels": labels}})
    return plane


def _place_programs(stack: ExitStack, state: Path) -> None:
    """Show the proxy's programs where its user may run them: a home folder is often closed to others."""
    places = {
        "pilot-agent": program("pilot-agent"),
        "envoy": program("envoy"),
        "bootstrap.json": program("istio-files") / "bootstrap" / "envoy_bootstrap.json",
    }
    (state / "bin").mkdir()
    for name, found in places.items():
        (state / "bin" / name).touch()
        network.run("mount", "--bind", str(found), str(state / "bin" / name))
        stack.callback(network.run, "umount", "--lazy", str(state / "bin" / name))


def until(condition: Any, seconds: float, every: float = 0.3) -> bool:
    """Wait until something holds; tells whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
