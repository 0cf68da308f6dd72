import sys
import time
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

from believable import day_of_mail
from screenshots import ARGUMENTS, CHROMIUM
from serving import served

from sinyal.events.event import Event
from sinyal.store.events import EventStore

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>\"'"


def lines(events: list[Event]) -> bytes:
    return b"\n".join(map(msgspec.json.encode, events))


def hostile_event(at: int) -> Event:
    return Event(
        type="bounce",
        event_id="hostile<b onclick=alert(1)>&%2e?#",
        timestamp=at,
        message_id="hostile-message",
        rcpt_to=f"{HOSTILE}@evil.example",
        recipient_domain="evil.example",
        subject=HOSTILE,
        campaign_id=HOSTILE,
        ip_pool="{{7*7}}",
        reason=f"550 {HOSTILE}",
        raw_reason=f"550 {HOSTILE}",
        bounce_class=10,
    )


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    opened = EventStore(f"chdb://{tmp_path_factory.mktemp('browser') / 'events'}")
    now = int(time.time())
    opened.insert(lines(day_of_mail(now, 800)), "day")
    opened.insert(lines([hostile_event(now - 30)]), "hostile")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def site(store):
    with served(store) as url:
        yield url


@pytest.fixture(scope="session")
def browser():
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(ARGUMENTS)
        )
        yield opened
        opened.close()


@pytest.fixture
def said():
    """What the browser complained of."""
    return []


@pytest.fixture
def page(browser, said):
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.on(
        "console",
        lambda message: (
            said.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()
