"""Two clusters and a Git server, and in them the engine under test: real programs on loopback, no nodes, no root.

    with clusters(folder, "flux", port=21000) as running:
        running.kube("east").apply(manifest)

Ports from `port` to `port` + 99 are used; two sets with other ports and folders run side by side.
"""

from __future__ import annotations

import http.server
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from tests.engines.controllers import ARGOCD_NAMESPACE, FLUX_NAMESPACE, start_argocd, start_flux
from tests.integration.delivery.remotes import Forge, Handler
from tests.programs.catalogue import program
from tests.programs.control_plane import control_plane
from tests.programs.kube import ApiError, Kube
from tests.programs.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.programs.control_plane import ControlPlane

NAMES = ("east", "west")
HUB = "east"
"""Where Argo CD runs; it syncs both from there, each under its name."""

CONTROLLERS = ("garbage-collector-controller", "namespace-controller")
"""Argo CD deletes in the foreground: without the garbage collector nothing that it prunes is ever gone."""

_GIT, _REGISTRY, _ENGINE, _OTHER, _PLANES = 0, 1, 10, 30, 60
_EACH = 20
"""How many ports a cluster has; the control plane takes the first four."""

DEFINITIONS = ("istio-files/istio", "flux-files/flux", "argocd-files/argocd")
"""Both engines' kinds are known everywhere, so that the objects of both can be held against them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The clusters by name, the kubeconfig that leads to both, and where repositories are served."""

    engine: str
    folder: Path
    port: int
    planes: dict[str, ControlPlane]
    kubeconfig: Path
    repositories: Path
    url: str
    programs: tuple[Processes, ...]

    def kube(self, cluster: str) -> Kube:
        return self.planes[cluster].kube

    def check(self) -> None:
        """Raise RuntimeError when one of the programs has ended."""
        for each in self.programs:
            each.check_all()

    @contextmanager
    def other(self) -> Iterator[str]:
        """Run the other engine as well, in the same clusters, and say which it is."""
        engine = "argocd" if self.engine == "flux" else "flux"
        with Processes(self.folder / "other-engine") as started:
            _start(started, engine, self.planes, self.folder / "other", self.port + _OTHER)
            yield engine

    @contextmanager
    def registry(self) -> Iterator[str]:
        """Run a container registry, empty and without TLS, and say where it is."""
        address = f"127.0.0.1:{self.port + _REGISTRY}"
        with Processes(self.folder / "registry") as started:
            started.start("registry", [program("registry"), f"--address={address}"])
            yield address

    def memory(self) -> dict[str, int]:
        """Return the most memory that each program had at one time, in MiB."""
        return {name: size for each in self.programs for name, size in each.peaks().items()}


@contextmanager
def clusters(folder: Path, engine: str, port: int) -> Iterator[Running]:
    """Run two clusters with an engine. Raises RuntimeError when one of the programs does not start."""
    with ExitStack() as stack:
        repositories = folder / "repositories"
        repositories.mkdir(parents=True)
        stack.enter_context(_served(repositories, port + _GIT))
        planes = {}
        for number, name in enumerate(NAMES):
            at = port + _PLANES + number * _EACH
            planes[name] = stack.enter_context(control_plane(folder / name, port=at, controllers=CONTROLLERS))
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(_kubeconfig(planes))
        kubeconfig.chmod(0o600)
        with ThreadPoolExecutor(len(NAMES)) as pool:
            list(pool.map(lambda plane: _define(plane.kube), planes.values()))
        ours = stack.enter_context(Processes(folder / "engine"))
        _start(ours, engine, planes, folder / "state", port + _ENGINE)
        yield Running(
            engine=engine,
            folder=folder,
            port=port,
            planes=planes,
            kubeconfig=kubeconfig,
            repositories=repositories,
            url=f"http://127.0.0.1:{port + _GIT}",
            programs=(ours, *(plane.processes for plane in planes.values())),
        )


def _start(processes: Processes, engine: str, planes: dict[str, ControlPlane], folder: Path, port: int) -> None:
    """Start an engine; twenty ports from `port` on are its own."""
    if engine == "argocd":
        start_argocd(processes, planes, HUB, folder, port)
        return
    for number, (name, plane) in enumerate(planes.items()):
        start_flux(processes, name, plane, folder / name, port + number * 10)


@contextmanager
def _served(repositories: Path, port: int) -> Iterator[None]:
    """Serve bare repositories by smart HTTP, with git's own backend."""
    handler = type("Handler", (Handler,), {"forge": Forge(repositories, port)})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _kubeconfig(planes: dict[str, ControlPlane]) -> str:
    """Return one kubeconfig with a context for each cluster; the current one leads to where Argo CD runs."""
    made: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": HUB}
    made |= {"clusters": [], "users": [], "contexts": []}
    for name, plane in planes.items():
        own = yaml.safe_load(plane.kubeconfig.read_text())
        made["clusters"].append({"name": name, "cluster": own["clusters"][0]["cluster"]})
        made["users"].append({"name": name, "user": own["users"][0]["user"]})
        made["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    return yaml.safe_dump(made, sort_keys=False)


def _define(kube: Kube) -> None:
    """Bring in the definitions of Istio's and the engines' kinds, and wait until the API server serves them."""
    for name in (FLUX_NAMESPACE, ARGOCD_NAMESPACE):
        namespace(kube, name)
    wanted = set()
    for place in DEFINITIONS:
        files, _, inner = place.partition("/")
        for path in sorted((program(files) / inner).glob("*.yaml")):
            for definition in yaml.load_all(path.read_text(), yaml.CSafeLoader):
                if definition and definition["kind"] == "CustomResourceDefinition":
                    kube.create(definition)
                    wanted.add(definition["metadata"]["name"])
    pause = threading.Event()
    served: set[str] = set()
    for _ in range(3000):
        there = kube.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")
        served = {one["metadata"]["name"] for one in there if _is_served(one)}
        if wanted <= served:
            return
        pause.wait(0.1)
    raise RuntimeError(f"not served: {', '.join(sorted(wanted - served))}")


def _is_served(definition: dict[str, Any]) -> bool:
    conditions = definition.get("status", {}).get("conditions") or []
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


def namespace(kube: Kube, name: str) -> None:
    """Make a namespace, unless it is there."""
    try:
        kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    except ApiError as error:
        if error.status != http.HTTPStatus.CONFLICT:
            raise
