"""The door to kubectl: it only reads, and only what it is asked for.

A cluster's way in is the person's own kubeconfig. It may start programs that fetch credentials, so kubectl, unlike
git and kustomize, sees the whole environment.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops_gen.errors import ToolError
from gitops_gen.process import Leash, run, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Kubectl(NamedTuple):
    """A kubectl, what it sees of the environment, where it runs, and how long one question may take, in seconds."""

    program: str
    environment: Mapping[str, str]
    folder: Path
    timeout_s: float


def find_kubectl(path: str, *, beside: Iterable[Path] = (), chosen: str = "") -> str:
    """Return the kubectl to use: the chosen one, the first of `path`, or the one beside the running Python.

    The person's own comes first: it is the one whose version suits the clusters. Raises ToolError when there is none.
    """
    folders = [entry for entry in path.split(os.pathsep) if Path(entry).is_absolute()]
    found = shutil.which(chosen or "kubectl", path=os.pathsep.join([*folders, *map(str, beside)]))
    if found is None:
        raise ToolError(f"{chosen or 'kubectl'} not found", help="install kubectl, or name it with --kubectl")
    return found


def get(kubectl: Kubectl, context: str, kinds: Iterable[str], leash: Leash | None = None) -> list[Any]:
    """Return all objects of some kinds (`applications.argoproj.io`) in a cluster, from every namespace.

    `context` is one of the kubeconfig, "" for its current one. Raises ToolError with kubectl's own words.
    """
    named = (f"--context={context}",) if context else ()
    argv = (kubectl.program, *named, "get", ",".join(kinds), "--all-namespaces", "--output=json")
    done = run(argv, cwd=kubectl.folder, env=kubectl.environment, timeout_s=kubectl.timeout_s, leash=leash)
    where = f"context {context}" if context else "the current context"
    if done.returncode != 0:
        raise ToolError(
            f"kubectl cannot read {where}",
            details=words(done.stderr),
            help="check --context, and that this account may list these objects",
        )
    try:
        found = json.loads(done.stdout)
        items = found["items"]
    except (ValueError, TypeError, KeyError) as error:
        raise ToolError(f"kubectl did not return a list from {where}") from error
    return list(items)
