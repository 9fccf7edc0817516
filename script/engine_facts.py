"""Takes from the CRDs of Argo CD and Flux what the tests hold gitops-gen's engine objects against.

Run it after a change of the versions in `tests/programs`, or of the fields that are written. It asks Go where the
modules are, which downloads them the first time, and writes `tests/oracle/engine_facts.json`: names of fields, types,
patterns and the like, as deep as the objects go. Nobody's text is copied.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.engine_samples import samples  # noqa: E402
from tests.oracle.crd import FACTS  # noqa: E402

SOURCES = {
    "github.com/argoproj/argo-cd/v3": ("argocd", "manifests/crds/*-crd.yaml"),
    "github.com/fluxcd/kustomize-controller": ("kustomize-controller", "config/crd/bases/*_kustomizations.yaml"),
    "github.com/fluxcd/source-controller": ("source-controller", "config/crd/bases/*_gitrepositories.yaml"),
}
"""Module -> the folder of `tests/programs` that pins it, and where its CRDs are."""

TAKEN = ("pattern", "enum", "minLength", "maxLength")


def module(name: str, folder: str) -> tuple[Path, str]:
    """Return where Go keeps a module, and its version."""
    ended = subprocess.run(
        ["go", "mod", "download", "-json", name],
        cwd=ROOT / "tests/programs" / folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=600,
    )
    known = json.loads(ended.stdout)
    return Path(known["Dir"]), known["Version"]


def facts(schema: dict[str, Any], values: list[Any]) -> dict[str, Any]:
    """Return the facts of a schema, as deep as some values of it go."""
    kind = "any" if schema.get("x-kubernetes-int-or-string") else schema.get("type", "any")
    found: dict[str, Any] = {"type": kind, **{word: schema[word] for word in TAKEN if word in schema}}
    mappings = [value for value in values if isinstance(value, dict)]
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        found["open"] = True
    if "properties" in schema:
        if schema.get("required"):
            found["required"] = sorted(schema["required"])
        found["fields"] = {
            name: facts(inner, [value[name] for value in mappings if name in value])
            if any(name in value for value in mappings)
            else inner.get("type", "any")
            for name, inner in sorted(schema["properties"].items())
        }
    if isinstance(schema.get("additionalProperties"), dict):
        found["values"] = facts(schema["additionalProperties"], [one for value in mappings for one in value.values()])
    if "items" in schema:
        members = [one for value in values if isinstance(value, list) for one in value]
        found["items"] = facts(schema["items"], members)
    return found


def main() -> int:
    """Write the facts, and say of which versions."""
    objects: dict[str, list[Any]] = {}
    for _, manifest in samples():
        objects.setdefault(f"{manifest['apiVersion']} {manifest['kind']}", []).append(manifest)
    kinds, versions = {}, {}
    for name, (folder, pattern) in SOURCES.items():
        place, versions[name] = module(name, folder)
        for path in sorted(place.glob(pattern)):
            crd = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
            for version in crd["spec"]["versions"]:
                key = f"{crd['spec']['group']}/{version['name']} {crd['spec']['names']['kind']}"
                if key in objects:
                    whole = dict(version["schema"]["openAPIV3Schema"])
                    rest = {"apiVersion", "kind", "metadata", "status"}
                    whole["properties"] = {n: one for n, one in whole["properties"].items() if n not in rest}
                    whole["required"] = [n for n in whole.get("required", ()) if n not in rest]
                    kinds[key] = facts(whole, objects[key])
    text = json.dumps({"versions": versions, "kinds": dict(sorted(kinds.items()))}, indent=1, sort_keys=False)
    FACTS.write_text(text + "\n")
    print(f"{FACTS.relative_to(ROOT)}: {len(kinds)} kinds of {', '.join(f'{n} {v}' for n, v in versions.items())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
