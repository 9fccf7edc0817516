"""All parts of the fault suite, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.crashes import Crashes
from tests.faults.disk import Disk
from tests.faults.io import Io
from tests.faults.machine import Machine
from tests.faults.network import Network
from tests.faults.pure import Deletions, Hostile, Inventories, Truncations
from tests.faults.syscalls import Syscalls
from tests.faults.writers import Writers

if TYPE_CHECKING:
    from tests.faults.part import Part

PARTS: dict[str, type[Part]] = {
    part.name: part
    for part in (Crashes, Syscalls, Io, Disk, Network, Writers, Inventories, Truncations, Hostile, Deletions, Machine)
}
