"""What a configuration says, one record per scope; guide 3.3.

Attribute = directive name with `-` and `.` turned into `_`. Defaults are those of the
directive table. Units: times in seconds, sizes in octets; a limit of 0 is no limit.
"""

from functools import cached_property

import msgspec

from sinyal.config.addresses import canonical_domain
from sinyal.config.expression import Pattern, PatternSet
from sinyal.config.listed import NOBODY, Listed
from sinyal.config.vocabulary import (
    Alias,
    DomainKey,
    EnableSignals,
    FromDomainRule,
    Listener,
    Macro,
    Rate,
    RecordFields,
    RewriteRule,
    SmtpHost,
    SourceHost,
    TlsFiles,
)


class GlobalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What stands outside every section; guide 3.3.1."""

    total_max_smtp_in: int = 100
    total_max_smtp_out: int = 1200
    postmaster: tuple[str, ...] = ()
    host_name: tuple[str, ...] = ()
    name_server: tuple[tuple[str, int], ...] = ()
    smtp_listener: tuple[Listener, ...] = ()
    smtp_source_host: tuple[SourceHost, ...] = ()
    smtp_server_tls_certificate: TlsFiles = TlsFiles()
    smtp_server_tls_allow_tlsv1: bool = False
    smtp_server_tls_allow_tlsv1_1: bool = True
    smtp_server_tls_allow_tlsv1_2: bool = True
    smtp_server_tls_allow_tlsv1_3: bool = True
    smtp_server_tls_ciphers: str = "HIGH:!ADH:@STRENGTH"
    relay_domain: tuple[str, ...] = ()
    relay_address: tuple[str | Pattern, ...] = ()
    domain_key: tuple[DomainKey, ...] = ()
    domain_macro: tuple[Macro, ...] = ()
    log_file: str = ""
    log_file_world_readable: bool = False
    log_rotate: int = 8
    log_auto_rotation: bool = True
    enable_signals: EnableSignals | None = None
    alias: tuple[Alias, ...] = ()
    domain_suffix: str = ""
    mx_connection_limit: tuple[tuple[str, int], ...] = ()
    ip_connection_limit: tuple[tuple[str, int], ...] = ()
    host_id: int = 0
    include_headers_from: str = ""
    invalid_virtual_mta_fallback: str = ""
    mailmerge_expands_undefined_variables: bool = True
    max_memory_usage_percent: int = 90
    pickup: tuple[str, ...] = ()  # directory, directory of bad files
    pickup_remove_dot: bool = False
    relay_debug: bool = False
    smtp_await_slot: bool = False
    track_time_first_attempt: bool = False
    smtp_ip: str = ""
    smtp_port: int = 0
    smtp_reply_with_spool_id: bool = False
    smtp_server_tls_ca_file: str = ""
    smtp_server_tls_v1_3_ciphersuites: str = ""
    dummy_smtp_ip: str = ""
    dummy_smtp_port: int = 0
    dummy_smtp_await_slot: bool = False
    dummy_smtp_has_chunking: bool = False
    dummy_smtp_has_mailmerge: bool = False
    dummy_smtp_has_pipelining: bool = False
    dummy_smtp_has_verp: bool = False
    dummy_smtp_latency: int = 0


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a feeder may do, merged for one connection; guide 3.3.7."""

    smtp_service: bool = True
    always_allow_relaying: bool = False
    allow_auth: bool = True
    require_auth: bool = False
    smtp_max_auth_failure_rate: Rate | None = None
    allow_unencrypted_plain_auth: bool = False
    allow_starttls: bool = False
    require_starttls_before_auth: bool = False
    default_virtual_mta: str = ""
    process_x_virtual_mta: bool = False
    retain_x_virtual_mta: bool = False
    reject_invalid_virtual_mta: bool = True
    allow_empty_x_virtual_mta: bool = False
    process_x_job: bool = False
    retain_x_job: bool = False
    process_x_envid: bool = False
    jobid_header: str = ""
    add_date_header: str = "no"
    add_message_id_header: bool = False
    add_received_header: bool = True
    hide_message_source: bool = False
    max_message_size: int = 0
    max_message_hops: int = 100
    max_rcpt_per_message: int = 0
    rewrite_list: str = ""
    smtp_command_timeout: float = 600.0
    smtp_data_timeout: float = 600.0
    log_connections: bool = False
    log_commands: bool = False
    log_data: bool = False
    log_tls: bool = False
    accept_invalid_recipients: bool = False
    add_x_virtual_mta_header: bool = False
    allow_chunking: bool = True
    allow_mailmerge: bool = False
    allow_smtputf8: bool = True
    always_allow_api_submission: bool = False
    auto_qualify_domain: bool = True
    bcc: str = ""
    check_dkim_inbound: bool = False
    check_iprev_inbound: bool = False
    check_spf_inbound: bool = False
    check_spf_inbound_max_void_lookups: int = 2
    date_header_time: str = "reception"
    disconnect_on_transient_error: bool = False
    dsn_return_default: str = "system"
    jobid_prefix: str = ""
    pattern_list: str = ""
    process_x_dkim_key: bool = False
    process_x_dkim_options: bool = False
    process_x_schedule: bool = False
    reject_iprev_check_fail: bool = False
    reject_iprev_check_permerror: bool = False
    reject_iprev_check_temperror: bool = False
    reject_spf_check_fail: bool = True
    reject_spf_check_permerror: bool = True
    reject_spf_check_temperror: bool = True
    remove_header: tuple[str, ...] = ()
    remove_received_headers: bool = False
    retain_x_dkim_key: bool = False
    retain_x_dkim_options: bool = False
    retain_x_schedule: bool = False
    source_group: str = ""
    suppress_local_dsn: bool = False
    suppression_lists: tuple[str, ...] = ()
    too_many_rcpts_fails_message: bool = False
    trace_dkim_check: bool = False
    trace_iprev_check: bool = False
    trace_spf_check: bool = False
    verp_default: bool = False
    allow_xclient: bool = False
    expect_proxy_header: bool = False
    max_smtp_in: int = 0


class DomainSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a queue is delivered, merged for one queue; guide 3.3.10."""

    type: str = "smtp"
    discard_as_bounce: bool = False
    max_smtp_out: int = 20
    max_msg_rate: Rate | None = None
    max_connect_rate: Rate | None = None
    smtp_out_rampup_interval: float = 0.0
    max_msg_per_connection: int = 0
    connection_idle_timeout: float = 0.0
    bounce_after: float = 388_800.0
    retry_after: tuple[float, ...] = (600.0,)
    retry_recipients_after: float = 600.0
    retry_upon_new_mail: bool = False
    backoff_retry_after: tuple[float, ...] = (3600.0,)
    backoff_max_smtp_out: int = 20
    backoff_max_msg_rate: Rate | None = None
    backoff_max_connect_rate: Rate | None = None
    backoff_to_normal_after: float | None = None
    backoff_to_normal_after_delivery: bool = False
    max_data_volume_rate: Rate | None = None
    backoff_max_data_volume_rate: Rate | None = None
    source_ip_max_smtp_out: tuple[tuple[str, int], ...] = ()
    source_ip_max_msg_rate: tuple[tuple[str, Rate | None], ...] = ()
    source_ip_max_connect_rate: tuple[tuple[str, Rate | None], ...] = ()
    source_ip_max_data_volume_rate: tuple[tuple[str, Rate | None], ...] = ()
    reuse_ssl_session: bool = False
    smtp_tls_allow_tlsv1: bool = False
    smtp_tls_allow_tlsv1_1: bool = True
    smtp_tls_allow_tlsv1_2: bool = True
    smtp_tls_allow_tlsv1_3: bool = True
    smtp_tls_ca_file: str = ""
    smtp_tls_ciphers: str = "HIGH:!ADH:@STRENGTH"
    smtp_client_certificate: TlsFiles = TlsFiles()
    queue_priority: int = 50
    backoff_notify: tuple[str, ...] = ()
    disabled_source_ip_notify: tuple[str, ...] = ()
    queue_to: str = ""
    disable_mx_rollup: bool = False
    reroute_to_virtual_mta: str = ""
    backoff_reroute_to_virtual_mta: str = ""
    max_cold_virtual_mta_msg: tuple[int, ...] = (0,)
    smtp_pattern_list: str = ""
    backoff_upon_all_sources_disabled: bool = False
    reenable_source_ip_after: float | None = None
    bounce_upon_no_mx: bool | float = False
    bounce_upon_5xx_greeting: bool = True
    smtp_421_means_mx_unavailable: bool = False
    disable_acct_records: tuple[str, ...] = ()
    max_errors_per_connection: int = 0
    mx_connection_attempts: int = 10
    data_send_timeout: float = 180.0
    smtp_multiple_line_response_timeout: float = 300.0
    retry_after_dns_error: float = 60.0
    assume_delivery_upon_data_termination_timeout: bool = False
    bounce_upon_transfer_failure: bool = False
    bounce_upon_pix_transfer_failure: bool = False
    pix_bug_workaround: bool = True
    smtp_553_means_invalid_mailbox: bool = True
    replace_smtp_421_service_response: bool = False
    ignore_dsn: bool = False
    log_connections: bool = False
    log_commands: bool = False
    log_data: bool = False
    log_tls: bool = False
    log_resolution: bool = False
    log_transfer_failures: bool = False
    log_disabled_ips: bool = False
    smtp_hosts: tuple[tuple[SmtpHost, ...], ...] = ()
    default_smtp_port: int = 25
    connect_timeout: float = 120.0
    smtp_greeting_timeout: float = 300.0
    smtp_data_termination_timeout: float = 600.0
    use_starttls: bool = True
    require_starttls: bool = False
    auth_username: str = ""
    auth_password: str = ""
    use_unencrypted_plain_auth: bool = False
    ignore_8bitmime: bool = False
    ignore_pipelining: bool = False
    dkim_sign: bool | str = False  # or if-x-dkim-options-present
    dkim_identity: str = "sender-or-from"
    dkim_identity_fallback: str = ""
    dkim_algorithm: str = "rsa-sha256"
    dkim_headers_canon: str = "relaxed"
    dkim_body_canon: str = "relaxed"
    dkim_headers: tuple[str | Pattern, ...] = ()
    dkim_disallow_adding_headers: tuple[str, ...] = ()
    dkim_add_timestamp: bool = False
    dkim_expire_after: float | None = None
    dkim_add_body_limit: bool = False
    dkim_query_method: str = ""
    second_dkim_sign: bool | str = False
    second_dkim_identity: str = "sender-or-from"
    second_dkim_identity_fallback: str = ""
    second_dkim_algorithm: str = "rsa-sha256"
    second_dkim_headers_canon: str = "relaxed"
    second_dkim_body_canon: str = "relaxed"
    second_dkim_headers: tuple[str | Pattern, ...] = ()
    second_dkim_disallow_adding_headers: tuple[str, ...] = ()
    second_dkim_add_timestamp: bool = False
    second_dkim_expire_after: float | None = None
    second_dkim_add_body_limit: bool = False
    second_dkim_query_method: str = ""
    remove_header: tuple[str, ...] = ()


class VirtualMta(msgspec.Struct, frozen=True, kw_only=True):
    """A VirtualMTA with what it inherits from its `pool` ("" without one); guide 8."""

    name: str = ""
    pool: str = ""
    smtp_source_host: tuple[SourceHost, ...] = ()
    host_name: tuple[str, ...] = ()
    domain_key: tuple[DomainKey, ...] = ()
    max_smtp_out: int = 0
    max_smtp_msg_rate: Rate | None = None
    max_smtp_data_volume_rate: Rate | None = None
    cold_virtual_mta: tuple[str, ...] = ()
    rewrite_list: str = ""
    include_headers_from: str = ""
    enable_signals: EnableSignals | None = None

    @property
    def source_hosts(self) -> tuple[SourceHost, ...]:
        return self.smtp_source_host

    @property
    def domain_keys(self) -> tuple[DomainKey, ...]:
        """Its own keys, then those of its pool."""
        return self.domain_key


class Pool(msgspec.Struct, frozen=True, kw_only=True):
    """VirtualMTAs used in turn; guide 8.3."""

    name: str = ""
    virtual_mta: tuple[str, ...] = ()
    domain_key: tuple[DomainKey, ...] = ()
    max_smtp_out: int = 0
    max_smtp_msg_rate: Rate | None = None
    max_smtp_data_volume_rate: Rate | None = None
    cold_virtual_mta: tuple[str, ...] = ()
    rewrite_list: str = ""
    include_headers_from: str = ""
    enable_signals: EnableSignals | None = None

    @property
    def members(self) -> tuple[str, ...]:
        return self.virtual_mta


class AcctFile(msgspec.Struct, frozen=True, kw_only=True):
    """An accounting file: `path`, or `command` for a pipe; guide 3.3.11."""

    path: str = ""
    command: str = ""
    records: tuple[str, ...] = ("d", "b")
    record_fields: tuple[RecordFields, ...] = ()
    iso_times: bool = True
    max_size: int = 250 << 20
    delete_after: float | None = 691_200.0
    move_to: str = ""
    move_interval: float = 86_400.0
    user_string: str = ""
    world_readable: bool = False
    sync: bool = False
    queue_filter: tuple[str, ...] = ()
    map_header_to_field: tuple[tuple[str, str, str], ...] = ()
    count_moved_records: bool = False
    retry_interval: float = 300.0
    write_timeout: float = 60.0
    privacy_policy: str = "retain"

    def __repr__(self) -> str:
        """Without the key of the privacy policy, which belongs in no log."""
        return f"AcctFile(path={self.path!r}, command={self.command!r}, ...)"


class SignalsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Upload of events; guide 10.1.4.2."""

    api_key: str = ""
    upload_url: str = "https://api.sparkpost.com/api/v1/ingest/events"
    upload_interval: float = 60.0
    engagement_tracking: str = "no"
    customer_id: int = 0
    tracking_domain: str = ""
    log_verbose: bool = False
    min_free_space: int = 20 << 20
    custom_message_id_header: str = ""
    process_x_sp_subaccount_id: bool = False
    retain_x_sp_subaccount_id: bool = False


class SmtpUser(msgspec.Struct, frozen=True, kw_only=True):
    """A login; `source` "" means that {auth} applies; guide 3.3.8."""

    name: str = ""
    password: str = ""
    authentication_method: str = "password"
    tls_certificate: str = ""
    source: str = ""


class RewriteList(msgspec.Struct, frozen=True, kw_only=True):
    """Rules in file order; guide 3.3.18."""

    mail_from: tuple[RewriteRule, ...] = ()
    from_domain: tuple[FromDomainRule, ...] = ()


class SourceGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Connections shared by the sources that name it; guide 3.3.9 (SRC-7)."""

    name: str = ""
    max_smtp_in: int = 0
    reserved_smtp_in: int = 0


class TransmissionsApi(msgspec.Struct, frozen=True, kw_only=True):
    """Injection over HTTP; guide 3.3.20."""

    api_key: tuple[str, ...] = ()
    log_requests: bool = False
    log_data: bool = False
    log_tls: bool = False
    tls_ca_file: str = ""


class AddressList(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Addresses that a processor reads, or that a source suppresses; guide 3.3.5.

    Shape: `domains` canonical, `addresses` in lower case, `local_parts` those listed
    without a domain; `listed` holds the entries of files.
    """

    domains: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    local_parts: frozenset[str] = frozenset()
    patterns: tuple[Pattern, ...] = ()
    listed: Listed = NOBODY

    def matches(self, address: str) -> bool:
        """Whether the address is in the list; letter case is free."""
        plain = address.lower()
        local, _, domain = plain.rpartition("@")
        return (
            canonical_domain(domain) in self.domains
            or plain in self.addresses
            or local in self.local_parts
            or plain in self.listed
            or local in self.listed
            or bool(self.patterns and self._together.matching(plain))
        )

    @cached_property
    def _together(self) -> PatternSet:
        """The patterns as one: a recipient is held against all of them."""
        return PatternSet(self.patterns)


class Processor(msgspec.Struct, frozen=True, kw_only=True):
    """A bounce or feedback-loop processor and the addresses it reads; guide 3.3.3-5."""

    deliver_matched_email: bool = False
    deliver_unmatched_email: bool = True
    addresses: AddressList = AddressList()

    def matches(self, address: str) -> bool:
        """Whether mail to `address` is a report for this processor (INB-1)."""
        return self.addresses.matches(address)
