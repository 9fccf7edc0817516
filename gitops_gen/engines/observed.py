"""What Argo CD and Flux say of themselves: their objects, as a Kubernetes API returns them, read into plain values.

Nothing is taken for granted: a field that is missing or of another type is as if the engine had not said anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitops_gen.manifest import ResourceId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

KUSTOMIZATION = ("kustomize.toolkit.fluxcd.io", "Kustomization")
APPLICATION = ("argoproj.io", "Application")

_SOURCES = ("GitRepository", "OCIRepository", "Bucket", "ExternalArtifact")
_REFRESH = "argocd.argoproj.io/refresh"
_SYNC_ERROR = "SyncError"
_GENERATE_PATHS = "argocd.argoproj.io/manifest-generate-paths"


@dataclass(frozen=True, slots=True, kw_only=True)
class FluxSource:
    """Where a Kustomization has its files from; `ready` is the status of its condition, "" for none."""

    name: str
    ready: str
    message: str
    suspended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FluxUnit:
    """A Kustomization: `applied` and `attempted` are revisions as Flux writes them (`main@sha1:...`).

    `ready`, `reason` and `message` are those of its condition Ready; `seen` says that they are about its newest spec.
    """

    name: str
    path: str
    ready: str
    reason: str
    message: str
    applied: str
    attempted: str
    seen: bool
    suspended: bool
    deleting: bool
    source: FluxSource | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgoUnit:
    """An Application.

    `revision` is what `sync` (Synced, OutOfSync, Unknown) is about; `phase` and `message` are those of the newest
    operation, which was on `attempted` and has dealt with the resources `singled_out` alone, where there are any;
    `synced` is the revision of the last sync of the whole that went well, "" for none known. `outdated`: what `sync`
    says is older than the end of that operation. `resources` are all that it has or wants. `errors` are conditions that
    keep it from comparing at all, `given_up` says why it syncs no more by itself, "" where it does; `generate_paths` is
    the annotation that says which commits concern it, None for none.
    """

    name: str
    path: str
    destination: str
    sync: str
    revision: str
    phase: str
    message: str
    attempted: str
    singled_out: tuple[ResourceId, ...]
    synced: str
    outdated: bool
    health: str
    health_message: str
    resources: tuple[ResourceId, ...]
    out_of_sync: tuple[ResourceId, ...]
    missing: tuple[ResourceId, ...]
    errors: tuple[str, ...]
    given_up: str
    automated: bool
    refreshing: bool
    deleting: bool
    generate_paths: str | None


def flat(values: Iterable[Any]) -> list[Mapping[str, Any]]:
    """Return the objects among some values, those in lists (`kind: List`) one by one."""
    found: list[Mapping[str, Any]] = []
    for value in values:
        if not isinstance(value, dict):
            continue
        items = value.get("items")
        if isinstance(items, list) and _text(value, "kind").endswith("List"):
            found += flat(items)
        elif _text(value, "kind"):
            found.append(value)
    return found


def flux_units(objects: Sequence[Mapping[str, Any]]) -> list[FluxUnit]:
    """Return the Kustomizations among the objects of one cluster, each with its source."""
    sources = {_key(one): one for one in objects if _text(one, "kind") in _SOURCES}
    return [_flux_unit(one, sources) for one in _of(objects, KUSTOMIZATION)]


def argo_units(objects: Sequence[Mapping[str, Any]]) -> list[ArgoUnit]:
    """Return the Applications among some objects."""
    return [_argo_unit(one) for one in _of(objects, APPLICATION)]


def same_folder(path: str) -> str:
    """Write a path as the tree does: `./overlays/a/` is `overlays/a`."""
    return "/".join(part for part in path.split("/") if part not in {"", "."})


def _flux_unit(one: Mapping[str, Any], sources: Mapping[tuple[str, str, str], Mapping[str, Any]]) -> FluxUnit:
    ready = _condition(one, "Ready")
    reference = _fields(one, "spec", "sourceRef")
    home = _text(reference, "namespace") or _text(one, "metadata", "namespace")
    source = sources.get((_text(reference, "kind"), home, _text(reference, "name")))
    status = _fields(one, "status")
    return FluxUnit(
        name=f"Kustomization {_text(one, 'metadata', 'namespace')}/{_text(one, 'metadata', 'name')}",
        path=same_folder(_text(one, "spec", "path")),
        ready=_text(ready, "status"),
        reason=_text(ready, "reason"),
        message=_text(ready, "message"),
        # An artifact has a digest for a revision; the commit that it was made from is its origin.
        applied=_text(status, "lastAppliedOriginRevision") or _text(status, "lastAppliedRevision"),
        attempted=_text(status, "lastAttemptedRevision"),
        # The status as a whole has the generation of the last reconciliation that went well.
        seen=_at(ready, "observedGeneration") == _at(one, "metadata", "generation"),
        suspended=_at(one, "spec", "suspend") is True,
        deleting=bool(_text(one, "metadata", "deletionTimestamp")),
        source=_flux_source(source) if source else None,
    )


def _flux_source(source: Mapping[str, Any]) -> FluxSource:
    ready = _condition(source, "Ready")
    return FluxSource(
        name=f"{_text(source, 'kind')} {_text(source, 'metadata', 'namespace')}/{_text(source, 'metadata', 'name')}",
        ready=_text(ready, "status"),
        message=_text(ready, "message"),
        suspended=_at(source, "spec", "suspend") is True,
    )


def _argo_unit(one: Mapping[str, Any]) -> ArgoUnit:
    status = _fields(one, "status")
    operation = _fields(status, "operationState")
    resources = [entry for entry in _list(status, "resources") if isinstance(entry, dict)]
    automated = _at(one, "spec", "syncPolicy", "automated")
    annotations = _fields(one, "metadata", "annotations")
    return ArgoUnit(
        name=f"Application {_text(one, 'metadata', 'namespace')}/{_text(one, 'metadata', 'name')}",
        path=same_folder(_text(one, "spec", "source", "path")),
        destination=_text(one, "spec", "destination", "name"),
        sync=_text(status, "sync", "status"),
        revision=_text(status, "sync", "revision"),
        phase=_text(operation, "phase"),
        message=_text(operation, "message"),
        attempted=_text(operation, "syncResult", "revision") or _text(operation, "operation", "sync", "revision"),
        singled_out=_singled_out(operation),
        synced=_last_synced(status),
        outdated=_text(status, "reconciledAt") < _text(operation, "finishedAt"),
        health=_text(status, "health", "status"),
        health_message=_text(status, "health", "message"),
        resources=_ids(resources),
        out_of_sync=_ids(entry for entry in resources if _text(entry, "status") == "OutOfSync"),
        missing=_ids(entry for entry in resources if _text(entry, "health", "status") == "Missing"),
        errors=tuple(
            f"{_text(condition, 'type')}: {_text(condition, 'message')}"
            for condition in _list(status, "conditions")
            # A sync that failed, or that it refuses, says nothing of whether it compares.
            if _text(condition, "type").endswith("Error") and _text(condition, "type") != _SYNC_ERROR
        ),
        given_up=_text(_condition(one, _SYNC_ERROR), "message"),
        automated=isinstance(automated, dict) and automated.get("enabled") is not False,
        refreshing=_REFRESH in annotations,
        deleting=bool(_text(one, "metadata", "deletionTimestamp")),
        generate_paths=_text(annotations, _GENERATE_PATHS) or None,
    )


def _last_synced(status: Mapping[str, Any]) -> str:
    """Return the revision of the newest sync of the whole application; a sync of a few resources leaves no entry."""
    entries = [entry for entry in _list(status, "history") if isinstance(entry, dict)]
    if not entries:
        return ""
    newest = max(entries, key=lambda entry: entry["id"] if isinstance(entry.get("id"), int) else 0)
    return _text(newest, "revision")


def _singled_out(operation: Mapping[str, Any]) -> tuple[ResourceId, ...]:
    """Return the resources that an operation has dealt with, if it was told which; none for one on the whole."""
    if not _list(operation, "operation", "sync", "resources"):
        return ()
    return _ids(entry for entry in _list(operation, "syncResult", "resources") if isinstance(entry, dict))


def _of(objects: Iterable[Mapping[str, Any]], wanted: tuple[str, str]) -> Iterator[Mapping[str, Any]]:
    group, kind = wanted
    for one in objects:
        if _text(one, "kind") == kind and _text(one, "apiVersion").rpartition("/")[0] == group:
            yield one


def _key(one: Mapping[str, Any]) -> tuple[str, str, str]:
    return _text(one, "kind"), _text(one, "metadata", "namespace"), _text(one, "metadata", "name")


def _ids(entries: Iterable[Mapping[str, Any]]) -> tuple[ResourceId, ...]:
    found = [
        ResourceId(_text(one, "group"), _text(one, "kind"), _text(one, "namespace"), _text(one, "name"))
        for one in entries
    ]
    return tuple(sorted(found))


def _condition(one: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    for condition in _list(_fields(one, "status"), "conditions"):
        if _text(condition, "type") == kind and isinstance(condition, dict):
            return condition
    return {}


def _at(value: Any, *keys: str) -> Any:  # noqa: ANN401 - what an API returned
    """Return what stands at a place, None where the way there ends."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: Any, *keys: str) -> str:  # noqa: ANN401 - what an API returned
    found = _at(value, *keys)
    return found if isinstance(found, str) else ""


def _fields(value: Any, *keys: str) -> Mapping[str, Any]:  # noqa: ANN401 - what an API returned
    found = _at(value, *keys)
    return found if isinstance(found, dict) else {}


def _list(value: Any, *keys: str) -> list[Any]:  # noqa: ANN401 - what an API returned
    found = _at(value, *keys)
    return found if isinstance(found, list) else []
