"""The proof's part on the way out: what Consumers dial outside, as their sidecars know it, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.exposure import exposures
from gitops_gen.model import Family, Via
from gitops_gen.problems import Problem
from gitops_gen.routes.declared import placed
from gitops_gen.routes.found import error
from gitops_gen.routes.visibility import sees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.exposure import Exposure
    from gitops_gen.model import Cluster, Consumer, Inventory, TlsOrigination
    from gitops_gen.routes.destinations import Backend
    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Table

RULE = "GGI058"


class _Out(NamedTuple):
    """One port of a host outside that a Consumer dials, and what its sidecar is to make of it."""

    consumer: Consumer
    exposure: Exposure
    number: int
    protocol: str
    files: TlsOrigination | None


def prove_external(table: Table, inventory: Inventory, cluster: Cluster) -> Iterator[Problem]:
    """Find hosts that Consumers are not let out to, those that lead elsewhere, and those that nobody dials."""
    dialled: set[tuple[str, str]] = set()
    for out in _outs(inventory, cluster):
        namespace, host = out.consumer.namespace, out.exposure.host
        dialled.add((namespace, host))
        known = [one for one in table.registry.backends.get(host, ()) if sees(namespace, one.seen)]
        if len(known) != 1 or known[0].resource is None:
            yield _cannot(out, f"{len(known)} resources make {host} known to {namespace}")
            continue
        for fault in (*_entry(known[0], out), *_tls(table, known[0], out)):
            yield error(RULE, known[0].resource, f"{known[0]} {fault}")
    for entry in table.of_kind.get("ServiceEntry", ()):
        strange = [host for host in entry.spec.get("hosts") or () if (entry.namespace, host) not in dialled]
        if entry.spec.get("location") == "MESH_EXTERNAL" and strange:
            yield error(RULE, entry, f"{entry} lets sidecars out to {strange[0]}, which no Consumer dials")


def _outs(inventory: Inventory, cluster: Cluster) -> Iterator[_Out]:
    for consumer in inventory.consumers:
        closed = cluster.istio.outbound_policy == "REGISTRY_ONLY"
        if (
            consumer.cluster != cluster.name
            or consumer.via is not Via.NORTH_SOUTH
            or not (closed or consumer.originate)
        ):
            continue
        for home in inventory.clusters.values():
            if home.name != cluster.name:
                for exposure in _dialled(inventory, home, consumer):
                    yield _out(consumer, exposure)


def _dialled(inventory: Inventory, home: Cluster, consumer: Consumer) -> Iterator[Exposure]:
    """Yield the exposures of the consumer's port: by the default ingress where it has one, else by the first route."""
    for workload, placement in placed(inventory, home.name):
        if workload.key not in consumer.workloads:
            continue
        found = [
            exposure
            for exposure in exposures(workload, placement, home)
            if exposure.port.name == consumer.port and exposure.pod is not None
        ]
        chosen = next((one.route for one in found if one.ingress.default), found[0].route if found else None)
        yield from (one for one in found if one.route is chosen)


def _out(consumer: Consumer, exposure: Exposure) -> _Out:
    said, number = exposure.port.protocol, exposure.gateway_port
    if exposure.certificate is None or said.family is not Family.HTTP:
        return _Out(consumer, exposure, number, "TLS" if said.family is Family.TLS else said.value, None)
    if consumer.originate is None:
        return _Out(consumer, exposure, number, "TLS", None)
    return _Out(consumer, exposure, 80 if number == 443 else number, said.value, consumer.originate)  # noqa: PLR2004


def _entry(known: Backend, out: _Out) -> Iterator[str]:
    spec = known.resource.spec if known.resource is not None else {}
    port = known.ports.get(out.number)
    wanted = (out.protocol, out.exposure.gateway_port)
    if port is None or (port.protocol, port.target) != wanted:
        yield f"does not lead from port {out.number} to {wanted[0]} at port {wanted[1]}"
    if spec.get("location") != "MESH_EXTERNAL":
        yield "is not MESH_EXTERNAL: its callers would try mesh TLS"
    addresses = set(out.exposure.ingress.addresses)
    reached = {str(endpoint.get("address")) for endpoint in spec.get("endpoints") or ()}
    if (spec.get("resolution") != "DNS" or reached) and reached != addresses:
        yield f"leads to {', '.join(sorted(reached)) or 'nothing'}, not to ingress {out.exposure.ingress.name}"
    if out.exposure.port.protocol.family is Family.TCP and set(spec.get("addresses") or ()) != addresses:
        yield f"does not have the addresses of ingress {out.exposure.ingress.name}, by which TCP is told apart"


def _tls(table: Table, known: Backend, out: _Out) -> Iterator[str]:
    """Compare the TLS that sidecars make on a port with what is asked for."""
    rules = [
        rule
        for rule in table.of_kind.get("DestinationRule", ())
        if rule.spec.get("host") == known.host and rule.namespace == out.consumer.namespace
    ]
    found = [made for rule in rules if (made := _made(rule, out.number))]
    wanted = _wanted(out.exposure.host, out.files)
    if found != ([wanted] if wanted else []):
        yield f"has {'TLS' if found else 'no TLS'} made on port {out.number} that is not what the Consumer asks for"


def _made(rule: Resource, number: int) -> Mapping[str, Any]:
    settings = (rule.spec.get("trafficPolicy") or {}).get("portLevelSettings") or ()
    return next((s.get("tls") or {} for s in settings if (s.get("port") or {}).get("number") == number), {})


def _wanted(host: str, files: TlsOrigination | None) -> dict[str, Any]:
    if files is None:
        return {}
    shown = {"clientCertificate": files.client_certificate, "privateKey": files.private_key}
    wanted = {"mode": "MUTUAL" if files.client_certificate else "SIMPLE", "sni": host, "subjectAltNames": [host]}
    wanted |= shown if files.client_certificate else {}
    return wanted | ({"caCertificates": files.ca_certificates} if files.ca_certificates else {})


def _cannot(out: _Out, message: str) -> Problem:
    return Problem(rule=RULE, message=message, location=out.consumer.origin, subject=f"Consumer {out.consumer.key}")
