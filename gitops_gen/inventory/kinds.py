"""Which documents an inventory is made of; everything else is named and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.inventory.suggestions import did_you_mean

if TYPE_CHECKING:
    from gitops_gen.inventory.nodes import Document
    from gitops_gen.inventory.text import Findings

API_VERSION = "gitops-gen.io/v1alpha1"
KINDS = ("Mesh", "Cluster", "Workload", "Consumer")
_ANY_KIND = "one of " + ", ".join(KINDS)


def check_kind(document: Document, findings: Findings) -> bool:
    """Tell whether a document has one of the four kinds; note a problem otherwise."""
    if document.kind in KINDS:
        return True
    if document.doubts.get(("kind",), document) is None:
        # A problem has said already what is wrong with it.
        return False
    written = document.value.get("kind")
    if "kind" not in document.value:
        findings.add("GGI114", "this document has no `kind`", document.at(()), help=f"write `kind:` and {_ANY_KIND}")
    elif not isinstance(written, str):
        findings.add("GGI114", "`kind` must be text", document.at(("kind",)), help=f"write {_ANY_KIND}")
    elif document.value.get("apiVersion") in (API_VERSION, None):
        cased = {kind.lower(): kind for kind in KINDS}.get(written.lower())
        findings.add(
            "GGI114",
            f"unknown kind `{written[:60]}`",
            document.at(("kind",)),
            help=f"did you mean `{cased}`?" if cased else did_you_mean(written, KINDS, otherwise=_ANY_KIND),
        )
    else:
        findings.add(
            "GGI114",
            f"`{written[:60]}` is no document of an inventory",
            document.at(("kind",)),
            help="keep other manifests out of the inventory's directory",
        )
    return False
