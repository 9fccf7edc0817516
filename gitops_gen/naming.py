"""Names: what Kubernetes and DNS accept, and the names that gitops-gen gives.

Every name that ends in a path, a host or a `metadata.name` passes through here. Nothing is ever truncated:
a name that is too long is an error that says by how much.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_gen.model import Cluster, Ingress, Pod

LABEL_LENGTH = 63
SUBDOMAIN_LENGTH = 253

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?", re.ASCII)
_FIELD = re.compile(r"\{([^{}]*)\}")
_ORDINAL = re.compile(r"-(0|[1-9][0-9]*)", re.ASCII)

# The rules of git-check-ref-format(1), narrowed to printable ASCII without quotes and shell signs.
_BRANCH_PART = re.compile(r"(?!\.)(?!.*\.\.)(?!.*@\{)(?!.*\.lock$)(?!.*\.$)[A-Za-z0-9_.@%+=,#{}-]+", re.ASCII)

BRANCH_LENGTH = 200
"""Longest branch name; file systems under the remote end at 255 with `.lock` behind the last part."""

TEMPLATE_FIELDS = ("cluster", "namespace", "workload", "pod", "ordinal", "ordinal+1", "port")
"""What may stand in braces in a host or a backend template (docs/reference/inventory.md, "Templates")."""

POD_FIELDS = frozenset({"pod", "ordinal", "ordinal+1"})
"""The fields that tell the pods of one workload apart."""


def is_label(text: str) -> bool:
    """Tell whether `text` is a lower-case ASCII DNS label of at most 63 characters (RFC 1123)."""
    return len(text) <= LABEL_LENGTH and _LABEL.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    """Tell whether `text` is one or more DNS labels joined by dots, 253 characters at most."""
    return len(text) <= SUBDOMAIN_LENGTH and all(is_label(part) for part in text.split("."))


def is_host(text: str) -> bool:
    """Tell whether `text` can be a host of ours: a subdomain of two labels or more, the last not all digits."""
    return is_subdomain(text) and "." in text and not text.rpartition(".")[2].isdigit()


def is_branch(text: str) -> bool:
    """Tell whether `text` can be a branch that we write: git's own rules, printable ASCII, no leading dash.

    Nor a whole ref: git would make `refs/heads/refs/heads/main` of it, and then takes `main` for two.
    """
    return (
        0 < len(text) <= BRANCH_LENGTH
        and not text.startswith(("-", "refs/"))
        and text not in {"HEAD", "@"}
        and all(_BRANCH_PART.fullmatch(part) for part in text.split("/"))
    )


def template_fields(template: str) -> list[str]:
    """Return what stands in braces in a template, in order, known or not."""
    return _FIELD.findall(template)


@lru_cache(maxsize=4096)
def _parts(template: str) -> tuple[str, ...]:
    """Split a template into literal text (even places) and field names (odd places)."""
    return tuple(_FIELD.split(template))


def expand(template: str, **values: str | int | None) -> str:
    """Fill a template such as `{cluster}-{pod}.example.com`.

    `values` holds `cluster`, `namespace`, `workload`, `port` and, for a pod, `pod` and `ordinal`. Raises KeyError
    with the field's name where the template asks for one that has no value here.
    """
    parts = _parts(template)
    out = [parts[0]]
    for place in range(1, len(parts), 2):
        name = parts[place]
        value = values.get("ordinal" if name == "ordinal+1" else name)
        if value is None:
            raise KeyError(name)
        out.append(str(int(value) + 1) if name == "ordinal+1" else str(value))
        out.append(parts[place + 1])
    return "".join(out)


def ordinal_of(pod_name: str) -> int | None:
    """Return the number at the end of a pod's name (`c-pool-4` -> 4), None where there is none."""
    head, dash, tail = pod_name.rpartition("-")
    return int(tail) if head and _ORDINAL.fullmatch(dash + tail) else None


def cluster_prefixed(cluster: str, name: str) -> str:
    """Name of a per-pod or per-Service resource: with the cluster, so that a mesh never merges two of them.

    Source: docs/explanation/what-istio-does.md, "Endpoint discovery".
    """
    return f"{cluster}-{name}"


def service_fqdn(service: str, namespace: str, cluster: Cluster) -> str:
    """Full DNS name of a Service in its own cluster."""
    return f"{service}.{namespace}.svc.{cluster.cluster_domain}"


def pod_fqdn(pod: Pod, service: str, namespace: str, cluster: Cluster) -> str:
    """DNS name that a pod has through its governing Service."""
    return f"{pod.name}.{service}.{namespace}.svc.{cluster.cluster_domain}"


def wildcard_of(host: str) -> str:
    """Return the wildcard that covers a host by exactly one label: `a.example.com` -> `*.example.com`."""
    return "*." + host.partition(".")[2]


def shared_gateway(mesh: str, ingress: Ingress) -> str:
    """Name of the shared Gateway that a Mesh keeps beside an ingress; the Mesh's name keeps two of them apart."""
    return f"{mesh}-{ingress.name}"
