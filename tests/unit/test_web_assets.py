import gzip
import hashlib
import json
import re

from sinyal.web.assets import STATIC, load_assets
from sinyal.web.pages import TEMPLATES

VENDOR = STATIC / "vendor"


def manifest() -> list[dict]:
    return json.loads((VENDOR / "manifest.json").read_text())


def test_every_vendored_file_has_the_hash_of_the_manifest():
    listed = {
        row["file"]: row["sha256"] for item in manifest() for row in item["files"]
    }
    present = {path.name for path in VENDOR.iterdir()} - {"manifest.json"}
    assert set(listed) == present
    for name, digest in listed.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_every_vendored_package_says_version_licence_and_source():
    for item in manifest():
        assert item["version"] in item["source"]
        assert item["licence"]
        assert item["integrity"].startswith("sha512-")
        assert any("LICENSE" in row["file"] for row in item["files"])


def test_urls_of_assets_change_with_their_content(tmp_path):
    (tmp_path / "a.css").write_text("a {}")
    before = load_assets(tmp_path).url("a.css")
    (tmp_path / "a.css").write_text("b {}")
    after = load_assets(tmp_path).url("a.css")
    assert before != after
    assert re.fullmatch(r"/static/a\.[0-9a-f]{12}\.css", after)


def test_zipped_assets_unzip_to_the_same_octets():
    for asset in load_assets().by_name.values():
        if asset.zipped:
            assert gzip.decompress(asset.zipped) == asset.octets
            assert len(asset.zipped) < len(asset.octets)


def test_no_template_has_inline_script_style_or_a_foreign_address():
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text), path
        assert not re.search(r"https?://", text), path
        assert "|safe" not in text.replace(" ", ""), path


def test_colour_tokens_have_the_contrast_that_text_needs():
    css = (STATIC / "app.css").read_text()
    light, dark = css.split("@media (prefers-color-scheme: dark)", 1)
    for part in (light, dark):
        tokens = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part))
        for ground in ("page", "surface"):
            for name in ("text", "muted", "accent", "good", "warning", "danger"):
                assert contrast(tokens[name], tokens[ground]) >= 4.5, (name, ground)
        for number in range(1, 7):
            assert contrast(tokens[f"series-{number}"], tokens["surface"]) >= 3


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
