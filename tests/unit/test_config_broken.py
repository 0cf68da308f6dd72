"""A file of 300 lines with every mistake that operators make: each one is named."""

from pathlib import Path

import pytest

from sinyal.runtime.configuration import load_configuration

BROKEN = Path(__file__).parents[1] / "golden" / "broken.conf"

# Line, directive, words of what is said.
MISTAKES = """
5 | postmaster | not a mail address
7 | host-name | one word too many
8 | total-max-smtp-in | not a whole number
9 | total-max-smtp-outt | did you mean total-max-smtp-out?
10 | run-as-root | not a switch
11 | name-server | not an IP address
14 | log-rotate | not a whole number
15 | smtp-listener | the port is missing
17 | smtp-listener | listened to already
18 | smtp-listener | not a port
19 | smtp-listener | inside is not defined
20 | smtp-source-host | not an IP address
21 | smtp-server-tls-certificate | cannot be read
22 | smtp-server-tls-allow-sslv3 | no SSLv3
23 | relay-domain | placeholder
24 | relay-domain | not a domain pattern
25 | relay-address | not a regular expression
26 | relay-address | closing / is missing
27 | domain-key | a selector, a domain and a file
28 | domain-key | cannot be read
29 | domain-macro | not a macro name
32 | domain-macro | empty part
33 | max-smtp-out | does not belong in the global level
34 | include | is not there
35 | include | another server
36 | http-access | not monitor
37 | http-api-key | 32 to 128
38 | alias | an address and where its mail goes
39 | edns-udp-length | not a whole number
45 | <spool> | the value is missing
52 | priority | not from 1 to 100
53 | min-free-space | one word too many
60 | <smtp-user feeder> | password is missing
61 | passwd | did you mean password?
68 | password | blanks
69 | source | {user} is not defined
76 | password | placeholder
77 | authentication-method | not one of the choices
86 | always-allow-relaying | one word too many
87 | smtp-max-auth-failure-rate | one word too many
88 | max-message-size | not a size
89 | smtp-command-timeout | one word too many
90 | add-date-header | not one of the choices
91 | default-virtual-mta | nowhere is not defined
92 | pattern-list | stands below this line
93 | suppression-lists | unsubscribed is not defined
94 | remove-header | not the name of a header
95 | rewrite-list | none is not defined
96 | bounce-after | does not belong in <source>
97 | require-starttls | require-starttls-before-auth
103 | <source> | not an IP address or range
110 | <source> | one word too many
116 | <sources> | did you mean source?
125 | tls-allow-sslv3 | no SSLv3
126 | tls-dh-key-length | not one of the choices
135 | smtp-source-host | 1 words where two belong
136 | use-proxy | p1 is not defined
138 | max-smtp-out | not a whole number
139 | max-msg-rate | one word too many
140 | max-msg-rate | not a rate
147 | <virtual-mta> | one word too many
154 | <virtual-mta-pool mta1> | a VirtualMTA is called mta1 too
156 | virtual-mta | mta9 is not defined
162 | <virtual-mta-pool empty> | no members
170 | type | pipe is refused
171 | bounce-after | one word too many
172 | retry-after | not a time interval
173 | connection-idle-timeout | longest time
174 | default-smtp-port | not a port
175 | smtp-hosts | not a host
176 | smtp-pattern-list | blocks is not defined
177 | backoff-notify | not a mail address
178 | max-data-volume-rate | not a data rate
179 | source-ip-max-msg-rate | a range and a value
180 | queue-priority | not from 0 to 100
181 | auth-password | double quote
182 | file-format | not one of the choices
183 | http-delivery-url | not an http
184 | dkim-algorithm | RFC 8301
185 | dkim-identity | not a mail address
186 | max-cold-virtual-mta-msg | daily limits
187 | notify-of-delay-every | not a time interval
188 | warp-factor | unknown directive
194 | <domain $nowhere> | $nowhere is not a macro
200 | <domain *.[example.com]> | not a domain pattern
208 | dkim-sign | not a switch
209 | </domian> | closes nothing
218 | reply | closing / is missing
219 | connections/ | unknown directive
220 | reply | not an action
221 | reply | two modes
222 | reply | without disable-source-ip
223 | reply | does not begin with /
232 | /REGEX/ | category is missing
233 | quota | unknown directive
240 | mail-from | the rule has no result
241 | rcpt-to | mta7 is not defined
242 | header | does not begin with /
243 | rcpt-to | other is not defined
245 | rcpt-to | not a priority
254 | mail-from | 1 words where two belong
255 | mail-from | nothing to stand for
262 | records | not a record type
263 | record-fields | the fields are missing
264 | max-size | smallest size
265 | delete-after | one word too many
266 | privacy-policy | pairs of hex digits
273 | deliver-unmatched-email | one word too many
275 | address | closing / is missing
276 | address-file | cannot be read
277 | domain | $nobody is not a macro
285 | api-key | 40 hex digits
286 | upload-url | not an http
287 | engagement-tracking | not a switch
292 | <virtual-mta> | the section is not closed
298 | <source> | does not belong in <virtual-mta>
"""


def mistakes():
    """The table as (line, directive, words)."""
    for row in MISTAKES.strip().splitlines():
        line, directive, words = row.split(" | ")
        yield int(line), directive, words


@pytest.fixture(scope="module")
def found():
    problems = load_configuration(str(BROKEN)).problems
    return [problem for problem in problems if problem.is_error]


@pytest.mark.parametrize(("line", "directive", "words"), list(mistakes()))
def test_each_mistake_is_named_with_its_line(found, line, directive, words):
    said = [
        f"{problem.text}, {problem.remedy}"
        for problem in found
        if (problem.line, problem.directive) == (line, directive)
    ]
    assert len(said) == 1
    assert words in said[0]


def test_nothing_that_is_right_is_called_a_mistake(found):
    assert len(BROKEN.read_text().splitlines()) == 300
    expected = [(line, directive) for line, directive, _ in mistakes()]
    assert sorted((one.line, one.directive) for one in found) == sorted(expected)


def test_every_mistake_has_a_way_out(found):
    assert all(problem.remedy for problem in found)


def test_no_password_of_the_file_is_repeated(found):
    whole = "\n".join(map(str, found))
    assert not any(secret in whole for secret in ("hunter2", "two words", "12345"))
