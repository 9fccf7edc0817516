"""Schemas: the fields and types of the kinds that routes are made of (GGI037).

As in Istio's CRDs and Kubernetes' Service, as far as anything here reads them; a field that a CRD does not know is
dropped or refused by the API server, so it is a fault wherever it stands. What has no reader here is open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from gitops_gen.routes.api_schema import API_SPECS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Shape: TypeAlias = "type | frozenset[str] | list[Any] | dict[str, Any] | None"
"""A type; a choice of words; a list of one shape; a mapping of fields, each name ending in `!` where it is needed;
None for anything."""

TEXTS = [str]
_SERVER_TLS = frozenset(
    {"PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"},
)
_CLIENT_TLS = frozenset({"DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"})
_PEER_TLS = frozenset({"UNSET", "DISABLE", "PERMISSIVE", "STRICT"})
LABELS = {"*": str}
_PORT = {"number!": int, "protocol!": str, "name!": str, "targetPort": int}
_DESTINATION = {"host!": str, "subset": str, "port": {"number": int}}
_L4 = {"port": int, "gateways": TEXTS, "destinationSubnets": TEXTS, "sourceLabels": LABELS, "sourceNamespace": str}
_ROUTE = [{"destination!": _DESTINATION, "weight": int}]

SPECS: dict[tuple[str, str], dict[str, Any]] = {
    ("networking.istio.io", "Gateway"): {
        "selector": LABELS,
        "servers": [
            {
                "name": str,
                "bind": str,
                "defaultEndpoint": str,
                "port!": _PORT,
                "hosts!": TEXTS,
                "tls": {
                    "mode": _SERVER_TLS,
                    "httpsRedirect": bool,
                    "credentialName": str,
                    "credentialNames": TEXTS,
                    "caCertCredentialName": str,
                    "serverCertificate": str,
                    "privateKey": str,
                    "caCertificates": str,
                    "caCrl": str,
                    "tlsCertificates": None,
                    "subjectAltNames": TEXTS,
                    "verifyCertificateSpki": TEXTS,
                    "verifyCertificateHash": TEXTS,
                    "minProtocolVersion": str,
                    "maxProtocolVersion": str,
                    "cipherSuites": TEXTS,
                },
            }
        ],
    },
    ("networking.istio.io", "VirtualService"): {
        "hosts": TEXTS,
        "gateways": TEXTS,
        "exportTo": TEXTS,
        "http": [
            {
                "name": str,
                "match": [
                    {
                        "name": str,
                        "port": int,
                        "gateways": TEXTS,
                        "uri": None,
                        "scheme": None,
                        "method": None,
                        "authority": None,
                        "headers": None,
                        "sourceLabels": LABELS,
                        "sourceNamespace": str,
                        "queryParams": None,
                        "ignoreUriCase": bool,
                        "withoutHeaders": None,
                        "statPrefix": str,
                    }
                ],
                "route": [{"destination!": _DESTINATION, "weight": int, "headers": None}],
                "timeout": str,
                "retries": {
                    "attempts": int,
                    "perTryTimeout": str,
                    "retryOn": str,
                    "retryRemoteLocalities": bool,
                    "retryIgnorePreviousHosts": bool,
                    "backoff": str,
                },
                "redirect": None,
                "directResponse": None,
                "delegate": None,
                "rewrite": None,
                "fault": None,
                "mirror": None,
                "mirrors": None,
                "mirrorPercent": None,
                "mirror_percent": None,
                "mirrorPercentage": None,
                "corsPolicy": None,
                "headers": None,
            }
        ],
        "tls": [{"match!": [{**_L4, "sniHosts!": TEXTS}], "route": _ROUTE}],
        "tcp": [{"match": [{**_L4, "sourceSubnet": str}], "route": _ROUTE}],
    },
    ("networking.istio.io", "ServiceEntry"): {
        "hosts!": TEXTS,
        "addresses": TEXTS,
        "ports": [_PORT],
        "location": frozenset({"MESH_EXTERNAL", "MESH_INTERNAL"}),
        "resolution": frozenset({"NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"}),
        "endpoints": [
            {
                "address": str,
                "ports": {"*": int},
                "labels": LABELS,
                "network": str,
                "locality": str,
                "weight": int,
                "serviceAccount": str,
            }
        ],
        "workloadSelector": {"labels": LABELS},
        "exportTo": TEXTS,
        "subjectAltNames": TEXTS,
    },
    ("networking.istio.io", "DestinationRule"): {
        "host!": str,
        "trafficPolicy": {
            "tls": {"mode": _CLIENT_TLS, "*": None},
            "portLevelSettings": [
                {
                    "port": {"number": int},
                    "tls": {"mode": _CLIENT_TLS, "*": None},
                    "loadBalancer": None,
                    "connectionPool": None,
                    "outlierDetection": None,
                }
            ],
            "outlierDetection": {"*": None},
            "loadBalancer": None,
            "connectionPool": None,
            "tunnel": None,
            "proxyProtocol": None,
            "retryBudget": None,
        },
        "subsets": [{"name!": str, "labels": LABELS, "trafficPolicy": None}],
        "exportTo": TEXTS,
        "workloadSelector": {"matchLabels": LABELS},
    },
    ("security.istio.io", "PeerAuthentication"): {
        "selector": {"matchLabels": LABELS},
        "mtls": {"mode": _PEER_TLS},
        "portLevelMtls": {"*": {"mode": _PEER_TLS}},
    },
    **API_SPECS,
    ("", "Service"): {
        "selector": LABELS,
        "clusterIP": str,
        "type": str,
        "publishNotReadyAddresses": bool,
        "ports": [
            {
                "name": str,
                "port!": int,
                "targetPort": None,
                "protocol": str,
                "appProtocol": str,
                "nodePort": int,
            }
        ],
        "*": None,
    },
}
"""API group and kind -> the fields of its spec; a field `*` stands for every other name."""

_METADATA: dict[str, Any] = {"annotations": LABELS, "labels": LABELS, "*": None}

_UNKNOWN = object()

_NAMES = {str: "text", int: "a whole number", bool: "true or false"}


class _Form(NamedTuple):
    """The shape of a mapping, taken apart once: what `fields` hold, what any other holds, which must be there."""

    fields: dict[str, Any]
    rest: Any
    required: tuple[str, ...]


def _form(shape: Any) -> Any:  # noqa: ANN401 - a shape
    """Take a shape apart, all the way down."""
    if isinstance(shape, list):
        return [_form(shape[0])]
    if not isinstance(shape, dict):
        return shape
    return _Form(
        fields={name.removesuffix("!"): _form(inner) for name, inner in shape.items() if name != "*"},
        rest=_form(shape.get("*", _UNKNOWN)),
        required=tuple(name[:-1] for name in shape if name[-1] == "!"),
    )


_FORMS = {key: _form(shape) for key, shape in SPECS.items()}
_METADATA_FORM = _form(_METADATA)


def _fits(value: Any, form: Any) -> bool:  # noqa: ANN401 - whatever YAML holds
    """Tell whether `_faults` would find nothing."""
    kind = type(form)
    if kind is _Form:
        return type(value) is dict and _fits_mapping(value, form)
    if kind is list:
        inner = form[0]
        return type(value) is list and all(type(member) is inner or _fits(member, inner) for member in value)
    if kind is frozenset:
        return type(value) is str and value in form
    return form is None or type(value) is form


def _fits_mapping(value: dict[str, Any], form: _Form) -> bool:
    """Tell the same of a mapping."""
    fields, rest, required = form
    for name, member in value.items():
        known = fields.get(name, rest)
        # Most are texts and numbers, and right.
        if known is None or type(member) is known:
            continue
        if known is _UNKNOWN or not _fits(member, known):
            return False
    # A loop is quicker than `all` with a generator, for the one or two there are.
    for name in required:  # noqa: SIM110
        if value.get(name) is None:
            return False
    return True


_SERVED = {
    "": ("v1",),
    "networking.istio.io": ("v1", "v1beta1", "v1alpha3"),
    "security.istio.io": ("v1", "v1beta1"),
}


def schema_faults(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the form of a resource; nothing for a kind that is not in the table."""
    group, _, version = str(manifest.get("apiVersion", "")).rpartition("/")
    key = (group, str(manifest.get("kind")))
    if key not in SPECS:
        return
    if version not in _SERVED.get(group, (version,)):
        yield f"apiVersion {manifest['apiVersion']} is not served"
    for part, known, form in (("metadata", _METADATA, _METADATA_FORM), ("spec", SPECS[key], _FORMS[key])):
        value = manifest.get(part)
        # Nearly everything fits, and no place has to be put in words for that.
        if value is not None and not _fits(value, form):
            yield from _faults(value, known, part)


def _faults(value: Any, shape: Shape, path: str) -> Iterator[str]:  # noqa: ANN401 - whatever YAML holds
    if isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for index, member in enumerate(value):
            yield from _faults(member, shape[0], f"{path}[{index}]")
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{path} is no mapping"
            return
        yield from _fields(value, shape, path)
    elif isinstance(shape, frozenset):
        if not isinstance(value, str) or value not in shape:
            yield f"{path} is {value}, not one of {', '.join(sorted(shape))}"
    elif shape is not None and type(value) is not shape:
        yield f"{path} is not {_NAMES[shape]}"


def _fields(value: dict[Any, Any], shape: dict[str, Any], path: str) -> Iterator[str]:
    # Looked up far more often than anything else here: no names are put together for what is right.
    for name, member in value.items():
        known = shape.get(name, _UNKNOWN)
        if known is _UNKNOWN:
            known = shape.get(f"{name}!", shape.get("*", _UNKNOWN))
        if known is _UNKNOWN:
            yield f"{path}.{name} is no field of it"
        elif known is not None and type(member) is not known and (member is not None or type(known) is type):
            yield from _faults(member, known, f"{path}.{name}")
    for name in shape:
        if name[-1] == "!" and value.get(name[:-1]) is None:
            yield f"{path}.{name[:-1]} is missing"
