"""Directives of `<domain>`: how a queue is delivered; guide 3.3.10."""

from sinyal.config.directives.rows import rows

ROWS = rows(
    "domain",
    """
type | way of delivery | smtp | 3.3.10.51 restart | How the queue is delivered
max-smtp-out | number or unlimited | 20 | 3.3.10.74 | Connections of a queue at the same
    time
max-msg-per-connection | number or unlimited | 0 | 3.3.10.71 | Messages on one
    connection, 0 for any number
connection-idle-timeout | time interval, 10m at most | 0 | 3.3.10.81 | How long an idle
    connection waits for more mail
bounce-after | time interval | 4d12h | 3.3.10.11 | Age at which undelivered mail bounces
retry-after | time intervals | 10m | 3.3.10.39 | Waits between the attempts of a queue
retry-recipients-after | time interval | 10m | 3.3.10.41 | Shortest wait of a recipient
    that got a 4xx
retry-upon-new-mail | boolean | false | 3.3.10.85 | New mail wakes a waiting queue
bounce-upon-no-mx | boolean or time interval | false | 3.3.10.60 | Mail for a domain
    without MX bounces at once
bounce-upon-5xx-greeting | boolean | true | 3.3.10.61 | A 5xx greeting bounces the
    queue's mail
smtp-421-means-mx-unavailable | boolean | false | 3.3.10.58 | After a 421 the next MX is
    tried
smtp-hosts | hosts | | 3.3.10.89 | Hosts instead of the domain's MX
default-smtp-port | port | 25 | 3.3.10.88 | Port of the destination
connect-timeout | time interval | 2m | 3.3.10.64 | Longest wait for a connection
smtp-greeting-timeout | time interval | 5m | 3.3.10.65 | Longest wait for the greeting
smtp-data-termination-timeout | time interval | 10m | 3.3.10.54 | Longest wait for the
    reply to the content
use-starttls | boolean | true | 3.3.10.94.1 | TLS is used where it is offered
require-starttls | boolean | false | 3.3.10.94.2 | Nothing is sent without TLS
auth-username | text | | 3.3.10.53 | Login name used at the destination
auth-password | secret | | 3.3.10.55 | Password used at the destination
use-unencrypted-plain-auth | boolean | false | 3.3.10.56 | PLAIN and LOGIN are used
    without TLS
ignore-8bitmime | boolean | false | 3.3.10.67 | 8BITMIME is not used
ignore-pipelining | boolean | false | 3.3.10.69 | PIPELINING is not used
include | text | | 3.3.10.93 many | Files read in this place
max-msg-rate | rate | unlimited | 3.3.10.33 | Recipients tried in a period
max-connect-rate | rate | unlimited | 3.3.10.79 | Connections opened in a period
smtp-out-rampup-interval | time interval | 0 | 3.3.10.78 | Shortest time between two new
    connections
backoff-retry-after | time intervals | 1h | 3.3.10.40 | retry-after in backoff mode
backoff-max-msg-rate | rate | | 3.3.10.34 | max-msg-rate in backoff mode
backoff-max-connect-rate | rate | | 3.3.10.84 | max-connect-rate in backoff
    mode
backoff-max-smtp-out | number or unlimited | 20 | 3.3.10.75 | max-smtp-out in backoff
    mode
backoff-to-normal-after | time interval or never | never | 3.3.10.44 | How long backoff
    mode lasts at most
backoff-to-normal-after-delivery | boolean | false | 3.3.10.45 | A delivery ends backoff
    mode
smtp-pattern-list | smtp-pattern-list | | 3.3.10.90 | Rules on replies
backoff-upon-all-sources-disabled | boolean | false | 3.3.10.46 | Backoff mode begins
    when no source address is left
reenable-source-ip-after | time interval or never | never | 3.3.10.47 | How long a
    source address stays disabled
remove-header | header names | | 3.3.7.8 | Headers taken out for this domain
discard-as-bounce | boolean | false | 3.3.10.95.1 | Mail thrown away counts as bounced
disable-acct-records | record types | | 3.3.10.9 | Records that the queue does not write
max-errors-per-connection | number or unlimited | unlimited | 3.3.10.1 | Refused
    recipients after which a connection ends
mx-connection-attempts | number | 10 | 6.3.15 | Hosts tried for one connection
smtp-multiple-line-response-timeout | time interval | 5m | 6.3.15 | Longest wait for a
    reply of several lines
data-send-timeout | time interval | 3m | 3.3.10.66 | Longest wait until a piece of
    content is taken
smtp-553-means-invalid-mailbox | boolean | true | 3.3.10.57 | A 553 without enhanced
    code is 5.1.1
replace-smtp-421-service-response | boolean | false | 3.3.10.59 | The text of a 421 is
    replaced
bounce-upon-transfer-failure | boolean | false | 3.3.10.63 | Mail bounces when its
    transfer breaks off
bounce-upon-pix-transfer-failure | boolean | false | 3.3.10.62 | The same behind a PIX
    firewall
assume-delivery-upon-data-termination-timeout | boolean | false | 3.3.10.91 | Content
    without a reply counts as delivered
retry-after-dns-error | time interval | 1m | later 3.3.10.42 | Wait after DNS had no
    answer
ignore-dsn | boolean | false | 3.3.10.70 | DSN is not used
log-resolution | boolean | false | 3.3.10.4 | Routing is logged
log-transfer-failures | boolean | false | 3.3.10.5 | Transfers that break off are logged
log-disabled-ips | boolean | false | 3.3.10.7 | Disabled source addresses are logged
log-connections | boolean | false | 4.2.2 | Connections are logged
log-commands | boolean | false | 3.1, 4.2.2 | Commands and replies are logged
log-data | boolean | false | 6.3.15 | Every octet is logged
log-tls | boolean | false | 3.3.10.94.11 | TLS handshakes are logged
pix-bug-workaround | boolean | true | 3.3.10.86 | The last dot travels alone to a PIX
    firewall
queue-to | name or empty | | 3.3.10.31 | The queue of another domain that takes the mail
disable-mx-rollup | boolean | false | 3.3.10.92 | The domain is no part of a rollup
reroute-to-virtual-mta | VirtualMTA or pool | | 3.3.10.49 | Takes the queue's mail
backoff-reroute-to-virtual-mta | VirtualMTA or pool | | 3.3.10.50 | Takes the queue's
    mail in backoff mode
max-cold-virtual-mta-msg | daily limits | 0/d | 3.3.10.48 | Messages a day that a cold
    VirtualMTA takes
max-data-volume-rate | data rate | unlimited | 3.3.10.37 | Octets delivered in a period
backoff-max-data-volume-rate | data rate | | 3.3.10.38 | The same in backoff mode
source-ip-max-msg-rate | range and rate | | 3.3.10.32 many | max-msg-rate of one source
    address
source-ip-max-smtp-out | range and number | | 3.3.10.77 many | max-smtp-out of one
    source address
source-ip-max-connect-rate | range and rate | | 3.3.10.80 many | max-connect-rate of one
    source address
source-ip-max-data-volume-rate | range and data rate | | 3.3.10.83 many |
    max-data-volume-rate of one source address
backoff-notify | mail addresses | | 3.3.10.42 | Told when backoff mode begins and ends
disabled-source-ip-notify | mail addresses | | 3.3.10.43 | Told when a source address is
    disabled or enabled
reuse-ssl-session | boolean | false | 3.3.10.94.4 | TLS sessions are taken up again
smtp-tls-allow-tlsv1 | boolean | false | 3.3.10.94.5 | TLS 1.0 may be used
smtp-tls-allow-tlsv1.1 | boolean | true | 3.3.10.94.6 | TLS 1.1 may be used
smtp-tls-allow-tlsv1.2 | boolean | true | 3.3.10.94.7 | TLS 1.2 may be used
smtp-tls-allow-tlsv1.3 | boolean | true | later 3.3.10.95.9 | TLS 1.3 may be used
smtp-tls-ca-file | path of a file | | 3.3.10.94.9 | Roots that certificates of
    destinations are held against
smtp-tls-ciphers | text | HIGH:!ADH:@STRENGTH | 3.3.10.94.10 | Cipher suites up to TLS
    1.2
smtp-client-certificate | path of a PEM file | | 6.3.15, later 3.3.10.95.11 |
    Certificate shown to destinations
queue-priority | 0 to 100 | 50 | 3.3.10.15 | Which queue gets a connection first
: done each recipient has a transaction of its own, as each copy is signed and tracked
    by itself
max-rcpt-per-message | number or unlimited | 1000 | 3.3.10.73 | Recipients of one
    transaction
: done CHUNKING is not used towards destinations
ignore-chunking | boolean | false | 3.3.10.68 | CHUNKING is not used
: accepted delivery does not use it yet
allow-priority-interruption | boolean | true | 3.3.10.13 | Queues of higher priority may
    take connections
allow-priority-interruption-during-transfer | boolean | false | 3.3.10.14 | The same in
    the middle of a message
allow-cancel-during-transfer | boolean | true | 3.3.10.52 | A stop may cut off a message
notify-of-delay-every | time interval or never | 4h | 3.3.10.18 | How often reports of
    delay are made
dsn-format | one of standard plain-text | standard | 3.3.10.3 | Form of reports
deliver-local-dsn | boolean | true | 3.3.10.10 | Reports are made; suppress-local-dsn of
    <source> took its place
bcc-upon-delivery | mail address or empty | | 3.3.10.12 | Gets a copy of what is
    delivered
check-spf-outbound | boolean | false | 3.3.10.2 | Mail leaves only where SPF of its
    sender passes
max-events-recorded | number | 10 | 3.3.10.8 | Errors kept for the displays of a queue
track-recipient-events | boolean | false | 3.3.10.16 | Events of recipients are kept for
    the displays
log-messages | boolean | false | 12.6 | Mail of {bounce} is logged
use-dane | boolean | false | 3.3.10.94.3, later 3.3.10.95.3 | TLSA records are obeyed
use-mta-sts | boolean | false | later 3.3.10.95.4 | MTA-STS policies are obeyed
smtp-tls-tlsv1.3-ciphersuites | text | | later 3.3.10.95.14 | Cipher suites of TLS 1.3
add-x-msys-api-header | boolean | false | 3.3.10.99.1 | X-MSYS-API is added for
    SparkPost
sparkpost-sandbox | boolean | false | 3.3.10.99.2 | SparkPost's sandbox is asked for
sparkpost-ip-pool | text | | 3.3.10.99.3 | SparkPost's pool of addresses
: accepted only delivery over SMTP is done yet
file-format | one of newfile-plain newfile-pickup append-mbox | newfile-plain |
    3.3.10.96.1 | Form of files
file-destination | path with $ variables | | 3.3.10.96.2 | Where files go
command | template | | 3.3.10.97.1 | Program that mail is given to
macro-variables-preserve-case | boolean | false | 3.3.10.97.2 | $to and $from keep their
    letter case
http-delivery-url | URL | | 3.3.10.98.1 | Where mail is posted
http-delivery-extra-headers | path of a file | | 3.3.10.98.2 | Header lines of the
    request
: accepted Sender-ID is historic
check-mfrom-outbound | boolean | false | observed | The older check of the envelope
    sender
check-pra-outbound | boolean | false | observed | The older check of the responsible
    address
: accepted DomainKeys is historic, RFC 4870; dkim-sign is what took its place
dk-sign | boolean | false | observed | Mail is signed with DomainKeys
: older
max-msg-per-hour | max-msg-rate = {}/h | 3.3.10.35 | Recipients tried in an hour
backoff-max-msg-per-hour | backoff-max-msg-rate = {}/h | 3.3.10.36 | The same in backoff
    mode
max-smtp-out-per-source-ip | source-ip-max-smtp-out = 0/0 {} | 3.3.10.76 | Connections
    of each source address
delivery-priority | queue-priority | 3.3.10.17 | Older name
route | smtp-hosts | 3.3.10.87 | Older name
max-rcpt-per-transaction | same as max-rcpt-per-message | 3.3.10.72 | Another name
: refused OpenSSL has no SSLv3 any more; remove the line, destinations use TLS 1.2 or
    1.3
smtp-tls-allow-sslv3 | boolean | false | 3.3.10.94.8 | SSLv3 may be used
""",
)
