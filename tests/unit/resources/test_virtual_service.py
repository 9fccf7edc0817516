from __future__ import annotations

import pytest

from gitops_gen.model import Protocol
from gitops_gen.resources.virtual_service import Way, virtual_service
from tests.factories import a_port


@pytest.mark.parametrize("protocol", [Protocol.UDP, Protocol.SCTP])
def test_no_route_carries_datagrams(protocol: Protocol) -> None:
    way = Way(a_port(protocol=protocol), "db-0.data.svc.cluster.local", ((53, "istio-ingress/db-0"),))
    with pytest.raises(ValueError, match=f"no route can carry {protocol.value}"):
        virtual_service(
            name="db-0",
            namespace="data",
            labels={},
            host="db-0.example.com",
            gateways=["istio-ingress/db-0"],
            export_to=["istio-ingress"],
            ways=[way],
        )
