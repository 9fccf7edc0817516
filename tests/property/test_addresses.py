"""Addresses under any history of hosts that come and go."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from gitops_gen.resources.addresses import allocate, capacity

HOSTS = st.lists(st.text("abcdef", min_size=1, max_size=3), max_size=12, unique=True)
POOLS = st.sampled_from(["240.241.0.0/16", "10.9.8.0/23", "10.9.8.0/24", "10.9.8.64/26", "10.9.8.16/28"])


@given(pool=POOLS, generations=st.lists(HOSTS, min_size=1, max_size=6))
def test_addresses_are_distinct_usable_and_stable(pool: str, generations: list[list[str]]) -> None:
    recorded: dict[str, str] = {}
    for hosts in generations:
        addresses = allocate(hosts, pool, recorded)

        assert list(addresses) == sorted(hosts)
        assert len(set(addresses.values())) == len(hosts)
        for host, address in addresses.items():
            assert IPv4Address(address) in IPv4Network(pool)
            assert address.rpartition(".")[2] not in {"0", "255"}
            assert recorded.get(host, address) == address
        recorded = addresses


@given(pool=POOLS, hosts=HOSTS)
def test_the_order_of_hosts_and_of_records_says_nothing(pool: str, hosts: list[str]) -> None:
    recorded = allocate(hosts[::2], pool, {})
    expected = allocate(hosts, pool, recorded)

    assert allocate(reversed(hosts), pool, dict(reversed(recorded.items()))) == expected


@given(pool=POOLS, hosts=HOSTS, left=st.dictionaries(st.text("xyz", min_size=1), st.integers(0, 2**32 - 1), max_size=9))
def test_any_record_is_survived(pool: str, hosts: list[str], left: dict[str, int]) -> None:
    recorded = {host: str(IPv4Address(number)) for host, number in left.items()}
    addresses = allocate(hosts, pool, recorded)

    assert len(set(addresses.values())) == len(hosts) <= capacity(IPv4Network(pool))
    if len(hosts) + len(left) <= capacity(IPv4Network(pool)):
        assert not set(addresses.values()) & set(recorded.values())
