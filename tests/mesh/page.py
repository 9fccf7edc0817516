"""The page of cells: every request, who answered, and what the proof predicted; every known-bad shape and its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitops_gen.routes.bindings import ANY_HOST
from tests.mesh.play import expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.mesh.cells import Cell
    from tests.mesh.known_bad import Seen, Shape
    from tests.mesh.predict import Asked
    from tests.mesh.trials import Trial

HEAD = """\
# Cells of the mesh suite

Written by `script/mesh`; do not edit. Each cell is an inventory of `tests/mesh/cells/`. What gitops-gen generates for
it was rendered by kustomize, applied to a real API server with istiod's webhook, and asked by real clients through
real Envoys. Every pod answers with its own cluster, namespace, name and container port. *Predicted* is what the route
table says, which is made from the rendered resources alone. How it works:
[the mesh suite](../explanation/the-mesh-suite.md).

No cell here, and why:

- ambient clusters: the suite has no ztunnel and no waypoint; what is written for them is by Istio's documentation;
- routes for older versions of Istio and Gateway API (a HTTPRoute for gRPC, `v1alpha2`): one version of each runs here;
- `connectTimeout`, `maxRequests`, and `idleTimeout` of HTTP: no client and no application sees them; that they are
  written as asked is proven, that Envoy keeps them is not seen;
- external-dns and cert-manager themselves: what they make of DNSEndpoints and Certificates is played, from the fields
  that they document;
- a `trustDomain` or `clusterDomain` of one's own, and IPv6: the name server and the addresses here know one of each;
- ports that no route carries, and `backend: none`: nothing is written for them.

"""


class Line(NamedTuple):
    """A row of a cell's table."""

    request: str
    predicted: str


def predictions(asked: Iterable[Asked]) -> dict[Line, list[Asked]]:
    """Return the rows of a cell, in order, each with the requests that it stands for.

    One for each request that has an answer at a gateway or for a Consumer. What nobody is to answer, what is asked by
    the pods' own names, and what is asked of somebody else are a row each.
    """
    rows: dict[Line, list[Asked]] = {}
    for one in asked:
        rows.setdefault(_line(one), []).append(one)
    return rows


def _line(one: Asked) -> Line:
    if one.client is None:
        return _from_outside(one)
    if not one.places:
        return Line(f"{one.client[0]}: hosts outside that nobody made known to who asks", "nobody")
    if one.client[1] == "callers" and ".svc." in one.host:
        return Line(
            f"{one.cluster}: {one.kind} by the pods' own names, in the mesh", f"each its own pod{_how(one.mtls)}"
        )
    if one.mtls is None:
        return Line(f"{one.cluster}: tcp to somebody else's port of the same number", "somebody else")
    client = "/".join(one.client)
    return Line(f"{one.kind} {one.host}:{one.port} from {client}", answered(one))


def _from_outside(one: Asked) -> Line:
    if not one.places:
        what = "other hosts and ports of its gateways" if one.gateway else "records of pods that are not there"
        return Line(f"{one.cluster}: {what}", "nobody")
    host = f"{one.host}:{one.port}" if one.host != ANY_HOST else f"port {one.port} of {one.cluster}"
    how = " with a certificate" if one.shows else _tried(one.trial)
    return Line(f"{one.kind} {host}{how if one.gateway else ' by its record'}", answered(one))


def _how(mtls: bool | None) -> str:  # noqa: FBT001
    return {True: ", mTLS", False: ", plain text", None: ""}[mtls]


def _tried(trial: Trial | None) -> str:
    """Write what the pod does before it answers."""
    if trial is None:
        return ""
    if trial.does == "crowd":
        return f", {trial.times} at once"
    tries = "once" if trial.times == 1 else f"{trial.times} times"
    return f", the pod fails {tries}" if trial.does == "fail" else f", the pod waits {trial.seconds:g} s {tries}"


def answered(one: Asked) -> str:
    """Write what is predicted for a request."""
    return " or ".join(expected(one))


class Page(NamedTuple):
    """The page in its parts: the figures of the last full run, cells and known-bad shapes by name."""

    measured: str
    cells: dict[str, str]
    shapes: dict[str, str]


def read_page(text: str) -> Page:
    """Take the page apart."""
    head, *sections = text.split("\n## ")
    measured = next((line for line in head.splitlines() if line.startswith("The last full run")), "")
    cells = {section.partition("\n")[0]: section.partition("\n")[2].strip() for section in sections}
    listed = cells.pop("Known-bad shapes", "")
    shapes: dict[str, str] = {}
    name = ""
    for line in listed.splitlines():
        name = line.partition("**")[2].partition("**")[0] or name
        if line.startswith("| ") and name:
            shapes[name] = f"{shapes.get(name, '')}{line}\n"
    return Page(measured, cells, shapes)


def write_page(page: Page) -> str:
    """Put the page together."""
    lines = [HEAD.rstrip(), "", page.measured, ""]
    for name, section in sorted(page.cells.items()):
        lines += [f"## {name}", "", section, ""]
    lines += ["## Known-bad shapes", "", *KNOWN_BAD.splitlines(), ""]
    lines += ["| shape | asked | right would be | answered | refused by |", "| --- | --- | --- | --- | --- |"]
    lines += [rows.rstrip() for _, rows in sorted(page.shapes.items())]
    return "\n".join(lines) + "\n"


def cell_section(cell: Cell, answers: Mapping[Asked, tuple[str, ...]]) -> str:
    """Write what came of a cell."""
    lines = [f"{cell.shows}.", "", "| request | predicted | answered |", "| --- | --- | --- |"]
    lines += [_row(line, asked, answers) for line, asked in predictions(cell.asked).items()]
    return "\n".join(lines)


def shape_rows(shape: Shape, found: Sequence[tuple[Seen, tuple[str, ...]]]) -> str:
    """Write what came of a known-bad shape."""
    lines = []
    for place, (seen, answers) in enumerate(found):
        rule = f"[{shape.rule}](rules/{shape.rule}.md)"
        first, last = (f"**{shape.name}**: {shape.shows}", rule) if place == 0 else ("", "")
        lines.append(f"| {first} | {question(seen)} | {seen.right} | {' or '.join(answers)} | {last} |")
    return "\n".join(lines) + "\n"


KNOWN_BAD = """\
Manifests of `tests/mesh/known_bad/` that the API server and istiod's webhook accept. Each was applied to the mesh and
seen to fail; each is refused by the rule beside it. "404 or …" means that several requests had different answers.
"""


def _row(line: Line, asked: Sequence[Asked], answers: Mapping[Asked, tuple[str, ...]]) -> str:
    if len(asked) == 1 and line.predicted == answered(asked[0]):
        return f"| {line.request} | {line.predicted} | {' or '.join(answers[asked[0]])} |"
    number = f" ({len(asked)})" if len(asked) > 1 else ""
    return f"| {line.request}{number} | {line.predicted} | as predicted |"


def question(seen: Seen) -> str:
    """Write a request of a known-bad shape."""
    asked = seen.question
    host = f"{asked['host']}:{asked['port']}" if asked["kind"] != "reuse" else " then ".join(asked["hosts"])
    kind = "HTTP/2, one connection:" if asked["kind"] == "reuse" else asked["kind"]
    where = f" from {'/'.join(seen.client)}" if seen.client else f" at {seen.gateway}"
    return f"{kind} {host}{where}"
