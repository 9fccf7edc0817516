"""Signed commits: made by git with GnuPG or ssh-keygen, and verified before anything may leave.

A signature is asked for by key, never by anybody's git configuration. What cannot be signed, or does not verify
afterwards, is not pushed; there is no way back to a commit without a signature
(docs/how-to/sign-commits.md).
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_gen.delivery.environment import local_environment
from gitops_gen.delivery.facade import CleanGit, check_version
from gitops_gen.delivery.failure import GitError
from gitops_gen.delivery.shown import shown
from gitops_gen.errors import ToolError
from gitops_gen.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_gen.delivery.keys import Signing

MINIMUM_FOR_SSH = (2, 34)
"""The oldest git that signs with SSH keys."""

_VALID = re.compile(r"^\[GNUPG:\] VALIDSIG ([0-9A-F]+) .* ([0-9A-F]+)$", re.MULTILINE)


class Signer:
    """Git with one key: makes commits that are signed, and holds that they verify."""

    def __init__(
        self, signing: Signing, repository: Path, private: Path, *, environment: Mapping[str, str], timeout_s: float
    ) -> None:
        """Set git up in `repository`; `private` is a folder for what ssh-keygen reads.

        `environment` is that of our own process. Raises ToolError for an SSH key that cannot be read, or a git that
        is too old.
        """
        self._signing = signing
        self._private = private
        self._timeout_s = timeout_s
        home = environment.get("HOME", "")
        caller = {**environment}
        if signing.openpgp and home and not environment.get("GNUPGHOME"):
            # Git gets a home of its own; the key ring is where GnuPG has it for the account.
            caller["GNUPGHOME"] = str(Path(home, ".gnupg"))
        plain = local_environment(caller, home=str(private))
        self._variables = plain.variables
        config = {"gpg.format": "openpgp", "gpg.program": "gpg"}
        if not signing.openpgp:
            check_version(CleanGit(repository, plain, timeout_s=timeout_s), MINIMUM_FOR_SSH)
            config = {
                "gpg.format": "ssh",
                "gpg.ssh.program": "ssh-keygen",
                "gpg.ssh.allowedSignersFile": signing.allowed_signers or str(self._only_this_key()),
            }
        self.git = CleanGit(
            repository, local_environment(caller, home=str(private), config=config), timeout_s=timeout_s
        )
        self.option = f"-S{signing.key}"
        """What makes `git commit-tree` sign."""

    def failed(self, error: GitError) -> ToolError:
        """Say why a commit was not signed, in the words of the program that should have."""
        words = error.words
        if self._signing.openpgp:
            # Git keeps GnuPG's words to itself; asked once more, it gives the same ones to us.
            tried = self._run(
                "gpg", "--batch", "--no-tty", "--local-user", self._signing.key, "--detach-sign", "-o", "-"
            )
            words = shown(tried) or words
        return ToolError(
            "the commit cannot be signed, so nothing is pushed",
            details=words,
            help=self._advice(),
        )

    def verify(self, commit: str) -> None:
        """Hold that a commit's signature is good and by the right key. Raises ToolError when it is not."""
        try:
            self.git.execute(["git", "verify-commit", "--raw", commit])
        except GitError as error:
            raise self._unverified(error.words) from error
        if not self._signing.openpgp:
            return
        wanted = self._signing.key.rstrip("!")
        # A signature names the key that made it and the primary key that this one belongs to.
        if not any(wanted in found.groups() for found in _VALID.finditer(self.git.last_words)):
            raise self._unverified(self.git.last_words)

    def _unverified(self, words: str) -> ToolError:
        where = self._signing.allowed_signers
        return ToolError(
            "the signature of the commit does not verify, so nothing is pushed",
            details=words,
            help=f"see that {where} has the key, and that the key is valid on the commit's date"
            if where
            else "see that the key is valid, and neither expired nor revoked",
        )

    def _advice(self) -> str:
        if self._signing.openpgp:
            return (
                "the secret key must be in the key ring (GNUPGHOME), neither expired nor revoked, and usable without a "
                "question: without a passphrase, or unlocked in gpg-agent"
            )
        return (
            "the key must be usable without a question: without a passphrase, or loaded into the agent of SSH_AUTH_SOCK"
        )

    def _only_this_key(self) -> Path:
        """Write the file of allowed signers that names the key and no other."""
        # This reads the public half, also of a key with a passphrase or one that only the agent has.
        said = self._run("ssh-keygen", "-e", "-m", "RFC4716", "-f", self._signing.key, ok=0)
        # A header has a colon, Base64 has none.
        lines = said.decode("ascii", "replace").splitlines()
        written = "".join(line for line in lines if ":" not in line and not line.startswith("----"))
        blob = base64.b64decode(written)
        kind = blob[4 : 4 + int.from_bytes(blob[:4])].decode("ascii", "replace")
        if "-cert-" in kind:
            raise ToolError(
                f"{self._signing.key} is a certificate, so that somebody has to say which authority is good",
                help="name the file of allowed signers, with the authority's key in it",
            )
        file = self._private / "allowed-signers"
        file.write_text(f'* namespaces="git" {kind} {written}\n', encoding="ascii")
        return file

    def _run(self, program: str, *arguments: str, ok: int | None = None) -> bytes:
        """Return a program's output where it ended with `ok`, else raise ToolError; without `ok`, its complaints."""
        done = run(
            [program, *arguments],
            cwd=self._private,
            env=self._variables,
            timeout_s=self._timeout_s,
            input=b"gitops-gen\n",
        )
        if ok is None:
            return done.stderr
        if done.returncode != ok:
            raise ToolError("the signing key cannot be read", details=shown(done.stderr), help=self._advice())
        return done.stdout
