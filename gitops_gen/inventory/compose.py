"""From YAML text to plain values with places: libyaml's events, one by one.

There is no recursion anywhere: nesting, number of nodes and aliases are bounded while they come, and places are kept
as offsets. (libyaml's own composer follows a hundred thousand brackets down its C stack.) One reading finds every
mistake of a file up to a syntax error, which ends that file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

import yaml

from gitops_gen.inventory.scalars import EMPTY, Doubt, plain
from gitops_gen.inventory.syntax import mistake
from gitops_gen.inventory.text import REPLACEMENT, UNSEEN, Findings, Text, character, readable
from gitops_gen.manifest import is_too_large

if TYPE_CHECKING:
    from collections.abc import Callable

Path: TypeAlias = "tuple[str | int, ...]"
"""The way to a value from the top of its document: keys of mappings and indexes of lists."""

Place: TypeAlias = "tuple[int, int, Any]"
"""Begin, end, and what is inside: key -> (begin, end, place) of a mapping, places of a list, None of a scalar."""

DEEPEST = 20
"""Mappings and lists inside each other."""

MOST_NODES = 1_000_000
"""Keys, values, mappings and lists of one file."""

MOST_NODES_OF_DOCUMENT = 200_000
"""The same of one document; more than a workload with 150,000 pods by name has."""

MOST_DOCUMENTS = 20_000
"""Documents of one file, empty ones too."""


class Composed(NamedTuple):
    """One document of a file, whatever it is: its value, the place of everything in it, and what is doubtful."""

    value: Any
    place: Place
    doubts: dict[Path, Doubt | None]
    """Scalars that are refused whatever the field is; None where a problem has said so already."""


def compose(text: Text, findings: Findings) -> list[Composed]:
    """Read the documents of a file; what is wrong goes to `findings`."""
    reading = _Reading(text, findings)
    reading.run()
    return reading.documents


class _Stop(Exception):  # noqa: N818 - not an error: the end of a reading
    """The rest of the file is not read."""


_NONE: Any = object()
"""No key yet."""
_LOST: Any = object()
"""A key that has been refused: its value is read and thrown away."""


class _Open:
    """A mapping or list whose end has not come yet; `value` is what it holds so far."""

    __slots__ = ("begin", "is_key", "is_mapping", "key", "key_span", "places", "value")

    def __init__(self, begin: int, value: Any, places: Any, *, is_key: bool) -> None:  # noqa: ANN401
        self.begin = begin
        self.value = value
        self.places = places
        self.is_mapping = type(value) is dict
        self.is_key = is_key
        self.key: Any = _NONE
        self.key_span = (0, 0)


class _Reading:
    """The state of one file's reading."""

    def __init__(self, text: Text, findings: Findings) -> None:
        self.text = text
        self.findings = findings
        self.documents: list[Composed] = []
        self.doubts: dict[Path, Doubt | None] = {}
        self.open: list[_Open] = []
        self.top = self._begin_document()
        self.nodes = 0
        self.begun = 0
        self.most = 0
        self.plain: dict[str, Any] = {}
        self.texts: set[str] = set()

    def run(self) -> None:
        """Read the file to its end, or to where it makes no sense to go on."""
        parser = yaml.CSafeLoader(readable(self.text))
        take: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: self.mapping_start,
            yaml.SequenceStartEvent: self.sequence_start,
            yaml.MappingEndEvent: self.end,
            yaml.SequenceEndEvent: self.end,
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.document_start,
            yaml.DocumentEndEvent: self.document_end,
            yaml.StreamStartEvent: lambda _: None,
            yaml.StreamEndEvent: lambda _: None,
        }
        get_event = parser.get_event
        try:
            while (event := get_event()) is not None:
                take[type(event)](event)
        except yaml.MarkedYAMLError as error:
            self.no_yaml(error)
        except _Stop:
            pass

    def no_yaml(self, error: yaml.MarkedYAMLError) -> None:
        """Note a syntax error, at the end of the text's last line if it was met behind that."""
        characters = self.text.characters
        mark = error.problem_mark
        if error.context_mark and "expected ':'" in (error.problem or ""):
            # It is met behind the line that it is about.
            mark = error.context_mark
        begin = mark.index if mark else 0
        whole = characters.rstrip()
        begin = min(begin, len(whole))
        said = mistake(error.problem or "", error.context or "", whole[begin : begin + 1])
        opened = error.context_mark.index if error.context_mark else begin
        related = (("it begins here", (opened, opened + 1)),) if opened < begin else ()
        self.findings.add("GGI104", said.message, (begin, begin + 1), help=said.help, related=related)

    # Events.

    def document_start(self, event: Any) -> None:  # noqa: ANN401 - libyaml's events have no types
        """Begin a document; directives would change how it is to be read."""
        if event.version or event.tags:
            span = (event.start_mark.index, event.end_mark.index)
            self.findings.add("GGI107", "a `%` line is not allowed", span, help="take it away")
        self.begun += 1
        if self.begun > MOST_DOCUMENTS:
            self.too_much(event.start_mark.index, f"more than {MOST_DOCUMENTS:,} documents")
        self.most = min(self.nodes + MOST_NODES_OF_DOCUMENT, MOST_NODES)
        self.top = self._begin_document()

    def _begin_document(self) -> _Open:
        self.doubts = {}
        top = _Open(0, [], [], is_key=False)
        self.open = [top]
        return top

    def document_end(self, _: object) -> None:
        """Keep the document."""
        (value,), (place,) = self.top.value, self.top.places
        self.documents.append(Composed(value, place, self.doubts))

    def scalar(self, event: Any) -> None:  # noqa: ANN401
        """Take a key or a value."""
        begin, end = event.start_mark.index, event.end_mark.index
        if event.anchor is not None or event.tag is not None:
            self.marks(event, begin, end)
        self.nodes += 1
        if self.nodes > self.most:
            self.too_many(begin)
        written = event.value
        frame = self.open[-1]
        if frame.key is _NONE and frame.is_mapping:
            self.key(frame, written, event.style, (begin, end))
        elif event.style:
            if written not in self.texts and not self.fit(written, begin, end):
                self.doubt(None)
            self.put(written, (begin, end, None))
        elif written in self.plain:
            self.put(self.plain[written], (begin, end, None))
        else:
            self.put(self.new_plain(written, begin, end), (begin, end, None))

    def new_plain(self, written: str, begin: int, end: int) -> str | int | float | bool | None:
        """Take a plain scalar that has not been met before; remember what it is, if nothing speaks against it."""
        fit = self.fit(written, begin, end)
        value = plain(written)
        if isinstance(value, Doubt):
            self.doubt(value if fit else None)
            return None if value is EMPTY else written
        if not fit:
            self.doubt(None)
        else:
            self.plain[written] = value
        return value

    def key(self, frame: _Open, written: str, style: str, span: tuple[int, int]) -> None:
        """Take the key of the next value, unless something speaks against it."""
        frame.key = _LOST
        if written not in self.texts and not self.fit(written, *span):
            return
        if not style and type(self.plain.get(written)) is not str:
            if written == "<<":
                self.findings.add("GGI106", "merge keys are not allowed", span, help="write the keys out")
                # What the merge would have brought is not missing.
                self.doubt(None, around=True)
                return
            read = plain(written)
            if type(read) is not str:
                self.no_text(written, span)
                return
            self.plain[written] = read
        if span[1] - span[0] != len(written) and "\n" in self.text.characters[span[0] : span[1]]:
            self.findings.add("GGI108", "a key must stand on one line", span, help="write it on one line")
            return
        if written in frame.places:
            first = frame.places[written]
            self.findings.add(
                "GGI105",
                f"`{written[:60]}` is written twice in one mapping",
                span,
                help="keep one of the two",
                related=(("first written here", (first[0], first[1])),),
            )
            return
        frame.key = written
        frame.key_span = span

    def no_text(self, written: str, span: tuple[int, int]) -> None:
        """Note a key that some reader of YAML takes for something other than text."""
        if written:
            self.findings.add("GGI108", f"the key `{written[:60]}` is no text", span, help=f'write `"{written[:60]}":`')
        else:
            self.findings.add("GGI108", "a key is missing", span, help="write the key before the `:`")

    def mapping_start(self, event: Any) -> None:  # noqa: ANN401
        """Open a mapping."""
        self.start(event, {}, {})

    def sequence_start(self, event: Any) -> None:  # noqa: ANN401
        """Open a list."""
        self.start(event, [], [])

    def start(self, event: Any, value: Any, places: Any) -> None:  # noqa: ANN401
        """Open a mapping or list, unless that is one too deep."""
        begin, end = event.start_mark.index, event.end_mark.index
        if event.anchor is not None or event.tag is not None:
            self.marks(event, begin, end)
        self.nodes += 1
        if self.nodes > self.most:
            self.too_many(begin)
        frame = self.open[-1]
        is_key = frame.key is _NONE and frame.is_mapping
        if is_key:
            self.findings.add(
                "GGI108", "a key must be text, not a mapping or a list", (begin, begin + 1), help="put it in quotes"
            )
        if len(self.open) > DEEPEST:
            self.findings.add(
                "GGI109",
                f"mappings and lists stand more than {DEEPEST} deep in each other",
                (begin, begin + 1),
                help="no document of an inventory is this deep; the rest of the file is not read",
            )
            raise _Stop
        self.open.append(_Open(begin, value, places, is_key=is_key))

    def end(self, event: Any) -> None:  # noqa: ANN401
        """Close a mapping or list."""
        frame = self.open.pop()
        if frame.is_key:
            self.open[-1].key = _LOST
        else:
            self.put(frame.value, (frame.begin, event.end_mark.index, frame.places))

    def alias(self, event: Any) -> None:  # noqa: ANN401
        """Refuse an alias: it is never followed, so nothing can grow."""
        span = (event.start_mark.index, event.end_mark.index)
        self.nodes += 1
        if self.nodes > self.most:
            self.too_many(span[0])
        self.findings.add(
            "GGI106", f"aliases (`*{event.anchor[:60]}`) are not allowed", span, help="write the value out"
        )
        frame = self.open[-1]
        if frame.key is _NONE and frame.is_mapping:
            frame.key = _LOST
        else:
            self.doubt(None)
            self.put(None, (*span, None))

    # What events have in common.

    def put(self, value: Any, place: Place) -> None:  # noqa: ANN401
        """Put a value where it belongs."""
        frame = self.open[-1]
        if not frame.is_mapping:
            frame.value.append(value)
            frame.places.append(place)
            return
        key, frame.key = frame.key, _NONE
        if key is not _LOST:
            frame.value[key] = value
            frame.places[key] = (*frame.key_span, place)

    def doubt(self, doubt: Doubt | None, *, around: bool = False) -> None:
        """Remember that the value to come at this place, or the mapping around it, is not to be believed."""
        frames = self.open[1:-1] if around else self.open[1:]
        steps = [frame.key if frame.is_mapping else len(frame.value) for frame in frames]
        if _LOST not in steps and _NONE not in steps:
            self.doubts[tuple(steps)] = doubt

    def too_many(self, begin: int) -> NoReturn:
        """End the reading: there are too many nodes."""
        if self.nodes > MOST_NODES:
            self.too_much(begin, f"more than {MOST_NODES:,} keys and values")
        self.too_much(begin, f"a document with more than {MOST_NODES_OF_DOCUMENT:,} keys and values")

    def too_much(self, begin: int, what: str) -> NoReturn:
        """End the reading: the file is more than anybody would write."""
        self.findings.add(
            "GGI110",
            f"the file holds {what}",
            (begin, begin + 1),
            help="split it: an inventory may be a directory of any number of files and documents",
        )
        raise _Stop

    def marks(self, event: Any, begin: int, end: int) -> None:  # noqa: ANN401
        """Refuse an anchor or a tag."""
        if event.anchor is not None:
            self.findings.add(
                "GGI106", f"anchors (`&{event.anchor[:60]}`) are not allowed", (begin, end), help="write the value out"
            )
        if event.tag is not None:
            self.findings.add(
                "GGI107", "tags (`!`) are not allowed", (begin, end), help="take it away, or put the value in quotes"
            )

    def fit(self, written: str, begin: int, end: int) -> bool:
        """Tell whether a key or value holds only characters that may be in one; note a problem otherwise."""
        fit = True
        if "${" in written:
            self.findings.add(
                "GGI113",
                "`${` is not allowed: Flux would replace it when it applies the file",
                (begin, end),
                help="write the value that is meant",
            )
            fit = False
        if not written.isprintable():
            found = UNSEEN.search(written) or next((c for c in written if c in "\t\n\r"), None)
            if found is not None:
                what = character(found if isinstance(found, str) else found[0])
                self.findings.add(
                    "GGI103", f"{what} is not allowed in a value", (begin, end), help="write it on one line without it"
                )
                fit = False
        # Of digits alone, the bounds of numbers and names say enough.
        if not written.lstrip("+-").isdecimal() and is_too_large(written):
            self.findings.add(
                "GGI111",
                f"`{written[:60]}` is a number beyond 64 bits, or text, as a reader of YAML takes it, quoted or not",
                (begin, end),
                help="write another one; kustomize takes the quotes away",
            )
            fit = False
        if REPLACEMENT in written:
            # The character that stood here has been reported.
            fit = False
        if fit:
            self.texts.add(written)
        return fit
