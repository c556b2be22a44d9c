"""A SELECT's syntax tree, with every column qualified by the table it comes from.

Pure. sqlglot resolves names, stars and aliases against what the catalogue says of the tables; what it cannot resolve
for certain is a `Doubt`, whose sentence becomes the reason for a re-run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from dashboard.live.statement import Statement, TableName
from dashboard.postgres.reading import Relation


class Doubt(Exception):
    """A reason to re-run, as a sentence.

    Parameters
    ----------
    is_blind
        What the query reads is not known either: any change may matter.
    """

    def __init__(self, reason: str, *, is_blind: bool = False) -> None:
        super().__init__(reason)
        self.is_blind = is_blind


class Tree:
    """The qualified tree of one statement.

    Parameters
    ----------
    statement
        The parsed SELECT.
    relations
        What is known of the tables it names, by `TableName.name`.

    Raises
    ------
    Doubt
        It cannot be resolved completely.
    """

    def __init__(self, statement: Statement, relations: Mapping[str, Relation]) -> None:
        self.by_alias: dict[str, tuple[TableName, Relation]] = {}
        root = self._qualified(statement, relations)
        if not isinstance(root, exp.Select):
            raise Doubt("It combines several SELECTs (UNION, INTERSECT or EXCEPT).")
        self.root = root

    @property
    def relations(self) -> list[Relation]:
        """All tables it reads, once for each mention."""
        return [relation for _, relation in self.by_alias.values()]

    def levels(self) -> Iterator[exp.Select]:
        """The outer SELECT, and the derived tables that are first in FROM, inwards."""
        level: exp.Expr = self.root
        while isinstance(level, exp.Select):
            yield level
            source = level.args.get("from_")
            if source is None:
                return
            level = source.this.this if isinstance(source.this, exp.Subquery) else source.this

    def innermost(self) -> exp.Expr:
        """What the innermost level reads first."""
        source = None
        for level in self.levels():
            source = level.args.get("from_")
        if source is None:
            raise Doubt("It reads no table.")
        inner: exp.Expr = source.this.this if isinstance(source.this, exp.Subquery) else source.this
        return inner

    def driving(self) -> tuple[TableName, Relation]:
        """The first table of FROM: the one whose rows the answer's rows come from."""
        table = self.innermost()
        if not isinstance(table, exp.Table) or table.name not in self.by_alias:
            raise Doubt("It reads from something that is not a table.")
        mention, relation = self.by_alias[table.name]
        mentions = sum(other.oid == relation.oid for other in self.relations)
        if mentions > 1:
            raise Doubt(f"It mentions {relation.relation} more than once.")
        if relation.kind not in ("r", "p"):
            raise Doubt(f"{relation.relation} is a view; the tables behind it drive a re-run.")
        if relation.inherited or relation.partition:
            raise Doubt(f"{relation.relation} is part of an inheritance tree.")
        for other in self.relations:
            if other.kind not in ("r", "p"):
                raise Doubt(f"{other.relation} is a view; the tables behind it drive a re-run.")
        return mention, relation

    def trace(self, level: exp.Select, expression: exp.Expr) -> tuple[TableName, str] | None:
        """The table column behind an expression, through derived tables; None if it is computed."""
        if not isinstance(expression, exp.Column):
            return None
        for source in _sources(level):
            if source.alias_or_name == expression.table and isinstance(source, exp.Table):
                return (self.by_alias[source.name][0], expression.name) if source.name in self.by_alias else None
        found = self.behind(level, expression)
        return None if found is None else self.trace(*found)

    def behind(self, level: exp.Select, column: exp.Column) -> tuple[exp.Select, exp.Expr] | None:
        """What a derived table gives as a column, and where that stands; None if it comes from no derived table."""
        for source in _sources(level):
            if source.alias_or_name != column.table or not isinstance(source, exp.Subquery):
                continue
            for projection in source.this.selects if isinstance(source.this, exp.Select) else ():
                if projection.alias_or_name == column.name:
                    return source.this, projection.unalias()
        return None

    def _qualified(self, statement: Statement, relations: Mapping[str, Relation]) -> exp.Expr:
        if statement.tree is None:
            raise Doubt("Its syntax is not one that is followed in detail.")
        if statement.tree.args.get("with_") or statement.tree.find(exp.With):
            raise Doubt("It has a WITH clause.")
        tree = statement.tree.copy()
        own = list(tree.find_all(exp.Table))
        if len(own) != len(statement.tables):
            raise Doubt("It reads from something that is not a table.")
        schema: dict[str, object] = {}
        for node, mention in zip(own, statement.tables, strict=True):
            relation = relations.get(mention.name)
            if relation is None:
                raise Doubt(f"{mention.name} is not a table that can be looked up.")
            alias = node.alias or node.this.name
            place = f"t{len(schema)}"
            schema[place] = dict(zip(relation.columns, relation.types, strict=True))
            node.set("this", exp.to_identifier(place, quoted=True))
            node.set("db", None)
            node.set("catalog", None)
            if not node.alias:
                quoted = mention.node.this.args.get("quoted")
                node.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=quoted)))
            self.by_alias[place] = (mention, relation)
        try:
            return qualify(
                tree,
                schema=MappingSchema(schema, dialect="postgres", normalize=False),
                dialect="postgres",
                validate_qualify_columns=True,
            )
        except SqlglotError as error:
            raise Doubt("Its columns cannot all be traced to their tables.", is_blind=True) from error


def _sources(level: exp.Select) -> list[exp.Expr]:
    return [level.args["from_"].this, *(join.this for join in level.args.get("joins") or ())]
