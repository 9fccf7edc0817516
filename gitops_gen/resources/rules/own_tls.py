"""Rules for ports with TLS of their own: the two exceptions from the mesh's TLS come as a pair or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_gen.resources.homes import Home


def own_tls_problems(homes: Iterable[Home]) -> Iterator[Problem]:
    """Yield the ports without mesh TLS for which half of the pair could not be written."""
    for home in homes:
        for port in home.placement.without_mesh_tls:
            said = "mtls: own" if port.own_mtls else "mesh: false"
            if home.placement.service is None:
                yield Problem(
                    rule="GGI029",
                    message=f'port "{port.name}" has `{said}`, and without a governing Service there is no host for '
                    "the DestinationRule that callers of the pods need",
                    location=port.origin,
                    subject=home.subject,
                    help=f"name the headless Service in `service`, or take `{said}` away",
                    related=(("there is no Service here", home.placement.origin),),
                )
            if isinstance(port.target, str):
                yield Problem(
                    rule="GGI029",
                    message=f'port "{port.name}" has `{said}`, and a PeerAuthentication knows container ports by '
                    f'number: "{port.target}" is a name',
                    location=port.origin,
                    subject=home.subject,
                    help="write the number in `targetPort`",
                )
