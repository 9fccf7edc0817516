"""Trials: what a pod is asked to do before it answers, so that timeouts, retries and limits show.

A trial goes with a request: the pod fails or waits for the first `times` of its tries, or `times` requests come at once
and the pod says how many of them it had at one time. What is to be seen is read from the rendered resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops_gen.routes.resource import Resource
    from gitops_gen.routes.table import Row, Table

PATIENCE_S = 5.0
"""How long clients wait for an answer: a trial takes less."""
LONGER_S = 1.0
"""How much longer a pod waits than it may."""
HELD_S = 0.6
"""How long each request of a crowd takes."""
_UNITS = {"ms": 0.001, "s": 1.0}
_ENDED = {"503", "504", "closed"}


class Trial(NamedTuple):
    """A trial: `fail`, `wait` or `crowd`; `seen` is what comes of it: an error, or what the pod's answer says."""

    does: str
    times: int
    seconds: float
    seen: str

    @property
    def ends(self) -> bool:
        """Tell whether no answer of the pod is to come."""
        return self.seen in _ENDED


def has_policies(table: Table) -> bool:
    """Tell whether anything in a cluster asks for timeouts, retries or limits."""
    rules = [rule for route in table.of_kind.get("VirtualService", ()) for rule in route.spec.get("http") or ()]
    asked = any(rule.get("timeout") or (rule.get("retries") or {}).get("attempts") for rule in rules)
    return asked or any(_of_pods(rule) for rule in table.of_kind.get("DestinationRule", ()))


def trials(table: Table, row: Row) -> Iterator[Trial]:
    """Yield what shows the policy of a row: of HTTP over one request a connection, and of TCP."""
    [end] = row.ends
    protocol = end.port.protocol if end.port is not None else ""
    rule = next((one for one in table.of_kind.get("DestinationRule", ()) if one.spec.get("host") == end.host), None)
    pools = _of_pods(rule) if rule is not None else {}
    limit = ((pools.get(end.number) or {}).get("tcp") or {}).get("maxConnections")
    if protocol == "HTTP" and row.bound.rule.startswith("spec.http["):
        place = int(row.bound.rule.rpartition("[")[2].rstrip("]"))
        yield from _of_http(row.bound.route.spec["http"][place], limit)
    elif row.bound.server.speaks == "TCP":
        yield _crowd(limit)
        # Istio reads it for the host as a whole, whatever is said for a port
        idle = _seconds(((pools.get(None) or {}).get("tcp") or {}).get("idleTimeout"))
        yield Trial("wait", 1, idle + LONGER_S, "closed") if idle else Trial("wait", 1, 2 * LONGER_S, "attempt 1")


def _of_http(rule: Mapping[str, Any], limit: int | None) -> Iterator[Trial]:
    retries = rule.get("retries") or {}
    attempts = int(retries.get("attempts") or 0)
    timeout, of_one = _seconds(rule.get("timeout")), _seconds(retries.get("perTryTimeout"))
    if attempts:
        yield Trial("fail", attempts, 0.0, f"attempt {attempts + 1}")
    yield Trial("fail", attempts + 1, 0.0, "503")
    if of_one and attempts:
        yield Trial("wait", 1, of_one + LONGER_S, "attempt 2")
        yield Trial("wait", attempts + 1, of_one + LONGER_S, "504")
    elif timeout:
        yield Trial("wait", 1, timeout / 2, "attempt 1")
        yield Trial("wait", 1, timeout + LONGER_S, "504")
    else:
        yield Trial("wait", 1, 2 * LONGER_S, "attempt 1")
    crowd = _crowd(limit)
    if not (timeout or of_one) or crowd.times * crowd.seconds < min(timeout or PATIENCE_S, of_one or PATIENCE_S):
        yield crowd


def _crowd(limit: int | None) -> Trial:
    return Trial("crowd", (limit or 1) + 2, HELD_S, f"{limit or 3} at once")


def _of_pods(rule: Resource) -> dict[int | None, Mapping[str, Any]]:
    """Return the limits on connections of a DestinationRule by port, under None those for the host as a whole."""
    policy = rule.spec.get("trafficPolicy") or {}
    settings = [({}, policy), *((one.get("port") or {}, one) for one in policy.get("portLevelSettings") or ())]
    return {port.get("number"): one["connectionPool"] for port, one in settings if one.get("connectionPool")}


def _seconds(written: str | None) -> float:
    if not written:
        return 0.0
    unit = "ms" if written.endswith("ms") else "s"
    return float(written.removesuffix(unit)) * _UNITS[unit]
