"""What sources, listeners and users say of each other; guide 3.3.7-9, 3.3.17-21."""

from collections.abc import Iterator

from sinyal.config.block import Block
from sinyal.config.faults import advice_of, fault_of
from sinyal.config.problem import Problem
from sinyal.config.vocabulary import Listener

# Sources that exist without being named elsewhere (SRC-3).
# What a user shows by each method; `system` asks the machine (AUTH-2).
PROOFS = {"password": "password", "certificate": "tls-certificate"}
RESERVED_SOURCES = ("{auth}", "{pickup}", "{transmissions-api}")


def check_doors(whole: Block) -> Iterator[Problem]:
    """Every fault of the places where mail comes in, and of who may use them."""
    yield from _sources(whole)
    yield from _users(whole)
    yield from _listeners(whole)
    yield from _api(whole)


def _sources(whole: Block) -> Iterator[Problem]:
    certificate = _has_certificate(whole)
    used = {*RESERVED_SOURCES, *_used_sources(whole)}
    for source in whole.tagged("source"):
        if source.key not in used and isinstance(source.argument, str):
            yield advice_of(
                source,
                "nothing uses this source",
                "name it in a smtp-listener or smtp-user",
            )
        if source.settings().get("allow_starttls") and not certificate:
            yield advice_of(
                source,
                "STARTTLS cannot be offered without a certificate",
                "add smtp-server-tls-certificate",
            )


def _used_sources(whole: Block) -> Iterator[str]:
    """The sources that listeners and users name (SRC-2)."""
    for block in whole.walk():
        for line in block.lines:
            if "source" in line.row.type.refers_to:
                yield line.value
            yield getattr(line.value, "source_name", "")


def _users(whole: Block) -> Iterator[Problem]:
    for user in whole.tagged("smtp-user"):
        written = user.settings()
        is_bad = "authentication-method" in user.written and (
            "authentication_method" not in written
        )
        method = "" if is_bad else written.get("authentication_method", "password")
        needed = PROOFS.get(method)
        if needed and needed not in user.written:
            yield fault_of(user, f"{needed} is missing", f"add {needed}")


def _has_certificate(whole: Block) -> bool:
    """Whether any place where mail comes in can speak TLS."""
    sections = whole.tagged("smtp-listener")
    return "smtp-server-tls-certificate" in whole.written or any(
        "tls-certificate" in section.written for section in sections
    )


def _listeners(whole: Block) -> Iterator[Problem]:
    """One address and port can be listened to once; TLS needs a certificate."""
    shared = "smtp-server-tls-certificate" in whole.written
    for section in whole.tagged("smtp-listener"):
        has_own = shared or "tls-certificate" in section.written
        if section.settings().get("immediate_tls") and not has_own:
            yield fault_of(
                section, "TLS needs a certificate", "add tls-certificate FILE"
            )
    if "smtp-listener" in whole.written or whole.tagged("smtp-listener"):
        for name in sorted({"smtp-ip", "smtp-port"} & set(whole.written)):
            at, text = whole.written[name], "ignored, as there is a smtp-listener"
            yield Problem(whole.file, at, name, text, "remove it", is_error=False)
    known = {
        block.argument for block in whole.tagged("smtp-listener") if block.argument
    }
    for line in whole.lines:
        if isinstance(line.value, Listener):
            place = (line.value.host, line.value.port)
            if place in known:
                text = f"{place[0]}:{place[1]} is listened to already"
                remedy = "remove one of the lines"
                yield Problem(line.file, line.line, line.row.name, text, remedy)
            known.add(place)


def _api(whole: Block) -> Iterator[Problem]:
    """The Transmissions API speaks HTTPS only, to those with a key (API-1)."""
    listeners = whole.tagged("transmissions-api-listener")
    for listener in listeners:
        if "tls-certificate" not in listener.written:
            yield fault_of(listener, "tls-certificate is missing", "add it")
    keys = [block for block in whole.tagged("transmissions-api") if block.lines]
    if listeners and not any(block.settings().get("api_key") for block in keys):
        yield advice_of(
            listeners[0],
            "nobody can inject without a key",
            "add <transmissions-api> with api-key",
        )
