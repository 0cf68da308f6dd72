"""What one section says of another: names that must exist, rules over sections."""

from collections.abc import Iterator

from sinyal.config.addresses import is_sparkpost
from sinyal.config.block import Block
from sinyal.config.problem import Problem
from sinyal.config.settings import SignalsSettings
from sinyal.config.vocabulary import Listener

# Sources that exist without being named elsewhere (SRC-3).
# What a user shows by each method; `system` asks the machine (AUTH-2).
PROOFS = {"password": "password", "certificate": "tls-certificate"}
RESERVED_SOURCES = ("{auth}", "{pickup}", "{transmissions-api}")


def check_references(whole: Block) -> list[Problem]:
    """Every fault that shows only when the whole file is known."""
    return [
        *_undefined_names(whole),
        *_name_clashes(whole),
        *_pools_with_domains(whole),
        *_sources(whole),
        *_signals(whole),
        *_users(whole),
        *_lists(whole),
        *_api(whole),
        *_listeners(whole),
        *_internal_domains(whole),
        *_advice(whole),
    ]


def _undefined_names(whole: Block) -> Iterator[Problem]:
    names = {(block.scope, block.key) for block in whole.blocks.values()}
    by_case = {key.lower(): key for _, key in names}
    lines = [line for block in whole.walk() for line in block.lines]
    for line in lines:
        kind = line.row.type
        for name in kind.refers(line.value) if kind.refers_to else ():
            if not any((tag, name) in names for tag in kind.refers_to):
                alike = by_case.get(name.lower(), "")
                tags = " or ".join(f"<{tag} {name}>" for tag in kind.refers_to)
                text = f"{name} is not defined"
                remedy = f"did you mean {alike}?" if alike else f"add {tags}"
                yield Problem(line.file, line.line, line.row.name, text, remedy)
    for line in whole.lines:
        name = getattr(line.value, "source_name", "")
        if name and ("source", name) not in names:
            text, remedy = f"{name} is not defined", f"add <source {name}>"
            yield Problem(line.file, line.line, line.row.name, text, remedy)


def _name_clashes(whole: Block) -> Iterator[Problem]:
    """VirtualMTAs and pools share one name space (VM-2)."""
    for pool in whole.tagged("virtual-mta-pool"):
        if ("virtual-mta", pool.key) in whole.blocks:
            yield _problem(
                pool, f"a VirtualMTA is called {pool.key} too", "rename one of them"
            )


def _pools_with_domains(whole: Block) -> Iterator[Problem]:
    """A VirtualMTA may inherit <domain> from one pool only (DOM-6)."""
    owners: dict[str, str] = {}
    for pool in whole.tagged("virtual-mta-pool"):
        for member in pool.settings().get("virtual_mta", ()):
            if (
                pool.tagged("domain")
                and owners.setdefault(member, pool.key) != pool.key
            ):
                text = f"{member} is also in pool {owners[member]}, both have <domain>"
                yield _problem(pool, text, f"take {member} out of one of them")


def _used_sources(whole: Block) -> Iterator[str]:
    """The sources that listeners and users name (SRC-2)."""
    for block in whole.walk():
        for line in block.lines:
            if "source" in line.row.type.refers_to:
                yield line.value
            yield getattr(line.value, "source_name", "")


def _sources(whole: Block) -> Iterator[Problem]:
    certificate = has_certificate(whole)
    used = {*RESERVED_SOURCES, *_used_sources(whole)}
    for source in whole.tagged("source"):
        if source.key not in used and isinstance(source.argument, str):
            yield _advise(
                source,
                "nothing uses this source",
                "name it in a smtp-listener or smtp-user",
            )
        if source.settings().get("allow_starttls") and not certificate:
            yield _advise(
                source,
                "STARTTLS cannot be offered without a certificate",
                "add smtp-server-tls-certificate",
            )


def _signals(whole: Block) -> Iterator[Problem]:
    sections = whole.tagged("signals")
    for section in sections:
        written = section.settings()
        if "api_key" not in written and "api-key" not in section.written:
            yield _problem(section, "api-key is missing", "add api-key")
        tracks = written.get("engagement_tracking") == "sparkpost"
        if tracks and not written.get("customer_id"):
            yield _problem(
                section,
                "engagement-tracking sparkpost needs an account number",
                "add customer-id",
            )
        url = written.get("upload_url", SignalsSettings().upload_url)
        if tracks and is_sparkpost(url) and not written.get("tracking_domain"):
            yield _advise(
                section,
                "SparkPost cannot serve this server's links: none are made",
                "add tracking-domain with the host of a sinyal Signals service",
            )
    for block in whole.walk() if not sections else ():
        switch = block.settings().get("enable_signals")
        if switch and (switch.enabled or switch.filter_name):
            yield _advise(
                block, "enable-signals without <signals>", "add a <signals> section"
            )


def _users(whole: Block) -> Iterator[Problem]:
    for user in whole.tagged("smtp-user"):
        written = user.settings()
        is_bad = "authentication-method" in user.written and (
            "authentication_method" not in written
        )
        method = "" if is_bad else written.get("authentication_method", "password")
        needed = PROOFS.get(method)
        if needed and needed not in user.written:
            yield _problem(user, f"{needed} is missing", f"add {needed}")
    for pool in whole.tagged("virtual-mta-pool"):
        if "virtual-mta" not in pool.written:
            yield _problem(pool, "the pool has no members", "add virtual-mta NAME")


def _lists(whole: Block) -> Iterator[Problem]:
    """What call-to names must exist and not lead back (PL-1)."""
    calls = [
        (top.key, line)
        for top in whole.tagged("pattern-list")
        for block in top.walk()
        for line in block.lines
        if line.value.call_to
    ]
    called: dict[str, set[str]] = {}
    for key, line in calls:
        name = line.value.call_to
        called.setdefault(key, set()).add(name)
        if ("pattern-list", name) not in whole.blocks:
            text, remedy = f"{name} is not defined", f"add <pattern-list {name}>"
            yield Problem(line.file, line.line, line.row.name, text, remedy)
    for top in whole.tagged("pattern-list"):
        if top.key in _reached(called, top.key):
            yield _problem(top, "the list calls itself in the end", "break the loop")


def _reached(called: dict[str, set[str]], start: str) -> set[str]:
    """The lists that `start` calls, or that those call."""
    found: set[str] = set()
    waiting = set(called.get(start, ()))
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= called.get(name, set()) - found
    return found


def _api(whole: Block) -> Iterator[Problem]:
    """The Transmissions API speaks HTTPS only, to those with a key (API-1)."""
    listeners = whole.tagged("transmissions-api-listener")
    for listener in listeners:
        if "tls-certificate" not in listener.written:
            yield _problem(listener, "tls-certificate is missing", "add it")
    keys = [block for block in whole.tagged("transmissions-api") if block.lines]
    if listeners and not any(block.settings().get("api_key") for block in keys):
        yield _advise(
            listeners[0],
            "nobody can inject without a key",
            "add <transmissions-api> with api-key",
        )


def has_certificate(whole: Block) -> bool:
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
            yield _problem(
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


def _internal_domains(whole: Block) -> Iterator[Problem]:
    """Names that PowerMTA treats apart (PAT-2)."""
    for block in whole.walk():
        is_internal = block.key == "local" or block.key.startswith("{")
        if block.scope == "domain" and is_internal:
            yield _advise(block, "has no effect here: a queue of PowerMTA's own")


def _advice(whole: Block) -> Iterator[Problem]:
    """Lines that an operator of PowerMTA expects, and what happens without them."""
    spools = whole.tagged("spool")
    if not spools:
        yield Problem(
            whole.file,
            1,
            "<spool>",
            "no spool is named: the state directory keeps the mail",
            "add <spool DIRECTORY>",
            is_error=False,
        )
    for spool in spools[1:]:
        yield _advise(spool, "one spool is used, the first", "remove the others")
    if "log-file" not in whole.written:
        yield Problem(
            whole.file,
            1,
            "log-file",
            "no log is named: the log goes to standard error",
            "add log-file FILE",
            is_error=False,
        )
    for file in whole.tagged("acct-file"):
        if file.key.startswith("|"):
            yield _advise(file, "has no effect here: pipes are not done yet")


def _shown(block: Block) -> str:
    return f"<{block.scope} {block.key}>" if block.key else f"<{block.scope}>"


def _problem(block: Block, text: str, remedy: str) -> Problem:
    return Problem(block.file, block.line, _shown(block), text, remedy)


def _advise(block: Block, text: str, remedy: str = "") -> Problem:
    return Problem(block.file, block.line, _shown(block), text, remedy, is_error=False)
