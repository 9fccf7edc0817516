from __future__ import annotations

import sys

import pytest
import yaml

from gitops_gen.inventory import compose
from gitops_gen.inventory.nodes import read_documents
from gitops_gen.inventory.source import Source
from gitops_gen.inventory.text import REPLACEMENT, UNSEEN

SURROGATES = range(0xD800, 0xE000)


def test_libyaml_takes_every_character_that_is_handed_to_it() -> None:
    characters = (chr(code) for code in range(sys.maxunicode + 1) if code not in SURROGATES)
    text = UNSEEN.sub(REPLACEMENT, "".join(f"# {character}\n" for character in characters))
    assert [type(event) for event in yaml.parse(text, yaml.CSafeLoader)] == [yaml.StreamStartEvent, yaml.StreamEndEvent]


@pytest.mark.parametrize("empty", ["[]", "{}"])
def test_lists_and_mappings_count_as_much_as_what_is_in_them(monkeypatch: pytest.MonkeyPatch, empty: str) -> None:
    monkeypatch.setattr(compose, "MOST_NODES_OF_DOCUMENT", 8)

    def problems(members: int) -> list[tuple[str, int]]:
        text = "kind: Mesh\na:\n" + f"  - {empty}\n" * members
        return [
            (problem.rule, problem.location.line)
            for problem in read_documents(Source("inventory.yaml", text.encode()))[1]
        ]

    # The mapping, two keys, two values, and each member.
    assert problems(3) == []
    assert problems(4) == [("GGI110", 6)]
