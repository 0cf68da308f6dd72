"""Whether a claim is true: passwords, Linux accounts, certificates (AUTH-1, AUTH-2).

Passwords are kept in clear text, as CRAM-MD5 asks for. Whatever is wrong takes the same
time: a wrong password, a user that does not exist, one of another method.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import regex as re

from sinyal.config.settings import SmtpUser
from sinyal.reception.login import Claim
from sinyal.smtp import sasl

NOBODY = "an unknown user takes as long as a wrong password"
CERTIFICATE = re.compile(
    "-----BEGIN CERTIFICATE-----[^-]++-----END CERTIFICATE-----", re.ASCII
)

Users = Mapping[str, SmtpUser]
Account = Callable[[str, str], bool]


def prove(
    claim: Claim, users: Users, certificate: bytes, account: Account
) -> str | Awaitable[str]:
    """The name of the user who is proven, "" for nobody.

    `certificate` is the client's, DER. `account` knows the Linux accounts: it blocks
    and runs in a thread, "" being nobody's name. Errors: `OSError` for accounts that
    cannot be read, `ValueError` for a tls-certificate that is none.
    """
    if claim.is_certified:
        return _by_certificate(claim.user, users, certificate)
    known = users.get(claim.user)
    method = known.authentication_method if known else "password"
    if claim.digest:
        return claim.user if _is_digest(claim, known) else ""
    is_proven = _is_password(claim.password, known)
    if known is not None and method == "certificate":
        is_proven = _is_certificate(known, certificate)
    if any(one.authentication_method == "system" for one in users.values()):
        name = claim.user if method == "system" else ""
        return _by_account(claim, name, is_proven=is_proven, account=account)
    return claim.user if is_proven else ""


async def _by_account(
    claim: Claim, name: str, *, is_proven: bool, account: Account
) -> str:
    """Ask for the account, also where the answer does not matter: it takes time."""
    is_account = await asyncio.to_thread(account, name, claim.password)
    return claim.user if is_proven or (name and is_account) else ""


def _secret(known: SmtpUser | None) -> str:
    """The password that counts; one that is empty counts for nothing."""
    is_usable = known is not None and known.authentication_method == "password"
    return known.password if known is not None and is_usable else ""


def _is_password(claimed: str, known: SmtpUser | None) -> bool:
    secret = _secret(known)
    return sasl.equal(claimed, secret or NOBODY) and bool(secret)


def _is_digest(claim: Claim, known: SmtpUser | None) -> bool:
    secret = _secret(known)
    expected = sasl.cram_md5_digest(secret or NOBODY, claim.challenge)
    return sasl.equal(claim.digest, expected) and bool(secret)


def _by_certificate(name: str, users: Users, certificate: bytes) -> str:
    """The user of that name, or without one the first, whose certificate it is."""
    named = [users[name]] if name in users else [] if name else users.values()
    found = ""
    for user in named:
        if user.authentication_method == "certificate" and not found:
            found = user.name if _is_certificate(user, certificate) else ""
    return found


def _is_certificate(user: SmtpUser, certificate: bytes) -> bool:
    if not certificate:
        return False
    return certificate == certificate_of(user.tls_certificate)


def certificate_of(path: str) -> bytes:
    """The first certificate of a PEM file, as DER.

    Errors: `OSError`; `ValueError` where there is none.
    """
    found = CERTIFICATE.search(Path(path).read_text("ascii", "replace"))
    if found is None:
        raise ValueError(f"{path}: no certificate in PEM form")
    return ssl.PEM_cert_to_DER_cert(found[0])
