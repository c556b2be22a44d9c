"""A page in a real browser that must stay quiet: no error in its console, no request to another host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

expect.set_options(timeout=30_000)  # a machine that has much to do is no fault of a page
LOCAL = {"localhost", "127.0.0.1", ""}


@pytest.fixture
def complaints() -> list[str]:
    """Return what the page complained of so far; a test that breaks something on purpose clears it."""
    return []


@pytest.fixture
async def page(chromium: str, complaints: list[str]) -> AsyncIterator[Page]:
    """Yield an empty page; neither it nor others of its context may show an error or ask another host."""

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"console: {message.text}")

    def check_host(url: str) -> None:
        if urlsplit(url).scheme.startswith(("http", "ws")) and urlsplit(url).hostname not in LOCAL:
            complaints.append(f"request to another host: {url}")

    def watch(page: Page) -> None:
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        page.on("request", lambda request: check_host(request.url))
        page.on("websocket", lambda socket: check_host(socket.url))

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        context.on("page", watch)
        yield await context.new_page()
        await browser.close()
    assert complaints == []
