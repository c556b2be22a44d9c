"""A report as PDF or PNG, by a headless Chromium that is offline: the file itself, printed.

Playwright drives the Chromium of the system, or the one it has installed itself.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.errors import SettingsError
from dashboard.settings import settings

if TYPE_CHECKING:
    from playwright.async_api import Page

    from .sheet import Head
    from .target import Kind

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
WIDTH = 1440
"""Pixels across of a PNG, and of the window that a page is laid out in."""
SCALE = 0.75
"""Of a page of paper: as wide as a desk's screen, so that all stands as it does there."""
PAPER = 1396  # pixels of A4 across, without its margins, at this scale
PATIENCE = 120_000.0
_IS_DRAWN = "() => window.Bokeh?.documents?.length && Bokeh.documents.every((one) => one.is_idle)"
_FOOT = (
    '<div style="font:8px sans-serif;color:#5e687c;width:100%;padding:0 10mm;display:flex;justify-content:'
    'space-between"><span>{}</span><span><span class="pageNumber"></span> / '
    '<span class="totalPages"></span></span></div>'
)


async def found() -> str:
    """The path of a Chromium.

    Raises
    ------
    SettingsError
        It is missing, or what drives it is; the sentence says what to install.
    """
    try:
        from playwright import async_api
    except ImportError as error:
        raise SettingsError(
            "PDF and PNG need the package playwright, which is not installed.",
            "Run `pip install 'dashboard-live[report]'`; a report as .html needs nothing.",
        ) from error
    del async_api
    path = settings().chromium
    if path is not None and os.access(path, os.X_OK):
        return str(path)
    known = None if path is not None else next(filter(None, map(shutil.which, NAMES)), None) or await _own()
    if known is None:
        raise SettingsError(
            f"PDF and PNG need Chromium, and there is none{f' at {path}' if path else ''}.",
            "Install the system's package chromium, or run `playwright install chromium`; .html needs nothing.",
        )
    return known


async def printed(browser: str, text: str, target: Path, kind: Kind, head: Head) -> None:
    """Write a report's text as PDF or PNG.

    Raises
    ------
    SettingsError
        Chromium cannot be started, or does not draw it.
    """
    from playwright.async_api import Error, async_playwright

    with tempfile.TemporaryDirectory(prefix="dashboard-") as folder:
        file = Path(folder) / "report.html"
        file.write_text(text, encoding="utf-8")
        try:
            async with async_playwright() as playwright:
                # root has no sandbox to give; the page is ours, and offline
                flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
                chromium = await playwright.chromium.launch(executable_path=browser, args=flags)
                width = PAPER if kind == "pdf" else WIDTH
                page = await chromium.new_page(
                    viewport={"width": width, "height": 900}, offline=True, timezone_id=_zone(head.zone)
                )
                page.set_default_timeout(PATIENCE)
                await page.goto(file.as_uri())
                if kind == "pdf":  # drawn for paper from the start: charts are as large as they will be there
                    await page.emulate_media(media="print")
                    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
                await page.wait_for_function(_IS_DRAWN)
                await _pdf(page, target, head) if kind == "pdf" else await page.screenshot(path=target, full_page=True)
                await chromium.close()
        except Error as error:
            told = error.message.splitlines()[0].rstrip(".")
            raise SettingsError(
                f"Chromium could not print the report: {told}.",
                "Write it as .html, or name another Chromium in DASHBOARD_CHROMIUM.",
            ) from error


async def _pdf(page: Page, target: Path, head: Head) -> None:
    foot = _FOOT.format(escape(f"{head.named} · {head.at:%Y-%m-%d %H:%M:%S} UTC · {head.snapshot}"))
    await page.pdf(
        path=target, prefer_css_page_size=True, print_background=True, scale=SCALE, display_header_footer=True,
        header_template="<span></span>", footer_template=foot,
    )  # fmt: skip


def _zone(name: str) -> str | None:
    """A time zone that a browser knows; PostgreSQL's own names are more."""
    return name if "/" in name or name == "UTC" else None


async def _own() -> str | None:
    """The Chromium that Playwright has installed for itself."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.access(path, os.X_OK) else None
