"""Writes as text that a disk can keep and another process can read: JSON, with the values it has no word for tagged."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from dashboard.errors import NotAWrite
from dashboard.live.command import Command
from dashboard.live.effect import Effect
from dashboard.live.write import Write
from dashboard.postgres.scope import Scope

_WRITERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    Decimal: ("decimal", str),
    UUID: ("uuid", str),
    dt.datetime: ("datetime", dt.datetime.isoformat),
    dt.date: ("date", dt.date.isoformat),
    dt.time: ("time", dt.time.isoformat),
    dt.timedelta: ("interval", lambda span: [span.days, span.seconds, span.microseconds]),
    bytes: ("bytes", bytes.hex),
    float: ("float", repr),
    tuple: ("tuple", lambda values: [_plain(value) for value in values]),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "uuid": UUID,
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "interval": lambda parts: dt.timedelta(*parts),
    "bytes": bytes.fromhex,
    "float": float,
    "tuple": lambda values: tuple(_value(value) for value in values),
    "map": lambda pairs: {_value(name): _value(value) for name, value in pairs},
}
_FIELDS = ("op", "sql", "parameters", "table", "key", "values", "seen", "policy")
_SHOWN = ("relation", "op", "key", "values", "expected")


def dumped(write: Write) -> str:
    """A write as text.

    Raises
    ------
    NotAWrite
        One of its values is of a type that cannot be kept.
    """
    scope = write.scope
    commands = [_fields(command, _FIELDS) | {"effects": _effects(command)} for command in write.commands]
    content = {
        "author": write.author,
        "scope": None if scope is None else {"role": scope.role, "settings": dict(scope.settings)},
        "commands": commands,
    }
    return json.dumps(content)


def loaded(content: str, *, key: UUID, at: float) -> Write:
    """A write from its text, with the key it had."""
    found = json.loads(content)
    scope = None if found["scope"] is None else Scope(**found["scope"])
    commands = [_command(one) for one in found["commands"]]
    return Write(commands, scope=scope, author=found["author"], key=key, at=at)


def _fields(thing: Command | Effect, names: Sequence[str]) -> dict[str, Any]:
    return {name: _plain(getattr(thing, name)) for name in names}


def _effects(command: Command) -> list[dict[str, Any]]:
    return [_fields(effect, _SHOWN) for effect in command.effects]


def _command(stored: dict[str, Any]) -> Command:
    effects = tuple(Effect(**{name: _value(value) for name, value in one.items()}) for one in stored.pop("effects"))
    return Command(**{name: _value(value) for name, value in stored.items()}, effects=effects)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str) or type(value) is int:
        return value
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if hasattr(value, "items"):
        return {"map": [[_plain(name), _plain(part)] for name, part in value.items()]}
    for kind, (tag, written) in _WRITERS.items():
        if isinstance(value, kind):
            return {tag: written(value)}
    raise NotAWrite(
        f"A value of type {type(value).__name__} cannot wait on disk for the database to come back.",
        "Give it as text, with a cast in the statement.",
        sql="",
    )


def _value(stored: Any) -> Any:
    if isinstance(stored, list):
        return [_value(part) for part in stored]
    if isinstance(stored, dict):
        ((tag, content),) = stored.items()
        return _READERS[tag](content)
    return stored
