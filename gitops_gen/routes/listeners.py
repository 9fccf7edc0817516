"""Listeners: what Gateways and ListenerSets of Gateway API open, as servers of the gateway pods behind them.

A listener is a server with one host, and each has a reference of its own, `Gateway namespace/name#section`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_gen import gateway_api
from gitops_gen.gateway_api import GROUP
from gitops_gen.routes.resource import full_name
from gitops_gen.routes.servers import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitops_gen.routes.declared import Declared, GatewayPods
    from gitops_gen.routes.resource import Resource

API_GATEWAY = "Gateway of Gateway API"
"""Where the Gateways of Gateway API are found among resources by kind: Istio's own have the same word."""

CLASS = "istio"
"""The class of Gateways that istiod serves; those of other classes are other programs'."""

_SPOKEN = frozenset({"HTTP", "HTTPS", "TLS", "TLS-TCP", "TCP"})


def parent_of(kind: str, namespace: str, name: str) -> str:
    """Return how a Gateway or ListenerSet is named as the parent of routes."""
    return f"{kind} {namespace}/{name}"


def pods_keys(gateway: Resource, cluster_domain: str) -> list[str]:
    """Return what tells the pods of a Gateway: the Services at its addresses; without any, it has pods of its own."""
    addresses = gateway.spec.get("addresses")
    if not addresses:
        return [gateway.reference]
    services = (str(address.get("value")) for address in addresses if address.get("type") == "Hostname")
    return [full_name(service, gateway.namespace, cluster_domain) for service in services]


def listening_servers(
    gateways: Iterable[Resource], sets: Iterable[Resource], declared: Declared
) -> dict[GatewayPods, list[Server]]:
    """Return the listeners of each set of gateway pods, by Gateway, then those of ListenerSets."""
    found: dict[GatewayPods, list[Server]] = {}
    by_reference: dict[str, tuple[Resource, list[GatewayPods]]] = {}
    for gateway in sorted(gateways, key=lambda gateway: gateway.reference):
        if gateway.spec.get("gatewayClassName") != CLASS:
            continue
        services = declared.gateway_services
        pods = [services[key] for key in pods_keys(gateway, declared.cluster_domain) if key in services]
        by_reference[gateway.reference] = gateway, pods
        for one in pods:
            found.setdefault(one, []).extend(servers_of(gateway, complete=declared.complete))
    for listener_set in sorted(sets, key=lambda one: one.reference):
        gateway_pods = by_reference.get(gateway_of(listener_set))
        if gateway_pods is not None and takes_sets(gateway_pods[0], listener_set.namespace):
            for one in gateway_pods[1]:
                found.setdefault(one, []).extend(servers_of(listener_set, complete=declared.complete))
    return found


def gateway_of(listener_set: Resource) -> str:
    """Return `namespace/name` of the Gateway that a ListenerSet adds to; nothing where it is no Gateway."""
    parent = listener_set.spec.get("parentRef") or {}
    if (parent.get("group", GROUP), parent.get("kind", "Gateway")) != (GROUP, "Gateway"):
        return ""
    return f"{parent.get('namespace') or listener_set.namespace}/{parent.get('name')}"


def takes_sets(gateway: Resource, namespace: str) -> bool:
    """Tell whether a Gateway lets ListenerSets of a namespace add to it; by default it takes none."""
    allowed = (gateway.spec.get("allowedListeners") or {}).get("namespaces") or {}
    return bool({"*", namespace} & set(_namespaces(allowed, gateway.namespace, default="None")))


def _namespaces(allowed: Mapping[str, Any], own: str, *, default: str = "Same", complete: bool = False) -> list[str]:
    """Return the namespaces that may attach, `*` for all of them.

    A selector by another label than the name may pick any, or where everything is declared, none that is known.
    """
    match allowed.get("from") or default:
        case "Same":
            return [own]
        case "Selector" if (selector := allowed.get("selector")) is not None:
            return _selected(selector, complete=complete)
        case "All":
            return ["*"]
        case _:
            return []


def _selected(selector: Mapping[str, Any], *, complete: bool) -> list[str]:
    """Return the namespaces that a selector picks: by their names, or all where it says nothing."""
    named = (selector.get("matchLabels") or {}).get(gateway_api.NAMESPACE_NAME)
    if named is not None:
        return [str(named)]
    for expression in selector.get("matchExpressions") or ():
        if expression.get("key") == gateway_api.NAMESPACE_NAME and expression.get("operator") == "In":
            return [str(value) for value in expression.get("values") or ()]
    return [] if complete and any(selector.values()) else ["*"]


def servers_of(resource: Resource, *, complete: bool) -> Iterator[Server]:
    """Yield the listeners of a Gateway or ListenerSet as servers; UDP is none that a route here leads through."""
    parent = parent_of(resource.kind, resource.namespace, resource.name)
    for index, listener in enumerate(resource.spec.get("listeners") or ()):
        tls = listener.get("tls") or {}
        protocol = str(listener["protocol"])
        if protocol == "TLS" and tls.get("mode") != "Passthrough":
            protocol = "TLS-TCP"
        if protocol not in _SPOKEN:
            continue
        host = listener.get("hostname") or "*"
        certificates = [
            str(reference.get("name"))
            for reference in tls.get("certificateRefs") or ()
            if reference.get("kind", "Secret") == "Secret"
        ]
        allowed = (listener.get("allowedRoutes") or {}).get("namespaces") or {}
        yield Server(
            reference=f"{parent}#{listener['name']}",
            gateway=resource,
            place=index,
            number=listener["port"],
            bind="",
            speaks=protocol,
            hosts=tuple((namespace, host) for namespace in _namespaces(allowed, resource.namespace, complete=complete)),
            credential=certificates[0] if certificates else "",
            redirects=False,
            clients=None,
            listener=True,
        )
