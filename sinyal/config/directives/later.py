"""Directives of PowerMTA that sinyal knows by name and does not do yet.

One row per scope; a line with one of them is reported and has no effect.
Source: guide 3.3, seed, later editions.
"""

LATER_NAMES: dict[str, str] = {
    "global": """
        alias custom-dsn-from-header domain-suffix dsn-failed-body-template-from
        dsn-failed-from-template dsn-failed-subject-template dummy-smtp-await-slot
        dummy-smtp-blacklist dummy-smtp-blacklist-bounce-method
        dummy-smtp-blacklist-bounce-percent dummy-smtp-has-chunking
        dummy-smtp-has-mailmerge dummy-smtp-has-pipelining dummy-smtp-has-verp
        dummy-smtp-ip dummy-smtp-latency dummy-smtp-log-blacklist dummy-smtp-port
        dummy-smtp-update-stats edns-udp-length host-id http-access http-api-key
        http-csrf-protection http-default-max-items http-default-sort-order
        http-log-data http-log-requests http-log-tls http-mgmt-port http-mgmt-source
        http-redirect-to-https http-strict-transport-security-max-age
        http-tls-allow-sslv3 http-tls-allow-tlsv1 http-tls-allow-tlsv1.1
        http-tls-allow-tlsv1.2 http-tls-allow-tlsv1.3 http-tls-ca-file
        http-tls-ciphers http-tls-dh-key-length http-tls-tlsv1.3-ciphersuites
        include-headers-from invalid-virtual-mta-fallback ip-connection-limit
        mailmerge-expands-undefined-variables max-memory-usage-percent
        mx-connection-limit no-http-mgmt-source pickup pickup-remove-dot
        pickup-retry-interval pmc-acct-min-free-space relay-debug run-as-root
        smtp-await-slot smtp-ip smtp-port smtp-proxy-source-host
        smtp-reply-with-spool-id smtp-server-tls-allow-sslv3 smtp-server-tls-ca-file
        smtp-server-tls-dh-key-length smtp-server-tls-v1.3-ciphersuites spool
        spool-delete-corrupted spool-max-recipients spool-min-free-space
        sync-msg-create sync-msg-update thread-max-priority thread-min-priority
        thread-reuse total-max-file track-time-first-attempt use-proxy
        volume-audit-api-key
    """,
    "spool": """
        delete-file-holders deliver-only min-free-space priority
    """,
    "bounce-processor": """
        deliver-email forward-errors-to forward-unmatched-to
    """,
    "feedback-loop-processor": """
        deliver-email forward-errors-to forward-unmatched-to
    """,
    "email-patterns": """
        body-pattern-file log-match-info
    """,
    "source": """
        accept-invalid-recipients add-x-virtual-mta-header allow-chunking
        allow-mailmerge allow-smtputf8 always-allow-api-submission auto-qualify-domain
        bcc broken-auth-clients check-dkim-inbound check-iprev-inbound
        check-mfrom-inbound check-spf-inbound check-spf-inbound-best-guess
        check-spf-inbound-max-void-lookups date-header-time
        disconnect-on-transient-error dsn-return-default jobid-prefix pattern-list
        process-x-dkim-key process-x-dkim-options process-x-schedule
        reject-iprev-check-fail reject-iprev-check-permerror
        reject-iprev-check-temperror reject-spf-check-fail reject-spf-check-permerror
        reject-spf-check-temperror remove-header retain-x-dkim-key
        retain-x-dkim-options retain-x-schedule source-group suppress-local-dsn
        suppression-lists too-many-rcpts-fails-message trace-dkim-check
        trace-iprev-check trace-spf-check verp-default
    """,
    "smtp-user": """
        tls-certificate
    """,
    "source-group": """
        max-smtp-in reserved-smtp-in
    """,
    "domain": """
        add-x-msys-api-header allow-cancel-during-transfer allow-priority-interruption
        allow-priority-interruption-during-transfer
        assume-delivery-upon-data-termination-timeout backoff-max-connect-rate
        backoff-max-data-volume-rate backoff-max-msg-per-hour backoff-max-msg-rate
        backoff-max-smtp-out backoff-notify backoff-reroute-to-virtual-mta
        backoff-retry-after backoff-to-normal-after backoff-to-normal-after-delivery
        backoff-upon-all-sources-disabled bcc-upon-delivery
        bounce-upon-pix-transfer-failure bounce-upon-transfer-failure
        check-spf-outbound command data-send-timeout deliver-local-dsn
        delivery-priority disable-acct-records disable-mx-rollup
        disabled-source-ip-notify discard-as-bounce dkim-query-method dsn-format
        file-destination file-format http-delivery-extra-headers http-delivery-url
        ignore-chunking ignore-dsn log-commands log-connections log-data
        log-disabled-ips log-messages log-resolution log-tls log-transfer-failures
        macro-variables-preserve-case max-cold-virtual-mta-msg max-connect-rate
        max-data-volume-rate max-errors-per-connection max-events-recorded
        max-msg-per-hour max-msg-rate max-rcpt-per-message max-rcpt-per-transaction
        max-smtp-out-per-source-ip mx-connection-attempts notify-of-delay-every
        pix-bug-workaround queue-priority queue-to reenable-source-ip-after
        remove-header replace-smtp-421-service-response reroute-to-virtual-mta
        retry-after-dns-error reuse-ssl-session route second-dkim-add-body-limit
        second-dkim-add-timestamp second-dkim-algorithm second-dkim-body-canon
        second-dkim-disallow-adding-headers second-dkim-expire-after
        second-dkim-headers second-dkim-headers-canon second-dkim-identity
        second-dkim-identity-fallback second-dkim-query-method second-dkim-sign
        smtp-553-means-invalid-mailbox smtp-client-certificate
        smtp-multiple-line-response-timeout smtp-out-rampup-interval smtp-pattern-list
        smtp-tls-allow-sslv3 smtp-tls-allow-tlsv1 smtp-tls-allow-tlsv1.1
        smtp-tls-allow-tlsv1.2 smtp-tls-allow-tlsv1.3 smtp-tls-ca-file
        smtp-tls-ciphers smtp-tls-tlsv1.3-ciphersuites source-ip-max-connect-rate
        source-ip-max-data-volume-rate source-ip-max-msg-rate source-ip-max-smtp-out
        sparkpost-ip-pool sparkpost-sandbox track-recipient-events use-dane
        use-mta-sts
    """,
    "acct-file": """
        count-moved-records http-webhook-ca-file http-webhook-certificate
        http-webhook-connect-timeout http-webhook-extra-headers
        http-webhook-io-timeout http-webhook-log-verbose http-webhook-max-interval
        http-webhook-transfer-encoding http-webhook-url map-header-to-field
        privacy-policy queue-filter retry-interval write-timeout
    """,
    "virtual-mta": """
        cold-virtual-mta include-headers-from max-smtp-data-volume-rate
        max-smtp-msg-rate proxy-protocol smtp-proxy-source-host use-proxy
    """,
    "virtual-mta-pool": """
        cold-virtual-mta include-headers-from max-smtp-data-volume-rate
        max-smtp-msg-rate
    """,
    "pattern-list": """
        * header mail-from rcpt-to
    """,
    "smtp-pattern-list": """
        include reply
    """,
    "dns": """
        precached-domains-file precached-max-domains precached-refresh-interval
    """,
    "smtp-listener": """
        await-slot immediate-tls tls-allow-sslv3 tls-allow-tlsv1 tls-allow-tlsv1.1
        tls-allow-tlsv1.2 tls-allow-tlsv1.3 tls-ca-file tls-certificate tls-ciphers
        tls-dh-key-length tls-tlsv1.3-ciphersuites
    """,
    "rewrite-list": """
        from-domain
    """,
    "domain-key-list": """
        domain-key
    """,
    "transmissions-api": """
        api-key log-data log-requests log-tls tls-ca-file
    """,
    "transmissions-api-listener": """
        tls-allow-sslv3 tls-allow-tlsv1 tls-allow-tlsv1.1 tls-allow-tlsv1.2
        tls-allow-tlsv1.3 tls-ca-file tls-certificate tls-ciphers tls-dh-key-length
        tls-tlsv1.3-ciphersuites tls-trusted-certificate
    """,
    "signals": """
        custom-message-id-header privacy-policy process-x-sp-subaccount-id
        retain-x-sp-subaccount-id
    """,
    "proxy": """
        client protocol-version server
    """,
    "aliases": """
        alias
    """,
    "mx-rollup-list": """
        mx
    """,
    "bounce-category-patterns": """
        /REGEX/
    """,
    "vault": """
        access-token cache-ttl server-url
    """,
}
