"""One mesh in one GitOps repository, synced by the engine under test: what a scenario works with.

Everything is done as people do it: the inventory is committed, `gitops-gen` is run as a program, the engine objects
that it has published are applied, and whoever waits for the engine waits by `gitops-gen`'s own means.
"""

from __future__ import annotations

import os
import random
import re
import sys
import threading
import time
from contextlib import suppress
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import yaml

from gitops_gen.kubectl import Kubectl
from gitops_gen.workflows.asking import Contexts, hear_clusters
from gitops_gen.workflows.landing import Clock
from gitops_gen.workflows.publishing import Remote
from gitops_gen.workflows.reading import load_inventory
from gitops_gen.workflows.status import Report, read_status, wait_until_applied
from tests.command import Ended, bare_repository, git, start
from tests.engines.clusters import HUB, NAMES, Running, namespace
from tests.engines.controllers import ARGOCD_NAMESPACE, FLUX_NAMESPACE
from tests.engines.oracle import VERSIONS, Name, differences, identities, live, rendered
from tests.programs.kube import NOT_FOUND, ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitops_gen.engines.status import Wanted
    from gitops_gen.workflows.asking import Heard

URL = "https://git.example.com/platform/mesh.git"
"""Where the inventory says that the repository is; in the engine objects the served one stands in its place."""

KUBECTL = Path(sys.executable).parent / "kubectl"

PATIENCE_S = 300.0
"""How long anything is waited for, at most; what takes longer is not as it should be, on a slow machine either."""

COMMAND_S = 900.0
"""How long a command may take, one that waits as well."""

NUDGE_S = 20.0
"""How often an engine is told to look, as a webhook would; at once where the branch has a new commit."""

KUSTOMIZATION = ("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
GIT_REPOSITORY = ("source.toolkit.fluxcd.io/v1", "GitRepository")
OCI_REPOSITORY = ("source.toolkit.fluxcd.io/v1", "OCIRepository")
APPLICATION = ("argoproj.io/v1alpha1", "Application")
APPLICATION_SET = ("argoproj.io/v1alpha1", "ApplicationSet")
APP_PROJECT = ("argoproj.io/v1alpha1", "AppProject")

REFRESH = "argocd.argoproj.io/refresh"
GENERATE_PATHS = "argocd.argoproj.io/manifest-generate-paths"

_HEAD = "apiVersion: gitops-gen.io/v1alpha1\n"
_CLUSTER = f"""\
{_HEAD}kind: Cluster
metadata: {{name: NAME}}
spec:
  istio: {{version: "1.30", mtls: strict, endpointDiscovery: false}}
  ingresses:
    public:
      namespace: istio-ingress
      selector: {{istio: ingressgateway}}
      hostTemplate: "{{cluster}}-{{pod}}.example.com"
"""
_WORKLOAD = f"""\
{_HEAD}kind: Workload
metadata: {{name: NAME, namespace: NAMESPACE}}
spec:
  service: {{create: true}}
  selector: {{app: NAME}}
  ports:
    - {{name: http, port: PORT, protocol: HTTP, expose: {{}}}}
  placements:
"""

Sizes = dict[str, dict[str, int]]
"""Workload -> cluster -> pods."""

SIZES: Sizes = {"data/db": {"east": 3, "west": 3}, "monitoring/prometheus": {"east": 2, "west": 2}}
NAMESPACES = ("data", "monitoring", "istio-ingress")


def inventory_text(
    engine: str,
    sizes: Sizes,
    *,
    port: int = 9090,
    sync_unit: str = "namespace",
    gitops: str = "",
    ingress: str = "",
    engines: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Write an inventory; the port of every workload is in what its clusters share.

    `gitops` is what else stands in the Mesh's `gitops`, `ingress` in each ingress; `engines` are those of single
    clusters.
    """
    fields = f"{{repository: '{URL}', engine: {engine}, syncUnit: {sync_unit}{', ' if gitops else ''}{gitops}}}"
    documents = [f"{_HEAD}kind: Mesh\nmetadata: {{name: engines}}\nspec:\n  gitops: {fields}\n"]
    for name in NAMES:
        own = f"  engine: {engines[name]}\n" if name in engines else ""
        documents.append(_CLUSTER.replace("NAME", name) + (f"      {ingress}\n" if ingress else "") + own)
    for key, placed in sizes.items():
        where, _, name = key.partition("/")
        text = _WORKLOAD.replace("NAMESPACE", where).replace("NAME", name).replace("PORT", str(port))
        documents.append(
            text + "".join(f"    - {{cluster: {one}, replicas: {size}}}\n" for one, size in placed.items())
        )
    return "---\n".join(documents)


class Stand:
    """A mesh of two clusters and the engine that syncs it. Leaving the context takes all of it away again."""

    def __init__(self, running: Running, folder: Path, name: str) -> None:
        self.running = running
        self.engine = running.engine
        self.repository = bare_repository(running.repositories / f"{name}.git")
        self.url = f"{running.url}/{name}.git"
        self.inventory = folder / name
        self.inventory.mkdir(parents=True)
        git(self.inventory, "init", "--quiet", "--initial-branch=main")
        self._ended = threading.Event()
        self._nudged = threading.Thread(target=self._keep_nudging, daemon=True)

    def __enter__(self) -> Self:
        for cluster in NAMES:
            for name in NAMESPACES:
                namespace(self.running.kube(cluster), name)
        self._nudged.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.quiet()
        self.take_away()

    def quiet(self) -> None:
        """Nudge the engine no more: it is told something else."""
        self._ended.set()
        self._nudged.join()

    # --- gitops-gen ------------------------------------------------------------------------------------------------

    def write(self, text: str) -> None:
        """Commit an inventory."""
        (self.inventory / "mesh.yaml").write_text(text)
        git(self.inventory, "add", "mesh.yaml")
        git(self.inventory, "commit", "--quiet", "--allow-empty", "-m", "Change the inventory")

    def sizes(self, sizes: Sizes, **more: Any) -> None:
        """Commit an inventory with workloads of some sizes."""
        self.write(inventory_text(self.engine, sizes, **more))

    def run(self, command: str, *arguments: str, code: int | None = 0) -> Ended:
        """Run gitops-gen on the inventory and the repository; `code` is how it must end, None for anyhow."""
        kubeconfig = {"KUBECONFIG": str(self.running.kubeconfig)}
        words: list[str | Path] = [command, self.inventory / "mesh.yaml", *arguments, "--repository", self.repository]
        ended = start(*words, env=kubeconfig, within_s=COMMAND_S)
        assert code in {None, ended.code}, f"{command} ended with {ended.code}\n{ended.out}\n{ended.err}"
        return ended

    def publish(self, *arguments: str, command: str = "publish") -> str:
        """Publish, and approve where a guard asks for it; return what was said."""
        ended = self.run(command, *arguments, code=None)
        asked = re.search(r"(?:--approve |\"digest\": \")(sha256:[0-9a-f]+)", ended.out)
        if ended.code == 3 and asked:
            ended = self.run(command, *arguments, "--approve", asked[1], code=None)
        assert ended.code == 0, f"{command} ended with {ended.code}\n{ended.out}\n{ended.err}"
        return ended.out

    def apply_engine_objects(self) -> int:
        """Apply what stands under `engines/`, as people do after a publish; unknown or wrong fields are refused."""
        count = 0
        for path in git(self.repository, "ls-tree", "-r", "--name-only", "main", "engines").split():
            cluster = path.split("/")[2] if path.startswith("engines/flux/") else HUB
            text = git(self.repository, "show", f"main:{path}").replace(URL, self.url)
            for one in resources_in(text):
                self.running.kube(cluster).apply(one)
                count += 1
        self.nudge()
        return count

    def fresh(self, sizes: Sizes = SIZES, **more: Any) -> Report:
        """Publish a mesh, let the engine have its objects, and wait until everything is applied."""
        self.sizes(sizes, **more)
        self.publish()
        self.apply_engine_objects()
        return self.settled()

    # --- the engine ------------------------------------------------------------------------------------------------

    def hear(self, wanted: Sequence[Wanted]) -> Heard:
        """Ask the engine through kubectl."""
        self.running.check()
        environment = {"KUBECONFIG": str(self.running.kubeconfig), "PATH": os.environ["PATH"]}
        return hear_clusters(Kubectl(str(KUBECTL), environment, Path("/"), 60.0), Contexts(), wanted)

    def status(self) -> Report:
        """Return how the units stand now."""
        return read_status(self._read(), self._remote(), self.hear)

    def settled(self, patience_s: float = PATIENCE_S) -> Report:
        """Wait until what is published is applied everywhere. Fails when it is not in time."""
        clock = Clock(now=time.time, monotonic=time.monotonic, sleep=_short_sleep, chance=random.random)
        report = wait_until_applied(self._read(), self._remote(), self.hear, clock, commit=None, deadline_s=patience_s)
        lines = [f"{one.wanted.unit.folder}: {one.state} {one.revision} {one.notes}" for one in report.units]
        assert report.units
        assert report.landed, "\n".join(["not applied in time", *lines])
        return report

    def nudge(self) -> None:
        """Tell the engines to look at their sources now, as a webhook would."""
        stamp = {"reconcile.fluxcd.io/requestedAt": str(time.time_ns())}
        for cluster, kind in product(NAMES, (GIT_REPOSITORY, OCI_REPOSITORY)):
            self._annotate(cluster, kind, stamp)
        self._annotate(HUB, APPLICATION_SET, {"argocd.argoproj.io/application-set-refresh": "true"})
        self._annotate(HUB, APPLICATION, {"argocd.argoproj.io/refresh": "normal"})

    def reconcile(self) -> None:
        """Tell the engine to look at its units now, new commit or not."""
        if self.engine == "flux":
            for cluster in NAMES:
                self._annotate(cluster, KUSTOMIZATION, {"reconcile.fluxcd.io/requestedAt": str(time.time_ns())})
        else:
            self.nudge()

    def try_again(self) -> None:
        """Tell the engine to try its units once more: after its retries Argo CD gives a commit up until it is told."""
        if self.engine == "flux":
            self.reconcile()
            return
        for one in self.applications():
            self._begin_sync(one["metadata"]["name"])

    def refresh_hard(self) -> None:
        """Tell Argo CD to forget what it has rendered and to compare anew, and wait until it has."""
        self._annotate(HUB, APPLICATION, {REFRESH: "hard"})
        until(
            lambda: not any(REFRESH in one["metadata"].get("annotations", {}) for one in self.applications()),
            "a hard refresh",
        )

    def sync(self, name: str) -> None:
        """Sync an Application by hand, and wait until that has ended."""
        self._begin_sync(name)

        def ended() -> bool:
            (one,) = (one for one in self.applications() if one["metadata"]["name"] == name)
            return "operation" not in one

        until(ended, f"a sync of {name} by hand")

    def applications(self) -> list[dict[str, Any]]:
        """Return the Applications of Argo CD."""
        return self.running.kube(HUB).list(*APPLICATION)

    def take_away(self) -> None:
        """Take engine objects and resources away, so that the next scenario begins with nothing."""
        for kind in (APPLICATION_SET, APPLICATION, APP_PROJECT):
            self._delete(HUB, kind, ARGOCD_NAMESPACE)
        for cluster in NAMES:
            for kind in (KUSTOMIZATION, GIT_REPOSITORY, OCI_REPOSITORY):
                self._delete(cluster, kind, FLUX_NAMESPACE)
            kube = self.running.kube(cluster)
            for name in live(kube):
                kube.delete(VERSIONS[name.kind], name.kind, name.namespace, name.name)

    # --- what lives ------------------------------------------------------------------------------------------------

    def live(self, cluster: str) -> dict[Name, dict[str, Any]]:
        """Return our resources in a cluster."""
        return live(self.running.kube(cluster))

    def all_identities(self) -> dict[str, dict[Name, str]]:
        """Return cluster -> resource -> what tells it from a later one of the same name."""
        return {cluster: identities(self.live(cluster)) for cluster in NAMES}

    def check(self) -> int:
        """Hold what lives against what kustomize makes of the branch, and return how many resources there are."""
        count = 0
        for cluster in NAMES:
            wanted = rendered(self.repository, "main", cluster)
            wrong = differences(wanted, self.live(cluster))
            assert not wrong, "\n".join([f"{cluster} is not what kustomize renders:", *wrong])
            count += len(wanted)
        return count

    # --- inside ----------------------------------------------------------------------------------------------------

    def _read(self) -> Any:
        judged = load_inventory(str(self.inventory / "mesh.yaml"))
        assert judged.inventory is not None
        return judged.inventory

    def _remote(self) -> Remote:
        return Remote(environment=dict(os.environ), relative_to="/", repository=str(self.repository))

    def tip(self) -> str:
        """Return the newest commit, "" for none."""
        return git(self.repository, "for-each-ref", "--format=%(objectname)", "refs/heads/main").strip()

    def _keep_nudging(self) -> None:
        seen, last = "", 0.0
        while not self._ended.wait(0.3):
            tip = self.tip()
            if tip != seen or time.monotonic() - last > NUDGE_S:
                last = time.monotonic()
                # An API server that is busy is asked again.
                with suppress(ApiError, OSError):
                    self.nudge()
                    seen = tip

    def _begin_sync(self, application: str) -> None:
        operation = {"initiatedBy": {"username": "a person"}, "sync": {"prune": True}}
        self.running.kube(HUB).merge(*APPLICATION, ARGOCD_NAMESPACE, application, {"operation": operation})

    def _annotate(self, cluster: str, kind: tuple[str, str], annotations: Mapping[str, str]) -> None:
        kube = self.running.kube(cluster)
        for one in kube.list(*kind):
            metadata = one["metadata"]
            patch = {"metadata": {"annotations": dict(annotations)}}
            try:
                kube.merge(*kind, metadata["namespace"], metadata["name"], patch)
            except ApiError as error:
                # gone since it was listed
                if error.status != NOT_FOUND:
                    raise

    def _delete(self, cluster: str, kind: tuple[str, str], where: str) -> None:
        """Delete all of a kind and wait until they are gone; a Kustomization takes its resources along."""
        kube = self.running.kube(cluster)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            left = kube.list(*kind, where)
            if not left:
                return
            for one in left:
                if "deletionTimestamp" not in one["metadata"]:
                    kube.delete(*kind, where, one["metadata"]["name"])
            time.sleep(0.2)
        raise RuntimeError(f"{kind[1]} objects of {cluster} are not gone")


def until(seen: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until something is seen. Fails when it is not in time."""
    deadline = time.monotonic() + patience_s
    while not seen():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.3)


def resources_in(text: str | bytes) -> list[dict[str, Any]]:
    """Return the resources in YAML text; a kustomization that lists them is none."""
    found = yaml.load_all(text, yaml.CSafeLoader)
    return [one for one in found if not one["apiVersion"].startswith("kustomize.config.k8s.io/")]


def _short_sleep(seconds: float) -> None:
    """Sleep less than a job in CI would: here the engines are told when to look."""
    time.sleep(min(seconds, 1.0))
