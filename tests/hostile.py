"""Texts that have broken programs which read, name, quote or call: some three hundred of them."""

from __future__ import annotations

# fmt: off
_PATHS = [
    "../x", "..", ".", "/", "/etc/passwd", "a/../../b", "a/b", "a\\b", "C:\\x", "//x", "./x", ".git", ".git/config",
]
_OPTIONS = [
    "-x", "--upload-pack=x", "-oProxyCommand=x", "ext::sh -c x", "--", "-",
]
_SHELL = [
    "$(id)", "`id`", ";id", "|id", "&id", "a b", "a'b", 'a"b', "$HOME", "~", "%2e%2e", "a\nb", "*", "?", "[a]",
    "!x",
]
_SUBSTITUTED = [
    "${x}", "$${x}", "{{x}}", "{{ .Values.x }}", "{%x%}", "{x", "x}", "{}", "{pod}{", "{cluster}/{pod}", "$(X)",
]
_YAML = [
    "y", "n", "yes", "no", "on", "off", "true", "null", "~", "1", "0", "-1", "1e3", "0x1f", "0o17", "017", "08",
    "1_000", "1.0", ".5", ".inf", ".nan", "12:30", "2026-01-01", "2026-1-1", "=", "<<", "!!str x", "&a", "*a", "- x",
    "? x", ": x", "x: y", "# x", "x #y", "|", ">", "%YAML", "---", "...", "@x", "`x", "[", "]", "{", "}", ",", "''",
    '""', " x", "x ", "99999e99999", "0b1", "+1", "1:1", "Null", "NULL", "True",
]
_UNICODE = [
    "\xa0", "\xad", "\u200b", "\u200d", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff",
    "\ufffd", "\ufffe", "\U0001f600", "\U000e0001", "\u0430", "\uff41", "k\xe4fka", "e\u0301", "\u0661", "\u212a",
    "\u0131", "\u1e9e", "xn--a", "\u3002", "\uff0e", "\uff0f", "a\x00b",
]
_NAMES = [
    "A", "a_b", "a.b", "a..b", ".a", "a.", "-a", "a-", "a--b", "0", "0a", "a" * 63, "a" * 64, "a" * 254, "a" * 1024,
    "a" * 1025, "a" * 100000, "con", "nul", "kustomization", "kustomization.yaml", "service", "a/b/c", "a/", "/a",
    "a/*", "*/a", "localhost", "127.0.0.1", "255.255.255.255", "::1", "[::1]", "1.2.3", "a:1", "a@b", "a?b", "a#b",
    "*.example.com", "example.com.", "EXAMPLE.com", "http://x", "https://u:p@h/x", "file:///x", "git@h:x",
    "refs/heads/x", "HEAD", "@", "a.lock", "x" * 53, "kafka-0", "east", "streaming", "metadata", "constructor",
    "__proto__", "__class__", "'; DROP", "<script>", "&lt;", "\x1b[31m", "]]>", "${{ x }}", "%s", "{0}",
    "{cluster.__class__}",
]
# fmt: on

_CONTROL = [chr(code) for code in (*range(32), 0x7F, 0x80, 0x85, 0x9B, 0x9F)]

HOSTILE = sorted({*_PATHS, *_OPTIONS, *_SHELL, *_SUBSTITUTED, *_YAML, *_CONTROL, *_UNICODE, *_NAMES, ""})
"""Each text once, in order."""
