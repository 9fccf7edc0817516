"""The engines themselves, as plain processes: Flux in each cluster, Argo CD in one for all."""

from __future__ import annotations

import base64
import json
import os
import secrets
from typing import TYPE_CHECKING, Any

import yaml

from tests.programs.catalogue import program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.programs.control_plane import ControlPlane
    from tests.programs.kube import Kube
    from tests.programs.processes import Processes

FLUX_NAMESPACE, ARGOCD_NAMESPACE = "flux-system", "argocd"


def start_flux(processes: Processes, cluster: str, plane: ControlPlane, folder: Path, port: int) -> None:
    """Start source-controller and kustomize-controller for a cluster; five ports from `port` on are theirs."""
    temporary, artifacts = folder / "tmp", folder / "artifacts"
    temporary.mkdir(parents=True)
    artifacts.mkdir()
    environment = {
        "KUBECONFIG": str(plane.kubeconfig),
        "RUNTIME_NAMESPACE": FLUX_NAMESPACE,
        "TMPDIR": str(temporary),
    }
    storage = f"127.0.0.1:{port}"
    processes.start(
        f"source-controller-{cluster}",
        [
            program("source-controller"),
            f"--storage-path={artifacts}",
            f"--storage-addr={storage}",
            f"--storage-adv-addr={storage}",
            f"--health-addr=127.0.0.1:{port + 1}",
            f"--metrics-addr=127.0.0.1:{port + 2}",
        ],
        env=environment,
    )
    processes.start(
        f"kustomize-controller-{cluster}",
        [
            program("kustomize-controller"),
            f"--health-addr=127.0.0.1:{port + 3}",
            f"--metrics-addr=127.0.0.1:{port + 4}",
            # a unit that is made before its source is there waits so long; 30 s unless told otherwise
            "--requeue-dependency=5s",
        ],
        env=environment,
    )


def start_argocd(processes: Processes, planes: Mapping[str, ControlPlane], hub: str, folder: Path, port: int) -> None:
    """Start redis, repository server, application and applicationset controller; ten ports from `port` on are theirs.

    All listens on loopback but for the metrics of the application controller, which have no address to set.
    """
    _prepare_argocd(planes[hub].kube, planes)
    for name in ("tmp", "tls", "ssh", "gpg"):
        (folder / name).mkdir(parents=True)
    (folder / "ssh" / "ssh_known_hosts").touch()
    binary = program("argocd")
    environment = {
        "KUBECONFIG": str(planes[hub].kubeconfig),
        "ARGOCD_FAKE_IN_CLUSTER": "true",
        "ARGOCD_TLS_DATA_PATH": str(folder / "tls"),
        "ARGOCD_SSH_DATA_PATH": str(folder / "ssh"),
        "ARGOCD_GNUPGHOME": str(folder / "gpg"),
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_K8S_CLIENT_QPS": "200",
        "ARGOCD_K8S_CLIENT_BURST": "400",
        "ARGOCD_CONTROLLER_REPLICAS": "1",
        "HOSTNAME": "argocd-application-controller-0",
        "TMPDIR": str(folder / "tmp"),
        # beside the binary stands what the repository server runs for every commit that it renders
        "PATH": f"{binary.parent}:{program('kustomize').parent}:{os.environ['PATH']}",
    }
    redis, server = f"127.0.0.1:{port}", f"127.0.0.1:{port + 1}"
    processes.start(
        "redis",
        [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
    )
    own: dict[str, list[str]] = {
        "argocd-repo-server": [
            "--address=127.0.0.1",
            f"--port={port + 1}",
            "--metrics-address=127.0.0.1",
            f"--metrics-port={port + 2}",
            f"--redis={redis}",
            "--disable-tls",
            "--client-ca-path=",
        ],
        "argocd-application-controller": [
            f"--namespace={ARGOCD_NAMESPACE}",
            f"--redis={redis}",
            f"--repo-server={server}",
            "--repo-server-plaintext",
            f"--metrics-port={port + 3}",
            "--status-processors=4",
            "--operation-processors=4",
        ],
        "argocd-applicationset-controller": [
            f"--namespace={ARGOCD_NAMESPACE}",
            f"--argocd-repo-server={server}",
            "--repo-server-plaintext",
            f"--metrics-addr=127.0.0.1:{port + 4}",
            f"--probe-addr=127.0.0.1:{port + 5}",
            f"--webhook-addr=127.0.0.1:{port + 6}",
        ],
    }
    for name, options in own.items():
        # one binary; the variable says which of them it is
        processes.start(name, [binary, *options], env={**environment, "ARGOCD_BINARY_NAME": name})


def _prepare_argocd(kube: Kube, planes: Mapping[str, ControlPlane]) -> None:
    """Make what an installation of Argo CD has: its configuration, and each cluster under its name."""
    part = {"namespace": ARGOCD_NAMESPACE, "labels": {"app.kubernetes.io/part-of": "argocd"}}
    for name in ("cm", "rbac-cm", "cmd-params-cm", "gpg-keys-cm", "ssh-known-hosts-cm", "tls-certs-cm"):
        kube.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"argocd-{name}", **part}})
    kube.create(_secret("argocd-secret", part["labels"], {"server.secretkey": secrets.token_hex(16)}))
    for name, plane in planes.items():
        own = yaml.safe_load(plane.kubeconfig.read_text())
        entry = own["clusters"][0]["cluster"]
        config = {
            "bearerToken": own["users"][0]["user"]["token"],
            "tlsClientConfig": {"caData": entry["certificate-authority-data"]},
        }
        content = {"name": name, "server": entry["server"], "config": json.dumps(config)}
        kube.create(_secret(f"cluster-{name}", {"argocd.argoproj.io/secret-type": "cluster"}, content))


def _secret(name: str, labels: Any, content: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": ARGOCD_NAMESPACE, "labels": labels},
        "data": {key: base64.b64encode(text.encode()).decode() for key, text in content.items()},
    }
