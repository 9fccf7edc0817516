from __future__ import annotations

import enum
import json
from typing import Any

import pytest
import yaml

from gitops_gen.manifest import ResourceId, dump, is_too_large, load, resource_id, scalar
from tests.strings import BOOLEANS_AND_NULLS, DATES, INDICATORS, NUMBERS

POD_SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {
        "name": "cluster-a-db-0",
        "namespace": "data",
        "annotations": {"networking.istio.io/exportTo": ".,istio-ingress"},
    },
    "spec": {
        "ports": [{"name": "http", "port": 80, "targetPort": "web"}],
        "publishNotReadyAddresses": True,
        "selector": {"statefulset.kubernetes.io/pod-name": "db-0"},
    },
}

POD_SERVICE_TEXT = """\
apiVersion: v1
kind: Service
metadata:
  name: cluster-a-db-0
  namespace: data
  annotations:
    networking.istio.io/exportTo: ".,istio-ingress"
spec:
  ports:
  - name: http
    port: 80
    targetPort: web
  publishNotReadyAddresses: true
  selector:
    statefulset.kubernetes.io/pod-name: db-0
"""


def test_a_resource_is_written_as_people_write_it() -> None:
    assert dump([POD_SERVICE]) == POD_SERVICE_TEXT


def test_resources_are_separated_by_three_dashes() -> None:
    assert dump([POD_SERVICE, POD_SERVICE]) == f"{POD_SERVICE_TEXT}---\n{POD_SERVICE_TEXT}"


def test_no_resource_is_no_text() -> None:
    assert dump([]) == ""


def test_what_is_empty_stays_on_its_line() -> None:
    assert dump([{"a": {}, "b": [], "c": "", "d": [{}, [], "", ()]}]) == (
        'a: {}\nb: []\nc: ""\nd:\n- {}\n- []\n- ""\n- []\n'
    )


def test_lists_in_lists_and_mappings_in_lists() -> None:
    manifest = {"a": [[1, [True, False]], {"b": {"c": [2]}, "d": 3}], "e": ({"f": "g"},)}

    assert dump([manifest]) == ("a:\n- - 1\n  - - true\n    - false\n- b:\n    c:\n    - 2\n  d: 3\ne:\n- f: g\n")


def test_text_of_several_lines_is_a_block() -> None:
    manifest = {"data": {"endpoints.yaml": "# three pods\n- targets:\n  - a\n\n  - b\n"}, "list": ["a\nb\n"]}

    assert dump([manifest]) == (
        "data:\n  endpoints.yaml: |\n    # three pods\n    - targets:\n      - a\n\n      - b\nlist:\n- |\n  a\n  b\n"
    )
    assert yaml.safe_load(dump([manifest])) == manifest


@pytest.mark.parametrize(
    "text", ["a\nb", "a\n\n", "\na\n", " a\nb\n", "a \nb\n", "a\n\tb\n", "é\nb\n", "\n", "a\r\nb\n"]
)
def test_text_that_a_block_could_change_is_quoted(text: str) -> None:
    written = dump([{"a": text}])

    assert "|" not in written
    assert written.count("\n") == 1
    assert yaml.safe_load(written) == {"a": text}


def test_words_of_an_enumeration_are_written_as_their_text() -> None:
    class Colour(enum.StrEnum):
        RED = "red"
        NO = "no"

    assert dump([{"a": Colour.RED, "b": [Colour.NO]}]) == 'a: red\nb:\n- "no"\n'


@pytest.mark.parametrize("value", [None, 1.5, b"a", {1}, object()])
def test_what_a_manifest_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="a manifest holds"):
        dump([{"a": value}])
    with pytest.raises(TypeError, match="a manifest holds"):
        dump([{"a": [value]}])


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "db-0",
        "/",
        "a/b",
        "networking.istio.io/v1",
        "a.b.c",
        "A_b",
        "../../base/a",
        "true-ish",
        "e3",
        "x0",
        "nonsense",
    ],
)
def test_ordinary_words_are_plain(text: str) -> None:
    assert scalar(text) == text


READ_AS_IT_IS = {"inf", "nan", "a."}


@pytest.mark.parametrize("text", sorted({*BOOLEANS_AND_NULLS, *NUMBERS, *DATES, *INDICATORS} - READ_AS_IT_IS))
def test_whatever_a_reader_could_retype_is_quoted(text: str) -> None:
    assert scalar(text) == json.dumps(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""'),
        (" a ", '" a "'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("a\nb\tc\r", '"a\\nb\\tc\\r"'),
        ("\0\x1b", '"\\u0000\\u001b"'),
        ("\x7f\x85\xa0\u2028\u2029\ufeff\uffff", '"\\u007f\\u0085\\u00a0\\u2028\\u2029\\ufeff\\uffff"'),
        ("é", '"é"'),
        ("\N{GRINNING FACE}", '"\N{GRINNING FACE}"'),
        ("\N{ARABIC-INDIC DIGIT THREE}", '"\N{ARABIC-INDIC DIGIT THREE}"'),
        ("\N{KELVIN SIGN}", '"\N{KELVIN SIGN}"'),
    ],
)
def test_quoting_is_that_of_json(text: str, written: str) -> None:
    assert scalar(text) == written
    assert yaml.safe_load(scalar(text)) == text


def test_reading_takes_no_string_for_anything_else() -> None:
    text = """\
a: 12:30
b: 2026-01-01
c: =
d: "1"
e: 1
f: -2
g: 1.5
h: true
i: null
j:
k: ~
l: no
m: '08'
n: 1e99999
o: 1e3
p: [1, "2", {q: r}]
s: |
  t
"""
    assert list(load(text)) == [
        {
            "a": "12:30",
            "b": "2026-01-01",
            "c": "=",
            "d": "1",
            "e": 1,
            "f": -2,
            "g": 1.5,
            "h": True,
            "i": None,
            "j": None,
            "k": None,
            "l": "no",
            "m": "08",
            "n": "1e99999",
            "o": 1000.0,
            "p": [1, "2", {"q": "r"}],
            "s": "t\n",
        }
    ]


def test_reading_skips_documents_without_anything() -> None:
    assert list(load("---\n# nothing\n---\na: 1\n---\n")) == [{"a": 1}]


def test_reading_what_is_no_yaml_fails() -> None:
    with pytest.raises(yaml.YAMLError):
        list(load("a: [1\n"))


@pytest.mark.parametrize(
    "text",
    [
        "1e400",
        "-1e400",
        "1E400",
        "9" * 400,
        "0x1ffffffffffffffff",
        "0XFFFF_FFFF_FFFF_FFFF_F",
        "0b" + "1" * 65,
        "0o7777777777777777777777777",
    ],
)
def test_numbers_that_64_bits_cannot_hold_are_known(text: str) -> None:
    assert is_too_large(text)


@pytest.mark.parametrize(
    "text", ["", "a", "1e3", "1e300", "0x1f", "0xdeadbeef", "0x", "0b", "0", "08", "1.5", "cluster-1e400", "1e400-db"]
)
def test_other_strings_are_not_too_large(text: str) -> None:
    assert not is_too_large(text)


def test_an_id_is_group_kind_namespace_and_name() -> None:
    core = resource_id(POD_SERVICE)
    istio = resource_id({"apiVersion": "networking.istio.io/v1beta1", "kind": "Gateway", "metadata": {"name": "a"}})

    assert core == ResourceId("", "Service", "data", "cluster-a-db-0")
    assert istio == ResourceId("networking.istio.io", "Gateway", "", "a")
    assert (str(core), str(istio)) == ("Service data/cluster-a-db-0", "Gateway a")


def test_aliases_are_not_read() -> None:
    with pytest.raises(ValueError, match="aliases"):
        list(load("a: &x [1, 1]\nb: [*x, *x]\n"))
    assert list(load("a: '*.example.com'\nb: |\n  *x\n")) == [{"a": "*.example.com", "b": "*x\n"}]
