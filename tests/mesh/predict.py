"""What the proof predicts: for each request that can be made in a cell, who answers it.

The route table says it, read from the rendered resources alone, as `gitops-gen verify` and `trace` do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.model import Family, Via
from gitops_gen.resources.dialled import dialled_placements, endpoints_of
from gitops_gen.resources.surroundings import read_surroundings
from gitops_gen.routes.bindings import ANY_HOST
from gitops_gen.routes.declared import existing_backend, placed
from gitops_gen.routes.encryption import last_leg
from gitops_gen.routes.table import answering
from gitops_gen.routes.visibility import sees
from gitops_gen.workflows.host_list import list_hosts
from gitops_gen.workflows.selecting import Selection
from tests.mesh.surroundings import BYSTANDER, CALLER, CALLERS, callers, container_port, raw_ports, running
from tests.mesh.trials import has_policies, trials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitops_gen.model import Cluster, Consumer, Inventory, Pod, Port, Workload
    from gitops_gen.resources.dialled import Dialled
    from gitops_gen.routes.table import Row, Table
    from tests.mesh.trials import Trial


class Place(NamedTuple):
    """A pod that may answer, and its container port."""

    cluster: str
    namespace: str
    pod: str
    port: int


class Home(NamedTuple):
    """Where a port is at home."""

    home: Cluster
    workload: Workload
    port: Port
    in_mesh: bool


class Asked(NamedTuple):
    """A request: who asks what, by which protocol, at which gateway pods (None: where its name leads).

    `places` are those of which one has to answer, none of them: nobody may. `mtls` is what the last step is to be, None
    where nobody says. `certificate` is the Secret whose certificate the server has to show, "" where none ends TLS.
    """

    client: tuple[str, str, str] | None
    """Cluster, namespace and pod; None: from outside of the mesh."""
    kind: str
    host: str
    port: int
    cluster: str
    gateway: tuple[str, frozenset[tuple[str, str]]] | None
    places: frozenset[Place]
    mtls: bool | None
    certificate: str = ""
    shows: str = ""
    """The certificate that the client shows: `client`, or `stranger`, in which nobody believes."""
    trial: Trial | None = None


class Answered(NamedTuple):
    """What the route table says of a request at a gateway. `wants`: clients have to show a certificate."""

    kind: str
    places: frozenset[Place]
    mtls: bool | None
    certificate: str
    wants: bool


def predict(inventory: Inventory, tables: Mapping[str, Table]) -> list[Asked]:
    """Return every request of a cell."""
    asked: list[Asked] = []
    policies = any(has_policies(table) for table in tables.values())
    for name, table in tables.items():
        cluster = inventory.clusters[name]
        asked += _at_gateways(inventory, cluster, table, policies=policies)
        asked += _by_record(inventory, cluster, table)
        asked += _by_own_name(inventory, cluster)
        asked += _unrelated(inventory, cluster)
        asked += _kept_in(inventory, cluster, table)
    for consumer in inventory.consumers:
        asked += _consumed(inventory, consumer, tables)
    return list(dict.fromkeys(asked))


def _at_gateways(inventory: Inventory, cluster: Cluster, table: Table, *, policies: bool) -> Iterator[Asked]:
    """Yield each host at each port of each set of gateway pods, those that nobody is to answer too."""
    hosts = sorted({request.host for request in table.rows} - {ANY_HOST})
    for listening in table.listening:
        where = (listening.pods.namespace or "", listening.pods.labels)
        for number in sorted({server.number for server in listening.servers}):
            spoken = {server.speaks for server in listening.servers if server.number == number}
            if spoken <= {"AUTO"}:
                continue
            for host in [ANY_HOST] if spoken == {"TCP"} else hosts:
                rows = answering(table, listening.pods.name, number, host)
                if not rows:
                    kind = {"TLS": "tls", "HTTP": "http"}.get(min(spoken), "https")
                    yield Asked(None, kind, host, number, cluster.name, where, frozenset(), None)
                    continue
                said = _answered(inventory, cluster, table, rows)
                asked = Asked(None, said.kind, host, number, cluster.name, where, said.places, said.mtls)
                asked = asked._replace(certificate=said.certificate)
                yield asked._replace(shows="client" if said.wants else "")
                if said.wants:
                    yield asked._replace(places=frozenset(), mtls=None)
                    yield asked._replace(places=frozenset(), mtls=None, shows="stranger")
                for trial in trials(table, rows[0]) if policies and said.places else ():
                    yield asked._replace(trial=trial, mtls=said.mtls if said.kind != "tcp" else None)


def _answered(inventory: Inventory, cluster: Cluster, table: Table, rows: Sequence[Row]) -> Answered:
    """Read off the rows that answer a request who does so, and how."""
    known, there = _known_services(inventory, cluster), _running(inventory, cluster)
    places = frozenset(
        Place(cluster.name, *pod, _target(inventory, cluster, pod, end.port.number))
        for row in rows
        for end in row.ends
        if end.backend is not None and end.port is not None
        for pod in _pods(end.backend.pod, end.backend.namespace, end.backend.host, known)
        if pod in there
    )
    server = rows[0].bound.server
    return Answered(
        kind=_kind(rows[0]),
        places=places,
        mtls=_mesh_tls(table, rows[0]) if places else None,
        certificate=server.credential if server.speaks == "HTTPS" and places else "",
        wants=server.clients is not None,
    )


def _by_record(inventory: Inventory, cluster: Cluster, table: Table) -> Iterator[Asked]:
    """Yield each host by its name alone, where the inventory knows the addresses that records lead it to."""
    for name in list_hosts(inventory, Selection()):
        if name.cluster == cluster.name and name.addresses:
            rows = _rows(table, name.host, name.gateway_port)
            said = _answered(inventory, cluster, table, rows)
            asked = Asked(None, said.kind, name.host, name.gateway_port, cluster.name, None, said.places, said.mtls)
            yield asked._replace(certificate=said.certificate, shows="client" if said.wants else "")


def _rows(table: Table, host: str, number: int) -> Sequence[Row]:
    """Return the rows that answer a host at a port, at whatever gateway pods."""
    found = (answering(table, listening.pods.name, number, host) for listening in table.listening)
    return next((rows for rows in found if rows), ())


def _running(inventory: Inventory, cluster: Cluster) -> set[tuple[str, str]]:
    return {
        (workload.namespace, pod.name)
        for workload, placement in placed(inventory, cluster.name)
        for pod in running(placement)
    }


def _kind(row: Row) -> str:
    [end] = row.ends
    grpc = end.port is not None and end.port.protocol == "GRPC"
    match row.bound.server.speaks:
        case "HTTP":
            return "grpc" if grpc else "http"
        case "HTTPS":
            return "grpcs" if grpc else "https"
        case "TCP":
            return "tcp"
        case _:
            return "tls"


def _pods(
    pod: str | None, namespace: str, host: str, known: Mapping[str, list[tuple[str, str]]]
) -> list[tuple[str, str]]:
    return [(namespace, pod)] if pod is not None else known.get(host, [])


def _known_services(inventory: Inventory, cluster: Cluster) -> dict[str, list[tuple[str, str]]]:
    """Return the pods behind the Services that somebody else made, by full name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for workload, placement in placed(inventory, cluster.name):
        suffix = f"{workload.namespace}.svc.{cluster.cluster_domain}"
        for port in placement.ports:
            for route in port.routes:
                if route.service is not None:
                    pods = [(workload.namespace, pod.name) for pod in running(placement)]
                    found.setdefault(f"{route.service}.{suffix}", []).extend(pods)
        for pod in placement.pods if placement.existing_backend else ():
            found[f"{existing_backend(workload, placement, pod)}.{suffix}"] = [(workload.namespace, pod.name)]
    return found


def _target(inventory: Inventory, cluster: Cluster, pod: tuple[str, str], number: int) -> int:
    """Return the container port behind a port of a pod."""
    for workload, placement in placed(inventory, cluster.name):
        if (workload.namespace, pod[1]) in {(pod[0], one.name) for one in placement.pods}:
            for port in placement.ports:
                if port.number == number:
                    return container_port(port)
    return 0


def _mesh_tls(table: Table, row: Row) -> bool:
    """Tell whether `trace` says that the last leg goes by the mesh's TLS."""
    [end] = row.ends
    if end.backend is None or end.port is None:
        return False
    return "mesh mTLS" in last_leg(table, end.backend, end.port).text


def _by_own_name(inventory: Inventory, cluster: Cluster) -> Iterator[Asked]:
    """Yield what clients in the mesh ask by each pod's own DNS name, for which no object is needed.

    A headless Service leads to the pod's address and no further: what is dialled is the container's own port.
    """
    client = (cluster.name, CALLERS, CALLER)
    for workload, placement in placed(inventory, cluster.name):
        for pod in running(placement) if placement.service is not None else ():
            for port in placement.ports:
                if port.carried and port.protocol.family is not Family.NONE and container_port(port) == port.number:
                    host = f"{pod.name}.{placement.service}.{workload.namespace}.svc.{cluster.cluster_domain}"
                    home = Home(cluster, workload, port, placement.in_mesh and port.in_mesh)
                    yield _in_mesh(client, home, pod, host, port.number)


def _in_mesh(client: tuple[str, str, str], at: Home, pod: Pod, host: str, number: int) -> Asked:
    port = at.port
    kind = {Family.HTTP: "http", Family.TLS: "tls"}.get(port.protocol.family, "tcp")
    kind = "grpc" if port.protocol.value == "GRPC" else kind
    place = Place(at.home.name, at.workload.namespace, pod.name, container_port(port))
    mtls = at.home.istio.mtls != "disabled" and at.in_mesh and not port.own_mtls
    return Asked(client, kind, host, number, at.home.name, None, frozenset({place}), mtls)


def _unrelated(inventory: Inventory, cluster: Cluster) -> Iterator[Asked]:
    """Yield what a member of each workload asks of somebody else on the ports of its own kind: nobody may take that."""
    members = {
        workload.namespace: placement.pods[0].name
        for workload, placement in placed(inventory, cluster.name)
        if placement.pods
    }
    for number in raw_ports(inventory, cluster):
        place = Place(cluster.name, CALLERS, BYSTANDER, number)
        for namespace, pod in members.items():
            client = (cluster.name, namespace, pod)
            yield Asked(client, "tcp", BYSTANDER, number, cluster.name, None, frozenset({place}), None)


def _kept_in(inventory: Inventory, cluster: Cluster, table: Table) -> Iterator[Asked]:
    """Yield what callers ask of other clusters' hosts where sidecars let nothing out that their mesh does not know."""
    if cluster.istio.outbound_policy != "REGISTRY_ONLY":
        return
    for name in list_hosts(inventory, Selection()):
        for namespace in callers(inventory, cluster) if name.cluster != cluster.name else ():
            known = table.registry.backends.get(name.host, ())
            if not any(sees(namespace, one.seen) and name.gateway_port in one.ports for one in known):
                client = (cluster.name, namespace, CALLER)
                kind = name.protocol.lower()
                yield Asked(client, kind, name.host, name.gateway_port, cluster.name, None, frozenset(), None)


def _consumed(inventory: Inventory, consumer: Consumer, tables: Mapping[str, Table]) -> Iterator[Asked]:
    """Yield what a Consumer dials: the addresses of its endpoint list."""
    workloads = {workload.key: workload for workload in inventory.workloads}
    for pods in dialled_placements(consumer, inventory, workloads, read_surroundings(inventory)):
        client = (consumer.cluster, consumer.namespace, CALLER)
        there = running(pods.placement)
        for endpoint in endpoints_of([pods])[0]:
            host, _, number = endpoint.address.rpartition(":")
            if consumer.via is Via.NORTH_SOUTH and pods.home.name != consumer.cluster:
                yield _from_outside(inventory, pods, tables[pods.home.name], host, int(number))
            elif endpoint.pod in there:
                home = Home(pods.home, pods.workload, pods.port, pods.placement.in_mesh and pods.port.in_mesh)
                yield _in_mesh(client, home, endpoint.pod, host, int(number))


def _from_outside(inventory: Inventory, pods: Dialled, home: Table, host: str, number: int) -> Asked:
    """Return what is asked through an ingress of another cluster, where the sidecar may make TLS of plain HTTP."""
    consumer = pods.consumer
    originates = consumer.originate is not None and pods.port.protocol.family is Family.HTTP
    rows = _rows(home, host, 443 if originates and number == 80 else number)
    said = _answered(inventory, pods.home, home, rows)
    client = (consumer.cluster, consumer.namespace, CALLER)
    kind = {"https": "http", "grpcs": "grpc"}.get(said.kind, said.kind) if originates else said.kind
    asked = Asked(client, kind, host, number, pods.home.name, None, said.places, said.mtls)
    return asked if originates else asked._replace(certificate=said.certificate)
