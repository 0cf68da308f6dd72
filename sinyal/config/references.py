"""What one section says of another: names that must exist, rules over sections."""

from collections.abc import Iterator

from sinyal.config.addresses import is_sparkpost
from sinyal.config.block import Block
from sinyal.config.faults import advice_of, fault_of
from sinyal.config.problem import Problem
from sinyal.config.references_accounting import check_accounting
from sinyal.config.references_doors import check_doors
from sinyal.config.settings import SignalsSettings


def check_references(whole: Block) -> list[Problem]:
    """Every fault that shows only when the whole file is known."""
    return [
        *_undefined_names(whole),
        *_name_clashes(whole),
        *_empty_pools(whole),
        *_pools_with_domains(whole),
        *check_doors(whole),
        *_signals(whole),
        *check_accounting(whole),
        *_lists(whole),
        *_no_connections(whole),
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
            yield fault_of(
                pool, f"a VirtualMTA is called {pool.key} too", "rename one of them"
            )


def _empty_pools(whole: Block) -> Iterator[Problem]:
    for pool in whole.tagged("virtual-mta-pool"):
        if "virtual-mta" not in pool.written:
            yield fault_of(pool, "the pool has no members", "add virtual-mta NAME")


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
                yield fault_of(pool, text, f"take {member} out of one of them")


def _signals(whole: Block) -> Iterator[Problem]:
    sections = whole.tagged("signals")
    for section in sections:
        written = section.settings()
        if "api_key" not in written and "api-key" not in section.written:
            yield fault_of(section, "api-key is missing", "add api-key")
        tracks = written.get("engagement_tracking") == "sparkpost"
        if tracks and not written.get("customer_id"):
            yield fault_of(
                section,
                "engagement-tracking sparkpost needs an account number",
                "add customer-id",
            )
        url = written.get("upload_url", SignalsSettings().upload_url)
        if tracks and is_sparkpost(url) and not written.get("tracking_domain"):
            yield advice_of(
                section,
                "SparkPost cannot serve this server's links: none are made",
                "add tracking-domain with the host of a sinyal Signals service",
            )
    for block in whole.walk() if not sections else ():
        switch = block.settings().get("enable_signals")
        if switch and (switch.enabled or switch.filter_name):
            yield advice_of(
                block, "enable-signals without <signals>", "add a <signals> section"
            )


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
            yield fault_of(top, "the list calls itself in the end", "break the loop")


def _reached(called: dict[str, set[str]], start: str) -> set[str]:
    """The lists that `start` calls, or that those call."""
    found: set[str] = set()
    waiting = set(called.get(start, ()))
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= called.get(name, set()) - found
    return found


def _internal_domains(whole: Block) -> Iterator[Problem]:
    """Names that PowerMTA treats apart (PAT-2)."""
    for block in whole.walk():
        is_internal = block.key == "local" or block.key.startswith("{")
        if block.scope == "domain" and is_internal:
            yield advice_of(block, "has no effect here: a queue of PowerMTA's own")


def _no_connections(whole: Block) -> Iterator[Problem]:
    """`max-smtp-out 0` reads like a queue that stands still, and is the contrary."""
    for line in (line for block in whole.walk() for line in block.lines):
        if line.row.name == "max-smtp-out" and line.value == 0 and "0" in line.text:
            text, remedy = "0 is any number, not none", "write unlimited if you mean it"
            yield Problem(
                line.file, line.line, line.row.name, text, remedy, is_error=False
            )


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
        yield advice_of(spool, "one spool is used, the first", "remove the others")
    if "log-file" not in whole.written:
        yield Problem(
            whole.file,
            1,
            "log-file",
            "no log is named: the log goes to standard error",
            "add log-file FILE",
            is_error=False,
        )
