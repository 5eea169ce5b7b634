"""What an operator does in Prefect's UI, in a real browser: find, fill in, watch, read, approve, retry.

The pictures of docs/operating.md are taken on the way: KEEPFIT_PICTURES names the folder they are written to.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.operation.served import Served, served
from tests.operation.test_running import deployed

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose UI finds its API on whatever port it was given, and a worker."""
    with served(tmp_path_factory.mktemp("shown"), PREFECT_SERVER_UI_API_URL="/api") as server:
        server.bootstrap("gpu")
        with server.worker("keepfit"):
            yield server


@pytest.fixture
def page(shown: Served) -> Iterator[Any]:
    """A page of the browser; nothing that it loads comes from elsewhere."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install keepfit[browser]")
    if CHROMIUM is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    home = shown.api.removesuffix("/api")
    outside: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        tab = browser.new_page(viewport={"width": 1200, "height": 900}, base_url=home)
        tab.set_default_timeout(60 * 1000)
        tab.on("request", lambda asked: outside.append(asked.url))
        yield tab
        browser.close()
    assert [url for url in outside if not url.startswith((home, "data:", "blob:"))] == []


def picture(page: Any, name: str) -> None:
    """Take a picture where somebody wants one."""
    folder = os.environ.get("KEEPFIT_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def choose(page: Any, shown: str, wanted: str) -> None:
    """Another value in a list of the form, by the keyboard."""
    box = page.get_by_role("button", name=shown, exact=True)
    box.press("ArrowDown")
    options = page.locator(".p-select-option__text, .p-select-option").all_inner_texts()
    steps = list(dict.fromkeys(options)).index(wanted) - list(dict.fromkeys(options)).index(shown)
    for _ in range(steps):
        box.press("ArrowDown")
    box.press("Enter")


def last_of(page: Any, line: str) -> None:
    """A run's page with all its stages, and the last lines of its log first, among them this one."""
    page.get_by_title("Recenter graph").click()
    choose(page, "Oldest to newest", "Newest to oldest")
    page.get_by_text(line).first.wait_for()


def form_of(page: Any, name: str) -> None:
    page.goto("/deployments")
    link = page.get_by_role("link", name=name, exact=True).first
    link.wait_for()
    picture(page, "deployments")
    link.click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("link", name="Custom run").click()
    page.get_by_role("button", name="Submit").wait_for()


def submit(page: Any, server: Served, name: str) -> str:
    """Send the form; the id of the run it began."""
    with page.expect_response(re.compile("/create_flow_run$")) as answered:
        page.get_by_role("button", name="Submit").click()
    return str(answered.value.json()["id"])


def test_an_operator_finds_fills_in_watches_and_reads(shown: Served, page: Any, tmp_path: Path) -> None:
    deployed(shown, tmp_path, "people")
    form_of(page, "people")
    choose(page, "auto", "force")
    page.get_by_role("button", name="Submit").click()
    page.get_by_text("should be non-empty").wait_for()
    picture(page, "form-wrong")
    page.locator("textarea").first.fill("the first one")
    picture(page, "form")
    id = submit(page, shown, "people")

    page.goto(f"/runs/flow-run/{id}")
    assert shown.ended(id).name == "people: first"
    page.get_by_text("people: first").first.wait_for()
    page.get_by_text("train: epoch 4 of 4").first.wait_for()
    page.reload()
    page.get_by_text("Completed").first.wait_for()
    last_of(page, "Report: ")
    picture(page, "run")
    page.get_by_text("Artifacts", exact=True).click()
    page.get_by_text("people-report").first.click()
    page.get_by_role("heading", name=re.compile("FIRST|First")).first.wait_for()
    drawn = page.locator("article img").first
    drawn.wait_for()
    assert drawn.evaluate("image => image.complete && image.naturalWidth") > 100
    picture(page, "artifact")
    page.goto("/deployments")
    page.get_by_role("link", name="people", exact=True).first.click()
    page.get_by_role("button", name="Run", exact=True).wait_for()
    page.goto(f"{page.url.partition('?')[0]}?tab=Runs")
    page.get_by_role("link", name="people: first").first.wait_for()  # the list's filter on state names hides no verdict


def test_an_operator_approves(shown: Served, page: Any, tmp_path: Path) -> None:
    deployed(shown, tmp_path, "wards", "approval: on_promote\n")
    id = shown.ask("retrain/wards")
    shown.event(id, "Suspended")
    shown.suspended(id)
    page.goto(f"/runs/flow-run/{id}")
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("approve puts the model in service").wait_for()
    picture(page, "approval")
    choose(page, "unanswered", "approve")
    fields = page.get_by_role("dialog").locator("textarea")
    fields.nth(0).fill("looks right")
    fields.nth(1).fill("Ann")
    with page.expect_response(re.compile("/resume$")) as answered:
        page.get_by_role("button", name="Submit").click()
    assert answered.value.json()["status"] == "ACCEPT"
    assert str(shown.ended(id).state.message).endswith("Approved by Ann, because: looks right.")  # type: ignore[union-attr]
    page.get_by_text("wards: first").first.wait_for()


def test_an_operator_retries(shown: Served, page: Any, tmp_path: Path) -> None:
    made = deployed(shown, tmp_path, "again")
    planted = made.folder / ".keepfit/service.lock"
    planted.mkdir(parents=True)
    id = shown.ask("retrain/again")
    assert shown.ended(id).name == "again: not ended"
    planted.rmdir()
    page.goto(f"/runs/flow-run/{id}")
    retry = page.get_by_role("button", name="Retry")
    retry.wait_for()
    page.get_by_title("Recenter graph").click()
    page.get_by_text("Beginning flow run").first.wait_for()
    picture(page, "failed")
    retry.click()
    page.get_by_role("dialog").get_by_role("button", name="Retry").click()
    shown.event(id, "Completed")
    page.get_by_text("again: first").first.wait_for()
    picture(page, "retried")
