"""The languages of the pages: words from a catalogue, numbers and times by custom.

English is the source language; a catalogue is a JSON object of source text to
translation. Templates mark texts with `_()`, so that the catalogues can become gettext
files without a change to them.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec

CATALOGUES = Path(__file__).parent / "locale"


class Language(msgspec.Struct, frozen=True):
    """One row: how a language writes; `months` are abbreviations of three letters."""

    code: str
    name: str
    thousands: str
    decimal: str
    clock: str
    months: tuple[str, ...]
    catalogue: dict[str, str] = {}

    def text(self, source: str) -> str:
        """The translation, or the source text where there is none."""
        return self.catalogue.get(source, source)

    def plural(self, one: str, many: str, count: int) -> str:
        """The form for `count` things."""
        return self.text(one if count == 1 else many)

    def number(self, value: int) -> str:
        return f"{value:,}".replace(",", self.thousands)

    def percent(self, share: float | None) -> str:
        """A share with one decimal, two when it is small; a dash for none."""
        if share is None:
            return "—"
        digits = 2 if 0 < share < 0.001 else 1
        return f"{share * 100:.{digits}f}%".replace(".", self.decimal)

    def time(self, at: float) -> str:
        """Hour, minute and second in UTC. Units: epoch seconds."""
        return _utc(at).strftime("%H:%M:%S").replace(":", self.clock)

    def minute(self, at: float) -> str:
        return _utc(at).strftime("%H:%M").replace(":", self.clock)

    def date(self, at: float) -> str:
        moment = _utc(at)
        return f"{moment.day} {self.months[moment.month - 1]} {moment.year}"

    def day(self, at: float) -> str:
        moment = _utc(at)
        return f"{moment.day} {self.months[moment.month - 1]}"

    def moment(self, at: float) -> str:
        return f"{self.date(at)} {self.time(at)}"


def _read(code: str) -> dict[str, str]:
    text = (CATALOGUES / f"{code}.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def load_languages() -> dict[str, Language]:
    """Every language by its code, English first."""
    english = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
    indonesian = "Jan Feb Mar Apr Mei Jun Jul Agu Sep Okt Nov Des"
    return {
        "en": Language("en", "English", ",", ".", ":", tuple(english.split())),
        "id": Language(
            "id", "Indonesia", ".", ",", ".", tuple(indonesian.split()), _read("id")
        ),
    }


def choose(wanted: str, accepted: str, languages: dict[str, Language]) -> Language:
    """The language asked for by code, else the browser's first that there is.

    `accepted` is the header Accept-Language; RFC 9110 12.5.4.
    """
    if wanted in languages:
        return languages[wanted]
    ranked = sorted(
        (_quality(entry), -place, entry)
        for place, entry in enumerate(accepted[:500].split(","))
    )
    for quality, _, entry in reversed(ranked):
        code = entry.partition(";")[0].strip().lower().partition("-")[0]
        if quality > 0 and code in languages:
            return languages[code]
    return next(iter(languages.values()))


def _quality(entry: str) -> float:
    _, mark, number = entry.partition("q=")
    try:
        return float(number) if mark else 1.0
    except ValueError:
        return 0.0


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
