"""Why a queue or a connection is treated as it is: each setting and its line."""

from collections.abc import Iterator

import msgspec

from sinyal.config.addresses import canonical_domain, ip
from sinyal.config.configuration import DEFAULT_VMTA
from sinyal.config.directives.row import Status
from sinyal.config.problem import BadValue
from sinyal.config.provenance import Provenance, Setting, of_section
from sinyal.control.explain_mail import dkim, relaying, rollups, signals
from sinyal.control.layout import Group, Row, rows_of_settings

ANYWHERE = "0.0.0.0"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked; "" for what is not, and without all of it the global settings.

    Shape: `vmta` is a VirtualMTA or a pool; `source` an address of a feeder;
    `listener` `ADDRESS:PORT` or the name of a source; `sender` the domain of the
    Sender or From header; `records` are MX records (preference, host).
    """

    domain: str = ""
    vmta: str = DEFAULT_VMTA
    source: str = ""
    listener: str = ""
    user: str = ""
    sender: str = ""
    records: tuple[tuple[int, str], ...] = ()
    with_defaults: bool = False


class Unknown(ValueError):
    """A VirtualMTA, listener or user that the file does not have."""


def target(text: str) -> tuple[str, str]:
    """`DOMAIN[/VMTA]` in two; without a VirtualMTA the unnamed one."""
    domain, _, vmta = text.partition("/")
    return canonical_domain(domain), vmta or DEFAULT_VMTA


def mx_record(text: str) -> tuple[int, str]:
    """`PREFERENCE HOST`. Errors: `Unknown` for anything else."""
    preference, _, host = text.strip().partition(" ")
    if not (preference.isascii() and preference.isdigit() and host.strip()):
        raise Unknown(f'"{text}" is not an MX record, write "10 mx.example.com"')
    return int(preference), host.strip()


def explain(provenance: Provenance, question: Question) -> tuple[Group, ...]:
    """The answer, one group for each matter. Errors: `Unknown`."""
    return tuple(_groups(provenance, question))


def _groups(provenance: Provenance, question: Question) -> Iterator[Group]:
    if question.domain:
        vmta = _member(provenance, question.vmta)
        yield from _pool(provenance, question)
        yield from _queue(provenance, question, vmta)
        yield _virtual_mta(provenance, question, vmta)
        yield relaying(provenance, question.domain)
        yield from signals(provenance, vmta, question.vmta, question.sender)
        yield from dkim(provenance, question.domain, vmta, question.sender)
        yield from rollups(provenance, question.domain, question.records)
    if question.source or question.listener or question.user:
        yield _connection(provenance, question)
    elif not question.domain:
        yield _settings("outside every section", provenance.of_file(), question)


def _member(provenance: Provenance, name: str) -> str:
    """The VirtualMTA itself, of a pool its first member."""
    configuration = provenance.configuration
    pool = configuration.pools.get(name)
    if pool is not None:
        return pool.members[0] if pool.members else DEFAULT_VMTA
    if name != DEFAULT_VMTA and name not in configuration.virtual_mtas:
        raise Unknown(f"no VirtualMTA or pool is called {name}")
    return name


def _pool(provenance: Provenance, question: Question) -> Iterator[Group]:
    block = provenance.whole.blocks.get(("virtual-mta-pool", question.vmta))
    if block is not None:
        rows = rows_of_settings(of_section(block), with_defaults=question.with_defaults)
        title = f"pool {block.key}: its members take turns, the first is shown below"
        yield Group(title, tuple(rows))


def _queue(
    provenance: Provenance, question: Question, vmta: str, steps: int = 8
) -> Iterator[Group]:
    """The queue's settings; after queue-to those of the queue it leads to (ROLL-1)."""
    settings = provenance.of_queue(question.domain, vmta)
    yield _settings(f"queue {question.domain}/{vmta}", settings, question)
    goal = _goal(settings)
    if goal and goal != question.domain and steps:
        onward = msgspec.structs.replace(question, domain=canonical_domain(goal))
        yield from _queue(provenance, onward, vmta, steps - 1)


def _virtual_mta(provenance: Provenance, question: Question, vmta: str) -> Group:
    own = provenance.configuration.virtual_mtas.get(vmta)
    pool = f", in pool {own.pool}" if own and own.pool else ""
    settings = provenance.of_virtual_mta(vmta)
    return _settings(f"VirtualMTA {vmta}{pool}", settings, question)


def _connection(provenance: Provenance, question: Question) -> Group:
    configuration = provenance.configuration
    if question.user and question.user not in configuration.users:
        raise Unknown(f"no smtp-user is called {question.user}")
    named = _listener_source(provenance, question.listener)
    address = _address(question.source)
    settings = provenance.of_connection(address, named, question.user)
    parts = [f"connection from {question.source or 'anywhere'}"]
    if question.listener:
        parts.append(f"to {question.listener}")
    if question.user:
        parts.append(f"logged in as {question.user}")
    overlays = (named, configuration.overlay_for(question.user))
    over = ", ".join(f"<source {name}>" for name in overlays if name)
    title = " ".join(parts) + (f" (over it: {over})" if over else "")
    return _settings(title, settings, question)


def _address(text: str) -> str:
    """The feeder's address; without one any, for which `<source 0/0>` counts."""
    if not text:
        return ANYWHERE
    try:
        return str(ip(text))
    except BadValue:
        raise Unknown(f"{text} is not an IP address") from None


def _listener_source(provenance: Provenance, name: str) -> str:
    """The source that a listener names; `name` may be that source itself."""
    if not name:
        return ""
    for listener in provenance.configuration.listeners:
        host = f"[{listener.host}]" if ":" in listener.host else listener.host
        if name == f"{host}:{listener.port}":
            return listener.source_name
    if ("source", name) in provenance.whole.blocks:
        return name
    raise Unknown(f"no listener or source is called {name}")


def _settings(title: str, settings: list[Setting], question: Question) -> Group:
    rows = rows_of_settings(settings, with_defaults=question.with_defaults)
    nothing = [Row("(nothing is set)", "")]
    return Group(title, tuple(rows or nothing))


def _goal(settings: list[Setting]) -> str:
    """Where queue-to leads, "" where nothing does."""
    for setting in settings:
        row = setting.row
        if row.attribute == "queue_to" and row.status is Status.DONE:
            return str(setting.value)
    return ""
