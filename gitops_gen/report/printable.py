"""Text of others in our own output: nothing in it may move a cursor, change a colour or turn a line around."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return the text with every character that does not print (control, bidi, line ends) as `\xNN` or `\uNNNN`."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(ord(character)) for character in text)


def _escape(code: int) -> str:
    if code <= 0xFF:  # noqa: PLR2004 - the widths of Python's own escapes
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
