from __future__ import annotations

import pytest

from gitops_gen.delivery.keys import Signing, parse_signing
from gitops_gen.errors import InputError

FINGERPRINT = "0C246C7D52EA5D0B3819E9CB3CF0B2ABD93B0DE3"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (FINGERPRINT, FINGERPRINT),
        (f"0x{FINGERPRINT.lower()}", FINGERPRINT),
        ("0C24 6C7D 52EA 5D0B 3819  E9CB 3CF0 B2AB D93B 0DE3", FINGERPRINT),
        (f"{FINGERPRINT}!", f"{FINGERPRINT}!"),
        ("ab" * 32, "AB" * 32),
    ],
)
def test_a_whole_fingerprint_is_an_openpgp_key(written: str, key: str) -> None:
    signing = parse_signing(written, None, relative_to="/work")
    assert signing == Signing(key)
    assert signing.openpgp


def test_anything_else_is_the_file_of_an_ssh_key() -> None:
    signing = parse_signing("keys/bot key", "keys/signers", relative_to="/work")
    assert signing == Signing("/work/keys/bot key", "/work/keys/signers")
    assert not signing.openpgp
    assert parse_signing("/etc/key", None, relative_to="/work") == Signing("/etc/key")
    assert parse_signing("/etc/key", "/etc/signers", relative_to="/work") == Signing("/etc/key", "/etc/signers")
    # Nothing that begins with a dash reaches a program as an option.
    assert parse_signing("-oops", None, relative_to="/work").key == "/work/-oops"


@pytest.mark.parametrize("written", ["", "  ", "D93B0DE3", "0x3CF0B2ABD93B0DE3", FINGERPRINT[:-1], "key\n", "k\x00"])
def test_what_names_no_key(written: str) -> None:
    with pytest.raises(InputError, match="names no key") as error:
        parse_signing(written, None, relative_to="/work")
    assert "whole fingerprint" in error.value.help


@pytest.mark.parametrize(
    ("key", "signers", "message"),
    [
        (FINGERPRINT, "signers", "allowed signers are for SSH keys"),
        ("key", "", "has no name"),
        ("key", " ", "has no name"),
    ],
)
def test_allowed_signers_are_a_file_and_for_ssh(key: str, signers: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_signing(key, signers, relative_to="/work")
