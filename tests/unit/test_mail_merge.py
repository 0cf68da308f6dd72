"""Mail merge: tags, parts, reserved variables, and what is refused."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinyal.mail.envelope import Envelope, Recipient
from sinyal.mail.merge import (
    MAX_COPY_OCTETS,
    BadMerge,
    check,
    expand,
    laid_out,
    merged,
    recipient_of,
)
from sinyal.mail.merge_variables import MAX_OCTETS, MAX_VARIABLES
from sinyal.smtp.transparency import stuff

PIECES = st.sampled_from([
    *(b"[", b"]", b"[[", b"]]", b"[a]", b"[A]", b"[b_1]", b"[*to]", b"[no]", b"[ a]"),
    *(b"a", b"*", b"\r\n", b".", b"\xff", b"\xc3\xa9", b"[1]", b"[a", b"a]"),
])
TEXTS = st.lists(PIECES, max_size=30).map(b"".join)
PART_LISTS = st.lists(st.integers(1, 5), max_size=8).map(tuple)


def expanded(content: bytes, **variables: str) -> bytes:
    return expand(content, variables, keeps_undefined=False)


def envelope(*recipients: Recipient, parts: tuple[int, ...] = ()) -> Envelope:
    return Envelope(
        mail_from="news@example.com",
        recipients=recipients,
        received_at=1772615720.0,
        size_octets=0,
        vmta="mta1",
        job_id="spring",
        env_id="e1",
        part_octets=parts,
    )


def refusal(variables: dict[str, str]) -> str:
    with pytest.raises(BadMerge) as refused:
        recipient_of(variables)
    return str(refused.value)


# -- tags


@pytest.mark.parametrize(
    ("content", "result"),
    [
        (b"Dear [name],", b"Dear Ann,"),
        (b"[Name][NAME]", b"AnnAnn"),
        (b"[[]", b"[]"),
        (b"[[name]]", b"[name]"),
        (b"a[0]]] = ]", b"a[0]] = ]"),
        (b"[name]]", b"Ann]"),
        (b"[unknown]!", b"!"),
        (b"[if mso] [*] [1a] []", b"[if mso] [*] [1a] []"),
        (b"[name", b"[name"),
        (b"[na[name]", b"[naAnn"),
        (b"no tag", b"no tag"),
    ],
)
def test_a_tag_is_replaced_and_a_doubled_bracket_made_single(
    content: bytes, result: bytes
):
    assert expanded(content, name="Ann") == result


def test_an_undefined_variable_may_stay_as_it_is():
    content = b"[a][Gone][*gone]"
    assert expand(content, {"a": "1"}, keeps_undefined=True) == b"1[Gone][*gone]"


def test_a_value_goes_in_as_utf_8_and_is_not_expanded_again():
    assert expanded(b"[a]", a="J\u00fcrg [a] [[") == b"J\xc3\xbcrg [a] [["


@given(TEXTS, st.dictionaries(st.sampled_from(["a", "b_1"]), st.text(max_size=9)))
def test_any_content_is_expanded(content: bytes, variables: dict[str, str]):
    for keeps_undefined in (False, True):
        expand(content, variables, keeps_undefined=keeps_undefined)


@given(st.binary(max_size=50))
def test_what_has_its_brackets_doubled_comes_out_as_it_was(plain: bytes):
    doubled = plain.replace(b"[", b"[[").replace(b"]", b"]]")
    assert expanded(doubled) == plain


@pytest.mark.parametrize("unit", [b"[", b"]", b"[a", b"[a]", b"a[[", b"[" + b"a" * 999])
def test_the_time_is_linear_in_the_content(unit: bytes):
    began = time.process_time()
    expanded(unit * (4_000_000 // len(unit)), a="1")
    assert time.process_time() - began < 10.0


# -- parts


def test_parts_are_laid_out_by_their_numbers():
    assert laid_out({2: b"two", 1: b"one", 3: b""}) == (b"onetwo", (3, 3, 0))


@pytest.mark.parametrize(
    ("parts", "missing"), [({}, 1), ({2: b""}, 1), ({1: b"", 3: b""}, 2)]
)
def test_a_missing_part_is_named(parts: dict[int, bytes], missing: int):
    with pytest.raises(BadMerge, match=rf"5\.5\.1 part {missing} is missing"):
        laid_out(parts)


def test_a_copy_has_its_parts_in_its_order_under_the_trace_fields():
    content, lengths = laid_out({1: b"1[x]\r\n", 2: b"2\r\n", 3: b"3\r\n"})
    one = Recipient("a@b.test", "", parts=(3, 1), variables={"x": "!"})
    stamped = b"Received: by [10.0.0.1]\r\n" + content
    whole = envelope(one, parts=lengths)
    assert merged(whole, one, stamped) == b"Received: by [10.0.0.1]\r\n3\r\n1!\r\n"
    every = Recipient("a@b.test", "")
    assert merged(whole, every, content) == b"1\r\n2\r\n3\r\n"


def test_a_message_that_is_no_merge_is_left_alone():
    one = Recipient("a@b.test", "", variables={"a": "1"})
    assert merged(envelope(one), one, b"[a] [[") == b"[a] [["


def test_the_reserved_variables_can_be_read():
    tags = b"[*to]|[*date]|[*from]|[*jobid]|[*envid]|[*vmta]|[*priority]"
    own = recipient_of({"*from": "me@x.test", "*jobid": "j2"}, "a@b.test")
    bare = Recipient("a@b.test", "")
    when = b"Wed, 04 Mar 2026 09:15:20 +0000"
    whole = envelope(own, parts=(len(tags),))
    assert merged(whole, own, tags) == (b"a@b.test|%b|me@x.test|j2|e1|mta1|50" % when)
    assert merged(whole, bare, tags) == (
        b"a@b.test|%b|news@example.com|spring|e1|mta1|50" % when
    )


@given(st.lists(TEXTS, min_size=1, max_size=5), PART_LISTS)
def test_every_copy_that_passed_the_check_can_be_made(
    texts: list[bytes], numbers: tuple[int, ...]
):
    content, lengths = laid_out(dict(enumerate(texts, 1)))
    one = Recipient("a@b.test", "", parts=numbers)
    try:
        check(content, lengths, [one])
    except BadMerge as refused:
        assert max(numbers) > len(texts)
        assert f"there is no part {max(numbers)} for <a@b.test>" in str(refused)
        return
    chosen = [texts[n - 1] for n in numbers] if numbers else texts
    known = {"*to": "a@b.test"}
    assert merged(envelope(one, parts=lengths), one, content).startswith(
        expand(b"".join(chosen), known, keeps_undefined=False)[:1]
    )


def test_a_copy_that_would_pass_every_bound_is_refused():
    content = b"[a]" * 100_000
    one = Recipient("a@b.test", "", variables={"a": "x" * 60_000})
    with pytest.raises(BadMerge, match=r"5\.3\.4"):
        check(content, (len(content),), [one])
    many = Recipient("a@b.test", "", parts=(1,) * 1000)
    with pytest.raises(BadMerge, match=r"5\.3\.4"):
        check(content, (len(content),), [many])
    assert MAX_COPY_OCTETS < 100_000 * 60_000


def test_a_line_that_becomes_a_dot_is_stuffed_when_it_is_sent():
    tag, end = b"H: v\r\n\r\n[dot]\r\n", b"[dot]QUIT\r\n"
    one = recipient_of({"dot": "."}, "a@b.test")
    copy = merged(envelope(one, parts=(len(tag + end),)), one, tag + end)
    assert copy == b"H: v\r\n\r\n.\r\n.QUIT\r\n"
    assert stuff(copy) == b"H: v\r\n\r\n..\r\n..QUIT\r\n.\r\n"


# -- reserved variables


def test_reserved_variables_become_fields_of_the_recipient():
    found = recipient_of(
        {
            "*from": "<bounce@example.com>",
            "*envid": "e-9",
            "*vmta": "pool1",
            "*jobid": "my job",
            "*parts": "1-3, 7,5",
            "*schedule": "2026-03-04 09:00:00/2026-03-04 10:00:00",
            "*priority": "100",
            "*subaccountid": "12",
            "*custommessageid": "m-1",
            "name": "Ann",
        },
        "a@b.test",
    )
    ((opens, closes),) = found.schedule
    assert closes - opens == 3600
    assert found == Recipient(
        "a@b.test",
        "",
        mail_from="bounce@example.com",
        env_id="e-9",
        vmta="pool1",
        job_id="my_job",
        parts=(1, 2, 3, 7, 5),
        schedule=found.schedule,
        priority=100,
        subaccount_id=12,
        custom_message_id="m-1",
        variables={"name": "Ann"},
    )


def test_an_empty_sender_of_its_own_is_not_the_sender_of_the_message():
    assert recipient_of({"*from": "<>"}).mail_from == ""
    assert recipient_of({}).mail_from is None


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("*parts", "1-999999999", "5.5.4 *parts is no list of parts from 1 to 1000"),
        ("*parts", "", "5.5.4 *parts is no list"),
        ("*parts", "3-1", "5.5.4 *parts is no list"),
        ("*parts", "0", "5.5.4 *parts is no list"),
        ("*parts", ",".join(["1-999"] * 999), "5.5.4 *parts names more than 1000"),
        ("*priority", "0", "5.5.4 *priority is not a number from 1 to 100"),
        ("*priority", "101", "5.5.4 *priority is not a number"),
        ("*priority", "9" * 5000, "5.5.4 *priority is not a number"),
        ("*subaccountid", "-1", "5.5.4 *subaccountid is not a number"),
        ("*from", "a b@c", "5.1.7 *from is not an address"),
        ("*from", "a@" + "b" * 400, "5.1.7 *from is not an address"),
        ("*envid", "x" * 101, "5.5.4 *envid is longer than 100"),
        ("*vmta", "", "5.5.4 *vmta is empty"),
        ("*schedule", "tomorrow", "5.5.4 *schedule: a window is START / END"),
        ("*custommessageid", "\u00e9", "5.5.4 *custommessageid is not ASCII"),
        ("*to", "a@b", "5.5.4 variable *to cannot be set; there are *from"),
        ("*unknown", "1", "5.5.4 variable *unknown cannot be set"),
        ("1a", "1", '5.5.4 "1a" is not the name of a variable'),
        ('a"\r\n', "1", '5.5.4 "a???" is not the name of a variable'),
        ("n" * 129, "1", "is not the name of a variable"),
        ("a", "x\r\nBcc: y", "5.5.4 the value of a holds a control character"),
        ("a", "\0", "5.5.4 the value of a holds a control character"),
        ("a", "\udcff", "5.5.4 the value of a holds a control character"),
        ("a", "x" * (1 << 20), "5.5.4 too many variables, or too long values"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(name: str, value: str, text: str):
    assert text in refusal({name: value})


def test_a_recipient_has_no_endless_variables():
    assert "too many" in refusal({f"v{n}": "" for n in range(10_000)})
    full = {f"v{n}": "" for n in range(MAX_VARIABLES)}
    assert recipient_of(full).variables == full
    assert recipient_of({"a": "x" * (MAX_OCTETS - 1)})
    assert "too many" in refusal({"a": "x" * MAX_OCTETS})


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=20), max_size=5))
def test_variables_become_a_recipient_or_a_reason(variables: dict[str, str]):
    try:
        recipient_of(variables)
    except BadMerge as refused:
        assert str(refused).startswith("5.")
        assert str(refused).isprintable()


@given(st.sampled_from(["*parts", "*from", "*priority", "*schedule"]), st.text())
def test_any_value_of_a_reserved_variable_is_read_or_refused(name: str, value: str):
    try:
        recipient_of({name: value})
    except BadMerge as refused:
        assert str(refused).isascii()


def test_a_copy_that_begins_with_a_blank_goes_on_with_no_field_above_it() -> None:
    one = Recipient("a@x.test", "", parts=(2,), variables={"a": " v"})
    content = b"Received: x\r\nfirst\r\n[a]\r\n"
    whole = merged(envelope(one, parts=(7, 5)), one, content)
    assert whole == b"Received: x\r\n\r\n v\r\n"
