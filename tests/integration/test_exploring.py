"""Exploring a live query: plots, choices, history, files."""

from __future__ import annotations

import gc
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import numpy as np
import panel as pn
import pyarrow.feather
import pyarrow.parquet
import pytest
from bokeh.models import ColumnDataSource, GlyphRenderer
from bokeh.plotting import figure

import dashboard
from dashboard.errors import NotNow, SettingsError
from dashboard.live.live import Live
from dashboard.settings import settings
from dashboard.views.plot import continues
from tests.conftest import psql
from tests.waiting import eventually

SCHEMA = """
CREATE TABLE sale (id int PRIMARY KEY, kind text, total numeric(10, 2));
INSERT INTO sale VALUES (1, 'shop', 1.10), (2, 'post', 2.20), (3, NULL, NULL);
"""
ALL = "SELECT id, kind, total FROM sale ORDER BY id"


@pytest.fixture
async def live(server, database):
    psql(server, SCHEMA, database)
    async with dashboard.connect(database) as running:
        await running.install("sale")
        yield running


@pytest.fixture
async def writer(database):
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def test_every_moment_of_a_history_is_the_answer_of_that_snapshot(live: Live, writer) -> None:
    sales = await live.query(ALL).ready()
    history = sales.history()
    seen = {sales.offset: sales.frame}
    for change in (
        "INSERT INTO sale VALUES (0, 'shop', 5)",
        "UPDATE sale SET total = 9 WHERE id = 2",
        "UPDATE sale SET id = 10 WHERE id = 1",
        "DELETE FROM sale WHERE id = 3",
        "TRUNCATE sale",
    ):
        await writer.execute(change)
        await live.caught_up()
        seen[sales.offset] = sales.frame
    assert [len(history.frame_at(offset)) for offset in history.offsets] == [3, 4, 4, 4, 3, 0]
    for offset in history.offsets:
        assert history.frame_at(offset).equals(seen[offset])
    assert history.frame_at(history.moments[1]).equals(seen[history.offsets[1]])
    with pytest.raises(NotNow, match="does not reach back"):
        history.frame_at(history.moments[0] - timedelta(seconds=1))
    history.close()


async def test_a_history_that_nobody_holds_any_more_follows_nothing(live: Live) -> None:
    asked = live.query("SELECT count(*) AS n FROM sale")
    kept = [asked.history()]
    with pytest.raises(NotNow, match="no moment yet: its query has no answer"):
        kept[0].frame_at(datetime.now(UTC))
    password = urlsplit(live.dsn).password
    assert repr(live).startswith("<Live postgresql://") and repr(live).endswith(" · live>")
    assert password is not None and password not in repr(live)
    await eventually(lambda: kept[0].moments)
    assert len(live.hub.answers) == 1
    kept.clear()
    gc.collect()
    await eventually(lambda: len(live.hub.answers) == 0)


async def test_a_history_is_bounded_and_still_true(live: Live, writer) -> None:
    sales = await live.query(ALL).ready()
    history = sales.history(values=6)
    for number in range(10, 20):
        await writer.execute("INSERT INTO sale VALUES ($1, 'shop', 1)", number)
        await live.caught_up()
    assert len(history.moments) == 3
    assert [len(history.frame_at(moment)) for moment in history.moments] == [11, 12, 13]
    assert history.frame_at(history.offsets[-1]).equals(sales.frame)


async def test_an_answer_goes_into_a_file_exactly_and_with_its_snapshot(live: Live, tmp_path) -> None:
    sales = await live.query(ALL).ready()
    lines = sales.to_csv(tmp_path / "sales.csv").read_text().splitlines()
    assert lines == ["id,kind,total", "1,shop,1.10", "2,post,2.20", "3,,"]
    for table in (
        pyarrow.parquet.read_table(sales.to_parquet(tmp_path / "sales.parquet")),
        pyarrow.feather.read_table(sales.to_arrow(tmp_path / "sales.arrow")),
    ):
        assert table.column("total").to_pylist() == [Decimal("1.10"), Decimal("2.20"), None]
        assert table.column("kind").to_pylist() == ["shop", "post", None]
        assert table.schema.metadata[b"dashboard.snapshot"].decode() == str(sales.offset)
    with pytest.raises(SettingsError, match="cannot be written"):
        sales.to_csv(tmp_path / "nowhere" / "sales.csv")
    with pytest.raises(NotNow, match="no answer yet"):
        live.query("SELECT 1").to_csv(tmp_path / "one.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sales.arrow", "sales.csv", "sales.parquet"]


async def test_a_plot_follows_and_sends_only_what_is_new(live: Live, writer, monkeypatch) -> None:
    sales = await live.query("SELECT id, id * 2 AS double FROM sale ORDER BY id").ready()
    view = sales.hv(lambda frame: frame.hvplot.line("id", "double"), title="Double")
    root = pn.panel(view).get_root()
    (source,) = {renderer.data_source for plot in root.select({"type": figure}) for renderer in plot.renderers}
    assert list(source.data["double"]) == [2, 4, 6]
    streamed: list[Any] = []
    stream = ColumnDataSource.stream

    def noted(source: ColumnDataSource, new_data: Any) -> None:
        streamed.append({name: list(values) for name, values in new_data.items()})
        stream(source, new_data)

    monkeypatch.setattr(ColumnDataSource, "stream", noted)
    await writer.execute("INSERT INTO sale VALUES (4)")
    await eventually(lambda: list(source.data["double"]) == [2, 4, 6, 8])
    assert streamed == [{"id": [4], "double": [8]}]
    await writer.execute("DELETE FROM sale WHERE id = 1")
    await eventually(lambda: list(source.data["double"]) == [4, 6, 8])


@pytest.fixture
def many_rows(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DASHBOARD_MAX_ROWS", "300000")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


async def test_of_a_large_answer_an_image_is_sent_and_it_follows(
    many_rows, live: Live, writer, monkeypatch: pytest.MonkeyPatch
) -> None:

    await writer.execute("INSERT INTO sale (id, total) SELECT n, 100 + n % 7 FROM generate_series(4, 150000) n")
    asked = await live.query("SELECT id, total, timestamptz '2026-01-01' + id * interval '1s' AS at FROM sale").ready()
    root = pn.panel(asked.hv(lambda frame: frame.hvplot.points("at", "total"), rasterize=True)).get_root()
    (shown,) = root.select({"type": GlyphRenderer})
    (plot,) = root.select({"type": figure})

    def points() -> int:
        return int(np.nansum(shown.data_source.data["image"][0]))

    sizes = {np.shape(shown.data_source.data["image"][0])}
    assert points() == 149_999  # of one there is no total
    assert sum(np.size(column) for column in shown.data_source.data.values()) < 200_000
    await writer.execute("INSERT INTO sale (id, total) VALUES (400000, 500)")
    await eventually(lambda: points() == 150_000)
    assert plot.y_range.end >= 500
    sizes.add(np.shape(shown.data_source.data["image"][0]))
    assert len(sizes) == 1
    monkeypatch.setitem(sys.modules, "holoviews.operation.datashader", None)
    with pytest.raises(SettingsError, match=r"pip install 'dashboard-live\[large\]'"):
        asked.hv(lambda frame: frame.hvplot.points("at", "total"), rasterize=True)


def test_columns_continue_others_only_if_they_begin_with_them() -> None:
    assert continues({"x": [1, 2]}, {"x": [1, 2, 3]})
    assert not continues({"x": [1, 2]}, {"x": [1, 2]})
    assert not continues({"x": [1, 2]}, {"x": [2, 2, 3]})
    assert not continues({"x": [1]}, {"x": [1, 2], "y": [1, 2]})


async def test_a_widget_chooses_what_a_view_asks(live: Live, writer) -> None:
    kind = pn.widgets.Select(options=["shop", "post"])
    sales = live.query("SELECT count(*) AS n FROM sale WHERE kind = $1", kind)
    view = dashboard.Tile(sales, title="Sales")
    sales.wait()
    assert view.query is sales.query
    assert view.query.parameters == ("shop",)
    shown = sales.hv(lambda frame: frame.hvplot.bar(y="n"))
    root = pn.panel(shown).get_root()
    await writer.execute("INSERT INTO sale VALUES (5, 'post', 1), (6, 'post', 1)")
    kind.value = "post"
    assert view.query.parameters == ("post",)

    def heights() -> list[int]:
        return [
            int(value)
            for plot in root.select({"type": figure})
            for renderer in plot.renderers
            for value in renderer.data_source.data["n"]
        ]

    await eventually(lambda: heights() == [3])
    assert sales.frame["n"].tolist() == [3]
