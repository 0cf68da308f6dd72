"""What may stand in the angle brackets of a path; RFC 5321 4.1.2, 6531 3.3.

More is let in than the grammar says where the field does so harmlessly: dots anywhere
in a local part, underscores in a domain. Controls are not.
"""

import ipaddress

MAX_DOMAIN = 255  # octets; RFC 5321 4.5.3.1.2
MAX_LABEL = 63  # octets; RFC 1035 2.3.4

QUOTED = rb'"(?:[\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\x20-\x7e])*+"'
ATOMS = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\x80-\xff-]++"
NAME = (
    rb"[A-Za-z0-9_\x80-\xff]"
    rb"(?:[A-Za-z0-9_.\x80-\xff-]*[A-Za-z0-9_\x80-\xff])?\.?"
)
LITERAL = rb"\[[A-Za-z0-9:.-]+\]"
MAILBOX = rb"(?:%b|%b)@(?:%b|%b)" % (ATOMS, QUOTED, NAME, LITERAL)
ROUTE = rb"(?:@[A-Za-z0-9@,.:_-]*:)?"  # RFC 5321 appendix C: accepted, ignored


def has_bad_domain(address: str) -> bool:
    """Whether the domain of a well-formed address breaks a limit.

    A domain of few ASCII letters cannot: nothing of it is looked at.
    """
    at = address.rfind("@") + 1
    if len(address) - at <= MAX_LABEL and address.isascii() and address[-1] != "]":
        return False
    return not is_domain(address[at:])


def is_domain(domain: str) -> bool:
    """Whether labels and length fit the DNS, or a literal is an IP address."""
    if domain.startswith("["):
        return _is_literal(domain[1:-1])
    labels = [_octets(label) for label in domain.rstrip(".").split(".")]
    return sum(labels) + len(labels) - 1 <= MAX_DOMAIN and max(labels) <= MAX_LABEL


def _octets(label: str) -> int:
    """The length of a label in the DNS; RFC 5890 2.3.2.1."""
    if label.isascii():
        return len(label)
    return len("xn--") + len(label.encode("punycode"))


def _is_literal(text: str) -> bool:
    try:
        if text[:5].lower() == "ipv6:":
            ipaddress.IPv6Address(text[5:])
        else:
            ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
