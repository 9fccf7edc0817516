"""Whatever bytes somebody sends: problems with places, or an inventory; never an exception, never much time.

Good inventories are cut at every byte, their bytes flipped, their words replaced by ones that YAML is known to
stumble over; beside that, text is made of YAML's own signs. The report of what was found must be printable too.
"""

# ruff: noqa: E501, S311 - tables, many cases a line; dice, not secrets

from __future__ import annotations

import random
import re
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_gen.inventory.load import Loaded, load_inventory
from gitops_gen.inventory.nodes import read_documents
from gitops_gen.inventory.scalars import Doubt, plain
from gitops_gen.inventory.source import Source
from gitops_gen.report.problems import problems_github, problems_json, problems_text
from gitops_gen.rules import RULES

GOOD = """\
apiVersion: gitops-gen.io/v1alpha1
kind: Mesh
metadata: {name: example}
spec:
  gitops: {repository: "https://git.example.com/mesh.git", engine: argocd, syncUnit: namespace}
  guards: {removedWorkloads: {atMost: 3, percent: 10}}
---
apiVersion: gitops-gen.io/v1alpha1
kind: Cluster
metadata: {name: east, labels: {ring: canary}}
spec:
  istio: {version: "1.30", mtls: strict, dnsCapture: false, endpointDiscovery: false}
  ingresses:
    public:
      default: true
      namespace: istio-ingress
      hostTemplate: "{cluster}-{pod}.example.com"
      openPorts: [80, 443, 10901, 31000-31099]
  eastWest: {address: 203.0.113.9}
---
apiVersion: gitops-gen.io/v1alpha1
kind: Workload
metadata: {name: prometheus, namespace: monitoring}
spec:
  service: {name: prometheus-operated}
  serviceAccount: prometheus
  ports:
    - {name: http-web, port: 9090, protocol: HTTP, expose: {}}
    - {name: grpc, port: 10901, protocol: GRPC, expose: {port: 10901}}
    - {name: raw, port: 9000, protocol: TCP, expose: [{startPort: 31000}]}
  placements:
    - {cluster: east, replicas: 2}
---
apiVersion: gitops-gen.io/v1alpha1
kind: Consumer
metadata: {name: thanos-query, namespace: thanos}
spec:
  cluster: east
  workloads: [monitoring/prometheus]
  via: north-south
  port: grpc
"""

LONGEST_S = 10.0
"""Seconds of one reading, on a slow and busy machine."""


def judged(content: bytes) -> Loaded:
    """Read, and hold what comes back against what was promised."""
    begin = time.process_time()
    loaded = load_inventory([Source("hostile.yaml", content)])
    assert time.process_time() - begin < LONGEST_S
    assert (loaded.inventory is None) == any(problem.severity == "error" for problem in loaded.problems)
    lines = loaded.texts["hostile.yaml"].split("\n")
    for problem in loaded.problems:
        assert problem.rule in RULES
        assert problem.message
        assert "\n" not in problem.message
        for place in (problem.location, *(place for _, place in problem.related)):
            if place.file == "hostile.yaml":
                assert 1 <= place.line <= len(lines)
                assert 1 <= place.column <= len(lines[place.line - 1]) + 1
    text = problems_text(loaded.problems, loaded.texts)
    assert text.replace("\n", "").isprintable()
    assert problems_github(loaded.problems).count("\n") == max(0, len(loaded.problems) - 1)
    assert problems_json(loaded.problems).isascii()
    return loaded


def test_the_inventory_that_is_to_be_spoilt_is_good() -> None:
    loaded = judged(GOOD.encode())
    assert loaded.inventory is not None
    assert loaded.problems == ()


def test_cut_at_every_byte_it_is_refused_or_a_shorter_inventory() -> None:
    whole = load_inventory([Source("good", GOOD.encode())]).inventory
    assert whole is not None
    content = GOOD.encode()
    for end in range(len(content)):
        cut = judged(content[:end])
        if cut.inventory is not None and cut.inventory.digest != whole.digest:
            # A cut that reads as a whole is one between two documents or two members; the guards of a publish see
            # what is gone. Nothing in it has another value than was written.
            assert set(cut.inventory.clusters) <= set(whole.clusters)
            assert len(cut.inventory.workloads) <= len(whole.workloads)


HOSTILE_WORDS = (
    "no", "0755", "1e3", "12:30", "~", "", "*a", "&a", "!!str", "!!python/object:os.system", "<<", "<<: *a", "${x}", "{{ x }}", "[", "]",
    "{", "}", "[]", "{}", "- ", "? ", ": ", "|", ">", "'", '"', '"\\0"', '"\\u202e"', '"\\ud800"', "%YAML", "---", "...", "\t", "\r", "\r\n",
    "\x85", "\u2028", "\u202e", "\ufeff", "\x00", "\x1b[31m", "@", "`", "#", "-1", "9" * 30, "9" * 5000, "null", "true", "3.5", "../../etc",
    "a" * 300, "ünï", "日本", "kind", "metadata", "spec", "::error::x", "##[group]x", "0x1F", ".inf", ".nan", "1_000", "2026-01-01", "=", "(mapping)",
)  # fmt: skip


def test_every_word_of_it_is_replaced_by_every_hostile_word() -> None:
    spans = [found.span() for found in re.finditer(r"[A-Za-z0-9][A-Za-z0-9./-]*|[{}\[\]:,\"]", GOOD)]
    chosen = random.Random(1)
    for begin, end in spans:
        for word in chosen.sample(HOSTILE_WORDS, 5):
            judged((GOOD[:begin] + word + GOOD[end:]).encode())


@pytest.mark.parametrize("seed", range(4))
def test_bytes_are_flipped_dropped_doubled_and_swapped(seed: int) -> None:
    chosen = random.Random(seed)
    for _ in range(500):
        content = bytearray(GOOD.encode())
        for _ in range(chosen.choice((1, 1, 1, 2, 5, 40))):
            place = chosen.randrange(len(content))
            match chosen.randrange(5):
                case 0:
                    content[place] ^= 1 << chosen.randrange(8)
                case 1:
                    del content[place : place + chosen.randrange(1, 30)]
                case 2:
                    content[place:place] = content[place : place + chosen.randrange(1, 60)]
                case 3:
                    content[place:place] = chosen.choice(HOSTILE_WORDS).encode()
                case _:
                    other = chosen.randrange(len(content))
                    content[place], content[other] = content[other], content[place]
        judged(bytes(content))


@pytest.mark.parametrize("seed", range(2))
def test_lines_are_moved_indented_and_repeated(seed: int) -> None:
    chosen = random.Random(seed)
    for _ in range(300):
        lines = GOOD.split("\n")
        for _ in range(chosen.randrange(1, 4)):
            place, other = chosen.randrange(len(lines)), chosen.randrange(len(lines))
            match chosen.randrange(4):
                case 0:
                    lines.insert(place, lines[other])
                case 1:
                    lines[place] = " " * chosen.randrange(6) + lines[place].lstrip()
                case 2:
                    lines[place], lines[other] = lines[other], lines[place]
                case _:
                    del lines[place]
        judged("\n".join(lines).encode())


SIGNS = st.sampled_from(
    [
        *"[]{}:,-?|>&*!%@`#'\"\\\n\t\r =<$~.",
        "\n  ",
        "\n- ",
        ": ",
        "---\n",
        "a",
        "b: ",
        "kind: Mesh\n",
        "é",
        "\x85",
        "\u202e",
        "1",
    ]
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SIGNS, max_size=60).map("".join))
def test_text_of_yamls_own_signs(text: str) -> None:
    judged(text.encode())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes(content: bytes) -> None:
    judged(content)
    judged(b"kind: Mesh\nmetadata: " + content)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["a/b", "x", "auto", "none"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.sampled_from(["name", "port", "ports", "placements", "service", "cluster", "replicas", "expose", "max", "host"]), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["Mesh", "Cluster", "Workload", "Consumer"]), VALUES, VALUES)
def test_documents_of_any_shape(kind: str, metadata: Any, spec: Any) -> None:
    import json

    document = {"apiVersion": "gitops-gen.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
    judged(json.dumps(document).encode())
    judged(json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace"))


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zl", "Zp", "Co", "Cn"]), min_size=1, max_size=30
    )
)
def test_text_in_quotes_is_read_as_it_is(text: str) -> None:
    if "${" in text or "\ufffd" in text:
        return
    quoted = "'" + text.replace("'", "''") + "'"
    (document,), problems, _ = read_documents(Source("f", f"kind: Mesh\na: {quoted}\n".encode()))
    assert not problems
    assert document.value["a"] == text
    assert document.at(("a",)).length == len(quoted)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("0123456789+-._:xobeEnNaAiIfFTyYsStrue~=< "), min_size=1, max_size=12).map(str.strip))
def test_a_plain_scalar_is_text_unless_all_readers_agree(written: str) -> None:
    """Held against PyYAML (YAML 1.1) and ruamel.yaml (YAML 1.2): what we take for a value, both take for that value."""
    import yaml
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    value = plain(written)
    if isinstance(value, Doubt):
        return
    try:
        old = yaml.safe_load(f"a: {written}")
        new = YAML(typ="safe", pure=True).load(f"a: {written}")
    except (yaml.YAMLError, YAMLError, ValueError):
        return
    if not (isinstance(old, dict) and list(old) == ["a"]):
        return
    if isinstance(old["a"], dict | list) or " #" in written:
        return
    assert (type(old["a"]), old["a"]) == (type(value), value)
    assert (type(new["a"]), new["a"]) == (type(value), value)


FIELDS: dict[str, tuple[str, type]] = {
    "text": ("trustDomain: {}", str),
    "number": ("guards: {{changedHosts: {{percent: {}}}}}", int),
    "choice": ("gateways: {}", str),
    "list": ("hosts: {}", list),
    "mapping": ("gitops: {}", dict),
    "form": ("backend: {}", str),
}
LITERALS = (
    "no", "No", "yes", "on", "off", "y", "n", "true", "True", "false", "null", "~", "", "0755", "0o17", "0x1F", "0b11", "1e3", "12e03", "1.10",
    "1.", ".5", "3", "+3", "-3", "08", "1_000", "12:30", "22:22:22", "2026-01-01", "2026-1-1", "2001-12-14t21:59:43.10-05:00", ".inf", ".nan", "=",
    "<<", "99999999999999999999", "text", "auto", '"3"', "'no'", "!!str 3", "*a", "&a 3", "'${x}'",
)  # fmt: skip
EXACT: dict[tuple[str, str], Any] = {
    ("text", "text"): "text", ("text", "auto"): "auto", ("text", '"3"'): "3", ("text", "'no'"): "no",
    ("number", "3"): 3, ("number", "+3"): 3, ("choice", "auto"): "auto", ("form", "auto"): "auto",
}  # fmt: skip
"""Which literal a field may take, and as what; all others are refused."""


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("literal", LITERALS)
def test_a_literal_is_taken_exactly_or_refused(field: str, literal: str) -> None:
    from gitops_gen.inventory.format.mesh import MeshDocument
    from gitops_gen.inventory.validation import validate

    spec = FIELDS[field][0].format(literal)
    text = f"apiVersion: gitops-gen.io/v1alpha1\nkind: Mesh\nmetadata: {{name: m}}\nspec:\n  {spec}\n"
    (document,), problems, _ = read_documents(Source("f", text.encode()))
    fields, more = validate(document, MeshDocument)
    problems += more
    if (field, literal) not in EXACT:
        assert problems
        assert {problem.location.line for problem in problems} == {5}
        assert all(problem.help for problem in problems)
        return
    assert not problems
    assert fields is not None
    spec_read = fields.spec
    read = {
        "text": spec_read.trust_domain,
        "number": spec_read.guards.changed_hosts.percent,
        "choice": spec_read.gateways,
        "form": spec_read.backend,
    }[field]
    assert isinstance(read, FIELDS[field][1])
    assert read == EXACT[field, literal]
