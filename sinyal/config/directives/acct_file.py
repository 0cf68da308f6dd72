"""Directives of `<acct-file>`: accounting; guide 3.3.11."""

from sinyal.config.directives.rows import rows

ROWS = rows(
    "acct-file",
    """
records | record types | d,b | 3.3.11.11 | Record types written
record-fields | record type and fields | | 3.3.11.12 many | Columns of a record type
iso-times | boolean | true | 3.3.11.7 | Times are written in ISO style, else as epoch
    seconds
max-size | size, 1M at least | 250M | 3.3.11.4 | Size at which a new file begins
delete-after | time interval or never | 8d | 3.3.11.1 | Age at which finished files are
    deleted
move-to | path | | 3.3.11.2 | Directory that finished files move to
move-interval | time interval | 1d | 3.3.11.3 | How often a new file begins, with
    move-to
user-string | line of text | | 3.3.11.8 | Text of the field userString
world-readable | boolean | false | 3.3.11.13 | Every local user may read the files
sync | boolean | false | 3.3.11.15 | Files are flushed to disk regularly
queue-filter | queues | | 3.3.11.5 | Queues whose deliveries are written
map-header-to-field | record, header and field | | 3.3.11.10 many | A header takes the
    place of a field
count-moved-records | boolean | false | 3.3.11.14 | The number of records of a moved
    file is logged
retry-interval | time interval | 5m | 3.3.11.6 | Wait before a program that failed
    starts again
write-timeout | time interval | 1m | 3.3.11.9 | Longest wait for a program that reads
privacy-policy | privacy policy | retain | 3.3.11.16 | How local parts of recipients are
    hidden
: accepted accounting does not post records yet
http-webhook-url | URL | | later 3.3.11.17 | Where batches of records are posted
http-webhook-extra-headers | path of a file | | later 3.3.11.18 | Header lines of the
    request
http-webhook-certificate | path of a PEM file | | later 3.3.11.19 | Certificate shown to
    the service
http-webhook-ca-file | path of a file | | later 3.3.11.20 | Roots that the service's
    certificate is held against
http-webhook-max-interval | time interval | 5m | later 3.3.11.21 | Longest time between
    two batches
http-webhook-transfer-encoding | one of gzip | | later 3.3.11.22 | How batches are
    packed
http-webhook-log-verbose | boolean | false | later 3.3.11.23 | Each request is logged
http-webhook-connect-timeout | time interval | 5s | later 3.3.11.24 | Longest wait for
    the connection
http-webhook-io-timeout | time interval | 5s | later 3.3.11.25 | Longest wait for an
    answer
""",
)
