"""GitPython's command facade, started so that nothing of the caller's environment gets in.

GitPython gives git a copy of `os.environ`, to which one can add but not take away, and its `Repo` takes GIT_DIR,
GIT_COMMON_DIR and GIT_OBJECT_DIRECTORY from there by itself. So commands go through its `Git`, with only the starting
replaced by our own door to programs: a given environment, a time limit that ends everything git started, bytes in and
bytes out. Nothing here reads or moves refs, index or configuration by GitPython's own code.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, BinaryIO

from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.shown import shown
from gitops_gen.errors import ToolError
from gitops_gen.process import run

# When it is imported, GitPython asks git for its version, in the environment of our own process. So what steers git
# and GitPython there is put away for that moment; nothing is learned from it.
_ours = os.environ  # noqa: TID251 - see above
_steering = {name: _ours.pop(name) for name in list(_ours) if name.startswith("GIT_")}
try:
    from git import Git
except ImportError as error:
    raise ToolError("git not found", help="install git 2.32 or newer, or add its folder to PATH") from error
finally:
    _ours.update(_steering)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gitops_gen.delivery.environment import GitEnvironment

MINIMUM = (2, 32)
"""The oldest git: it takes configuration from the environment and lets the personal one be left out."""


class CleanGit(Git):
    """Git in one folder and one environment: `CleanGit(...).ls_tree("-r", "-z", commit)` returns bytes.

    A failure raises GitError; a git that is missing or out of time raises ToolError.
    """

    GIT_PYTHON_GIT_EXECUTABLE = "git"

    def __init__(self, folder: Path, environment: GitEnvironment, *, timeout_s: float) -> None:
        """Run commands in `folder`, each for at most `timeout_s` seconds."""
        super().__init__(str(folder))
        self._folder = folder
        self._given = environment
        self._timeout_s = timeout_s
        self.last_words = ""
        """What the last command said beside its result: warnings, the remote's words."""

    def execute(  # type: ignore[override]
        self,
        command: Sequence[str],
        istream: BinaryIO | None = None,
        env: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run one command that GitPython has put together; `istream` is read whole, `env` is added."""
        try:
            completed = run(
                command,
                cwd=self._folder,
                env={**self._given.variables, **(env or {})},
                timeout_s=self._timeout_s,
                input=istream.read() if istream is not None else b"",
            )
        except ToolError as error:
            raise ToolError(error.message, details=self.safe(error.details), help=error.help) from None
        self.last_words = self.safe(completed.stderr)
        if completed.returncode:
            name = next((word for word in command[1:] if not word.startswith("-") and "=" not in word), "")
            raise GitError(name, completed.returncode, self.last_words, completed.stdout)
        return completed.stdout

    def is_ancestor(self, older: str, younger: str) -> bool:
        """Tell whether a commit is another one or stands behind it. Raises GitError when git does not say."""

        def is_no(error: GitError) -> bool:
            return error.status == 1 and not error.is_fault and "error:" not in error.words

        return self.unless_no_twice(["git", "merge-base", "--is-ancestor", older, younger], is_no) is not None

    def unless_no_twice(self, command: Sequence[str], is_no: Callable[[GitError], bool]) -> bytes | None:
        """Return what git says, None for a no, by which it fails; any other failure is raised.

        A no counts when it is said twice: git says it of what it failed to read, too.
        """
        for _ in range(2):
            try:
                return self.execute(command)
            except GitError as error:
                if not is_no(error):
                    raise
        return None

    def safe(self, said: bytes | str) -> str:
        """Return what git or the remote said, safe to show: without the secrets that git was given."""
        return shown(said, self._given.secrets)


def check_version(git: CleanGit, minimum: tuple[int, int] = MINIMUM) -> None:
    """Raise ToolError for a git that is older than `minimum`."""
    said = git.execute(["git", "version"]).decode("utf-8", "replace")
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < minimum:
        wanted = ".".join(map(str, minimum))
        raise ToolError(f"git {wanted} or newer is needed, not {shown(said)!r}", help=f"install git {wanted} or newer")
