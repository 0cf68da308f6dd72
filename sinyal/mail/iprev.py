"""Whether the name a client gives in EHLO is the name of its address; RFC 8601 3.

sinyal compares with EHLO, as guide 3.3.7.22 says, where RFC 8601 asks only that some
name of the address leads back to it.
"""

import msgspec

from sinyal.mail import lookup
from sinyal.mail.lookup import Asking, IpAddress

MAX_NAMES = 10  # of one address that are looked up


class Result(msgspec.Struct, frozen=True):
    """A result of RFC 8601 2.7.3 and its reason."""

    result: str
    reason: str = ""


def check(ip: IpAddress, helo: str) -> Asking[Result]:
    """`pass` where a name of the address is that of EHLO and leads back to it."""
    if not helo:
        return Result("none", "no EHLO name")
    is_failure, names = yield from lookup.names_of(ip, MAX_NAMES)
    if is_failure:
        return Result("temperror", "PTR lookup failed")
    if not names:
        return Result("permerror", "the address has no name")
    wanted = helo.lower().rstrip(".")
    if wanted not in names:
        return Result("fail", f"the address is {names[0]}")
    told = yield from lookup.addresses_of(wanted, ip)
    if told.is_failure:
        return Result("temperror", f"lookup of {wanted} failed")
    if lookup.includes(told, ip):
        return Result("pass", wanted)
    return Result("fail", f"{wanted} does not lead back")
