from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gitops_gen.compiled import Compiled, Place, with_components
from gitops_gen.model import SyncUnit
from gitops_gen.report.plan import plan_headlines, plan_json, plan_subject, plan_summary, plan_text
from tests.meshes import Mesh, a_manifest, a_pod, a_policy, an_endpoint_list, plan_of, plan_of_trees, pods, tree_of

A, B, C = "cluster-a", "cluster-b", "cluster-c"
KEY = "monitoring/prometheus"
KAFKA = "data/kafka"


def text(before: Mesh, after: Mesh) -> str:
    """Write a plan without its last line, the digest; that one is held against the plan here."""
    plan = plan_of(before, after)
    *lines, last = plan_text(plan).splitlines(keepends=True)
    assert last == f"plan {plan.digest}\n"
    return "".join(lines)


def test_one_more_pod() -> None:
    assert text({A: pods(A, KEY, range(2))}, {A: pods(A, KEY, range(3))}) == (
        "1 cluster, 1 workload: 1 pod added, 3 resources added; nothing removed\n"
        "\n"
        "monitoring/prometheus in cluster-a: 2 -> 3 pods "
        "(+prometheus-2: Service, VirtualService, Gateway; +host cluster-a-prometheus-2.example.com)\n"
        "\n"
    )


def test_one_more_pod_in_three_clusters_is_one_line() -> None:
    before = {name: pods(name, KEY, range(2)) for name in (A, B, C)}
    after = {name: pods(name, KEY, range(3)) for name in (A, B, C)}
    assert text(before, after) == (
        "3 clusters, 1 workload: 3 pods added, 9 resources added; nothing removed\n"
        "\n"
        "monitoring/prometheus in 3 clusters (cluster-a, cluster-b, cluster-c): 2 -> 3 pods each "
        "(+prometheus-2: Service, VirtualService, Gateway; e.g. +host cluster-a-prometheus-2.example.com)\n"
        "\n"
    )


def test_many_pods_in_many_clusters_with_a_list_that_follows() -> None:
    names = [f"cluster-{place:02}" for place in range(12)]
    lists = [an_endpoint_list("thanos/query", [f"{name}:{pod}" for name in names for pod in range(2)])]
    longer = [an_endpoint_list("thanos/query", [f"{name}:{pod}" for name in names for pod in range(52)])]
    before = {**{name: pods(name, KEY, range(2)) for name in names}, "observer": lists, "other": lists}
    after = {**{name: pods(name, KEY, range(52)) for name in names}, "observer": longer, "other": lists}
    assert text(before, after) == (
        "13 clusters, 1 workload: 600 pods added, 1,800 resources added, 1 resource changed; nothing removed\n"
        "\n"
        "monitoring/prometheus in 12 clusters (cluster-00, cluster-01, ... and 10 more): 2 -> 52 pods each "
        "(+prometheus-2, prometheus-3, ... and 48 more: Service, VirtualService, Gateway each; "
        "e.g. +host cluster-00-prometheus-2.example.com)\n"
        "consumer thanos/query in observer: ~ConfigMap query-endpoints: endpoints +600 -0\n"
        "\n"
        "unchanged: 1 other cluster (other)\n"
    )


def test_clusters_that_grow_alike_from_different_sizes_are_one_line() -> None:
    before = {A: pods(A, KEY, range(2)), B: pods(B, KEY, range(4))}
    after = {A: pods(A, KEY, range(3)), B: pods(B, KEY, range(5))}
    assert text(before, after) == (
        "2 clusters, 1 workload: 2 pods added, 6 resources added; nothing removed\n"
        "\n"
        "monitoring/prometheus in 2 clusters (cluster-a, cluster-b): 1 pod more each, 6 -> 8 in all "
        "(+prometheus-2: Service, VirtualService, Gateway; e.g. +host cluster-a-prometheus-2.example.com)\n"
        "\n"
    )


def test_a_first_publish() -> None:
    after = {name: [*pods(name, KEY, range(2)), a_policy(KEY)] for name in (A, B)}
    assert text({}, {**after, C: pods(C, KAFKA, [0])}) == (
        "3 clusters, 2 workloads: 5 pods added, 17 resources added; nothing removed\n"
        "\n"
        "new cluster cluster-a: 1 workload, 2 pods, 7 resources\n"
        "new cluster cluster-b: 1 workload, 2 pods, 7 resources\n"
        "new cluster cluster-c: 1 workload, 1 pod, 3 resources\n"
        "data/kafka in cluster-c: new, 1 pod "
        "(+kafka-0: Service, VirtualService, Gateway; +host cluster-c-kafka-0.example.com)\n"
        "monitoring/prometheus in 2 clusters (cluster-a, cluster-b): new, 2 pods each\n"
        "  +prometheus-0, prometheus-1: Service, VirtualService, Gateway each; "
        "e.g. +host cluster-a-prometheus-0.example.com\n"
        "  +DestinationRule prometheus\n"
        "\n"
    )


def test_a_cluster_that_is_emptied() -> None:
    both = {name: [*pods(name, KEY, range(2)), a_policy(KEY)] for name in (A, B)}
    assert text(both, {A: both[A]}) == (
        "1 cluster, 1 workload: 2 pods removed, 7 resources removed\n"
        "\n"
        "cluster cluster-b is emptied: 1 workload, 2 pods, 7 resources go\n"
        "namespace monitoring in cluster-b: left without workloads (+ConfigMap gitops-gen-retired-monitoring)\n"
        "monitoring/prometheus in cluster-b: gone, with 2 pods\n"
        "  -prometheus-0, prometheus-1: Service, VirtualService, Gateway each; "
        "e.g. -host cluster-b-prometheus-0.example.com\n"
        "  -DestinationRule prometheus\n"
        "\n"
        "unchanged: 1 other cluster (cluster-a)\n"
    )


def test_hosts_ports_backends_and_policies_are_named() -> None:
    before = {A: [*pods(A, KEY, range(2), entry=True), a_policy(KEY)]}
    after = {
        A: [
            *pods(A, KEY, range(2), host="{pod}.example.org", port=9091, gateway_port=8443),
            a_policy(KEY, "DISABLE"),
        ]
    }
    assert text(before, after) == (
        "1 cluster, 1 workload: 2 resources added, 5 resources changed; 2 resources removed\n"
        "\n"
        "monitoring/prometheus in cluster-a:\n"
        "  ~prometheus-0, prometheus-1: +Service, -ServiceEntry, VirtualService, Gateway each; e.g. "
        "host cluster-a-prometheus-0.example.com -> prometheus-0.example.org; backend ServiceEntry -> Service; "
        "gateway port 443 -> 8443; port http-web 9090/HTTP -> 9091/HTTP\n"
        "  ~DestinationRule prometheus: policy trafficPolicy.tls.mode ISTIO_MUTUAL -> DISABLE\n"
        "\n"
    )


def test_a_field_without_a_meaning_of_its_own_is_named_by_its_path() -> None:
    assert text({A: pods(A, KEY, [0])}, {A: pods(A, KEY, [0], attempts=2)}) == (
        "1 cluster, 1 workload: 1 resource changed; nothing removed\n"
        "\n"
        "monitoring/prometheus in cluster-a: "
        "~prometheus-0: VirtualService; VirtualService spec.http[0].retries.attempts\n"
        "\n"
    )


def test_a_shared_resource_without_a_meaning_of_its_own_is_told_by_its_fields() -> None:
    policy = a_policy(KEY)
    labelled = {**policy.manifest, "metadata": {**policy.manifest["metadata"], "labels": {"a/b": "c"}}}
    before: Mesh = {A: [*pods(A, KEY, [0]), policy]}
    assert text(before, {A: [*pods(A, KEY, [0]), replace(policy, manifest=labelled)]}) == (
        "1 cluster, 1 workload: 1 resource changed; nothing removed\n"
        "\n"
        "monitoring/prometheus in cluster-a: ~DestinationRule prometheus: metadata.labels\n"
        "\n"
    )


def test_pods_that_all_change_otherwise_are_one_line_with_an_example() -> None:
    before = {A: [member for n in range(20) for member in pods(A, KAFKA, [n], gateway_port=9100 + n)]}
    after = {A: [member for n in range(20) for member in pods(A, KAFKA, [n], gateway_port=9200 + n)]}
    assert text(before, after) == (
        "1 cluster, 1 workload: 40 resources changed; nothing removed\n"
        "\n"
        "data/kafka in cluster-a: ~kafka-0, kafka-1, ... and 18 more: VirtualService, Gateway each; "
        "e.g. gateway port 9100 -> 9200\n"
        "\n"
    )


def test_a_move_between_sync_units_is_named_as_such() -> None:
    before = {A: pods(A, "ns/one", [0], host=None)}
    after = {A: [replace(member, place=member.place._replace(folder="two")) for member in before[A]]}
    plan = plan_of(before, after, sync_unit=SyncUnit.WORKLOAD)
    assert plan_text(plan) == (
        "1 cluster, 2 workloads: 1 pod added, 1 resource moved; 1 pod removed\n"
        "\n"
        "ns/one in cluster-a: gone, with 1 pod (+ConfigMap gitops-gen-retired-one)\n"
        "ns/two in cluster-a: new, 1 pod "
        "(~one-0: >Service; from overlays/cluster-a/ns/one to overlays/cluster-a/ns/two)\n"
        "\n"
        f"plan {plan.digest}\n"
    )


def test_pods_of_other_clusters_and_shared_gateways_are_named() -> None:
    server = {"port": {"number": 443, "protocol": "HTTPS"}, "hosts": ["monitoring/*.example.com"]}
    gateway = a_manifest("Gateway", "istio-ingress", "example-public", {"servers": [server]})
    east_west = a_manifest("Gateway", "istio-system", "example-eastwest", {"servers": []})
    stub = [replace(m, place=m.place._replace(file="prometheus-0.cluster-a")) for m in pods(A, KEY, [0], host=None)]
    added = [
        *stub,
        Compiled(gateway, Place("istio-ingress", "gateways.ingress", "example-public", "Cluster cluster-b")),
        Compiled(east_west, Place("istio-system", "gateways.eastwest", "example-eastwest", "Cluster cluster-b")),
    ]
    base: Mesh = {B: pods(B, KAFKA, [0])}
    assert text(base, {B: [*base[B], *added]}) == (
        "1 cluster, 1 workload: 3 resources added; nothing removed\n"
        "\n"
        "shared ingress gateways in namespace istio-ingress in cluster-b: new "
        "(+Gateway example-public: +gateway host monitoring/*.example.com)\n"
        "shared east-west gateways in namespace istio-system in cluster-b: new (+Gateway example-eastwest)\n"
        "monitoring/prometheus in cluster-b: new (+prometheus-0 of cluster-a: Service)\n"
        "\n"
    )


def test_more_shared_resources_than_a_line_takes_are_counted() -> None:
    extra = [
        Compiled(
            a_manifest("VirtualService", "ns", f"vs-{n}", {}), Place("ns", "wl", "virtual-service", "", shared=True)
        )
        for n in range(5)
    ]
    base: Mesh = {A: pods(A, "ns/wl", [0])}
    assert text(base, {A: [*base[A], *extra]}).splitlines()[2] == (
        "ns/wl in cluster-a: +VirtualService vs-0, VirtualService vs-1, VirtualService vs-2 and 2 more"
    )


def test_a_pod_with_two_gateways_says_so() -> None:
    second = Compiled(a_manifest("Gateway", "ns", "second", {}), Place("ns", "wl", "wl-1", ""))
    base: Mesh = {A: pods(A, "ns/wl", [0])}
    assert "+wl-1: Service, VirtualService, 2 Gateway; +host" in text(
        base, {A: [*base[A], *pods(A, "ns/wl", [1]), second]}
    )


def test_nothing_to_change() -> None:
    mesh = {A: pods(A, KEY, [0])}
    assert plan_text(plan_of(mesh, mesh)) == "nothing to change\n"
    assert plan_subject(plan_of(mesh, mesh)) == "nothing to change"


def test_files_that_render_the_same() -> None:
    mesh = {A: pods(A, KEY, [0])}
    old = tree_of(mesh)
    new = {path: b"# another header\n" + content for path, content in old.items()}
    plan = plan_of_trees(old, new, mesh)
    assert plan_text(plan) == f"no cluster renders anything else: 4 files rewritten\n\nplan {plan.digest}\n"


def test_engine_objects_and_unreadable_files_are_named() -> None:
    mesh = {A: pods(A, KEY, [0])}
    new = {
        **tree_of(mesh),
        "engines/argocd/gitops-gen.yaml": b"apiVersion: a/v1\nkind: AppProject\nmetadata: {name: x}\n",
    }
    old = {path: content for path, content in new.items() if not path.startswith("engines/")}
    path = "overlays/cluster-a/kustomization.yaml"
    plan = plan_of_trees({**old, path: b"{"}, new, mesh)
    assert plan_text(plan) == (
        "no cluster renders anything else: 2 files rewritten, 1 engine object changed\n"
        "\n"
        "engines/argocd/gitops-gen.yaml: +AppProject x\n"
        "overlays/cluster-a/kustomization.yaml: holds no resources that can be read; it is replaced\n"
        "\n"
        f"plan {plan.digest}\n"
    )


def test_a_long_plan_ends_with_what_was_left_out() -> None:
    after = {A: [member for n in range(30) for member in a_pod(A, f"ns/w{n:02}", f"w{n:02}-0", host=None)]}
    plan = plan_of({}, after)
    assert plan_text(plan, limit=3) == (
        "1 cluster, 30 workloads: 30 pods added, 30 resources added; nothing removed\n"
        "\n"
        "new cluster cluster-a: 30 workloads, 30 pods, 30 resources\n"
        "ns/w00 in cluster-a: new, 1 pod (+w00-0: Service)\n"
        "ns/w01 in cluster-a: new, 1 pod (+w01-0: Service)\n"
        "... and 28 more lines; the JSON form has everything\n"
        "\n"
        f"plan {plan.digest}\n"
    )


@pytest.mark.parametrize(
    ("before", "after", "subject"),
    [
        (range(2), range(3), "monitoring/prometheus in cluster-a: 2 -> 3 pods"),
        (range(3), range(2), "monitoring/prometheus in cluster-a: 3 -> 2 pods"),
        ((), range(2), "monitoring/prometheus in cluster-a: new, 2 pods"),
        (range(2), range(1, 3), "monitoring/prometheus in cluster-a: changed"),
    ],
)
def test_the_subject_of_a_commit(before: range, after: range, subject: str) -> None:
    lists = an_endpoint_list("thanos/query", [str(len(before))]), an_endpoint_list("thanos/query", [str(len(after))])
    old = {A: pods(A, KEY, before), "observer": [lists[0]]}
    new = {A: pods(A, KEY, after), "observer": [lists[1]]}
    assert plan_subject(plan_of(old, new)) == subject


def test_the_subject_of_a_larger_change_is_how_much_it_is() -> None:
    old: Mesh = {}
    new = {A: [*pods(A, KEY, range(2)), *pods(A, KAFKA, range(2))]}
    assert plan_subject(plan_of(old, new)) == "1 cluster, 2 workloads: 4 pods added, 12 resources added"


def test_the_subject_is_never_longer_than_72_characters() -> None:
    key = f"{'n' * 60}/{'w' * 50}"
    old = {A: [*pods(A, KEY, range(200)), *pods(A, KAFKA, range(2000, 2001))]}
    new = {A: [*pods(A, KEY, range(1, 150), attempts=1), *pods(A, key, range(110))]}
    plan = plan_of(old, new)
    assert plan_subject(plan) == "1 cluster, 3 workloads"
    assert len(plan_summary(plan)) > 72


def test_json_has_everything() -> None:
    rest: Mesh = {B: pods(B, KEY, [0])}
    plan = plan_of({A: pods(A, KEY, [0], host=None), **rest}, {A: pods(A, KEY, range(2), host=None), **rest})
    assert json.loads(plan_json(plan)) == {
        "digest": plan.digest,
        "inventoryDigest": "sha256:1",
        "summary": "1 cluster, 1 workload: 1 pod added, 1 resource added; nothing removed",
        "filesRewritten": 2,
        "clusters": [
            {
                "name": "cluster-a",
                "presence": "stays",
                "workloads": {"before": 1, "after": 1},
                "pods": {"before": 1, "after": 2},
                "resources": {"before": 1, "after": 2},
                "hostsLost": [],
                "changes": [
                    {
                        "namespace": "monitoring",
                        "folder": "prometheus",
                        "presence": "stays",
                        "pods": {"before": 1, "after": 2},
                        "podsAdded": ["prometheus-1"],
                        "podsRemoved": [],
                        "subjects": [
                            {
                                "pod": "prometheus-1",
                                "action": "added",
                                "meaning": [
                                    {"about": "backend", "before": [], "after": ["Service"]},
                                    {"about": "port http-web", "before": [], "after": ["9090/HTTP"]},
                                    {
                                        "about": "visibility of the backend",
                                        "before": [],
                                        "after": [".", "istio-ingress"],
                                    },
                                ],
                                "resources": [
                                    {
                                        "action": "added",
                                        "group": "",
                                        "kind": "Service",
                                        "namespace": "monitoring",
                                        "name": "cluster-a-prometheus-1",
                                        "fields": [],
                                        "unit": {"before": None, "after": "overlays/cluster-a/monitoring"},
                                    }
                                ],
                            }
                        ],
                    }
                ],
            }
        ],
        "unchangedClusters": ["cluster-b"],
        "engineObjects": [],
        "unreadableFiles": [],
    }


def test_no_control_character_gets_out_raw() -> None:
    hostile = "a\x1b[31m\u202e\x85\u2028b"
    base: Mesh = {A: pods(A, KEY, [0])}
    renamed = a_manifest(
        "DestinationRule", "monitoring", hostile, {"host": hostile, "trafficPolicy": {hostile: hostile}}
    )
    policy = Compiled(renamed, Place("monitoring", "prometheus", "destination-rule", "", shared=True))
    plan = plan_of(base, {A: [*base[A], policy]})
    for written in (plan_text(plan), plan_json(plan), plan_subject(plan)):
        assert written.replace("\n", "").isprintable()
    assert r"a\x1b[31m\u202e\x85\u2028b" in plan_text(plan)


def with_on_top(resources: list[Compiled], *components: str) -> list[Compiled]:
    return with_components(resources, {("monitoring", "prometheus"): components})


def test_components_that_come_and_go_are_told() -> None:
    before = {name: with_on_top(pods(name, KEY, range(2)), "old") for name in (A, B)}
    after = {name: with_on_top(pods(name, KEY, range(2)), "team", "timeouts") for name in (A, B)}
    assert text(before, after) == (
        "2 clusters, 1 workload: 4 components put on top; 2 components taken off\n"
        "\n"
        "monitoring/prometheus in 2 clusters (cluster-a, cluster-b): component old -> team, timeouts\n"
        "\n"
    )
    plan = plan_of(before, after)
    assert plan_subject(plan) == "monitoring/prometheus in 2 clusters: changed"
    assert plan_headlines(plan) == [
        "monitoring/prometheus in 2 clusters (cluster-a, cluster-b): other components on top"
    ]
    (change, _) = (one for cluster in json.loads(plan_json(plan))["clusters"] for one in cluster["changes"])
    assert change["subjects"] == [
        {
            "pod": None,
            "action": "changed",
            "meaning": [{"about": "component", "before": ["old"], "after": ["team", "timeouts"]}],
            "resources": [],
        }
    ]


def test_the_first_components_and_the_last() -> None:
    bare, extended = {A: pods(A, KEY, range(1))}, {A: with_on_top(pods(A, KEY, range(1)), "team")}
    assert text(bare, extended) == (
        "1 cluster, 1 workload: 1 component put on top; nothing removed\n\n"
        "monitoring/prometheus in cluster-a: +component team\n\n"
    )
    assert text(extended, bare) == (
        "1 cluster, 1 workload: 1 component taken off\n\nmonitoring/prometheus in cluster-a: -component team\n\n"
    )


def test_another_order_of_components_is_told_in_full() -> None:
    before = {A: with_on_top(pods(A, KEY, range(1)), "one", "two")}
    after = {A: with_on_top(pods(A, KEY, range(1)), "two", "one")}
    assert "monitoring/prometheus in cluster-a: component one, two -> two, one\n" in text(before, after)


def test_a_new_workload_says_its_components_and_one_that_goes_those_that_it_had() -> None:
    new = {A: with_on_top(pods(A, KEY, range(1)), "team")}
    assert "  +component team\n" in text({A: pods(A, KAFKA, range(1))}, {A: [*pods(A, KAFKA, range(1)), *new[A]]})
    assert "  -component team\n" in text({A: [*pods(A, KAFKA, range(1)), *new[A]]}, {A: pods(A, KAFKA, range(1))})
