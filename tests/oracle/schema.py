"""The fields that each kind has, from the API references of Kubernetes and Istio, and what their schemas refuse.

A table is a mapping of field -> what stands there: a type, a table, a list of one of them, or a mapping `{"*": type}`
with any keys. `kubectl apply` with strict validation refuses what is not in it.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.oracle.registry import Resource

_NAMES = {"*": str}
_DURATION = str
_DESTINATION = {"host": str, "subset": str, "port": {"number": int}}
_TARGET = {"destination": _DESTINATION, "weight": int, "headers": dict}
_L4_MATCH = {
    "destinationSubnets": [str],
    "port": int,
    "sourceLabels": _NAMES,
    "gateways": [str],
    "sourceNamespace": str,
}
_TLS_SETTINGS = {
    "mode": str,
    "clientCertificate": str,
    "privateKey": str,
    "caCertificates": str,
    "credentialName": str,
    "subjectAltNames": [str],
    "sni": str,
    "insecureSkipVerify": bool,
}
_POLICY = {
    "loadBalancer": dict,
    "connectionPool": dict,
    "outlierDetection": dict,
    "tls": _TLS_SETTINGS,
    "tunnel": dict,
    "proxyProtocol": dict,
    "retryBudget": dict,
}

SPECS: dict[tuple[str, str], Any] = {
    ("v1", "ConfigMap"): {"data": _NAMES, "binaryData": _NAMES, "immutable": bool},
    ("v1", "Service"): {
        "spec": {
            "type": str,
            "clusterIP": str,
            "selector": _NAMES,
            "publishNotReadyAddresses": bool,
            "ports": [{"name": str, "port": int, "targetPort": (int, str), "protocol": str, "appProtocol": str}],
        }
    },
    ("networking.istio.io/v1", "ServiceEntry"): {
        "spec": {
            "hosts": [str],
            "addresses": [str],
            "ports": [{"number": int, "protocol": str, "name": str, "targetPort": int}],
            "location": str,
            "resolution": str,
            "endpoints": [
                {
                    "address": str,
                    "ports": {"*": int},
                    "labels": _NAMES,
                    "network": str,
                    "locality": str,
                    "weight": int,
                    "serviceAccount": str,
                }
            ],
            "workloadSelector": {"labels": _NAMES},
            "exportTo": [str],
            "subjectAltNames": [str],
        }
    },
    ("networking.istio.io/v1", "VirtualService"): {
        "spec": {
            "hosts": [str],
            "gateways": [str],
            "http": [
                {
                    "name": str,
                    "match": [
                        {
                            "name": str,
                            "uri": dict,
                            "scheme": dict,
                            "method": dict,
                            "authority": dict,
                            "headers": dict,
                            "port": int,
                            "sourceLabels": _NAMES,
                            "gateways": [str],
                            "queryParams": dict,
                            "ignoreUriCase": bool,
                            "withoutHeaders": dict,
                            "sourceNamespace": str,
                            "statPrefix": str,
                        }
                    ],
                    "route": [_TARGET],
                    "redirect": dict,
                    "directResponse": dict,
                    "delegate": dict,
                    "rewrite": dict,
                    "timeout": _DURATION,
                    "retries": {
                        "attempts": int,
                        "perTryTimeout": _DURATION,
                        "retryOn": str,
                        "retryRemoteLocalities": bool,
                        "retryIgnorePreviousHosts": bool,
                        "backoff": _DURATION,
                    },
                    "fault": dict,
                    "mirror": dict,
                    "mirrors": [dict],
                    "corsPolicy": dict,
                    "headers": dict,
                }
            ],
            "tls": [{"match": [{**_L4_MATCH, "sniHosts": [str]}], "route": [_TARGET]}],
            "tcp": [{"match": [_L4_MATCH], "route": [_TARGET]}],
            "exportTo": [str],
        }
    },
    ("networking.istio.io/v1", "Gateway"): {
        "spec": {
            "selector": _NAMES,
            "servers": [
                {
                    "port": {"number": int, "protocol": str, "name": str},
                    "bind": str,
                    "hosts": [str],
                    "tls": {
                        "httpsRedirect": bool,
                        "mode": str,
                        "serverCertificate": str,
                        "privateKey": str,
                        "caCertificates": str,
                        "credentialName": str,
                        "credentialNames": [str],
                        "subjectAltNames": [str],
                        "minProtocolVersion": str,
                        "maxProtocolVersion": str,
                        "cipherSuites": [str],
                    },
                    "name": str,
                }
            ],
        }
    },
    ("networking.istio.io/v1", "DestinationRule"): {
        "spec": {
            "host": str,
            "trafficPolicy": {**_POLICY, "portLevelSettings": [{**_POLICY, "port": {"number": int}}]},
            "subsets": [{"name": str, "labels": _NAMES, "trafficPolicy": dict}],
            "exportTo": [str],
            "workloadSelector": {"matchLabels": _NAMES},
        }
    },
    ("security.istio.io/v1", "PeerAuthentication"): {
        "spec": {
            "selector": {"matchLabels": _NAMES},
            "mtls": {"mode": str},
            "portLevelMtls": {"*": {"mode": str}},
        }
    },
}

_METADATA = {"name": str, "namespace": str, "labels": _NAMES, "annotations": _NAMES}
_REQUIRED = {
    "ServiceEntry": ("hosts",),
    "Gateway": (),
    "VirtualService": (),
    "DestinationRule": ("host",),
    "PeerAuthentication": (),
    "Service": ("ports",),
}


def schema_faults(resource: Resource) -> Iterator[str]:
    """Say what the schema of a resource's kind refuses: unknown fields, wrong types, missing ones."""
    table = SPECS.get((resource.get("apiVersion", ""), resource.get("kind", "")))
    if table is None:
        if "networking.istio.io" in resource.get("apiVersion", "") or "." not in resource.get("apiVersion", ""):
            yield f"no kind {resource.get('kind')} in {resource.get('apiVersion')}"
        return
    shape = {"apiVersion": str, "kind": str, "metadata": _METADATA, **table}
    yield from _faults(resource, shape, "")
    for name in _REQUIRED.get(resource["kind"], ()):
        if not (resource.get("spec") or {}).get(name):
            yield f"spec.{name} is missing"


def _faults(value: Any, shape: Any, path: str) -> Iterator[str]:
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{path}: a mapping is expected"
            return
        for key, member in value.items():
            if key not in shape and "*" not in shape:
                yield f"{path}.{key}: unknown field".lstrip(".")
            else:
                yield from _faults(member, shape.get(key, shape.get("*")), f"{path}.{key}".lstrip("."))
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path}: a list is expected"
            return
        for place, member in enumerate(value):
            yield from _faults(member, shape[0], f"{path}[{place}]")
    else:
        kinds = shape if isinstance(shape, tuple) else (shape,)
        if type(value) not in kinds:
            yield f"{path}: {value!r} is no {' or '.join(kind.__name__ for kind in kinds)}"


_CEL_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def cel_faults(resource: Resource) -> Iterator[str]:
    """Say what the CRD's own rules refuse beyond the types of fields (seen on a bare API server)."""
    spec = resource.get("spec") or {}
    if resource["kind"] == "ServiceEntry":
        yield from _entry_faults(spec)
    if resource["kind"] == "VirtualService":
        for rule in spec.get("tls", ()):
            if not rule.get("match"):
                yield "a tls rule without match"
            elif any(not match.get("sniHosts") for match in rule["match"]):
                yield "a tls match without sniHosts"
    for port in _ports(resource):
        number = port.get("number", port.get("port"))
        if not port.get("name"):
            yield f"port {number} has no name"
        elif len(port["name"]) > 63 or not _CEL_LABEL.fullmatch(port["name"].lower()):
            yield f"port name {port['name']} is no DNS label"
        if not isinstance(number, int) or not 1 <= number <= 65535:
            yield f"port number {number}"


def _ports(resource: Resource) -> list[Resource]:
    spec = resource.get("spec") or {}
    if resource["kind"] == "Gateway":
        return [server.get("port") or {} for server in spec.get("servers", ())]
    return list(spec.get("ports", ())) if resource["kind"] in {"Service", "ServiceEntry"} else []


def _entry_faults(spec: Resource) -> Iterator[str]:
    if spec.get("workloadSelector") and spec.get("endpoints"):
        yield "a selector and endpoints together"
    for values, what in (
        ([port.get("number") for port in spec.get("ports", ())], "number"),
        ([port.get("name") for port in spec.get("ports", ())], "name"),
    ):
        if len(set(values)) != len(values):
            yield f"a port {what} twice"
    if "*" in spec.get("hosts", ()):
        yield "the host *"
    if any("/" in address for address in spec.get("addresses", ())) and spec.get("resolution") in {
        "DNS",
        "DNS_ROUND_ROBIN",
    }:
        yield "a CIDR with resolution DNS"
    labels = (spec.get("workloadSelector") or {}).get("labels") or {}
    if any("*" in part for pair in labels.items() for part in pair):
        yield "a * in a selector"
    for field, most in (("hosts", 256), ("addresses", 256), ("ports", 256), ("endpoints", 4096)):
        if len(spec.get(field, ())) > most:
            yield f"more than {most} {field}"


def is_address(text: str, *, ranges: bool = False) -> bool:
    """Tell whether a text is an IP address, or with `ranges` an address range."""
    try:
        ip_network(text) if ranges else ip_address(text)
    except ValueError:
        return False
    return True
