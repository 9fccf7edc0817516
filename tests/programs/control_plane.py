"""A Kubernetes API as plain processes: etcd, kube-apiserver and, where wanted, controllers. No nodes, no containers.

    with control_plane(folder, port=16443, controllers=("statefulset-controller",)) as plane:
        plane.kube.apply(manifest)

It listens on `address` (loopback) at `port`; etcd takes the two ports after it, the controllers the third, always on
loopback. Several run side by side with folders and ports of their own. All of it ends with the context.
"""

from __future__ import annotations

import base64
import secrets
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import yaml

from tests.programs.catalogue import program
from tests.programs.kube import ApiError, Kube
from tests.programs.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

STARTS_WITHIN_S = 300.0
LOOPBACK = "127.0.0.1"


class ControlPlane(NamedTuple):
    """A Kubernetes API that runs."""

    kube: Kube
    kubeconfig: Path
    """For programs: the rights of an administrator."""
    processes: Processes


@contextmanager
def control_plane(
    folder: Path,
    *,
    port: int,
    address: str = LOOPBACK,
    service_range: str = "10.96.0.0/16",
    controllers: Sequence[str] = (),
) -> Iterator[ControlPlane]:
    """Run a Kubernetes API that begins empty, with its data and logs in a folder. Raises RuntimeError if it fails."""
    certificates = folder / "certificates"
    certificates.mkdir(parents=True)
    folder.chmod(0o755)
    certificates.chmod(0o700)
    key, public = certificates / "account.key", certificates / "account.pub"
    _openssl("genrsa", "-out", str(key), "2048")
    _openssl("rsa", "-in", str(key), "-pubout", "-out", str(public))
    token = secrets.token_hex(16)
    tokens = certificates / "tokens.csv"
    tokens.write_text(f'{token},admin,admin,"system:masters"\n')
    clients, peers = f"http://{LOOPBACK}:{port + 1}", f"http://{LOOPBACK}:{port + 2}"
    with Processes(folder) as processes:
        processes.start(
            "etcd",
            [
                program("etcd"),
                "--name=tests",
                f"--data-dir={folder / 'etcd'}",
                "--unsafe-no-fsync",
                "--log-level=warn",
                f"--listen-client-urls={clients}",
                f"--advertise-client-urls={clients}",
                f"--listen-peer-urls={peers}",
                f"--initial-advertise-peer-urls={peers}",
                f"--initial-cluster=tests={peers}",
            ],
        )
        processes.start(
            "kube-apiserver",
            [
                program("kube-apiserver"),
                f"--etcd-servers={clients}",
                f"--secure-port={port}",
                f"--bind-address={address}",
                f"--advertise-address={address}",
                "--endpoint-reconciler-type=none",
                f"--cert-dir={certificates}",
                f"--token-auth-file={tokens}",
                "--authorization-mode=RBAC",
                f"--service-cluster-ip-range={service_range}",
                "--allow-privileged",
                f"--service-account-key-file={public}",
                f"--service-account-signing-key-file={key}",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--api-audiences=https://kubernetes.default.svc,istio-ca",
                "--disable-admission-plugins=ServiceAccount",
            ],
        )
        certificate = certificates / "apiserver.crt"
        _until_ready(processes, address, port, token, certificate)
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(_kubeconfig(f"https://{address}:{port}", token, certificate.read_bytes()))
        kubeconfig.chmod(0o600)
        if controllers:
            processes.start(
                "kube-controller-manager",
                [
                    program("kube-controller-manager"),
                    f"--kubeconfig={kubeconfig}",
                    f"--controllers={','.join(controllers)}",
                    "--leader-elect=false",
                    f"--bind-address={LOOPBACK}",
                    f"--secure-port={port + 3}",
                    f"--cert-dir={certificates}",
                    "--authentication-skip-lookup",
                ],
            )
        yield ControlPlane(Kube(address, port, token, certificate), kubeconfig, processes)


def _until_ready(processes: Processes, address: str, port: int, token: str, certificate: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        for name in ("etcd", "kube-apiserver"):
            processes.check(name)
        try:
            Kube(address, port, token, certificate).call("GET", "/readyz?verbose")
        except (OSError, ApiError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(
        f"kube-apiserver was not ready after {STARTS_WITHIN_S:.0f} s; see {processes.log('kube-apiserver')}"
    )


def _kubeconfig(server: str, token: str, certificate: bytes) -> str:
    name = "tests"
    cluster = {"server": server, "certificate-authority-data": certificate_data(certificate)}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return yaml.safe_dump(config, sort_keys=False)


def certificate_data(certificate: bytes) -> str:
    """Return a certificate as resources hold it."""
    return base64.b64encode(certificate).decode()


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
