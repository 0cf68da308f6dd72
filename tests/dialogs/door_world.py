"""A door with a virtual clock, lists for neighbours and a small real configuration."""

import itertools
from pathlib import Path

from sinyal.mail.envelope import Submission
from sinyal.reception.door import Door, ReportMail
from sinyal.runtime.configuration import load_configuration
from sinyal.smtp.reply import Reply, reply

RECEIVED = reply(250, "2.6.0 message received")

# GLOBAL and SOURCE are where a transcript's own lines go; the last one counts.
CONFIGURATION = """
host-name mx.example
relay-domain example.net
relay-domain bounces.example.net
relay-domain fbl.example.net
postmaster admin@example.net
smtp-server-tls-certificate {pem}
smtp-server-tls-allow-tlsv1.1 false
{global_lines}
<source 0/0>
allow-starttls true
allow-unencrypted-plain-auth false
smtp-max-auth-failure-rate 1/min
rewrite-list mfrom
{source_lines}
</source>
<source {{auth}}>
always-allow-relaying yes
default-virtual-mta default
process-x-job true
process-x-virtual-mta true
</source>
<rewrite-list mfrom>
mail-from *@shop.example *@bounces.example.net
</rewrite-list>
<smtp-user alice>
password wonderland
</smtp-user>
<bounce-processor>
deliver-unmatched-email no
deliver-matched-email no
<address-list>
domain bounces.example.net
</address-list>
</bounce-processor>
<feedback-loop-processor>
deliver-unmatched-email no
deliver-matched-email no
<address-list>
domain fbl.example.net
</address-list>
</feedback-loop-processor>
<virtual-mta mta1>
smtp-source-host 127.0.0.1 one.example
</virtual-mta>
<virtual-mta mta2>
smtp-source-host 127.0.0.1 two.example
</virtual-mta>
<virtual-mta-pool default>
virtual-mta mta1
virtual-mta mta2
</virtual-mta-pool>
"""


class World:
    """What surrounds the door; `answer` is what both say, or what `report` raises."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.submitted: list[Submission] = []
        self.reports: list[ReportMail] = []
        self.lines: list[str] = []
        self.answer: Reply | OSError = RECEIVED
        self._ids = itertools.count(1)

    def message_id(self) -> str:
        return f"{next(self._ids):020x}"

    async def submit(self, submission: Submission) -> Reply:
        assert isinstance(self.answer, Reply)
        self.submitted.append(submission)
        return self.answer

    async def report(self, mail: ReportMail) -> Reply:
        if isinstance(self.answer, OSError):
            raise self.answer
        self.reports.append(mail)
        return RECEIVED

    def door(
        self, directory: Path, pem: Path, global_lines: str = "", source_lines: str = ""
    ) -> Door:
        path = directory / "sinyal.conf"
        text = CONFIGURATION.format(
            pem=pem, global_lines=global_lines, source_lines=source_lines
        )
        path.write_text(text)
        loaded = load_configuration(str(path))
        errors = [str(problem) for problem in loaded.problems if problem.is_error]
        assert loaded.configuration is not None, errors
        return Door(
            configuration=loaded.configuration,
            host_name="mx.example",
            submit=self.submit,
            report=self.report,
            clock=lambda: self.now,
            new_message_id=self.message_id,
            log=self.lines.append,
            version="X",
        )
