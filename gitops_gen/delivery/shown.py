"""Other programs' words, made safe to show: no secret, no control sequence, no command to a CI system."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitops_gen.delivery.url import redact_urls

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 4000
"""How many characters of another program's words are kept; the end says most."""

_INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_COMMAND = re.compile(r"^([ \t]*)(::|##\[)", re.MULTILINE)


def shown(text: bytes | str, secrets: Iterable[str] = ()) -> str:
    """Return what a program said so that it can be shown anywhere, line by line.

    Secrets and credentials in URLs are taken out, control and direction characters become escapes, and a line that
    GitHub or Azure would take for a command (`::error::`, `##[`) gets a backslash before it.
    """
    words = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    for secret in secrets:
        words = words.replace(secret, "***")
    words = redact_urls(words.replace("\r\n", "\n")).strip()
    # Git pads the remote's lines, so that they cover a progress line on a terminal.
    words = "\n".join(line.rstrip() for line in words.replace("\x1b[K", "").split("\n"))
    if len(words) > LONGEST:
        words = f"[...] {words[-LONGEST:]}"
    words = _INVISIBLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), words)
    return _COMMAND.sub(r"\1\\\2", words)
