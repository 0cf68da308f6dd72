"""What one section says of another: names that must exist, rules over sections."""

from collections.abc import Iterator

from sinyal.config.addresses import is_sparkpost
from sinyal.config.block import Block
from sinyal.config.problem import Problem
from sinyal.config.settings import SignalsSettings
from sinyal.config.vocabulary import Listener

# Sources that exist without being named elsewhere (SRC-3).
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
        *_listeners(whole),
        *_internal_domains(whole),
        *_advice(whole),
    ]


def _undefined_names(whole: Block) -> Iterator[Problem]:
    names = {(block.scope, block.key) for block in whole.blocks.values()}
    lines = [line for block in whole.walk() for line in block.lines]
    for line in lines:
        kind = line.row.type
        for name in kind.refers(line.value) if kind.refers_to else ():
            if not any((tag, name) in names for tag in kind.refers_to):
                tags = " or ".join(f"<{tag} {name}>" for tag in kind.refers_to)
                text, remedy = f"{name} is not defined", f"add {tags}"
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


def _sources(whole: Block) -> Iterator[Problem]:
    certificate = whole.settings().get("smtp_server_tls_certificate")
    for source in whole.tagged("source"):
        reserved = source.key.startswith("{")
        if reserved and source.key not in RESERVED_SOURCES:
            known = ", ".join(RESERVED_SOURCES)
            yield _problem(
                source, f"{source.key} is no source", f"write one of {known}"
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
        if not user.settings().get("password") and "password" not in user.written:
            yield _problem(user, "password is missing", "add password")
    for pool in whole.tagged("virtual-mta-pool"):
        if "virtual-mta" not in pool.written:
            yield _problem(pool, "the pool has no members", "add virtual-mta NAME")


def _listeners(whole: Block) -> Iterator[Problem]:
    """One address and port can be listened to once."""
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
            yield _advise(block, "not done yet by sinyal: has no effect")


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
            yield _advise(file, "pipes are not done yet by sinyal: has no effect")


def _shown(block: Block) -> str:
    return f"<{block.scope} {block.key}>" if block.key else f"<{block.scope}>"


def _problem(block: Block, text: str, remedy: str) -> Problem:
    return Problem(block.file, block.line, _shown(block), text, remedy)


def _advise(block: Block, text: str, remedy: str = "") -> Problem:
    return Problem(block.file, block.line, _shown(block), text, remedy, is_error=False)
