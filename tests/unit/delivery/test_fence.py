"""The fence as a table: histories are lists of inventories, the recorded commit and the run's are places in them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest

from gitops_gen.delivery.fence import Fence, check_fence
from gitops_gen.delivery.lineage import Order, Ordered, Untracked
from gitops_gen.delivery.provenance import Provenance
from gitops_gen.delivery.published import Published


@dataclass(frozen=True)
class Line:
    """A history in one line: each commit is its place, `contents` what the inventory says there."""

    contents: str
    own: int

    @property
    def provenance(self) -> Provenance:
        return Provenance("", str(self.own))

    def order(self, recorded: str) -> Ordered:
        if not recorded.isdecimal():
            return Ordered(Order.NONE, "no order", "do something")
        difference = self.own - int(recorded)
        return Ordered(Order.NEWER if difference > 0 else Order.OLDER if difference else Order.SAME)

    def detour(self, recorded: str) -> bool:
        between = self.contents[int(recorded) + 1 : self.own]
        return any(one not in {self.contents[int(recorded)], self.contents[self.own]} for one in between)


def a_record(cluster: str, revision: str) -> Published:
    return Published(
        mesh="example", cluster=cluster, serial=1, output=1, tree="ab" * 20, digest="sha256:aa", revision=revision
    )


@pytest.mark.parametrize(("recorded", "own"), list(product(range(4), range(4))))
def test_an_older_run_is_superseded_and_no_other(recorded: int, own: int) -> None:
    fence = check_fence(Line("abcd", own), ["east"], {"east": a_record("east", str(recorded))})
    assert fence.superseded == ({"east": str(recorded)} if own < recorded else {})
    assert not fence.unordered


@pytest.mark.parametrize(
    ("contents", "recorded", "own", "advances"),
    [
        ("aa", 0, 1, False),
        ("ab", 0, 1, False),
        ("aba", 0, 2, True),
        ("aab", 0, 2, False),
        ("abb", 0, 2, False),
        ("abc", 0, 2, True),
        ("abc", 1, 2, False),
        ("abc", 2, 0, False),
        ("abc", 2, 2, False),
    ],
)
def test_a_record_advances_when_there_was_another_inventory_in_between(
    contents: str, recorded: int, own: int, *, advances: bool
) -> None:
    fence = check_fence(Line(contents, own), ["east"], {"east": a_record("east", str(recorded))})
    assert fence.advances == (frozenset({"east"}) if advances else frozenset())


def test_clusters_are_judged_each_by_its_own_record() -> None:
    newest = {"east": a_record("east", "2"), "west": a_record("west", "0"), "north": a_record("north", "elsewhere")}
    fence = check_fence(Line("abc", 1), ["east", "north", "west"], newest)
    assert fence.superseded == {"east": "2"}
    assert {cluster: found[0] for cluster, found in fence.unordered.items()} == {"north": "elsewhere"}


@pytest.mark.parametrize(("own", "superseded"), [(0, {"new": "1"}), (1, {}), (2, {})])
def test_a_cluster_without_a_record_is_judged_by_the_others(own: int, superseded: dict[str, str]) -> None:
    newest = {"east": a_record("east", "1")}
    fence = check_fence(Line("abc", own), ["new"], newest)
    assert fence.superseded == superseded


def test_where_nothing_is_recorded_there_is_no_fence() -> None:
    fence = check_fence(Untracked(Provenance(reason="it was typed")), ["east"], {"east": a_record("east", "")})
    assert (fence.superseded, fence.unordered, fence.advances) == ({}, {}, frozenset())


def test_an_inventory_that_no_commit_holds_has_no_order() -> None:
    found = Untracked(Provenance(reason="the inventory was read from standard input")).order("12ab" * 10)
    assert found.order is Order.NONE
    assert found.reason == (
        "the inventory was read from standard input, so nobody can tell whether it is newer than commit 12ab12ab12ab"
    )
    assert found.help


def test_a_proposal_counts_as_published() -> None:
    none = Ordered(Order.NONE, "no order", "do something")
    published = Fence(superseded={"east": "1", "west": "1"}, unordered={"north": ("1", none)}, advances=frozenset("x"))
    proposed = Fence(superseded={"east": "2"}, unordered={"south": ("2", none)}, advances=frozenset("y"))
    assert published.behind(proposed) == Fence(
        superseded={"east": "2", "west": "1"},
        unordered={"north": ("1", none), "south": ("2", none)},
        advances=frozenset("x"),
    )


def test_a_record_without_a_commit_is_not_asked_about() -> None:
    class Asked(Line):
        def order(self, recorded: str) -> Ordered:
            assert recorded
            return super().order(recorded)

    assert check_fence(Asked("ab", 1), ["east"], {"east": a_record("east", "")}) == Fence()
