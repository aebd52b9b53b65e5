"""A headless browser for tests: Chromium from the machine, or the one that Playwright installs."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@contextlib.contextmanager
def opened(page: Path, **options: Any) -> Iterator[tuple[Any, list[str]]]:
    """Open a page from disk; yields Playwright's page, and every complaint or request that came of it."""
    api = pytest.importorskip("playwright.sync_api", reason="skipped: needs Playwright")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with api.sync_playwright() as playwright:
        if program is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("skipped: needs Chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            view = browser.new_page(viewport={"width": 1400, "height": 1000}, **options)
            said: list[str] = []
            view.on("console", lambda message: said.append(f"console: {message.text}"))
            view.on("pageerror", lambda error: said.append(f"error: {error}"))
            view.on("request", lambda request: said.append(f"request: {request.url}"))
            view.goto(page.as_uri())
            said.remove(f"request: {page.as_uri()}")
            yield view, said
        finally:
            browser.close()


def colours(png: bytes) -> int:
    """Count distinct colours of a screenshot, roughly: a blank page has one."""
    return len({png[index : index + 4] for index in range(0, len(png), 997)})
