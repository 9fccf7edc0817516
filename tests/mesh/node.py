"""The node: plays scheduler, kubelet and the sidecar injector for the pods of all clusters."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.mesh import network
from tests.mesh.pods import READY, Pod
from tests.programs.kube import CONFLICT, MERGE, NOT_FOUND, ApiError, Kube

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.mesh.names import Names

LOOKS_EVERY_S = 0.3
STARTS_AT_ONCE = 4


class Node:
    """Runs every pod that the API servers have, until it is closed."""

    def __init__(self, kubes: list[Kube], names: Names, state: Path) -> None:
        self.kubes = kubes
        self.pods: dict[str, Pod] = {}
        self.failed: list[str] = []
        self._names = names
        self._state = state
        self._next = dict.fromkeys(range(len(kubes)), 0)
        self._pool = ThreadPoolExecutor(STARTS_AT_ONCE)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._loop)
        self._thread.start()

    def close(self) -> None:
        """End every pod."""
        self._ending.set()
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(Pod.stop, self.pods.values()))

    def pod(self, slot: int, namespace: str, name: str) -> Pod:
        """Return a pod that runs. Raises KeyError."""
        for pod in list(self.pods.values()):
            if (pod.slot, pod.namespace, pod.name) == (slot, namespace, name):
                return pod
        raise KeyError(f"no pod {namespace}/{name} runs in slot {slot}")

    def _loop(self) -> None:
        while not self._ending.wait(LOOKS_EVERY_S):
            for slot, kube in enumerate(self.kubes):
                try:
                    self._look(slot, kube)
                except (ApiError, OSError, RuntimeError) as error:
                    # it is asked again
                    self._say(f"slot {slot}: {error}")

    def _look(self, slot: int, kube: Kube) -> None:
        found = kube.call("GET", "/api/v1/pods")["items"]
        uids = {pod["metadata"]["uid"] for pod in found}
        for manifest in found:
            uid = manifest["metadata"]["uid"]
            if manifest["metadata"].get("deletionTimestamp"):
                self._pool.submit(self._remove, kube, manifest, self.pods.pop(uid, None))
            elif uid not in self.pods:
                pod = Pod(manifest, slot, self._next[slot], self._state)
                self._next[slot] += 1
                self.pods[uid] = pod
                self._pool.submit(self._add, kube, pod, bound=bool(manifest["spec"].get("nodeName")))
            elif (pod := self.pods[uid]).ready is not None:
                wanted = (manifest["metadata"].get("annotations") or {}).get(READY) != "false"
                if wanted != pod.ready:
                    _publish(kube, pod, ready=wanted)
        for uid in [uid for uid, pod in self.pods.items() if pod.slot == slot and uid not in uids]:
            self._pool.submit(self.pods.pop(uid).stop)
        self._names.learn(slot, found, kube.call("GET", "/api/v1/services")["items"])

    def _add(self, kube: Kube, pod: Pod, *, bound: bool) -> None:
        path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}"
        try:
            if not bound:
                target = {"apiVersion": "v1", "kind": "Node", "name": f"node-{pod.slot}"}
                binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod.name}, "target": target}
                kube.call("POST", f"{path}/binding", binding)
            if pod.has_proxy:
                # without these labels, which the injector sets, every client would send plain text
                pod.labels["security.istio.io/tlsMode"] = "istio"
                pod.labels["service.istio.io/canonical-name"] = pod.labels.get("app", pod.name)
                kube.call("PATCH", path, {"metadata": {"labels": pod.labels}}, MERGE)
            # istiod has to know the address before the proxy connects
            _publish(kube, pod, ready=False)
            pod.ready = None
            pod.start(kube)
            _publish(kube, pod, ready=pod.annotations.get(READY) != "false")
        except (ApiError, OSError, RuntimeError) as error:
            if not self._ending.is_set() and pod.uid in self.pods:
                self.failed.append(f"{pod.namespace}/{pod.name}: {error}")
                self._say(self.failed[-1])

    def _remove(self, kube: Kube, manifest: Mapping[str, Any], pod: Pod | None) -> None:
        try:
            if pod is not None:
                pod.stop()
            metadata = manifest["metadata"]
            body = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
            kube.call("DELETE", f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}", body)
        except ApiError as error:
            if error.status not in {NOT_FOUND, CONFLICT}:
                self._say(str(error))

    def _say(self, text: str) -> None:
        if not self._ending.is_set():
            sys.stderr.write(f"node: {text}\n")


def _publish(kube: Kube, pod: Pod, *, ready: bool) -> None:
    """Report a pod's status as its kubelet does."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    said = {"PodScheduled": True, "Initialized": True, "ContainersReady": ready, "Ready": ready}
    conditions = [{"type": kind, "status": str(value), "lastTransitionTime": now} for kind, value in said.items()]
    status = {
        "phase": "Running",
        "podIP": pod.address,
        "podIPs": [{"ip": pod.address}],
        "hostIP": network.NODE,
        "startTime": now,
        "conditions": conditions,
    }
    kube.call("PATCH", f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/status", {"status": status}, MERGE)
    pod.ready = ready
