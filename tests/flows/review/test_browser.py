"""The station in a real Chromium, worked by keyboard as people work it."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.station import running
from tests.flows.review.nights import Written, certain, doubtful, make_night

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("no chromium found; install it (Debian: apt-get install chromium)", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

AXE = Path(__file__).parent / "axe" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SIZES = {"laptop": (1366, 768), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


class Reviewer:
    """A person before a browser window of their own; whatever the page complains of is collected."""

    def __init__(self, browser: sync_api.Browser, address: str, name: str, **options: object) -> None:
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", self._note)
        self.page.goto(address)
        self.page.fill("#name", name)
        self.page.keyboard.press("Enter")

    def _note(self, message: sync_api.ConsoleMessage) -> None:
        if message.type == "error":
            self.troubles.append(message.text)

    def seen(self, other_than: str | None = None) -> str:
        """The id of the field on the screen, once its picture is there."""
        other = f':not([data-seen="{other_than}"])' if other_than else ""
        body = self.page.wait_for_selector(f"body[data-seen]{other}, body:has(#done:not([hidden]))")
        return (body and body.get_attribute("data-seen")) or ""

    def shown(self) -> str:
        """The name of the scan on the screen."""
        return self.page.inner_text("#scan-name").split(",")[0]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


def rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "results.csv").open(newline="") as file:
        return {row["scan"]: row for row in csv.DictReader(file)}


def test_fifty_fields_by_keyboard_alone(browser: sync_api.Browser, tmp_path: Path) -> None:
    pages = [doubtful(number) for number in range(50)]
    out = make_night(tmp_path, pages)
    expected: dict[str, tuple[str, str]] = {}
    with running(out) as address:
        ann = Reviewer(browser, address, "Ann")
        field = ann.seen()
        for number in range(50):
            scan = ann.shown()
            page = pages[int(scan[:4])]
            expected[scan] = (page.truth, "")
            if number in (7, 8, 9):
                key, reason = [("?", "illegible"), ("e", "nothing-written"), ("n", "not-a-field")][number - 7]
                ann.press(key)
                expected[scan] = ("", reason)
            elif page.value == page.truth and number % 2:
                ann.press("Enter")
            elif page.value == page.truth:
                ann.press("a")
            elif number % 2:
                ann.press("s")
            else:
                ann.press(*page.truth, "Enter")
            field = ann.seen(field)
        assert field == ""
        assert "Nothing left to decide" in ann.page.inner_text("#done")
        assert ann.page.inner_text("#progress").endswith("50 verified")
        assert ann.troubles == []
        ann.context.close()
    table = rows(out)
    assert {scan: (row["value"], row["reason"]) for scan, row in table.items()} == expected
    assert Counter(row["status"] for row in table.values()) == {"verified": 50}


def test_undo_skip_and_clear(browser: sync_api.Browser, tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(number) for number in range(1, 5)])
    with running(out) as address:
        ann = Reviewer(browser, address, "Ann")
        first = ann.seen()
        ann.press("4", "7", "Escape", "1", "1", "x")  # digits that were typed do not follow a skip
        second = ann.seen(first)
        assert ann.page.input_value("#digits") == ""
        ann.press("1", "2", "Enter")
        third = ann.seen(second)
        ann.press("u")
        assert ann.seen(third) == second
        assert ann.page.input_value("#digits") == "12"
        ann.press("9", "Enter")
        assert ann.seen(second) == third
        ann.press("Control+z")
        assert ann.seen(third) == second
        ann.press("3", "4", "Enter")
        ann.seen(second)
        assert ann.troubles == []
        ann.context.close()
    assert sorted(row["value"] for row in rows(out).values() if row["status"] == "verified") == ["34"]


def test_digits_that_are_not_sure_are_underlined(browser: sync_api.Browser, tmp_path: Path) -> None:
    pages = [
        Written("40712", "40712", 0.7, (("40772", 0.25),)),
        Written("5566", "5566", 0.85, (("5560", 0.07), ("4566", 0.06))),
    ]
    out = make_night(tmp_path, pages)
    with running(out) as address:
        ann = Reviewer(browser, address, "Ann")
        first = ann.seen()
        assert ann.page.locator("#choices u").all_inner_texts() == ["1"]
        assert ann.page.locator("#choices u").get_attribute("title") == "74 % sure"
        assert ann.page.locator("#choices b").all_inner_texts() == ["40712", "40772"]
        ann.press("x")
        ann.seen(first)
        assert ann.page.locator("#choices u").count() == 0
        assert ann.troubles == []
        ann.context.close()


def test_two_reviewers_at_a_time(browser: sync_api.Browser, tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(number) for number in range(1, 9)])
    with running(out) as address:
        people = [Reviewer(browser, address, name) for name in ("Ann", "Bob")]
        fields = [person.seen() for person in people]
        keyed: list[str] = []
        while any(fields):
            assert fields[0] != fields[1]
            for number, person in enumerate(people):
                if fields[number]:
                    keyed.append(fields[number])
                    person.press("5", "Enter")
                    fields[number] = person.seen(fields[number])
        assert sorted(Counter(keyed).values()) == [1] * 8
        assert [person.troubles for person in people] == [[], []]
        for person in people:
            person.context.close()
    assert {row["value"] for row in rows(out).values()} == {"5"}


def _start(out: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flows.cli", "review", str(out), "--no-browser", "--port", str(port)]
    station = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert station.stdout
    assert b"review station" in station.stdout.readline()
    return station


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_killed_and_restarted_the_open_page_goes_on(browser: sync_api.Browser, tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(number) for number in range(1, 5)])
    port = _free_port()
    station = _start(out, port)
    try:
        ann = Reviewer(browser, f"http://127.0.0.1:{port}", "Ann")
        first = ann.seen()
        ann.press("1", "Enter")
        second = ann.seen(first)
        station.kill()
        station.communicate()
        ann.press("2", "Enter")
        ann.page.wait_for_selector("text=The station does not answer")
        station = _start(out, port)
        ann.press("Enter")  # what was typed is still there
        third = ann.seen(second)
        assert third
        ann.press("u")
        assert ann.seen(third) == second
        ann.context.close()
    finally:
        station.send_signal(signal.SIGTERM)
        station.communicate()
    assert station.returncode == 0
    assert sorted(row["value"] for row in rows(out).values() if row["status"] == "verified") == ["1"]


def test_token_is_asked_for_and_a_wrong_one_refused(browser: sync_api.Browser, tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1)])
    with running(out, token="right-token-of-today") as address:
        context = browser.new_context()
        page = context.new_page()
        page.goto(address)
        page.fill("#name", "Eve")
        page.fill("#token", "wrong")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        assert "does not open the station" in page.inner_text("[role=alert]")
        page.goto(f"{address}/enter?token=right-token-of-today")
        page.fill("#name", "Ann")
        page.keyboard.press("Enter")
        page.wait_for_selector("body[data-seen]")
        assert "token" not in page.url
        context.close()


def test_station_of_another_machine_needs_a_token(tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1)])
    command = [sys.executable, "-m", "flows.cli", "review", str(out), "--no-browser", "--port", "0"]
    environment = os.environ | {"NIGHTSORT_REVIEW_TOKEN": "short"}
    done = subprocess.run(
        [*command, "--host", "0.0.0.0"], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 2
    assert done.stderr == (
        "nightsort: error: NIGHTSORT_REVIEW_TOKEN is too easy to guess; give at least 16 characters\n"
    )


def test_page_is_shown_around_the_field_and_zooms(browser: sync_api.Browser, tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1)])
    with running(out) as address:
        ann = Reviewer(browser, address, "Ann")
        ann.seen()
        ann.page.wait_for_selector("#mark", state="visible")
        mark, frame = (ann.page.locator(name).bounding_box() for name in ("#mark", "#viewer"))
        assert mark
        assert frame
        assert frame["x"] <= mark["x"]
        assert mark["x"] + mark["width"] <= frame["x"] + frame["width"]
        ann.press("+")
        larger = ann.page.locator("#mark").bounding_box()
        assert larger
        assert larger["width"] > 1.3 * mark["width"]
        ann.press("Shift+ArrowDown")
        moved = ann.page.locator("#mark").bounding_box()
        assert moved
        assert moved["y"] < larger["y"]
        ann.press("r")
        assert ann.page.locator("#mark").bounding_box() == mark
        ann.page.mouse.move(frame["x"] + 50, frame["y"] + 50)
        ann.page.mouse.down()
        ann.page.mouse.move(frame["x"] + 90, frame["y"] + 50)
        ann.page.mouse.up()
        dragged = ann.page.locator("#mark").bounding_box()
        assert dragged
        assert dragged["x"] == pytest.approx(mark["x"] + 40, abs=1)
        ann.context.close()


def test_target_error_shows_at_once(browser: sync_api.Browser, tmp_path: Path) -> None:
    pages = [certain(number) for number in range(1, 9)] + [doubtful(number) for number in range(1, 5)]
    out = make_night(tmp_path, pages)
    with running(out) as address:
        ann = Reviewer(browser, address, "Ann")
        ann.page.click("text=Target error")
        ann.page.wait_for_selector("tr.chosen")
        ann.page.focus("#target")
        assert ann.page.inner_text("#accepted") == "8"
        ann.press("Home")
        assert ann.page.inner_text("#target-words") == "0.05 %"
        assert ann.page.inner_text("#accepted") == "0"
        ann.press("End")
        ann.page.click("#apply")
        ann.page.wait_for_selector("text=are accepted now")
        ann.context.close()
    assert sum(row["status"] == "accepted" for row in rows(out).values()) > 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_to_mend(browser: sync_api.Browser, tmp_path: Path, scheme: str, size: str) -> None:
    lost = Written("12", "", 0.0)
    pages = [*(doubtful(number) for number in range(1, 6)), *(certain(n) for n in range(6, 9)), lost]
    out = make_night(tmp_path, pages)
    width, height = SIZES[size]
    options = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    found = []
    with running(out, audit=1.0) as address:
        page = browser.new_context(**options, bypass_csp=True).new_page()
        page.goto(address)
        found += _axe(page, "enter")
        page.context.close()
        # The station's policy forbids foreign scripts, axe too; it is lifted for axe alone.
        ann = Reviewer(browser, address, "Ann", **options, bypass_csp=True)
        ann.seen()
        for summary in ann.page.query_selector_all("summary:visible"):
            summary.click()
        found += _axe(ann.page, "work")
        for path in ("fields", "target", "night"):
            ann.page.goto(f"{address}/{path}")
            found += _axe(ann.page, path)
            assert ann.page.evaluate("document.documentElement.scrollWidth") <= width
        ann.context.close()
    assert found == []


def _axe(page: sync_api.Page, name: str) -> list[str]:
    page.add_script_tag(path=AXE)
    rules = {"runOnly": {"type": "tag", "values": RULES}}
    result = page.evaluate("rules => axe.run(document, rules)", rules)
    assert result["passes"]
    return [
        f"{name}: {violation['id']}: {node['html'][:120]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


def test_policy_keeps_foreign_scripts_out(browser: sync_api.Browser, tmp_path: Path) -> None:
    out = make_night(tmp_path, [doubtful(1)])
    with running(out) as address:
        ann = Reviewer(browser, address, "Ann")
        ann.seen()
        with pytest.raises(sync_api.Error):
            ann.page.add_script_tag(content="document.title = 'taken'")
        assert "taken" not in ann.page.title()
        assert any("Content Security Policy" in each for each in ann.troubles)
        ann.context.close()
        assert httpx.get(f"{address}/enter", trust_env=False).status_code == 200
