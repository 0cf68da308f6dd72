"""Directives of `<domain>` on DKIM signatures; guide 3.3.10.19-30, 10.6."""

from sinyal.config.directives.rows import rows

ROWS = rows(
    "domain",
    """
dkim-sign | boolean or if-x-dkim-options-present | false | 3.3.10.19 | Mail to this
    domain is signed
dkim-identity | signing identity | sender-or-from | 3.3.10.28 | Whose key signs, and
    what i= says
dkim-identity-fallback | signing identity | | 3.3.10.29 | Identity tried when the first
    has no key
dkim-algorithm | signature algorithm | rsa-sha256 | 3.3.10.22 | Signature algorithm
dkim-headers-canon | one of simple relaxed | relaxed | 3.3.10.24 | Canonical form of
    headers
dkim-body-canon | one of simple relaxed | relaxed | 3.3.10.23 | Canonical form of the
    body
dkim-disallow-adding-headers | header names | | 3.3.10.30 | Headers that nobody may add
    after signing
dkim-headers | header names or /REGEX/ | | 3.3.10.27 | Headers signed beside the fixed
    set
dkim-add-timestamp | boolean | false | 3.3.10.21 | The signature says when it was made
    (t=)
dkim-expire-after | time interval or never | never | 3.3.10.25 | The signature ends so
    long after it was made (x=)
dkim-add-body-limit | boolean | false | 3.3.10.20 | The signature says the body's length
    (l=)
dkim-query-method | text | | 3.3.10.26 | What q= says
second-dkim-sign | boolean or if-x-dkim-options-present | false | 10.6.4 | Mail is
    signed a second time
second-dkim-identity | signing identity | sender-or-from | 10.6.4 | The same as
    dkim-identity
second-dkim-identity-fallback | signing identity | | 10.6.4 | The same as
    dkim-identity-fallback
second-dkim-algorithm | signature algorithm | rsa-sha256 | 10.6.4 | The same as
    dkim-algorithm
second-dkim-headers-canon | one of simple relaxed | relaxed | 10.6.4 | The same as
    dkim-headers-canon
second-dkim-body-canon | one of simple relaxed | relaxed | 10.6.4 | The same as
    dkim-body-canon
second-dkim-headers | header names or /REGEX/ | | 10.6.4 | The same as dkim-headers
second-dkim-disallow-adding-headers | header names | | 10.6.4 | The same as
    dkim-disallow-adding-headers
second-dkim-add-timestamp | boolean | false | 10.6.4 | The same as dkim-add-timestamp
second-dkim-expire-after | time interval or never | never | 10.6.4 | The same as
    dkim-expire-after
second-dkim-add-body-limit | boolean | false | 10.6.4 | The same as dkim-add-body-limit
second-dkim-query-method | text | | 10.6.4 | The same as dkim-query-method
""",
)
