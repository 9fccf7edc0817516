"""Strings that some reader of YAML takes for something else, and a strategy for many more of the kind."""

from __future__ import annotations

from hypothesis import strategies as st

BOOLEANS_AND_NULLS = (
    "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "true",
    "True", "TRUE", "false", "False", "FALSE", "null", "Null", "NULL", "~", "",
)  # fmt: skip

NUMBERS = (
    "0", "1", "-1", "+1", "00", "08", "09", "-08", "0755", "0o14", "0o17", "0O17", "0x1F", "0X1f", "-0x1",
    "0b11", "0B1", "1_000", "1_0.0_1", "_1", "1_", "0x_", "0b_", "1.", ".5", "+.5", "-.5", "1.0", "1.10",
    "1.30", "0.1", "1e3", "1E3", "12e4", "+1e3", "1e+3", "1e-3", "1.e3", ".1e1", "1234e56", "61e9540",
    "685.230_15e+03", ".inf", ".Inf", "-.INF", "+.inf", ".nan", ".NaN", ".NAN", "inf", "nan",
    "123456789012345678901234567890", "9223372036854775808", "1e99999", "0e0", "-0", "12:30", "1:2", "22:22",
    "190:20:30", "1:2:3:4", "-1:30", "12:30.5", "0:0",
)  # fmt: skip

DATES = (
    "2026-01-01", "2026-1-1", "2024-1-1", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5",
    "2026-01-01T00:00:00Z", "2026-01-01 00:00:00", "2001-12-15 2:59:43.10",
)  # fmt: skip

INDICATORS = (
    "=", "<<", "-", "--", "---", "----", "...", "?", ":", "#", "&", "*", "!", "|", ">", "%", "@", "`", ",", "[",
    "]", "{", "}", "[]", "{}", "[a]", "{a: b}", "- a", "-a", "? a", "?a", "a:", "a: b", "a:b", ":a", "a #b",
    "a#b", "#a", "&a", "*a", "!a", "!!str a", "%YAML 1.1", "@a", "`a`", "|-", ">-", "--- a", "... a", "'", "''",
    "'a'", '"', '""', '"a"', "\\", "\\n", "\\u0041", "a,b", "a]", "a}", "${x}", "$(x)", "../1", "./a", ".",
    "..", ".a", "a.",
)  # fmt: skip

SPACES_AND_LINES = (
    " ", "  ", " a", "a ", " a ", "\t", "\ta", "a\t", "a\tb", "\n", "\n\n", "a\n", "a\nb", "a\nb\n", "a\n\nb\n",
    "\na", " a\nb\n", "a\n b\n", "a \nb\n", "a\n\n", "a: b\nc: d\n", "# a\n- b\n", "---\na\n", "...\n",
    "a\r\nb", "\r", "a\rb\n", "a\n\tb\n", "|\n", "\ta\n",
)  # fmt: skip

BEYOND_ASCII = (
    "é", "ß", "中文", "\N{GRINNING FACE}", "\U0010fffd", "\U0001fffe", "\u202e", "\u200b", "\u2028", "\u2029",
    "a\u2028b", "\ufeff", "\ufeffa", "\xa0", "\ufffd", "\N{ARABIC-INDIC DIGIT THREE}",
    "\N{FULLWIDTH DIGIT ONE}", "\N{KELVIN SIGN}", "e\u0301",
)  # fmt: skip

LONG = ("x" * 1000, "x " * 450, "0" * 1000, "-" * 100, "a: " * 300)

NASTY = (*BOOLEANS_AND_NULLS, *NUMBERS, *DATES, *INDICATORS, *SPACES_AND_LINES, *BEYOND_ASCII, *LONG)
"""Every one by itself, and as part of something longer."""

CONTROL = ("\0", "\x01", "\x07", "\x1b", "\x1f", "\x7f", "\x80", "\x85", "\x9f", "\ufffe", "\uffff", "a\x85b", "\x7fa")
"""Characters that no inventory may hold; YAML can, some of its readers and writers cannot."""

# Beyond 1,024 characters YAML has no simple keys, and Kubernetes has none of half that length.
LONGEST_KEY = 1000

_NUMBER_LIKE = st.text(alphabet="0123456789abefxoEXOB_.+-: ", max_size=24)
_WORD_LIKE = st.sampled_from(NASTY)
_ANYTHING = st.text(
    alphabet=st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=40
)

strings = st.one_of(
    _WORD_LIKE,
    _NUMBER_LIKE,
    _ANYTHING,
    st.builds("".join, st.lists(st.one_of(_WORD_LIKE, _NUMBER_LIKE), min_size=2, max_size=3)).filter(
        lambda text: len(text) <= LONGEST_KEY
    ),
)
"""Anything that could stand in a manifest, mostly of the kind that goes wrong."""

label_values = st.from_regex(r"\A[A-Za-z0-9]([-A-Za-z0-9_.]{0,30}[A-Za-z0-9])?\Z") | st.from_regex(
    r"\A(0[xXoObB]?|[0-9]{1,4}[eE._-]?)[0-9a-fA-F_]{0,20}[0-9a-f]\Z"
)
"""Values that Kubernetes accepts for a label, numbers and dates among them."""
