"""The Transmissions API without sockets: bodies, envelopes and answers."""

import asyncio
import itertools
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinyal.config.configuration import Configuration
from sinyal.config.inherit import SourceEntry, Sources
from sinyal.config.settings import AddressList, GlobalSettings, TransmissionsApi
from sinyal.mail.envelope import Submission
from sinyal.reception import transmissions_body
from sinyal.reception.door import Door
from sinyal.reception.transmissions import PATH, SOURCE, Transmissions
from sinyal.runtime.http_server import Head, Response
from sinyal.runtime.smtp_dialog import Peer
from sinyal.smtp.reply import Reply, reply

KEY, OTHER = "k" * 32, "Z_" * 20
PEER = Peer("192.0.2.1", 4711, "192.0.2.2", 443, "TLSv1.3", "AES")
RFC822 = "From: a@toko.example\nSubject: hi\n\nx\n"
MESSAGE: dict[str, Any] = {
    "return_path": "news@toko.example",
    "recipients": [{"address": "ann@example.org"}],
    "content": {"email_rfc822": RFC822},
}


class Api:
    """The API with a list for its spool."""

    def __init__(self, answer: Reply | None = None, **source: Any) -> None:
        self.submitted: list[Submission] = []
        self.lines: list[str] = []
        self._answer = answer or reply(250, "2.6.0 message received")
        ids = itertools.count(1)
        configuration = Configuration(
            settings=GlobalSettings(domain_suffix="corp.example"),
            transmissions_api=TransmissionsApi(
                api_key=(KEY, OTHER), log_requests=True, log_data=True, log_tls=True
            ),
            sources=Sources([SourceEntry(SOURCE, source)]),
            address_lists={
                "gone": AddressList(addresses=frozenset(("gone@example.org",)))
            },
        )
        door = Door(
            configuration=configuration,
            host_name="mx.example",
            submit=self.submit,
            report=self.submit,  # type: ignore[arg-type]
            clock=lambda: 1_700_000_000.0,
            new_message_id=lambda: f"{next(ids):020x}",
            log=self.lines.append,
        )
        self.api = Transmissions(door)

    async def submit(self, submission: Submission) -> Reply:
        self.submitted.append(submission)
        return self._answer

    def post(self, body: object) -> tuple[int, Any]:
        octets = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = asyncio.run(self.api.answer(head(), octets))
        return response.status, json.loads(response.body)


def head(method: str = "POST", target: str = PATH, **headers: str) -> Head:
    usual = {"authorization": KEY, "content-type": "application/json"}
    return Head(method, target, usual | headers, PEER)


def message(**changes: Any) -> dict[str, Any]:
    return MESSAGE | changes


def test_a_message_is_handed_in_as_its_envelope_says() -> None:
    api = Api()
    status, answer = api.post(
        message(
            campaign_id="spring-1",
            recipients=[
                {"address": "ann@example.org"},
                {
                    "address": {"email": "bob@example.org"},
                    "return_path": "other@toko.example",
                    "substitution_data": {"*custommessageid": "m-2"},
                },
            ],
        )
    )
    assert status == 200
    assert answer == {
        "results": {"total_accepted_recipients": 2, "total_rejected_recipients": 0}
    }
    (whole,) = api.submitted
    envelope = whole.envelope
    assert envelope.mail_from == "news@toko.example"
    assert (envelope.source_type, envelope.source_ip) == ("api", "192.0.2.1")
    ann, bob = envelope.recipients
    assert (ann.address, ann.mail_from, ann.job_id) == (
        *("ann@example.org", None, "spring-1"),
    )
    assert (bob.address, bob.mail_from) == ("bob@example.org", "other@toko.example")
    assert bob.custom_message_id == "m-2"
    assert whole.content.endswith(b"From: a@toko.example\r\nSubject: hi\r\n\r\nx\r\n")


def test_the_campaign_counts_before_x_job_and_gets_the_prefix() -> None:
    api = Api(process_x_job=True, jobid_prefix="api-")
    content = {"email_rfc822": "X-Job: header\n" + RFC822}
    assert api.post(message(campaign_id="body", content=content))[0] == 200
    assert api.post(message(content=content))[0] == 200
    first, second = (one.envelope for one in api.submitted)
    assert first.recipients[0].job_id == "api-body"
    assert (second.job_id, second.recipients[0].job_id) == ("api-header", "")


def test_a_sender_of_each_recipient_is_enough() -> None:
    api = Api()
    recipients = [{"address": "a@b.example", "return_path": "x@y.example"}]
    body = message(recipients=recipients)
    del body["return_path"]
    assert api.post(body)[0] == 200
    assert api.submitted[0].envelope.mail_from == "x@y.example"


@pytest.mark.parametrize(
    ("body", "description"),
    [
        (b"{", "Input data was truncated"),
        (b"\xff", "JSON is malformed"),
        (b"[]", "Expected `object`, got `array`"),
        (message(description="x"), "description: is not supported"),
        (message(metadata={}), "metadata: is not supported"),
        (
            message(options={"open_tracking": True}),
            "options.open_tracking: is not supported",
        ),
        (
            message(options={"smtputf8": "yes"}),
            "options.smtputf8: Expected `bool`, got `str`",
        ),
        (
            message(content={"email_rfc822": RFC822, "html": "x"}),
            "content.html: is not supported",
        ),
        (message(content={}), "content.email_rfc822: is missing"),
        ({"content": {"email_rfc822": RFC822}}, "recipients: is missing"),
        (message(recipients=[]), "recipients: at least one is needed"),
        (
            message(recipients={"list_id": "x"}),
            "recipients: Expected `array`, got `object`",
        ),
        (
            message(recipients=[{"address": "a@b.example"}, {}]),
            "recipients[1].address: is missing",
        ),
        (
            message(recipients=[{"address": "a@b.example", "tags": []}]),
            "recipients[0].tags: is not supported",
        ),
        (
            message(recipients=[{"address": {"email": "a@b.example", "name": "A"}}]),
            "recipients[0].address.name: is not supported",
        ),
        (
            message(recipients=[{"address": 7}]),
            "recipients[0].address: Expected `str | object`, got `int`",
        ),
        (
            message(
                recipients=[
                    {"address": "a@b.example", "substitution_data": {"name": "Ann"}}
                ]
            ),
            "recipients[0].substitution_data.name: is not supported",
        ),
        (
            message(
                recipients=[
                    {
                        "address": "a@b.example",
                        "substitution_data": {"*custommessageid": "a\r\nb"},
                    }
                ]
            ),
            "recipients[0].substitution_data.*custommessageid: up to 512 printable"
            " ASCII characters",
        ),
        (message(return_path=""), "return_path: is empty"),
        (message(return_path="nobody"), "return_path: is no address"),
        (
            message(
                recipients=[{"address": "a@b.example", "return_path": "a b@c.example"}]
            ),
            "recipients[0].return_path: is no address",
        ),
        (
            message(campaign_id="a b"),
            "campaign_id: holds a character that no job id may have",
        ),
        (
            message(content={"email_rfc822": "a: b\rc: d\r\n\r\n"}),
            "content.email_rfc822: a CR stands without LF",
        ),
        (message(content={"email_rfc822": ""}), "content.email_rfc822: is empty"),
        (
            message(recipients=[{"address": "b\u00fccher@b.example"}]),
            "recipients[0].address: a local part that is not ASCII needs"
            " options.smtputf8",
        ),
        (
            message(recipients=[{"address": "no address"}]),
            "no recipient is accepted; recipients[0].address: 550 5.1.3 bad recipient"
            " address syntax",
        ),
    ],
)
def test_a_body_that_is_not_understood_is_refused_with_the_place(
    body, description
) -> None:
    api = Api()
    status, answer = api.post(body)
    assert status == 400
    (error,) = answer["errors"]
    assert error["message"] == "Bad Request"
    assert error["description"].startswith(description)
    assert api.submitted == []


def test_a_message_without_any_sender_is_refused() -> None:
    body = message()
    del body["return_path"]
    status, answer = Api().post(body)
    assert status == 400
    assert answer["errors"][0]["description"].startswith("recipients[0].return_path:")


def test_recipients_that_smtp_would_refuse_are_counted() -> None:
    listed = [
        {"address": address}
        for address in ("a@b.example", "bad", "gone@example.org", "c@b.example")
    ]
    api = Api(suppression_lists=("gone",), max_rcpt_per_message=1)
    assert api.post(message(recipients=listed))[1]["results"] == {
        "total_accepted_recipients": 1,
        "total_rejected_recipients": 3,
    }
    whole = Api(max_rcpt_per_message=1, too_many_rcpts_fails_message=True)
    assert whole.post(message(recipients=listed))[0] == 400


def test_invalid_recipients_may_be_taken_to_be_bounced() -> None:
    api = Api(suppression_lists=("gone",), accept_invalid_recipients=True)
    listed = [{"address": "gone@example.org"}, {"address": "no address"}]
    _, answer = api.post(message(recipients=listed))
    assert answer["results"]["total_accepted_recipients"] == 2
    refusals = [one.refusal for one in api.submitted[0].envelope.recipients]
    assert [text[:9] for text in refusals] == ["550 5.7.1", "550 5.1.3"]


def test_short_domains_are_qualified() -> None:
    api = Api()
    assert api.post(message(recipients=[{"address": "ann@desk"}]))[0] == 200
    (one,) = api.submitted[0].envelope.recipients
    assert one.address == "ann@desk.corp.example"
    assert Api(auto_qualify_domain=False).post(message())[0] == 200


def test_addresses_beyond_ascii() -> None:
    api = Api()
    listed = [{"address": "ann@b\u00fccher.example"}]
    assert api.post(message(recipients=listed))[0] == 200
    assert api.submitted[0].envelope.recipients[0].address == (
        "ann@xn--bcher-kva.example"
    )
    listed = [{"address": "\u00e4nn@b\u00fccher.example"}]
    asked = message(recipients=listed, options={"smtputf8": True})
    assert api.post(asked)[0] == 200
    assert api.submitted[1].envelope.is_utf8
    assert api.submitted[1].envelope.recipients[0].address == listed[0]["address"]
    status, answer = Api(allow_smtputf8=False).post(asked)
    assert status == 400
    assert answer["errors"][0]["description"].startswith("options.smtputf8: allow")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (reply(451, "4.3.0 later"), 503),
        (reply(452, "4.3.1 full"), 503),
        (reply(554, "5.5.0 no"), 400),
    ],
)
def test_a_message_that_is_not_stored_is_not_accepted(answer, status) -> None:
    found, body = Api(answer).post(MESSAGE)
    assert found == status
    assert body["errors"][0]["description"] == str(answer)


def test_a_virtual_mta_that_is_not_there_is_a_refusal() -> None:
    api = Api(process_x_virtual_mta=True)
    content = {"email_rfc822": "X-Virtual-MTA: nowhere\n" + RFC822}
    status, answer = api.post(message(content=content))
    assert status == 400
    assert 'no VirtualMTA "nowhere"' in answer["errors"][0]["description"]


def test_a_large_message_is_too_large() -> None:
    status, answer = Api(max_message_size=100).post(
        message(content={"email_rfc822": RFC822 + "x" * 100})
    )
    assert status == 413
    assert answer["errors"][0]["message"] == "Content Too Large"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (head(), None),
        (head(authorization=OTHER), None),
        (head(**{"content-type": "Application/JSON; charset=utf-8"}), None),
        (head(target=PATH + "?num_rcpt_errors=3"), None),
        (head(target="/"), 404),
        (head(target=PATH + "/"), 404),
        (head("GET"), 405),
        (head("PUT", authorization=""), 405),
        (head(authorization=""), 403),
        (head(authorization=KEY[:-1]), 403),
        (head(authorization=KEY.upper()), 403),
        (head(authorization=f"Bearer {KEY}"), 403),
        (head(authorization="\u20ac"), 403),
        (head(**{"content-type": "text/plain"}), 400),
        (head(**{"content-type": ""}), 400),
    ],
)
def test_a_request_is_let_in_by_path_method_key_and_type(asked, status) -> None:
    admitted = Api().api.admit(asked)
    found = admitted.status if isinstance(admitted, Response) else None
    assert found == status


def test_without_keys_nobody_is_let_in() -> None:
    api = Api()
    door = api.api._door
    door.configuration = Configuration(settings=GlobalSettings())
    admitted = api.api.admit(head(authorization=""))
    assert isinstance(admitted, Response)
    assert admitted.status == 403


def test_the_log_tells_requests_and_never_a_key() -> None:
    api = Api()
    api.api.opened(PEER)
    api.post(MESSAGE)
    api.api.admit(head(authorization=KEY + "x"))
    assert api.lines[0] == "api-in 192.0.2.1:4711 TLS TLSv1.3 AES"
    assert api.lines[1].startswith("api-in 192.0.2.1:4711 body '{")
    assert api.lines[2] == "api-in 192.0.2.1:4711 200 1 accepted, 0 rejected"
    assert api.lines[3].startswith("api-in 192.0.2.1:4711 answer 200 '{")
    assert "403" in api.lines[4]
    assert not any(KEY in line for line in api.lines)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner)
    ),
    max_leaves=9,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "recipients": VALUES | st.lists(st.fixed_dictionaries({"address": VALUES})),
            "content": VALUES | st.fixed_dictionaries({"email_rfc822": st.text()}),
            "return_path": VALUES,
            "campaign_id": VALUES,
            "options": VALUES,
        },
    )
)
def test_no_body_breaks_the_reader(body) -> None:
    try:
        transmissions_body.read(msgspec.json.encode(body))
    except transmissions_body.BadBody as error:
        assert str(error)


@given(st.binary(max_size=100))
def test_no_octets_break_the_reader(octets: bytes) -> None:
    with pytest.raises(transmissions_body.BadBody):
        transmissions_body.read(octets)


def test_deep_nesting_is_refused() -> None:
    for octets in (b"[" * 100_000, b'{"recipients":' * 50_000):
        with pytest.raises(transmissions_body.BadBody):
            transmissions_body.read(octets)
