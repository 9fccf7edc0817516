"""A pod with a ServiceEntry, a Gateway, a VirtualService and what stands beside them, to change one thing of."""

from __future__ import annotations

import copy
from typing import Any

from gitops_gen.routes.declared import GatewayPods

PODS = GatewayPods("public", "istio-ingress", frozenset({("istio", "ingressgateway")}))
POD = {"statefulset.kubernetes.io/pod-name": "web-0"}
HOST = "web-0.web.shop.svc.cluster.local"
SEEN = [".", "istio-ingress"]


def made(kind: str, name: str, spec: dict[str, Any], group: str = "networking.istio.io/v1") -> dict[str, Any]:
    return {"apiVersion": group, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def base() -> dict[str, dict[str, Any]]:
    """Return a pod with an entry, a Gateway and a route, and a policy for it: nobody has a word against them."""
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["shop/web-0.example.com"]}
    to = {"destination": {"host": HOST, "port": {"number": 80}}}
    return {
        "entry": made(
            "ServiceEntry",
            "web-0",
            {
                "hosts": [HOST],
                "location": "MESH_INTERNAL",
                "ports": [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 80}],
                "exportTo": SEEN,
                "resolution": "STATIC",
                "workloadSelector": {"labels": dict(POD)},
            },
        ),
        "gateway": made("Gateway", "web-0", {"selector": {"istio": "ingressgateway"}, "servers": [server]}),
        "route": made(
            "VirtualService",
            "web-0",
            {
                "hosts": ["web-0.example.com"],
                "gateways": ["shop/web-0"],
                "exportTo": SEEN,
                "http": [{"route": [to], "retries": {"attempts": 0}}],
            },
        ),
        "policy": made("DestinationRule", "shop", {"host": "other.shop.svc.cluster.local", "exportTo": SEEN}),
        "service": made(
            "Service",
            "other",
            {
                "selector": {"app": "other"},
                "ports": [{"name": "http-web", "port": 80, "targetPort": 80}],
            },
            "v1",
        ),
    }


def changed(*changes: tuple[str, Any]) -> list[dict[str, Any]]:
    """Return the base with values set at `resource/path/to/it`; `None` takes them away."""
    found = copy.deepcopy(base())
    for path, value in changes:
        inside: Any = found
        *parents, last = path.split("/")
        for part in parents:
            inside = inside[int(part) if part.isdigit() else part]
        if value is None:
            del inside[last]
        else:
            inside[last] = value
    return list(found.values())
