"""Directives of `<virtual-mta-pool>`; guide 3.3.13."""

from sinyal.config.directives.rows import rows

ROWS = rows(
    "virtual-mta-pool",
    """
virtual-mta | VirtualMTA | | 3.3.13.1 many | Members, used in turn
domain-key | selector, domain and file | | 3.3.13.3 many | DKIM keys of its members
max-smtp-out | number or unlimited | unlimited | 3.3.13.6 | Connections of each member
rewrite-list | rewrite-list | | 3.3.13.7 | Rules for the envelope sender of its members'
    mail
include-headers-from | path of a file | | 3.3.13.4 | Header lines put into its members'
    messages
enable-signals | switch or signals-filter | | 10.1.4.1.1 | Upload of its members'
    events; above global
max-smtp-msg-rate | rate | unlimited | 3.3.13.5 | max-smtp-msg-rate of each member
cold-virtual-mta | VirtualMTA | | 3.3.13 many | Cold VirtualMTAs of its members
max-smtp-data-volume-rate | data rate | unlimited | 3.3.13.8 | max-smtp-data-volume-rate
    of each member
""",
)
