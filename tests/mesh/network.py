"""The network of the mesh: a bridge, and a namespace for each pod, all of it inside the sandbox of `script/mesh`.

The sandbox is a network, mount and process namespace of its own: nothing of it is seen outside, and all of it is gone
when its first process ends.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NETWORK = "10.199"
"""The first two octets of every address."""
NODE = f"{NETWORK}.0.1"
"""Where the node's own programs listen, and the name server."""
BRIDGE = "mesh0"
LOWEST_OPEN_PORT = 1024
"""A gateway runs as nobody: its Service leads ports below this one to 8000 above them."""

_ENTER = 'mount --bind "$0/resolv.conf" /etc/resolv.conf && mount --bind "$0/hosts" /etc/hosts && exec "$@"'


def run(*command: str, check: bool = True, stdin: str | None = None) -> str:
    """Run a command of the node; returns what it prints. Raises RuntimeError in its own words."""
    ended = subprocess.run(command, input=stdin, text=True, capture_output=True, check=False)
    if check and ended.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(ended.stderr or ended.stdout).strip()}")
    return ended.stdout


def set_up(addresses: Sequence[str]) -> None:
    """Make the bridge with the addresses of the node; `/run` becomes the sandbox's own."""
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    run("ip", "link", "set", "lo", "up")
    # Of its own accord a bridge takes the lowest address of its ports: each pod that came or went could change it, and
    # then the others could not reach istiod until they had asked for it again, up to a minute later.
    run("ip", "link", "add", "name", BRIDGE, "address", "02:00:00:00:00:01", "type", "bridge")
    for address in (NODE, *addresses):
        run("ip", "address", "add", f"{address}/16", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")
    # An address that is led to one pod and, cells later, to another must be seen to move: with a redirect, who asked
    # the first would go on there for minutes.
    still = [f"net.ipv4.conf.{where}.send_redirects=0" for where in ("all", BRIDGE)]
    run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1", *still)


def slot_address(slot: int) -> str:
    """Return where the API server and istiod of a cluster listen."""
    return f"{NETWORK}.0.{10 + slot}"


def pod_address(slot: int, index: int) -> str:
    """Return the address of the pod with this number in a cluster."""
    return f"{NETWORK}.{16 + 32 * slot + index // 200}.{10 + index % 200}"


def slot_of(address: str) -> int:
    """Return the cluster that a pod's address belongs to."""
    return (int(address.split(".")[2]) - 16) // 32


def add_namespace(name: str, address: str, folder: Path, hosts: Sequence[str], search: str) -> None:
    """Make a network namespace with one address, and the files by which programs in it look names up."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("resolv.conf").write_text(
        f"nameserver {NODE}\nsearch {search}\noptions ndots:5 timeout:3 attempts:3\n"
    )
    folder.joinpath("hosts").write_text("\n".join(["127.0.0.1 localhost", *hosts]) + "\n")
    octets = address.split(".")
    link = f"v{octets[2]}-{octets[3]}"
    run("ip", "netns", "add", name)
    run("ip", "link", "add", "name", link, "type", "veth", "peer", "name", "eth0", "netns", name)
    run("ip", "link", "set", link, "master", BRIDGE, "up")
    script = (
        f"ip address add {address}/16 dev eth0; ip link set eth0 up; ip link set lo up; ip route add default via {NODE}"
    )
    run("ip", "netns", "exec", name, "sh", "-e", "-c", script)


def remove_namespace(name: str) -> None:
    """Remove a network namespace; the link into it goes with it."""
    run("ip", "netns", "del", name, check=False)


def inside(name: str, folder: Path, command: Sequence[str]) -> list[str]:
    """Return the command that runs another one in a network namespace."""
    return ["ip", "netns", "exec", name, "sh", "-c", _ENTER, str(folder), *command]


def also_known_as(name: str, address: str, more: str) -> None:
    """Give a namespace one more address, and lead the others there."""
    run("ip", "netns", "exec", name, "ip", "address", "replace", f"{more}/32", "dev", "lo")
    run("ip", "route", "replace", f"{more}/32", "via", address)


def gateway_port(number: int) -> int:
    """Return the port that a gateway listens on for a port of its Service."""
    return number if number >= LOWEST_OPEN_PORT else 8000 + number
