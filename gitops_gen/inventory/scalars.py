"""What a plain YAML scalar is: only what every reader of YAML agrees on; everything else is doubtful.

YAML 1.1, YAML 1.2, JSON and Go's readers differ over words such as `no`, `0755` or `12:30`. A person who wrote one
meant one thing; rather than guess which, the reading refuses it and says how to write either.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST_NUMBER = 18
"""Digits of the longest whole number: 64 bits hold it in every program that may read it later."""


TOO_LARGE = f"longer than the {LONGEST_NUMBER} digits that a whole number may have"


class Doubt(NamedTuple):
    """A scalar that is not to be believed: `why` goes on from "is"; `instead` is what it may be meant as."""

    written: str
    why: str
    instead: bool | int | None = None


_SURE: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~"), None),
}
_YES = frozenset(form for word in ("y", "yes", "on") for form in (word, word.capitalize(), word.upper()))
_NO = frozenset(form for word in ("n", "no", "off") for form in (word, word.capitalize(), word.upper()))
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+", re.ASCII)
_MAYBE_SPECIAL = re.compile(r"[-+._0-9=<]", re.ASCII)
_PARTS = re.compile(
    r"(?P<octal>[-+]?0o?[0-7][0-7_]*)"
    r"|(?P<hexadecimal>[-+]?0x[0-9a-fA-F_]+)"
    r"|(?P<binary>[-+]?0b[01_]+)"
    r"|(?P<zeros>[-+]?0[0-9]+)"
    r"|(?P<separated>[-+]?[0-9_]*_[0-9_]*)"
    r"|(?P<sexagesimal>[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)"
    r"|(?P<date>[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)?)"
    r"|(?P<exponent>[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<infinite>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
    r"|(?P<special>=|<<)",
    re.ASCII,
)
_WHY = {
    "octal": "a number in base 8 to some readers of YAML and in base 10 or text to others",
    "hexadecimal": "a number to some readers of YAML and text to others",
    "binary": "a number to some readers of YAML and text to others",
    "zeros": "a number to some readers of YAML and text to others",
    "separated": "a number to some readers of YAML and text to others",
    "sexagesimal": "a number in base 60 to some readers of YAML and text to others",
    "date": "a date to some readers of YAML and text to others",
    "exponent": "a number to some readers of YAML and text to others",
    "infinite": "a number to some readers of YAML and text to others",
    "special": "a sign with a meaning of its own to some readers of YAML and text to others",
}
EMPTY = Doubt("", "empty")


def plain(written: str) -> str | int | float | bool | Doubt | None:
    """Return what a plain (unquoted) scalar is, or the doubt about it."""
    if written in _SURE:
        return _SURE[written]
    if not written:
        return EMPTY
    if written in _YES or written in _NO:
        return Doubt(written, "true or false to some readers of YAML and text to others", written in _YES)
    if not _MAYBE_SPECIAL.match(written):
        return written
    return _number(written)


def _number(written: str) -> str | int | float | Doubt:
    if _WHOLE.fullmatch(written):
        if len(written.lstrip("+-")) > LONGEST_NUMBER:
            return Doubt(written, TOO_LARGE)
        return int(written)
    if _DECIMAL.fullmatch(written):
        return float(written)
    found = _PARTS.fullmatch(written)
    if found is None:
        return written
    form = str(found.lastgroup)
    return Doubt(written, _WHY[form], _meant(form, written))


def _meant(form: str, written: str) -> int | None:
    """Return the whole number that is most likely meant, for the help line."""
    digits = written.replace("_", "")
    if len(digits) > LONGEST_NUMBER or not digits.strip("-+"):
        return None
    if form in {"separated", "zeros"}:
        return int(digits)
    if form == "hexadecimal":
        return int(digits, 16)
    return None
