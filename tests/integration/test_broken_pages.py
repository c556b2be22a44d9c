"""A page that cannot be made says so in one sentence, without a traceback or a path; the others go on."""

from __future__ import annotations

import re
from pathlib import Path

import panel as pn
import pytest
from tornado.httpclient import AsyncHTTPClient

import dashboard
from dashboard.errors import SettingsError
from dashboard.surfaces.front import Page
from dashboard.surfaces.site import Site
from tests.integration.test_site import open_socket


async def shown(site: Site, slug: str) -> str:
    """Return the document that the server makes for a page."""
    answer = await AsyncHTTPClient().fetch(f"{site.url}{slug}")
    token = re.findall(r'"token":"([^"]+)"', answer.body.decode())[0]
    assert site._server is not None
    client = await open_socket(site, token, slug)
    client.close()
    (session,) = site._server.get_sessions(f"/{slug}")
    return str(session.document.to_json())


def wrong() -> pn.viewable.Viewable:
    dashboard.Chart(None, kind="pie")  # type: ignore[arg-type]  # a reader's mistake
    return pn.Column()


def undrawable() -> pn.viewable.Viewable:
    return pn.Column(dashboard.Tile(title="Without a query"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (wrong, "A chart has no kind"),
        (undrawable, "Tile has no query"),
        ("import panel as pn\npn.Column('made').servable()\n1 / 0\n", "ZeroDivisionError in line 3 of own.py"),
        ("import dashboard\ndashboard.Tile(None, format='{:bad}')\n", "This page cannot be shown"),
        ("raise SystemExit(3)\n", "SystemExit in line 1 of own.py"),
        ("open('/etc/secret/place')\n", "FileNotFoundError in line 1 of own.py"),
    ],
)
async def test_a_page_that_raises_is_one_sentence(
    content: object, sentence: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if isinstance(content, str):
        (tmp_path / "own.py").write_text(content)
        content = tmp_path / "own.py"
    broken = Page(slug="own", title="Own", summary="", content=content)  # type: ignore[arg-type]
    sound = Page(slug="sound", title="Sound", summary="", content=lambda: pn.Column("hello"))
    async with Site([broken, sound], port=0) as site:
        said = await shown(site, "own")
        assert sentence in said
        assert "Traceback" not in said
        assert "/etc/secret" not in said
        assert str(tmp_path) not in said
        assert "hello" in await shown(site, "sound")
    assert any(record.exc_info for record in caplog.records)


async def test_a_file_with_a_syntax_error_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("import panel\nthis is no Python\n")
    page = Page(slug="own", title="Own", summary="", content=tmp_path / "own.py")
    with pytest.raises(SettingsError, match=r"own\.py, line 2: invalid syntax"):
        async with Site([page], port=0):
            pass
