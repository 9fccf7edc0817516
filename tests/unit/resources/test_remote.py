from __future__ import annotations

import pytest

from gitops_gen.resources.remote import RemoteShape, gateway_of, remote_shape
from tests.factories import a_cluster, an_east_west

BY_NAME = an_east_west(addresses=("eastwest.example.net",))


@pytest.mark.parametrize(
    ("discovery", "network", "gateway", "capture", "shape"),
    [
        (None, "", an_east_west(), False, None),
        (True, "", None, False, RemoteShape.STUB),
        (True, "", None, True, RemoteShape.NOTHING),
        (True, "other", None, False, None),
        (True, "other", an_east_west(), False, RemoteShape.STUB),
        (True, "other", an_east_west(), True, RemoteShape.NOTHING),
        (False, "", None, False, None),
        (False, "", an_east_west(), False, RemoteShape.STATIC_ENTRY),
        (False, "", an_east_west(), True, RemoteShape.STATIC_ENTRY),
        (False, "", BY_NAME, True, RemoteShape.ENTRY),
        (False, "", BY_NAME, False, RemoteShape.LED_ENTRY),
    ],
)
def test_what_the_caller_needs(
    discovery: object, network: str, gateway: object, capture: object, shape: RemoteShape | None
) -> None:
    home = a_cluster(network=network, east_west=gateway)
    caller = a_cluster(name="caller", istio={"endpoint_discovery": discovery, "dns_capture": capture})
    assert remote_shape(home, caller) is shape


def test_a_shape_by_the_gateway_needs_one() -> None:
    assert gateway_of(a_cluster(east_west=BY_NAME)) is BY_NAME
    with pytest.raises(ValueError, match="cluster-a has no east-west gateway"):
        gateway_of(a_cluster(east_west=None))
