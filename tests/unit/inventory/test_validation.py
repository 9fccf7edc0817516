# ruff: noqa: E501 - tables of messages, a case a line

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from gitops_gen.inventory.format import DOCUMENTS
from gitops_gen.inventory.format.workload import WorkloadDocument
from gitops_gen.inventory.nodes import read_documents
from gitops_gen.inventory.source import Source
from gitops_gen.inventory.validation import validate
from gitops_gen.problems import Problem, in_order

HEAD = {
    "Mesh": "kind: Mesh\nmetadata: {name: m}\n",
    "Cluster": "kind: Cluster\nmetadata: {name: c}\n",
    "Workload": "kind: Workload\nmetadata: {name: w, namespace: ns}\n",
    "Consumer": "kind: Consumer\nmetadata: {name: q, namespace: ns}\n",
}


def check(text: str, model: type[BaseModel] | None = None) -> tuple[Any, list[Problem]]:
    (document,), problems, _ = read_documents(Source("f", text.encode()))
    assert not problems
    fields, problems = validate(document, model or DOCUMENTS[document.kind])
    assert (fields is None) == bool(problems)
    return fields, in_order(problems)


def told(text: str, model: type[BaseModel] | None = None) -> list[tuple[str, str, str, str]]:
    return [(str(p.location)[2:], p.rule, p.message, p.help) for p in check(text, model)[1]]


def of(kind: str, spec: str) -> list[tuple[str, str, str, str]]:
    """Return what is wrong with a document that is good but for its spec, which begins on line 4, column 7."""
    return told(f"apiVersion: gitops-gen.io/v1alpha1\n{HEAD[kind]}spec: {spec}\n")


WORKLOAD = "{placements: [{cluster: a, replicas: 2}], ports: [{name: http, port: 80, protocol: HTTP}]}"


def test_a_good_document_is_returned_as_its_model() -> None:
    fields, problems = check(f"apiVersion: gitops-gen.io/v1alpha1\n{HEAD['Workload']}spec: {WORKLOAD}\n")
    assert not problems
    assert isinstance(fields, WorkloadDocument)
    assert fields.spec.placements[0].replicas == 2


def test_whose_problem_it_is_is_said() -> None:
    assert check(f"apiVersion: x\n{HEAD['Workload']}spec: {WORKLOAD}\n")[1][0].subject == "Workload ns/w"
    assert check("kind: Mesh\nmetadata: [name]\n")[1][0].subject == "Mesh"
    assert check("kind: Mesh\nmetadata: {name: 1}\n")[1][0].subject == "Mesh"


@pytest.mark.parametrize(
    ("spec", "place", "message", "help_line"),
    [
        ("{trustDoman: x}", "4:8", "unknown key `trustDoman` in `spec`", "did you mean `trustDomain`?"),
        ("{trust_domain: x}", "4:8", "unknown key `trust_domain` in `spec`", "did you mean `trustDomain`?"),
        ("{TRUSTDOMAIN: x}", "4:8", "unknown key `TRUSTDOMAIN` in `spec`", "did you mean `trustDomain`?"),
        ("{syncUnit: x}", "4:8", "unknown key `syncUnit` in `spec`", "`syncUnit` is a key of `spec.gitops`"),
        (
            "{xyzzy: x, gitops: {}}",
            "4:8",
            "unknown key `xyzzy` in `spec`",
            "keys that may stand here: `trustDomain`, `vipPool`, `guards`, `hosts`, `backend`, `gateways`",
        ),
        (
            "{hosts: [{suffix: x, namespaces: [a], namespace: b}]}",
            "4:45",
            "unknown key `namespace` in `hosts[0]`",
            None,
        ),
        ("{guards: {removedHosts: {}}}", "4:17", "unknown key `removedHosts` in `guards`", None),
        ("{backend: {exists: x}}", "4:18", "unknown key `exists` in `backend`", "did you mean `existing`?"),
        ("{" + "k" * 500 + ": x}", "4:8", "unknown key `" + "k" * 60 + "` in `spec`", None),
    ],
)
def test_an_unknown_key_is_shown_at_the_key(spec: str, place: str, message: str, help_line: str | None) -> None:
    ((where, rule, what, advice),) = of("Mesh", spec)
    assert (where, rule, what) == (place, "GGI115", message)
    assert advice
    assert help_line is None or advice == help_line


@pytest.mark.parametrize(
    ("kind", "spec", "place", "message", "help_line"),
    [
        ("Mesh", "{hosts: [{suffix: x}]}", "4:16", "`hosts[0]` has no `namespaces`, which is needed", "`namespaces: []`"),
        ("Workload", "{}", "4:1", "`spec` has no `placements`, which is needed", "`placements: []`"),
        ("Workload", "{placements: [], ports: [{name: a, port: 1}]}", "4:32", "`ports[0]` has no `protocol`, which is needed", "`protocol: HTTP`"),
        ("Cluster", "{ingresses: {public: {}}}", "4:20", "`public` has no `namespace`, which is needed", "`namespace: monitoring`"),
    ],
)  # fmt: skip
def test_a_missing_key_is_shown_at_the_parents_key(
    kind: str, spec: str, place: str, message: str, help_line: str
) -> None:
    assert of(kind, spec) == [(place, "GGI116", message, f"write it, for example {help_line}")]


def test_keys_missing_at_the_top_are_shown_at_its_beginning() -> None:
    assert [(where, what) for where, _, what, _ in told("# x\nkind: Mesh\n")] == [
        ("2:1", "the document has no `apiVersion`, which is needed"),
        ("2:1", "the document has no `metadata`, which is needed"),
    ]


@pytest.mark.parametrize(
    ("kind", "spec", "place", "message", "help_line"),
    [
        ("Mesh", "3", "4:7", "`spec` must be a mapping, got 3", "write a mapping, for example `spec: {}`"),
        ("Mesh", "{branch: 1, trustDomain: 1.30}", "4:32", "`trustDomain` must be text, got 1.30", 'put it in quotes: `trustDomain: "1.30"`'),
        ("Mesh", "{gitops: {branch: true}}", "4:25", "`branch` must be text, got true", 'put it in quotes: `branch: "true"`'),
        ("Mesh", "{hosts: {}}", "4:15", "`hosts` must be a list, got a mapping", "write a list, for example `hosts: []`"),
        ("Mesh", "{gitops: {path: null}}", "4:23", "`path` must be text, got null", "write text, for example `path: ...`, or take the key away"),
        ("Mesh", "{guards: {changedHosts: {percent: '30'}}}", "4:41", '`percent` must be a whole number, got "30"', "take the quotes away: `percent: 30`"),
        ("Mesh", "{guards: {changedHosts: {percent: 30.5}}}", "4:41", "`percent` must be a whole number, got 30.5", "write a whole number, for example `percent: 10`"),
        ("Cluster", "{istio: {dnsCapture: 'no'}}", "4:28", '`dnsCapture` must be true or false, got "no"', "take the quotes away: `dnsCapture: false`"),
        ("Cluster", "{istio: {dnsCapture: 1}}", "4:28", "`dnsCapture` must be true or false, got 1", "write true or false, for example `dnsCapture: true`"),
        ("Consumer", "{cluster: a, workloads: m/p, via: east-west, port: x}", "4:31", '`workloads` must be a list, got "m/p"', "write a list: `workloads: [m/p]`"),
        ("Workload", "{placements: [{service: 1}]}", "4:31", "`service` must be a mapping or null, got 1", "write a mapping or null, for example `service: {name: prometheus}`"),
        ("Workload", "{placements: [{replicas: '3'}]}", "4:32", '`replicas` must be a whole number or a mapping, got "3"', "take the quotes away: `replicas: 3`"),
        ("Workload", "{placements: [{replicas: three}]}", "4:32", '`replicas` must be a whole number or a mapping, got "three"', "write a whole number or a mapping, for example `replicas: 3`"),
        ("Workload", "{placements: [{replicas: [3]}]}", "4:32", "`replicas` must be a whole number or a mapping, got a list", "write a whole number or a mapping, for example `replicas: 3`"),
        ("Workload", "{placements: [3]}", "4:21", "`placements[0]` must be a mapping, got 3", "write a mapping, for example `- {}`"),
        ("Workload", "{placements: [], ports: [{name: a, port: 1, protocol: TCP, expose: 3}]}", "4:74", "`expose` must be a mapping or a list, got 3", "write a mapping or a list, for example `expose: {}`"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_shown_at_the_value(kind: str, spec: str, place: str, message: str, help_line: str) -> None:
    spec = spec.replace("branch: 1, ", "")
    place = place if "trustDomain" not in spec else "4:21"
    assert of(kind, spec) == [(place, "GGI117", message, help_line)]


@pytest.mark.parametrize(
    ("kind", "spec", "place", "message", "help_line"),
    [
        ("Mesh", "{gateways: perpod}", "4:18", '`gateways` must be one of `auto`, `per-pod`, `shared`, got "perpod"', "did you mean `per-pod`?"),
        ("Mesh", "{gateways: xyz}", "4:18", '`gateways` must be one of `auto`, `per-pod`, `shared`, got "xyz"', "write for example `gateways: auto`"),
        ("Mesh", "{backend: service_entry}", "4:17", '`backend` must be one of `auto`, `service-entry`, `pod-service`, `dns`, `none` or a mapping, got "service_entry"', "did you mean `service-entry`?"),
        ("Mesh", "{backend: [none]}", "4:17", "`backend` must be one of `auto`, `service-entry`, `pod-service`, `dns`, `none` or a mapping, got a list", None),
        ("Cluster", "{ingresses: {p: {namespace: a, gateway: generate}}}", "4:47", '`gateway` must be `generated` or a mapping, got "generate"', "did you mean `generated`?"),
        ("Cluster", "{output: 2}", "4:16", "`output` must be `1`, got 2", None),
        ("Cluster", "{istio: {mtls: Strict}}", "4:22", '`mtls` must be one of `strict`, `permissive`, `disabled`, got "Strict"', "did you mean `strict`?"),
        ("Workload", "{placements: [], ports: [{name: a, port: 1, protocol: grpc}]}", "4:61", None, "did you mean `GRPC`?"),
    ],
)  # fmt: skip
def test_a_value_outside_a_choice(kind: str, spec: str, place: str, message: str | None, help_line: str | None) -> None:
    ((where, rule, what, advice),) = of(kind, spec)
    assert (where, rule) == (place, "GGI118")
    assert message is None or what == message
    assert advice
    assert help_line is None or advice == help_line


@pytest.mark.parametrize(
    ("kind", "spec", "message", "help_line"),
    [
        ("Workload", "{placements: [{replicas: -1}]}", "`replicas` must be at least 0, got -1", "write 0 or more"),
        ("Workload", "{placements: [{replicas: 150001}]}", "`replicas` must be at most 150000, got 150001", "write 150000 or less"),
        ("Workload", "{placements: [{replicas: 2147483648}]}", "`replicas` must be at most 150000, got 2147483648", "write 150000 or less"),
        ("Workload", "{placements: [{names: []}]}", "`names` must have at least 1 member(s), got a list", "write one, or take the key away"),
        ("Mesh", "{trustDomain: ''}", '`trustDomain` must have at least 1 character(s), got ""', "write a value, or take the key away"),
        ("Mesh", "{trustDomain: " + "a" * 2000 + "}", '`trustDomain` must have at most 1024 characters, got "' + "a" * 59 + '…"', "shorten it"),
    ],
)  # fmt: skip
def test_a_value_out_of_bounds(kind: str, spec: str, message: str, help_line: str) -> None:
    ((_, rule, what, advice),) = of(kind, spec)
    assert (rule, what, advice) == ("GGI119", message, help_line)


@pytest.mark.parametrize(
    ("kind", "spec", "rule", "message", "help_line"),
    [
        ("Mesh", "{trustDomain: no}", "GGI111", "`no` for `trustDomain` is true or false to some readers of YAML and text to others", 'put it in quotes: `trustDomain: "no"`'),
        ("Cluster", "{istio: {dnsCapture: no}}", "GGI111", "`no` for `dnsCapture` is true or false to some readers of YAML and text to others", "write `dnsCapture: false`"),
        ("Cluster", "{istio: {dnsCapture: On}}", "GGI111", "`On` for `dnsCapture` is true or false to some readers of YAML and text to others", "write `dnsCapture: true`"),
        ("Workload", "{placements: [{replicas: 0x10}]}", "GGI111", "`0x10` for `replicas` is a number to some readers of YAML and text to others", "write `replicas: 16`"),
        ("Workload", "{placements: [{replicas: 1_000}]}", "GGI111", "`1_000` for `replicas` is a number to some readers of YAML and text to others", "write `replicas: 1000`"),
        ("Workload", "{placements: [{replicas: 010}]}", "GGI111", "`010` for `replicas` is a number in base 8 to some readers of YAML and in base 10 or text to others", "write a whole number or a mapping, for example `replicas: 3`"),
        ("Workload", "{placements: [{replicas: 9999999999999999999}]}", "GGI112", "`replicas` is longer than the 18 digits that a whole number may have, got 9999999999999999999", "write a whole number or a mapping, for example `replicas: 3`"),
        ("Workload", "{placements: [{replicas: }]}", "GGI117", "nothing is written for `replicas`, which must be a whole number or a mapping", "write it, for example `replicas: 3`, or take the key away"),
        ("Workload", "{placements: [{cluster: a, replicas: 1}], service: }", "GGI117", "nothing is written for `service`, which must be a mapping or null", "write it, for example `service: {}`, or take the key away"),
        ("Workload", "{placements: [{cluster: 12:30}]}", "GGI111", "`12:30` for `cluster` is a number in base 60 to some readers of YAML and text to others", 'put it in quotes: `cluster: "12:30"`'),
        ("Mesh", "{gateways: off}", "GGI111", "`off` for `gateways` is true or false to some readers of YAML and text to others", 'put it in quotes: `gateways: "off"`'),
        ("Mesh", "{unknown: {a: off}}", "GGI115", None, None),
    ],
)  # fmt: skip
def test_a_doubtful_value_is_told_in_the_words_of_its_field(
    kind: str, spec: str, rule: str, message: str | None, help_line: str | None
) -> None:
    problems = of(kind, spec)
    if message is None:
        assert {problem[1] for problem in problems} == {rule, "GGI111"}
    else:
        assert [problem[1:] for problem in problems] == [(rule, message, help_line)]


def test_all_problems_of_a_document_are_told_in_one_run() -> None:
    problems = of("Mesh", "{trustDomain: 1, vipPol: x, gateways: no, hosts: [{}], gitops: {engine: x, syncUnit: []}}")
    assert [problem[:2] for problem in problems] == [
        ("4:21", "GGI117"), ("4:24", "GGI115"), ("4:45", "GGI111"), ("4:57", "GGI116"), ("4:57", "GGI116"), ("4:79", "GGI118"), ("4:92", "GGI118"),
    ]  # fmt: skip


def test_what_a_problem_of_the_text_has_said_is_not_said_again() -> None:
    text = f"apiVersion: gitops-gen.io/v1alpha1\n{HEAD['Mesh']}spec: {{trustDomain: *x, hosts: [{{<<: *y}}]}}\n"
    (document,), problems, _ = read_documents(Source("f", text.encode()))
    assert [problem.rule for problem in problems] == ["GGI106"] * 3
    assert validate(document, DOCUMENTS["Mesh"]) == (None, [])


def test_a_key_may_be_called_like_a_form() -> None:
    fields, _ = check(
        f"apiVersion: gitops-gen.io/v1alpha1\n{HEAD['Workload']}spec: {{placements: [], selector: {{(plain): x}}}}\n"
    )
    assert fields.spec.selector == {"(plain)": "x"}
    (problem,) = of("Workload", "{placements: [], selector: {(plain): 1}}")
    assert problem[:3] == ("4:44", "GGI117", "`(plain)` must be text, got 1")


def test_very_many_problems_are_cut_short() -> None:
    begin = time.process_time()
    _, problems = check(
        f"apiVersion: gitops-gen.io/v1alpha1\n{HEAD['Workload']}spec: {{placements: [{'{},' * 60000}], ports: [{'1,' * 60000}]}}"
    )
    assert time.process_time() - begin < 4
    assert 100 <= len(problems) <= 300
    _, problems = check(
        f"apiVersion: gitops-gen.io/v1alpha1\n{HEAD['Workload']}spec: {{allowConsumers: [{'a,' * 2000 + '1,' * 2000}], placements: []}}"
    )
    assert problems[-1].message == "1900 more problems like the 100 before"
    assert {problem.rule for problem in problems} == {"GGI117"}


def test_no_words_of_pydantic_or_of_the_models_are_shown() -> None:
    spec = (
        "{a: 1, trustDomain: [], hosts: 3, backend: 3, gateways: {}, gitops: {engine: 1, repository: {}}, guards: null}"
    )
    for _, _, message, advice in of("Mesh", spec):
        for word in (
            "Fields",
            "Input",
            "valid ",
            "pydantic",
            "Extra",
            "dictionary",
            "instance",
            "Document",
            "None",
            "str",
        ):
            assert word not in message + advice


# What models may do beyond those of the inventory.


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Way(BaseModel):
    model_config = ConfigDict(extra="forbid")
    to: StrictStr
    depth: Annotated[StrictInt, Field(gt=0, lt=10)] = 1


class Local(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["Mesh"]
    way: Way | list[Way] | None = None
    colour: Colour | None = None
    mixed: StrictInt | StrictBool | None = None
    word: Annotated[StrictStr, Field(pattern="^[a-z]+$")] = "a"
    shown: Annotated[StrictStr, Field(examples=["as-in-the-docs"])] = "x"
    even: StrictInt = 2
    open: dict[str, Any] = {}
    odd: StrictStr = "x"

    @field_validator("odd")
    @classmethod
    def _odd(cls, _word: str) -> str:
        raise PydanticCustomError("odd_type", "odd is never right")

    @field_validator("even")
    @classmethod
    def _even(cls, number: int) -> int:
        if number % 2:
            raise ValueError("even must be even")
        return number

    @model_validator(mode="after")
    def _not_both(self) -> Local:
        if self.colour and self.mixed:
            raise PydanticCustomError(
                "both", "colour and mixed exclude each other", {"key": "mixed", "help": "take one away"}
            )
        return self


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("way: 3", ("2:6", "GGI117", "`way` must be a mapping or a list or null, got 3")),
        ("mixed: a", ("2:8", "GGI117", '`mixed` must be a whole number or true or false or null, got "a"')),
        ("colour: rde", ("2:9", "GGI118", '`colour` must be one of `red`, `blue` or null, got "rde"')),
        ("word: A1", ("2:7", "GGI119", '`word` must match ^[a-z]+$, got "A1"')),
        ("even: 3", ("2:7", "GGI119", "even must be even")),
        ("{colour: red, mixed: 1}", ("2:15", "GGI119", "colour and mixed exclude each other")),
        ("shown: 1", ("2:8", "GGI117", "`shown` must be text, got 1")),
    ],
)
def test_other_models_are_told_alike(text: str, expected: tuple[str, str, str]) -> None:
    text = f"kind: Mesh\n{text}\n" if not text.startswith("{") else "{kind: Mesh,\n " + text[1:]
    ((where, rule, message, _),) = told(text, Local)
    assert (where, rule, message) == (expected[0] if text[0] != "{" else "2:15", *expected[1:])


def test_an_error_that_looks_like_one_of_another_form_is_told_if_it_is_the_only_one() -> None:
    assert [problem[:2] for problem in told("kind: Mesh\nodd: a\n", Local)] == [("2:6", "GGI117")]


def test_bounds_inside_of_plain_unions_are_told_once() -> None:
    problems = told("kind: Mesh\nway: {to: x, depth: 10}\n", Local)
    assert problems[0] == ("2:21", "GGI119", "`depth` must be less than 10, got 10", "write less than 10")


def test_an_example_of_the_model_is_shown() -> None:
    assert told("kind: Mesh\nshown: []\n", Local)[0][3] == "write text, for example `shown: as-in-the-docs`"
