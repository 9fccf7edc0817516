"""What the mesh's TLS makes of the last leg of a request, from gateway or sidecar to the pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.routes.resource import covers

if TYPE_CHECKING:
    from gitops_gen.problems import Location
    from gitops_gen.routes.destinations import Backend, BackendPort
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Table

WORKLOAD = "gitops-gen.io/workload"

_DECLARED = {
    "strict": "mesh mTLS to the pod: STRICT refuses anything else",
    "permissive": "mesh mTLS to the pod where it has a sidecar; PERMISSIVE takes plain text, too",
    "disabled": "plain text to the pod: the mesh's TLS is off",
}
_PLAIN = {
    "strict": "plain text, which STRICT refuses: nothing says that the pod speaks mesh TLS",
    "permissive": "plain text, which PERMISSIVE takes: nothing says that the pod speaks mesh TLS",
}


class Leg(NamedTuple):
    """In words, and the object that makes it so; None where the declared mode does."""

    text: str
    location: Location | None


def last_leg(table: Table, backend: Backend, port: BackendPort) -> Leg:
    """Say what travels to the pod of a backend, and why.

    A selected pod tells by itself what it speaks; of one that DNS names, only its ServiceEntry or a DestinationRule
    can (docs/explanation/what-istio-does.md, "Identity").
    """
    mtls = table.declared.mtls
    if (backend.namespace, backend.pod, port.number) in table.declared.outside:
        return Leg("plain text to the pod: the inventory says that this port is outside the mesh", None)
    policy = _own_tls(table, backend, port)
    if policy is not None:
        return Leg(f"{policy}: no mesh TLS on this port, it brings its own", policy.location)
    if mtls == "disabled" or backend.selector or backend.resource is None:
        return Leg(_DECLARED[mtls], None)
    endpoints = backend.resource.spec.get("endpoints") or ()
    accounts = [str(endpoint["serviceAccount"]) for endpoint in endpoints if endpoint.get("serviceAccount")]
    if accounts:
        text = f"mesh mTLS to the pod, whose service account has to be {', '.join(accounts)}"
        return Leg(text, backend.resource.location)
    for rule in table.of_kind.get("DestinationRule", ()):
        mode = ((rule.spec.get("trafficPolicy") or {}).get("tls") or {}).get("mode")
        if mode == "ISTIO_MUTUAL" and covers(str(rule.spec.get("host")), backend.host):
            return Leg(f"{rule}: mesh mTLS to the pod, whatever its service account", rule.location)
    return Leg(_PLAIN[mtls], backend.resource.location)


def _own_tls(table: Table, backend: Backend, port: BackendPort) -> Resource | None:
    """Return the policy that takes the mesh's TLS off a port of the backend's workload."""
    labels = backend.resource.manifest["metadata"].get("labels") or {} if backend.resource is not None else {}
    for policy in table.of_kind.get("PeerAuthentication", ()):
        setting = (policy.spec.get("portLevelMtls") or {}).get(str(port.target)) or {}
        ours = policy.manifest["metadata"].get("labels") or {}
        off = setting.get("mode") == "DISABLE" and bool((policy.spec.get("selector") or {}).get("matchLabels"))
        if off and policy.namespace == backend.namespace and ours.get(WORKLOAD) == labels.get(WORKLOAD):
            return policy
    return None
