"""Directives outside every section; guide 3.3.1."""

from sinyal.config.directives.rows import rows

ROWS = rows(
    "global",
    """
total-max-smtp-in | number or unlimited | 100 | 3.3.1.2 | Inbound connections at the
    same time
total-max-smtp-out | number or unlimited | 1200 | 3.3.1.1 | Outgoing connections at the
    same time
postmaster | mail address | | 3.3.1.3 many | The operator's mailbox
host-name | domain name | | 3.3.1.25 many | Names of this server; the first one greets
host-id | number | 0 | 3.3.1.23 | Makes the Message-IDs of several servers differ
domain-suffix | domain name | | 3.3.1.24 | Put after host names that stand alone in
    addresses
name-server | address[:port] | | 3.3.1.26, sinyal many | DNS servers instead of the
    system's; a port may follow
smtp-listener | address:port | | 3.3.1.20 many | Where mail is accepted
smtp-ip | IP | | 3.3.1.18 | Older form of smtp-listener: the address
smtp-port | port | | 3.3.1.19 | Older form of smtp-listener: the port
smtp-await-slot | boolean | false | 3.3.1.22 | At the limit new connections wait, else
    they get 421
smtp-source-host | address and name | | 3.3.1.16 many | Local addresses and names of
    outgoing connections
smtp-reply-with-spool-id | boolean | false | 5.8 | The reply to the content names the
    spool id
smtp-server-tls-certificate | path of a PEM file | | 3.3.1.9 | Certificate and key of
    STARTTLS
smtp-server-tls-ca-file | path of certificates | | 3.3.1.10 | Roots that certificates of
    feeders are held against
smtp-server-tls-allow-tlsv1 | boolean | false | 3.3.1.12 | TLS 1.0 may be used with
    STARTTLS
smtp-server-tls-allow-tlsv1.1 | boolean | true | 3.3.1.13 | TLS 1.1 may be used with
    STARTTLS
smtp-server-tls-allow-tlsv1.2 | boolean | true | 3.3.1.14 | TLS 1.2 may be used with
    STARTTLS
smtp-server-tls-allow-tlsv1.3 | boolean | true | seed, later 3.3.1.15 | TLS 1.3 may be
    used with STARTTLS
smtp-server-tls-ciphers | text | HIGH:!ADH:@STRENGTH | 3.3.1.15 | Cipher suites of
    STARTTLS up to TLS 1.2
relay-domain | domain pattern | | 3.3.1.32.2 many | Recipient domains taken from anyone
relay-address | address or /REGEX/ | | 3.3.1.32.3 many | Recipient addresses taken from
    anyone
relay-debug | boolean | false | 3.3.1.32.4 | A refusal to relay is a 4xx, for tests
domain-key | selector, domain and file | | 3.3.1.33.1 many | DKIM keys in the order of
    search
domain-macro | name and values | | 3.3.1.33.4 many | Names that `$NAME` in a domain
    pattern stands for
invalid-virtual-mta-fallback | VirtualMTA | | 3.3.1.33.2 | Takes mail that selects an
    unknown VirtualMTA
include-headers-from | path of a file | | 3.3.1.33.3 | Header lines put into every
    message
alias | alias | | 3.3.1.17 many | Mail for one address goes to others
mailmerge-expands-undefined-variables | boolean | true | 3.3.1.29 | A variable that
    nobody defined becomes empty, else it stays
max-memory-usage-percent | 1 to 100 | 90 | later 3.3.1.50 | Memory in use above which no
    mail is taken; 100 for any
pickup | two paths | | 3.3.1.34.1 | Directory that mail is fetched from, and one for bad
    files
pickup-remove-dot | boolean | false | 3.3.1.34.3 | Of two dots at the start of a line in
    a pickup file one is removed
dummy-smtp-ip | IP | | 3.3.1.35.1 | Address of the listener that throws mail
    away
dummy-smtp-port | port or 0 | 0 | 3.3.1.35.2 | Port of the listener that throws
    mail away, 0 for none
dummy-smtp-await-slot | boolean | false | 3.3.1.35.3 | The same as smtp-await-slot for
    this listener
dummy-smtp-has-chunking | boolean | false | 3.3.1.35.4 | This listener offers CHUNKING
dummy-smtp-has-pipelining | boolean | false | 3.3.1.35.5 | This listener offers
    PIPELINING
dummy-smtp-has-verp | boolean | false | 3.3.1.35.6 | This listener offers VERP
dummy-smtp-has-mailmerge | boolean | false | observed | This listener offers mail merge
dummy-smtp-latency | number | 0 | 3.3.1.35.7 | Milliseconds that each reply of this
    listener waits
include | text | | 3.3.1.31 many | Files read in this place
log-file | path | | 3.3.1.37.2 | The log; without it, standard error
log-file-world-readable | boolean | false | 3.3.1.37.4 | Every local user may read the
    log
log-rotate | number | 8 | 3.3.1.37.3 | Logs kept, the present one included
log-auto-rotation | boolean | true | 3.3.1.37.1 | A new log begins at midnight
enable-signals | switch or signals-filter | | 10.1.4.1.1 | Upload of events: a switch or
    a filter
track-time-first-attempt | boolean | false | later 3.3.1.38 | Records hold the time of
    the first attempt
mx-connection-limit | MX pattern and number | | 3.3.1.38.1 many | Connections to each
    matching MX
ip-connection-limit | range and number | | 3.3.1.38.2 many | Connections to addresses in
    a range
: accepted Python before 3.15 cannot choose them: those of OpenSSL are offered
smtp-server-tls-v1.3-ciphersuites | text | | later 3.3.1.17 | Cipher suites of STARTTLS
    with TLS 1.3
: accepted sinyal has no threads to rank
thread-min-priority | number | 15 | 3.3.1.27 | Least urgent priority of threads
thread-max-priority | number | 0 | 3.3.1.27 | Most urgent priority of threads
thread-reuse | boolean | true | 3.3.1.28 | Threads that ended are kept
total-max-file | number or unlimited | | observed | Threads that write files
: accepted the service manager chooses the user that sinyal runs as
run-as-root | boolean | true | 3.3.1.8 restart | The daemon runs as root, else as pmta
: done a commit is always on disk before the 250, as with yes
sync-msg-create | boolean | true | 5.8 | Mail is on disk before it is acknowledged
sync-msg-update | boolean | true | 5.8 | What became of a recipient is on disk at once
: accepted the pickup directory is watched at a fixed interval
pickup-retry-interval | time interval | 0 | 3.3.1.34.2 | How often the pickup directory
    is looked at
: accepted the console that it serves is not part of sinyal
pmc-acct-min-free-space | size | unlimited | 3.3.1.30 | Free space below which files for
    the console go
: accepted the spool does not use it yet
spool-delete-corrupted | boolean | false | 3.3.1.5 | Spool files that cannot be read are
    deleted
spool-min-free-space | number | 0 | 3.3.1.6 | Megabytes of free space below which no
    mail is taken
spool-max-recipients | number or auto | auto | 3.3.1.7 | Recipients in all spools
    together
: accepted reports are made without templates so far
custom-dsn-from-header | line of text | | 3.3.1.21 | From of reports
dsn-failed-from-template | template | | later 3.3.1.26 | From of failure reports
dsn-failed-subject-template | template | | later 3.3.1.27 | Subject of failure reports
dsn-failed-body-template-from | path of a file | | later 3.3.1.28 | Text of failure
    reports
: accepted delivery does not use it yet
use-proxy | proxies | | 3.3.1.39 | Proxies of outgoing connections, the first that
    answers
smtp-proxy-source-host | proxied source | | later 3.3.1.20 many | Source address, proxy
    and name in one
edns-udp-length | number | 0 | later 3.3.1.40 | Octets of a DNS answer over UDP
: accepted there is no licence to count for
volume-audit-api-key | secret | | later 3.3.1.39 | Key for the report of volumes
: accepted the library that speaks TLS chooses the size
smtp-server-tls-dh-key-length | one of 1024 2048 4096 | 1024 | later 3.3.1.18 | Bits of
    Diffie-Hellman parameters
: accepted the listener that throws mail away accepts all of it
dummy-smtp-blacklist | path | | observed | File of replies that refuse
dummy-smtp-log-blacklist | boolean | false | observed | Refusals are logged
dummy-smtp-blacklist-bounce-method | text | | observed | How refusals are drawn
dummy-smtp-blacklist-bounce-percent | text | | observed | Share of mail that is refused
: accepted the listener that throws mail away is not counted
dummy-smtp-update-stats | boolean | true | 3.3.1.35.8 | This listener's mail is part of
    the figures
: accepted the web monitor is not done yet
http-mgmt-port | port or 0 | 8080 | 3.3.1.36.1 restart | Port of the web monitor, 0 for
    none
http-redirect-to-https | boolean | true | 3.3.1.36.2 | The web monitor sends plain HTTP
    on to HTTPS
http-access | range and right | | 3.3.1.36.3 many | Who may do what in the web monitor
http-csrf-protection | boolean | true | 3.3.1.36.4 | Changes need a token or a key
http-api-key | key of 32 to 128 | | 3.3.1.36.5 many | Keys of programs that use the
    monitor
http-strict-transport-security-max-age | number | 0 | 3.3.1.36.6 | Seconds that browsers
    keep to HTTPS
http-tls-allow-tlsv1 | boolean | false | 3.3.1.36.9 | The web monitor may use TLS 1.0
http-tls-allow-tlsv1.1 | boolean | true | 3.3.1.36.10 | The web monitor may use TLS 1.1
http-tls-allow-tlsv1.2 | boolean | true | 3.3.1.36.11 | The web monitor may use TLS 1.2
http-tls-allow-tlsv1.3 | boolean | true | later 3.3.1.46.12 | The web monitor may use
    TLS 1.3
http-tls-ciphers | text | HIGH:!ADH:@STRENGTH | 3.3.1.36.12 | Cipher suites of the web
    monitor up to TLS 1.2
http-tls-tlsv1.3-ciphersuites | text | | later 3.3.1.46.14 | Cipher suites of the web
    monitor with TLS 1.3
http-tls-dh-key-length | one of 1024 2048 4096 | 1024 | later 3.3.1.46.15 | Bits of
    Diffie-Hellman parameters
http-tls-ca-file | path of a file | | 3.3.1.36.13 | Roots that certificates of browsers
    are held against
http-log-tls | boolean | false | 3.3.1.36.14 | TLS handshakes of the monitor are logged
http-log-data | boolean | false | 3.3.1.36.15 | Requests and answers of the monitor are
    logged whole
http-log-requests | boolean | false | 3.3.1.36.16 | Requests of the monitor are logged
http-default-max-items | number | 10 | 3.3.1.36.17 | Lines of the monitor's lists
http-default-sort-order | one of rcpt name size | rcpt | 3.3.1.36.18 | Order of the
    monitor's lists
: accepted it acts in <source> only
process-x-virtual-mta | boolean | false | observed | Stands in <source>
process-x-sender | boolean | false | observed |
    Headers of pickup files were read from SMTP as well
: refused OpenSSL has no SSLv3 any more; remove the line, feeders use TLS 1.2 or 1.3
smtp-server-tls-allow-sslv3 | boolean | false | 3.3.1.11 | SSLv3 may be used with
    STARTTLS
http-tls-allow-sslv3 | boolean | false | 3.3.1.36.8 | The web monitor may use SSLv3
: older
http-mgmt-source | http-access = {} admin | 3.3.1.36.7 | Who may use the web monitor
spool | <spool> | 3.3.1.4 | A directory that keeps mail until delivery
acct-file | <acct-file> | observed | An accounting file
no-http-mgmt-source | http-access = {} none | 3.3.1.36.7 | Who may not use the web
    monitor
""",
)
