"""Hold our rules against `istioctl analyze`, and write down where the two differ and why.

It is a second opinion, never the proof: without a cluster it leaves most of its analyzers out, and says so nowhere
(docs/explanation/what-istio-does.md, "What istioctl analyze leaves out").
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_gen.manifest import dump
from gitops_gen.rules import RULES
from gitops_gen.workflows.desired import compile_desired
from gitops_gen.workflows.reading import load_inventory
from tests.programs.catalogue import program

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "istioctl.md"
MODULE = ROOT / "tests" / "programs" / "istio" / "go.mod"
RULE_PAGES = ROOT / "docs" / "reference" / "rules"
EXAMPLE = re.compile(r"^## (Fails|Passes)\n\n```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)

WHY = {
    "IST0101": "It knows only what is in the file: a Gateway or subset that is there in the cluster is missing to it.",
    "IST0106": "The same complaint: a field or value that Istio's own validation refuses.",
    "IST0109": "The same complaint, for hosts in the mesh.",
    "IST0118": "It asks for a protocol in the name of the port; `appProtocol` and the port's number say it here.",
    "IST0130": "The same complaint: a rule that never answers.",
    "IST0132": "The same complaint, seen from the VirtualService: no Gateway serves that host to it.",
    "IST0133": "The same complaint, as a warning of the schema.",
    "IST0134": "It asks for addresses of every TCP ServiceEntry; one that only a gateway's namespace sees needs none.",
    "IST0138": "The same complaint; it sees Gateways that share a certificate, not servers of one Gateway.",
    "IST0145": "The same complaint; it compares one server for each port.",
    "IST0174": "It knows no host that is not in the file.",
    "IST0177": "The same complaint, for one host.",
}
"""What a code of istioctl means beside our rules; a code that is not here stops the script."""

SILENT = {
    "GGI001": "no analyzer follows mesh TLS to the endpoints of a ServiceEntry",
    "GGI003": "it compares the protocols of one host (IST0177); Services take a cluster",
    "GGI005": "it does not hold ServiceEntries against Services",
    "GGI015": "no analyzer follows who sees a destination",
    "GGI018": "destinations are looked up in a cluster only",
    "GGI024": "it looks for rules that match the same (IST0130), not for ports that nobody names",
    "GGI025": "no analyzer holds the names of Gateway API routes against each other",
    "GGI031": "no analyzer counts the endpoints behind a retry or an ejection",
    "GGI037": "it drops fields that it does not know",
    "GGI038": "no analyzer knows which of two names callers use",
    "GGI039": "it does not hold ServiceEntries against Services",
}
"""Why istioctl says nothing on what breaks a rule; a rule that is not here and goes unnoticed stops the script."""


class UnexplainedError(Exception):
    """istioctl says something that nobody has looked into."""


def main() -> int:
    """Write the page; with `--check`, tell whether it is as it would be written."""
    text = page()
    if "--check" in sys.argv[1:]:
        stale = PAGE.read_text(encoding="utf-8") != text
        print(f"{PAGE.relative_to(ROOT)}: {'stale' if stale else 'as it would be written'}")
        return int(stale)
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: written")
    return 0


def page() -> str:
    """Return the page, from what istioctl says now."""
    said: set[str] = set()
    rows = ["| example | cluster | resources | istioctl |", "| --- | --- | --- | --- |"]
    for example, cluster, count, text in _examples():
        found = analyze(text)
        said |= found
        rows.append(f"| {example} | {cluster} | {count} | {_listed(found)} |")
    rules = ["| rule | on what fails | on what passes | why nothing |", "| --- | --- | --- | --- |"]
    silent = []
    for rule, fails, passes in _pages():
        on_fails, on_passes = analyze(fails), analyze(passes)
        said |= on_fails | on_passes
        noticed = bool(on_fails - on_passes)
        silent += [] if noticed else [rule]
        why = "" if noticed else SILENT.get(rule, "")
        rules.append(
            f"| [{rule}](rules/{rule}.md) {RULES[rule].name} | {_listed(on_fails)} | {_listed(on_passes)} | {why} |"
        )
    unexplained = sorted((said - set(WHY)) | (set(silent) - set(SILENT)))
    if unexplained:
        raise UnexplainedError(f"say in script/istioctl.py what these mean here: {', '.join(unexplained)}")
    (version,) = re.findall(r"^\tistio\.io/istio (\S+)", MODULE.read_text(encoding="utf-8"), re.MULTILINE)
    return "\n".join(
        [
            "# Our rules and istioctl",
            "",
            "`istioctl analyze --use-kube=false --all-namespaces` over everything that the examples make, and over the",
            f"resources on the pages of the rules. istio.io/istio {version}. Written by `script/istioctl`.",
            "",
            "It is a second opinion and not the proof: without a cluster it leaves out the analyzers that read",
            "Services, Pods, Namespaces or Secrets, and does not say so",
            "([What istioctl analyze leaves out](../explanation/what-istio-does.md#what-istioctl-analyze-leaves-out)).",
            "",
            "## The examples",
            "",
            "What is generated has no problem by our rules.",
            "",
            *rows,
            "",
            "## The pages of the rules",
            "",
            f"istioctl notices {len(rules) - 2 - len(silent)} of these {len(rules) - 2} faults.",
            "",
            *rules,
            "",
            "## Where the two differ, and why",
            "",
            "| code | why |",
            "| --- | --- |",
            *(f"| {code} | {WHY[code]} |" for code in sorted(said)),
            "",
        ]
    )


def analyze(text: str) -> set[str]:
    """Return the codes of what istioctl says about manifests, those of mere information left out."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rendered.yaml"
        file.write_text(text, encoding="utf-8")
        command: list[str | Path] = [
            program("istioctl"),
            "analyze",
            "--use-kube=false",
            "--all-namespaces",
            "--output",
            "json",
            file,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if not done.stdout.strip():
        raise UnexplainedError(f"istioctl says nothing: {done.stderr[:500]}")
    messages = json.loads(done.stdout) or []
    return {message["code"] for message in messages if message["level"] != "Info"}


def _listed(codes: set[str]) -> str:
    return ", ".join(sorted(codes)) or "nothing"


def _examples() -> Iterator[tuple[str, str, int, str]]:
    for folder in sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir()):
        inventory = load_inventory(str(folder)).inventory
        if inventory is None:
            raise UnexplainedError(f"{folder} has problems")
        for cluster, pieces in compile_desired(inventory).compiled.items():
            yield folder.name, cluster, len(pieces), dump([piece.manifest for piece in pieces])


def _pages() -> Iterator[tuple[str, str, str]]:
    for rule in RULES:
        shown = dict(EXAMPLE.findall((RULE_PAGES / f"{rule}.md").read_text(encoding="utf-8")))
        if rule.startswith("GGI0") and "gitops-gen.io/v1" not in "".join(shown.values()):
            yield rule, shown["Fails"], shown["Passes"]


if __name__ == "__main__":
    sys.exit(main())
