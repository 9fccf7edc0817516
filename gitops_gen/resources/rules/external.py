"""Rules on the way out: what a Consumer's sidecar cannot be told of the hosts that it dials outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.model import Family
from gitops_gen.problems import Problem
from gitops_gen.resources.external import external_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_gen.model import Inventory
    from gitops_gen.problems import Location
    from gitops_gen.resources.external import Dial, ExternalHost

RULE = "GGI058"


def external_problems(inventory: Inventory) -> Iterator[Problem]:
    """Yield what cannot work, once for each Consumer and route."""
    told: set[tuple[Location, Location]] = set()
    for host in external_hosts(inventory):
        for problem, dial in _of_host(host):
            cause = (dial.consumer.origin, dial.exposure.route.origin)
            if cause not in told:
                told.add(cause)
                yield problem


def _of_host(host: ExternalHost) -> Iterator[tuple[Problem, Dial]]:
    for number, of_port in sorted(host.ports.items()):
        for port, dial in of_port:
            exposure, files = dial.exposure, dial.consumer.originate
            first, other = of_port[0]
            if exposure.port.protocol.family is Family.TCP and not host.addresses:
                yield _problem(
                    dial,
                    f"sidecars tell TCP apart by address: ingress {exposure.ingress.name} has to say its IP addresses "
                    f"before {host.namespace} can dial {host.host}:{number}",
                    "write them in the `addresses` of the ingress, or dial the pods with `via: east-west`",
                )
            elif files is not None and port.originate is None:
                yield _problem(
                    dial,
                    f"TLS cannot be made for {host.host}:{number}: "
                    + (
                        f"{exposure.ingress.name} has no certificate"
                        if exposure.port.protocol.family is Family.HTTP
                        else f"port {exposure.port.name} is {exposure.port.protocol.value}, and not HTTP"
                    ),
                    "take `originateTLS` away, or dial another port",
                )
            elif port.originate is not None and _unknown_client(dial) and not port.originate.client_certificate:
                yield _problem(
                    dial,
                    f"ingress {exposure.ingress.name} asks clients for a certificate, and `originateTLS` has none",
                    "write `clientCertificate` and `privateKey`, the files in the sidecar",
                )
            elif port != first:
                yield _problem(
                    dial,
                    f"{dial.consumer.key} and {other.consumer.key} dial {host.host}:{number} in two ways, and share "
                    "their sidecars' view of it",
                    "let both make TLS themselves, or both by `originateTLS` with the same files",
                )


def _unknown_client(dial: Dial) -> bool:
    certificate = dial.exposure.certificate
    return certificate is not None and certificate.clients is not None


def _problem(dial: Dial, message: str, help_: str) -> tuple[Problem, Dial]:
    problem = Problem(
        rule=RULE,
        message=message,
        location=dial.consumer.origin,
        subject=f"Consumer {dial.consumer.key}",
        help=help_,
        related=(("the route that it dials", dial.exposure.route.origin),),
    )
    return problem, dial
