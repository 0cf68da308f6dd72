"""THE table of how a recipient's domain behaves, by its first label after the `@`.

Source: reference of the public sink's address convention (accept, oob, fbl, openclick)
and own rows; the figures of the pretended providers are invented for demonstrations.
"""

import msgspec

MINUTE_S, HOUR_S = 60.0, 3600.0

# How long people and machines take, before division by the speed: medians.
OPEN_AFTER_S = 40 * MINUTE_S
CLICK_AFTER_OPEN_S = 2 * MINUTE_S
AGAIN_AFTER_S = 6 * HOUR_S
OOB_AFTER_S = 10 * MINUTE_S
FBL_AFTER_S = 3 * HOUR_S
PREFETCH_AFTER_S = 2.0
SCAN_AFTER_S = 15.0
GREY_FOR_S = 60.0


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One row: percentages of messages, unless the comment says otherwise.

    `hard`, `block`, `full`, `too_big` exclude each other, in this order. `defer` is of
    the rest: refused for now `deferrals` times, then accepted; with `grey_s` refused
    until that time has passed instead. `oob` and `fbl` (in this order) exclude
    everything that follows. `open` is of what remains; `open_again` and `click` are of
    the opened, `click_again` of the clicked. `prefetch` and `bot` come independently.
    `at_rcpt` says that the refusal answers RCPT TO, not the end of the data.
    Units: `accept_s` median seconds until the end of the data is answered.
    """

    label: str
    meaning: str
    hard: float = 0.0
    block: float = 0.0
    full: float = 0.0
    too_big: float = 0.0
    defer: float = 0.0
    deferrals: int = 1
    grey_s: float = 0.0
    oob: float = 0.0
    fbl: float = 0.0
    open: float = 0.0
    open_again: float = 20.0
    click: float = 0.0
    click_again: float = 20.0
    prefetch: float = 0.0
    bot: float = 0.0
    accept_s: float = 0.0
    at_rcpt: bool = False

    @property
    def needs_content(self) -> bool:
        """Whether the answer depends on which message it is."""
        refused = self.hard + self.block + self.full + self.too_big + self.defer
        return refused > 0 and not self.at_rcpt


ROWS: tuple[Profile, ...] = (
    Profile(label="accept", meaning="accepted, then silence"),
    Profile(label="trap", meaning="an address that nobody has: accepted, silence"),
    Profile(label="bounce", meaning="unknown mailbox", hard=100, at_rcpt=True),
    Profile(label="block", meaning="refused by policy", block=100),
    Profile(label="full", meaning="mailbox full", full=100, at_rcpt=True),
    Profile(label="toobig", meaning="message too big", too_big=100),
    Profile(label="defer", meaning="4xx three times", defer=100, deferrals=3),
    Profile(label="grey", meaning="451 for a minute", defer=100, grey_s=GREY_FOR_S),
    Profile(label="slow", meaning="accepted after 10 s", accept_s=10.0),
    Profile(label="oob", meaning="accepted, then a late bounce", oob=100),
    Profile(label="fbl", meaning="accepted, then a complaint", fbl=100),
    Profile(label="openclick", meaning="opened, perhaps clicked", open=100, click=30),
    Profile(label="prefetch", meaning="images fetched by a proxy", prefetch=100),
    Profile(label="bot", meaning="a scanner follows every link", bot=100),
    Profile(
        label="not-gmail",
        meaning="a large provider without complaint reports",
        hard=0.6,
        block=0.4,
        full=0.2,
        defer=8,
        oob=0.05,
        open=28,
        click=9,
        prefetch=20,
        bot=0.2,
        accept_s=0.8,
    ),
    Profile(
        label="not-yahoo",
        meaning="a large provider with complaint reports",
        hard=0.8,
        block=0.6,
        full=0.1,
        defer=12,
        oob=0.1,
        fbl=0.06,
        open=22,
        click=7,
        prefetch=15,
        bot=0.2,
        accept_s=1.2,
    ),
    Profile(
        label="not-outlook",
        meaning="a large provider that blocks early",
        hard=0.9,
        block=0.9,
        full=0.1,
        defer=6,
        oob=0.1,
        fbl=0.05,
        open=20,
        click=6,
        prefetch=5,
        bot=4,
        accept_s=0.6,
    ),
    Profile(
        label="not-apple",
        meaning="a provider whose proxy fetches nearly everything",
        hard=0.5,
        block=0.4,
        full=0.1,
        defer=3,
        oob=0.05,
        open=25,
        click=8,
        prefetch=90,
        bot=0.1,
        accept_s=0.7,
    ),
    Profile(
        label="not-telkom",
        meaning="a small access provider",
        hard=2.0,
        block=0.5,
        full=1.5,
        defer=15,
        oob=0.6,
        open=15,
        click=4,
        bot=0.5,
        accept_s=2.5,
    ),
    Profile(
        label="not-corp",
        meaning="a company behind a scanning gateway",
        hard=1.0,
        block=1.2,
        full=0.1,
        defer=10,
        grey_s=GREY_FOR_S,
        oob=0.3,
        open=18,
        click=10,
        bot=60,
        accept_s=1.5,
    ),
)
PROFILES: dict[str, Profile] = {row.label: row for row in ROWS}

# Any other label is the public sink's statistical mix.
MIX = Profile(
    label="mix",
    meaning="a bit of everything",
    hard=2,
    oob=1,
    fbl=0.02,
    open=55,
    click=30,
)


def profile_of(address: str) -> Profile:
    """The row of an address: the first label of its domain decides."""
    label = address.rpartition("@")[2].partition(".")[0].lower()
    return PROFILES.get(label, MIX)
