"""Reports as strange servers write them: an RFC 3464 bounce, an RFC 5965 complaint."""

from neighbours import Mail

FRAME = """\
From: <{author}>
To: <{rcpt}>
Subject: {subject}
Date: Wed, 04 Mar 2026 09:15:20 +0000
Message-ID: <{subject}.{returned_id}@mx.test>
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="=_1"

--=_1
Content-Type: text/plain

This is about your message.
--=_1
Content-Type: message/{kind}

{fields}
--=_1
Content-Type: {original_type}

{original}
--=_1--
"""
BOUNCE = """\
Reporting-MTA: dns; mx.test
Arrival-Date: Wed, 04 Mar 2026 09:15:19 +0000

Final-Recipient: rfc822; {rcpt}
Action: failed
Status: 5.1.1
Remote-MTA: dns; inner.test
Diagnostic-Code: smtp; 550 5.1.1 <{rcpt}> no such mailbox
"""
COMPLAINT = """\
Feedback-Type: abuse
User-Agent: judge/1
Version: 1
Original-Rcpt-To: <{rcpt}>
Source-IP: 127.0.0.1
"""


def bounce(mail: Mail, fields: bytes) -> bytes:
    """A bounce of a delivered message that returns `fields` as its header."""
    return _report(
        fields,
        rcpt=mail.mail_from,
        kind="delivery-status",
        fields=BOUNCE.format(rcpt=mail.rcpts[0]),
        original_type="text/rfc822-headers",
    )


def complaint(mail: Mail, rcpt: str) -> bytes:
    """A complaint about a delivered message, sent to `rcpt` with the whole of it."""
    return _report(
        mail.content,
        rcpt=rcpt,
        kind="feedback-report",
        fields=COMPLAINT.format(rcpt=mail.rcpts[0]),
        original_type="message/rfc822",
    )


def _report(original: bytes, **facts: str) -> bytes:
    text = FRAME.format(
        author="mailer-daemon@mx.test",
        subject=facts["kind"],
        returned_id=len(original),
        original="@original@",
        **facts,
    )
    return text.replace("\n", "\r\n").encode().replace(b"@original@", original)
