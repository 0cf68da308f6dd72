"""Pictures of pages by Debian's Chromium: `screenshots.py URL PNG [--width 1280]`.

With a directory instead of a PNG: the summary and the events page of the service at
URL, each 1280 and 390 pixels wide, light and dark.
"""

import argparse
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGES = {"summary": "/summary", "events": "/events"}
HEIGHTS = {1280: 900, 390: 844}


def picture(browser: Browser, url: str, path: Path, width: int, scheme: str) -> None:
    """Write the whole page at `url` as a PNG."""
    page = browser.new_page(
        viewport={"width": width, "height": HEIGHTS.get(width, 900)},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, full_page=True)
    page.close()


def every_page(browser: Browser, url: str, directory: Path) -> None:
    """Write eight pictures below `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, address in PAGES.items():
        for width in HEIGHTS:
            for scheme in ("light", "dark"):
                path = directory / f"{name}-{width}-{scheme}.png"
                picture(browser, url.rstrip("/") + address, path, width, scheme)


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("target", type=Path, help="a .png file or a directory")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    chosen = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(ARGUMENTS)
        )
        if chosen.target.suffix == ".png":
            picture(browser, chosen.url, chosen.target, chosen.width, chosen.scheme)
        else:
            every_page(browser, chosen.url, chosen.target)
        browser.close()


if __name__ == "__main__":
    main()
