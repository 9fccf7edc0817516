"""Rules for ingresses of Gateway API: the kinds that their routes need are there, and so is the room for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen import gateway_api
from gitops_gen.model import GatewayChoice, Policy
from gitops_gen.problems import Problem
from gitops_gen.resources.api_gateway import in_listener_set
from gitops_gen.resources.cluster_gateways import Shared, share
from gitops_gen.resources.shapes import ServerProtocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_gen.model import Cluster, Ingress, Inventory
    from gitops_gen.resources.entrances import Entrance, ServedHosts
    from gitops_gen.resources.homes import Presence


class _Use(NamedTuple):
    """An entrance by Gateway API, and whose it is."""

    entrance: Entrance
    presence: Presence


def gateway_api_problems(inventory: Inventory, presences: Iterable[Presence]) -> Iterator[Problem]:
    """Yield what the routes of Gateway API ask for that is not there."""
    shared: dict[str, Shared] = {name: {} for name in inventory.clusters}
    for presence in presences:
        uses = [_Use(entrance, presence) for entrance in presence.ways_in() if _is_api(entrance)]
        if uses:
            share(shared[presence.cluster.name], presence.workload.namespace, presence.entrances)
            yield from _kinds(uses)
            yield from _policies(uses)
            yield from _per_pod(presence)
    for cluster in inventory.clusters.values():
        for ingress in cluster.ingresses:
            if gateway_api.uses(ingress) and ingress.existing_gateway is None:
                yield from _gateway(cluster, ingress, shared[cluster.name].get(ingress.name, {}))


def _is_api(entrance: Entrance) -> bool:
    return gateway_api.uses(entrance.exposure.ingress)


def _kinds(uses: Iterable[_Use]) -> Iterator[Problem]:
    """Check that the cluster's Istio reads the kinds of the routes; what is too old is ignored without a word."""
    told: set[tuple[str, object]] = set()
    for entrance, presence in uses:
        exposure, cluster = entrance.exposure, presence.cluster
        kind = gateway_api.route_kind(exposure.port.protocol, cluster.istio)
        if gateway_api.api_version(kind, cluster.istio) is None and (kind, exposure.route.origin) not in told:
            told.add((kind, exposure.route.origin))
            yield Problem(
                rule="GGI035",
                message=f'port "{exposure.port.name}" needs a {kind}, and {_declared(cluster)} read none',
                location=exposure.route.origin,
                subject=presence.subject,
                help=f"declare {_needed(kind)}, or `gatewayApiAlpha: true` where istiod reads kinds of version "
                "v1alpha2; or write `api: istio`",
                related=(("the ingress", exposure.ingress.origin),),
            )


def _policies(uses: Iterable[_Use]) -> Iterator[Problem]:
    """Check that nobody asks for timeouts and retries, which are not written into routes of Gateway API."""
    for port, (entrance, presence) in {use.entrance.exposure.port: use for use in uses}.items():
        policy, standard = port.policy, Policy()
        asked = policy.timeout, policy.attempts, policy.per_try_timeout, policy.retry_on
        if asked != (standard.timeout, standard.attempts, standard.per_try_timeout, standard.retry_on):
            yield Problem(
                rule="GGI035",
                message=f'port "{port.name}" has a policy of timeouts or retries, which is not written for Gateway API',
                location=entrance.exposure.route.origin,
                subject=presence.subject,
                help="take `timeout` and `retries` out of its policy, or write `api: istio`",
                related=(("the ingress", entrance.exposure.ingress.origin),),
            )


def _declared(cluster: Cluster) -> str:
    return f"Istio {cluster.istio.version} with Gateway API {cluster.istio.gateway_api_version}"


def _needed(kind: str) -> str:
    since = gateway_api.SINCE[kind]
    return (
        f"Istio {since.istio} (`version`) and Gateway API {since.gateway_api} (`gatewayApiVersion`) if they are there"
    )


def _per_pod(presence: Presence) -> Iterator[Problem]:
    """Check that nobody asks for a Gateway per pod by name: those of Gateway API are shared."""
    for home in presence.homes:
        if home.placement.gateways is not GatewayChoice.PER_POD:
            continue
        ingresses = {route.ingress for port in home.placement.ports for route in port.routes}
        for ingress in home.cluster.ingresses:
            if ingress.name in ingresses and gateway_api.uses(ingress) and ingress.existing_gateway is None:
                yield Problem(
                    rule="GGI035",
                    message=f"`gateways: per-pod`, and the Gateway of ingress {ingress.name} is one of Gateway API, "
                    "which all pods share",
                    location=home.placement.origin,
                    subject=home.subject,
                    help="leave `gateways` out",
                    related=(("the ingress", ingress.origin),),
                )


def _gateway(cluster: Cluster, ingress: Ingress, served: ServedHosts) -> Iterator[Problem]:
    """Check the generated Gateway of an ingress: where its pods are, which kinds it needs, how much it holds."""
    if ingress.service is None:
        yield _of_ingress(
            cluster,
            ingress,
            f"ingress {ingress.name} has a Gateway of Gateway API, and nobody says by which Service its pods are found",
            "write `service`, such as `service: istio-ingressgateway`",
        )
    if ingress.client_ca is not None:
        yield _of_ingress(
            cluster,
            ingress,
            f"ingress {ingress.name} asks clients for certificates, which is not written for Gateway API",
            "leave `clientCA` out, or write `api: istio`",
        )
    if ingress.listener_sets and gateway_api.api_version("ListenerSet", cluster.istio) is None:
        yield _of_ingress(
            cluster,
            ingress,
            f"ingress {ingress.name} wants ListenerSets, and {_declared(cluster)} read none",
            f"declare {_needed('ListenerSet')}, or leave `listenerSets` out",
        )
    own = [protocol for _, protocol, _ in served if not in_listener_set(ingress, protocol)]
    if len(own) > gateway_api.MOST_LISTENERS:
        sets = own.count(ServerProtocol.TCP) and gateway_api.api_version("ListenerSet", cluster.istio)
        yield _of_ingress(
            cluster,
            ingress,
            f"ingress {ingress.name} would have {len(own)} listeners, and a Gateway holds {gateway_api.MOST_LISTENERS}",
            "write `listenerSets: true`" if sets else "spread the ports over several ingresses, or write `api: istio`",
        )
    if served and not own:
        yield _of_ingress(
            cluster,
            ingress,
            f"all listeners of ingress {ingress.name} would be in ListenerSets, and a Gateway has one of its own",
            "expose a port by HTTP or TLS there, or leave `listenerSets` out",
        )
    yield from _one_host(cluster, ingress, served)


def _one_host(cluster: Cluster, ingress: Ingress, served: ServedHosts) -> Iterator[Problem]:
    """Check that no two listeners of a port take the same host: of TLS that ends, and TLS that passes."""
    by_port: dict[int, dict[ServerProtocol, set[str]]] = {}
    for (number, protocol, _), listed in served.items():
        by_port.setdefault(number, {}).setdefault(protocol, set()).update(host.partition("/")[2] for host in listed)
    for number, found in by_port.items():
        hosts = found.get(ServerProtocol.TLS, set()), found.get(ServerProtocol.HTTPS, set())
        if hosts[0] & hosts[1] or all(len(one) > 1 for one in hosts):
            yield _of_ingress(
                cluster,
                ingress,
                f"two listeners on gateway port {number} of ingress {ingress.name} would serve "
                f'"{min(hosts[0] & hosts[1], default="*")}", TLS that ends and TLS that passes: the second is dropped',
                "write another gateway `port` for one of the two",
                rule="GGI020",
            )


def _of_ingress(cluster: Cluster, ingress: Ingress, message: str, help_: str, rule: str = "GGI035") -> Problem:
    return Problem(rule=rule, message=message, location=ingress.origin, subject=f"Cluster {cluster.name}", help=help_)
