# ruff: noqa: E501 - tables, many cases a line

from __future__ import annotations

import gc
import textwrap
import time
from typing import Any

import pytest

from gitops_gen.inventory import compose
from gitops_gen.inventory.kinds import API_VERSION, KINDS
from gitops_gen.inventory.nodes import Document, read_documents
from gitops_gen.inventory.scalars import Doubt, plain
from gitops_gen.inventory.source import LARGEST_FILE, Source
from gitops_gen.inventory.text import SHOWN_OF_A_KIND


def read(text: str | bytes) -> tuple[list[Document], list[tuple[str, str]]]:
    content = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
    documents, problems, _ = read_documents(Source("f", content))
    return documents, [(str(p.location).removeprefix("f:"), p.rule) for p in problems]


def value(text: str) -> Any:
    (document,), problems = read(text)
    assert not problems
    assert not document.doubts
    return document.value


def only(text: str | bytes) -> Any:
    content = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
    _, problems, _ = read_documents(Source("f", content))
    assert len(problems) == 1, problems
    return problems[0]


# Values and places.

GOOD = """\
# á comment
kind: Mesh
metadata: {name: ünïcode, "labels": {a: 'b'}}
spec:
  list:
    - 1
    - {x: true}
  folded: >-
    two
    lines
  nothing: null
"""


def test_values_are_plain_python_values() -> None:
    assert value(GOOD) == {
        "kind": "Mesh",
        "metadata": {"name": "ünïcode", "labels": {"a": "b"}},
        "spec": {"list": [1, {"x": True}], "folded": "two lines", "nothing": None},
    }


@pytest.mark.parametrize(
    ("path", "at_value", "at_key"),
    [
        ((), "2:1", "2:1"),
        (("kind",), "2:7", "2:1"),
        (("metadata", "name"), "3:18", "3:12"),
        (("metadata", "labels", "a"), "3:41", "3:38"),
        (("spec", "list"), "6:5", "5:3"),
        (("spec", "list", 1), "7:7", "7:7"),
        (("spec", "list", 1, "x"), "7:11", "7:8"),
        (("spec", "list", 9), "6:5", "5:3"),
        (("spec", "missing", "x"), "5:3", "4:1"),
        (("kind", "x", 0), "2:7", "2:1"),
        (("spec", 0), "5:3", "4:1"),
        (("spec", "list", "x"), "6:5", "5:3"),
    ],
)
def test_every_value_and_key_has_its_place(path: compose.Path, at_value: str, at_key: str) -> None:
    for ends in ("\n", "\r\n"):
        (document,), problems = read(GOOD.replace("\n", ends).encode())
        assert not problems
        assert str(document.at(path)) == f"f:{at_value}"
        assert str(document.at(path, key=True)) == f"f:{at_key}"


def test_a_place_spans_the_value_on_its_first_line() -> None:
    (document,), _ = read("kind: Mesh\nname: ünïcode\nlong: [a,\n  b]\nnone:\n")
    assert [document.at((key,)).length for key in ("name", "long", "none")] == [7, 3, 4]
    assert document.at(("name",), key=True).length == 4
    assert document.written(("long",)) == "[a,\n  b]"


def test_documents_of_a_file_keep_their_lines() -> None:
    documents, problems = read("---\n# nothing\n---\nkind: Mesh\n---\nkind: Cluster\n...\n---\n")
    assert not problems
    assert [(d.kind, str(d.at(()))) for d in documents] == [("Mesh", "f:4:1"), ("Cluster", "f:6:1")]


def test_json_is_read_like_yaml() -> None:
    text = '{\n\t"kind":"Mesh",\n\t"spec": {"a": [1, true, null, "x\\/y"]}\n}'
    (document,), problems = read(text.encode())
    assert not problems
    assert document.value == {"kind": "Mesh", "spec": {"a": [1, True, None, "x/y"]}}
    assert str(document.at(("spec", "a", 3))) == "f:3:32"


def test_an_empty_file_has_no_documents() -> None:
    assert read("") == ([], [])
    assert read("# nothing\n") == ([], [])


# Scalars.

TEXTS = (
    "a", "kafka-0", "10.0.0.1", "80:80", "1.2.3", "v1", "none", "nil", "None", "tRUE", "nO", "-", "--", "1a", "0x", "0xg",
    "12e", "e3", "a:b", "1-2", "cluster.local", "240.241.0.0/16", "a-b", "/", "\\n", "inf", "..", "1..2", "1e3e",
    "istio/gw", "::1", "fe80::1", "git@host:path", "31000-31099", "=a", "<<a", "+", "0b", "08a", "2026-01", "1_a",
)  # fmt: skip
SURE: dict[str, Any] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None,
    "0": 0, "7": 7, "+7": 7, "-7": -7, "123456789012345678": 123456789012345678, "1.5": 1.5, "1.30": 1.3, "-0.5": -0.5,
}  # fmt: skip
DOUBTFUL = (
    "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF",
    "0755", "0o17", "0x1F", "0b101", "1e3", "12e03", "1234e56", "61e95", "1.5e3", ".5", "+.5", "1.", "08", "09.5", "00",
    "12:30", "1:30:59", "22:22:22", "-1:30", "190:20:30.15", "2026-01-01", "2026-1-1", "2001-12-14t21:59:43.10-05:00",
    "2026-01-01 12:00:00", "1_000", "-_0", "_1", "_", "0x_1", "1_0.5", ".inf", "-.INF", "+.inf", ".nan", ".NaN", "=", "1234567890123456789", "9" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("written", TEXTS)
def test_text_is_text(written: str) -> None:
    assert plain(written) == written


@pytest.mark.parametrize("written", SURE)
def test_what_all_readers_agree_on_is_read(written: str) -> None:
    read_as = plain(written)
    assert (type(read_as), read_as) == (type(SURE[written]), SURE[written])


@pytest.mark.parametrize("written", DOUBTFUL)
def test_what_readers_disagree_on_is_doubtful_unless_it_is_quoted(written: str) -> None:
    assert isinstance(plain(written), Doubt)
    for quote in "'\"":
        assert value(f"kind: Mesh\na: {quote}{written}{quote}") == {"kind": "Mesh", "a": written}


def test_words_that_were_met_before_are_read_like_the_first_time() -> None:
    text = "kind: Mesh\na: [Abc, abc, ABC, 'true', true, \"true\", '3', 3]\nabc: [3, '3', Abc]\n"
    assert value(text) == {
        "kind": "Mesh",
        "a": ["Abc", "abc", "ABC", "true", True, "true", "3", 3],
        "abc": [3, "3", "Abc"],
    }


def test_a_doubtful_value_stays_as_it_is_written() -> None:
    (document,), problems = read("kind: Mesh\na: [no, {b: 0755}]\nc:")
    assert not problems
    assert document.value == {"kind": "Mesh", "a": ["no", {"b": "0755"}], "c": None}
    assert set(document.doubts) == {("a", 0), ("a", 1, "b"), ("c",)}


@pytest.mark.parametrize("key", ["no", "y", "1", "1.5", "~", "null", "true", "0755", "2026-01-01", "="])
def test_a_key_is_text_to_every_reader(key: str) -> None:
    problem = only(f"kind: Mesh\n{key}: x")
    assert (problem.rule, str(problem.location)) == ("GGI108", "f:2:1")
    assert f'"{key}":' in problem.help
    assert value(f'kind: Mesh\n"{key}": x') == {"kind": "Mesh", key: "x"}


# What is refused, with its place.


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ("kind: Mesh\na: 1\nb:\n  c: 1\n  c: 2\n", "GGI105", "5:3"),
        ("kind: Mesh\na: &x 1\n", "GGI106", "2:4"),
        ("kind: Mesh\na: &x {}\n", "GGI106", "2:4"),
        ("kind: Mesh\na: &x []\n", "GGI106", "2:4"),
        ("kind: Mesh\na: *x\n", "GGI106", "2:4"),
        ("kind: Mesh\n*x : 1\n", "GGI106", "2:1"),
        ("kind: Mesh\na: {<<: {b: 1}}\n", "GGI106", "2:5"),
        ("kind: Mesh\na: !!str 1\n", "GGI107", "2:4"),
        ("kind: Mesh\na: !x {}\n", "GGI107", "2:4"),
        ("kind: Mesh\na: !python/object/apply:os.system ['true']\n", "GGI107", "2:4"),
        ("%YAML 1.2\n---\nkind: Mesh\n", "GGI107", "1:1"),
        ("%TAG ! tag:x,2000:\n---\nkind: Mesh\n", "GGI107", "1:1"),
        ("kind: Mesh\n? [a]\n: b\n", "GGI108", "2:3"),
        ("kind: Mesh\na: {{ name }}\n", "GGI108", "2:5"),
        ("kind: Mesh\n? a\n  b\n: c\n", "GGI108", "2:3"),
        ('kind: Mesh\n? "a\n  b"\n: c\n', "GGI108", "2:3"),
        ("kind: Mesh\n? \n: c\n", "GGI108", "2:2"),
        ("kind: Mesh\na: ${b}\n", "GGI113", "2:4"),
        ('kind: Mesh\na: "\\x24{b}"\n', "GGI113", "2:4"),
        ("kind: Mesh\n${a}: b\n", "GGI113", "2:1"),
        ('kind: Mesh\na: "\\0"\n', "GGI103", "2:4"),
        ('kind: Mesh\na: "\\e[31m"\n', "GGI103", "2:4"),
        ('kind: Mesh\na: "\\N"\n', "GGI103", "2:4"),
        ('kind: Mesh\na: "x\\u202ey"\n', "GGI103", "2:4"),
        ('kind: Mesh\n"a\\t": b\n', "GGI103", "2:1"),
        ("kind: Mesh\na: |\n  two\n  lines\n", "GGI103", "2:4"),
        ("kind: Mesh\na: x\ty\n", "GGI103", "2:4"),
        ("kind: Mesh\na: x\x00y\n", "GGI103", "2:5"),
        ("kind: Mesh\n# x\x85y\n", "GGI103", "2:4"),
        ("kind: Mesh\na: x\u2028y\n", "GGI103", "2:5"),
        ("kind: Mesh\na: x\u202ey\n", "GGI103", "2:5"),
        ("kind: Mesh\na: x\u200by\n", "GGI103", "2:5"),
        ("kind: Mesh\n# x\ry\n", "GGI103", "2:4"),
        ("\ufeffkind: Mesh\n", "GGI101", "1:1"),
        ("- kind: Mesh\n", "GGI114", "1:1"),
        ("Mesh\n", "GGI114", "1:1"),
        ("name: x\n", "GGI114", "1:1"),
        ("kind: Mush\n", "GGI114", "1:7"),
        ("kind: [Mesh]\n", "GGI114", "1:7"),
        ("kind: Pod\napiVersion: v1\n", "GGI114", "1:7"),
    ],
)
def test_a_mistake_is_reported_at_its_place(text: str, rule: str, place: str) -> None:
    problem = only(text)
    assert (problem.rule, str(problem.location)) == (rule, f"f:{place}")
    assert problem.help


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a:\n\tb: 1", "2:1", "a tab cannot indent"),
        ("a: @b", "1:4", "cannot begin with `@`"),
        ("a: %b", "1:4", "cannot begin with `%`"),
        ("a: `b`", "1:4", "cannot begin with a backtick"),
        ("a: *.example.com", "1:5", "cannot begin with `*` or `&`"),
        ("a: b: c", "1:5", "a `:` stands where no key can be"),
        ("a: 1\n b: 2", "2:3", "a `:` stands where no key can be"),
        ("a: b\nc\nd: e", "2:1", "this line is no `key: value`"),
        ('a: "b', "1:6", "a quote is opened and never closed"),
        ("a: 'b", "1:6", "a quote is opened and never closed"),
        ("a: [1, 2\nb: 3", "2:2", "a list in brackets does not end"),
        ("a: [1, 2", "1:9", "a list in brackets does not end"),
        ("a: {b: 1", "1:9", "a mapping in braces does not end"),
        ("a: [", "1:5", "the text ends before a bracket"),
        ("a: {b: [1, {\n\n", "1:13", "the text ends before a bracket"),
        ("a: [,]", "1:5", "a value is missing"),
        ("{kind: Mesh}}", "1:13", "the document has ended before this"),
        ("a: 1\n- b", "2:1", "fits neither the mapping"),
        ("- a\nb: c", "2:1", "fits neither the list"),
        ('a: "\\q"', "1:5", "begins no known escape"),
        ('a: "\\ud800"', "1:7", "stands for no character"),
        ("a: - b", "1:4", "a `- ` stands where no list can be"),
        ("a: !u!x b", "1:4", "cannot begin with `!`"),
        ("a: | x\n  y", "1:6", "only a comment may follow"),
        ("%YAML 3.0\n---\na: b", "1:1", "version of YAML"),
    ],
)
def test_a_syntax_error_is_told_in_our_words(text: str, place: str, message: str) -> None:
    problem = only(text)
    assert (problem.rule, str(problem.location)) == ("GGI104", f"f:{place}")
    assert message in problem.message
    assert problem.help


def test_a_syntax_error_ends_its_file_but_not_what_stood_before() -> None:
    documents, problems = read("kind: Mesh\na: 1\na: 2\n---\nkind: Cluster\nb: [\n---\nkind: Workload\n")
    assert [document.kind for document in documents] == ["Mesh"]
    assert problems == [("3:1", "GGI105"), ("7:1", "GGI104")]


def test_all_mistakes_are_found_in_one_reading() -> None:
    _, problems = read("kind: Mesh\na: &x 1\nb: *x\nc: !t ${d}\n1: 2\na: 3\nx: \x85\n")
    assert sorted(problems) == [
        ("2:4", "GGI106"), ("3:4", "GGI106"), ("4:4", "GGI107"), ("4:4", "GGI113"), ("5:1", "GGI108"), ("6:1", "GGI105"), ("7:4", "GGI103"),
    ]  # fmt: skip


def test_a_repeated_key_names_both_places_and_the_first_value_stays() -> None:
    (document,), problems, _ = read_documents(Source("f", b"kind: Mesh\na: 1\n'a': {b: no}\na: 3\n"))
    assert [[str(place) for _, place in problem.related] for problem in problems] == [["f:2:1"], ["f:2:1"]]
    assert document.value["a"] == 1
    assert not document.doubts


def test_what_was_reported_is_not_to_be_believed_later() -> None:
    (document,), _ = read("kind: Mesh\na: *x\nb: {c: '${x}', d: [\"\\0\"]}\ne: {<<: {}}")
    assert dict(document.doubts) == {("a",): None, ("b", "c"): None, ("b", "d", 0): None, ("e",): None}


def test_joiners_and_wide_characters_may_stand_in_comments_and_values() -> None:
    assert value("# \U0001f469\u200d\U0001f4bb\nkind: Mesh\na: 日本\n")["a"] == "日本"


# Bytes.


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"kind: Mesh\na: \xffx", "2:4", "byte 0xff is no UTF-8"),
        (b"# \xc3\xa9\xe9", "1:4", "byte 0xe9 is no UTF-8"),
        (b"\xc0\x80", "1:1", "byte 0xc0"),
        (b"\xed\xa0\x80", "1:1", "byte 0xed"),
        ("kind: Mesh".encode("utf-16"), "1:1", "UTF-16"),
    ],
)
def test_bytes_that_are_no_utf_8(content: bytes, place: str, message: str) -> None:
    problem = only(content)
    assert (problem.rule, str(problem.location)) == ("GGI101", f"f:{place}")
    assert message in problem.message


def test_a_mark_at_the_beginning_does_not_move_places() -> None:
    (document,), problems = read(b"\xef\xbb\xbfkind: Mesh\n")
    assert problems == [("1:1", "GGI101")]
    assert str(document.at(("kind",))) == "f:1:7"


# Bounds: each in less than a second of this process's time, on a machine of its own.


HANG_S = 10
"""From here on reading hangs, by what the tool promises; how quick it is stands in the benchmarks."""


def timed(content: str) -> tuple[float, list[tuple[str, str]]]:
    begin = time.process_time()
    documents, problems = read(content[:LARGEST_FILE].encode())
    doubts = [("", "doubtful") for document in documents for _ in document.doubts]
    return time.process_time() - begin, [*problems, *doubts]


def test_a_file_may_be_as_large_as_the_bound_and_no_larger() -> None:
    text = b"kind: Mesh\n"
    assert not read(text + b"#" * (LARGEST_FILE - len(text)))[1]
    assert only(text + b"#" * (LARGEST_FILE - len(text) + 1)).rule == "GGI102"


def test_twenty_levels_are_read_and_no_more() -> None:
    inner = compose.DEEPEST - 1
    assert not read("kind: Mesh\na: " + "[" * inner + "]" * inner)[1]
    assert not read("kind: Mesh\na: " + "{a: " * inner + "1" + "}" * inner)[1]
    assert read("kind: Mesh\na: " + "[" * (inner + 1) + "]" * (inner + 1))[1] == [("2:23", "GGI109")]
    assert read("kind: Mesh\na: " + "{a: " * (inner + 1) + "}" * (inner + 1))[1] == [("2:80", "GGI109")]


def test_nodes_of_a_document_and_of_a_file_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "MOST_NODES_OF_DOCUMENT", 10)
    monkeypatch.setattr(compose, "MOST_NODES", 25)
    monkeypatch.setattr(compose, "MOST_DOCUMENTS", 4)
    document = "kind: Mesh\na: [1, 2, 3, 4, 5]\n"
    assert not read(document)[1]
    assert read(document.replace("5", "5, 6"))[1] == [("2:20", "GGI110")]
    assert not read("---\n".join([document] * 2))[1]
    assert read("---\n".join([document] * 3))[1] == [("8:5", "GGI110")]
    assert not read("---\n" * 4)[1]
    assert read("---\n" * 5)[1] == [("5:1", "GGI110")]


@pytest.mark.parametrize(
    "content",
    [
        "[" * LARGEST_FILE,
        "{" * LARGEST_FILE,
        "? " * LARGEST_FILE,
        "- " * LARGEST_FILE,
        "[\n" * LARGEST_FILE,
        "{a: " * LARGEST_FILE,
        "[? " * LARGEST_FILE,
        "&a " * LARGEST_FILE,
        "a: &a [" + "*a," * LARGEST_FILE,
        '"' + "a" * LARGEST_FILE,
        '"' + "\\n" * LARGEST_FILE,
        " " * LARGEST_FILE,
        "#" * LARGEST_FILE,
        "&" + "a" * LARGEST_FILE,
        "!" * LARGEST_FILE,
        "%" * LARGEST_FILE,
        ":" * LARGEST_FILE,
        "a\n" * LARGEST_FILE,
        "|" + "\n" * LARGEST_FILE,
        "kind: Mesh\na: [" + "1," * LARGEST_FILE,
        "kind: Mesh\na: [" + "no," * LARGEST_FILE,
        "kind: Mesh\na: [" + "'${'," * LARGEST_FILE,
        "kind: Mesh\na: {" + "a," * LARGEST_FILE,
        "kind: Mesh\na: " + "9" * LARGEST_FILE,
        "---\n" * LARGEST_FILE,
        "--- {}\n" * LARGEST_FILE,
        "%YAML 1.1\n---\n" * LARGEST_FILE,
        "\x00" * LARGEST_FILE,
        "\u202e" * (LARGEST_FILE // 3),
        "a" * 1000 + ": b\n",
        ("a" * 1000 + ": b\n") * (LARGEST_FILE // 1010),
    ],
    ids=lambda content: repr(content[:20]),
)
def test_bombs_are_refused_quickly(content: str) -> None:
    seconds, problems = timed(content)
    assert problems or not content.strip(" #\n")
    assert len(problems) <= 5 * (SHOWN_OF_A_KIND + 1)
    assert seconds < HANG_S


def test_an_alias_bomb_is_refused_and_never_grows() -> None:
    levels = "\n".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]" for i in range(9))
    (document,), problems = read(f"kind: Mesh\na: &a [x]\n{levels}\n")
    assert {rule for _, rule in problems} == {"GGI106"}
    assert document.value["j"] == [None] * 9


def test_beyond_a_hundred_problems_of_a_rule_there_is_only_a_count() -> None:
    _, problems, _ = read_documents(Source("f", b"kind: Mesh\na:\n" + b"- *x\n" * 1000 + b"a: 1\n"))
    aliases = [problem for problem in problems if problem.rule == "GGI106"]
    assert len(aliases) == SHOWN_OF_A_KIND + 1
    assert aliases[-1].message == "900 more problems like the 100 before"
    assert str(aliases[-1].location) == "f:103:3"
    assert [p.rule for p in problems if p.rule != "GGI106"] == ["GGI105"]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(*, enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        read("kind: Mesh\na: [")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


# Kinds.


def test_kinds_and_version_are_those_of_the_models() -> None:
    from gitops_gen.inventory.format import DOCUMENTS
    from gitops_gen.inventory.format.fields import API_VERSION as OF_MODELS

    assert tuple(DOCUMENTS) == KINDS
    assert OF_MODELS == API_VERSION


@pytest.mark.parametrize(
    ("text", "help_line"),
    [
        ("kind: workload", "did you mean `Workload`?"),
        ("kind: Workloads", "did you mean `Workload`?"),
        ("kind: Deployment", "known are: `Cluster`, `Consumer`, `Mesh`, `Workload`"),
        ("apiVersion: apps/v1\nkind: Mesh2", "keep other manifests out of the inventory's directory"),
        ("apiVersion: gitops-gen.io/v1alpha1", "write `kind:` and one of Mesh, Cluster, Workload, Consumer"),
    ],
)
def test_an_unknown_kind_gets_advice(text: str, help_line: str) -> None:
    assert only(text).help == help_line


@pytest.mark.parametrize("kind", ["|\n  Mesh", '"Me\\0sh"', "*mesh", "${KIND}"])
def test_a_kind_of_which_a_problem_has_spoken_is_not_unknown_too(kind: str) -> None:
    assert only(f"kind: {kind}\n").rule != "GGI114"


def test_messages_are_on_one_line_whatever_they_quote() -> None:
    for text in ('kind: Mesh\n? "a\\nb"\n: 1\n? "a\\nb"\n: 1\n', 'kind: Mush\n"\\n": no\n'):
        _, problems, _ = read_documents(Source("f", text.encode()))
        assert problems
        assert all((problem.message + problem.help + problem.subject).isprintable() for problem in problems)


def test_doubts_of_a_document_of_unknown_kind_are_reported_too() -> None:
    _, problems = read("kind: Mush\na: no\nb: *x\nc:\n")
    assert problems == [("3:4", "GGI106"), ("1:7", "GGI114"), ("2:4", "GGI111")]


MESH = "apiVersion: gitops-gen.io/v1alpha1\nkind: Mesh\n"


@pytest.mark.parametrize("text", ["1e400", '"1e400"', "'1.1E+400'", '"0x11111111111111111"', '"1_0e400"'])
@pytest.mark.parametrize("line", ["name: %s", "labels: {a: %s}", "labels: {%s: a}", "names: [%s]"])
def test_numbers_that_kustomize_would_bare_are_refused_in_quotes_too(text: str, line: str) -> None:
    documents, problems = read(f"{MESH}metadata: {{name: a}}\nspec:\n  {line % text}\n")
    assert [rule for _, rule in problems] == ["GGI111"]
    assert len(documents) == 1


@pytest.mark.parametrize("text", ['"1e40"', '"0x1111"', "cluster-1e400", '"1e400-db"'])
def test_other_texts_that_look_like_numbers_are_not(text: str) -> None:
    assert read(f"{MESH}metadata: {{name: {text}}}\n")[1] == []
