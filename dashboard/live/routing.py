"""Which queries a change can touch: an index, so that a tick costs the queries affected and not the queries open.

A query that holds a column of its table equal to a value is found by (table, column, value) in the images of a
change, before and after; any other by its tables.
"""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.live.answer import Answer
from dashboard.live.changes import Changes
from dashboard.live.equality import routing_text
from dashboard.postgres.log import Change, Image


class Routes:
    """Answers by what wakes them."""

    def __init__(self) -> None:
        self._by_relation: dict[int, set[Answer]] = {}
        self._by_value: dict[int, dict[str, dict[str, set[Answer]]]] = {}
        self._opaque: set[Answer] = set()
        self._known: dict[Answer, tuple[frozenset[int], tuple[int, str, str] | None]] = {}

    def put(self, answer: Answer) -> None:
        """Route to an answer by what it reads now."""
        self.drop(answer)
        value = _value(answer)
        tables = answer.relations - {value[0]} if value else answer.relations
        for relation in tables:
            self._by_relation.setdefault(relation, set()).add(answer)
        if value:
            relation, column, text = value
            self._by_value.setdefault(relation, {}).setdefault(column, {}).setdefault(text, set()).add(answer)
        if answer.opaque:
            self._opaque.add(answer)
        self._known[answer] = (tables, value)

    def drop(self, answer: Answer) -> None:
        """Route nothing to it any more."""
        tables, value = self._known.pop(answer, (frozenset(), None))
        for relation in tables:
            self._by_relation[relation].discard(answer)
        self._opaque.discard(answer)
        if value:
            relation, column, text = value
            found = self._by_value[relation][column]
            found[text].discard(answer)
            if not found[text]:
                del found[text]
            if not found:
                del self._by_value[relation][column]

    def touched(self, changes: Changes) -> set[Answer]:
        """Answers that these changes can alter."""
        if not changes.relations:
            return set()
        found = set(self._opaque)
        for relation in changes.relations:
            found |= self._by_relation.get(relation, set())
            columns = self._by_value.get(relation)
            if not columns:
                continue
            if relation in changes.wholesale:
                found.update(answer for texts in columns.values() for some in texts.values() for answer in some)
            else:
                found.update(_matching(columns, changes.by_relation[relation]))
        return found


def _matching(columns: dict[str, dict[str, set[Answer]]], changes: list[Change]) -> Iterable[Answer]:
    for change in changes:
        for image in (change.old, change.new):
            if image is not None:
                yield from _holding(columns, image)


def _holding(columns: dict[str, dict[str, set[Answer]]], image: Image) -> Iterable[Answer]:
    for column, texts in columns.items():
        text = routing_text(image.get(column))
        if text is not None:
            yield from texts.get(text, ())


def _value(answer: Answer) -> tuple[int, str, str] | None:
    shape = answer.source.shape if answer.source else None
    if shape is None or shape.relation is None or not shape.equalities or shape.opaque:
        return None
    column, text = shape.equalities[0]
    return shape.relation.oid, column, text
