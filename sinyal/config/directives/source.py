"""Directives of `<source>`: what a feeder may do; guide 3.3.7."""

from sinyal.config.directives.rows import rows

ROWS = rows(
    "source",
    """
smtp-service | boolean | true | 3.3.7.59 | This source is served at all
always-allow-relaying | boolean | false | 3.3.1.32.1 | This source may send to any
    domain
allow-auth | boolean | true | 3.3.7.6 | AUTH is offered
require-auth | boolean | false | 3.3.7.9 | Mail is taken after a login only
smtp-max-auth-failure-rate | rate | unlimited | 3.3.7.7 | Failed logins until the source
    is locked out
allow-unencrypted-plain-auth | boolean | false | 3.3.7.11 | PLAIN and LOGIN are offered
    without TLS
allow-starttls | boolean | false | 3.3.7.12 | STARTTLS is offered
require-starttls-before-auth | boolean | false | 3.3.7.13 | AUTH is offered over TLS
    only
allow-chunking | boolean | true | 3.3.7.57 | CHUNKING is offered
allow-smtputf8 | boolean | true | 3.3.7.58 | SMTPUTF8 is offered
allow-mailmerge | boolean | false | 3.3.7.10 | XMRG, XDFN, XPRT and XACK are offered
always-allow-api-submission | boolean | false | 3.3.7.68 | The same as allow-mailmerge
allow-xclient | boolean | false | sinyal | XCLIENT of Postfix is offered
expect-proxy-header | boolean | false | sinyal | Connections begin with a PROXY header,
    version 1 or 2
max-smtp-in | number or unlimited | 0 | sinyal | Connections of one client address at
    the same time
source-group | source-group | | 3.3.7.51 | Shares connections with the sources of a
    group
default-virtual-mta | VirtualMTA or pool | | 3.3.7.29 | VirtualMTA or pool of mail that
    selects none
pattern-list | pattern-list | | 3.3.7.39 | Rules that select a VirtualMTA; the list
    stands above this line
process-x-virtual-mta | boolean | false | 3.3.7.48 | The x-virtual-mta header selects a
    VirtualMTA or pool
retain-x-virtual-mta | boolean | false | 3.3.7.49 | A processed x-virtual-mta header
    stays in the message
add-x-virtual-mta-header | boolean | false | 3.3.7.50 | Delivered mail names its
    VirtualMTA in X-Virtual-MTA
reject-invalid-virtual-mta | boolean | true | 3.3.7.31 | Mail that selects an unknown
    VirtualMTA is refused
allow-empty-x-virtual-mta | boolean | false | 3.3.7.63 | An empty x-virtual-mta header
    means none
process-x-job | boolean | false | 3.3.7.45 | The x-job header gives the job id
retain-x-job | boolean | false | 3.3.7.47 | A processed x-job header stays in the
    message
jobid-header | header name | | 3.3.7.46 | Another header that gives the job id
jobid-prefix | text | | 3.3.7.44 | Put before job ids; {auth} is the login name
process-x-envid | boolean | false | 3.3.7.40 | The x-envid header gives the envelope id
process-x-schedule | boolean | false | 3.3.7.54 | The x-schedule header gives windows of
    delivery
retain-x-schedule | boolean | false | 3.3.7.55 | The x-schedule header stays in the
    message
process-x-dkim-options | boolean | false | 3.3.7.41 | The x-dkim-options header changes
    how the message is signed
retain-x-dkim-options | boolean | false | 3.3.7.56 | The x-dkim-options header stays in
    the message
process-x-dkim-key | boolean | false | 3.3.7.42 | The x-dkim-key header holds the key
    that signs
retain-x-dkim-key | boolean | false | 3.3.7.43 | The x-dkim-key header stays, private
    key and all
add-date-header | one of no yes override | no | 3.3.7.1 | A missing Date is added, or
    each one replaced
date-header-time | one of reception delivery | reception | 3.3.7.2 | The moment that an
    added Date tells
add-message-id-header | boolean | false | 3.3.7.4 | A missing Message-ID is added
add-received-header | boolean | true | 3.3.7.5 | A Received header is added
hide-message-source | boolean | false | 3.3.7.33 | Received names no feeder
remove-header | header names | | 3.3.7.8 | Headers taken out at delivery
remove-received-headers | boolean | false | observed | Received headers of feeders are
    taken out
bcc | mail address or empty | | 3.3.7.3 | Gets a copy of every message
verp-default | boolean | false | 3.3.7.15 | Envelope senders tell the recipient
max-message-size | size | unlimited | 3.3.7.34 | Largest message taken
max-message-hops | number | 100 | 3.3.7.35 | Most Received headers of a message
max-rcpt-per-message | number or unlimited | 0 | 3.3.7.36 | Most recipients of a
    message, 0 for any number
too-many-rcpts-fails-message | boolean | false | 3.3.7.37 | Recipients above the limit
    fail the whole message
suppression-lists | address-lists | | 3.3.7.38 | Recipients in these lists are refused
accept-invalid-recipients | boolean | false | 3.3.7.64 | Bad and suppressed recipients
    are taken and bounce
auto-qualify-domain | boolean | true | 3.3.7.69 | domain-suffix is put after a host name
    that stands alone
disconnect-on-transient-error | boolean | false | 3.3.7.32 | The connection ends where a
    4xx would be sent
rewrite-list | rewrite-list | | 3.3.18 | Rules for the envelope sender
dsn-return-default | one of headers full system | system | 3.3.7.28 | What reports
    return where the sender does not say
check-spf-inbound | boolean | false | 3.3.7.19 | SPF of the envelope sender is checked
check-spf-inbound-max-void-lookups | number | 2 | 3.3.7.21 | Empty DNS answers that SPF
    puts up with
reject-spf-check-fail | boolean | true | 3.3.7.67 | A sender that fails SPF is refused
reject-spf-check-permerror | boolean | true | 3.3.7.66 | A sender with a broken SPF
    record is refused
reject-spf-check-temperror | boolean | true | 3.3.7.65 | A sender whose SPF cannot be
    looked up gets a 4xx
check-iprev-inbound | boolean | false | 3.3.7.22 | The name of the client's address is
    checked
reject-iprev-check-fail | boolean | false | 3.3.7.26 | A client whose name does not fit
    is refused
reject-iprev-check-permerror | boolean | false | 3.3.7.25 | A client without a name is
    refused
reject-iprev-check-temperror | boolean | false | 3.3.7.24 | A client whose name cannot
    be looked up gets a 4xx
check-dkim-inbound | boolean | false | 3.3.7.16 | DKIM signatures are checked
trace-dkim-check | boolean | false | 3.3.7.17 | The result of the DKIM check tells its
    DNS answers
trace-spf-check | boolean | false | 3.3.7.18 | The result of the SPF check tells its DNS
    answers
trace-iprev-check | boolean | false | 3.3.7.23 | The result of the name check tells its
    DNS answers
smtp-command-timeout | time interval | 10m | 3.3.7.53 | Longest wait for a command
smtp-data-timeout | time interval | 10m | 3.3.7.52 | Longest wait for message data
log-connections | boolean | false | 3.3.7.60 | Connections are logged
log-commands | boolean | false | 3.3.7.61 | Commands and replies are logged
log-data | boolean | false | 3.3.7.62 | Every octet is logged in hex and ASCII, logins
    masked
log-tls | boolean | false | 3.3.7.30 | TLS handshakes are logged
include | text | | 3.3.7.70 many | Files read in this place
: accepted no reports are made here yet
suppress-local-dsn | boolean | false | 3.3.7.27 | No reports are made for this mail
: accepted clients that need it are no longer about
broken-auth-clients | boolean | false | 3.3.7.14 | AUTH is offered in the form of old
    clients as well
: accepted listeners have ports, sources have none; write smtp-listener
port | port | | observed | Port of <smtp-source>
: accepted SPF has no guesses any more, RFC 7208
check-spf-inbound-best-guess | boolean | false | 3.3.7.20 | A domain without an SPF
    record is given one
: accepted Sender-ID is historic, check-spf-inbound is what took its place
check-mfrom-inbound | boolean | false | observed | The older check of the envelope
    sender
: refused it would not be kept; write require-starttls-before-auth yes and require-auth
    yes
require-starttls | boolean | false | observed | Mail is taken over TLS only
""",
)
