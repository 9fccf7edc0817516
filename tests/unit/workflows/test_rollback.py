from __future__ import annotations

import pytest

from gitops_gen.compiled import Compiled, Place
from gitops_gen.errors import RefusedError
from gitops_gen.workflows.rollback import _check_addresses
from tests.meshes import a_manifest


def an_entry(host: str, *addresses: str) -> Compiled:
    place = Place(namespace="tools", folder="reader", file=host, source="Consumer tools/reader")
    return Compiled(a_manifest("ServiceEntry", "tools", host, {"hosts": [host], "addresses": list(addresses)}), place)


def test_an_address_may_come_back_to_its_host_wherever_that_is() -> None:
    _check_addresses(
        {"east": [an_entry("a", "240.0.0.1"), an_entry("b", "240.0.0.2")], "west": [an_entry("a", "240.0.0.1")]}
    )


def test_an_address_that_became_another_hosts_does_not_come_back() -> None:
    with pytest.raises(RefusedError, match=r"address 240\.0\.0\.1 of b was given to a since"):
        _check_addresses({"east": [an_entry("a", "240.0.0.1")], "west": [an_entry("b", "240.0.0.1")]})
