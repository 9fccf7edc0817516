"""A git command that failed, in git's own words, with what to do about the commonest causes."""

from __future__ import annotations

from gitops_gen.errors import ToolError

_ADVICE = (
    ("dubious ownership", "git refuses a repository of another account: run gitops-gen as its owner"),
    ("returned error: 30", "the remote redirects: write the URL that it redirects to (often it ends in .git)"),
    ("could not read username", "the remote asks for credentials: put a token into GITOPS_GEN_TOKEN"),
    ("authentication failed", "check that GITOPS_GEN_TOKEN holds a token with rights on this repository"),
    ("returned error: 40", "check the URL, and that GITOPS_GEN_TOKEN holds a token with rights on this repository"),
    ("host key verification failed", "add the host to ~/.ssh/known_hosts of the account that runs gitops-gen"),
    ("permission denied (", "check that the ssh agent or ~/.ssh has a key with rights on this repository"),
    ("certificate", "name the file with the authority's certificates in GIT_SSL_CAINFO"),
    ("fsck", "the repository has malformed objects; `git fsck` there says which"),
    (
        "not appear to be a git repository",
        "check the URL: the repository must exist already, if only empty",
    ),
    ("no space left", "make room for temporary files, or name another place for them in TMPDIR"),
)


_FAULTS = (
    "input/output error",
    "no space left",
    "file too large",
    "disk quota exceeded",
    "read-only file system",
    "out of memory",
    "cannot allocate memory",
    "too many open files",
    "resource temporarily unavailable",
    "stale file handle",
)


def advice(words: str) -> str:
    """Return what to do about a failure, by git's words."""
    lower = words.lower()
    for needle, help_ in _ADVICE:
        if needle in lower:
            return help_
    return "check the URL, the network and the rights of the account"


class GitError(ToolError):
    """A git command ended with an exit code other than 0.

    `words` is what git and the remote said, safe to show; `output` the command's raw result, for those commands that
    report there what they could not do.
    """

    def __init__(self, command: str, status: int, words: str, output: bytes) -> None:
        """Make a message that names the command, never its arguments."""
        super().__init__(f"git {command} failed with exit code {status}", details=words, help=advice(words))
        self.status = status
        self.words = words
        self.output = output

    @property
    def is_fault(self) -> bool:
        """Whether git was killed, or the machine failed it: then its failing answers no question.

        A caller that reads a failure as a "no" has to ask this first.
        """
        lower = self.words.lower()
        return self.status < 0 or any(fault in lower for fault in _FAULTS)
