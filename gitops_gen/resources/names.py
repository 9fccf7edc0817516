"""Names of the Gateways and VirtualServices that carry routes.

They follow from the pod (or companion Service), the ingress and the host, never from how many of them there are, so
that one more renames nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.model import Family
from gitops_gen.naming import cluster_prefixed, shared_gateway, template_fields
from gitops_gen.resources.shapes import GatewayLayout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_gen.exposure import Exposure
    from gitops_gen.model import Ingress, Workload


def end_of(exposure: Exposure) -> str:
    """Return the name of the pod or companion Service to which an exposure leads."""
    return exposure.pod.name if exposure.pod is not None else exposure.service or ""


def own_gateway(cluster: str, workload: Workload, end: str, ingress: Ingress) -> tuple[str, str]:
    """Namespace and name of the Gateway that one pod or companion Service has on an ingress.

    It stands with the workload; where the ingress looks into its own namespace only it stands there, with the
    workload's namespace in its name. A name is a DNS label, so without dots.
    """
    name = cluster_prefixed(cluster, f"{workload.namespace}-{end}" if ingress.scoped else end)
    name = name if ingress.default else f"{name}-{ingress.name}"
    return ingress.namespace if ingress.scoped else workload.namespace, name


def gateway_reference(layout: GatewayLayout, mesh: str, cluster: str, workload: Workload, exposure: Exposure) -> str:
    """Return `namespace/name` of the Gateway that serves an exposure."""
    ingress = exposure.ingress
    if layout is GatewayLayout.PER_POD:
        return "/".join(own_gateway(cluster, workload, end_of(exposure), ingress))
    return ingress.existing_gateway or f"{ingress.namespace}/{shared_gateway(mesh, ingress)}"


def virtual_service_name(cluster: str, exposures: Sequence[Exposure]) -> str:
    """Name of the VirtualService for exposures of one host on one ingress that lead to one pod or companion.

    The ingress's own host gives it the name of the backend, a host of a route's own that of the host. Both are in it
    where one of them is not enough: a pod has a host per port, or pods share one that only TCP ports tell apart.
    """
    ingress, host = exposures[0].ingress, exposures[0].host
    prefixed = cluster_prefixed(cluster, end_of(exposures[0]))
    from_ingress = [exposure.route for exposure in exposures if not exposure.route.own_host]
    if any("port" not in template_fields(route.host) for route in from_ingress):
        name = prefixed
    elif from_ingress or all(_may_be_shared(exposure) for exposure in exposures):
        name = f"{prefixed}.{host}"
    else:
        name = host
    return name if ingress.default else f"{name}.{ingress.name}"


def _may_be_shared(exposure: Exposure) -> bool:
    """Tell whether the host may be that of other pods as well, at other gateway ports."""
    by_port = exposure.pod is not None and exposure.port.protocol.family is Family.TCP
    return by_port and "pod" not in template_fields(exposure.route.host)
