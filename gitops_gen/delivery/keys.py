"""Which key signs, decided before any program sees it: the fingerprint of an OpenPGP key, or the file of an SSH key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gitops_gen.errors import InputError

_FINGERPRINT = re.compile(r"(?:0x)?((?:[0-9A-F]{40}|[0-9A-F]{64})!?)", re.ASCII | re.IGNORECASE)
_SHORT = re.compile(r"(?:0x)?[0-9A-F]{8,39}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Signing:
    """The key that signs: the fingerprint of an OpenPGP key, or else the file of an SSH key.

    `allowed_signers` is the file that says whose SSH signatures are good, in the form of `ssh-keygen`; "" is the key
    itself and no other.
    """

    key: str
    allowed_signers: str = ""

    @property
    def openpgp(self) -> bool:
        """Whether GnuPG signs; else ssh-keygen does."""
        return not Path(self.key).is_absolute()


def parse_signing(key: str, allowed_signers: str | None, *, relative_to: str) -> Signing:
    """Read which key signs; the files of SSH keys are taken from the folder `relative_to`.

    Raises InputError for what is neither a whole fingerprint nor a path.
    """
    written = key.replace(" ", "")
    fingerprint = _FINGERPRINT.fullmatch(written)
    if fingerprint is None and (not key.strip() or not key.isprintable() or _SHORT.fullmatch(written)):
        raise InputError(
            f"{key!r} names no key",
            help="write the whole fingerprint of an OpenPGP key (gpg --list-secret-keys shows it), "
            "or the file of an SSH key",
        )
    if allowed_signers is None:
        return Signing(fingerprint[1].upper() if fingerprint else str(Path(relative_to, key)))
    if fingerprint is not None:
        raise InputError(
            "allowed signers are for SSH keys, and this is an OpenPGP key",
            help="leave them out: an OpenPGP signature has to be by the very key that is named",
        )
    if not allowed_signers.strip():
        raise InputError("the file of allowed signers has no name", help="name one, or leave it out")
    return Signing(str(Path(relative_to, key)), str(Path(relative_to, allowed_signers)))
