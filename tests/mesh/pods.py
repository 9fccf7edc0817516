"""Pods: a network namespace each, with the application and, where the pod asks for one, a real proxy."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.mesh import network
from tests.programs.kube import ApiError, Kube
from tests.programs.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
PROXY_USER = 1337
PROXY_STARTS_WITHIN_S = 90.0

INJECT = "sidecar.istio.io/inject"
EXCLUDED = "traffic.sidecar.istio.io/excludeInboundPorts"
ROLE = "tests.gitops-gen.io/role"
"""Annotation of a pod: `gateway` makes it one."""
DNS_CAPTURE = "tests.gitops-gen.io/dns-capture"
SPEAKS = "tests.gitops-gen.io/speaks"
"""What the application listens on: `9090/http 9094/tls 6379/tcp`."""
READY = "tests.gitops-gen.io/ready"
NETWORK = "topology.istio.io/network"

DISCOVERY = "istiod.istio-system.svc:15012"


class Pod:
    """One pod that runs here, in the cluster that has the number `slot`."""

    def __init__(self, found: Mapping[str, Any], slot: int, index: int, state: Path) -> None:
        metadata, spec = found["metadata"], found["spec"]
        self.slot = slot
        self.namespace: str = metadata["namespace"]
        self.name: str = metadata["name"]
        self.uid: str = metadata["uid"]
        self.labels: dict[str, str] = dict(metadata.get("labels") or {})
        self.annotations: dict[str, str] = dict(metadata.get("annotations") or {})
        self.account: str = spec.get("serviceAccountName", "default")
        self.address = network.pod_address(slot, index)
        self.netns = f"{slot}-{self.namespace}-{self.name}-{index}"
        self.folder = state / "pods" / self.netns
        self.is_gateway = self.annotations.get(ROLE) == "gateway"
        self.has_proxy = self.is_gateway or self.labels.get(INJECT) == "true"
        self.ready: bool | None = None
        self.state = state
        self._processes = Processes(self.folder)

    @property
    def proxy_log(self) -> Path:
        """Return the access log of the proxy."""
        return self._processes.log("proxy")

    def start(self, kube: Kube) -> None:
        """Start the pod. Raises RuntimeError when its proxy does not become ready."""
        hosts = [f"{network.slot_address(self.slot)} istiod.istio-system.svc", f"{self.address} {self.name}"]
        search = f"{self.namespace}.svc.cluster.local svc.cluster.local cluster.local"
        network.add_namespace(self.netns, self.address, self.folder, hosts, search)
        self._processes.__enter__()
        if not self.is_gateway:
            self._start_application()
        if self.has_proxy:
            self._start_proxy(kube)
            self._await_proxy()

    def stop(self) -> None:
        """End all programs of the pod and take its network away."""
        self._processes.__exit__(None, None, None)
        network.remove_namespace(self.netns)

    def inside(self, *command: str) -> list[str]:
        """Return the command that runs another one in this pod."""
        return network.inside(self.netns, self.folder, command)

    def _start_application(self) -> None:
        spoken = self.annotations.get(SPEAKS, "").split()
        environment = {"ECHO_CERTIFICATE": str(self.state / "app.crt"), "ECHO_KEY": str(self.state / "app.key")}
        identity = f"{self.slot}/{self.namespace}/{self.name}"
        command = self.inside(sys.executable, str(HERE / "echo.py"), identity, *spoken)
        self._processes.start("application", command, env=environment)

    def _start_proxy(self, kube: Kube) -> None:
        self._write_files(kube)
        agent, envoy = (str(self.state / "bin" / name) for name in ("pilot-agent", "envoy"))
        captures = self.annotations.get(DNS_CAPTURE) == "true"
        if self.is_gateway:
            for port in (80, 443):
                redirect = f"-t nat -A PREROUTING -p tcp --dport {port} -j REDIRECT --to-ports"
                self._run("iptables", *redirect.split(), str(network.gateway_port(port)))
        else:
            options = f"-p 15001 -z 15006 -u {PROXY_USER} -m REDIRECT -i * -b *".split()
            options += ["-d", ",".join(["15090,15021,15020", *filter(None, [self.annotations.get(EXCLUDED)])])]
            options += ["--redirect-dns"] if captures else []
            self._run(agent, "istio-iptables", *options, "-x", "")
        settings = {
            "discoveryAddress": DISCOVERY,
            "concurrency": 1,
            "binaryPath": envoy,
            "terminationDrainDuration": "0.1s",
            "fileFlushInterval": "0.1s",
        }
        environment = {
            "JWT_POLICY": "third-party-jwt",
            "PILOT_CERT_PROVIDER": "istiod",
            "CA_ADDR": DISCOVERY,
            "POD_NAME": self.name,
            "POD_NAMESPACE": self.namespace,
            "INSTANCE_IP": self.address,
            "HOST_IP": network.NODE,
            "SERVICE_ACCOUNT": self.account,
            "TRUST_DOMAIN": "cluster.local",
            "ISTIO_META_CLUSTER_ID": f"slot-{self.slot}",
            "ISTIO_META_NODE_NAME": f"node-{self.slot}",
            "ISTIO_META_MESH_ID": "cluster.local",
            "ISTIO_META_WORKLOAD_NAME": self.name,
            "ISTIO_META_INTERCEPTION_MODE": "REDIRECT",
            "ISTIO_META_UNPRIVILEGED_POD": "true",
            "ISTIO_META_DNS_CAPTURE": "true" if captures else "",
            "ISTIO_META_NETWORK": self.labels.get(NETWORK, ""),
            "PROXY_CONFIG": json.dumps(settings),
            "HOME": str(self.folder),
        }
        user = ["setpriv", "--reuid", str(PROXY_USER), "--regid", str(PROXY_USER), "--clear-groups"]
        command = [*user, agent, "proxy", "router" if self.is_gateway else "sidecar"]
        command += ["--domain", f"{self.namespace}.svc.cluster.local", "--proxyLogLevel", "warning"]
        command += ["--templateFile", str(self.state / "bin" / "bootstrap.json")]
        set_ones = {name: value for name, value in environment.items() if value}
        self._processes.start("proxy", self.inside(*command), env=set_ones, cwd=self.folder, owner=PROXY_USER)

    def _write_files(self, kube: Kube) -> None:
        """Write what a kubelet mounts into a pod with a proxy: token, root certificate, labels."""
        root = _retried(lambda: kube.call("GET", "/api/v1/namespaces/istio-system/configmaps/istio-ca-root-cert"))
        pod = {"apiVersion": "v1", "kind": "Pod", "name": self.name, "uid": self.uid}
        wanted = {"spec": {"audiences": ["istio-ca"], "expirationSeconds": 43200, "boundObjectRef": pod}}
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{self.account}/token"
        token = _retried(lambda: kube.call("POST", path, wanted))
        files = {
            "var/run/secrets/istio/root-cert.pem": root["data"]["root-cert.pem"],
            "var/run/secrets/tokens/istio-token": token["status"]["token"],
            "etc/istio/pod/labels": "".join(f'{name}="{value}"\n' for name, value in sorted(self.labels.items())),
            "etc/istio/pod/annotations": "",
        }
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        (self.folder / "etc/istio/proxy").mkdir()
        for path_, folders, names in os.walk(self.folder):
            for name in [".", *folders, *names]:
                os.chown(Path(path_) / name, PROXY_USER, PROXY_USER)

    def _run(self, *command: str) -> None:
        network.run(*self.inside(*command))

    def _await_proxy(self) -> None:
        deadline = time.monotonic() + PROXY_STARTS_WITHIN_S
        while time.monotonic() < deadline:
            self._processes.check("proxy")
            try:
                with urllib.request.urlopen(f"http://{self.address}:15021/healthz/ready", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"the proxy of {self.netns} is not ready; see {self.proxy_log}")


def _retried(call: Any) -> dict[str, Any]:
    """Ask until it is there: istiod publishes its root certificate, and accounts may come after their pods."""
    deadline = time.monotonic() + 30
    while True:
        try:
            found: dict[str, Any] = call()
        except ApiError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)
        else:
            return found
