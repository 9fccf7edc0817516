"""Any string survives our YAML: the readers are PyYAML (YAML 1.1), ruamel.yaml in both versions, and our own.

What becomes of it on its way through kustomize is shown by `tests/integration/test_quoting_kustomize.py`.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitops_gen.manifest import dump, load, scalar
from tests.strings import CONTROL, NASTY, strings

if TYPE_CHECKING:
    from collections.abc import Callable


def _ruamel(version: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return reader.load(text)

    return read


READERS: dict[str, Callable[[str], Any]] = {
    "PyYAML, in C": lambda text: yaml.load(text, Loader=yaml.CSafeLoader),
    "PyYAML, in Python": yaml.safe_load,
    "ruamel.yaml, 1.2": _ruamel("1.2"),
    "ruamel.yaml, 1.1": _ruamel("1.1"),
    "our own": lambda text: next(load(text)),
}

every_reader = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


def _manifest(text: str) -> dict[str, Any]:
    """Return a manifest that has a string in every place that a string can have."""
    return {
        "metadata": {"labels": {"a": text}, "annotations": {text: text}},
        "spec": {"list": [text, [text, "b"], {text: text, "c": [text]}], "last": text},
    }


@every_reader
@pytest.mark.parametrize("text", [*NASTY, *CONTROL])
def test_known_troublemakers(read: Callable[[str], Any], text: str) -> None:
    assert read(dump([_manifest(text)])) == _manifest(text)


@every_reader
@given(text=strings)
def test_any_string(read: Callable[[str], Any], text: str) -> None:
    assert read(dump([_manifest(text)])) == _manifest(text)


_values = st.recursive(
    st.one_of(strings, st.integers(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(strings, inner, max_size=4)),
    max_leaves=12,
)


@every_reader
@given(manifest=st.dictionaries(strings, _values, min_size=1, max_size=4))
def test_any_manifest(read: Callable[[str], Any], manifest: dict[str, Any]) -> None:
    got = read(dump([manifest]))

    assert got == manifest
    assert repr(got) == repr(manifest), "1 and true are equal to Python, and order counts"


@given(text=strings)
def test_a_scalar_is_one_line_that_ends_with_what_is_seen(text: str) -> None:
    written = scalar(text)

    assert len(written.splitlines()) == 1
    assert written == written.strip()


@given(manifest=st.dictionaries(strings, _values, min_size=1, max_size=4))
def test_lines_end_in_lf_and_in_nothing_before_it(manifest: dict[str, Any]) -> None:
    text = dump([manifest])

    assert text.endswith("\n")
    assert not any(line != line.rstrip() for line in text.split("\n"))
