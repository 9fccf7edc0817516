from __future__ import annotations

from gitops_gen.engines.commands import Command, let_go, take_away, take_tombstone_away
from gitops_gen.engines.units import unit_at
from gitops_gen.manifest import ResourceId
from gitops_gen.model import Engine


def test_the_commands_for_a_unit() -> None:
    unit, cluster = unit_at("overlays/east/data/kafka"), unit_at("overlays/east")
    application = "kubectl --namespace argocd delete applications.argoproj.io"
    assert take_away(Engine.ARGOCD, unit) == [Command("", f"{application} east.data.kafka", "its resources stay")]
    assert take_away(Engine.ARGOCD, cluster) == [Command("", f"{application} east", "its resources stay")]
    kustomization = "kubectl --namespace flux-system delete kustomizations.kustomize.toolkit.fluxcd.io"
    note = "unless what applies engines/flux/east prunes it"
    assert take_away(Engine.FLUX, unit) == [Command("east", f"{kustomization} data.kafka", note)]
    assert take_away(Engine.FLUX, cluster) == [Command("east", f"{kustomization} east", note)]
    assert take_away(Engine.NONE, unit) == []


def test_the_commands_for_a_tombstone() -> None:
    unit, cluster = unit_at("overlays/east/data/kafka"), unit_at("overlays/east")
    note = "nothing else takes it away"
    for engine in (Engine.ARGOCD, Engine.NONE):
        (command,) = take_tombstone_away(engine, unit)
        assert command == Command("east", "kubectl --namespace data delete configmap gitops-gen-retired-kafka", note)
        (command,) = take_tombstone_away(engine, cluster)
        assert command == Command("east", "kubectl --namespace default delete configmap gitops-gen-retired-east", note)
    assert take_tombstone_away(Engine.FLUX, unit) == []
    (command,) = take_tombstone_away(Engine.FLUX, unit, own_account=True)
    assert command.note == "if it is still there", "its account may be gone before it"


def test_the_commands_for_what_has_another_engine() -> None:
    istio = "networking.istio.io"
    resources = [
        ResourceId(istio, "Gateway", "data", "db-0"),
        ResourceId("", "Service", "data", "db"),
        ResourceId(istio, "Gateway", "data", "db-1"),
        ResourceId("gateway.networking.k8s.io", "Gateway", "apps", "web"),
    ]
    kubectl = "annotate --selector app.kubernetes.io/managed-by=gitops-gen"
    off = "argocd.argoproj.io/sync-options- kustomize.toolkit.fluxcd.io/prune-"
    note = "after the commands above: else nothing there is ever pruned again"
    assert let_go("east", resources) == [
        Command("east", f"kubectl --namespace apps {kubectl} gateways.gateway.networking.k8s.io {off}", note),
        Command("east", f"kubectl --namespace data {kubectl} gateways.networking.istio.io,services {off}", note),
    ]
