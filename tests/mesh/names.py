"""The cluster's name server: Services, pods of headless Services, and what the outside knows."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

from tests.mesh.network import NODE, slot_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

A_RECORD, NO_SUCH_NAME, TTL_S = 1, 3, 2


class Names:
    """Answers over UDP, to each pod as its own cluster's name server would."""

    def __init__(self) -> None:
        self.outside: dict[str, list[str]] = {}
        """Names that everybody knows, with their addresses, or another name that they stand for."""
        self._clusters: dict[int, dict[str, list[str]]] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind((NODE, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def learn(self, slot: int, pods: Sequence[Mapping[str, Any]], services: Sequence[Mapping[str, Any]]) -> None:
        """Take the names of one cluster from its pods and Services."""
        known: dict[str, list[str]] = {}
        for service in services:
            spec, metadata = service["spec"], service["metadata"]
            host = f"{metadata['name']}.{metadata['namespace']}.svc.cluster.local"
            if spec.get("clusterIP", "None") != "None":
                known[host] = [spec["clusterIP"]]
                continue
            for pod in pods if spec.get("selector") else ():
                if pod["metadata"]["namespace"] != metadata["namespace"] or not _selects(spec["selector"], pod):
                    continue
                address = pod.get("status", {}).get("podIP")
                if address and (_ready(pod) or spec.get("publishNotReadyAddresses")):
                    known.setdefault(host, []).append(address)
                    if pod["spec"].get("subdomain") == metadata["name"]:
                        known[f"{pod['spec']['hostname']}.{host}"] = [address]
        self._clusters[slot] = known

    def _serve(self) -> None:
        while True:
            data, client = self._socket.recvfrom(1500)
            try:
                self._socket.sendto(self._answer(data, slot_of(client[0])), client)
            except (OSError, IndexError, struct.error, ValueError):
                continue

    def _outside(self, name: str) -> list[str]:
        targets = self.outside.get(name, [])
        aliases = [target for target in targets if not target.replace(".", "").isdigit()]
        return [address for alias in aliases for address in self._outside(alias)] or targets

    def _answer(self, data: bytes, slot: int) -> bytes:
        place, labels = 12, []
        while data[place]:
            labels.append(data[place + 1 : place + 1 + data[place]].decode().lower())
            place += 1 + data[place]
        (kind,) = struct.unpack("!H", data[place + 1 : place + 3])
        name = ".".join(labels)
        found = self._outside(name) or self._clusters.get(slot, {}).get(name)
        addresses = found if found and kind == A_RECORD else []
        flags = 0x8580 | (0 if found else NO_SUCH_NAME)
        head = data[:2] + struct.pack("!5H", flags, 1, len(addresses), 0, 0)
        records = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", A_RECORD, 1, TTL_S, 4) + socket.inet_aton(address)
            for address in addresses
        )
        return head + data[12 : place + 5] + records


def _selects(selector: Mapping[str, str], pod: Mapping[str, Any]) -> bool:
    labels = pod["metadata"].get("labels", {})
    return all(labels.get(name) == value for name, value in selector.items())


def _ready(pod: Mapping[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
