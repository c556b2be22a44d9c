"""What a rule is: the rows it looks at, what has to hold for how long, in which words, and for whom.

A template is the developer's text with columns in braces. Values are put into it as text and never read as a
template, nor as anything else: control characters go, and long ones are cut. What a template cannot name is an error
of the rule.

NULL is no value: a threshold neither holds nor fails for it, so an instance stays as it was.
"""

from __future__ import annotations

import hashlib
import string
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import orjson

from dashboard.errors import AlertError
from dashboard.postgres.scope import Scope

if TYPE_CHECKING:
    from dashboard.live.query import LiveQuery

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
LONGEST = 300
"""Characters of one line."""
LABEL = 200
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """When a row meets a rule, and for how long it has to do so.

    Parameters
    ----------
    hold
        How long it has to hold before anybody is told.
    """

    hold: timedelta = timedelta()

    def is_met(self, row: Row) -> bool | None:
        """Whether a row meets it; None where its value is not known."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Rows(Condition):
    """Any row does: "when this returns rows"."""

    def is_met(self, row: Row) -> bool | None:
        """Every row meets it."""
        return True


@dataclass(frozen=True)
class _Threshold(Condition):
    column: str
    limit: Any

    def known(self, row: Row) -> Any:
        """The value to compare; None for NULL and NaN."""
        value = row[self.column]
        return None if value is None or value != value else value


@dataclass(frozen=True)
class Above(_Threshold):
    """A column's value is above a limit: ``Above("calls", 100, hold=timedelta(minutes=1))``."""

    def is_met(self, row: Row) -> bool | None:
        """Whether it is."""
        value = self.known(row)
        return None if value is None else bool(value > self.limit)


@dataclass(frozen=True)
class Below(_Threshold):
    """A column's value is below a limit."""

    def is_met(self, row: Row) -> bool | None:
        """Whether it is."""
        value = self.known(row)
        return None if value is None else bool(value < self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule, as `dashboard.Live.alert` takes it; see there."""

    query: LiveQuery
    name: str
    title: str
    when: Condition = field(default_factory=Rows)
    severity: str = "warning"
    labels: tuple[str, ...] = ()
    summary: str = ""
    audience: Scope | None = None
    to: tuple[str, ...] = ()
    is_event: bool = False
    interval: timedelta = timedelta(seconds=30)
    repeat: timedelta | None = None

    def is_same(self, other: Rule) -> bool:
        """Whether another says the same."""
        asked = [(one.query.sql, one.query.parameters, one.query.scope or Scope()) for one in (self, other)]
        return asked[0] == asked[1] and replace(self, query=other.query) == other

    def __post_init__(self) -> None:
        if not self.name or len(self.name) > LABEL or self.name != clean(self.name):
            raise AlertError(f"{self.name!r:.210} cannot name a rule.", f"Take 1 to {LABEL} plain characters.")
        for template in (self.summary, self.severity, *(self.audience.settings.values() if self.audience else ())):
            _check(template)
        if "{" not in self.severity and self.severity not in SEVERITIES:
            raise AlertError(f"There is no severity {self.severity!r}.", f"Choose from: {', '.join(SEVERITIES)}.")
        if self.interval < timedelta():
            raise AlertError(f"{self.name} has an interval of {self.interval}.", "Take no time, or some.")
        if self.repeat is not None and self.repeat <= timedelta():
            raise AlertError(f"{self.name} cannot be told again after {self.repeat}.", "Take a longer time, or None.")
        if self.audience is not None and self.audience.role is None:
            raise AlertError(
                f"The audience of {self.name} names no role.", "Give it the role as which those concerned look."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule finds of one instance at one moment; `met` is None where it is not known."""

    fingerprint: str
    met: bool | None
    text: str
    severity: Severity
    labels: Mapping[str, str]
    audience: Scope | None


def findings(rule: Rule, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Finding]:
    """What a rule finds in these rows, by fingerprint.

    Raises
    ------
    AlertError
        It cannot be evaluated on them; also where there are none yet, but it names columns that will be missing.
    """
    for name in _named(rule):
        if name not in columns:
            raise AlertError(f"Its query has no column {name!r}.", f"It has: {', '.join(columns)}.")
    known: dict[str, list[tuple[bool | None, Row]]] = {}
    try:
        for values in rows:
            row = dict(zip(columns, values, strict=True))
            met = rule.when.is_met(row)
            known.setdefault(_fingerprint([row[name] for name in rule.labels]), []).append((met, row))
        return {fingerprint: _finding(rule, fingerprint, found) for fingerprint, found in known.items()}
    except KeyError as error:
        raise AlertError(f"Its query has no column {error.args[0]!r}.", f"It has: {', '.join(columns)}.") from error
    except (TypeError, ValueError, ArithmeticError, AttributeError, IndexError, LookupError) as error:
        raise AlertError(f"Its condition or its words do not fit its rows: {error}.") from error


def _finding(rule: Rule, fingerprint: str, found: list[tuple[bool | None, Row]]) -> Finding:
    """One instance, of one row or of several that have its labels: it is met if any of them is."""
    that = [row for met, row in found if met]
    met = True if that else (None if any(met is None for met, _ in found) else False)
    row = (that or [row for _, row in found])[0]
    said = {**row, "rows": len(that)} if "rows" not in row else row
    severity = fill(rule.severity, said).lower()
    return Finding(
        fingerprint=fingerprint,
        met=met,
        text=fill(rule.summary, said) or rule.title,
        severity=severity if severity in SEVERITIES else "warning",
        labels={name: clean(str(row[name]), LABEL) for name in rule.labels},
        audience=audience_of(rule, said),
    )


def audience_of(rule: Rule, row: Row) -> Scope | None:
    """Whom it concerns: the rule's audience with the row's values in its settings."""
    if rule.audience is None:
        return None
    settings = {
        name: "" if any(row[column] is None for column in _columns(template)) else template.format_map(dict(row))
        for name, template in rule.audience.settings.items()
    }
    return Scope(role=rule.audience.role, settings=settings)


def fill(template: str, row: Row) -> str:
    """A template with a row's values as text."""
    return clean(template.format_map({name: _NULL if value is None else _plain(value) for name, value in row.items()}))


def clean(text: str, longest: int = LONGEST) -> str:
    """One line of text: nothing in it controls anything, or hides the direction it is read in."""
    line = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in text)
    line = "".join(one for one in line if unicodedata.category(one) not in ("Cf", "Cs"))
    line = " ".join(line.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


class _Null:
    """Nothing, whatever format it is given."""

    def __format__(self, spec: str) -> str:
        return "–"


_NULL = _Null()


def _plain(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _fingerprint(values: Sequence[Any]) -> str:
    text = orjson.dumps([None if value is None else str(value) for value in values]).decode() if values else ""
    return text if len(text) <= LABEL else hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def _columns(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name]


def _named(rule: Rule) -> list[str]:
    """The columns that a rule names, as far as it says so."""
    templates = (rule.summary, rule.severity, *(rule.audience.settings.values() if rule.audience else ()))
    words = [name for template in templates for name in _columns(template) if name != "rows"]
    return [*rule.labels, *([rule.when.column] if isinstance(rule.when, _Threshold) else []), *words]


def _check(template: str) -> None:
    try:
        names = [(name, spec) for _, name, spec, _ in string.Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise AlertError(f"The words {template!r} cannot be used: {error}.", "Double a brace to show it.") from error
    if any(not name or set(name) & set(".[") or "{" in (spec or "") for name, spec in names):
        raise AlertError(f"The words {template!r} name something else than columns.", "Write {column} or {column:.2f}.")
