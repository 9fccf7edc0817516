"""Small inventories as text, and what loading them comes to."""

from __future__ import annotations

from textwrap import dedent, indent

from gitops_gen.inventory.load import Loaded, load_inventory
from gitops_gen.inventory.source import Source

HEAD = "apiVersion: gitops-gen.io/v1alpha1\n"

PUBLIC = """
ingresses:
  public:
    namespace: istio-ingress
    hostTemplate: "{cluster}-{pod}.example.com"
"""

WEB = "{name: http, port: 8080, protocol: HTTP, expose: {}}"


def document(kind: str, metadata: str, spec: str = "") -> str:
    """Write a document; `metadata` is the inside of a flow mapping."""
    text = f"{HEAD}kind: {kind}\nmetadata: {{{metadata}}}\n"
    body = dedent(spec).strip("\n")
    return text + (f"spec:\n{indent(body, '  ')}\n" if body else "")


def mesh(spec: str = "", name: str = "example") -> str:
    return document("Mesh", f"name: {name}", spec)


def cluster(name: str = "east", spec: str = PUBLIC, labels: str = "") -> str:
    return document("Cluster", f"name: {name}, labels: {{{labels}}}", spec)


def workload(spec: str, name: str = "kafka", namespace: str = "streaming") -> str:
    return document("Workload", f"name: {name}, namespace: {namespace}", spec)


def placed(ports: str = WEB, placements: str = "{cluster: east, replicas: 2}", more: str = "", **names: str) -> str:
    """Write a workload; ports and placements are one flow mapping a line."""
    spec = f"{dedent(more).strip()}\nports:\n{_items(ports)}\nplacements:\n{_items(placements)}"
    return workload(spec, **names)


def _items(lines: str) -> str:
    return "\n".join(f"  - {line.strip()}" for line in lines.strip().splitlines())


def consumer(spec: str, name: str = "reader", namespace: str = "tools") -> str:
    return document("Consumer", f"name: {name}, namespace: {namespace}", spec)


def load(*documents: str, name: str = "inventory.yaml") -> Loaded:
    """Load documents as one file."""
    return load_inventory([Source(name, "---\n".join(documents).encode())])


def found(*documents: str) -> list[str]:
    """Return the rule ids of all problems, in order."""
    return [problem.rule for problem in load(*documents).problems]
