"""The text of one inventory file: bytes to characters, places in it, and what has been found wrong with it."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from gitops_gen.inventory.source import LARGEST_FILE
from gitops_gen.problems import Location, Problem

if TYPE_CHECKING:
    from gitops_gen.inventory.source import Source

SHOWN_OF_A_KIND = 100
"""How many problems of one rule are listed for one file or document; the rest are counted."""

UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffd-\uffff\U000e0000-\U000e007f]"
    "|\r(?!\n)"
)
"""Characters that nobody sees, or that make people see something else than what is there: controls other than tab
and line end, NEL, line and paragraph separators, bidi controls, invisible format characters, and U+FFFD, which is what
is left of a lost one. The joiners U+200C and U+200D are not among them: scripts and emoji need them."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Text:
    """The characters of a file, and its name; turns offsets into places."""

    def __init__(self, name: str, characters: str) -> None:
        """Keep name and characters."""
        self.name = name
        self.characters = characters

    @cached_property
    def _lines(self) -> list[int]:
        """Where each line begins."""
        return [0, *(found.end() for found in re.finditer("\n", self.characters))]

    def location(self, start: int, end: int | None = None) -> Location:
        """Return the place of the characters from `start` to `end`, as far as they are on the first line."""
        line = bisect_right(self._lines, start) - 1
        begin = self._lines[line]
        if end is None or end <= start:
            return Location(self.name, line + 1, start - begin + 1)
        shown = self.characters[start:end].partition("\n")[0].rstrip("\r")
        return Location(self.name, line + 1, start - begin + 1, max(1, len(shown)))


class Findings:
    """Problems of one file or document while they are found, at most SHOWN_OF_A_KIND of each rule and then a count.

    A hostile file can hold millions of mistakes: each that is not listed must cost nothing.
    """

    def __init__(self, text: Text, subject: str = "") -> None:
        """Begin with none. `subject` is whose problems these are."""
        self._text = text
        self._subject = subject
        self._problems: list[Problem] = []
        self._counts: Counter[str] = Counter()
        self._beyond: dict[str, Location] = {}

    def add(
        self,
        rule: str,
        message: str,
        place: Location | tuple[int, int],
        *,
        help: str = "",  # noqa: A002 - the field's own name
        related: tuple[tuple[str, tuple[int, int]], ...] = (),
    ) -> None:
        """Note a problem; places are Locations or pairs of offsets."""
        self._counts[rule] += 1
        if self._counts[rule] > SHOWN_OF_A_KIND + 1:
            return
        location = place if isinstance(place, Location) else self._text.location(*place)
        if self._counts[rule] > SHOWN_OF_A_KIND:
            self._beyond[rule] = location
            return
        self._problems.append(
            Problem(
                rule=rule,
                message=_seen(message),
                location=location,
                subject=_seen(self._subject),
                help=_seen(help),
                related=tuple((word, self._text.location(*where)) for word, where in related),
            )
        )

    def problems(self) -> list[Problem]:
        """Return what was found."""
        rest = [
            Problem(
                rule=rule,
                message=f"{self._counts[rule] - SHOWN_OF_A_KIND} more problems like the {SHOWN_OF_A_KIND} before",
                location=location,
                subject=self._subject,
                help="mend those above first",
            )
            for rule, location in self._beyond.items()
        ]
        return [*self._problems, *rest]


def _seen(words: str) -> str:
    """Return our own words with what they quote on one line, whatever was written."""
    return words if words.isprintable() else "".join(c if c.isprintable() else REPLACEMENT for c in words)


def character(found: str) -> str:
    """Name a character that cannot be shown: `U+202E (RIGHT-TO-LEFT OVERRIDE)`."""
    name = unicodedata.name(found, "") or _NAMES.get(found, "a control character")
    return f"U+{ord(found):04X} ({name})"


_NAMES = {
    "\0": "NUL",
    "\t": "TAB",
    "\n": "LINE FEED",
    "\r": "CARRIAGE RETURN",
    "\x1b": "ESCAPE",
    "\x7f": "DELETE",
    "\x85": "NEXT LINE",
}


def read_text(source: Source) -> tuple[Text, Findings, bool]:
    """Decode a file and look for what no YAML reader should have to see.

    Returns the text, what was found, and whether it makes sense to read on. Characters that may not be are replaced
    one for one in the text for the YAML reader, so that every place stays right.
    """
    if len(source.content) > LARGEST_FILE:
        text = Text(source.name, "")
        findings = Findings(text)
        findings.add(
            "GGI102",
            f"the file is larger than {LARGEST_FILE // 1024**2} MiB",
            (0, 0),
            help="split it: an inventory may be a directory of any number of files",
        )
        return text, findings, False
    try:
        characters = source.content.decode()
    except UnicodeDecodeError as error:
        return _not_utf8(source, error)
    marked = characters.startswith("\ufeff")
    text = Text(source.name, characters[1:] if marked else characters)
    findings = Findings(text)
    if marked:
        findings.add(
            "GGI101", "the file begins with a byte order mark", (0, 0), help="save it as UTF-8 without a mark (BOM)"
        )
    return text, findings, _unseen(text, findings)


def _not_utf8(source: Source, error: UnicodeDecodeError) -> tuple[Text, Findings, bool]:
    before = len(source.content[: error.start].decode())
    text = Text(source.name, source.content.decode(errors="replace"))
    findings = Findings(text)
    wide = source.content.startswith((b"\xff\xfe", b"\xfe\xff"))
    findings.add(
        "GGI101",
        "the file is UTF-16, not UTF-8" if wide else f"byte 0x{source.content[error.start]:02x} is no UTF-8",
        (before, before + 1),
        help="save the file as UTF-8",
    )
    return text, findings, False


def _unseen(text: Text, findings: Findings) -> bool:
    """Note characters that may not be; tell whether the rest can still be text that a person wrote."""
    found = list(islice(UNSEEN.finditer(text.characters), _NO_TEXT))
    for unseen in found:
        what = character(unseen[0])
        findings.add("GGI103", f"{what} is not allowed in an inventory", unseen.span(), help="take it out")
    return len(found) < _NO_TEXT


_NO_TEXT = 1000
"""So many characters that may not be, and a file is no text; it is not read on."""


def readable(text: Text) -> str:
    """Return the text with each character that may not be replaced by one that may, places unchanged."""
    return UNSEEN.sub(REPLACEMENT, text.characters)
