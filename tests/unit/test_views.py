"""What views show of a query, without a page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import dashboard
from dashboard.errors import ViewError
from dashboard.views.channel import Binding, Channel
from dashboard.views.paging import Choice, PageSQL
from dashboard.views.strand import keyed_difference
from dashboard.views.view import View
from tests.unit.standin import Query, StandIn

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def picture(view: View) -> dict[str, Any]:
    """Return what the view shows on a page, drawn now."""
    channel = Channel()
    binding = channel.bind(view)
    view.bind(binding)
    assert binding.strand is not None
    binding.strand.refresh()
    drawn = binding.strand.picture
    channel.close()
    return drawn


def body(view: View) -> dict[str, Any]:
    drawn = picture(view)
    assert drawn["state"] == "ready", drawn
    return dict(drawn["body"])


def one(value: object, **more: object) -> Query:
    """Return a query whose first row holds these values."""
    columns = {"n": "numeric", **dict.fromkeys(more, "numeric")}
    return StandIn().query("SELECT n").answer(columns, [(value, *more.values())])


@pytest.mark.parametrize(
    ("value", "format", "text"),
    [
        (1234.5, "${:,.2f}", "$1,234.50"),
        (Decimal("1234.50"), "{:,}", "1,234.50"),
        (None, "${:,.2f}", "–"),
        (0.416, "{:.1%}", "41.6%"),
        (12, "{:.1%}", "1200.0%"),
        ("<b>", "{:,}", "<b>"),
        (Decimal("12"), "{:d}", "12"),
    ],
)
def test_a_tile_formats_its_number_as_python_does(value: object, format: str, text: str) -> None:
    format_is_for_float = format == "{:d}"
    if format_is_for_float:
        assert body(dashboard.Tile(one(int(value)), format=format))["value"] == text  # type: ignore[call-overload]
    else:
        assert body(dashboard.Tile(one(value), format=format))["value"] == text


@pytest.mark.parametrize("format", ["{:,", "{name}", "{0.real.nothing}", "{:q}"])
def test_a_format_that_fits_no_number_is_refused(format: str) -> None:
    with pytest.raises(ViewError):
        dashboard.Tile(one(1), format=format)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("20.0%", "up", "ok")),
        ({"lower_is_better": True}, ("20.0%", "up", "bad")),
        ({"change": "absolute"}, ("2", "up", "ok")),
        ({"change": "absolute", "format": "${:,.2f}"}, ("$2.00", "up", "ok")),
    ],
)
def test_a_tile_says_how_its_number_moved(options: dict[str, Any], expected: tuple[str, ...]) -> None:
    change = body(dashboard.Tile(one(12, was=10), comparison="was", **options))["change"]
    assert (change["text"], change["way"], change["tone"]) == expected


def test_a_tile_is_compared_with_another_query() -> None:
    live = StandIn()
    now = live.query("now").answer({"n": "int8"}, [(9,)])
    before = live.query("before").answer({"n": "int8"}, [(10,)])
    change = body(dashboard.Tile(now, comparison=before))["change"]
    assert (change["text"], change["way"]) == ("10.0%", "down")


def test_a_change_of_ten_times_and_more_is_said_as_a_multiple() -> None:
    assert body(dashboard.Tile(one(1300, was=1), comparison="was"))["change"]["text"] == "1,299×"


def test_a_change_from_nothing_is_not_said() -> None:
    assert body(dashboard.Tile(one(5, was=0), comparison="was"))["change"] is None


def test_the_highest_threshold_reached_colours_the_value() -> None:
    levels = {80: "warn", 95: "bad"}
    tones = [body(dashboard.Tile(one(value), thresholds=levels))["tone"] for value in (10, 80, 99)]
    assert tones == ["plain", "warn", "bad"]


def test_an_unknown_tone_is_refused() -> None:
    with pytest.raises(ViewError, match="no tone 'red'"):
        dashboard.Tile(one(1), thresholds={1: "red"})


def test_a_sparkline_is_the_last_column_of_its_query() -> None:
    live = StandIn()
    number = live.query("n").answer({"n": "int8"}, [(1,)])
    history = live.query("h").answer({"at": "timestamptz", "n": "int8"}, [(NOW, 3), (NOW + dt.timedelta(1), 4)])
    assert body(dashboard.Tile(number, sparkline=history))["spark"] == [3.0, 4.0]


def test_a_tile_without_rows_shows_a_dash() -> None:
    query = StandIn().query("SELECT").answer({"n": "int8"}, [])
    assert body(dashboard.Tile(query))["value"] == "–"


def test_a_missing_column_is_this_views_trouble_only() -> None:
    assert picture(dashboard.Tile(one(1), column="gone")) == {
        "state": "error",
        "text": "The query has no column 'gone'.",
        "fault": "data",
    }


def test_a_failed_query_keeps_the_last_rows_in_sight() -> None:
    query = one(1)
    channel = Channel()
    view = dashboard.Tile(query)
    binding = channel.bind(view)
    view.bind(binding)
    strand = binding.strand
    assert strand is not None
    strand.refresh()
    query.error = dashboard.DashboardError("It broke.", "Mend it.")
    strand.refresh()
    assert strand.picture["state"] == "error"
    assert strand.picture["text"] == "It broke. Mend it."
    assert strand.picture["body"]["value"] == "1"
    channel.close()


def feed_query(rows: list[tuple[Any, ...]]) -> Query:
    columns = {"id": "int8", "at": "timestamptz", "kind": "text", "who": "text"}
    return StandIn().query("SELECT").answer(columns, rows)


def test_a_feed_puts_values_into_its_template_as_text() -> None:
    query = feed_query([(1, NOW, "call", "**<b>{x}</b>**")])
    (row,) = body(dashboard.Feed(query, format="**{who}** called"))["rows"].values()
    assert row["line"] == [("b", "**<b>{x}</b>**"), ("", " called")]
    assert row["kind"] == "call"
    assert row["at"] == NOW.timestamp() * 1000


@pytest.mark.parametrize(
    "format",
    [
        {"call": "{who} called", "": "{who} did"},
        lambda row: f"{row['who']} {'called' if row['kind'] == 'call' else 'did'}",
    ],
)
def test_a_feed_formats_by_kind_or_by_function(format: dict[str, str] | Callable[..., str]) -> None:
    query = feed_query([(1, NOW, "call", "Ana"), (2, NOW, "note", "Jo")])
    rows = body(dashboard.Feed(query, format=format))["rows"]
    assert [row["line"] for row in rows.values()] == [[("", "Ana called")], [("", "Jo did")]]


def test_a_feed_shows_no_more_than_its_limit() -> None:
    query = feed_query([(n, NOW, "call", "Ana") for n in range(100)])
    assert body(dashboard.Feed(query, limit=7))["order"] == [str(n) for n in range(7)]


def test_a_null_in_a_feeds_template_is_a_dash_whatever_the_format() -> None:
    query = feed_query([(1, NOW, None, None)])
    (row,) = body(dashboard.Feed(query, format="{who:>9.2f}!"))["rows"].values()
    assert row["line"] == [("", "–!")]
    assert row["kind"] is None


def test_a_feeds_broken_template_is_refused() -> None:
    with pytest.raises(ViewError, match="cannot be used"):
        dashboard.Feed(feed_query([]), format="{who")


def test_a_chart_finds_its_columns_and_its_axis() -> None:
    query = StandIn().query("SELECT").answer({"day": "date", "n": "int8"}, [(dt.date(1970, 1, 1), 4)])
    drawn = body(dashboard.Chart(query))
    assert drawn["axis"] == "clock"
    assert drawn["series"] == {"n": {"x": [0.0], "y": [4.0]}}


def test_a_charts_new_group_comes_as_a_step() -> None:
    query = StandIn().query("SELECT").answer({"id": "int8", "kind": "text", "n": "int8"}, [(1, "a", 5), (2, "a", 6)])
    view = dashboard.Chart(query, x="id", y="n", by="kind")
    channel = Channel()
    binding = channel.bind(view)
    view.bind(binding)
    assert binding.strand is not None
    old = view.shape(binding).draw((query,))
    query.put((3, "b", 7))
    new = view.shape(binding).draw((query,))
    step = view.shape(binding).difference(old, new)
    assert step == {"names": ["a", "b"], "series": {"b": {"whole": {"x": [3.0], "y": [7.0]}}}}
    channel.close()


def test_charts_of_one_look_share_one_figure() -> None:
    first = body(dashboard.Chart(one(1, y=2)))["figure"]
    assert body(dashboard.Chart(one(3, y=4)))["figure"] is first


def test_a_chart_may_have_its_figure_changed() -> None:
    def name(figure: Any) -> None:
        figure.yaxis.axis_label = "Sold"

    assert "Sold" in str(body(dashboard.Chart(one(1, y=2), figure=name))["figure"])


def test_an_unknown_kind_of_chart_is_refused() -> None:
    with pytest.raises(ViewError, match="no kind 'pie'"):
        dashboard.Chart(one(1), kind="pie")  # type: ignore[arg-type]


def test_a_page_of_a_table_is_a_query_of_its_own() -> None:
    choice = Choice(sort=('total "net"', True), page=2, search="50%", filters=(("state", "paid"),))
    page = PageSQL("SELECT * FROM orders WHERE shop = $1;", (7,), choice, 25, ("name", "state"))
    sql, parameters = page.rows()
    assert sql == (
        "SELECT * FROM (\nSELECT * FROM orders WHERE shop = $1\n) q"
        ' WHERE concat_ws(\' \', q."name"::text, q."state"::text) ILIKE $2::text AND q."state"::text = $3::text'
        ' ORDER BY q."total ""net""" DESC NULLS LAST, (q.*)::text LIMIT 25 OFFSET 50'
    )
    assert parameters == (7, "%50\\%%", "paid")


def test_a_table_asks_only_for_columns_it_knows() -> None:
    def respond(query: Query) -> None:
        is_count = query.sql.startswith("SELECT count")
        query.answer(
            {"count": "int8"} if is_count else {"id": "int8", "name": "text"}, [(1,)] if is_count else [(1, "a")]
        )

    live = StandIn(respond)
    view = dashboard.Table(live.query("SELECT id, name FROM t"))
    channel = Channel()
    binding = channel.bind(view)
    view.bind(binding)
    for ask in (
        {"sort": ["name; DROP TABLE t", True]},
        {"filters": {'x" OR true --': "1"}},
        {"page": -1},
        {"page": 10**9},
        "?",
    ):
        view.receive(binding, {"ask": ask})
        assert isinstance(binding, Binding)
        assert binding.strand is not None
        binding.strand.refresh()
        shown = binding.strand.picture["body"]
        assert (shown["sort"], shown["page"], shown["filters"]) == (None, 0, {})
    channel.close()


def test_fifteen_rows_of_long_texts_are_cut_in_tables_and_feeds() -> None:
    rows = [(n, "x" * 600_000, {"a": "y" * 1000}) for n in range(15)]

    def answered(sql: str) -> Any:
        return StandIn(lambda query: None).query(sql).answer({"id": "int8", "t": "text", "j": "jsonb"}, rows)

    table = dashboard.Table(answered("SELECT"))
    live: Any = table.query.live  # type: ignore[union-attr]  # it has a query

    def respond(query: Query) -> None:
        query.answer(
            *(
                ({"n": "int8"}, [(15,)])
                if "count(*)" in query.sql
                else ({"id": "int8", "t": "text", "j": "jsonb"}, rows)
            )
        )

    live.respond = respond
    assert len(str(body(table))) < 30_000
    assert "… (600,000 characters)" in str(body(table))
    for template in (None, "{t} {j}"):
        assert len(str(body(dashboard.Feed(answered("SELECT"), format=template)))) < 30_000


def test_only_changed_rows_are_in_a_step() -> None:
    old = {"order": ["1", "2"], "rows": {"1": ["a"], "2": ["b"]}, "size": 10}
    new = {"order": ["3", "1"], "rows": {"1": ["a"], "3": ["c"]}, "size": 10}
    assert keyed_difference(old, new) == {"rows": {"3": ["c"]}, "order": ["3", "1"]}
    assert keyed_difference(old, {**new, "size": 20}) is None
