"""What follows an accepted mail: its plan as work on the agenda."""

from functools import partial

from sinyal.mail import header
from sinyal.sink.agenda import Agenda, Work
from sinyal.sink.browser import Browser, Reader
from sinyal.sink.decide import Act, Planned
from sinyal.sink.mailroom import Sequel
from sinyal.sink.page import Page, read_page
from sinyal.sink.parts import html_of
from sinyal.sink.postmaster import Postmaster
from sinyal.sink.sites import Sites

REPORTS, VISITS = "reports", "visits"  # lanes of the agenda
OF_REPORTS = frozenset({Act.OOB, Act.FBL})


class Aftermath:
    """Puts what a mail leads to on the agenda, holding no more of the mail than needed.

    Units: `speed` by how much all times are shortened, `most_delay_s` the longest wait
    after that.
    """

    def __init__(
        self,
        agenda: Agenda,
        postmaster: Postmaster,
        browser: Browser,
        sites: Sites,
        *,
        speed: float,
        most_delay_s: float,
    ) -> None:
        self._agenda = agenda
        self._postmaster = postmaster
        self._browser = browser
        self._sites = sites
        self._speed = speed
        self._most_delay_s = most_delay_s

    def follow(self, sequel: Sequel, now: float) -> None:
        """Plan all that follows; `now` is when the mail was accepted."""
        acts = {planned.act for planned in sequel.plan}
        page = Page()
        if acts - OF_REPORTS:
            page = read_page(html_of(sequel.mail.content), self._sites)
        for planned in sequel.plan:
            delay_s = min(planned.after_s / self._speed, self._most_delay_s)
            for lane, work in self._works(sequel, planned, page):
                octets = len(sequel.mail.content) if lane == REPORTS else 0
                self._agenda.add(now + delay_s, lane, work, octets)

    def _works(
        self, sequel: Sequel, planned: Planned, page: Page
    ) -> list[tuple[str, Work]]:
        if planned.act in OF_REPORTS:
            return [(REPORTS, self._report(sequel, planned.act))]
        mail = sequel.mail
        reader = Reader(
            sequel.rcpt, mail.message_id, mail.job, planned.agent, planned.share
        )
        if planned.act is Act.OPEN:
            return [(VISITS, partial(self._browser.open, reader, page))]
        links = page.links
        if planned.act is Act.CLICK and links:
            links = (links[int(planned.share * len(links))],)
        if not links:
            return [(VISITS, partial(self._browser.find_nothing, reader))]
        return [(VISITS, partial(self._browser.click, reader, one)) for one in links]

    def _report(self, sequel: Sequel, act: Act) -> Work:
        mail, rcpt = sequel.mail, sequel.rcpt
        if act is Act.FBL:
            return partial(self._postmaster.complain, mail, rcpt)
        # Only the header is returned: the rest need not be kept until then.
        end = header.split(mail.content).header_end
        return partial(self._postmaster.bounce, mail.without_body(end), rcpt)
