"""What libyaml says about text that is no YAML, in words that tell what to do."""

from __future__ import annotations

from typing import NamedTuple


class Mistake(NamedTuple):
    """One kind of YAML mistake: what is wrong, and what to do about it."""

    message: str
    help: str


_QUOTE = "put the value in quotes"
_CANNOT_BEGIN = "cannot start any token"
_MISTAKES = {
    "mapping values are not allowed": Mistake(
        "a `:` stands where no key can be",
        "align the key with its neighbours, or put a value that holds `: ` in quotes",
    ),
    "could not find expected ':'": Mistake("this line is no `key: value`", "write a `:` and a space after the key"),
    "did not find expected key": Mistake(
        "this line fits neither the mapping that begins before it nor any around that",
        "align it with the keys that it belongs to",
    ),
    "did not find expected '-' indicator": Mistake(
        "this line fits neither the list that begins before it nor anything around that",
        "begin it with `- ` as the other entries, or align it with the key that it belongs to",
    ),
    "did not find expected ',' or ']'": Mistake("a list in brackets does not end", "write `,` or `]` here"),
    "did not find expected ',' or '}'": Mistake("a mapping in braces does not end", "write `,` or `}` here"),
    "did not find expected node content": Mistake(
        "a value is missing here", "write the value, or take away the `,` or bracket that is too much"
    ),
    "did not find expected <document start>": Mistake(
        "the document has ended before this", "take away the bracket that is too much, or begin a document with `---`"
    ),
    "found unexpected end of stream": Mistake("a quote is opened and never closed", "close the quote"),
    "found unexpected document indicator": Mistake("a quote is still open at the end of the document", "close it"),
    "found unknown escape character": Mistake(
        "a `\\` in double quotes begins no known escape", "write `\\\\` for a backslash, or use single quotes"
    ),
    "found invalid Unicode character escape code": Mistake(
        "an escape stands for no character", "write the character itself"
    ),
    "did not find expected hexdecimal number": Mistake(
        "an escape is too short: hexadecimal digits are missing", "write the character itself"
    ),
    "did not find expected alphabetic or numeric character": Mistake(
        "a value cannot begin with `*` or `&` unless it is in quotes", _QUOTE
    ),
    "block sequence entries are not allowed": Mistake(
        "a `- ` stands where no list can be", "put the list on the lines below the key"
    ),
    "block collections are not allowed": Mistake(
        "a mapping or list stands where none can be", "put it on the lines below"
    ),
    "mapping keys are not allowed": Mistake("a `?` stands where no key can be", _QUOTE),
    "did not find expected comment or line break": Mistake(
        "only a comment may follow here", "put the text on the next line, deeper"
    ),
    "found a tab character": Mistake("a tab cannot indent YAML", "use spaces"),
    "found undefined tag handle": Mistake("a value cannot begin with `!` unless it is in quotes", _QUOTE),
    "found incompatible YAML document": Mistake("this version of YAML is not known", "take the %YAML line away"),
    "found duplicate %": Mistake("a `%` line is written twice", "take the `%` lines away"),
}
_BEGINNINGS = {
    "\t": Mistake("a tab cannot indent YAML", "use spaces"),
    "%": Mistake("a value cannot begin with `%` unless it is in quotes", _QUOTE),
    "@": Mistake("a value cannot begin with `@` unless it is in quotes", _QUOTE),
    "`": Mistake("a value cannot begin with a backtick unless it is in quotes", _QUOTE),
}


def mistake(problem: str, context: str, at: str) -> Mistake:
    """Translate libyaml's `problem`, met in its `context` at the character `at` (none: the end)."""
    if not at and "node content" in problem:
        return Mistake("the text ends before a bracket or brace is closed", "write the `]` or `}`")
    if _CANNOT_BEGIN in problem and at in _BEGINNINGS:
        return _BEGINNINGS[at]
    for said, meant in _MISTAKES.items():
        if said in problem:
            return meant
    where = f" ({context})" if context else ""
    return Mistake(f"this is no YAML: {problem}{where}", "compare with the lines around it")
