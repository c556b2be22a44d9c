"""Which plan may follow a SELECT: read off its syntax tree, with every doubt falling to a re-run.

Pure. A query qualifies for a cheaper plan only if its tree is understood completely: each column is traced to a
column of the one table that drives it, through derived tables, and nothing in it looks elsewhere unseen. The
conditions are listed where they are checked, each with the sentence that `LiveQuery.plan.reason` shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sqlglot import exp

from dashboard.live.equality import equalities
from dashboard.live.ordering import ORDERABLE, ORDERABLE_TEXT, OrderTerm
from dashboard.live.statement import Statement, TableName
from dashboard.live.sums import SumColumn, sum_columns
from dashboard.live.tree import Doubt, Tree
from dashboard.postgres.reading import Column, Relation, Traits

Kind = Literal["rows", "groups", "sums", "rerun"]
_INEXACT = frozenset({"json", "jsonb", "record", "citext", "hstore", "interval", "timetz"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a plan needs to know of a query.

    Parameters
    ----------
    kind, reason
        The plan and, as one sentence, why.
    table, relation
        The table whose changed rows drive the plan; None for a re-run that is driven by anything it reads.
    key
        Places of the columns that identify a row of the answer.
    order
        ORDER BY, if it can be followed here; empty when there is none.
    limit
        LIMIT, for plan "rows".
    equalities
        Columns of `relation` that the WHERE clause holds equal to a value, as text: the hub's routing.
    clock
        The answer changes as time passes.
    opaque
        It may read tables that cannot be seen from outside: any change may matter.
    sums
        For plan "sums": what each column adds up.
    """

    kind: Kind
    reason: str
    table: TableName | None = None
    relation: Relation | None = None
    key: tuple[int, ...] = ()
    order: tuple[OrderTerm, ...] = ()
    limit: int | None = None
    equalities: tuple[tuple[str, str], ...] = ()
    clock: bool = False
    opaque: bool = False
    sums: tuple[SumColumn, ...] = field(default=())


def shape_of(
    statement: Statement,
    parameters: Sequence[object],
    columns: Sequence[Column],
    relations: Mapping[str, Relation],
    functions: Mapping[str, Traits],
) -> Shape:
    """Choose the plan.

    Parameters
    ----------
    statement
        The parsed SELECT.
    parameters
        Values of ``$1`` …; compared for routing only.
    columns
        Of the answer, as PostgreSQL describes them.
    relations
        What is known of the tables it names, by `TableName.name`.
    functions
        Traits of the functions it calls, by name.
    """
    clock = statement.depends_on_clock
    opaque = any(traits.opaque for traits in functions.values()) or any(
        relation.secured and relation.policies_look_elsewhere for relation in relations.values()
    )
    unsteady = any(traits.volatile or traits.opaque for traits in functions.values())  # pg_database_size()
    analysis = _Analysis(statement, parameters, columns, relations)
    try:
        return analysis.choose(clock=clock, opaque=opaque, functions=functions)
    except Doubt as doubt:
        opaque = opaque or doubt.is_blind
        return Shape(kind="rerun", reason=str(doubt), key=analysis.key, clock=clock or unsteady, opaque=opaque)


class _Analysis:
    def __init__(
        self,
        statement: Statement,
        parameters: Sequence[object],
        columns: Sequence[Column],
        relations: Mapping[str, Relation],
    ) -> None:
        self.statement = statement
        self.parameters = parameters
        self.columns = columns
        self.relations = relations
        self.key: tuple[int, ...] = ()

    def choose(self, *, clock: bool, opaque: bool, functions: Mapping[str, Traits]) -> Shape:
        self.tree = Tree(self.statement, self.relations)
        tree = self.tree.root
        table, relation = self.tree.driving()
        grouped = self._group_places(tree)
        self.key = grouped if grouped is not None else self._key_places(tree, table, relation)
        if clock:
            raise Doubt("It depends on the clock, so rows come and go as time passes.")
        if opaque:
            raise Doubt("It calls a function or stands under a policy that may read other tables.")
        if any(traits.volatile for traits in functions.values()):
            raise Doubt("It calls a volatile function, whose value changes with each call.")
        if any(traits.many for name, traits in functions.items() if name not in ("jsonb_populate_record",)):
            raise Doubt("It calls a function that returns several rows.")
        self._check_simple(tree)
        if any(other.lenient for other in self.tree.relations):
            raise Doubt("It reads text whose collation takes different texts for equal.")
        order = self._order(tree)
        common = Shape(
            kind="rows",
            reason="",
            table=table,
            relation=relation,
            key=self.key,
            order=order,
            equalities=tuple(equalities(self.tree, table, relation, self.parameters)),
        )
        if grouped is None and not _aggregates(tree):
            return self._rows(tree, common)
        return self._groups(tree, common, grouped)

    def _rows(self, tree: exp.Select, common: Shape) -> Shape:
        relation = common.relation
        assert relation is not None
        if not relation.key:
            raise Doubt(f"Table {relation.relation} has no key.")
        if not common.key:
            raise Doubt(f"The key of {relation.relation} ({', '.join(relation.key)}) is not selected.")
        if self._inexact(common.key):
            raise Doubt(f"The key of {relation.relation} is of a type whose equality only PostgreSQL knows.")
        limit = self._limit(tree)
        if limit is not None and not common.order:
            raise Doubt("It has LIMIT without an ORDER BY that can be followed here.")
        reason = f"Each row is found by the key of {relation.relation}; only changed keys are read again."
        return replace(common, kind="rows", reason=reason, limit=limit)

    def _groups(self, tree: exp.Select, common: Shape, grouped: tuple[int, ...] | None) -> Shape:
        if tree.args.get("limit"):
            raise Doubt("It has LIMIT on groups, so one group can push another out.")
        if tree.args.get("having"):
            raise Doubt("It has HAVING.")
        assert common.relation is not None
        self._check_images(tree, common.relation)
        if len(self.tree.relations) == 1 and not common.relation.secured:
            sums = sum_columns(tree, [column.type for column in self.columns])
            if sums is not None:
                return replace(
                    common,
                    kind="sums",
                    reason="Counts and sums are kept up from the changed rows alone.",
                    sums=sums,
                )
        if not grouped:
            raise Doubt(self._unsummed())
        return replace(common, kind="groups", reason="Only the groups of changed rows are read again.")

    def _unsummed(self) -> str:
        """Why an aggregate over everything is not kept up from the changed rows."""
        if len(self.tree.relations) > 1:
            return "It aggregates the whole of several tables."
        if any(relation.secured for relation in self.tree.relations):
            return "It aggregates the whole table under row-level security, which only PostgreSQL can apply."
        return "It aggregates the whole table by more than count() and exact sum()."

    def _check_simple(self, tree: exp.Select) -> None:
        """Nothing but projection, filter, inner and left joins, down to the table."""
        for depth, level in enumerate(self.tree.levels()):
            self._check_level(level, outer=depth == 0)
        inner = self.tree.innermost()
        if isinstance(inner, exp.SetOperation):
            raise Doubt("It combines several SELECTs (UNION, INTERSECT or EXCEPT).")
        if tree.find(exp.Window):
            raise Doubt("It has window functions, where one row changes others.")
        if tree.find(exp.TableSample, exp.Lateral, exp.Unnest, exp.ExplodingGenerateSeries, exp.Pivot):
            raise Doubt("It reads from something that is not a table.")
        if isinstance(inner, exp.Table) and inner.args.get("only"):
            raise Doubt("It reads ONLY one level of an inheritance tree.")

    def _check_level(self, level: exp.Select, *, outer: bool) -> None:
        if level.args.get("distinct"):
            raise Doubt("It has DISTINCT.")
        if level.args.get("offset"):
            raise Doubt("It has OFFSET, so every row can move another.")
        if level.args.get("locks"):
            raise Doubt("It locks rows.")
        if not outer and (
            level.args.get("group") or level.args.get("limit") or level.args.get("having") or _aggregates(level)
        ):
            raise Doubt("It aggregates or limits inside a derived table.")
        for join in level.args.get("joins") or ():
            side, kind, method = join.side, join.kind, join.method
            if side not in ("", "LEFT") or kind not in ("", "INNER", "CROSS", "OUTER") or method:
                raise Doubt("It has a RIGHT, FULL or NATURAL join.")

    def _group_places(self, tree: exp.Select) -> tuple[int, ...] | None:
        """Places of the GROUP BY columns; None without GROUP BY."""
        group = tree.args.get("group")
        if group is None:
            return None
        if any(group.args.get(kind) for kind in ("grouping_sets", "cube", "rollup", "all", "totals")):
            raise Doubt("It groups in several ways at once.")
        selected = [projection.unalias() for projection in tree.selects]
        places = []
        for expression in group.expressions:
            if expression not in selected:
                raise Doubt("It groups by something it does not select.")
            places.append(selected.index(expression))
        if self._inexact(places) or tree.find(exp.Collate):
            raise Doubt("It groups by a type whose equality only PostgreSQL knows.")
        return tuple(places)

    def _inexact(self, places: Iterable[int]) -> bool:
        """Whether Python's equality may differ from PostgreSQL's in one of these columns."""
        types = [self.columns[place].type for place in places]
        return any(kind.endswith("[]") or kind in _INEXACT for kind in types)

    def _check_images(self, tree: exp.Select, relation: Relation) -> None:
        """What is computed from row images must be in them as it is in the table."""
        if tree.find(exp.TableColumn):
            raise Doubt("It computes with whole rows, which a row image does not hold as the table does.")
        for column in tree.find_all(exp.Column):
            if column.name in relation.unfaithful:
                raise Doubt(f"A row image does not hold {column.name} as the table does.")

    def _key_places(self, tree: exp.Select, table: TableName, relation: Relation) -> tuple[int, ...]:
        if len(tree.selects) != len(self.columns):
            return ()
        traced = [self.tree.trace(tree, projection.unalias()) for projection in tree.selects]
        places = []
        for name in relation.key:
            if (table, name) not in traced:
                return ()
            places.append(traced.index((table, name)))
        return tuple(places)

    def _order(self, tree: exp.Select) -> tuple[OrderTerm, ...]:
        order = tree.args.get("order")
        if order is None:
            return ()
        selected = [projection.unalias() for projection in tree.selects]
        names = [projection.alias_or_name for projection in tree.selects]
        terms = []
        for ordered in order.expressions:
            expression = ordered.this
            if isinstance(expression, exp.Column) and not expression.table and names.count(expression.name) == 1:
                place = names.index(expression.name)
            elif expression in selected:
                place = selected.index(expression)
            else:
                raise Doubt("It is ordered by something it does not select.")
            if not self._orderable(tree, place, selected[place]):
                raise Doubt(f"Its order by {names[place]} follows rules that only PostgreSQL knows.")
            terms.append(OrderTerm(place, bool(ordered.args.get("desc")), bool(ordered.args.get("nulls_first"))))
        return tuple(terms)

    def _orderable(self, tree: exp.Select, place: int, expression: exp.Expr) -> bool:
        kind = self.columns[place].type
        if kind in ORDERABLE:
            return True
        traced = self.tree.trace(tree, expression)
        if kind not in ORDERABLE_TEXT or traced is None:
            return False
        relation = self.relations[traced[0].name]
        return relation.bytewise[relation.columns.index(traced[1])]

    def _limit(self, tree: exp.Select) -> int | None:
        limit = tree.args.get("limit")
        if limit is None:
            return None
        value = limit.expression if isinstance(limit, exp.Limit) else None
        if isinstance(value, exp.Literal) and value.is_int and self.statement.without_limit() is not None:
            return int(value.name)
        raise Doubt("Its LIMIT is not a plain number at the end.")


def _aggregates(level: exp.Select) -> bool:
    return any(
        node.parent_select is level for projection in level.selects for node in projection.find_all(exp.AggFunc)
    ) or any(projection.find(exp.AnonymousAggFunc, exp.CombinedAggFunc) for projection in level.selects)
