"""The scenario of files that come from a container registry: what the how-to page says, done to the letter."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from gitops_gen.engines.status import State
from tests.command import ROOT, git
from tests.engines.by_hand import changed, gone_and_new, json_value, times
from tests.engines.clusters import NAMES
from tests.engines.controllers import FLUX_NAMESPACE
from tests.engines.stand import GIT_REPOSITORY, OCI_REPOSITORY, URL, resources_in
from tests.programs.catalogue import program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.engines.stand import Stand

PAGE = ROOT / "docs" / "how-to" / "oci-artifacts.md"
_BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PUSHED = re.compile(r"artifact successfully pushed to \S+@(sha256:[0-9a-f]{64})")


def from_registry(stand: Stand) -> str:
    """Files from a container registry, by `artifact` and `flux push artifact`, in a mesh that had them from Git."""
    if stand.engine != "flux":
        return "`artifact` is for Flux: nothing is done"
    # With what is applied before any unit, which must come from there, too.
    gitops = "createNamespaces: true, flux: {serviceAccounts: true}"
    stand.fresh(gitops=gitops)
    before = stand.all_identities()
    with stand.running.registry() as registry:
        first = {cluster: push(stand, registry, cluster) for cluster in NAMES}
        for cluster in NAMES:
            take_from_registry(stand, registry, cluster)
        stand.settled()
        stand.check()
        assert stand.all_identities() == before
        stand.sizes(changed("data/db", east=5), gitops=gitops)
        stand.publish()
        states = {one.wanted.path: one.state for one in stand.status().units}
        assert {path for path, state in states.items() if state is not State.APPLIED} == {"overlays/east/data"}
        assert states["overlays/east/data"] is State.PENDING
        second = {cluster: push(stand, registry, cluster) for cluster in NAMES}
        stand.nudge()
        said = stand.publish("--wait", "--wait-deadline", "600")
        assert re.search(r"applied: \d+ sync units at ", said), said
        after = stand.all_identities()
        assert gone_and_new(before, after, "east") == ({}, times(2))
        assert gone_and_new(before, after, "west") == ({}, {})
        stand.check()
        assert {cluster: pulled(stand, cluster) for cluster in NAMES} == second
        for cluster in NAMES:
            again = [push(stand, registry, cluster, tag="again", commit=f"main{back}") for back in ("^", "")]
            assert again == [first[cluster], second[cluster]]
            assert len({*again}) == len(again), "the commit is in the artifact"
    return (
        "as they come from the registry no resource is touched; a scale-up is `pending` until the push, then exactly "
        "the 6 resources of 2 pods came; each commit pushed again is the same digest"
    )


def push(stand: Stand, registry: str, cluster: str, *, tag: str = "main", commit: str = "") -> str:
    """Make the artifact of a cluster, push it by the command that is shown, and return its digest."""
    revision = git(stand.repository, "rev-parse", commit or "main").strip()
    with tempfile.TemporaryDirectory(prefix=f"{cluster}-", dir=stand.inventory.parent) as made:
        words = ["--cluster", cluster, "--commit", revision, "--output", str(Path(made) / cluster)]
        ended = stand.run("artifact", *words, "--to", f"oci://{registry}/mesh/{cluster}:{tag}", "--format", "json")
        flux, *command = json_value(ended.out)["command"]
        for file in (Path(made) / cluster).rglob("*.yaml"):
            text = file.read_text(encoding="utf-8")
            assert _output([str(program(flux)), "envsubst", "--strict"], given=text) == text, "Flux substitutes in it"
        pushed = _output([str(program(flux)), *command])
    found = _PUSHED.search(pushed)
    assert found, pushed
    return found[1]


def take_from_registry(stand: Stand, registry: str, cluster: str) -> None:
    """Apply the page's kustomization, with the page's OCIRepository in place of the GitRepository."""
    source, kustomization = _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    wanted: dict[str, Any] = yaml.safe_load(source)
    wanted["spec"] |= {"url": f"oci://{registry}/mesh/{cluster}", "insecure": True}
    files: Mapping[str, str] = {
        "kustomization.yaml": kustomization,
        "oci-repository.yaml": yaml.safe_dump(wanted),
        "gitops-gen.yaml": git(stand.repository, "show", f"main:engines/flux/{cluster}/gitops-gen.yaml"),
    }
    with tempfile.TemporaryDirectory(prefix=f"{cluster}-", dir=stand.inventory.parent) as made:
        for name, text in files.items():
            (Path(made) / name).write_text(text, encoding="utf-8")
        built = _output([str(program("kustomize")), "build", made])
    assert URL not in built
    kube = stand.running.kube(cluster)
    for one in resources_in(built):
        kube.apply(one)
    (replaced,) = kube.list(*GIT_REPOSITORY, FLUX_NAMESPACE)
    kube.delete(*GIT_REPOSITORY, FLUX_NAMESPACE, replaced["metadata"]["name"])


def pulled(stand: Stand, cluster: str) -> str:
    """Return the digest of the artifact that a cluster has its files from."""
    (source,) = stand.running.kube(cluster).list(*OCI_REPOSITORY, FLUX_NAMESPACE)
    revision: str = source["status"]["artifact"]["revision"]
    return revision.removeprefix("main@")


def _output(command: list[str], given: str = "") -> str:
    """Run a program and return all that it prints."""
    ended = subprocess.run(
        command, input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, f"{command}: {ended.stdout}"
    return ended.stdout
