"""Bombs under a limit on memory that the system enforces: each gives problems, quickly and in little space."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

MEMORY_MIB = 512
SECONDS = 10

HEAD = "apiVersion: gitops-gen.io/v1alpha1\nkind: Workload\nmetadata: {name: w, namespace: n}\nspec:\n  "

BOMBS = {
    "brackets": ("[", 5_000_000, ""),
    "braces": ("{a: ", 1_300_000, ""),
    "aliases": ("&a [*a,*a,*a,*a,*a,*a,*a,*a]\n", 180_000, HEAD + "placements: "),
    "numbers": ("1,", 2_500_000, HEAD + "allowConsumers: ["),
    "wrong-members": ("1,", 199_000, HEAD + "allowConsumers: ["),
    "wrong-mappings": ("{},", 199_000, HEAD + "ports: ["),
    "doubtful-members": ("no,", 199_000, HEAD + "allowConsumers: ["),
    "unknown-keys": ("k{}: 1\n  ", 99_000, HEAD),
    "one-key": ("a,", 2_500_000, HEAD + "{"),
    "documents": ("---\n", 1_300_000, ""),
    "digits": ("9", 5_000_000, HEAD + "placements: "),
    "controls": ("\0", 5_000_000, ""),
    "escapes": ("\\0", 2_500_000, HEAD + 'service: "'),
    "too-large": ("#", 6_000_000, ""),
}

READ = """
import json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
from gitops_gen.inventory.load import load_inventory
from gitops_gen.inventory.source import Source
from gitops_gen.report.problems import problems_text
sign, count, head = json.load(sys.stdin)
text = head + ("".join(sign.format(i) for i in range(count)) if "{{}}" in sign and sign[0] == "k" else sign * count)
text += {{"[": "]", "{{": "}}", '"': '"'}}.get(head[-1:], "") if sign[0] not in "[{{" or head else ""
begin = time.process_time()
loaded = load_inventory([Source("bomb.yaml", text.encode())])
shown = problems_text(loaded.problems, loaded.texts)
print(json.dumps([time.process_time() - begin, len(loaded.problems), len(shown), loaded.inventory is None]))
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_bounded_time_and_memory(name: str) -> None:
    read = subprocess.run(
        [sys.executable, "-c", READ.format(memory=MEMORY_MIB * 1024 * 1024)],
        input=json.dumps(BOMBS[name]),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert read.stderr == ""
    seconds, problems, characters, refused = json.loads(read.stdout)
    assert refused
    assert seconds < SECONDS
    assert 1 <= problems < 2000
    assert characters < 1_000_000
