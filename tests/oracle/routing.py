"""The route table of a cluster: which request at a gateway reaches which pod, by Istio's merge and match rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.oracle.registry import HTTP_PROTOCOLS, TLS_PROTOCOLS, label_of, namespace_of, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.oracle.registry import GatewayPods, Mesh, Resource

ANY_HOST = "*"
"""The host in the table where only the port counts."""


class Request(NamedTuple):
    """What a client asks of a gateway: by Host or :authority, by server name (SNI), or by the port alone."""

    gateway: str
    port: int
    host: str


class Answer(NamedTuple):
    """Where a request ends. `backend` is Service or ServiceEntry; anything else is the failure, and `why` says more.

    `pod` is None where the backend selects several.
    """

    backend: str
    namespace: str = ""
    service: str = ""
    pod: str | None = None
    port: int = 0
    why: str = ""


class Server(NamedTuple):
    """A server of a Gateway as one set of gateway pods takes it; `dropped` says why it does not."""

    gateway: Resource
    spec: Resource
    number: int
    mode: str
    """http, tls or tcp."""
    dropped: str = ""

    @property
    def reference(self) -> str:
        """Return what a VirtualService writes to bind to it."""
        return f"{namespace_of(self.gateway)}/{self.gateway['metadata']['name']}"

    @property
    def hosts(self) -> list[tuple[str, str]]:
        """Return its hosts as (namespace or *, host)."""
        split = [host.rpartition("/") for host in self.spec.get("hosts", ())]
        own = namespace_of(self.gateway)
        return [({"": "*", ".": own}.get(namespace, namespace), host) for namespace, _, host in split]

    @property
    def tls_mode(self) -> str:
        """Return the mode of its TLS."""
        return str((self.spec.get("tls") or {}).get("mode", ""))


def servers(mesh: Mesh, pods: GatewayPods) -> list[Server]:
    """Merge the Gateways that select some gateway pods, oldest first; what comes too late is dropped, not refused."""
    found: list[Server] = []
    modes: dict[int, str] = {}
    taken: dict[int, set[str]] = {}
    for gateway in mesh.of_kind("Gateway"):
        if not (gateway["spec"].get("selector") or {}).items() <= dict(pods.labels).items():
            continue
        for spec in gateway["spec"].get("servers", ()):
            number, protocol = spec["port"]["number"], str(spec["port"].get("protocol", "")).upper()
            mode = "tls" if protocol in TLS_PROTOCOLS else "http" if protocol in HTTP_PROTOCOLS else "tcp"
            server = Server(gateway, spec, number, mode)
            found.append(server._replace(dropped=_dropped(server, modes.get(number), taken.get(number, set()))))
            if not found[-1].dropped:
                modes[number] = mode
                taken.setdefault(number, set()).update(host for _, host in server.hosts)
    return found


def _dropped(server: Server, mode: str | None, taken: set[str]) -> str:
    if mode is None:
        return ""
    if mode != server.mode:
        return f"the port is {mode} already"
    if mode == "tcp":
        return "the port has a TCP server already"
    twice = sorted(host for _, host in server.hosts if host in taken)
    return f"its host {twice[0]} has a server already" if mode == "tls" and twice else ""


def matches(pattern: str, host: str) -> bool:
    """Tell whether a host of a server covers a host of a VirtualService (which may be a wildcard itself)."""
    if pattern in {"*", host}:
        return True
    return pattern.startswith("*.") and host.lower().endswith(pattern[1:].lower())


class Binding(NamedTuple):
    """A server that some gateway pods have taken or dropped, and the VirtualServices that bind to it, oldest first."""

    pods: GatewayPods
    server: Server
    services: list[Resource]


def bindings(mesh: Mesh) -> list[Binding]:
    """Bind the VirtualServices of a cluster to the servers of all its gateway pods."""
    naming: dict[str, list[Resource]] = {}
    for service in mesh.of_kind("VirtualService"):
        for reference in dict.fromkeys(references(service)):
            naming.setdefault(reference, []).append(service)
    return [
        Binding(
            pods,
            server,
            [
                service
                for service in naming.get(server.reference, ())
                if visible(service["spec"].get("exportTo", ()), service, pods.namespace)
                and any(_bindable(server, service, host) for host in service["spec"].get("hosts", ()))
            ],
        )
        for pods in mesh.facts.gateways
        for server in servers(mesh, pods)
    ]


def references(service: Resource) -> list[str]:
    """Return the Gateways of a VirtualService as `namespace/name`; `mesh` where it names none."""
    own = namespace_of(service)
    listed = service["spec"].get("gateways") or ["mesh"]
    return [name if "/" in name or name == "mesh" else f"{own}/{name}" for name in listed]


def _bindable(server: Server, service: Resource, host: str) -> bool:
    return any(
        namespace in {"*", namespace_of(service)} and matches(pattern, host) for namespace, pattern in server.hosts
    )


def routes(mesh: Mesh) -> dict[Request, Answer]:
    """Return where every request ends that some server or VirtualService names."""
    ports: dict[tuple[str, int], list[Binding]] = {}
    for binding in bindings(mesh):
        if not binding.server.dropped:
            ports.setdefault((binding.pods.name, binding.server.number), []).append(binding)
    return {
        Request(gateway, number, host): answer
        for (gateway, number), on_port in ports.items()
        for host, answer in _of_port(mesh, on_port)
    }


def _of_port(mesh: Mesh, on_port: Sequence[Binding]) -> Iterator[tuple[str, Answer]]:
    mode = on_port[0].server.mode
    if mode == "tcp":
        yield ANY_HOST, _raw(mesh, on_port[0])
        return
    named = {host for binding in on_port for _, host in binding.server.hosts if "*" not in host}
    named |= {
        host
        for binding in on_port
        for service in binding.services
        for host in service["spec"].get("hosts", ())
        if _bindable(binding.server, service, host)
    }
    exact, wild = _by_host(on_port)
    for host in sorted(named):
        covering = [*exact.get(host, ()), *(binding for binding in wild if _covers(binding.server, host))]
        if mode == "http":
            yield host, _http(mesh, host, covering)
            continue
        binding = max(covering, key=lambda binding: _specificity(binding.server, host))
        if binding.server.tls_mode == "PASSTHROUGH":
            yield host, _passed(mesh, host, binding)
        elif str(binding.server.spec["port"]["protocol"]).upper() == "HTTPS":
            yield host, _http(mesh, host, [binding])
        elif binding.server.tls_mode != "AUTO_PASSTHROUGH":
            yield host, _raw(mesh, binding)


def _by_host(on_port: Sequence[Binding]) -> tuple[dict[str, list[Binding]], list[Binding]]:
    """Sort servers by the exact hosts that they name; the second list has those with a wildcard."""
    exact: dict[str, list[Binding]] = {}
    wild = []
    for binding in on_port:
        hosts = [host for _, host in binding.server.hosts]
        if any("*" in host for host in hosts):
            wild.append(binding)
        else:
            for host in dict.fromkeys(hosts):
                exact.setdefault(host, []).append(binding)
    return exact, wild


def _covers(server: Server, host: str) -> bool:
    return any(matches(pattern, host) for _, pattern in server.hosts)


def _specificity(server: Server, host: str) -> tuple[bool, int]:
    """Rank servers for a server name: an exact host first, then the longest wildcard."""
    patterns = [pattern for _, pattern in server.hosts if matches(pattern, host)]
    return max((pattern == host, len(pattern)) for pattern in patterns)


def _applies(match: Resource, server: Server, service: Resource) -> bool:
    if "port" in match and match["port"] != server.number:
        return False
    own = namespace_of(service)
    listed = [name if "/" in name else f"{own}/{name}" for name in match.get("gateways", ())]
    return not listed or server.reference in listed


def applicable(rule: Resource, server: Server, service: Resource) -> bool:
    """Tell whether a rule counts at a server: one of its matches does, or it has none."""
    return not rule.get("match") or any(_applies(match, server, service) for match in rule["match"])


def _http(mesh: Mesh, host: str, covering: Sequence[Binding]) -> Answer:
    for pods, server, services in covering:
        if (server.spec.get("tls") or {}).get("httpsRedirect"):
            return Answer("301", why=label_of(server.gateway))
        for service in services:
            if host not in service["spec"].get("hosts", ()) or not _bindable(server, service, host):
                continue
            for rule in service["spec"].get("http", ()):
                if applicable(rule, server, service):
                    return destination(mesh, pods.namespace, service, rule)
    return Answer("404", why=f"no rule for {host}")


def _passed(mesh: Mesh, name: str, binding: Binding) -> Answer:
    pods, server, services = binding
    for service in services:
        for rule in service["spec"].get("tls", ()):
            for match in rule.get("match", ()):
                if _applies(match, server, service) and any(matches(sni, name) for sni in match.get("sniHosts", ())):
                    return destination(mesh, pods.namespace, service, rule)
    return Answer("reset", why=f"no rule for the server name {name}")


def _raw(mesh: Mesh, binding: Binding) -> Answer:
    pods, server, services = binding
    for service in services:
        for rule in service["spec"].get("tcp", ()):
            if applicable(rule, server, service):
                return destination(mesh, pods.namespace, service, rule)
    return Answer("reset", why=f"no rule for port {server.number}")


def full_name(mesh: Mesh, host: str, service: Resource) -> str:
    """Complete a destination without dots, as Istio does: in the namespace of the VirtualService."""
    return host if "." in host else f"{host}.{namespace_of(service)}.svc.{mesh.facts.cluster_domain}"


def destination(mesh: Mesh, namespace: str, service: Resource, rule: Resource) -> Answer:
    """Follow the first destination of a rule, as a proxy in `namespace` does."""
    where = rule["route"][0]["destination"]
    host = full_name(mesh, where["host"], service)
    found = mesh.lookup(host, namespace)
    if not found:
        return Answer("503", why=f"{host} is not visible in {namespace}, or is nowhere")
    entry = found[0]
    number = (where.get("port") or {}).get("number") or (next(iter(entry.ports)) if len(entry.ports) == 1 else 0)
    if number not in entry.ports:
        return Answer("503", why=f"{host} has no port {number}")
    pod = mesh.pod_of(entry)
    if pod is not None and not mesh.runs(entry.namespace, pod):
        return Answer("503", why=f"there is no pod {entry.namespace}/{pod}")
    return Answer(entry.kind, entry.namespace, entry.name, pod, number)
