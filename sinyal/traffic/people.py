"""THE table of where the mail goes: sink labels by weight, and people's names."""

import msgspec


class Destination(msgspec.Struct, frozen=True):
    """One row: `share` of 100 messages go to the first label `label`."""

    label: str
    share: int


DESTINATIONS: tuple[Destination, ...] = (
    Destination("accept", 9),
    Destination("bounce", 5),
    Destination("block", 4),
    Destination("full", 2),
    Destination("defer", 5),
    Destination("oob", 5),
    Destination("fbl", 4),
    Destination("openclick", 18),
    Destination("prefetch", 2),
    Destination("bot", 1),
    Destination("not-gmail", 16),
    Destination("not-yahoo", 9),
    Destination("not-outlook", 8),
    Destination("not-telkom", 6),
    Destination("not-apple", 4),
    Destination("not-corp", 2),
)

GIVEN_NAMES = (
    *("adi", "agus", "ani", "bayu", "budi", "citra", "dewi", "dian", "eka", "fajar"),
    *("gita", "hadi", "ika", "indah", "joko", "kartika", "lestari", "made", "nina"),
    *("nur", "putri", "rina", "sari", "tono", "wulan", "yanti", "yudi", "zahra"),
)
FAMILY_NAMES = (
    *("hidayat", "kusuma", "lubis", "nasution", "nugroho", "pratama", "purnomo"),
    *("putra", "rahman", "santoso", "saputra", "setiawan", "siregar", "suharto"),
    *("susanti", "utami", "wibowo", "wijaya", "yulianto"),
)


def full_name(share: float) -> str:
    """A person's given and family name; `share` in [0, 1) chooses it."""
    number = int(share * len(GIVEN_NAMES) * len(FAMILY_NAMES))
    family, given = divmod(number, len(GIVEN_NAMES))
    return f"{GIVEN_NAMES[given]}.{FAMILY_NAMES[family]}"
