"""The values that directives hold when a plain number or text does not say enough."""

import msgspec

from sinyal.config.expression import Pattern


class Rate(msgspec.Struct, frozen=True):
    """So many events in any window of `window_s` seconds; guide 3.2 (CFG-11)."""

    count: int
    window_s: float


class SourceHost(msgspec.Struct, frozen=True):
    """A local address for outgoing connections and the name it goes by.

    Shape: `cidr` is one address (`172.31.25.101`) or a range (`10.0.0.0/24`), which
    stands for every local address in it. Source: guide 3.3.1.16 (VM-4).
    """

    cidr: str
    name: str


class DomainKey(msgspec.Struct, frozen=True):
    """A DKIM key; `domain` `*` fits every domain; guide 3.3.1.33.1 (DKIM-3)."""

    selector: str
    domain: str
    filename: str


class RewriteRule(msgspec.Struct, frozen=True):
    """One `mail-from` rule of a rewrite-list; guide 3.3.18.1 (RW)."""

    source: str
    target: str


class TlsFiles(msgspec.Struct, frozen=True):
    """A PEM file with certificate and key, and the key's password or "".

    Shape: false without a path.
    """

    path: str = ""
    password: str = ""

    def __bool__(self) -> bool:
        return bool(self.path)


class ListenerTls(msgspec.Struct, frozen=True, kw_only=True):
    """TLS of a listener: what its section says, else the global one; guide 3.3.17."""

    certificate: TlsFiles = TlsFiles()
    ca_file: str = ""
    allow_tlsv1: bool = False
    allow_tlsv1_1: bool = True
    allow_tlsv1_2: bool = True
    allow_tlsv1_3: bool = True
    ciphers: str = "HIGH:!ADH:@STRENGTH"
    tlsv1_3_ciphersuites: str = ""


class Listener(msgspec.Struct, frozen=True):
    """Where SMTP is accepted; `source_name` names a source, or ""; guide 3.3.1.20.

    Shape: `host` is an address or a range, which stands for every local address in it.
    """

    host: str
    port: int
    source_name: str = ""
    await_slot: bool = False
    immediate_tls: bool = False
    tls: ListenerTls = ListenerTls()


class PatternRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of a pattern-list and what it results in; guide 3.3.14 (rules PL).

    Shape: `kind` is `mail-from`, `rcpt-to`, `header` or `*`; `header` in lower case.
    "" and None: the rule does not say. `rules` are those of a nested list.
    """

    kind: str
    header: str = ""
    pattern: Pattern | None = None
    virtual_mta: str = ""
    recipient_priority: int | None = None
    call_to: str = ""
    rules: tuple["PatternRule", ...] = ()


class Alias(msgspec.Struct, frozen=True):
    """Mail for `source` goes to `targets`; `source` in lower case (DLV-7).

    Shape: `source` is an address, a local part, or `*@DOMAIN`.
    """

    source: str
    targets: tuple[str, ...]


class FromDomainRule(msgspec.Struct, frozen=True):
    """A `from-domain` rule of a rewrite-list; guide 3.3.18.2 (RW-2)."""

    pattern: str
    target: str


class SmtpHost(msgspec.Struct, frozen=True):
    """A fixed destination; `port` 0 is default-smtp-port; guide 3.3.10.89 (LIM-6)."""

    name: str
    port: int = 0
    is_mx_lookup: bool = False


class EnableSignals(msgspec.Struct, frozen=True):
    """Value of enable-signals: a switch with a subaccount, or a filter's name."""

    enabled: bool
    subaccount_id: int = 0
    filter_name: str = ""


class SignalsDecision(msgspec.Struct, frozen=True):
    """Whether a message's events are uploaded, and for which subaccount (0: none)."""

    enabled: bool
    subaccount_id: int = 0


class FilterRule(msgspec.Struct, frozen=True):
    """One `sender-or-from` line of a signals-filter; guide 10.1.4.3.1."""

    pattern: str
    decision: SignalsDecision


class RecordFields(msgspec.Struct, frozen=True):
    """The columns of one record type; guide 3.3.11.12.

    Shape: `fields` as written: `*`, a name, `!name`, `header_NAME`, `arf_NAME`.
    """

    record: str
    fields: tuple[str, ...]


class Macro(msgspec.Struct, frozen=True):
    """A domain-macro: `$name` stands for each of `values`; guide 3.3.1.33.4."""

    name: str
    values: tuple[str, ...]
