"""Certificates: of applications and clients, and for each Secret by which a gateway ends TLS one of its own.

An authority of the suite signs those of the Secrets. Clients believe that authority and nobody else, hold a certificate
against the host that they dial, and say whose it was: its subject is the name of the Secret.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.mesh.network import run

if TYPE_CHECKING:
    from collections.abc import Collection

WILDCARDS = ("*.example.com", "*.example.net", "*.data.example.com", "*.ops.example.com", "*.pods.example.com")
"""What a certificate is for where its Gateway serves any host."""
IN_PODS = Path("/run/mesh")
"""Where every pod finds the authority, and what clients may show: files as somebody mounts them into sidecars."""
READABLE = 0o644


def make_certificates(state: Path) -> None:
    """Make the authorities, what applications show, and what clients show: one that is believed, one that is not."""
    for name in ("app", "authority", "clients", "strangers"):
        _certificate(state / name, ["app.internal", *WILDCARDS])
    _certificate(state / "client", ["client.example.com"], signed_by=state / "clients")
    _certificate(state / "stranger", ["client.example.com"], signed_by=state / "strangers")
    IN_PODS.mkdir()
    for name in ("authority.crt", "client.crt", "client.key"):
        shutil.copy(state / name, IN_PODS / name)
        (IN_PODS / name).chmod(READABLE)


def secret_keys(state: Path, name: str, hosts: Collection[str]) -> dict[str, str]:
    """Return the certificate of a Secret and its key, for these hosts; the same ones whenever it is asked for."""
    path = state / "secrets" / f"{name}-{hashlib.sha256(' '.join(sorted(hosts)).encode()).hexdigest()[:12]}"
    if not path.with_name(f"{path.name}.crt").exists():
        path.parent.mkdir(exist_ok=True)
        _certificate(path, sorted(hosts), signed_by=state / "authority", subject=name)
    return {kind: Path(f"{path}{end}").read_text() for kind, end in (("tls.crt", ".crt"), ("tls.key", ".key"))}


def _certificate(path: Path, names: Collection[str], *, signed_by: Path | None = None, subject: str = "") -> None:
    """Make a certificate, by itself or signed by another one."""
    listed = "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "30", "-subj", f"/CN={subject or next(iter(names))}"]
    if signed_by is not None:
        command += ["-CA", f"{signed_by}.crt", "-CAkey", f"{signed_by}.key", "-addext", "basicConstraints=CA:FALSE"]
    run(*command, "-keyout", f"{path}.key", "-out", f"{path}.crt", "-addext", listed)
