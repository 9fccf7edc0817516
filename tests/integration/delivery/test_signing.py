"""Signed commits, with real GnuPG and real OpenSSH: what cannot be signed, or does not verify, never leaves."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from gitops_gen.delivery.commit import Identity, Signature
from gitops_gen.delivery.keys import Signing
from gitops_gen.delivery.push import Result
from gitops_gen.delivery.signing import Signer
from gitops_gen.errors import ToolError
from tests.integration.delivery.remotes import Bare, Forge, cloned, git
from tests.keys import LONG_AGO, PASSPHRASE, KeyRing, ran, short_folder, ssh_agent, ssh_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gitops_gen.delivery.clone import Clone

BOT = Identity("gitops-gen", "gitops-gen@example.com")
DATE = 1_790_000_000


@pytest.fixture(scope="module")
def ring() -> Iterator[KeyRing]:
    """Make a key ring in each state that a key can be in."""
    with short_folder() as folder:
        ring = KeyRing(folder / "g")
        ring.key("good")
        ring.key("other")
        ring.key("locked", passphrase=PASSPHRASE)
        ring.key("expired", "--faked-system-time", LONG_AGO, expires="1d")
        public = KeyRing(folder / "p")
        public.key("public")
        exported = folder / "public.asc"
        ran("gpg", "--batch", "--armor", "--output", exported, "--export", "public@example.com", env=public.env)
        ran("gpg", "--batch", "--quiet", "--import", exported, env=ring.env)
        public.end_agent()
        # What making the keys left in the agent's memory is gone.
        ring.end_agent()
        yield ring
        ring.end_agent()


@pytest.fixture(scope="module")
def keys() -> Iterator[Path]:
    """Make a folder of SSH keys in each state."""
    with short_folder() as folder:
        for name in ("good", "other", "agent"):
            ssh_key(folder / name)
        ssh_key(folder / "locked", passphrase=PASSPHRASE)
        public = (folder / "good.pub").read_text()
        (folder / "signers").write_text(f'bot@example.com namespaces="git" {public}')
        (folder / "others").write_text(f"bot@example.com {(folder / 'other.pub').read_text()}")
        (folder / "expired").write_text(f'bot@example.com valid-before="20200101" {public}')
        # Only the agent has the secret half of this one.
        (folder / "agent").rename(folder / "kept")
        yield folder


def commit(clone: Clone, signing: Signing | None, content: bytes = b"1") -> str:
    signature = Signature(identity=BOT, date=DATE, signing=signing)
    return clone.write_commit(writes={"a": content}, deletes=[], message="Signed\n", signature=signature)


def land(bare: Bare, signing: Signing, environment: Mapping[str, str], *, timeout_s: float = 60) -> str:
    with cloned(bare.path, environment=environment, timeout_s=timeout_s) as clone:
        made = commit(clone, signing)
        assert clone.push(made).result is Result.LANDED
    return made


def refused(bare: Bare, signing: Signing, environment: Mapping[str, str], *, timeout_s: float = 60) -> str:
    """Let a commit fail; return why. Nothing is pushed, and above all nothing without a signature."""
    with pytest.raises(ToolError) as error, cloned(bare.path, environment=environment, timeout_s=timeout_s) as clone:
        clone.push(commit(clone, signing))
    assert not bare.exists()
    assert not bare.git("rev-list", "--all")
    return f"{error.value.message}\n{error.value.details}\n{error.value.help}"


# --- OpenPGP -------------------------------------------------------------------------------------------------------


def test_an_openpgp_signature_verifies_for_everybody(bare: Bare, ring: KeyRing) -> None:
    made = land(bare, Signing(ring.fingerprint("good")), ring.env)
    said = git(bare.path, "verify-commit", "--raw", made, env=ring.env)
    assert not said
    assert bare.git("cat-file", "commit", made).count("-----BEGIN PGP SIGNATURE-----") == 1
    bare.fsck()


def test_the_key_ring_is_that_of_the_account_where_none_is_named(bare: Bare, ring: KeyRing, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gnupg").symlink_to(ring.home)
    land(bare, Signing(ring.fingerprint("good")), {"HOME": str(home)})
    git(bare.path, "verify-commit", "main", env=ring.env)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("expired", "signing failed: Unusable secret key"),
        ("public", "signing failed: No secret key"),
        ("locked", "signing failed: Inappropriate ioctl for device"),
    ],
)
def test_an_openpgp_key_that_cannot_sign_pushes_nothing(bare: Bare, ring: KeyRing, key: str, words: str) -> None:
    said = refused(bare, Signing(ring.fingerprint(key)), ring.env)
    assert said.startswith("the commit cannot be signed, so nothing is pushed")
    assert words in said


def test_an_openpgp_key_that_is_missing_pushes_nothing(bare: Bare, ring: KeyRing) -> None:
    assert "No secret key" in refused(bare, Signing("A" * 40), ring.env)


def test_a_key_ring_that_is_missing_pushes_nothing(bare: Bare, ring: KeyRing, tmp_path: Path) -> None:
    said = refused(bare, Signing(ring.fingerprint("good")), {"GNUPGHOME": str(tmp_path / "nowhere")})
    assert "the secret key must be in the key ring" in said


def test_a_dead_openpgp_agent_pushes_nothing(bare: Bare, ring: KeyRing) -> None:
    (ring.home / "gpg.conf").write_text("no-autostart\n")
    ring.end_agent()
    try:
        assert "no gpg-agent running" in refused(bare, Signing(ring.fingerprint("good")), ring.env)
    finally:
        (ring.home / "gpg.conf").unlink()


def test_an_agent_that_never_answers_is_given_up_in_time(bare: Bare, ring: KeyRing) -> None:
    with ring.deaf_agent():
        assert "did not end within 3 s" in refused(bare, Signing(ring.fingerprint("good")), ring.env, timeout_s=3)


def test_gnupg_that_is_not_installed_pushes_nothing(bare: Bare, ring: KeyRing, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    found = shutil.which("git")
    assert found
    (programs / "git").symlink_to(found)
    assert "gpg not found" in refused(bare, Signing(ring.fingerprint("good")), {**ring.env, "PATH": str(programs)})


def test_a_signature_by_another_key_of_the_ring_does_not_count(bare: Bare, ring: KeyRing, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()

    def signer(key: str) -> Signer:
        environment = {**os.environ, **ring.env}
        return Signer(Signing(key), bare.path, tmp_path / "private", environment=environment, timeout_s=60)

    made = land(bare, Signing(ring.fingerprint("good")), ring.env)
    signer(ring.fingerprint("good")).verify(made)
    signer(f"{ring.fingerprint('good')}!").verify(made)
    with pytest.raises(ToolError, match="does not verify, so nothing is pushed"):
        signer(ring.fingerprint("other")).verify(made)
    unsigned = bare.commit({"b": "2"})
    with pytest.raises(ToolError, match="does not verify, so nothing is pushed"):
        signer(ring.fingerprint("good")).verify(unsigned)


# --- SSH -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signers", ["", "signers"])
def test_an_ssh_signature_verifies_for_everybody(bare: Bare, keys: Path, signers: str) -> None:
    made = land(bare, Signing(str(keys / "good"), str(keys / signers) if signers else ""), {})
    config = ("-c", f"gpg.ssh.allowedSignersFile={keys / 'signers'}", "-c", "gpg.format=ssh")
    git(bare.path, *config, "verify-commit", made)
    assert bare.git("cat-file", "commit", made).count("-----BEGIN SSH SIGNATURE-----") == 1
    bare.fsck()


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_keys_of_other_kinds_sign_as_well(bare: Bare, tmp_path: Path, kind: str) -> None:
    land(bare, Signing(str(ssh_key(tmp_path / "key", kind=kind))), {})


def test_a_key_that_only_the_agent_has_signs_until_the_agent_is_dead(bare: Bare, keys: Path) -> None:
    signing = Signing(str(keys / "agent.pub"))
    with short_folder() as folder:
        with ssh_agent(folder, keys / "kept") as agent:
            land(bare, signing, agent)
        bare.git("update-ref", "-d", "refs/heads/main")
        assert agent["SSH_AUTH_SOCK"].startswith(str(folder))
        with pytest.raises(ToolError, match="the commit cannot be signed, so nothing is pushed"):
            land(bare, signing, agent)
        assert not bare.exists()


@pytest.mark.parametrize(
    ("key", "signers", "words"),
    [
        ("nowhere", "", "the signing key cannot be read\nssh-keygen: "),
        ("nowhere", "signers", "the commit cannot be signed, so nothing is pushed"),
        ("locked", "", "the commit cannot be signed, so nothing is pushed"),
        ("agent.pub", "", "the commit cannot be signed, so nothing is pushed"),
        ("good", "others", 'does not verify, so nothing is pushed\nGood "git" signature with ED25519 key'),
        ("good", "expired", "does not verify, so nothing is pushed\n"),
        ("good", "nowhere", "does not verify, so nothing is pushed\n"),
    ],
)
def test_an_ssh_key_that_cannot_sign_or_is_not_allowed_pushes_nothing(
    bare: Bare, keys: Path, key: str, signers: str, words: str
) -> None:
    said = refused(bare, Signing(str(keys / key), str(keys / signers) if signers else ""), {})
    assert words in said
    assert str(keys / signers if signers and key == "good" else "SSH_AUTH_SOCK") in said


def test_a_certificate_needs_somebody_who_says_which_authority_is_good(bare: Bare, tmp_path: Path) -> None:
    authority, key = ssh_key(tmp_path / "ca"), ssh_key(tmp_path / "key")
    ran("ssh-keygen", "-q", "-s", authority, "-I", "bot", "-n", "bot@example.com", f"{key}.pub")
    certificate = f"{key}-cert.pub"
    assert "name the file of allowed signers" in refused(bare, Signing(certificate), {})
    signers = tmp_path / "signers"
    signers.write_text(f"bot@example.com cert-authority {authority.with_suffix('.pub').read_text()}")
    land(bare, Signing(certificate, str(signers)), {})


# --- what is around it ---------------------------------------------------------------------------------------------


def test_nothing_of_a_persons_git_configuration_signs_or_verifies(
    bare: Bare, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker, program = tmp_path / "ran", tmp_path / "evil"
    program.write_text(f"#!/bin/sh\ntouch {marker}\nexit 0\n")
    program.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(
        f"[commit]\n\tgpgsign = true\n[gpg]\n\tformat = openpgp\n\tprogram = {program}\n"
        f'[gpg "ssh"]\n\tprogram = {program}\n\tdefaultKeyCommand = {program}\n[user]\n\tsigningKey = nobody\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'gpg.ssh.program={program}'")
    land(bare, Signing(str(keys / "good")), {})
    with cloned(bare.path) as clone:
        unsigned = commit(clone, None, b"2")
        assert "gpgsig" not in clone.local.cat_file("commit", unsigned).decode()
    assert not marker.exists()


def test_each_try_has_a_signature_of_its_own_and_only_one_lands(bare: Bare, ring: KeyRing) -> None:
    signing = Signing(ring.fingerprint("good"))
    with cloned(bare.path, environment=ring.env) as clone:
        first = commit(clone, signing)
        bare.commit({"b": "somebody else"})
        assert clone.push(first).result is Result.LOST_RACE
        clone.refresh()
        second = commit(clone, signing)
        assert clone.push(second).result is Result.LANDED
    assert first != second
    assert bare.tip() == second
    git(bare.path, "verify-commit", second, env=ring.env)
    assert bare.git("rev-list", "--count", "main").strip() == "2"


def test_a_signed_commit_whose_answer_is_cut_off_is_known_to_have_landed(
    bare: Bare, forge: Forge, ring: KeyRing
) -> None:
    forge.cut_after = 0
    with cloned(forge.url(bare), environment=ring.env) as clone:
        made = commit(clone, Signing(ring.fingerprint("good")))
        assert clone.push(made).result is Result.LANDED
    assert bare.tip() == made
    assert bare.git("rev-list", "--count", "main").strip() == "1"


def test_git_that_is_too_old_for_ssh_keys_is_told_of(bare: Bare, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitops_gen.delivery.signing.MINIMUM_FOR_SSH", (99, 0))
    assert "git 99.0 or newer is needed" in refused(bare, Signing(str(keys / "good")), {})
