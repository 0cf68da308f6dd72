"""Parse, print, parse: the same tree; guide 3.1."""

from hypothesis import given
from hypothesis import strategies as st

from sinyal.config.grammar import Section, parse
from sinyal.config.printing import printed

TEXT = """\
Host-Name "mail.example"   # a comment
<DOMAIN *.example.com>
max-smtp-out\t20
</domain>
<pattern-list one>
    mail-from /a b/ virtual-mta=x
    header Subject /"quoted"/ <pattern-list>
        rcpt-to /x/ virtual-mta=y
    </pattern-list>
</pattern-list one>
<virtual-mta v>
<domain *>
remove-header ""
</domain>
</virtual-mta>
"""
CANONICAL = """\
Host-Name "mail.example"
<domain *.example.com>
    max-smtp-out 20
</domain>
<pattern-list one>
    mail-from /a b/ virtual-mta=x
    header Subject /"quoted"/ <pattern-list>
        rcpt-to /x/ virtual-mta=y
    </pattern-list>
</pattern-list>
<virtual-mta v>
    <domain *>
        remove-header ""
    </domain>
</virtual-mta>
"""


def tree(text):
    return bare(parse(text, "f")[0])


def bare(nodes):
    return [
        (node.tag, node.argument, bare(node.body))
        if isinstance(node, Section)
        else (node.name, node.value)
        for node in nodes
    ]


def again(text):
    return printed(parse(text, "f")[0], with_secrets=True)


def test_a_file_is_printed_in_one_form():
    assert again(TEXT) == CANONICAL
    assert again(CANONICAL) == CANONICAL


def test_what_is_printed_reads_as_the_same_tree():
    assert tree(again(TEXT)) == tree(TEXT)


PIECES = st.sampled_from([
    "a", "b c", '"x y"', "\\", '"', "#", "<", ">", "</", "<a>", "</a>", "<a b>", "\n",
    "<pattern-list>", "<pattern-list x>", "</pattern-list>", " ", "\t", "\x0b", "\x85",
    "\u2028", "\r", ",", "$", "/", "\ufeff", "domain-macro m", "\\\n",
])  # fmt: skip


@given(st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=80)))
def test_any_text_read_and_printed_and_read_again_is_the_same_tree(text):
    assert tree(again(text)) == tree(text)


def test_secrets_are_hidden_unless_asked_for():
    text = 'api-key 0123\nsmtp-server-tls-certificate "a b.pem" horse\npasswrd staple\n'
    text += "<smtp-user u>\npassword battery\n</smtp-user>\npassword=correct\n"
    text += 'auth-password ""\nauthentication-method password\n'
    nodes, _ = parse(text, "f")
    assert printed(nodes) == (
        "api-key (hidden)\n"
        'smtp-server-tls-certificate "a b.pem" (hidden)\n'
        "passwrd (hidden)\n"
        "<smtp-user u>\n    password (hidden)\n</smtp-user>\n"
        "password=(hidden)\n"
        'auth-password ""\n'
        "authentication-method password\n"
    )
