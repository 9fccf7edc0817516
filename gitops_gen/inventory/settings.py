"""Settings: what each one is, and where that value comes from.

A setting is named as it is written below `spec`: `backend`, `istio.mtls`, `ingresses.public.credentialName`,
`ports.grpc.protocol` (members of lists go by their name). Some are taken over from what stands around a placement;
the nearest that says something wins: placement over Workload over Cluster over Mesh (docs/reference/inventory.md).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.inventory.format.fields import Fields
from gitops_gen.inventory.lookup import Clusters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_gen.inventory.written import AnyWritten, Documents
    from gitops_gen.problems import Location


class Said(NamedTuple):
    """What one holder says of a setting: `Workload monitoring/prometheus`; the place is None for a default."""

    holder: str
    value: str
    location: Location | None


class Setting(NamedTuple):
    """What holds for a subject, who said it, and what others said that does not count there, nearest first."""

    subject: str
    cluster: str
    workload: str
    said: Said
    overruled: tuple[Said, ...] = ()


TAKEN_OVER: dict[str, tuple[str, ...]] = {
    "backend": ("placement", "workload", "cluster", "mesh"),
    "gateways": ("placement", "workload", "cluster", "mesh"),
    "mesh": ("placement", "workload"),
    "ports": ("placement", "workload"),
    "service": ("placement", "workload"),
    "serviceAccount": ("placement", "workload"),
}
"""Settings of a placement that it may leave to others: who may say them, the nearest first."""

_DEFAULTS = {"backend": '"auto"', "gateways": '"auto"', "mesh": "true", "ports": "[]", "service": "the workload's name"}
_ENGINE = "engine"


def settings(documents: Documents, name: str) -> list[Setting]:
    """Return the values of a setting everywhere, in the order of the documents; nothing for a name that is none."""
    if name in TAKEN_OVER:
        return list(_of_placements(documents, name))
    if name == _ENGINE:
        return list(_engines(documents))
    found = []
    for written in _all(documents):
        said = _say(written, name.split("."))
        if said is not None:
            found.append(_setting(written, said))
    return found


def setting_names(documents: Documents) -> list[str]:
    """Return the settings that stand at the top of each kind's `spec`, and those that are taken over."""
    names = set(TAKEN_OVER) | {_ENGINE}
    for written in _all(documents):
        names |= {_written_name(field, info) for field, info in type(written.fields.spec).model_fields.items()}
    return sorted(names)


def _all(documents: Documents) -> Iterator[AnyWritten]:
    yield from documents.meshes
    yield from documents.clusters
    yield from documents.workloads
    yield from documents.consumers


def _setting(written: AnyWritten, said: Said) -> Setting:
    kind, _, key = written.subject.partition(" ")
    return Setting(
        subject=written.subject,
        cluster=key if kind == "Cluster" else "",
        workload=key if kind == "Workload" else "",
        said=said,
    )


def _of_placements(documents: Documents, name: str) -> Iterator[Setting]:
    clusters = Clusters(documents.clusters)
    for written in documents.workloads:
        spec = written.fields.spec
        for place, placement in enumerate(spec.placements):
            number = f"placement {place + 1} of {written.subject}"
            for cluster in clusters.of(placement):
                holders: dict[str, tuple[str, AnyWritten | None, tuple[str | int, ...]]] = {
                    "placement": (number, written, ("spec", "placements", place)),
                    "workload": (written.subject, written, ("spec",)),
                    "cluster": (f"Cluster {cluster}", clusters.by_name[cluster], ("spec",)),
                    "mesh": ("the Mesh", documents.meshes[0] if documents.meshes else None, ("spec",)),
                }
                chain = [
                    said for level in TAKEN_OVER[name] if (said := _written_at(*holders[level], name)) is not None
                ] or [Said("default", _DEFAULTS.get(name, "not set"), None)]
                yield Setting(
                    subject=f"{number} in {cluster}",
                    cluster=cluster,
                    workload=written.subject.partition(" ")[2],
                    said=chain[0],
                    overruled=tuple(chain[1:]),
                )


def _engines(documents: Documents) -> Iterator[Setting]:
    mesh = documents.meshes[0] if documents.meshes else None
    for written in documents.clusters:
        chain = [_written_at(written.subject, written, ("spec",), _ENGINE)]
        chain.append(_written_at("the Mesh", mesh, ("spec", "gitops"), _ENGINE))
        said = [one for one in chain if one is not None] or [Said("default", '"none"', None)]
        yield Setting(written.subject, written.fields.metadata.name, "", said[0], tuple(said[1:]))


def _written_at(holder: str, written: AnyWritten | None, path: Sequence[str | int], name: str) -> Said | None:
    """Return what a holder writes for a setting; None where it writes nothing."""
    if written is None:
        return None
    value: Any = written.document.value
    for step in path:
        value = _plain(value, step)
    if value is _ABSENT or name not in value:
        return None
    return Said(holder, _shown(value[name]), written.at(*path, name))


def _say(written: AnyWritten, names: Sequence[str]) -> Said | None:
    """Follow a name through the fields of a document; None where the document's kind has no such setting."""
    fields: Any = written.fields.spec
    path: list[str | int] = ["spec"]
    plain: Any = written.document.value.get("spec", {})
    for name in names:
        step = _step(fields, name)
        if step is None:
            return None
        key, fields = step
        path.append(key)
        plain = _plain(plain, key)
    if plain is _ABSENT:
        return Said("default", "not set" if fields is None else _shown(fields), None)
    return Said(written.subject, _shown(plain), written.at(*path))


_ABSENT = object()


def _plain(value: Any, key: str | int) -> Any:  # noqa: ANN401 - whatever is written
    """Return a member of what is written; a mark for what is not."""
    if isinstance(value, dict) and key in value:
        return value[key]
    if isinstance(value, list) and isinstance(key, int):
        return value[key]
    return _ABSENT


def _step(fields: Any, name: str) -> tuple[str | int, Any] | None:  # noqa: ANN401 - fields of any kind
    """Return the key and the value of one member: a field as it is written, a key, or the member of that name."""
    if isinstance(fields, Fields):
        for field, info in type(fields).model_fields.items():
            if _written_name(field, info) == name:
                return name, getattr(fields, field)
    elif isinstance(fields, dict) and name in fields:
        return name, fields[name]
    elif isinstance(fields, list):
        for place, member in enumerate(fields):
            if getattr(member, "name", None) == name or str(place + 1) == name:
                return place, member
    return None


def _written_name(field: str, info: Any) -> str:  # noqa: ANN401 - pydantic's description of a field
    return str(info.alias or field)


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever is written
    """Write a value on one line, as JSON."""
    if isinstance(value, Fields):
        value = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return json.dumps(value, ensure_ascii=False, default=str)
