"""Key files that a configuration names, read when it is loaded."""

import pytest
from config_files import BASE, Shelf
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from pem_files import KEY, OTHER, PAIR, PRIVATE, certificate_pem, key_pem

from sinyal.config import load

LOCKED = certificate_pem(PRIVATE) + key_pem(PRIVATE, b"open sesame")
STRANGE = certificate_pem(OTHER) + KEY
EC = generate_private_key(SECP256R1())


def problems(line, mode=0o600, **files):
    shelf = Shelf({
        "/c/main": f"{line}\n{BASE}",
        **{f"/c/{n}": f for n, f in files.items()},
    })
    shelf.modes = {f"/c/{name}": mode for name in files}
    return [str(found) for found in load("/c/main", shelf).problems]


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (KEY, ""),
        (PAIR, ""),
        (b"", "holds no RSA or Ed25519 private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no"),
        (key_pem(PRIVATE, b"x"), "without a password"),
        (key_pem(EC), "holds no RSA or Ed25519 private key"),
        (b"\xff\xfe" * 100, "holds no"),
    ],
)
def test_a_signing_key_must_be_one(octets, said):
    found = problems("domain-key s, *, key", key=octets)
    assert (said in found[0]) if said else found == []


@pytest.mark.parametrize(
    ("octets", "password", "said"),
    [
        (PAIR, "", ""),
        (LOCKED, '"open sesame"', ""),
        (LOCKED, "", "the private key needs a password"),
        (LOCKED, "guess7", "or the password is wrong"),
        (PAIR, "idle", "the private key has no password"),
        (KEY, "", "the file holds no certificate"),
        (certificate_pem(PRIVATE), "", "the file holds no private key"),
        (STRANGE, "", "not that of the first certificate"),
        (certificate_pem(EC, SHA256()) + key_pem(EC), "", ""),
    ],
)
def test_a_certificate_must_have_its_own_key(octets, password, said):
    line = f"smtp-server-tls-certificate pair {password}"
    found = problems(line, pair=octets)
    assert (said in found[0]) if said else found == []
    assert not any("sesame" in text or "guess7" in text for text in found)


def test_a_private_key_that_everybody_may_read_is_a_warning():
    (found,) = problems("domain-key s, *, key", mode=0o644, key=KEY)
    assert "every local user may read the private key, chmod o-r it" in found


def test_a_key_in_a_vault_is_no_file():
    found = problems("domain-key s, *, {vault}:/dkim/${domain}:key")
    assert not any("cannot be read" in text for text in found)
