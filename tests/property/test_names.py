"""Names over a whole mesh: no two things are called the same, and every clash is found."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_gen.naming import cluster_prefixed, expand, is_host
from tests.inventories import PUBLIC, cluster, load, mesh, placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Short names of few letters, digits and hyphens: as likely to clash as names can be.
letters = st.sampled_from("ab01-")
names = st.builds(
    lambda first, middle, last: first + middle + last,
    st.sampled_from("ab"),
    st.text(letters, max_size=3),
    st.sampled_from("ab01"),
)


class Set(NamedTuple):
    """A StatefulSet somewhere."""

    cluster: str
    namespace: str
    workload: str
    start: int
    replicas: int

    def pods(self) -> list[tuple[str, int]]:
        return [(f"{self.workload}-{n}", n) for n in range(self.start, self.start + self.replicas)]


@st.composite
def meshes(draw: st.DrawFn) -> tuple[list[str], list[Set]]:
    """Draw cluster names, and sets with different names in each namespace."""
    clusters = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    keys = draw(st.lists(st.tuples(st.sampled_from(["x", "x-a", "z"]), names), min_size=1, max_size=5, unique=True))
    sets = [
        Set(
            draw(st.sampled_from(clusters)),
            namespace,
            workload,
            draw(st.sampled_from([0, 1, 9])),
            draw(st.integers(1, 3)),
        )
        for namespace, workload in keys
    ]
    return clusters, sets


def documents(clusters: Iterable[str], sets: Iterable[Set], template: str, port: str) -> list[str]:
    spec = PUBLIC.replace("{cluster}-{pod}.example.com", template)
    return [
        mesh(),
        *(cluster(name, spec) for name in clusters),
        *(
            placed(
                port,
                f"{{cluster: {each.cluster}, replicas: {each.replicas}, ordinals: {{start: {each.start}}}}}",
                name=each.workload,
                namespace=each.namespace,
            )
            for each in sets
        ),
    ]


def clashes(called: Sequence[tuple[str, object]]) -> bool:
    """The oracle: does one name stand for two things?"""
    owners = defaultdict(set)
    for name, owner in called:
        owners[name].add(owner)
    return any(len(several) > 1 for several in owners.values())


@settings(max_examples=300, deadline=None)
@given(meshes())
def test_resource_names_clash_exactly_when_two_pods_of_a_namespace_would_have_one(
    drawn: tuple[list[str], list[Set]],
) -> None:
    clusters, sets = drawn
    rules = {
        problem.rule
        for problem in load(
            *documents(clusters, sets, "{cluster}-{pod}.example.com", "{name: a, port: 1, protocol: TCP}")
        ).problems
    }
    called = [
        (f"{each.namespace}/{cluster_prefixed(each.cluster, pod)}", (each.cluster, pod))
        for each in sets
        for pod, _ in each.pods()
    ]
    # A pod of set "a-0" may be called like one of set "a" with ordinal 0-0: never, so only prefixes can clash.
    assert rules == ({"GGI231"} if clashes(called) else set())


TEMPLATES = [
    "{cluster}-{pod}.example.com",
    "{pod}-{cluster}.example.com",
    "{pod}.{cluster}.example.com",
    "{namespace}-{cluster}-{pod}.example.com",
    "{cluster}-{workload}-{ordinal+1}.example.com",
    "{cluster}{ordinal}-{workload}.{namespace}.example.com",
    "{workload}-{ordinal}.example.com",
    "{workload}.{cluster}.example.com",
    "{port}-{ordinal}-{pod}-{cluster}.a{namespace}.com",
]


@settings(max_examples=400, deadline=None)
@given(meshes(), st.sampled_from(TEMPLATES))
def test_hosts_clash_exactly_when_two_pods_of_the_mesh_would_have_one(
    drawn: tuple[list[str], list[Set]], template: str
) -> None:
    clusters, sets = drawn
    port = "{name: a, port: 1, protocol: HTTP, expose: {}}"
    loaded = load(*documents(clusters, sets, template, port))
    called = [
        (
            expand(
                template,
                cluster=each.cluster,
                namespace=each.namespace,
                workload=each.workload,
                port="a",
                pod=pod,
                ordinal=ordinal,
            ),
            (each.cluster, each.namespace, pod),
        )
        for each in sets
        for pod, ordinal in each.pods()
    ]
    found = {problem.rule for problem in loaded.problems} - {"GGI231"}
    assert bool(found & {"GGI022", "GGI227"}) == clashes(called)
    assert found <= {"GGI022", "GGI227"}
    assert all(is_host(host) for host, _ in called)
    for problem in loaded.problems:
        assert len({problem.location, *(place for _, place in problem.related)}) > 1, "a clash shows both places"


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(31000, 31012), st.integers(0, 4), st.integers(1, 4), st.integers(0, 4)),
        min_size=2,
        max_size=4,
    )
)
def test_tcp_gateway_ports_clash_exactly_when_two_pods_would_have_one(drawn: list[tuple[int, int, int, int]]) -> None:
    called = []
    workloads = []
    for place, (first, start, replicas, offset) in enumerate(drawn):
        placement = f"{{cluster: east, replicas: {replicas}, ordinals: {{start: {start}}}, portOffset: {offset}}}"
        port = f"{{name: a, port: 1, protocol: TCP, expose: {{startPort: {first}}}}}"
        workloads.append(placed(port, placement, name=f"w{place}"))
        called += [(str(first + start + each + offset), (place, each)) for each in range(replicas)]
    rules = {problem.rule for problem in load(mesh(), cluster(), *workloads).problems}
    assert rules == ({"GGI009"} if clashes(called) else set())
