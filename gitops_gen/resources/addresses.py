"""Addresses of the Mesh's `vipPool`: one for each host that clients with DNS capture have to tell apart.

An address is a promise: sidecars and long-lived connections know it. So what is recorded stays, and a new host gets
a place that depends on its own name, not on how many there are.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from gitops_gen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitops_gen.manifest import Manifest

_BLOCK_BITS = 8
_USABLE_IN_BLOCK = 254


def read_pool(pool: str) -> IPv4Network:
    """Read an IPv4 range such as `240.241.0.0/16`. Raises InputError for anything else."""
    if "/" in pool:
        try:
            return IPv4Network(pool)
        except ValueError:
            pass  # The library's own words speak of netmasks and host bits: ours say what to write.
    raise InputError(f"vipPool: {pool!r} is no IPv4 range", help="write its first address and its size: 240.241.0.0/16")


def capacity(pool: IPv4Network) -> int:
    """Return how many hosts a pool has room for.

    Left out are the addresses that end in .0 or .255 and the two ends of a range smaller than /24: tools take them
    for a network's or a broadcast address.
    """
    size = pool.num_addresses
    return size // (1 << _BLOCK_BITS) * _USABLE_IN_BLOCK if size >> _BLOCK_BITS else max(size - 2, 0)


def _address(pool: IPv4Network, place: int) -> str:
    """Return the usable address number `place` of a pool, counted from 0."""
    block, rest = divmod(place, _USABLE_IN_BLOCK)
    return str(pool.network_address + (block << _BLOCK_BITS) + rest + 1)


def _place(pool: IPv4Network, room: int, address: str) -> int | None:
    """Return the number of a pool's usable address; None where it is not one of them."""
    try:
        offset = int(IPv4Address(address)) - int(pool.network_address)
    except ValueError:
        return None
    block, rest = divmod(offset, 1 << _BLOCK_BITS)
    place = block * _USABLE_IN_BLOCK + rest - 1
    return place if 0 < rest <= _USABLE_IN_BLOCK and 0 <= place < room else None


def allocate(hosts: Iterable[str], pool: str, recorded: Mapping[str, str]) -> dict[str, str]:
    """Give each host an address of its own out of `pool`, in order of hosts.

    `recorded` is what earlier runs gave: kept wherever it is in the pool and nobody else's. A new host gets the
    address at a place made from its name, or the next free one behind it. Recorded addresses of hosts that are not
    asked for now (a cluster that is held back may still use them) are given away only when nothing else is left.
    Raises InputError for a pool that is no IPv4 range, or has too few addresses.
    """
    wanted = sorted(set(hosts))
    if not wanted:
        return {}
    network = read_pool(pool)
    room = capacity(network)
    if len(wanted) > room:
        raise InputError(
            f"vipPool {pool} has room for {room} hosts, {len(wanted)} need an address",
            help="give the Mesh a larger vipPool; addresses that are recorded stay as long as they lie inside it",
        )

    kept: dict[str, int] = {}
    taken: set[int] = set()
    for host in wanted:
        place = _place(network, room, recorded[host]) if host in recorded else None
        if place is not None and place not in taken:
            kept[host] = place
            taken.add(place)

    departed = {_place(network, room, address) for host, address in recorded.items() if host not in kept}
    reserved = {place for place in departed if place is not None} - taken
    for host in wanted:
        if host not in kept:
            if len(taken) + len(reserved) >= room:
                reserved = set()
            place = int.from_bytes(hashlib.sha256(host.encode()).digest()[:8], "big") % room
            while place in taken or place in reserved:
                place = (place + 1) % room
            kept[host] = place
            taken.add(place)
    return {host: _address(network, kept[host]) for host in wanted}


def given_addresses(manifests: Iterable[Manifest]) -> dict[str, str]:
    """Return host -> address for every virtual address that ServiceEntries among these resources give."""
    return {
        host: address
        for manifest in manifests
        if manifest["kind"] == "ServiceEntry"
        for host in manifest["spec"]["hosts"]
        for address in manifest["spec"].get("addresses", ())
    }
