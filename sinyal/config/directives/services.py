"""Directives of spools, reports and helpers; guide 3.3.2-6, 3.3.16, 10.2."""

from sinyal.config.directives.rows import rows

ROWS = (
    *rows(
        "spool",
        """
: accepted the spool does not use it yet
deliver-only | boolean | false | 3.3.2.2 | Mail in it is delivered, none is added
priority | 1 to 100 | 1 | 3.3.2.3 | Which spool takes new mail first
min-free-space | size | 0 | 3.3.2.4 | Free space below which it takes no mail
: done the spool keeps no empty files
delete-file-holders | boolean | false | 3.3.2.1 | Files kept for reuse are deleted
""",
    ),
    *rows(
        "bounce-processor",
        """
deliver-matched-email | boolean | false | 3.3.3.2 | Recognised bounces are delivered as
    well
deliver-unmatched-email | boolean | true | 3.3.3.1 | Mail that is none of the bounces is
    delivered
: accepted nothing is forwarded yet
forward-unmatched-to | mail address | | 3.3.3.4 many | Gets mail that is no bounce
forward-errors-to | mail address | | 3.3.3.5 many | Gets mail that could not be read
: older
deliver-email | deliver-matched-email deliver-unmatched-email | 3.3.3.3 | Both switches
    in one
""",
    ),
    *rows(
        "feedback-loop-processor",
        """
deliver-matched-email | boolean | false | 3.3.4.2 | Recognised complaints are delivered
    as well
deliver-unmatched-email | boolean | true | 3.3.4.1 | Mail that is none of the complaints
    is delivered
: accepted nothing is forwarded yet
forward-unmatched-to | mail address | | 3.3.4.4 many | Gets mail that is no complaint
forward-errors-to | mail address | | 3.3.4.5 many | Gets mail that could not be read
: older
deliver-email | deliver-matched-email deliver-unmatched-email | 3.3.4.3 | Both switches
    in one
""",
    ),
    *rows(
        "email-patterns",
        """
: accepted
body-pattern-file | path of a file | | 3.3.6.1 many | Pattern for reports of another
    form
log-match-info | boolean | false | 3.3.6.2 | The pattern that fitted is logged
""",
    ),
    *rows(
        "dns",
        """
: accepted
precached-domains-file | path of a file | | 3.3.16.1 | Domains that are looked up before
    they are needed
precached-refresh-interval | time interval | 5m | 3.3.16.2 | How often they are looked
    up again
precached-max-domains | number | 500 | 3.3.16.3 | How many of them
""",
    ),
    *rows(
        "proxy",
        """
: accepted
server | host:port | | 10.2.1.1.1 | Where the proxy is
client | address and name of a proxy | | 10.2.1.1.2 | What the proxy calls itself
protocol-version | one of 1 2 | 1 | later 3.3.22.3 | Version of the PROXY header
""",
    ),
    *rows(
        "vault",
        """
: accepted
server-url | URL | | later 3.3.23.1 | Where keys are kept
access-token | secret | | later 3.3.23.2 | What sinyal shows to the vault
cache-ttl | time interval | 24h | later 3.3.23.3 | How long a key is remembered
""",
    ),
    *rows(
        "pattern",
        """
: accepted
pattern | line of text | | observed | A pattern of the older form
category | text | | observed | Its category
""",
    ),
    *rows(
        "bounce-log",
        """
: accepted
filename | path | | observed | The file
""",
    ),
    *rows(
        "route",
        """
: accepted
domain | text | | observed many | Domains that take the route
max-smtp-out | number or unlimited | | observed | Its connections
virtual-mta | text | | observed | Its VirtualMTA
auth-username | text | | observed | Login name
auth-password | secret | | observed | Password
""",
    ),
)
