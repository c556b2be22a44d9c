"""Random SELECTs over the tables of `world.sql`, of every shape that a plan is chosen by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from dashboard.live import Scope


@dataclass(frozen=True)
class Asked:
    """A SELECT, its parameters and scope, and the places of the columns whose order it fixes."""

    sql: str
    parameters: tuple[Any, ...] = ()
    ordered: tuple[int, ...] = ()
    scope: Scope | None = None


@dataclass(frozen=True)
class Table:
    """A table: its key, the columns that may be summed, grouped by, and conditions on it."""

    name: str
    key: tuple[str, ...]
    sums: tuple[str, ...]
    groups: tuple[str, ...]
    others: tuple[str, ...]
    conditions: tuple[str, ...]


TABLES = (
    Table(
        "plain",
        ("id",),
        ("a", "c"),
        ("a", "b", "ok"),
        ("f", "at"),
        ("a = 1", "a > 1", "b = 'x'", "b LIKE 'x%'", "b IS NULL", "c > 1.5", "ok", "NOT ok", "id < 6", "f > 0",
         "coalesce(a, 0) % 2 = 0", "b IN ('x', 'y')", "c BETWEEN 0 AND 2", "twice(a) = 4", "at IS NOT NULL"),
    ),
    Table("pair", ("x", "y"), ("v", "w"), ("x", "y"), (), ("x = 2", "y = 'a'", "v > 3", "w IS NULL", "x + v > 4")),
    Table("named", ("u",), ("n",), ("n", "tag"), (), ("n = 1", "tag = 'x'", "tag IS NULL", "n > 1")),
    Table("coded", ("code",), ("n", "c"), ("n",), (), ("code = 'b'", "n > 2", "c <> 0", "code > 'b'")),
    Table("keyless", (), ("a", "c"), ("a", "b"), (), ("a = 1", "b = 'x'", "c > 1")),
    Table("parts", ("id", "region"), ("v",), ("region",), (), ("region = 'n'", "v > 1", "id < 4")),
    Table("secured", ("id",), ("amount", "a"), ("owner", "a"), (), ("a = 1", "amount > 1", "owner = 'ann'")),
    Table("guarded", ("id",), ("v",), ("v",), (), ("v > 1", "v = 2")),
    Table("chained", ("id",), ("v",), ("v",), (), ("v > 2", "id = 1", "v = 1")),
    Table("owned", ("id",), ("v", "owner"), ("owner",), (), ("owner = 1", "v > 1", "owner IS NULL")),
    Table("numbers", ("id",), ("a", "id"), ("a",), (), ("a > 1", "id > 1")),
)  # fmt: skip

FIXED = (
    Asked("SELECT p.id, p.a, l.name FROM plain p JOIN lookup l ON l.id = p.a"),
    Asked("SELECT p.id, l.name FROM plain p LEFT JOIN lookup l ON l.id = p.a WHERE p.b = 'x'"),
    Asked("SELECT p.id, l.name FROM plain p LEFT JOIN lookup l ON l.id = p.a ORDER BY p.id LIMIT 4", (), (0,)),
    Asked("SELECT l.name, count(*), sum(p.c) FROM plain p JOIN lookup l ON l.id = p.a GROUP BY l.name"),
    Asked("SELECT p.a, count(*), count(l.id) FROM plain p LEFT JOIN lookup l ON l.id = p.a GROUP BY p.a"),
    Asked("SELECT a.id, b.id FROM plain a JOIN plain b ON a.a = b.a AND a.id < b.id"),
    Asked("SELECT p.id, k.b FROM plain p JOIN keyless k ON k.a = p.a"),
    Asked("SELECT id, row_number() OVER (ORDER BY c DESC NULLS LAST, id) FROM plain"),
    Asked("SELECT a, sum(count(*)) OVER (ORDER BY a) FROM plain GROUP BY a"),
    Asked("SELECT id FROM plain WHERE a = 1 UNION ALL SELECT n FROM named"),
    Asked("SELECT a FROM plain UNION SELECT a FROM keyless"),
    Asked("SELECT a FROM plain EXCEPT SELECT a FROM keyless"),
    Asked("SELECT a FROM plain INTERSECT ALL SELECT a FROM keyless"),
    Asked("WITH big AS (SELECT * FROM plain WHERE c > 1) SELECT b, count(*) FROM big GROUP BY b"),
    Asked("WITH RECURSIVE up AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 3) "
          "SELECT up.n, count(p.id) FROM up LEFT JOIN plain p ON p.a = up.n GROUP BY 1"),
    Asked("SELECT id, (SELECT name FROM lookup l WHERE l.id = p.a) FROM plain p"),
    Asked("SELECT id FROM plain p WHERE EXISTS (SELECT FROM keyless k WHERE k.a = p.a)"),
    Asked("SELECT id FROM plain WHERE a IN (SELECT id FROM lookup)"),
    Asked("SELECT id, c FROM plain WHERE c >= (SELECT max(c) FROM plain WHERE c <> 'NaN')"),
    Asked("SELECT count(*) FROM plain WHERE a > (SELECT avg(a) FROM keyless)"),
    Asked("SELECT * FROM joined"),
    Asked("SELECT * FROM joined ORDER BY id LIMIT 3", (), (0,)),
    Asked("SELECT * FROM totals"),
    Asked("SELECT q.id, q.d FROM (SELECT id, a * 2 AS d FROM plain WHERE b IS NOT NULL) AS q WHERE q.d > 1"),
    Asked("SELECT q.a, sum(q.c), count(*) FROM (SELECT a, c FROM plain WHERE ok) AS q GROUP BY q.a"),
    Asked("SELECT DISTINCT a, b FROM plain"),
    Asked("SELECT DISTINCT ON (a) a, id FROM plain ORDER BY a, id DESC", (), (0, 1)),
    Asked("SELECT count(DISTINCT a), sum(DISTINCT a) FROM plain"),
    Asked("SELECT a, b, count(*) FROM plain GROUP BY ROLLUP (a, b)"),
    Asked("SELECT a, count(*) FROM plain GROUP BY a HAVING count(*) > 1"),
    Asked("SELECT a, count(*) FROM plain GROUP BY a ORDER BY count(*) DESC, a LIMIT 2", (), (1, 0)),
    Asked("SELECT a, c, id FROM plain ORDER BY c DESC, id OFFSET 1 LIMIT 3", (), (1, 2)),
    Asked("SELECT c, id FROM plain ORDER BY c FETCH FIRST 2 ROWS WITH TIES", (), (0,)),
    Asked("SELECT -id AS id, a FROM plain ORDER BY id LIMIT 3", (), (0,)),
    Asked("SELECT a AS b, b AS a, id FROM plain ORDER BY b NULLS FIRST, id DESC LIMIT 4", (), (0, 2)),
    Asked("SELECT id, a FROM plain WHERE a = $1 OR id = $1", (1,)),
    Asked("SELECT id, b FROM plain WHERE b = $1 AND a < $2", ("x", 3)),
    Asked("SELECT count(*) FROM plain WHERE ($1::int IS NULL OR a = $1)", (None,)),
    Asked("SELECT id FROM plain WHERE a = ANY ($1)", ((1, 2),)),
    Asked("SELECT twice(a), count(*) FROM plain GROUP BY twice(a)"),
    Asked("SELECT id, how_many() FROM plain"),
    Asked("SELECT date_trunc('hour', at) AS hour, count(*) AS n, sum(c) FROM plain GROUP BY 1"),
    Asked("SELECT CASE WHEN a > 1 THEN 'b' ELSE 's' END AS s, count(*), coalesce(sum(c), 0) FROM plain GROUP BY 1"),
    Asked("SELECT count(*), sum(v), coalesce(sum(v) FILTER (WHERE region = 'n'), 0) FROM parts"),
    Asked("SELECT * FROM parts_n"),
    Asked("SELECT n, s FROM generate_series(1, 3) n, LATERAL (SELECT sum(c) AS s FROM plain p WHERE p.a = n) q"),
    Asked("SELECT p.id, q.n FROM plain p, LATERAL (SELECT count(*) AS n FROM keyless k WHERE k.a = p.a) q"),
    Asked("TABLE lookup"),
    Asked("SELECT v, id FROM chained ORDER BY v DESC, id LIMIT 4", (), (0, 1)),
    Asked("SELECT count(*), sum(v) FROM chained"),
    Asked("SELECT o.id, x.id, x.v FROM owned x JOIN owners o ON o.id = x.owner"),
    Asked("SELECT owner, count(*), sum(v) FROM owned GROUP BY owner"),
    Asked("VALUES (1), (2)"),
    Asked("SELECT id AS \"Id\", a AS id FROM plain"),
    Asked("SELECT id, id, a AS id FROM plain"),
    Asked("SELECT p FROM lookup p"),
    Asked("SELECT f, id FROM plain ORDER BY f DESC, id LIMIT 4", (), (0, 1)),
    Asked("SELECT c, id FROM plain ORDER BY c NULLS FIRST, id LIMIT 4", (), (0, 1)),
    Asked("SELECT b, id FROM plain ORDER BY b DESC NULLS LAST, id", (), (0, 1)),
    Asked("SELECT ok, at, id FROM plain ORDER BY ok, at DESC, id", (), (0, 1, 2)),
    Asked("SELECT f, count(*), sum(a) FROM plain GROUP BY f"),
    Asked("SELECT c, count(*), sum(a) FROM plain GROUP BY c"),
    Asked("SELECT tag, y, count(*) FROM named, pair WHERE named.n = pair.x GROUP BY tag, y"),
    Asked("SELECT p.x, p.y, l.name FROM pair p LEFT JOIN lookup l ON l.id = p.v WHERE p.y = 'a'"),
    Asked("SELECT p.id, l.id FROM plain p RIGHT JOIN lookup l ON l.id = p.a"),
    Asked("SELECT p.id, l.id FROM plain p FULL JOIN lookup l ON l.id = p.a"),
    Asked("SELECT id, a FROM plain NATURAL JOIN keyless"),
    Asked("SELECT id, name FROM plain p JOIN lookup l USING (id)"),
)  # fmt: skip

SCOPES = (None, Scope(role="property_reader", settings={"app.user": "ann"}),
          Scope(role="property_reader", settings={"app.user": "bob"}))  # fmt: skip

_AGGREGATES = ("count(*)", "count({s})", "sum({s})", "coalesce(sum({s}), 0)", "sum({s}) FILTER (WHERE {w})",
               "count(*) FILTER (WHERE {w})", "coalesce(sum({s}) FILTER (WHERE {w}), 0)")  # fmt: skip
_DEARER = ("avg({s})", "max({s})", "min({s})", "count(DISTINCT {s})", "sum({s}) + 1", "array_agg({s} ORDER BY {s})")


@st.composite
def _condition(draw: st.DrawFn, table: Table) -> str:
    atoms = draw(st.lists(st.sampled_from(table.conditions), min_size=1, max_size=3))
    text = atoms[0]
    for atom in atoms[1:]:
        text = f"({text}) {draw(st.sampled_from(('AND', 'OR')))} ({atom})"
    return draw(st.sampled_from(("{}", "{}", "{}", "NOT ({})"))).format(text)


@st.composite
def _rows(draw: st.DrawFn, table: Table, scope: Scope | None) -> Asked:
    columns = [*table.key, *draw(st.lists(st.sampled_from((*table.sums, *table.groups, *table.others)), max_size=3))]
    columns = draw(st.permutations(list(dict.fromkeys(columns)))) or ["1 AS one"]
    sql = f"SELECT {', '.join(columns)} FROM {table.name}"
    if draw(st.booleans()):
        sql += f" WHERE {draw(_condition(table))}"
    ordered: tuple[int, ...] = ()
    if table.key and draw(st.booleans()):
        terms = draw(st.lists(st.sampled_from(columns), max_size=2, unique=True))
        terms += [name for name in table.key if name not in terms]
        ends = [draw(st.sampled_from(("", " DESC", " NULLS FIRST", " DESC NULLS LAST"))) for _ in terms]
        sql += f" ORDER BY {', '.join(term + end for term, end in zip(terms, ends, strict=True))}"
        ordered = tuple(columns.index(term) for term in terms)
        if draw(st.booleans()):
            sql += f" LIMIT {draw(st.integers(0, 5))}"
    return Asked(sql, (), ordered, scope)


@st.composite
def _groups(draw: st.DrawFn, table: Table, scope: Scope | None) -> Asked:
    groups = draw(st.lists(st.sampled_from(table.groups), max_size=2, unique=True))
    dear = draw(st.integers(0, 3)) == 0
    kinds = draw(st.lists(st.sampled_from(_AGGREGATES + (_DEARER if dear else ())), min_size=1, max_size=3))
    parts = [
        kind.format(s=draw(st.sampled_from(table.sums)), w=draw(st.sampled_from(table.conditions))) for kind in kinds
    ]
    sql = f"SELECT {', '.join([*groups, *parts])} FROM {table.name}"
    if draw(st.booleans()):
        sql += f" WHERE {draw(_condition(table))}"
    ordered: tuple[int, ...] = ()
    if groups:
        sql += f" GROUP BY {', '.join(groups)}"
        if draw(st.integers(0, 3)) == 0:
            sql += " HAVING count(*) > 1"
        if draw(st.booleans()):
            sql += f" ORDER BY {', '.join(groups)}"
            ordered = tuple(range(len(groups)))
    return Asked(sql, (), ordered, scope)


@st.composite
def selects(draw: st.DrawFn) -> Asked:
    """One SELECT."""
    which = draw(st.integers(0, 2))
    if which == 0:
        fixed = draw(st.sampled_from(FIXED))
        return Asked(fixed.sql, fixed.parameters, fixed.ordered, draw(st.sampled_from(SCOPES[:2])))
    table = draw(st.sampled_from(TABLES))
    scope = draw(st.sampled_from(SCOPES))
    return draw(_rows(table, scope) if which == 1 else _groups(table, scope))
