"""Directives of the sections that hold lists; guide 3.3.5, 3.3.14, 3.3.15, 3.3.18."""

from sinyal.config.directives.rows import rows

ROWS = (
    *rows(
        "address-list",
        """
address | address, local part or /REGEX/ | | 3.3.5.1 many restart | An address, a local
    part, or a pattern
address-file | path of a file | | 3.3.5.2 many restart | A file with one address or
    local part per line
domain | domain name, macros allowed | | 3.3.5.3 many restart | Every address of the
    domain
""",
    ),
    *rows(
        "rewrite-list",
        """
mail-from | rewrite rule | | 3.3.18.1 many | Rewrites the envelope sender
from-domain | domain pattern and domain | | 3.3.18.2 many | Rewrites the domain of From
""",
    ),
    *rows(
        "pattern-list",
        """
mail-from | rule on mail-from | | 3.3.14.2 many | Fits the envelope sender
rcpt-to | rule on rcpt-to | | 3.3.14.3 many | Fits a recipient, the first that does
header | rule on header | | 3.3.14.1 many | Fits a header as it stands
* | rule on * | | 3.3.14.3 many | Fits all mail
""",
    ),
    *rows(
        "aliases",
        """
alias | alias | | 12.9 many | Mail for one address goes to others
""",
    ),
    *rows(
        "domain-key-list",
        """
domain-key | selector, domain and file | | 3.3.19.1 many | A key that key-list of
    X-DKIM-Options names
""",
    ),
    *rows(
        "signals-filter",
        """
sender-or-from | domain pattern and switch | | 10.1.4.3.1 many | Switches events by the
    domain of Sender or From
""",
    ),
    *rows(
        "smtp-pattern-list",
        """
reply | /REGEX/ and actions | | 3.3.15 many | What follows from a reply
include | text | | 3.3.15.1 many | Files read in this place
""",
    ),
    *rows(
        "mx-rollup-list",
        """
mx | rollup rule | | 10.17 many | The queue that domains with this MX share
""",
    ),
    *rows(
        "bounce-category-patterns",
        """
/REGEX/ | /REGEX/ and category | | 10.8 many | The category of a bounce
""",
    ),
)
