"""Faults of Gateways, VirtualServices and policies: what is dropped, shadowed, not found or not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.oracle.entry_faults import Fault
from tests.oracle.registry import EXPORT_TO, HTTP_PROTOCOLS, label_of, namespace_of, visible
from tests.oracle.routing import applicable, bindings, full_name, matches, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.oracle.registry import GatewayPods, Mesh, Resource
    from tests.oracle.routing import Binding, Server

MANY_NAMESPACES = 35


def gateway_faults(mesh: Mesh) -> Iterator[Fault]:
    """Yield what happens where the servers of all Gateways meet on the same pods."""
    certificates: dict[tuple[str, int, str], Server] = {}
    owners: dict[tuple[str, int, str], Resource] = {}
    for binding in bindings(mesh):
        yield from _merged(binding)
        yield from _certificate(binding, certificates)
        yield from _hosts_twice(binding, owners)
        yield from _certificate_names(binding)
    for gateway in mesh.of_kind("Gateway"):
        for spec in gateway["spec"].get("servers", ()):
            if (spec.get("tls") or {}).get("httpsRedirect") and any("/" in host for host in spec["hosts"]):
                yield Fault("GGI034", "E", label_of(gateway), "a redirect server with ns/host")


def _merged(binding: Binding) -> Iterator[Fault]:
    pods, server, _ = binding
    where = label_of(server.gateway)
    if server.dropped:
        mixed = server.dropped.startswith("the port is")
        yield Fault("GGI021" if mixed else "GGI020", "E", where, f"port {server.number}: {server.dropped}")
        if server.mode == "tcp" and not mixed:
            yield Fault("GGI009", "E", where, f"TCP port {server.number} twice")
    if pods.open_ports is not None and server.number not in pods.open_ports:
        yield Fault("GGI034", "E", where, f"port {server.number} is not open on {pods.name}")


def _certificate(binding: Binding, seen: dict[tuple[str, int, str], Server]) -> Iterator[Fault]:
    """One certificate in two servers of a port: a reused HTTP/2 connection gets 404 for the other's hosts."""
    pods, server, _ = binding
    credential = (server.spec.get("tls") or {}).get("credentialName")
    if credential is None or str(server.spec["port"]["protocol"]).upper() != "HTTPS":
        return
    first = seen.setdefault((pods.name, server.number, credential), server)
    if first is not server:
        text = f"certificate {credential} on port {server.number} has a server in {label_of(first.gateway)} already"
        yield Fault("GGI010", "E", label_of(server.gateway), text)


def _certificate_names(binding: Binding) -> Iterator[Fault]:
    """A wildcard certificate covers one label."""
    if binding.server.tls_mode not in {"SIMPLE", "MUTUAL"}:
        return
    patterns = [pattern for _, pattern in binding.server.hosts]
    for service in binding.services:
        for host in service["spec"]["hosts"]:
            covered = any(pattern == host or pattern[1:] == "." + host.partition(".")[2] for pattern in patterns)
            if not covered and any(matches(pattern, host) for pattern in patterns):
                yield Fault("GGI011", "E", label_of(service), f"{host} is not one label under {patterns}")


def _hosts_twice(binding: Binding, owners: dict[tuple[str, int, str], Resource]) -> Iterator[Fault]:
    pods, server, services = binding
    for service in services:
        kinds = ("http",) if server.mode == "http" or server.tls_mode == "SIMPLE" else ("tls", "tcp")
        rules = [rule for kind in kinds for rule in service["spec"].get(kind, ())]
        if not any(applicable(rule, server, service) for rule in rules):
            continue
        for host in ["*"] if server.mode == "tcp" else service["spec"]["hosts"]:
            first = owners.setdefault((pods.name, server.number, host), service)
            if first is not service:
                text = f"{host} on port {server.number} is {label_of(first)}'s too"
                yield Fault("GGI022", "E", label_of(service), text)


def route_faults(mesh: Mesh) -> Iterator[Fault]:
    """Yield what is wrong with VirtualServices."""
    bound: dict[str, list[Binding]] = {}
    gateways: dict[str, dict[str, GatewayPods]] = {}
    for binding in bindings(mesh):
        gateways.setdefault(binding.server.reference, {})[binding.pods.name] = binding.pods
        for service in binding.services:
            bound.setdefault(label_of(service), []).append(binding)
    for service in mesh.of_kind("VirtualService"):
        spec, where = service["spec"], label_of(service)
        if not spec.get("hosts"):
            yield Fault("GGI017", "E", where, "no hosts")
        yield from _values(service)
        yield from _port_matches(service, bound.get(where, ()))
        yield from _bindings(service, gateways, bound.get(where, ()))
        for rule in (rule for kind in ("http", "tls", "tcp") for rule in spec.get(kind, ())):
            for target in rule.get("route", ()):
                yield from _destination(mesh, service, target["destination"], _callers(service, gateways))


def _values(service: Resource) -> Iterator[Fault]:
    where = label_of(service)
    for rule in service["spec"].get("http", ()):
        retries = rule.get("retries") or {}
        if str(rule.get("timeout", "")) in {"0s", "0ms", "0"}:
            yield Fault("GGI014", "E", where, "timeout: 0s")
        if retries.get("attempts") == 0 and {"perTryTimeout", "retryOn"} & set(retries):
            yield Fault("GGI014", "E", where, "attempts: 0 with perTryTimeout or retryOn")
        if retries.get("attempts") != 0:
            yield Fault("GGI031", "W", where, "no retries.attempts: 0")


def _port_matches(service: Resource, bound: Sequence[Binding]) -> Iterator[Fault]:
    """A rule without a port answers on every port of its Gateways."""
    rules = service["spec"].get("http", ())
    open_rules = [
        rule for rule in rules if not rule.get("match") or any("port" not in match for match in rule["match"])
    ]
    numbers = {
        server.number
        for _, server, _ in bound
        if str(server.spec["port"]["protocol"]).upper() in HTTP_PROTOCOLS | {"HTTPS"}
        and not (server.spec.get("tls") or {}).get("httpsRedirect")
    }
    if open_rules and (len(rules) > 1 or len(numbers) > 1):
        yield Fault("GGI024", "E", label_of(service), "several ports, and a rule without match.port")


def _bindings(
    service: Resource, gateways: dict[str, dict[str, GatewayPods]], bound: Sequence[Binding]
) -> Iterator[Fault]:
    """Check that each Gateway has a server for the hosts, and that its pods see the VirtualService."""
    where = label_of(service)
    for reference in references(service):
        if "." in reference.rpartition("/")[2]:
            yield Fault("GGI030", "E", where, f"a dot in the Gateway {reference}")
        for pods in gateways.get(reference, {}).values():
            if not visible(service["spec"].get("exportTo", ()), service, pods.namespace):
                yield Fault("GGI015", "E", where, f"not exported to {pods.namespace}, where {pods.name} runs: 404")
            elif not any(server.reference == reference and pods is there for there, server, _ in bound):
                yield Fault("GGI019", "E", where, f"{reference} has no server for its hosts")


def _destination(mesh: Mesh, service: Resource, where_to: Resource, callers: set[str]) -> Iterator[Fault]:
    where, host = label_of(service), where_to["host"]
    suffix = f".svc.{mesh.facts.cluster_domain}"
    if "." not in host or (not mesh.at(host) and mesh.at(f"{host.removesuffix('.svc')}{suffix}")):
        yield Fault("GGI018", "E", where, f"{host} is not a full name")
        return
    found = mesh.at(full_name(mesh, host, service))
    if not found:
        yield Fault("GGI019", "E", where, f"{host} is nowhere")
        return
    number = (where_to.get("port") or {}).get("number")
    if number is not None and all(number not in entry.ports for entry in found):
        yield Fault("GGI019", "E", where, f"{host} has no port {number}")
    if number is None and len(found[0].ports) > 1:
        yield Fault("GGI019", "E", where, f"{host} has several ports and the route names none")
    if "subset" in where_to:
        yield Fault("GGI019", "E", where, f"the subset {where_to['subset']} is nowhere")
    for name in filter(None, (mesh.pod_of(entry) for entry in found)):
        if not mesh.runs(found[0].namespace, name):
            yield Fault("GGI008", "E", where, f"there is no pod {found[0].namespace}/{name}")
    for namespace in sorted(callers):
        if not mesh.lookup(host, namespace):
            yield Fault("GGI015", "E", where, f"{host} is not exported to {namespace}: 503")


def _callers(service: Resource, gateways: dict[str, dict[str, GatewayPods]]) -> set[str]:
    """Return the namespaces whose proxies follow a VirtualService."""
    namespaces = {pods.namespace for reference in references(service) for pods in gateways.get(reference, {}).values()}
    if "mesh" in references(service):
        listed = service["spec"].get("exportTo", ())
        namespaces |= {namespace_of(service) if name == "." else name for name in listed if name != "*"}
    return namespaces


def common_faults(mesh: Mesh) -> Iterator[Fault]:
    """Yield what is wrong with names, letters, visibility and routes of the other API, whatever the kind."""
    for resource in mesh.resources:
        yield from _letters(resource)
        yield from _names(resource)
        yield from _visibility(resource)
    routes = {(namespace_of(resource), resource["metadata"]["name"]) for resource in mesh.of_kind("HTTPRoute")}
    for resource in mesh.of_kind("GRPCRoute"):
        if (namespace_of(resource), resource["metadata"]["name"]) in routes:
            yield Fault("GGI025", "E", label_of(resource), "an HTTPRoute has this name: this one is lost")


def _hosts(resource: Resource) -> Iterator[str]:
    spec = resource.get("spec") or {}
    yield from spec.get("hosts", ())
    for server in spec.get("servers", ()):
        yield from (host.rpartition("/")[2] for host in server.get("hosts", ()))
    for rule in spec.get("tls", ()):
        for match in rule.get("match", ()):
            yield from match.get("sniHosts", ())


def _letters(resource: Resource) -> Iterator[Fault]:
    spec = resource.get("spec") or {}
    ports = [port.get("name", "") for port in spec.get("ports", ())]
    ports += [(server.get("port") or {}).get("name", "") for server in spec.get("servers", ())]
    for text in (*_hosts(resource), *ports, *spec.get("exportTo", ())):
        if text != text.lower():
            yield Fault("GGI012", "E", label_of(resource), f"upper case: {text}")


def _names(resource: Resource) -> Iterator[Fault]:
    where, name = label_of(resource), resource["metadata"]["name"]
    if resource["kind"] in {"Service", "Gateway"} and (len(name) > 63 or "." in name or not name):
        yield Fault("GGI030", "E", where, f"the name is no label: {len(name)} characters")
    if len(name) > 253:
        yield Fault("GGI030", "E", where, f"the name has {len(name)} characters")
    for value in (resource["metadata"].get("labels") or {}).values():
        if len(value) > 63:
            yield Fault("GGI030", "E", where, f"a label of {len(value)} characters")
    for host in _hosts(resource):
        labels = host.split(".")
        if len(host) > 253 or any(len(label) > 63 or not label for label in labels) or labels[-1].isdigit():
            yield Fault("GGI030", "E", where, f"the host {host}")


def _visibility(resource: Resource) -> Iterator[Fault]:
    kind = resource["kind"]
    if kind not in {"Service", "ServiceEntry", "VirtualService", "DestinationRule"}:
        return
    annotation = (resource["metadata"].get("annotations") or {}).get(EXPORT_TO, "")
    listed = annotation.split(",") if kind == "Service" else resource["spec"].get("exportTo", ())
    if not [name for name in listed if name]:
        yield Fault("GGI015", "W", label_of(resource), "no exportTo: everybody sees it")
    if len(listed) > MANY_NAMESPACES:
        yield Fault("GGI016", "W", label_of(resource), f"{len(listed)} namespaces in exportTo")


def policy_faults(mesh: Mesh) -> Iterator[Fault]:
    """Yield what is wrong with DestinationRules and PeerAuthentications."""
    off_there: set[tuple[str, int]] = set()
    for rule in mesh.of_kind("DestinationRule"):
        policy, where = rule["spec"].get("trafficPolicy") or {}, label_of(rule)
        if "." not in rule["spec"]["host"]:
            yield Fault("GGI018", "E", where, f"{rule['spec']['host']} is not a full name")
        if (policy.get("tls") or {}).get("sni"):
            yield Fault("GGI032", "E", where, "sets sni: an east-west gateway does not know it")
        one_pod = [entry for entry in mesh.at(rule["spec"]["host"]) if mesh.pod_of(entry)]
        if "outlierDetection" in policy and one_pod:
            yield Fault("GGI031", "W", where, "outlierDetection on one pod")
        off = _off_in_rule(mesh, rule)
        off_there |= off
        if off - _off_at_pods(mesh):
            yield Fault("GGI029", "E", where, "plaintext to a port whose pods ask for mesh TLS")
    for authentication in mesh.of_kind("PeerAuthentication"):
        spec, where = authentication["spec"], label_of(authentication)
        if spec.get("portLevelMtls") and not (spec.get("selector") or {}).get("matchLabels"):
            yield Fault("GGI029", "E", where, "portLevelMtls without a selector")
        for number, setting in (spec.get("portLevelMtls") or {}).items():
            if setting["mode"] == "DISABLE" and (namespace_of(authentication), int(number)) not in off_there:
                yield Fault("GGI029", "E", where, f"no DestinationRule for callers of port {number}")


def _off_in_rule(mesh: Mesh, rule: Resource) -> set[tuple[str, int]]:
    """Return the container ports, with their namespace, for which a DestinationRule turns mesh TLS off."""
    host = rule["spec"]["host"]
    found = [entry for entry in mesh.registered if entry.host == host or _covers(host, entry.host)]
    off = set()
    for setting in (rule["spec"].get("trafficPolicy") or {}).get("portLevelSettings", ()):
        if (setting.get("tls") or {}).get("mode") == "DISABLE":
            number = setting["port"]["number"]
            target = next((entry.ports[number].target for entry in found if number in entry.ports), number)
            off.add((namespace_of(rule), target if isinstance(target, int) else number))
    return off


def _covers(wildcard: str, host: str) -> bool:
    return wildcard.startswith("*.") and host.endswith(wildcard[1:])


def _off_at_pods(mesh: Mesh) -> set[tuple[str, int]]:
    return {
        (namespace_of(authentication), int(number))
        for authentication in mesh.of_kind("PeerAuthentication")
        for number, setting in (authentication["spec"].get("portLevelMtls") or {}).items()
        if setting["mode"] == "DISABLE"
    }
