from __future__ import annotations

import pytest

from gitops_gen.plan.fields import changed_fields


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, ["a.c"]),
        ({"a": 1}, {"b": 1}, ["a", "b"]),
        (
            {"spec": {"http": [{"match": 1}, {"match": 2}]}},
            {"spec": {"http": [{"match": 1}, {"match": 3}]}},
            ["spec.http[1].match"],
        ),
        ({"hosts": ["a"]}, {"hosts": ["a", "b"]}, ["hosts"]),
        ({"metadata": {"labels": {"a.b/c": "1"}}}, {"metadata": {"labels": {}}}, ['metadata.labels["a.b/c"]']),
        ({"port": True}, {"port": 1}, ["port"]),
        ({"port": "80"}, {"port": 80}, ["port"]),
        ({"data": {'a"\n': "1"}}, {"data": {'a"\n': "2"}}, ['data["a\\"\\n"]']),
        ({"spec": {"tls": {}}}, {"spec": {"tls": []}}, ["spec.tls"]),
    ],
)
def test_names_the_fields_that_differ(before: object, after: object, fields: list[str]) -> None:
    assert changed_fields(before, after) == fields
