from __future__ import annotations

import pytest

from gitops_gen.delivery.published import Published, dump_published
from gitops_gen.delivery.states import _known, _present
from gitops_gen.errors import RefusedError

RECORD = dump_published(
    Published(mesh="example", cluster="east", serial=3, output=1, tree="ab" * 20, digest="sha256:aa", revision="")
)


def test_a_record_is_read_for_its_mesh_and_cluster() -> None:
    record, why = _present(RECORD, "example", "east")
    assert record is not None
    assert (record.serial, why) == (3, "")
    assert _present(None, "example", "east") == (None, "")


@pytest.mark.parametrize(("mesh", "cluster"), [("other", "east"), ("example", "west")])
def test_an_intact_record_of_somebody_else_stops_everything(mesh: str, cluster: str) -> None:
    with pytest.raises(RefusedError, match=f"published/{cluster}.yaml cannot be used"):
        _present(RECORD, mesh, cluster)


def test_a_record_that_somebody_edited_stops_its_cluster_alone() -> None:
    record, why = _present(RECORD.replace(b"serial: 3", b"serial: 4"), "example", "east")
    assert record is None
    assert "somebody edited it" in why


@pytest.mark.parametrize("content", [None, b"", b"by hand\n", RECORD.replace(b"serial: 3", b"serial: 4")])
def test_an_earlier_version_that_is_no_record_says_nothing(content: bytes | None) -> None:
    assert _known(content, "example", "east") is None
