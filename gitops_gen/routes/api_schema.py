"""The schema tables of Gateway API, external-dns and cert-manager, as far as anything here reads them."""

from __future__ import annotations

from typing import Any

from gitops_gen.gateway_api import GROUP

_LABELS = {"*": str}
_EXPRESSION = {"key!": str, "operator!": frozenset({"In", "NotIn", "Exists", "DoesNotExist"}), "values": [str]}
_SELECTOR = {"matchLabels": _LABELS, "matchExpressions": [_EXPRESSION]}
_LISTENER = {
    "name!": str,
    "hostname": str,
    "port!": int,
    "protocol!": str,
    "tls": {
        "mode": frozenset({"Terminate", "Passthrough"}),
        "certificateRefs": [{"group": str, "kind": str, "name!": str, "namespace": str}],
        "options": _LABELS,
        "frontendValidation": None,
    },
    "allowedRoutes": {
        "namespaces": {"from": frozenset({"All", "Selector", "Same", "None"}), "selector": _SELECTOR},
        "kinds": [{"group": str, "kind!": str}],
    },
}
_BACKEND = {
    "group": str,
    "kind": str,
    "name!": str,
    "namespace": str,
    "port": int,
    "weight": int,
    "filters": None,
}
_PARENT = {"group": str, "kind": str, "name!": str, "namespace": str, "sectionName": str, "port": int}
_ATTACHED: dict[str, Any] = {"parentRefs": [_PARENT], "useDefaultGateways": str}
_BY_HOST: dict[str, Any] = {**_ATTACHED, "hostnames": [str]}

API_SPECS: dict[tuple[str, str], dict[str, Any]] = {
    (GROUP, "Gateway"): {
        "gatewayClassName!": str,
        "addresses": [{"type": str, "value": str}],
        "allowedListeners": {
            "namespaces": {"from": frozenset({"All", "Selector", "Same", "None"}), "selector": _SELECTOR}
        },
        "listeners!": [_LISTENER],
        "infrastructure": None,
        "tls": None,
        "defaultScope": str,
    },
    (GROUP, "ListenerSet"): {
        "parentRef!": {"group": str, "kind": str, "name!": str, "namespace": str},
        "listeners!": [_LISTENER],
    },
    (GROUP, "HTTPRoute"): {
        **_BY_HOST,
        "rules": [
            {
                "name": str,
                "matches": [{"*": None}],
                "filters": None,
                "backendRefs": [_BACKEND],
                "timeouts": None,
                "retry": None,
                "sessionPersistence": None,
            }
        ],
    },
    (GROUP, "GRPCRoute"): {
        **_BY_HOST,
        "rules": [
            {
                "name": str,
                "matches": [{"*": None}],
                "filters": None,
                "backendRefs": [_BACKEND],
                "sessionPersistence": None,
            }
        ],
    },
    (GROUP, "TLSRoute"): {**_BY_HOST, "rules!": [{"name": str, "backendRefs!": [_BACKEND]}]},
    (GROUP, "TCPRoute"): {**_ATTACHED, "rules!": [{"name": str, "backendRefs!": [_BACKEND]}]},
    ("externaldns.k8s.io", "DNSEndpoint"): {
        "endpoints": [
            {
                "dnsName!": str,
                "recordType!": str,
                "recordTTL": int,
                "targets!": [str],
                "setIdentifier": str,
                "labels": _LABELS,
                "providerSpecific": None,
            }
        ]
    },
    ("cert-manager.io", "Certificate"): {
        "secretName!": str,
        "dnsNames": [str],
        "issuerRef!": {"name!": str, "kind": str, "group": str},
        "*": None,
    },
    (GROUP, "ReferenceGrant"): {
        "from!": [{"group!": str, "kind!": str, "namespace!": str}],
        "to!": [{"group!": str, "kind!": str, "name": str}],
    },
}
"""API group and kind -> the fields of its spec, as `SPECS` of schema.py has them."""
