"""Job ids that X-Job can carry; guide 12.8, rule HDR-3, seed (bonus feature)."""

import re

# The seed states the alphabet in words and in a regular expression that its web page
# has garbled; the words decide.
UNSAFE = re.compile(r"[^A-Za-z0-9!#$%&'()*+,\-./:;<=>?@\[\\\]^_{|}~]")


def safe_job_id(text: str) -> str:
    """The text with every character that X-Job does not allow turned into `_`."""
    return UNSAFE.sub("_", text)


pmtaSafeJobID = safe_job_id  # noqa: N816 - the name that the seed publishes
