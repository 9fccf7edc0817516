"""Rules for ports with TLS of their own: the two exceptions from the mesh's TLS come as a pair or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_gen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitops_gen.resources.homes import Home


def own_tls_problems(homes: Iterable[Home]) -> Iterator[Problem]:
    """Yield the ports with `mtls: own` for which half of the pair could not be written."""
    for home in homes:
        for port in home.placement.ports:
            if not port.own_mtls:
                continue
            if home.placement.service is None:
                yield Problem(
                    rule="GGI029",
                    message=f'port "{port.name}" has `mtls: own`, and without a governing Service there is no host for '
                    "the DestinationRule that callers of the pods need",
                    location=port.origin,
                    subject=home.subject,
                    help="name the headless Service in `service`, or take `mtls: own` away",
                    related=(("there is no Service here", home.placement.origin),),
                )
            if isinstance(port.target, str):
                yield Problem(
                    rule="GGI029",
                    message=f'port "{port.name}" has `mtls: own`, and a PeerAuthentication knows container ports by '
                    f'number: "{port.target}" is a name',
                    location=port.origin,
                    subject=home.subject,
                    help="write the number in `targetPort`",
                )
