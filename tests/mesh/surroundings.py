"""What a generated tree takes for granted in a cluster: StatefulSets, accounts, Services and Gateways of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from gitops_gen.model import Family
from gitops_gen.routes.declared import existing_backend, placed
from tests.mesh.gateways import east_west, gateway_pods, gateways_of_others, resource, secrets, served
from tests.mesh.istio import NAMESPACE
from tests.mesh.pods import DNS_CAPTURE, EXCLUDED, INJECT, NETWORK, SPEAKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gitops_gen.model import Cluster, Inventory, Placement, Pod, Port, Workload

Manifest: TypeAlias = "dict[str, Any]"

WORKLOAD = "tests.gitops-gen.io/workload"
"""Label of every pod of a workload, whatever its StatefulSet."""
CALLERS = "callers"
"""The namespace of the clients that are nobody's Consumer."""
CALLER = "caller-0"
BYSTANDER = "bystander-0"

PLAYED = {"Certificate", "DNSEndpoint"}
"""Kinds that no API server here has: what cert-manager and external-dns make of them is played."""
SCALED_TO = 2
"""How many pods there are where an autoscaler decides: fewer than there are routes."""
SPOKEN = {Family.HTTP: "http", Family.TLS: "tls", Family.TCP: "tcp"}
MODES = {"strict": "STRICT", "permissive": "PERMISSIVE", "disabled": "DISABLE"}


def surroundings(inventory: Inventory, cluster: Cluster, made: Sequence[Manifest], state: Path) -> list[Manifest]:
    """Return everything that has to stand in a cluster before what was generated for it (`made`) is applied."""
    given: list[Manifest] = [*_mesh_policy(cluster)]
    for workload, placement in placed(inventory, cluster.name):
        given += _workload(workload, placement, cluster)
    for namespace in callers(inventory, cluster):
        given.append(resource("v1", "ServiceAccount", namespace, "caller", {}))
        given.append(_caller(namespace, cluster))
    if raw := raw_ports(inventory, cluster):
        given.append(_bystander(raw, cluster))
    for ingress in cluster.ingresses:
        ports = served(inventory, cluster, ingress, made)
        given += gateway_pods(ingress.namespace, dict(ingress.selector), ports, ingress.service)
    if cluster.east_west is not None and cluster.east_west.selector:
        given += east_west(cluster, cluster.east_west)
    others = list(gateways_of_others(inventory, cluster))
    given += others
    for ingress in cluster.ingresses:
        given += secrets(ingress, (*made, *others), state)
    created = {_key(manifest) for manifest in made}
    namespaces = {manifest["metadata"].get("namespace") for manifest in (*given, *made)} - {None}
    wanted = [_namespace(name, cluster) for name in sorted(namespaces | {NAMESPACE})]
    return [*wanted, *_once(manifest for manifest in given if _key(manifest) not in created)]


def callers(inventory: Inventory, cluster: Cluster) -> list[str]:
    """Return the namespaces of a cluster in which somebody calls."""
    consuming = {consumer.namespace for consumer in inventory.consumers if consumer.cluster == cluster.name}
    return sorted({CALLERS, *consuming})


def raw_ports(inventory: Inventory, cluster: Cluster) -> list[int]:
    """Return the numbers of all ports of a cluster that only their number tells apart."""
    ports = (port for _, placement in placed(inventory, cluster.name) for port in placement.ports)
    return sorted({port.number for port in ports if port.protocol.family is Family.TCP and port.carried})


def running(placement: Placement) -> Sequence[Pod]:
    """Return the pods of a placement that are there."""
    return placement.pods[:SCALED_TO] if placement.autoscaled else placement.pods


def container_port(port: Port) -> int:
    """Return the number behind the target of a port; a name stands for one that no port has."""
    return port.target if isinstance(port.target, int) else port.number + 10000


def _key(manifest: Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], metadata.get("namespace", ""), metadata["name"]


def _once(manifests: Iterable[Manifest]) -> list[Manifest]:
    return list({_key(manifest): manifest for manifest in manifests}.values())


def _namespace(name: str, cluster: Cluster) -> Manifest:
    namespace = resource("v1", "Namespace", None, name, {})
    labels = {"gitops-gen.io/expose": "true"}
    if name == NAMESPACE and cluster.network:
        labels[NETWORK] = cluster.network
    namespace["metadata"]["labels"] = labels
    return namespace


def _mesh_policy(cluster: Cluster) -> Iterator[Manifest]:
    mode = {"mtls": {"mode": MODES[cluster.istio.mtls]}}
    yield resource("security.istio.io/v1", "PeerAuthentication", NAMESPACE, "default", mode)
    if cluster.istio.outbound_policy != "ALLOW_ANY":
        policy = {"outboundTrafficPolicy": {"mode": cluster.istio.outbound_policy}}
        yield resource("networking.istio.io/v1", "Sidecar", NAMESPACE, "default", policy)


def _workload(workload: Workload, placement: Placement, cluster: Cluster) -> Iterator[Manifest]:
    namespace, account = workload.namespace, placement.service_account or "default"
    labels = {"app": workload.name, **dict(workload.selector), WORKLOAD: workload.name}
    yield resource("v1", "ServiceAccount", namespace, account, {})
    service = placement.service or workload.name
    if placement.service is not None:
        yield _service(namespace, service, {WORKLOAD: workload.name}, placement.ports, headless=True)
    yield from _companions(workload, placement)
    template = _pod(labels, account, placement.ports, cluster)
    if not placement.in_mesh:
        template["metadata"]["labels"][INJECT] = "false"
    if left_alone := [str(container_port(port)) for port in placement.ports if not port.in_mesh]:
        template["metadata"]["annotations"][EXCLUDED] = ",".join(left_alone)
    pods = running(placement)
    ordinals = [pod.ordinal for pod in pods]
    of_a_set = all(pod.name == f"{placement.stateful_set}-{pod.ordinal}" for pod in pods)
    if pods and of_a_set and ordinals == list(range(ordinals[0] or 0, (ordinals[0] or 0) + len(ordinals))):
        labels_of_set = {**labels, "tests.gitops-gen.io/set": placement.stateful_set}
        template["metadata"]["labels"] |= labels_of_set
        spec = {
            "serviceName": service,
            "replicas": len(ordinals),
            "ordinals": {"start": ordinals[0]},
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": {"tests.gitops-gen.io/set": placement.stateful_set}},
            "template": template,
        }
        yield resource("apps/v1", "StatefulSet", namespace, placement.stateful_set, spec)
        return
    for pod in pods:
        # as an operator makes them: without a StatefulSet, with a label of its own
        spec = {**template["spec"], "hostname": pod.name, "subdomain": service}
        one = resource("v1", "Pod", namespace, pod.name, spec)
        one["metadata"] |= {"labels": {**template["metadata"]["labels"], placement.pod_label: pod.name}}
        one["metadata"] |= {"annotations": template["metadata"]["annotations"]}
        yield one


def _pod(labels: Mapping[str, str], account: str, ports: Sequence[Port], cluster: Cluster) -> Manifest:
    annotations = {DNS_CAPTURE: "true"} if cluster.istio.dns_capture else {}
    of_network = {NETWORK: cluster.network} if cluster.network else {}
    listed = [_container_port(port) for port in ports]
    annotations[SPEAKS] = " ".join(
        f"{container_port(port)}/{SPOKEN[port.protocol.family]}" for port in ports if port.protocol.family in SPOKEN
    )
    return {
        "metadata": {"labels": {**labels, **of_network, INJECT: "true"}, "annotations": annotations},
        "spec": {
            "serviceAccountName": account,
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "application", "image": "none", "ports": listed}],
        },
    }


def _container_port(port: Port) -> Manifest:
    number, carried = container_port(port), port.protocol.family in SPOKEN
    name = port.target if isinstance(port.target, str) else f"c-{number}{'' if carried else '-udp'}"
    return {"name": name, "containerPort": number, "protocol": "TCP" if carried else "UDP"}


def _service(
    namespace: str, name: str, selector: Mapping[str, str], ports: Iterable[Port], *, headless: bool = False
) -> Manifest:
    listed = [
        {"name": port.name, "port": port.number, "targetPort": port.target, "appProtocol": port.protocol.value.lower()}
        for port in ports
        if port.protocol.family is not Family.NONE
    ]
    early = any(port.before_ready for port in ports)
    spec = {"selector": dict(selector), "ports": listed, "publishNotReadyAddresses": early}
    return resource("v1", "Service", namespace, name, {**spec, **({"clusterIP": "None"} if headless else {})})


def _companions(workload: Workload, placement: Placement) -> Iterator[Manifest]:
    """Yield the Services that somebody else made: for roles, and where the inventory says so for each pod."""
    namespace = workload.namespace
    for name in {route.service for port in placement.ports for route in port.routes if route.service is not None}:
        yield _service(namespace, name, {WORKLOAD: workload.name}, placement.ports)
    for pod in placement.pods if placement.existing_backend else ():
        name = existing_backend(workload, placement, pod)
        yield _service(namespace, name, {placement.pod_label: pod.name}, placement.ports)


def _caller(namespace: str, cluster: Cluster) -> Manifest:
    made = resource("v1", "Pod", namespace, CALLER, {})
    return {**made, **_merged_metadata(made, _pod({"app": "caller"}, "caller", (), cluster))}


def _bystander(numbers: Sequence[int], cluster: Cluster) -> Manifest:
    """Make somebody outside of the mesh who listens on the raw ports of others, so that a hijack is seen."""
    pod = _pod({"app": "bystander"}, "caller", (), cluster)
    pod["metadata"]["labels"][INJECT] = "false"
    pod["metadata"]["annotations"][SPEAKS] = " ".join(f"{number}/tcp" for number in numbers)
    made = resource("v1", "Pod", CALLERS, BYSTANDER, {})
    return {**made, **_merged_metadata(made, pod)}


def _merged_metadata(made: Manifest, pod: Manifest) -> Manifest:
    return {"metadata": {**made["metadata"], **pod["metadata"]}, "spec": pod["spec"]}
