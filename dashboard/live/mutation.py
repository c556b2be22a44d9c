"""The text of a write, and what can be read off it before anything is sent: pure.

A person who forgets a WHERE changes a whole table, so that has to be said. A statement that does not write, several at
once, or one that makes or drops something, is refused. What a plain statement does to single rows (`INSERT … VALUES`,
`UPDATE` and `DELETE` by the whole key) is known beforehand as `Effect`; of all others, PostgreSQL tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from dashboard.errors import NotAWrite
from dashboard.live.effect import Effect
from dashboard.live.statement import unended
from dashboard.live.values import coerced
from dashboard.postgres.reading import quoted
from dashboard.postgres.writable import WritableTable

_WORD = re.compile(r"^(?:\s|--[^\n]*\n|/\*.*?\*/)*([a-z]+)", re.IGNORECASE | re.DOTALL)
_PARAMETER = re.compile(r"(\$\d+)(?=\D|$)")
_WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "CALL", "TRUNCATE"})
_TREES = (exp.Insert, exp.Update, exp.Delete, exp.Merge)


class Mutation:
    """One statement that writes.

    Parameters
    ----------
    sql
        INSERT, UPDATE, DELETE, MERGE, CALL or TRUNCATE; WITH before it is allowed.

    Raises
    ------
    NotAWrite
        It is something else, or several statements.
    """

    def __init__(self, sql: str) -> None:
        self.sql = unended(sql)
        found = _WORD.match(self.sql)
        self.word = found[1].upper() if found else ""
        if self.word not in _WRITING:
            raise NotAWrite(
                f"This does not write: it begins with {self.word or 'nothing'}.",
                "Write INSERT, UPDATE, DELETE, MERGE, TRUNCATE or CALL; ask with live.query().",
                sql=sql,
            )
        self.tree = self._parsed()
        if self.tree is None and self.word == "WITH":
            raise NotAWrite("This does not write: a SELECT stands behind its WITH.", "Ask with live.query().", sql=sql)
        self._is_whole = self._writes_whole_tables()
        self._places = self._counted()

    def check(self, parameters: Sequence[Any], *, whole_table: bool = False) -> None:
        """Refuse what is not meant, before anything is sent.

        Parameters
        ----------
        parameters
            Values of ``$1`` and so on.
        whole_table
            Allows TRUNCATE, and UPDATE and DELETE without a WHERE.

        Raises
        ------
        NotAWrite
            It writes a whole table unasked, or lacks values.
        """
        if self._places is not None and self._places != len(parameters):
            raise NotAWrite(
                f"The statement has {self._places} places for values, and {len(parameters)} were given.",
                "Give one value for each of $1, $2, ….",
                sql=self.sql,
            )
        if self._is_whole and not whole_table:
            raise NotAWrite(
                "This writes every row of a table.",
                "Say which with WHERE, or allow it with whole_table=True.",
                sql=self.sql,
            )

    def _parsed(self) -> exp.Expr | None:
        if self.word in ("CALL", "TRUNCATE"):
            return None
        try:
            trees = parse(_PARAMETER.sub(r"\1 ", self.sql), dialect="postgres")
        except (SqlglotError, RecursionError):
            return None
        if len(trees) > 1:
            raise NotAWrite(
                "This is several statements.", "Write each by itself, or all of them in a batch.", sql=self.sql
            )
        return trees[0] if isinstance(trees[0], _TREES) else self._within(trees[0])

    @staticmethod
    def _within(tree: exp.Expr | None) -> exp.Expr | None:
        """A SELECT is let through where one of its WITH clauses writes."""
        return tree if tree is not None and tree.find(*_TREES) else None

    def _counted(self) -> int | None:
        """How many values it takes, as far as that can be told."""
        if self.tree is None:
            return None
        return max((int(n.name) for n in self.tree.find_all(exp.Parameter) if n.name.isdecimal()), default=0)

    def _writes_whole_tables(self) -> bool:
        if self.word == "TRUNCATE":
            return True
        if self.tree is None:
            return self.word in ("UPDATE", "DELETE") and not re.search(r"\bwhere\b", self.sql, re.IGNORECASE)
        return any(_has_no_where(node) for node in self.tree.find_all(exp.Update, exp.Delete)) or any(
            _merges_all(node) for node in self.tree.find_all(exp.Merge)
        )

    @cached_property
    def target(self) -> str:
        """The one table whose rows it names, quoted as SQL; empty where that is not so simple."""
        tree = self.tree
        if not isinstance(tree, exp.Insert | exp.Update | exp.Delete) or tree.args.get("with_"):
            return ""
        node = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        if (
            not isinstance(node, exp.Table)
            or tree.args.get("using")
            or tree.args.get("from_")
            or node.args.get("joins")
        ):
            return ""
        parts = [part for part in (node.args.get("db"), node.this) if part]
        return ".".join(quoted(p.name if p.args.get("quoted") else p.name.lower()) for p in parts)

    def effects(self, table: WritableTable, parameters: Sequence[Any]) -> tuple[Effect, ...]:
        """What it does to single rows of its `target`; empty where only PostgreSQL knows.

        Raises
        ------
        NotAWrite
            It names a column that is not there, or a value does not fit.
        """
        tree = self.tree
        if isinstance(tree, exp.Insert):
            return _Values(parameters).inserts(tree, table)
        if isinstance(tree, exp.Update | exp.Delete):
            values = _Values(parameters)
            key = values.key(tree, table)
            if key is None:
                return ()
            if isinstance(tree, exp.Delete):
                return (Effect(relation=table.oid, op="delete", key=key),)
            assigned = values.assigned(tree, table)
            if assigned is None:
                return ()
            return (Effect(relation=table.oid, op="update", key=key, values=assigned),)
        return ()

    @cached_property
    def keyed(self) -> str | None:
        """The text with one more value, the write's key, which the same statement notes; None if that is not easy."""
        if self.tree is None or self.word not in ("INSERT", "UPDATE", "DELETE"):
            return None
        place = f"${(self._places or 0) + 1}::uuid"
        return f"WITH dashboard_key AS (INSERT INTO dashboard.write_key (key) VALUES ({place}))\n{self.sql}"


class _Values:
    """What a statement writes, as far as it stands in it."""

    def __init__(self, parameters: Sequence[Any]) -> None:
        self.parameters = parameters

    def inserts(self, tree: exp.Insert, table: WritableTable) -> tuple[Effect, ...]:
        rows, schema = tree.expression, tree.this
        if not isinstance(rows, exp.Values) or not isinstance(schema, exp.Schema) or tree.args.get("conflict"):
            return ()
        names = [_name(node) for node in schema.expressions]
        found = []
        for row in rows.expressions:
            values = {}
            for name, node in zip(names, row.expressions, strict=False):
                table.column(name)
                known, value = self._value(node)
                if known:
                    values[name] = coerced(table, name, value)
            key = {name: values[name] for name in table.key if name in values}
            found.append(
                Effect(relation=table.oid, op="insert", key=key if len(key) == len(table.key) else {}, values=values)
            )
        return tuple(found)

    def assigned(self, tree: exp.Update, table: WritableTable) -> dict[str, Any] | None:
        values = {}
        for node in tree.expressions:
            if not isinstance(node, exp.EQ) or not isinstance(node.this, exp.Column):
                return None
            name = _name(node.this.this)
            table.column(name)
            known, value = self._value(node.expression)
            if known:
                values[name] = coerced(table, name, value)
        return values

    def key(self, tree: exp.Update | exp.Delete, table: WritableTable) -> dict[str, Any] | None:
        """The key that its WHERE names, and nothing but that."""
        where = tree.args.get("where")
        found = {}
        for term in (
            where.this.flatten() if where and isinstance(where.this, exp.And) else [where.this] if where else []
        ):
            if not isinstance(term, exp.EQ) or not isinstance(term.this, exp.Column):
                return None
            name = _name(term.this.this)
            known, value = self._value(term.expression)
            if not known or name not in table.key:
                return None
            found[name] = coerced(table, name, value)
        return found if table.key and found.keys() == set(table.key) else None

    def _value(self, node: exp.Expr) -> tuple[bool, Any]:
        """Whether a value is known beforehand, and which."""
        if isinstance(node, exp.Parameter) and node.name.isdecimal():
            return True, self.parameters[int(node.name) - 1]
        if isinstance(node, exp.Null):
            return True, None
        if isinstance(node, exp.Boolean):
            return True, node.this
        if isinstance(node, exp.Literal):
            return True, node.name
        return False, None


def _has_no_where(node: exp.Expr) -> bool:
    where = node.args.get("where")
    if where is None:
        return not (isinstance(node.parent, exp.When | exp.OnConflict))
    return not _chooses(where.this, node.this)


def _merges_all(node: exp.Merge) -> bool:
    """Whether it changes or deletes rows that nothing chooses."""
    if _chooses(node.args["on"], node.this):
        return False
    whens = [when for when in node.args["whens"].expressions if when.args.get("matched")]
    return any(
        when.args["then"].name.upper() != "DO NOTHING" and not _chooses(when.args.get("condition"), node.this)
        for when in whens
    )


def _chooses(condition: exp.Expr | None, target: exp.Expr) -> bool:
    """Whether a condition says anything of the target's rows: it names a column that may be theirs, not as itself."""
    name = target.alias_or_name.lower()
    terms = condition.flatten() if isinstance(condition, exp.And) else [condition] if condition is not None else []
    return any(
        column.table.lower() in ("", name)
        for term in terms
        if not (isinstance(one := term.unnest(), exp.EQ) and one.this == one.expression)
        for column in term.find_all(exp.Column)
    )


def _name(node: exp.Expr) -> str:
    return node.name if node.args.get("quoted") else node.name.lower()


@lru_cache(maxsize=512)
def mutation_of(sql: str) -> Mutation:
    """The statement behind a text, read once; raises as `Mutation`."""
    return Mutation(sql)
