"""Directives of `<virtual-mta>`; guide 3.3.12."""

from sinyal.config.directives.rows import rows

ROWS = rows(
    "virtual-mta",
    """
smtp-source-host | address and name | | 3.3.1.16, 8.2 many | Its local addresses and
    names, used in turn
domain-key | selector, domain and file | | 3.3.12.6 many | DKIM keys tried before the
    global ones
max-smtp-out | number or unlimited | unlimited | 3.3.12.8 | Connections over all its
    queues
rewrite-list | rewrite-list | | 3.3.12.9 | Rules for the envelope sender of its mail
include-headers-from | path of a file | | 3.3.12.7 | Header lines put into its messages,
    beside the global ones
enable-signals | switch or signals-filter | | 10.1.4.1.1 | Upload of its events; above
    pool and global
include | text | | 3.3.12.10 many | Files read in this place
max-smtp-msg-rate | rate | unlimited | 3.3.12.2 | Recipients tried in a period over all
    its queues
host-name | domain name | | 3.3.12.5 many | Name of its connections without a
    smtp-source-host
cold-virtual-mta | VirtualMTA | | 3.3.12.4 many | Takes the first messages of a day
max-smtp-data-volume-rate | data rate | unlimited | 3.3.12.3 | Octets delivered in a
    period over all its queues
: accepted delivery does not use it yet
use-proxy | proxies | | 3.3.12.1 | Proxies of its connections, the first that answers
smtp-proxy-source-host | proxied source | | later 3.3.12.7 many | Source address, proxy
    and name in one
proxy-protocol | one of 1 2 | 1 | later 3.3.12.8 | Version of the PROXY header
: refused write smtp-source-host IP HOST-NAME in its place
smtp-source-ip | text | | observed | The local address alone, as up to 4.0
: refused write a VirtualMTA with this smtp-source-host, and cold-virtual-mta NAME
auto-cold-virtual-mta | line of text | | observed many | A cold address
    without a name, as up to 4.5
""",
)
