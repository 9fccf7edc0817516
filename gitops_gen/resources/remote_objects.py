"""The objects that stand in a Consumer's cluster for a pod of another cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from gitops_gen.compiled import Compiled, Place
from gitops_gen.model import Family
from gitops_gen.naming import service_fqdn
from gitops_gen.resources.demand import consumer_namespaces
from gitops_gen.resources.labels import pod_labels
from gitops_gen.resources.remote import (
    RemoteShape,
    by_address,
    gateway_of,
    led_name,
    remote_host,
    remote_name,
    remote_shape,
)
from gitops_gen.resources.shapes import service_ports
from gitops_gen.resources.visibility import as_annotation, export_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Pod, Port
    from gitops_gen.resources.demand import Demand
    from gitops_gen.resources.fields import HttpRule, Service, ServiceEntry, Target, VirtualService
    from gitops_gen.resources.remote import Remote


def compile_remote(remote: Remote, demand: Demand, addresses: Mapping[str, str]) -> Iterator[Compiled]:
    """Yield what `remote.caller` needs for each of these pods; `addresses` are those of the vipPool by host.

    Presupposes that rules/remotes.py found no error here.
    """
    seen_by = export_to(remote.workload.namespace, consumer_namespaces(demand, remote.workload.key, remote.caller.name))
    for pod in remote.placement.pods:
        place = Place(
            namespace=remote.workload.namespace,
            folder=remote.workload.name,
            file=f"{pod.name}.{remote.home.name}",
            source=f"Workload {remote.workload.key}",
        )
        yield from (Compiled(manifest, place) for manifest in _objects(remote, pod, addresses, seen_by))


def _objects(remote: Remote, pod: Pod, addresses: Mapping[str, str], seen_by: Sequence[str]) -> list[Manifest]:
    name, led = remote_name(pod, remote.home), led_name(pod, remote.home)
    shape = remote_shape(remote.home, remote.caller)
    match shape:
        case None | RemoteShape.NOTHING:
            return []
        case RemoteShape.STUB:
            # istiod merges it with the Service at home: the ports are the same, or it loses some.
            return [stub_service(remote, pod, name, service_ports(remote.placement), seen_by)]
        case RemoteShape.STATIC_ENTRY:
            return [
                remote_service_entry(remote, pod, addresses, seen_by),
                stub_service(remote, pod, name, remote.ports, seen_by),
            ]
        case RemoteShape.ENTRY:
            return [remote_service_entry(remote, pod, addresses, seen_by)]
        case RemoteShape.LED_ENTRY:
            return [
                remote_service_entry(remote, pod, addresses, seen_by),
                stub_service(remote, pod, led, remote.ports, seen_by),
                leading_virtual_service(remote, pod, seen_by),
            ]
        case _:
            assert_never(shape)


def stub_service(remote: Remote, pod: Pod, name: str, ports: Sequence[Port], seen_by: Sequence[str]) -> Service:
    """Service without selector that makes a remote pod's name resolve for clients without DNS capture.

    Read by the cluster's DNS, and by istiod as a place for endpoints from elsewhere. With a selector, the caller's
    own pod of that name would answer every second request (docs/explanation/what-istio-does.md, "Across clusters").
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": remote.workload.namespace,
            "labels": pod_labels(remote.workload.name, pod.name),
            "annotations": as_annotation(seen_by),
        },
        "spec": {
            "ports": [
                {
                    "name": port.name,
                    "port": port.number,
                    # Nobody listens behind a stub: the number only repeats what clients dial.
                    "targetPort": port.number,
                    "appProtocol": port.protocol.lower(),
                }
                for port in ports
            ],
        },
    }


def remote_service_entry(
    remote: Remote, pod: Pod, addresses: Mapping[str, str], seen_by: Sequence[str]
) -> ServiceEntry:
    """ServiceEntry that leads the caller's sidecars to one pod through the east-west gateway of its home.

    The host is the pod's Service at home, which is also the server name that the gateway there routes by. The label
    turns mesh mTLS on, the subject name pins the pod's own identity, as the gateway only passes the bytes on.
    """
    host = remote_host(pod, remote.workload, remote.home)
    gateway = gateway_of(remote.home)
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {
            "name": remote_name(pod, remote.home),
            "namespace": remote.workload.namespace,
            "labels": pod_labels(remote.workload.name, pod.name),
        },
        "spec": {
            "hosts": [host],
            "addresses": [addresses[host]],
            "location": "MESH_INTERNAL",
            "ports": [
                {"number": port.number, "name": port.name, "protocol": port.protocol.value} for port in remote.ports
            ],
            "exportTo": list(seen_by),
            "resolution": "STATIC" if by_address(gateway) else "DNS",
            "endpoints": [
                {
                    "address": there,
                    "ports": {port.name: gateway.port for port in remote.ports},
                    "labels": {"security.istio.io/tlsMode": "istio"},
                }
                for there in gateway.addresses
            ],
            "subjectAltNames": [
                pod_identity(remote),
            ],
        },
    }


def pod_identity(remote: Remote) -> str:
    """Return the name in the pods' certificates, made from the trust domain and their service account."""
    return f"spiffe://{remote.mesh.trust_domain}/ns/{remote.workload.namespace}/sa/{remote.placement.service_account}"


def leading_virtual_service(remote: Remote, pod: Pod, seen_by: Sequence[str]) -> VirtualService:
    """VirtualService that leads the stub `to-…`, which resolves, to the ServiceEntry, which does not.

    For sidecars of clients without DNS capture, where the east-west gateway has only a DNS name. TLS is led by the
    server name that such clients ask for, which is the stub's.
    """
    led = service_fqdn(led_name(pod, remote.home), remote.workload.namespace, remote.caller)
    found: VirtualService = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {
            "name": led_name(pod, remote.home),
            "namespace": remote.workload.namespace,
            "labels": pod_labels(remote.workload.name, pod.name),
        },
        "spec": {
            "hosts": [led],
            "exportTo": list(seen_by),
        },
    }
    spec = found["spec"]
    host = remote_host(pod, remote.workload, remote.home)
    for port in remote.ports:
        target: Target = {"destination": {"host": host, "port": {"number": port.number}}}
        if port.protocol.family is Family.HTTP:
            rule: HttpRule = {
                "name": port.name,
                "match": [{"port": port.number}],
                "route": [target],
                "retries": {"attempts": 0},
            }
            spec.setdefault("http", []).append(rule)
        elif port.protocol.family is Family.TLS:
            spec.setdefault("tls", []).append({"match": [{"port": port.number, "sniHosts": [led]}], "route": [target]})
        else:
            spec.setdefault("tcp", []).append({"match": [{"port": port.number}], "route": [target]})
    return found
