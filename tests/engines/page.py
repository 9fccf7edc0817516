"""The page with what the engine scenarios saw."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from tests.engines.options import TITLES
from tests.engines.scenarios import SCENARIOS
from tests.programs.catalogue import MODULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from script.engines import Outcome

HEAD = """\
# Engine scenarios

What the real controllers of Flux and Argo CD did with repositories that gitops-gen generated and published. Written by
`script/engines`, which runs all of it again: two clusters, each a Kubernetes API with its garbage collector; in them
Flux, or Argo CD in one for both (the other one beside it in `engine-changed`); a Git server over HTTP, and a container
registry in `artifact`. The engine objects are those that were published, with the repository's URL replaced, applied
with strict validation.

A scenario passes when what it says was seen in both clusters, by resources' UIDs, and when afterwards every resource
that lives there is, field by field, what `kustomize build` makes of the sync units, and there is no other. Waiting is
done by gitops-gen's own `--wait` and `status`.
"""

PROGRAMS = {
    "Kubernetes": ("kube-apiserver", "k8s.io/kubernetes"),
    "etcd": ("etcd", "go.etcd.io/etcd/server/v3"),
    "kustomize": ("kustomize", "sigs.k8s.io/kustomize/kustomize/v5"),
    "source-controller": ("source-controller", "github.com/fluxcd/source-controller"),
    "kustomize-controller": ("kustomize-controller", "github.com/fluxcd/kustomize-controller"),
    "Argo CD": ("argocd", "github.com/argoproj/argo-cd/v3"),
    "flux": ("flux", "github.com/fluxcd/flux2/v2"),
    "go-containerregistry": ("registry", "github.com/google/go-containerregistry"),
}
"""What the programs are called, and which module of which folder tells their version."""


def page(outcomes: Mapping[tuple[str, str], Outcome], memory: Mapping[str, Mapping[str, int]], *, one_run: bool) -> str:
    """Write the page; `outcomes` are by engine and scenario, of one run of the suite or of several."""
    versions = ", ".join(f"{name} {_version(*place)}" for name, place in PROGRAMS.items())
    lines = [HEAD, f"Versions: {versions}.", ""]
    lines += ["| scenario | what happens | Flux | Argo CD |", "|---|---|---|---|"]
    for name, scenario in SCENARIOS.items():
        cells = [_cell(outcomes.get((engine, name))) for engine in TITLES]
        lines.append(f"| {name} | {scenario.__doc__} | {' | '.join(cells)} |")
    failed = sum(not one.ok for one in outcomes.values())
    took = sum(one.seconds for one in outcomes.values())
    lines += ["", f"{len(outcomes)} results, {failed} of them not as they should be, in {took / 60:.0f} minutes on"]
    runs = "in one run of the suite" if one_run else "in several runs of the suite"
    lines += [f"{os.cpu_count()} processors, whatever else they did, {runs}."]
    lines += ["Seconds include making the mesh and taking it away."]
    lines += ["", "## Memory", "", "The most that each program of one cluster had at one time, in MiB.", ""]
    lines += ["| program | " + " | ".join(TITLES.values()) + " |", "|---|---|---|"]
    for program in sorted({name for each in memory.values() for name in each}):
        sizes = [str(memory.get(engine, {}).get(program, "")) for engine in TITLES]
        lines.append(f"| {program} | {' | '.join(sizes)} |")
    return "\n".join(lines) + "\n"


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return "not run"
    said = re.sub(r"\s+", " ", outcome.said).replace("|", "/")[:300]
    return f"{said} ({outcome.seconds:.0f} s)" if outcome.ok else f"**not as it should be**: {said}"


def _version(folder: str, module: str) -> str:
    text = (MODULES / folder / "go.mod").read_text()
    found = re.search(rf"^(?:require)?\s*{re.escape(module)} v(\S+)", text, re.MULTILINE)
    return found[1] if found else "unknown"
