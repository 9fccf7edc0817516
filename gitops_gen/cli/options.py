"""What the commands share: options that can also be set by environment variables, and the inventory argument."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

PREFIX = "GITOPS_GEN_"

LONGEST_S = 86_400
"""The longest time limit, in seconds: a day."""


def option(*names: str, **settings: Any) -> Callable[[F], F]:  # noqa: ANN401 - whatever click takes
    """Declare an option that can also be set by `GITOPS_GEN_<NAME>`, as its help says."""
    long = next(name for name in names if name.startswith("--")).partition("/")[0]
    variable = PREFIX + long.removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=variable, show_envvar=True, **settings)


def inventory_argument(command: F) -> F:
    """Add the argument INVENTORY: a file, a directory, or `-` for standard input."""
    return click.argument("inventory", metavar="INVENTORY", type=click.Path(allow_dash=True))(command)


def problem_format(command: F) -> F:
    """Add `--format` for commands that report problems."""
    return option(
        "--format",
        "style",
        type=click.Choice(["text", "json", "github"]),
        default="text",
        show_default=True,
        help="How to report: for people, for programs, or as annotations of a GitHub workflow.",
    )(command)


def result_format(command: F) -> F:
    """Add `--format` for commands that report what they did or would do."""
    return option(
        "--format",
        "style",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How to report.",
    )(command)


MARKDOWN_MOST, MARKDOWN_LEAST = 65_536, 2_000
"""As in gitops_gen.report.markdown, which `--help` does not wait for."""


def plan_format(command: F) -> F:
    """Add `--format` for plans, and how much of a plan Markdown says."""
    command = option(
        "--max-chars",
        type=click.IntRange(min=MARKDOWN_LEAST),
        default=MARKDOWN_MOST,
        show_default=True,
        metavar="NUMBER",
        help="Longest Markdown, in bytes; what does not fit is said in less detail.",
    )(command)
    command = option(
        "--detail",
        type=click.Choice(["full", "concise", "counts"]),
        default="full",
        show_default=True,
        help="The most that Markdown says: every change, a line for each workload, or how much.",
    )(command)
    return option(
        "--format",
        "style",
        type=click.Choice(["text", "json", "markdown"]),
        default="text",
        show_default=True,
        help="How to report: for people, for programs, or for a change request and the summary of a CI job.",
    )(command)


def output_option(help: str) -> Callable[[F], F]:  # noqa: A002 - as click calls it
    """Add `--output`: the directory of direct mode."""
    return option("--output", "-o", required=True, type=click.Path(file_okay=False, path_type=Path), help=help)


def accept_edits_option(relative_to: str) -> Callable[[F], F]:
    """Add `--accept-edits`: which hand edits may be overwritten, by paths relative to what is named."""
    return option(
        "--accept-edits",
        multiple=True,
        metavar="PATH",
        help=f"Overwrite this hand-edited generated file (relative to {relative_to}). May be given several times.",
    )


def approve_option(verb: str) -> Callable[[F], F]:
    """Add `--approve`: the digest of the one plan that may go beyond a guard's limit."""
    return option("--approve", metavar="DIGEST", help=f"{verb} although a guard holds back the plan of this digest.")


class CommitOptions(NamedTuple):
    """Whose commit it is, of when and signed with what, as written; `programs.signature` reads it."""

    author: str
    committer: str | None
    date: str | None
    signing_key: str | None
    allowed_signers: str | None


def commit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every command that pushes a commit needs: how long it tries, and whose commit it is.

    The command gets `deadline`, and `commit` for all the rest.
    """

    @functools.wraps(command)
    def bundled(**given: Any) -> Any:  # noqa: ANN401 - whatever the command has
        commit = CommitOptions(**{name: given.pop(name) for name in CommitOptions._fields})
        return command(commit=commit, **given)

    for add in reversed(_COMMIT):
        bundled = add(bundled)
    return bundled


_COMMIT: tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...] = (
    option(
        "--deadline",
        type=click.IntRange(min=1, max=LONGEST_S),
        default=120,
        show_default=True,
        metavar="SECONDS",
        help="How long to try again when other commits come first.",
    ),
    option(
        "--author",
        default="gitops-gen <gitops-gen@localhost>",
        show_default=True,
        metavar="NAME <MAIL>",
        help="Whose commit it is.",
    ),
    option("--committer", metavar="NAME <MAIL>", help="Who commits it; without it, the author."),
    option(
        "--date",
        metavar="DATE",
        help="When the commit was made: seconds since 1970, or like 2026-11-30T12:00:00Z. "
        "Without it: SOURCE_DATE_EPOCH, or the date of the inventory's commit that is published, or now.",
    ),
    option(
        "--signing-key",
        metavar="KEY",
        help="Sign the commit: with the OpenPGP key of this whole fingerprint, or the SSH key in this file.",
    ),
    option(
        "--allowed-signers",
        metavar="FILE",
        help="Whose SSH signatures are good, as ssh-keygen reads it; without it, the signing key's alone.",
    ),
)


def clusters_option(help: str) -> Callable[[F], F]:  # noqa: A002 - as click calls it
    """Add `--cluster`, which may be given several times."""
    return option(
        "--cluster",
        "clusters",
        multiple=True,
        metavar="CLUSTER",
        help=f"{help} May be given several times.",
    )


def change_request_options(command: F) -> F:
    """Add what proposing instead of pushing to the branch takes."""
    command = option(
        "--body-file",
        type=click.Path(dir_okay=False, path_type=Path),
        default="change-request.md",
        show_default=True,
        help="Where the body is written when the change request has to be opened by hand.",
    )(command)
    command = option(
        "--forge-url",
        metavar="URL",
        help="The GitOps repository's address in a browser, where it does not follow from its URL.",
    )(command)
    command = option(
        "--forge",
        type=click.Choice(["auto", "github", "gitlab", "gh", "glab", "none"]),
        default="auto",
        show_default=True,
        help="The forge, by its REST interface or its program; auto: by the host, the token and PATH; none: by hand.",
    )(command)
    command = option(
        "--change-branch",
        metavar="NAME",
        help="The bot branch, in place of gitops-gen/MESH/INVENTORY-BRANCH.",
    )(command)
    return option(
        "--change-request/--no-change-request",
        default=False,
        help="Propose: one commit on a bot branch, and a change request for it.",
    )(command)


def kustomize_option(command: F) -> F:
    """Add `--kustomize`: which program renders."""
    return option(
        "--kustomize",
        type=click.Path(dir_okay=False),
        help="The kustomize or kubectl to use; without it the one beside this Python, then PATH.",
    )(command)


def verify_option(default: str) -> Callable[[F], F]:
    """Add `--verify`: of which sync units kustomize is asked whether it returns exactly what was compiled."""
    return option(
        "--verify",
        type=click.Choice(["none", "changed", "all"]),
        default=default,
        show_default=True,
        help="Render these sync units with kustomize and compare with what was compiled.",
    )


def labels_option(command: F) -> F:
    """Add `--select`: clusters by their labels."""
    return option(
        "--select",
        "labels",
        multiple=True,
        metavar="LABEL=VALUE",
        help="Only clusters with this label (ring=canary); several: clusters that have all of them.",
    )(command)


def workloads_option(help: str) -> Callable[[F], F]:  # noqa: A002 - as click calls it
    """Add `--workload`, which may be given several times."""
    return option(
        "--workload", "workloads", multiple=True, metavar="NS/NAME", help=f"{help} May be given several times."
    )


def selection_options(command: F) -> F:
    """Add the options that say which clusters and workloads a command is about."""
    command = workloads_option("Only this workload; everything else stays as it is published.")(command)
    command = labels_option(command)
    return clusters_option("Only this cluster; all others stay as they are published.")(command)


def repository_options(command: F) -> F:
    """Add the options that say which GitOps repository and branch, and how long its calls may take."""
    command = option(
        "--timeout",
        type=click.IntRange(min=1, max=LONGEST_S),
        default=120,
        show_default=True,
        metavar="SECONDS",
        help="How long one git call may take.",
    )(command)
    command = option("--branch", metavar="NAME", help="The branch, in place of the Mesh's gitops.branch.")(command)
    return option(
        "--repository",
        metavar="URL",
        help="The GitOps repository (https, ssh, user@host:path or a local path), in place of gitops.repository.",
    )(command)


def engine_options(command: F) -> F:
    """Add the options that say how the engines are asked: through kubectl, by contexts of the kubeconfig."""
    command = option(
        "--kubectl",
        type=click.Path(dir_okay=False),
        help="The kubectl to use; without it the first on PATH, then the one beside this Python.",
    )(command)
    command = option(
        "--argocd-context",
        default="",
        metavar="CONTEXT",
        help="The context of the kubeconfig for the cluster where Argo CD runs; without it, the current one.",
    )(command)
    return option(
        "--context",
        "contexts",
        multiple=True,
        metavar="[CLUSTER=]CONTEXT",
        help="The context of the kubeconfig for a cluster with Flux, or for all: `eks-{cluster}`. Without it, one "
        "of the cluster's own name. May be given several times.",
    )(command)


def wait_options(command: F) -> F:
    """Add `--wait`, and how long."""
    command = option(
        "--wait-deadline",
        type=click.IntRange(min=1, max=LONGEST_S),
        default=900,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait for the engines. Without a webhook they look into Git every few minutes.",
    )(command)
    return option(
        "--wait",
        is_flag=True,
        help="Wait until the engines have applied it. They are asked through kubectl, and not told anything.",
    )(command)
