"""External names: every host and gateway port, with where it is served and where it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.exposure import exposures
from gitops_gen.resources.shapes import server_protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.exposure import Exposure
    from gitops_gen.model import Cluster, Placement, Workload


class ExternalName(NamedTuple):
    """A host at a port of an ingress. It ends at `port` of `pod`, or of the companion `service`: one of them is set.

    `protocol` is what the gateway speaks there: HTTP, HTTPS, TLS (passed through) or TCP.
    """

    host: str
    gateway_port: int
    protocol: str
    cluster: str
    ingress: str
    addresses: tuple[str, ...]
    namespace: str
    workload: str
    pod: str | None
    service: str | None
    port_name: str
    port: int

    @property
    def end(self) -> str:
        """Name of the pod or companion Service."""
        return self.pod or self.service or ""


def external_names(workload: Workload, placement: Placement, cluster: Cluster) -> Iterator[ExternalName]:
    """Yield the external names of one placement; sets of pods repeat the companions that they share."""
    for exposure in exposures(workload, placement, cluster):
        yield _named(exposure, workload, cluster)


def _named(exposure: Exposure, workload: Workload, cluster: Cluster) -> ExternalName:
    return ExternalName(
        host=exposure.host,
        gateway_port=exposure.gateway_port,
        protocol=server_protocol(exposure.ingress, exposure.port).value,
        cluster=cluster.name,
        ingress=exposure.ingress.name,
        addresses=exposure.ingress.addresses,
        namespace=workload.namespace,
        workload=workload.name,
        pod=exposure.pod.name if exposure.pod is not None else None,
        service=exposure.service,
        port_name=exposure.port.name,
        port=exposure.port.number,
    )
