from __future__ import annotations

import pytest

from tests.inventories import HEAD, PUBLIC, WEB, cluster, consumer, document, found, load, mesh, placed, workload

TCP = "{name: client, port: 9092, protocol: TCP, expose: {startPort: 31000}}"


def messages(*documents: str) -> list[str]:
    return [f"{problem.rule} {problem.message}" for problem in load(*documents).problems]


@pytest.mark.parametrize("name", ["Kafka", "kafka_1", "-kafka", "kafka-", "kafka.1", "k\u00e4fka", "\uff41", "a" * 64])
def test_every_place_of_a_name_refuses_what_is_no_label(name: str) -> None:
    documents = [
        mesh(name=name),
        cluster(name, spec=""),
        cluster(
            "b", spec=f"ingresses:\n  {name}: {{namespace: {name}}}\neastWest: {{address: a.b, namespace: {name}}}"
        ),
        workload(
            f"""
            service: {{name: {name}}}
            ports: [{{name: {name}, port: 1, protocol: TCP}}]
            placements: [{{cluster: b, names: [{name}], statefulSet: {name}, service: {{name: {name}}}}}]
            allowConsumers: ['{name}/*']
            """,
            name=name,
            namespace=name,
        ),
        document(
            "Consumer", f"name: {name}, namespace: {name}", "{cluster: b, workloads: [x/y], via: east-west, port: p}"
        ),
    ]
    rules = [rule for rule in found(*documents) if rule == "GGI203"]
    assert len(rules) == 15


def test_a_name_that_is_too_long_says_by_how_much() -> None:
    (message,) = messages(mesh(name="a" * 70))
    assert message == (
        f'GGI203 the Mesh name "{"a" * 70}" is 70 characters long, 7 more than the 63 that a DNS label can have'
    )


def test_cluster_names_begin_with_a_letter_because_services_do() -> None:
    assert messages(mesh(), cluster("3rd", spec="")) == [
        'GGI203 the cluster name "3rd" begins with a digit, which Kubernetes does not accept for a Service'
    ]


def test_upper_case_and_underscores_get_an_example() -> None:
    (problem,) = load(mesh(name="My_Mesh")).problems
    assert problem.help == 'for example "my-mesh"'


@pytest.mark.parametrize(
    ("target", "good"),
    [
        ("http", True),
        ("a-b", True),
        ("a--b", False),
        ("8080a", True),
        ("'8080'", False),
        ("a" * 16, False),
        ("Http", False),
    ],
)
def test_container_ports(target: str, *, good: bool) -> None:
    rules = found(mesh(), cluster(), placed(f"{{name: a, port: 1, protocol: TCP, targetPort: {target}}}"))
    assert rules == ([] if good else ["GGI203"])


@pytest.mark.parametrize(
    ("label", "good"),
    [
        ("app: kafka", True),
        ("example.com/app: Kafka_1.x", True),
        ("app: ''", True),
        ("'': a", False),
        ("a/b/c: a", False),
        ("Example.com/app: a", False),
        ("app: a b", False),
        ("app: " + "a" * 64, False),
        ("a" * 64 + ": b", False),
        ("-a: b", False),
    ],
)
def test_labels(label: str, *, good: bool) -> None:
    rules = found(mesh(), cluster(labels=label), placed(more=f"selector: {{{label}}}"))
    assert rules == ([] if good else ["GGI204", "GGI204"])


@pytest.mark.parametrize("workload_key", ["kafka", "streaming/", "/kafka", "a/b/c", "Streaming/kafka"])
def test_workloads_of_consumers_are_namespace_and_name(workload_key: str) -> None:
    rules = found(
        mesh(),
        cluster(),
        placed(),
        consumer(f"{{cluster: east, workloads: [{workload_key}], via: east-west, port: http}}"),
    )
    assert rules[0] == "GGI203"


def test_a_missing_mesh_is_told_in_the_first_file() -> None:
    (problem,) = load(cluster()).problems
    assert (problem.rule, str(problem.location)) == ("GGI201", "inventory.yaml:1:1")


def test_two_meshes_show_both_places() -> None:
    (problem,) = load(mesh(), mesh(name="other")).problems
    assert (problem.rule, problem.location.line) == ("GGI201", 7)
    assert [place.line for _, place in problem.related] == [3]


@pytest.mark.parametrize(
    "twice",
    [cluster(), placed(), consumer("{cluster: east, workloads: [streaming/kafka], via: north-south, port: http}")],
)
def test_a_name_written_twice_shows_both_places(twice: str) -> None:
    others = [text for text in (cluster(), placed()) if text != twice]
    (problem,) = load(mesh(), *others, twice, twice).problems
    assert problem.rule == "GGI202"
    assert len(problem.related) == 1
    assert problem.related[0][1] < problem.location


def test_workloads_of_one_name_in_two_namespaces_are_two() -> None:
    spec = PUBLIC.replace("{pod}", "{pod}-{namespace}")
    assert found(mesh(), cluster(spec=spec), placed(), placed(namespace="other")) == []


@pytest.mark.parametrize(
    ("length", "rules"),
    [(52, []), (53, ["GGI030"]), (63, ["GGI030", "GGI030"]), (64, ["GGI203"])],
)
def test_stateful_sets_leave_room_for_the_revision_label(length: int, rules: list[str]) -> None:
    port = "{name: a, port: 1, protocol: TCP}"
    assert found(mesh(), cluster("e"), placed(port, "{cluster: e, replicas: 1}", name="k" * length)) == rules


@pytest.mark.parametrize(("replicas", "rules"), [(10, []), (11, ["GGI030"])])
def test_the_widest_ordinal_decides_whether_a_name_fits(replicas: int, rules: list[str]) -> None:
    name = "k" * 40
    prefix = "c" * (63 - len(f"-{name}-9"))
    loaded = load(
        mesh(),
        cluster(prefix),
        placed("{name: a, port: 1, protocol: TCP}", f"{{cluster: {prefix}, replicas: {replicas}}}", name=name),
    )
    assert [problem.rule for problem in loaded.problems] == rules
    if rules:
        assert "is 64 characters long, 1 more than the 63" in loaded.problems[0].message
        assert f"{name}-10" in loaded.problems[0].message


def test_a_gateway_on_another_ingress_has_that_in_its_name() -> None:
    spec = (
        PUBLIC
        + "    default: true\n  internal-one: {namespace: internal, hostTemplate: '{cluster}-{pod}.internal.corp'}"
    )
    port = "{name: a, port: 1, protocol: HTTP, expose: {ingress: internal-one}}"
    (problem,) = load(mesh(), cluster(spec=spec), placed(port, "{cluster: east, replicas: 1}", name="k" * 48)).problems
    assert problem.rule == "GGI030"
    assert "the Gateway of a pod" in problem.message
    assert (
        found(
            mesh(), cluster(spec=spec), placed(port, "{cluster: east, replicas: 1}", "gateways: shared", name="k" * 48)
        )
        == []
    )


def test_a_host_that_is_too_long_says_which_part() -> None:
    spec = PUBLIC.replace("{cluster}-{pod}", "{cluster}-{pod}-" + "x" * 60)
    (problem,) = load(mesh(), cluster(spec=spec), placed()).problems
    assert problem.rule == "GGI030"
    assert "more than the 63 that a DNS label can have" in problem.message


@pytest.mark.parametrize(("replicas", "rules"), [(10, []), (11, ["GGI030"])])
def test_the_widest_ordinal_decides_whether_a_host_fits(replicas: int, rules: list[str]) -> None:
    spec = PUBLIC.replace("{cluster}-{pod}", "{cluster}-{pod}-" + "x" * (62 - len("east-kafka-9")))
    assert found(mesh(), cluster(spec=spec), placed(placements=f"{{cluster: east, replicas: {replicas}}}")) == rules


def test_a_pod_may_not_be_called_like_a_file_of_a_kind() -> None:
    port = "{name: a, port: 1, protocol: TCP}"
    for name in ("service", "kustomization", "virtual-service"):
        assert found(mesh(), cluster(), placed(port, f"{{cluster: east, names: [{name}]}}")) == ["GGI226"]
        companion = f"{{name: a, port: 1, protocol: TLS, expose: {{host: a.example.com, service: {name}}}}}"
        assert found(mesh(), cluster(), placed(companion)) == ["GGI226"]
    assert found(mesh(), cluster(), placed(port, "{cluster: east, names: [con, nul]}")) == []


def test_a_pod_is_named_once() -> None:
    port = "{name: a, port: 1, protocol: TCP}"
    (problem, *others) = load(mesh(), cluster(), placed(port, "{cluster: east, names: [a-1, b-2, a-1]}")).problems
    assert (problem.rule, problem.message) == ("GGI225", 'pod "a-1" is named twice')
    assert [place.line for _, place in problem.related] == [problem.location.line]
    assert others == []


def test_one_pod_of_two_workloads_shows_both_placements() -> None:
    loaded = load(
        mesh(),
        cluster(),
        placed(TCP, "{cluster: east, replicas: 3}", name="store"),
        placed(TCP.replace("31000", "32000"), "{cluster: east, replicas: 2, statefulSet: store}", name="other"),
    )
    (problem,) = [problem for problem in loaded.problems if problem.rule == "GGI225"]
    assert problem.message == "pod store-0 in cluster east is placed twice, and 1 more like it"
    assert len(problem.related) == 1
    assert {problem.rule for problem in loaded.problems} == {"GGI225"}


def test_names_that_meet_over_clusters_show_both_places() -> None:
    port = "{name: a, port: 1, protocol: TCP}"
    documents = [
        mesh(),
        cluster("a"),
        cluster("a-b"),
        placed(port, "{cluster: a, replicas: 1}", name="b-c"),
        placed(port, "{cluster: a-b, replicas: 1}", name="c"),
    ]
    (problem,) = load(*documents).problems
    assert problem.rule == "GGI231"
    assert problem.message == "pod b-c-0 in cluster a and pod c-0 in cluster a-b would both be called a-b-c-0"
    assert problem.related[0][1] < problem.location
    several = [document.replace("replicas: 1", "replicas: 3") for document in documents]
    assert [problem.message for problem in load(*several).problems] == [f"{problem.message}, and 2 more like it"]
    elsewhere = placed(port, "{cluster: a-b, replicas: 1}", name="c", namespace="elsewhere")
    assert found(*documents[:-1], elsewhere) == []


def test_a_companion_may_not_be_called_like_a_pod_and_is_one_workload_s() -> None:
    boot = "{name: a, port: %d, protocol: TLS, expose: {host: boot-%d.example.com, service: %s}}"
    assert found(mesh(), cluster(), placed(WEB + "\n" + boot % (1, 1, "kafka-0"))) == ["GGI231"]
    assert found(mesh(), cluster(), placed(WEB + "\n" + boot % (1, 1, "boot"))) == []
    other = placed(WEB + "\n" + boot % (1, 2, "boot"), name="other")
    assert found(mesh(), cluster(), placed(WEB + "\n" + boot % (1, 1, "boot")), other) == ["GGI231"]


def test_the_head_of_every_document_is_the_same() -> None:
    assert mesh().startswith(HEAD)


def test_a_file_s_name_taken_in_many_clusters_is_one_problem() -> None:
    clusters = [cluster(name, labels="ring: canary") for name in ("east", "west", "north")]
    (problem,) = load(mesh(), *clusters, placed(placements="{clusters: {ring: canary}, names: [service]}")).problems
    assert problem.rule == "GGI226"
    assert problem.message.endswith("service.yaml, and 2 more like it")


@pytest.mark.parametrize(
    "name",
    [
        "../base",
        "..",
        ".",
        "/etc",
        "a/b",
        "Team",
        "t\u00e9am",
        "team.one",
        "a" * 64,
        "-x",
        "x-",
        "te am",
        "\u0661",
    ],
)
def test_a_component_is_named_by_a_folder_of_its_own(name: str) -> None:
    (problem,) = load(mesh(), cluster(), placed(more=f'components: [team, "{name}"]')).problems
    assert problem.rule == "GGI203"
    assert problem.message.startswith("the component ")
    assert (problem.location.line, problem.location.column) == (18, 22)


def test_an_empty_name_of_a_component_is_too_short() -> None:
    assert found(mesh(), cluster(), placed(more='components: [""]')) == ["GGI119"]


def test_a_component_is_named_once() -> None:
    loaded = load(mesh(), cluster(), placed(more="components: [team, timeouts, team, team]"))
    assert [(one.rule, one.message, one.location.column) for one in loaded.problems] == [
        ("GGI246", 'component "team" is named twice', 32),
        ("GGI246", 'component "team" is named twice', 38),
    ]
    assert {place.column for one in loaded.problems for _, place in one.related} == {16}


def test_components_keep_the_order_in_which_they_are_written() -> None:
    inventory = load(mesh(), cluster(), placed(more="components: [timeouts, team]")).inventory
    assert inventory is not None
    (workload,) = inventory.workloads
    assert [(one.name, one.origin.column) for one in workload.components] == [("timeouts", 16), ("team", 26)]
