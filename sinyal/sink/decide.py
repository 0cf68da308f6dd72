"""What becomes of a message: a function of seed, Message-ID and recipient, no state."""

from enum import Enum

import msgspec

from sinyal.sink import profiles, replies
from sinyal.sink.draw import Dice
from sinyal.sink.profiles import Profile
from sinyal.smtp.reply import Reply


class Act(Enum):
    """What the recipient's side does after it has accepted the mail."""

    OOB = "oob"
    FBL = "fbl"
    OPEN = "open"  # both pixels, as a client that loads the mail
    CLICK = "click"  # one wrapped link
    SCAN = "scan"  # all wrapped links


class Planned(msgspec.Struct, frozen=True):
    """One act that follows. `agent` is a class of `agents.AGENTS`.

    Units: `after_s` seconds after acceptance, before division by the speed.
    `share` in [0, 1) chooses the link and the user agent.
    """

    act: Act
    after_s: float
    share: float = 0.0
    agent: str = "human"


class Decision(msgspec.Struct, frozen=True):
    """The answer and what follows an acceptance.

    `refusal` is the 5xx (or asked-for) answer, None for mail that is accepted in the
    end: then `deferrals` times `deferral` comes first, or for `grey_s` seconds.
    """

    refusal: Reply | None = None
    deferral: Reply | None = None
    deferrals: int = 0
    grey_s: float = 0.0
    accept_s: float = 0.0
    plan: tuple[Planned, ...] = ()


SILENCE = Decision()


def decide(seed: int, message_id: str, rcpt: str) -> Decision:
    """All that the sink will do with this message for this recipient."""
    row = profiles.profile_of(rcpt)
    exact = replies.exact_reply(rcpt)
    if exact is not None:
        return SILENCE if exact.is_positive else Decision(refusal=exact)
    if row.label == "accept":
        return SILENCE
    dice = Dice(seed, message_id, rcpt)
    refusal = _refusal(row, rcpt, dice)
    if refusal is not None:
        return Decision(refusal=refusal)
    accept_s = dice.delay_s("accept", row.accept_s, 0.5) if row.accept_s else 0.0
    plan = _plan(row, dice)
    if not dice.falls("defer", row.defer):
        return Decision(accept_s=accept_s, plan=plan)
    kind = "grey" if row.grey_s else "defer"
    deferral = replies.answer(kind, row.label, rcpt, dice.fraction("defer-text"))
    deferrals = 0 if row.grey_s else row.deferrals
    return Decision(None, deferral, deferrals, row.grey_s, accept_s, plan)


def decide_at_rcpt(seed: int, rcpt: str) -> Reply:
    """The answer to RCPT TO, where the message is not known yet."""
    row = profiles.profile_of(rcpt)
    exact = replies.exact_reply(rcpt)
    if exact is not None:
        return replies.RCPT_OK if exact.is_positive else exact
    if not row.at_rcpt:
        return replies.RCPT_OK
    return _refusal(row, rcpt, Dice(seed, "", rcpt)) or replies.RCPT_OK


def _refusal(row: Profile, rcpt: str, dice: Dice) -> Reply | None:
    percents = {
        "hard": row.hard,
        "block": row.block,
        "full": row.full,
        "too_big": row.too_big,
    }
    point = dice.fraction("refuse") * 100
    for kind, percent in percents.items():
        if point < percent:
            return replies.answer(kind, row.label, rcpt, dice.fraction("refuse-text"))
        point -= percent
    return None


def _plan(row: Profile, dice: Dice) -> tuple[Planned, ...]:
    if dice.falls("oob", row.oob):
        return (Planned(Act.OOB, dice.delay_s("oob-after", profiles.OOB_AFTER_S)),)
    if dice.falls("fbl", row.fbl):
        return (Planned(Act.FBL, dice.delay_s("fbl-after", profiles.FBL_AFTER_S)),)
    return (*_machines(row, dice), *_person(row, dice))


def _machines(row: Profile, dice: Dice) -> list[Planned]:
    planned = []
    if dice.falls("prefetch", row.prefetch):
        after_s = dice.delay_s("prefetch-after", profiles.PREFETCH_AFTER_S)
        share = dice.fraction("prefetch-agent")
        planned.append(Planned(Act.OPEN, after_s, share, "proxy"))
    if dice.falls("bot", row.bot):
        after_s = dice.delay_s("bot-after", profiles.SCAN_AFTER_S, 0.5)
        share = dice.fraction("bot-agent")
        planned.append(Planned(Act.SCAN, after_s, share, "scanner"))
    return planned


def _person(row: Profile, dice: Dice) -> list[Planned]:
    if not dice.falls("open", row.open):
        return []
    share = dice.fraction("person-agent")
    opened_s = dice.delay_s("open-after", profiles.OPEN_AFTER_S)
    planned = [Planned(Act.OPEN, opened_s, share)]
    if dice.falls("open-again", row.open_again):
        again_s = opened_s + dice.delay_s("open-again-after", profiles.AGAIN_AFTER_S)
        planned.append(Planned(Act.OPEN, again_s, share))
    if not dice.falls("click", row.click):
        return planned
    clicked_s = opened_s + dice.delay_s("click-after", profiles.CLICK_AFTER_OPEN_S)
    planned.append(Planned(Act.CLICK, clicked_s, dice.fraction("click-link")))
    if dice.falls("click-again", row.click_again):
        again_s = clicked_s + dice.delay_s("click-again-after", profiles.AGAIN_AFTER_S)
        planned.append(Planned(Act.CLICK, again_s, dice.fraction("click-again-link")))
    return planned
