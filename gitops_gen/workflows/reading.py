"""Read and judge an inventory: its text, what it says, and whether the shapes it asks for can work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_gen.inventory import load
from gitops_gen.inventory.source import read_sources
from gitops_gen.problems import Problem, has_errors, in_order, set_aside
from gitops_gen.resources.check import check_shapes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import BinaryIO

    from gitops_gen.inventory.source import Source
    from gitops_gen.inventory.written import Documents
    from gitops_gen.model import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An inventory with everything that was found in it.

    `inventory` is None when there is at least one error; `texts` holds each file's text, for showing source lines,
    `sources` the files as they were read, `documents` what is written in them, each value with its place.
    """

    inventory: Inventory | None
    problems: tuple[Problem, ...]
    texts: Mapping[str, str]
    sources: tuple[Source, ...]
    documents: Documents


def judge(sources: Iterable[Source]) -> Judged:
    """Validate inventory text, all rules in one run."""
    sources = tuple(sources)
    loaded = load.load_inventory(sources)
    problems = list(loaded.problems)
    if loaded.inventory is not None:
        problems += set_aside(check_shapes(loaded.inventory), loaded.inventory.reasons())
    return Judged(
        inventory=None if has_errors(problems) else loaded.inventory,
        problems=tuple(in_order(problems)),
        texts=loaded.texts,
        sources=sources,
        documents=loaded.documents,
    )


def load_inventory(path: str, stdin: BinaryIO | None = None) -> Judged:
    """Read and judge the inventory at `path`: a file, a directory, or `-` for standard input.

    Raises InputError when it cannot be read at all.
    """
    return judge(read_sources(path, stdin))
