import time
from urllib.parse import urlencode

import pytest
from conftest import lines

from sinyal.events.event import Event
from sinyal.metrics.report import Query, report
from sinyal.metrics.search import SearchFilters, search
from sinyal.web.summary import CARDS, COLUMNS

pytestmark = pytest.mark.browser

PAGES = ("/summary", "/events", "/events?events=bounce,delay", "/summary?range=7d")


def fixed(now: int) -> str:
    stamp = [
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
        for at in (now - 90_000, now)
    ]
    return urlencode({"from": stamp[0], "to": stamp[1]})


def numbers(page, scope: str) -> dict[tuple[str, str], int]:
    found = page.eval_on_selector_all(
        f"[data-metric][data-scope={scope}]",
        "all => all.map(e => [e.dataset.metric, e.dataset.of, e.dataset.value])",
    )
    return {(metric, of): int(value) for metric, of, value in found}


def overflow(page) -> int:
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


@pytest.mark.parametrize("address", PAGES)
def test_a_page_loads_without_a_word_in_the_console(page, said, site, address):
    page.goto(site + address)
    page.wait_for_load_state("networkidle")
    assert said == []
    assert page.locator("h1").count() == 1


def test_the_numbers_on_the_page_are_those_of_the_store(page, site, store):
    now = int(time.time())
    page.goto(f"{site}/summary?{fixed(now)}")
    answer = report(
        store, Query(from_at=now - 90_000, to_at=now, group_by="campaign_id")
    )
    total = numbers(page, "total")
    for card in CARDS:
        assert total[card.metric, ""] == answer.total.counts[card.metric]
    groups = numbers(page, "group")
    assert len(answer.groups) == 6
    for row in answer.groups:
        for name in COLUMNS:
            if name in row.counts:
                assert groups[name, row.value] == row.counts[name]
    steps = numbers(page, "step")
    for name in ("count_delivered", "count_rendered", "count_clicked"):
        assert (
            sum(n for (metric, _), n in steps.items() if metric == name)
            == (answer.total.counts[name])
        )


def test_each_total_leads_to_as_many_events(page, site):
    page.goto(f"{site}/summary?{fixed(int(time.time()))}")
    totals = numbers(page, "total")
    links = {
        card.metric: page.get_attribute(f"#card-{card.metric}", "href")
        for card in CARDS
    }
    for metric, link in links.items():
        page.goto(site + link)
        counted = page.get_attribute("[data-metric=total_count]", "data-value")
        if metric == "count_unique_confirmed_opened":
            assert int(counted) >= totals[metric, ""] > 0
        else:
            assert int(counted) == totals[metric, ""]


def test_a_groups_number_leads_to_that_groups_events(page, site):
    page.goto(f"{site}/summary?{fixed(int(time.time()))}")
    number = page.locator("[data-scope=group][data-metric=count_delivered] a").first
    shown = number.inner_text().replace(",", "")
    number.click()
    page.wait_for_url("**/events?**")
    assert page.get_attribute("[data-metric=total_count]", "data-value") == shown


def test_the_chart_is_drawn_as_svg_with_its_bars(page, said, site):
    page.goto(f"{site}/summary")
    page.wait_for_selector("#chart svg")
    assert page.locator("#chart svg path").count() > 50
    assert "Delivered" in page.locator("#chart svg").text_content()
    page.mouse.move(640, 640)
    assert said == []


def test_the_chart_follows_the_colour_scheme(page, site):
    page.emulate_media(color_scheme="light")
    page.goto(f"{site}/summary")
    page.wait_for_selector("#chart svg [fill='#1f5fbf']", state="attached")
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("#chart svg [fill='#7ab0ff']", state="attached")


def test_numbers_move_by_themselves_until_paused(page, said, site, store):
    page.goto(f"{site}/summary?range=1h&campaign_id=moving")
    delivered = page.locator("[data-scope=total][data-metric=count_delivered]")
    assert delivered.get_attribute("data-value") == "0"
    new = {"message_id": "m", "campaign_id": "moving", "type": "delivery"}
    now = int(time.time())
    store.insert(lines([Event(event_id="new-1", timestamp=now, **new)]), "new-1")
    page.wait_for_selector(
        "[data-scope=total][data-metric=count_delivered][data-value='1']"
    )
    page.wait_for_selector("#chart svg")
    page.locator("#pause").click()
    store.insert(lines([Event(event_id="new-2", timestamp=now, **new)]), "new-2")
    page.wait_for_timeout(6000)
    assert delivered.get_attribute("data-value") == "1"
    page.locator("#pause").click()
    page.wait_for_selector(
        "[data-scope=total][data-metric=count_delivered][data-value='2']"
    )
    assert said == []


def test_an_opened_table_stays_open_when_numbers_move(page, site):
    page.goto(f"{site}/summary")
    page.locator("#course-table > summary").click()
    with page.expect_response("**/summary/report?**"):
        pass
    page.wait_for_timeout(300)
    assert page.locator("#course-table table").is_visible()


@pytest.mark.parametrize("width", [390, 320, 1280])
def test_no_page_scrolls_sideways(page, site, width):
    page.set_viewport_size({"width": width, "height": 844})
    for address in PAGES:
        page.goto(site + address)
        page.wait_for_load_state("load")
        assert overflow(page) == 0
        page.eval_on_selector_all("details", "all => all.forEach(d => d.open = true)")
        assert overflow(page) == 0


def test_without_script_tables_and_search_work(browser, site, store):
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(f"{site}/summary")
    assert plain.locator("table.groups tbody tr").count() >= 6
    assert not plain.locator("#chart").is_visible()
    assert not plain.locator("#pause").count()
    plain.locator("#course-table > summary").click()
    assert plain.locator("#course-table tbody tr").count() > 10
    plain.goto(f"{site}/events")
    plain.get_by_label("Campaign").fill("receipts")
    plain.locator("input[value=delivery]").check()
    plain.get_by_role("button", name="Search").click()
    now = int(time.time()) + 1
    expected = search(
        store,
        SearchFilters(
            from_at=now - 90_000,
            to_at=now,
            events=("delivery",),
            campaigns=("receipts",),
        ),
    ).total_count
    shown = plain.locator("[data-metric=total_count]").get_attribute("data-value")
    assert 0 < int(shown) <= expected
    plain.get_by_role("link", name="Older").click()
    assert plain.locator(".events tbody tr").count() > 0
    plain.context.close()


def test_pages_of_a_search_do_not_repeat_an_event(page, site):
    page.goto(f"{site}/events?per_page=10&events=click,bounce")
    seen = set()
    for _ in range(4):
        rows = page.locator(".events pre").all_text_contents()
        assert not seen & set(rows)
        seen |= set(rows)
        page.get_by_role("link", name="Older").click()
        page.wait_for_load_state()
    assert len(seen) == 40


def test_hostile_text_is_only_text(page, said, site):
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(1), dialog.dismiss()))
    page.goto(f"{site}/summary?group=campaign_id&range=1h")
    page.get_by_role("link", name="<script>").first.click()
    page.wait_for_load_state("networkidle")
    page.goto(f"{site}/events?messages=hostile-message")
    assert "<script>" in page.locator(".events .whom").inner_text()
    page.locator(".events .raw summary").click()
    page.goto(f"{site}/messages/hostile-message")
    page.get_by_role("link", name="Event", exact=True).last.click()
    page.wait_for_load_state("networkidle")
    assert "<script>" in page.locator("pre").inner_text()
    assert page.title().endswith("sinyal")
    assert dialogs == []
    assert said == []


def test_a_messages_history_is_told_oldest_first(page, site):
    page.goto(f"{site}/events?events=click")
    page.locator(".events .whom a").first.click()
    words = page.locator(".timeline .kind").all_text_contents()
    assert words[0] == "Injected"
    assert words.index("Delivered") < words.index("Click")


def test_indonesian_is_kept_from_page_to_page(page, site):
    page.goto(f"{site}/summary")
    page.get_by_role("link", name="Indonesia").click()
    assert page.locator("h1").inner_text() == "Ringkasan"
    page.get_by_role("link", name="Peristiwa").first.click()
    assert page.locator("h1").inner_text() == "Peristiwa"
    assert page.locator("html").get_attribute("lang") == "id"


def test_a_wrong_address_is_explained(page, site):
    answer = page.goto(f"{site}/summary?from=yesterday&group=colour")
    assert answer.status == 400
    assert "A time is not of the form" in page.locator("[role=alert]").inner_text()
    assert page.goto(f"{site}/messages/none").status == 404
    assert page.goto(f"{site}/events/none").status == 404


def test_a_keyboard_reaches_the_content_first(page, site):
    page.goto(f"{site}/summary")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_every_field_and_column_has_a_name(page, site):
    for address in PAGES:
        page.goto(site + address)
        nameless = page.eval_on_selector_all(
            "input:not([type=hidden])",
            "all => all.filter(e => !e.labels.length).length",
        )
        assert nameless == 0
        assert page.locator("table:not(:has(caption))").count() == 0
        assert page.locator("th:not([scope])").count() == 0
        ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
        assert len(ids) == len(set(ids))


def test_on_a_phone_the_events_come_before_the_form(page, site):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site + "/events")
    assert not page.locator(".search").is_visible()
    first = page.locator(".events tbody tr").first.bounding_box()
    assert first["y"] < 500
    page.locator(".fold > summary").click()
    assert page.locator(".search").is_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not page.locator(".fold").is_visible()
    page.goto(site + "/events")
    assert page.locator(".search").is_visible()


def test_the_tooltip_of_the_chart_tells_the_time_once(page, site):
    page.goto(site + "/summary?range=24h")
    chart = page.locator("#chart svg")
    box = chart.bounding_box()
    labels = set(
        page.evaluate(
            "JSON.parse(document.getElementById('series').dataset.series).labels"
        )
    )
    axis = page.locator("#chart svg text").all_text_contents()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    page.wait_for_function(
        "n => document.querySelectorAll('#chart svg text').length > n", arg=len(axis)
    )
    shown = page.locator("#chart svg text").all_text_contents()
    # Not those under the axis: the pointer names no time but in the tooltip.
    told = [text for text in shown if text in labels]
    assert len(told) - len([text for text in axis if text in labels]) == 1
