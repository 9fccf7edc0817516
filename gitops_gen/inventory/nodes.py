"""The documents of a file: plain values that remember where they were written."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitops_gen.inventory.compose import Path, Place, compose
from gitops_gen.inventory.kinds import check_kind
from gitops_gen.inventory.scalars import EMPTY
from gitops_gen.inventory.text import Findings, Text, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.inventory.compose import Composed
    from gitops_gen.inventory.scalars import Doubt
    from gitops_gen.inventory.source import Source
    from gitops_gen.problems import Location, Problem

__all__ = ["Document", "Path", "read_documents"]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: plain values, and the place of each."""

    kind: str
    """As written; empty when it is missing or no text."""
    value: dict[str, Any]
    source: str
    """Name of the file."""
    doubts: Mapping[Path, Doubt | None] = field(default_factory=dict, compare=False, repr=False)
    """Scalars that are refused whatever the field is; None where a problem has said so already."""
    _text: Text = field(default_factory=lambda: Text("", ""), compare=False, repr=False)
    _place: Place = field(default=(0, 0, None), compare=False, repr=False)

    def at(self, path: Path, *, key: bool = False) -> Location:
        """Return the place of the value at `path`, or of its key; of the longest part of it that is there."""
        return self._text.location(*self._span(path, key=key))

    def written(self, path: Path) -> str:
        """Return a scalar as it stands in the text, quotes included; empty for a path that is not there."""
        begin, end = self._span(path, key=False)
        return self._text.characters[begin:end]

    def findings(self, subject: str) -> Findings:
        """Begin a list of problems of this document."""
        return Findings(self._text, subject)

    def _span(self, path: Path, *, key: bool) -> tuple[int, int]:
        begin, end, inside = self._place
        name: tuple[int, int] | None = None
        for step in path:
            if isinstance(inside, dict) and step in inside:
                key_begin, key_end, place = inside[step]
                name = (key_begin, key_end)
            elif isinstance(inside, list) and isinstance(step, int) and 0 <= step < len(inside):
                place, name = inside[step], None
            else:
                break
            begin, end, inside = place
        # A value that is written as nothing has no place of its own worth showing.
        return name if name is not None and (key or begin == end) else (begin, end)


def read_documents(source: Source) -> tuple[list[Document], list[Problem], str]:
    """Read one file: its documents, what is wrong with its text, and the text for reports.

    A document that could be read is returned whatever else is wrong with the file; one that is no mapping, or stands
    behind a syntax error, is not. Documents without any content are passed over. Never raises for what is written.
    """
    text, findings, whole = read_text(source)
    documents: list[Document] = []
    if whole:
        with _collector_paused():
            composed = compose(text, findings)
        documents = [_document(text, one) for one in composed if _is_mapping(one, findings)]
        for document in documents:
            if not check_kind(document, findings):
                _settle(document, findings)
    return documents, findings.problems(), text.characters


def _is_mapping(composed: Composed, findings: Findings) -> bool:
    """Tell whether a document is a mapping; note a problem if it is something else, but not if it is nothing."""
    if isinstance(composed.value, dict):
        return True
    if composed.value is not None:
        findings.add(
            "GGI114",
            "a document must be a mapping with `apiVersion`, `kind`, `metadata` and `spec`",
            composed.place[:2],
            help="begin it with `apiVersion: gitops-gen.io/v1alpha1`",
        )
    return False


def _document(text: Text, composed: Composed) -> Document:
    kind = composed.value.get("kind")
    return Document(
        kind=kind if isinstance(kind, str) else "",
        value=composed.value,
        source=text.name,
        doubts=composed.doubts,
        _text=text,
        _place=composed.place,
    )


def _settle(document: Document, findings: Findings) -> None:
    """Report the doubts of a document that no model will be held against."""
    for path, doubt in document.doubts.items():
        if doubt is not None and doubt is not EMPTY:
            findings.add(
                "GGI111", f"`{doubt.written[:60]}` is {doubt.why}", document.at(path), help="put it in quotes for text"
            )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking through all places again and again while they grow: four times faster."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
