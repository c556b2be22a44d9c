"""A view that Panel draws and that raises: one sentence in its place, and the views beside it go on."""

from __future__ import annotations

from typing import Any

import panel as pn
import pytest
from bokeh.document import Document

import dashboard
from dashboard.views.pane import Pane, Wake
from tests.unit.standin import StandIn


class Inverse(dashboard.View):
    def draw(self, frame: Any) -> object:
        return pn.pane.Str(str(6 // int(frame["n"].iloc[0])))


def test_a_draw_that_raises_is_one_sentence_and_heals(caplog: pytest.LogCaptureFixture) -> None:
    query: Any = StandIn().query("SELECT n FROM numbers").answer({"n": "int4"}, [(0,)])
    pane = Pane(Inverse(query, title="<Inverse>"))
    pane.look()
    pane.look()
    assert "&lt;Inverse&gt; cannot be drawn: ZeroDivisionError" in str(pane.object.object)
    assert [record.exc_info is not None for record in caplog.records] == [True]
    query.replace((3,))
    pane.look()
    assert pane.object.object == "2"


def test_a_page_is_there_though_one_draw_raises() -> None:
    query: Any = StandIn().query("SELECT n FROM numbers").answer({"n": "int4"}, [(0,)])
    document = Document()
    page = pn.Column(Pane(Inverse(query)), Pane(Inverse(query)), pn.pane.Str("beside")).get_root(document)
    assert len(page.children) == 3


def test_the_views_after_one_that_raises_are_redrawn() -> None:
    looked = []

    def broken() -> None:
        raise RuntimeError("own")

    wake = Wake(Document())
    wake._looks = {broken: None, lambda: looked.append(1): None}
    wake._redraw()
    assert looked == [1]
