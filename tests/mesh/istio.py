"""istiod: one for each cluster, with one root of trust, its webhook, and what one may know of the other."""

from __future__ import annotations

import base64
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from tests.mesh import network
from tests.programs.catalogue import program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.programs.control_plane import ControlPlane
    from tests.programs.kube import Kube

STARTS_WITHIN_S = 90.0
NAMESPACE = "istio-system"

LOG_FORMAT = (
    "%DOWNSTREAM_LOCAL_ADDRESS% peer=%DOWNSTREAM_PEER_URI_SAN% sni=%REQUESTED_SERVER_NAME% authority=%REQ(:AUTHORITY)% "
    "code=%RESPONSE_CODE% flags=%RESPONSE_FLAGS% details=%RESPONSE_CODE_DETAILS% cluster=%UPSTREAM_CLUSTER% "
    "upstream=%UPSTREAM_HOST% failure=%UPSTREAM_TRANSPORT_FAILURE_REASON%\\n"
)
MESH_CONFIG = f"""\
accessLogFile: /dev/stdout
accessLogFormat: "{LOG_FORMAT}"
trustDomain: cluster.local
enablePrometheusMerge: false
defaultConfig: {{discoveryAddress: "istiod.istio-system.svc:15012"}}
defaultProviders: {{metrics: [], tracing: []}}
"""
ENVIRONMENT = {
    "POD_NAMESPACE": NAMESPACE,
    "POD_NAME": "istiod-0",
    "REVISION": "default",
    "JWT_POLICY": "third-party-jwt",
    "INJECT_ENABLED": "false",
    "VALIDATION_WEBHOOK_CONFIG_NAME": "",
    "INJECTION_WEBHOOK_CONFIG_NAME": "",
    "PILOT_ENABLE_ANALYSIS": "false",
    # A stock Envoy has none of Istio's own filters.
    "PILOT_ENABLE_METADATA_EXCHANGE": "false",
    "PILOT_ENABLE_ALPN_FILTER": "false",
    "PILOT_ENABLE_TELEMETRY_LABEL": "false",
    "PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER": "false",
    "PILOT_ENABLE_ALPHA_GATEWAY_API": "true",
}


def webhook_address(slot: int) -> str:
    """Return the address of istiod's Service: the API server asks there whether a resource is valid."""
    return f"10.{96 + slot}.0.10"


def start_istiod(plane: ControlPlane, slot: int, folder: Path) -> None:
    """Start the istiod of a cluster and let the API server ask it. Raises RuntimeError when it does not come up."""
    (folder / "mesh.yaml").write_text(MESH_CONFIG)
    network.run("ip", "address", "add", f"{webhook_address(slot)}/32", "dev", "lo")
    run_istiod(plane, slot, folder, {})
    _install_webhook(plane.kube, webhook_address(slot))


def run_istiod(plane: ControlPlane, slot: int, folder: Path, switches: Mapping[str, str]) -> None:
    """Run the istiod of a cluster with more switches than the usual ones, in place of one that runs.

    Raises RuntimeError when it does not come up.
    """
    address, service = network.slot_address(slot), webhook_address(slot)
    plane.processes.stop("istiod")
    plane.processes.start(
        "istiod",
        [
            program("istiod"),
            "discovery",
            f"--kubeconfig={plane.kubeconfig}",
            f"--meshConfig={folder / 'mesh.yaml'}",
            f"--clusterID=slot-{slot}",
            f"--httpAddr={address}:8080",
            f"--monitoringAddr={address}:15014",
            f"--grpcAddr={address}:15010",
            f"--secureGRPCAddr={address}:15012",
            f"--httpsAddr={service}:15017",
            "--ctrlz_port=0",
        ],
        env={**ENVIRONMENT, "CLUSTER_ID": f"slot-{slot}", **switches},
        cwd=folder,
    )
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        plane.processes.check("istiod")
        try:
            with urllib.request.urlopen(f"http://{address}:8080/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"istiod is not ready; see {plane.processes.log('istiod')}")


def _install_webhook(kube: Kube, address: str) -> None:
    root = awaited(kube, "ConfigMap", "istio-ca-root-cert")["data"]["root-cert.pem"]
    ports = [{"name": "https-webhook", "port": 15017}]
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "istiod", "namespace": NAMESPACE},
            "spec": {"clusterIP": address, "ports": ports},
        }
    )
    service = {"name": "istiod", "namespace": NAMESPACE, "path": "/validate", "port": 15017}
    groups = ["networking.istio.io", "security.istio.io", "telemetry.istio.io", "extensions.istio.io"]
    everything = {"operations": ["CREATE", "UPDATE"], "apiGroups": groups, "apiVersions": ["*"], "resources": ["*"]}
    kube.apply(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "istio-validator"},
            "webhooks": [
                {
                    "name": "rev.validation.istio.io",
                    "admissionReviewVersions": ["v1"],
                    "sideEffects": "None",
                    "failurePolicy": "Fail",
                    "clientConfig": {"service": service, "caBundle": base64.b64encode(root.encode()).decode()},
                    "rules": [everything],
                }
            ],
        }
    )


def awaited(kube: Kube, kind: str, name: str) -> dict[str, Any]:
    """Return a resource of Istio's namespace as soon as it is there."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        found = kube.get("v1", kind, NAMESPACE, name)
        if found is not None:
            return found
        time.sleep(0.2)
    raise RuntimeError(f"istiod has not made {kind} {name}")


def share_trust(first: Kube, other: Kube) -> None:
    """Give another cluster the certificate authority of the first, before its istiod starts."""
    secret = awaited(first, "Secret", "istio-ca-secret")
    other.apply({**secret, "metadata": {"name": "istio-ca-secret", "namespace": NAMESPACE}})


def set_discovery(planes: Mapping[int, ControlPlane], discovering: frozenset[int]) -> bool:
    """Let these istiods read each other's endpoints, and no others; tells whether that has changed."""
    changed = False
    for slot, plane in planes.items():
        for other in planes:
            name = f"istio-remote-secret-slot-{other}"
            there = plane.kube.get("v1", "Secret", NAMESPACE, name) is not None
            wanted = slot != other and {slot, other} <= discovering
            if wanted and not there:
                plane.kube.apply(_remote_secret(name, f"slot-{other}", planes[other].kubeconfig))
            elif there and not wanted:
                plane.kube.delete("v1", "Secret", NAMESPACE, name)
            changed |= wanted != there
    return changed


def _remote_secret(name: str, cluster: str, kubeconfig: Path) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"istio/multiCluster": "true"}},
        "data": {cluster: base64.b64encode(kubeconfig.read_bytes()).decode()},
    }
