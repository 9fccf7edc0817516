"""The few calls of the Kubernetes API that the suites need."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOT_FOUND, CONFLICT = 404, 409
TIMEOUT_S = 60.0
FIELD_MANAGER = "gitops-gen-tests"

JSON = "application/json"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


class ApiError(Exception):
    """The API server refused; `status` is the HTTP status, the message its own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Kube:
    """A client of one API server; may be used by several threads."""

    def __init__(self, address: str, port: int, token: str, certificate: Path) -> None:
        self.address = address
        self.port = port
        self._token = token
        self._tls = ssl.create_default_context(cafile=certificate)
        self._local = threading.local()
        self._kinds: dict[tuple[str, str], tuple[str, bool]] = {}

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, kind: str = JSON, patience: int = 30
    ) -> dict[str, Any]:
        """Ask the API server. Raises ApiError when it refuses, OSError when it does not answer."""
        data = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind, "Accept": JSON}
        kept: http.client.HTTPSConnection | None = getattr(self._local, "connection", None)
        try:
            if kept is None:
                raise http.client.NotConnected
            status, text = _ask(kept, method, path, data, headers)
        except (http.client.HTTPException, OSError):
            # a kept connection may have been closed meanwhile: once more on a new one
            fresh = http.client.HTTPSConnection(self.address, self.port, context=self._tls, timeout=TIMEOUT_S)
            self._local.connection = fresh
            status, text = _ask(fresh, method, path, data, headers)
        try:
            value: dict[str, Any] = json.loads(text)
        except ValueError:
            value = {"message": text.decode(errors="replace")}
        if status == http.client.TOO_MANY_REQUESTS and patience > 0:
            # The storage of a kind that is new comes a moment after the kind.
            time.sleep(1)
            return self.call(method, path, body, kind, patience - 1)
        if status >= http.client.BAD_REQUEST:
            raise ApiError(status, str(value.get("message", value)))
        return value

    def path(self, version: str, kind: str, namespace: str | None = None, name: str | None = None) -> str:
        """Return the path of a kind, of one namespace or resource of it. Raises ApiError for an unknown kind."""
        root = "/api/v1" if version == "v1" else f"/apis/{version}"
        if (version, kind) not in self._kinds:
            for resource in self.call("GET", root)["resources"]:
                if "/" not in resource["name"]:
                    self._kinds[version, resource["kind"]] = (resource["name"], resource["namespaced"])
        if (version, kind) not in self._kinds:
            raise ApiError(NOT_FOUND, f"no kind {kind} in {version}")
        plural, namespaced = self._kinds[version, kind]
        parts = [root, *(["namespaces", namespace] if namespaced and namespace else []), plural]
        return "/".join([*parts, name] if name else parts)

    def apply(self, manifest: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Apply a resource on the server; an unknown or doubled field is refused."""
        metadata = manifest["metadata"]
        namespace = metadata.get("namespace", "default")
        path = self.path(manifest["apiVersion"], manifest["kind"], namespace, metadata["name"])
        query = f"fieldManager={FIELD_MANAGER}&force=true&fieldValidation=Strict{'&dryRun=All' if dry_run else ''}"
        return self.call("PATCH", f"{path}?{query}", manifest, APPLY)

    def create(self, manifest: Mapping[str, Any]) -> None:
        """Create a resource; much faster than to apply it where it is large, as definitions of resources are."""
        metadata = manifest["metadata"]
        path = self.path(manifest["apiVersion"], manifest["kind"], metadata.get("namespace", "default"))
        self.call("POST", f"{path}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict", manifest)

    def list(self, version: str, kind: str, namespace: str | None = None) -> list[dict[str, Any]]:
        """Return all resources of a kind."""
        found: list[dict[str, Any]] = self.call("GET", self.path(version, kind, namespace))["items"]
        return found

    def get(self, version: str, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Return a resource, or None when there is none."""
        try:
            return self.call("GET", self.path(version, kind, namespace, name))
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def merge(self, version: str, kind: str, namespace: str | None, name: str, patch: Mapping[str, Any]) -> None:
        """Change fields of a resource."""
        self.call("PATCH", self.path(version, kind, namespace, name), patch, MERGE)

    def delete(self, version: str, kind: str, namespace: str | None, name: str) -> None:
        """Delete a resource, if there is one."""
        try:
            self.call("DELETE", self.path(version, kind, namespace, name))
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise


def _ask(
    connection: http.client.HTTPSConnection, method: str, path: str, data: str | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    connection.request(method, path, data, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()
