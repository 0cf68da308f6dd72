"""Static files: read once, named by their content, kept by browsers for a year.

A new content has a new name, so that no browser shows an old script with a new page.
"""

import gzip
import hashlib
from pathlib import Path

import msgspec

STATIC = Path(__file__).parent / "static"

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

# Below this, compression saves less than its header costs.
SMALLEST_GZIP_OCTETS = 1024


class Asset(msgspec.Struct, frozen=True):
    """One file: its name in URLs and its octets, `zipped` empty when not worth it."""

    url_name: str
    media_type: str
    octets: bytes
    zipped: bytes


class Assets(msgspec.Struct, frozen=True):
    """All files, by the name in the directory and by the name in URLs."""

    by_name: dict[str, Asset]
    by_url_name: dict[str, Asset]

    def url(self, name: str) -> str:
        """The path of the file called `name` in the directory."""
        return f"/static/{self.by_name[name].url_name}"


def load_assets(root: Path = STATIC) -> Assets:
    """Every style sheet, script and picture below `root`."""
    files = sorted(path for path in root.rglob("*") if path.suffix in MEDIA_TYPES)
    by_name = {path.name: _asset(path) for path in files}
    return Assets(by_name, {asset.url_name: asset for asset in by_name.values()})


def _asset(path: Path) -> Asset:
    octets = path.read_bytes()
    mark = hashlib.sha256(octets).hexdigest()[:12]
    is_worth_it = len(octets) >= SMALLEST_GZIP_OCTETS
    return Asset(
        url_name=f"{path.stem}.{mark}{path.suffix}",
        media_type=MEDIA_TYPES[path.suffix],
        octets=octets,
        zipped=gzip.compress(octets, 9, mtime=0) if is_worth_it else b"",
    )
