"""The edges of a cluster: gateway pods, the Gateways that others own, and the Secrets by which they end TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from gitops_gen.routes.declared import read_declared
from tests.mesh.certificates import WILDCARDS, secret_keys
from tests.mesh.network import gateway_port
from tests.mesh.pods import NETWORK, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gitops_gen.model import Cluster, EastWest, Ingress, Inventory
    from gitops_gen.routes.declared import DeclaredServer

Manifest: TypeAlias = "dict[str, Any]"

LISTENING = {"Gateway", "ListenerSet"}
RBAC = "rbac.authorization.k8s.io"


def resource(version: str, kind: str, namespace: str | None, name: str, spec: Mapping[str, Any]) -> Manifest:
    """Make a resource."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **({"spec": dict(spec)} if spec else {})}


def served(inventory: Inventory, cluster: Cluster, ingress: Ingress, made: Iterable[Manifest]) -> set[int]:
    """Return the ports of an ingress: those that anything there is to be served on."""
    numbers = {low for low, high in ingress.open_ports if low == high}
    declared = read_declared(inventory, cluster)
    numbers |= {server.number for servers in declared.gateways.values() for _, server in servers}
    for manifest in made:
        if manifest["kind"] in LISTENING:
            spec = manifest["spec"]
            numbers |= {server["port"]["number"] for server in spec.get("servers", ())}
            numbers |= {listener["port"] for listener in spec.get("listeners", ())}
    return numbers


def gateway_pods(
    namespace: str, selector: Mapping[str, str], ports: Iterable[int], service: str | None = None
) -> Iterator[Manifest]:
    """Yield the pods of a gateway, the Service before them, and what lets them read their certificates."""
    name = _name(selector)
    labels = {**selector, "app": name}
    yield resource("v1", "ServiceAccount", namespace, name, {})
    role = resource(f"{RBAC}/v1", "Role", namespace, name, {})
    # without this the port with the certificate never opens
    yield {**role, "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "watch", "list"]}]}
    binding = resource(f"{RBAC}/v1", "RoleBinding", namespace, name, {})
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    yield {**binding, "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name}, "subjects": [subject]}
    listed = [{"name": f"p-{port}", "port": port, "targetPort": gateway_port(port)} for port in sorted(ports)]
    yield resource("v1", "Service", namespace, service or name, {"selector": dict(selector), "ports": listed})
    spec = {"serviceAccountName": name, "containers": [{"name": "istio-proxy", "image": "none"}]}
    pod = resource("v1", "Pod", namespace, f"{name}-0", spec)
    pod["metadata"] |= {"labels": labels, "annotations": {ROLE: "gateway"}}
    yield pod


def _name(selector: Mapping[str, str]) -> str:
    return "-".join(selector.values())


def east_west(cluster: Cluster, declared: EastWest) -> Iterator[Manifest]:
    """Yield the gateway through which other clusters come, and its Gateway where nobody generates it."""
    for manifest in gateway_pods(declared.namespace, dict(declared.selector), [declared.port]):
        if manifest["kind"] == "Pod" and cluster.network:
            # without it the endpoints of other networks would point back at the gateway
            manifest["metadata"]["labels"][NETWORK] = cluster.network
        yield manifest
    if not declared.generated:
        port = {"number": declared.port, "name": "tls", "protocol": "TLS"}
        server = {"port": port, "hosts": ["*.local"], "tls": {"mode": "AUTO_PASSTHROUGH"}}
        spec = {"selector": dict(declared.selector), "servers": [server]}
        yield resource("networking.istio.io/v1", "Gateway", declared.namespace, "cross-network-gateway", spec)


def gateways_of_others(inventory: Inventory, cluster: Cluster) -> Iterator[Manifest]:
    """Yield the Gateways that somebody else owns and the inventory relies on, in either API."""
    listeners: dict[tuple[str, str], list[Manifest]] = {}
    services = {pods.name: service for service, pods in read_declared(inventory, cluster).gateway_services.items()}
    for reference, servers in read_declared(inventory, cluster).gateways.items():
        namespace, _, name = reference.removeprefix("Gateway ").partition("/")
        if reference.startswith("Gateway "):
            name, _, section = name.partition("#")
            (pods, server), *_ = servers
            service = services.get(pods.name, f"{_name(dict(pods.labels))}.{namespace}.svc.{cluster.cluster_domain}")
            listeners.setdefault((reference.partition("#")[0], service), []).append(_listener(section, server))
            continue
        listed = [_server(place, server) for place, (_, server) in enumerate(servers)]
        spec = {"selector": dict(servers[0][0].labels), "servers": listed}
        yield resource("networking.istio.io/v1", "Gateway", namespace, name, spec)
    for (reference, service), found in listeners.items():
        namespace, _, name = reference.removeprefix("Gateway ").partition("/")
        addresses = [{"type": "Hostname", "value": service}]
        spec = {"gatewayClassName": "istio", "addresses": addresses, "listeners": found}
        yield resource("gateway.networking.k8s.io/v1", "Gateway", namespace, name, spec)


def _server(place: int, server: DeclaredServer) -> Manifest:
    tls = {"mode": "PASSTHROUGH"} if server.speaks == "TLS" else None
    if server.certificate is not None:
        tls = {"mode": "SIMPLE", "credentialName": server.certificate.name}
    return {
        "port": {"number": server.number, "name": f"s-{place}", "protocol": server.speaks},
        "hosts": [f"{owner}/{host}" for owner, host in server.hosts],
        **({"tls": tls} if tls is not None else {}),
    }


def _listener(section: str, server: DeclaredServer) -> Manifest:
    tls: Manifest = {"tls": {"mode": "Passthrough"}} if server.speaks == "TLS" else {}
    if server.certificate is not None:
        tls = {"tls": {"mode": "Terminate", "certificateRefs": [{"name": server.certificate.name}]}}
    allowed = {"namespaces": {"from": "All"}}
    return {"name": section, "port": server.number, "protocol": server.speaks, **tls, "allowedRoutes": allowed}


def secrets(ingress: Ingress, manifests: Sequence[Manifest], state: Path) -> Iterator[Manifest]:
    """Yield the Secrets by which an ingress ends TLS, and those with the authorities of clients."""
    hosts: dict[str, set[str]] = {}
    for manifest in manifests:
        spec = manifest["spec"] if manifest["kind"] in LISTENING else {}
        if not (spec.get("selector") or {}).items() <= dict(ingress.selector).items():
            continue
        for server in spec.get("servers", ()):
            tls = server.get("tls") or {}
            if name := tls.get("credentialName"):
                hosts.setdefault(name, set()).update(host.rpartition("/")[2] for host in server["hosts"])
            if tls.get("mode") == "MUTUAL":
                authority = tls.get("caCertCredentialName", f"{name}-cacert")
                secret = resource("v1", "Secret", ingress.namespace, authority, {})
                yield {**secret, "stringData": {"cacert": (state / "clients.crt").read_text()}}
        for listener in spec.get("listeners", ()):
            for reference in (listener.get("tls") or {}).get("certificateRefs", ()):
                hosts.setdefault(reference["name"], set()).add(listener.get("hostname", "*"))
    # what cert-manager is asked for is what it makes, whatever the Gateways say
    hosts |= {
        manifest["spec"]["secretName"]: set(manifest["spec"]["dnsNames"])
        for manifest in manifests
        if manifest["kind"] == "Certificate" and manifest["metadata"]["namespace"] == ingress.namespace
    }
    for name, names in sorted(hosts.items()):
        secret = resource("v1", "Secret", ingress.namespace, name, {})
        keys = secret_keys(state, name, WILDCARDS if "*" in names else names)
        yield {**secret, "type": "kubernetes.io/tls", "stringData": keys}
