"""Addresses out of the vipPool: one per host, for ever."""

from __future__ import annotations

import time
from ipaddress import IPv4Network

import pytest

from gitops_gen.errors import InputError
from gitops_gen.resources.addresses import allocate, capacity, read_pool


def test_an_address_depends_on_the_host_alone() -> None:
    assert allocate(["cluster-b-prometheus-0.monitoring.svc.cluster.local"], "240.241.0.0/16", {}) == {
        "cluster-b-prometheus-0.monitoring.svc.cluster.local": "240.241.151.239"
    }


def test_no_hosts_need_no_pool() -> None:
    assert allocate([], "not a range", {}) == {}


def test_recorded_addresses_stay() -> None:
    assert allocate(["b", "a"], "10.0.0.0/24", {"a": "10.0.0.9", "b": "10.0.0.8"}) == {"a": "10.0.0.9", "b": "10.0.0.8"}


def test_one_host_more_changes_nobody_elses_address() -> None:
    before = allocate((f"h{n}" for n in range(100)), "10.0.0.0/24", {})
    after = allocate((f"h{n}" for n in range(101)), "10.0.0.0/24", before)

    assert {host: after[host] for host in before} == before
    assert after["h100"] not in before.values()


@pytest.mark.parametrize("unusable", ["10.0.0.0", "10.0.0.255", "10.0.1.1", "9.255.255.255", "fd00::1", "x"])
def test_a_recorded_address_that_the_pool_does_not_have_is_given_up(unusable: str) -> None:
    assert allocate(["a"], "10.0.0.0/24", {"a": unusable}) == allocate(["a"], "10.0.0.0/24", {})


def test_an_address_recorded_twice_belongs_to_the_first_host() -> None:
    given = allocate(["a", "b"], "10.0.0.0/24", {"b": "10.0.0.7", "a": "10.0.0.7"})

    assert given["a"] == "10.0.0.7"
    assert given["b"] != "10.0.0.7"


def test_the_address_of_a_host_that_left_is_given_away_last() -> None:
    pool = "10.0.0.0/29"
    left = {"gone": allocate(["new"], pool, {})["new"]}

    assert allocate(["new"], pool, left)["new"] != left["gone"]
    assert left["gone"] in allocate([f"new-{n}" for n in range(6)], pool, left).values()


@pytest.mark.parametrize(
    ("pool", "room"),
    [
        ("240.241.0.0/16", 256 * 254),
        ("10.0.0.0/24", 254),
        ("10.0.0.0/25", 126),
        ("10.0.0.0/30", 2),
        ("10.0.0.0/31", 0),
        ("10.0.0.0/32", 0),
    ],
)
def test_room_leaves_out_what_looks_like_a_network_or_broadcast_address(pool: str, room: int) -> None:
    assert capacity(IPv4Network(pool)) == room


def test_a_pool_can_be_used_up_to_its_last_address() -> None:
    given = allocate((f"h{n}" for n in range(126)), "10.0.0.128/25", {})

    assert sorted(given.values(), key=lambda address: int(address.rpartition(".")[2])) == [
        f"10.0.0.{n}" for n in range(129, 255)
    ]


def test_a_pool_that_is_too_small_is_an_error_with_both_numbers() -> None:
    with pytest.raises(InputError, match=r"vipPool 10\.0\.0\.0/30 has room for 2 hosts, 3 need an address"):
        allocate(["a", "b", "c"], "10.0.0.0/30", {})


@pytest.mark.parametrize("pool", ["fd00::/64", "240.241.0.0", "240.241.0.1/16", "240.241.0.0/33", ""])
def test_a_pool_that_is_no_ipv4_range_is_an_error(pool: str) -> None:
    with pytest.raises(InputError, match="is no IPv4 range"):
        read_pool(pool)


def test_ten_thousand_hosts_do_not_hang() -> None:
    started = time.perf_counter()
    given = allocate((f"c-{n}.monitoring.svc.cluster.local" for n in range(10_000)), "240.241.0.0/16", {})

    assert len(set(given.values())) == 10_000
    assert time.perf_counter() - started < 10
