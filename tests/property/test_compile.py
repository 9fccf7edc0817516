"""Whatever an inventory asks for: names are unique, routes are exact, and order means nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given
from hypothesis import strategies as st

from gitops_gen.compiled import INGRESS_GATEWAYS
from gitops_gen.exposure import exposures
from gitops_gen.layout.build import build_tree
from gitops_gen.layout.kustomization import components_listed
from gitops_gen.layout.mixture import same_resources
from gitops_gen.layout.paths import Folder, overlay_folder
from gitops_gen.layout.standing import folders_in, read_standing
from gitops_gen.manifest import dump, load, resource_id
from gitops_gen.model import Component, Pod
from gitops_gen.problems import has_errors
from gitops_gen.resources.check import check_shapes
from gitops_gen.resources.compile import compile_mesh
from tests.factories import HERE
from tests.property.inventories import inventories

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitops_gen.manifest import Manifest
    from gitops_gen.model import Cluster, Inventory

SOUND = inventories().filter(lambda inventory: not has_errors(check_shapes(inventory)))

Row = tuple[tuple[tuple[str, str], ...], int, str]
"""What a client dials: the gateway's pods, their port, and the host."""

FAMILIES = {"HTTP": "http", "HTTPS": "http", "TLS": "tls", "TCP": "tcp"}


def manifests(inventory: Inventory, cluster: str) -> list[Manifest]:
    return [resource.manifest for resource in compile_mesh(inventory, {})[cluster]]


@given(SOUND)
def test_no_two_resources_of_a_cluster_have_one_name(inventory: Inventory) -> None:
    for resources in compile_mesh(inventory, {}).values():
        ids = Counter(resource_id(resource.manifest) for resource in resources)
        assert [name for name, count in ids.items() if count > 1] == []


@given(SOUND)
def test_the_yaml_says_what_was_compiled(inventory: Inventory) -> None:
    for resources in compile_mesh(inventory, {}).values():
        found = [resource.manifest for resource in resources]
        assert list(load(dump(found))) == found


def wanted(inventory: Inventory, cluster: Cluster) -> dict[Row, str]:
    """Say what each row has to reach, as the inventory has it; `*` stands for the names of backends."""
    rows: dict[Row, str] = {}
    for workload in inventory.workloads:
        for placement in workload.placements:
            if placement.cluster == cluster.name:
                for exposure in exposures(workload, placement, cluster):
                    end = exposure.service or (exposure.pod.name if exposure.pod else "")
                    row = (exposure.ingress.selector, exposure.gateway_port, exposure.host)
                    rows[row] = f"{workload.namespace}/{end}:{exposure.port.number}"
    return rows


def gateways_by_reference(inventory: Inventory, cluster: Cluster, found: Sequence[Manifest]) -> dict[str, Any]:
    gateways = {
        f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}": manifest["spec"]
        for manifest in found
        if manifest["kind"] == "Gateway"
    }
    for ingress in cluster.ingresses:
        if ingress.existing_gateway is not None:
            gateways[ingress.existing_gateway] = {"selector": dict(ingress.selector), "servers": None}
    return gateways


def covers(entries: Sequence[str], namespace: str, host: str) -> bool:
    return any(entry in {f"{namespace}/{host}", f"{namespace}/*.{host.partition('.')[2]}"} for entry in entries)


def rows_of(route: Manifest, gateways: Mapping[str, Any]) -> Iterator[tuple[Row, str]]:
    """Read one VirtualService as Istio does: which requests it answers, and where they go."""
    namespace, spec = route["metadata"]["namespace"], route["spec"]
    (host,) = spec["hosts"]
    for kind in ("http", "tls", "tcp"):
        for rule in spec.get(kind, ()):
            (target,) = rule["route"]
            destination = f"{target['destination']['host']}:{target['destination']['port']['number']}"
            for match in rule["match"]:
                assert kind != "tls" or match["sniHosts"] == [host]
                for reference in match.get("gateways", spec["gateways"]):
                    gateway = gateways[reference]
                    servers = gateway["servers"]
                    served = servers is None or [
                        server
                        for server in servers
                        if server["port"]["number"] == match["port"]
                        and FAMILIES[server["port"]["protocol"]] == kind
                        and covers(server["hosts"], namespace, host)
                    ]
                    if served:
                        yield (tuple(gateway["selector"].items()), match["port"], host), destination


def ends(inventory: Inventory, cluster: Cluster, found: Sequence[Manifest]) -> dict[str, str]:
    """Return who is behind each full name of a cluster: `namespace/pod`, or `namespace/service`."""
    names = dict(theirs(inventory, cluster))
    for manifest in found:
        namespace, spec = manifest["metadata"]["namespace"], manifest["spec"]
        if manifest["kind"] == "Service" and "clusterIP" not in spec:
            (pod,) = spec["selector"].values()
            names[f"{manifest['metadata']['name']}.{namespace}.svc.cluster.local"] = f"{namespace}/{pod}"
        elif manifest["kind"] == "ServiceEntry":
            # Without a selector DNS finds the pod, by its own name.
            labels = spec["workloadSelector"]["labels"] if "workloadSelector" in spec else {}
            pod = next(iter(labels.values()), spec["hosts"][0].partition(".")[0])
            names[spec["hosts"][0]] = f"{namespace}/{pod}"
    return names


def theirs(inventory: Inventory, cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Yield the Services that others made: existing backends and companions."""
    for workload in inventory.workloads:
        domain = f"{workload.namespace}.svc.cluster.local"
        for placement in workload.placements:
            if placement.cluster == cluster.name:
                for pod in placement.pods:
                    yield f"{pod.name}-theirs.{domain}", f"{workload.namespace}/{pod.name}"
                for service in {route.service for port in placement.ports for route in port.routes if route.service}:
                    yield f"{service}.{domain}", f"{workload.namespace}/{service}"


@given(SOUND)
def test_each_exposed_port_of_each_pod_is_reached_by_exactly_its_hosts(inventory: Inventory) -> None:
    for cluster in inventory.clusters.values():
        found = manifests(inventory, cluster.name)
        gateways = gateways_by_reference(inventory, cluster, found)
        known = ends(inventory, cluster, found)
        reached = [
            (row, f"{known[destination.partition(':')[0]]}:{destination.partition(':')[2]}")
            for manifest in found
            if manifest["kind"] == "VirtualService"
            for row, destination in rows_of(manifest, gateways)
        ]
        assert sorted(reached) == sorted(wanted(inventory, cluster).items())


@given(SOUND)
def test_every_server_is_used_by_somebody(inventory: Inventory) -> None:
    for cluster in inventory.clusters.values():
        rows = {(selector, port) for selector, port, _ in wanted(inventory, cluster)}
        for manifest in manifests(inventory, cluster.name):
            if manifest["kind"] == "Gateway" and manifest["metadata"]["name"] != "cross-network-gateway":
                selector = tuple(manifest["spec"]["selector"].items())
                assert {(selector, server["port"]["number"]) for server in manifest["spec"]["servers"]} <= rows


@given(SOUND)
def test_gateways_see_the_routes_and_the_backends_that_they_need(inventory: Inventory) -> None:
    for cluster in inventory.clusters.values():
        found = manifests(inventory, cluster.name)
        seen: dict[str, set[str]] = {}
        for manifest in found:
            namespace, spec = manifest["metadata"]["namespace"], manifest["spec"]
            if manifest["kind"] == "Service" and "clusterIP" not in spec:
                exported = manifest["metadata"]["annotations"]["networking.istio.io/exportTo"].split(",")
                name = f"{manifest['metadata']['name']}.{namespace}.svc.cluster.local"
            elif manifest["kind"] == "ServiceEntry":
                exported, name = spec["exportTo"], spec["hosts"][0]
            else:
                continue
            assert len(exported) == len(set(exported))
            seen[name] = {namespace if entry == "." else entry for entry in exported}
        for manifest in found:
            if manifest["kind"] == "VirtualService":
                spec, namespace = manifest["spec"], manifest["metadata"]["namespace"]
                exported = {namespace if entry == "." else entry for entry in spec["exportTo"]}
                for rule in (*spec.get("http", ()), *spec.get("tls", ()), *spec.get("tcp", ())):
                    host = rule["route"][0]["destination"]["host"]
                    assert exported - {namespace} <= seen.get(host, exported)


@given(SOUND, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_written_means_nothing(inventory: Inventory, random: Any) -> None:
    def shuffled(values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(random.sample(values, len(values)))

    mixed = replace(
        inventory,
        clusters={
            name: replace(cluster, ingresses=shuffled(cluster.ingresses))
            for name, cluster in inventory.clusters.items()
        },
        workloads=tuple(
            replace(
                workload,
                placements=tuple(
                    sorted(
                        (
                            replace(
                                placement,
                                ports=tuple(replace(port, routes=shuffled(port.routes)) for port in placement.ports),
                            )
                            for placement in shuffled(workload.placements)
                        ),
                        key=lambda placement: placement.cluster,
                    )
                ),
            )
            for workload in inventory.workloads
        ),
    )
    for cluster in inventory.clusters:
        before = {resource_id(manifest): dump([manifest]) for manifest in manifests(inventory, cluster)}
        after = {resource_id(manifest): dump([manifest]) for manifest in manifests(mixed, cluster)}
        assert after == before


@given(SOUND, st.data())
def test_one_more_pod_is_one_more_file(inventory: Inventory, data: st.DataObject) -> None:
    places = [
        (workload, place)
        for workload in inventory.workloads
        for place, placement in enumerate(workload.placements)
        if placement.pods
    ]
    assume(places)
    workload, place = data.draw(st.sampled_from(places))
    placement = workload.placements[place]
    ordinal = max(pod.ordinal or 0 for pod in placement.pods) + 1
    grown = replace(placement, pods=(*placement.pods, Pod(f"{placement.stateful_set}-{ordinal}", ordinal)))
    placements = (*workload.placements[:place], grown, *workload.placements[place + 1 :])
    larger = replace(
        inventory,
        workloads=tuple(
            replace(each, placements=placements) if each is workload else each for each in inventory.workloads
        ),
    )
    for cluster in inventory.clusters:
        before = [(r.place, dump([r.manifest])) for r in compile_mesh(inventory, {})[cluster]]
        after = [(r.place, dump([r.manifest])) for r in compile_mesh(larger, {})[cluster]]
        changed = {place.file for place, _ in set(before) ^ set(after) if place.folder != INGRESS_GATEWAYS}
        assert changed <= ({grown.pods[-1].name} if cluster == placement.cluster else set())


COMPONENTS = st.lists(st.sampled_from(["team", "timeouts", "0"]), max_size=2, unique=True)


@given(SOUND, st.lists(COMPONENTS, min_size=3, max_size=3))
def test_components_are_on_top_where_a_workload_is_placed_and_are_read_back(
    inventory: Inventory, names: list[list[str]]
) -> None:
    workloads = tuple(
        replace(workload, components=tuple(Component(name=name, origin=HERE) for name in on_top))
        for workload, on_top in zip(inventory.workloads, names, strict=False)
    )
    inventory = replace(inventory, workloads=workloads)
    compiled = compile_mesh(inventory, {})
    tree = build_tree(inventory, compiled)
    wanted = {
        overlay_folder(placement.cluster, Folder(workload.namespace, workload.name)): [
            component.name for component in workload.components
        ]
        for workload in inventory.workloads
        for placement in workload.placements
    }
    ends = "/kustomization.yaml"
    for path in (path for path in tree if path.startswith("overlays/") and path.endswith(ends)):
        assert components_listed(tree[path]) == wanted.get(path.removesuffix(ends), [])
    read = read_standing(tree, folders_in(tree), inventory.mesh.name)
    assert all(same_resources(read.get(cluster, ()), resources) for cluster, resources in compiled.items())
