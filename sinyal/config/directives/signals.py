"""Directives of `<signals>`: upload of events; guide 10.1.4.2, seed."""

from sinyal.config.directives.rows import rows

ROWS = rows(
    "signals",
    """
api-key | 40 hex digits | | 10.1.4.2.1 | Key with the permission to write incoming
    events
upload-url | URL | https://api.sparkpost.com/api/v1/ingest/events | 10.1.4.2.2 | Where
    event files are posted
upload-interval | time interval | 1m | sinyal | Time between two uploads
engagement-tracking | yes, no or sparkpost | no | 10.1.4.2.3, seed | With sparkpost,
    pixels and links are put into mail
customer-id | number | 0 | seed | Account number, part of tracking links
tracking-domain | text | | seed, sinyal | Host of tracking links, else upload-url's;
    https:// and a port may be given
custom-message-id-header | header name | | 10.1.4.2.4 | Header copied into the custom
    message id of events
process-x-sp-subaccount-id | boolean | false | 10.1.4.2.5 | The x-sp-subaccount-id
    header gives the subaccount
retain-x-sp-subaccount-id | boolean | false | 10.1.4.2.6 | A processed
    x-sp-subaccount-id header stays in the message
log-verbose | boolean | false | 10.1.4.2.7 | Each file is logged
min-free-space | size | 20M | 10.1.4.2.8 | Free space below which the oldest files are
    deleted
: refused addresses would be uploaded in the clear: they are not hashed yet
privacy-policy | one of retain sha1 | retain | 10.1.4.2.9 | Addresses in events are
    hashed
""",
)
