"""Rewriting: envelope senders, and domains of From fields, to the octet (rules RW)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinyal.config.vocabulary import RewriteRule
from sinyal.mail import header
from sinyal.mail.rewrite import author_edits, rewrite


def rewritten(value: bytes, old: bytes = b"old.example") -> bytes:
    """The From field with `old` domains changed to `new.test`."""
    content = b"From:" + value + b"\r\nX: y@old.example\r\n\r\nz@old.example"
    field = header.fields(content)[0]

    def target_of(domain: bytes) -> bytes:
        return b"new.test" if domain.lower() == old else b""

    for at, end, octets in reversed(author_edits(content, field, target_of)):
        content = content[:at] + octets + content[end:]
    head, rest = content.split(b"\r\nX: y@", 1)
    assert rest == b"old.example\r\n\r\nz@old.example"
    return head.removeprefix(b"From:")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b" a@old.example", b" a@new.test"),
        (b" Kabar <a@OLD.example> ", b" Kabar <a@new.test> "),
        (b' "a@old.example, x" <a@old.example>', b' "a@old.example, x" <a@new.test>'),
        (
            b" =?utf-8?q?old.example?= <a@old.example>",
            b" =?utf-8?q?old.example?= <a@new.test>",
        ),
        (b"\r\n Kabar\r\n\t<a@old.example>", b"\r\n Kabar\r\n\t<a@new.test>"),
        (b" a@old.example (at old.example)", b" a@new.test (at old.example)"),
        (
            b" a@old.example, b@keep.test, C <c@old.example>",
            b" a@new.test, b@keep.test, C <c@new.test>",
        ),
        (
            b" Team: a@old.example, <b@old.example>;",
            b" Team: a@new.test, <b@new.test>;",
        ),
        (b' "x@old.example"@old.example', b' "x@old.example"@new.test'),
        (b" <@relay.test:a@old.example>", b" <@relay.test:a@new.test>"),
        (b" (a@old.example)", b" (a@old.example)"),
        (b" a@sub.old.example", b" a@sub.old.example"),
        (b" old.example", b" old.example"),
        (b" a@[192.0.2.1]", b" a@[192.0.2.1]"),
        (b" \xc3\xa9 <a@old.example>", b" \xc3\xa9 <a@new.test>"),
        (b" <a@old.example", b" <a@new.test"),
    ],
)
def test_only_the_octets_of_the_domain_change(before, after) -> None:
    assert rewritten(before) == after


@given(st.text(alphabet='ab@.<>()",;:\\ \t', max_size=40))
def test_whatever_the_field_holds_edits_lie_in_it_and_do_not_overlap(text) -> None:
    content = b"From:" + text.encode() + b"\r\n\r\n"
    found = header.fields(content)
    edits = author_edits(content, found[0], lambda domain: b"x") if found else []
    ends = [0, *(end for _, end, _ in edits)]
    assert all(
        last <= at < end for last, (at, end, _) in zip(ends, edits, strict=False)
    )
    assert all(content[at - 1 : at].strip() in {b"@", b""} for at, _, _ in edits)


@pytest.mark.parametrize(
    ("source", "target", "before", "after"),
    [
        ("*@shop.example", "*@bounces.example", "a@Shop.example", "a@bounces.example"),
        ("a@*", "b@*", "a@x.test", "b@x.test"),
        ("*@*", "<>", "a@x.test", ""),
        ("*@*", "b@y.test", "", ""),
        ("<>", "bounce@y.test", "", "bounce@y.test"),
        ("a@x.test", "b@y.test", "c@x.test", "c@x.test"),
    ],
)
def test_senders_follow_the_table_of_the_guide(source, target, before, after) -> None:
    assert rewrite([RewriteRule(source, target)], before) == after


PARTS = st.sampled_from(["a", "b", "A", "*"])
SOURCES = st.one_of(st.just("<>"), st.builds("{}@{}".format, PARTS, PARTS))
ADDRESSES = st.sampled_from(["", "a@a", "a@b", "B@A", "c@a", "a@c", "c@c"])


def _fits(source: str, address: str) -> bool:
    if source == "<>" or not address:
        return source == "<>" and not address
    pairs = zip(source.lower().split("@"), address.lower().split("@"), strict=True)
    return all(wanted in {"*", part} for wanted, part in pairs)


@given(st.lists(SOURCES, max_size=8), ADDRESSES)
def test_the_first_rule_that_fits_rewrites(sources, address):
    rules = [RewriteRule(one, f"t{at}@t") for at, one in enumerate(sources)]
    targets = [one.target for one in rules if _fits(one.source, address)]
    assert rewrite(rules, address) == (targets[0] if targets else address)
