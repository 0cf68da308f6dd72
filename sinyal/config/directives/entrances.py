"""Directives of the sections about who comes in and where; guide 3.3.8-9, 3.3.17-21."""

from sinyal.config.directives.rows import rows

ROWS = (
    *rows(
        "smtp-user",
        """
password | secret | | 3.3.8.1 | The password
authentication-method | one of password system certificate | password | 3.3.8.2 | How
    the user proves the identity
tls-certificate | path of certificates | | 3.3.8.3 | The certificate that the user shows
source | source | | 3.3.8.4 | Source applied after the login, {auth} without it
""",
    ),
    *rows(
        "source-group",
        """
max-smtp-in | number or unlimited | unlimited | 3.3.9.1 | Connections of all its sources
    together
reserved-smtp-in | number or unlimited | 0 | 3.3.9.2 | Connections kept free for its
    sources
""",
    ),
    *rows(
        "smtp-listener",
        """
await-slot | boolean | false | 3.3.17.1 | At the limit new connections wait, else they
    get 421
immediate-tls | boolean | false | 3.3.17.2 | TLS begins with the connection
source | source | | 3.3.17.3 | Source applied to connections to this listener
tls-certificate | path of a PEM file | | 3.3.17.4 | Certificate and key, else the global
    ones
tls-ca-file | path of certificates | | 3.3.17.10 |
    Roots that certificates of feeders are held against
tls-allow-tlsv1 | boolean | false | 3.3.17.7 | TLS 1.0 may be used
tls-allow-tlsv1.1 | boolean | true | 3.3.17.6 | TLS 1.1 may be used
tls-allow-tlsv1.2 | boolean | true | 3.3.17.5 | TLS 1.2 may be used
tls-allow-tlsv1.3 | boolean | true | later 3.3.17.5 | TLS 1.3 may be used
tls-ciphers | text | HIGH:!ADH:@STRENGTH | 3.3.17.9 | Cipher suites up to TLS 1.2
: accepted Python before 3.15 cannot choose them: those of OpenSSL are offered
tls-tlsv1.3-ciphersuites | text | | later 3.3.17.11 | Cipher suites of TLS 1.3
: accepted the library that speaks TLS chooses the size
tls-dh-key-length | one of 1024 2048 4096 | 1024 | later 3.3.17.12 | Bits of
    Diffie-Hellman parameters
: refused OpenSSL has no SSLv3 any more; remove the line, feeders use TLS 1.2 or 1.3
tls-allow-sslv3 | boolean | false | 3.3.17.8 | SSLv3 may be used
""",
    ),
    *rows(
        "transmissions-api",
        """
api-key | key of 32 to 128 | | 3.3.20.1.1 many | Keys of those who may inject
log-requests | boolean | false | 3.3.20.1 | Requests are logged
log-data | boolean | false | 3.3.20.1.2 | Requests and answers are logged whole
log-tls | boolean | false | 3.3.20.1.3 | TLS handshakes are logged
tls-ca-file | path of certificates | | 10.19.2 |
    Roots that certificates of clients are held against
""",
    ),
    *rows(
        "transmissions-api-listener",
        """
tls-certificate | path of a PEM file | | 3.3.21.1 | Certificate and key
tls-ca-file | path of certificates | | 3.3.21.7 |
    Roots that certificates of clients are held against
tls-allow-tlsv1 | boolean | false | 3.3.21.4 | TLS 1.0 may be used
tls-allow-tlsv1.1 | boolean | true | 3.3.21.3 | TLS 1.1 may be used
tls-allow-tlsv1.2 | boolean | true | 3.3.21.2 | TLS 1.2 may be used
tls-allow-tlsv1.3 | boolean | true | later 3.3.21.2 | TLS 1.3 may be used
tls-ciphers | text | HIGH:!ADH:@STRENGTH | 3.3.21.6 | Cipher suites up to TLS 1.2
: accepted Python before 3.15 cannot choose them: those of OpenSSL are offered
tls-tlsv1.3-ciphersuites | text | | later 3.3.21.8 | Cipher suites of TLS 1.3
: accepted keys let clients in, not certificates
tls-trusted-certificate | path of a file | | 10.19.1 | A certificate that is let in
: accepted the library that speaks TLS chooses the size
tls-dh-key-length | one of 1024 2048 4096 | 1024 | later 3.3.21.9 | Bits of
    Diffie-Hellman parameters
: refused OpenSSL has no SSLv3 any more; remove the line, clients use TLS 1.2 or 1.3
tls-allow-sslv3 | boolean | false | 3.3.21.5 | SSLv3 may be used
""",
    ),
)
