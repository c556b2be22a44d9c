"""The tables there are for a caller, as OpenAPI 3.1 describes them: made from the columns, as their role sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from dashboard.errors import RelationNotFound
from dashboard.live.select import OPERATORS
from dashboard.postgres.writable import WritableColumn, WritableTable
from dashboard.surfaces.logins import COOKIE
from dashboard.surfaces.rest.asked import LIMIT, MOST
from dashboard.surfaces.rest.problem import Problem
from dashboard.surfaces.rest.routes import Seat
from dashboard.version import __version__

_FILTER = rf"^({'|'.join(OPERATORS)})\."
_SIZES = {"int2": 15, "int4": 31, "int8": 63}
_TYPES: dict[str, dict[str, Any]] = {
    "numeric": {"type": "number"},
    "float4": {"type": "number"},
    "float8": {"type": "number"},
    "bool": {"type": "boolean"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date"},
    "timestamptz": {"type": "string", "format": "date-time"},
    "array": {"type": "array"},
    "json": {},
    "jsonb": {},
}
_FAILURES = {
    "400": "The request cannot be read.",
    "401": "It is not known who calls.",
    "403": "The caller may not do this.",
    "404": "There is no such table or row for the caller.",
    "405": "The method is none of this address.",
    "409": "Another row is in the way.",
    "412": "The row is not as the caller saw it.",
    "413": "The body is too large.",
    "415": "The body is no JSON.",
    "422": "The row cannot be written like this.",
    "429": "These are too many calls.",
    "500": "Something went wrong here.",
    "503": "The database does not answer, or not in time.",
    "504": "The database went away; the write is kept, and done once.",
}


async def openapi(seats: Mapping[str, Seat]) -> dict[str, Any]:
    """The whole description."""
    known = await asyncio.gather(*(_facts(seat) for seat in seats.values()))
    tables = {name: table for name, table in zip(seats, known, strict=True) if table is not None}
    paths: dict[str, Any] = {}
    for name, table in tables.items():
        paths[f"/api/{quote(name, safe='.')}"] = _collection(name, table)
        if table.key:
            parts = "/".join("{" + part + "}" for part in table.key)
            paths[f"/api/{quote(name, safe='.')}/{parts}"] = _item(name, table)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rows", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": {"Problem": Problem.model_json_schema()} | _schemas(tables),
            "responses": {
                f"Problem{status}": {
                    "description": told,
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
                for status, told in _FAILURES.items()
            },
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "login": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
        },
        "security": [{"key": []}, {"login": []}],
    }


def schema_of(column: WritableColumn) -> dict[str, Any]:
    """What a column holds, in JSON."""
    if column.labels:
        return {"enum": [*column.labels, *([] if column.required else [None])]}
    if column.base in _SIZES:
        half = 1 << _SIZES[column.base]
        found: dict[str, Any] = {"type": "integer", "minimum": -half, "maximum": half - 1}
    else:
        found = dict(_TYPES.get(column.base, {"type": "string"}))
    if column.length is not None and found.get("type") == "string":
        found["maxLength"] = column.length
    if not column.required and "type" in found:
        found["type"] = [found["type"], "null"]
    return found


async def _facts(seat: Seat) -> WritableTable | None:
    try:
        return await seat.facts()
    except RelationNotFound:
        return None


def _schemas(tables: Mapping[str, WritableTable]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, table in tables.items():
        columns = table.columns.values()
        seen = {column.name: schema_of(column) for column in columns if column.readable}
        needed = [one.name for one in columns if one.required and not one.has_default and not one.computed]
        kept = [one.name for one in columns if one.readable and not one.computed and one.name not in table.key]
        found[name] = {"type": "object", "properties": seen, "required": list(seen), "additionalProperties": False}
        found[f"{name}.change"] = {**_of(_changed(table)), "minProperties": 1}
        found[f"{name}.new"] = {**_of(_given(table)), "required": needed}
        found[f"{name}.whole"] = {**_of({**_given(table), **_changed(table)}), "required": kept}
    return found


def _of(columns: Mapping[str, WritableColumn]) -> dict[str, Any]:
    written = {name: schema_of(column) for name, column in columns.items()}
    return {"type": "object", "properties": written, "additionalProperties": False}


def _changed(table: WritableTable) -> dict[str, WritableColumn]:
    """Columns that the caller may change."""
    return {name: one for name, one in table.columns.items() if one.updatable and not one.computed}


def _given(table: WritableTable) -> dict[str, WritableColumn]:
    """Columns that the caller may give a new row."""
    return {name: one for name, one in table.columns.items() if one.insertable and not one.computed}


def _collection(name: str, table: WritableTable) -> dict[str, Any]:
    rows = {"type": "array", "items": _ref(name)}
    link = {"Link": {"description": 'The next page, as rel="next".', "schema": {"type": "string"}}}
    found = {
        "get": _operation(
            f"List rows of {name}",
            {"200": {"description": "Rows, in order.", "headers": link, "content": _json(rows)}},
            parameters=_wanted(table),
        )
    }
    if _given(table):
        answers = {"201": _row(name, "The row, as it is stored."), "204": _nothing()}
        found["post"] = _operation(f"Write a new row of {name}", answers, takes=f"{name}.new")
    return found


def _item(name: str, table: WritableTable) -> dict[str, Any]:
    """What can be done with one row, as far as privileges tell."""
    keys = [
        {"name": part, "in": "path", "required": True, "schema": schema_of(table.columns[part])} for part in table.key
    ]
    match = [_header("If-Match", "The ETag of the row as it was seen.")]
    row, none = _row(name, "The row, as it is stored."), _nothing()
    found = {"parameters": keys, "get": _operation(f"Show a row of {name}", {"200": row, "304": none})}
    if _changed(table) and _given(table):
        found["put"] = _operation(
            f"Write a whole row of {name}",
            {"200": row, "201": row, "204": none},
            takes=f"{name}.whole",
            parameters=[*match, _header("If-None-Match", "*: only if there is no such row.")],
        )
    if _changed(table):
        answers = {"200": row, "204": none}
        found["patch"] = _operation(f"Change a row of {name}", answers, takes=f"{name}.change", parameters=match)
    if table.deletable:
        found["delete"] = _operation(f"Delete a row of {name}", {"204": none}, parameters=match)
    return found


def _operation(summary: str, answers: dict[str, Any], *, takes: str = "", parameters: Any = ()) -> dict[str, Any]:
    failures = {status: {"$ref": f"#/components/responses/Problem{status}"} for status in _FAILURES}
    found = {"summary": summary, "responses": answers | failures, "parameters": list(parameters)}
    return found | ({"requestBody": {"required": True, "content": _json(_ref(takes))}} if takes else {})


def _wanted(table: WritableTable) -> list[dict[str, Any]]:
    """Filters by column, order, and which page."""
    told = "op.value, with op " + ", ".join(OPERATORS) + "; in.a,b,c, is.null, is.notnull"
    filters = [
        _query(column.name, told, {"type": "string", "pattern": _FILTER})
        for column in table.columns.values()
        if column.readable
    ]
    return [
        *filters,
        _query("order", "Columns, separated by commas; -column is descending.", {"type": "string"}),
        _query("limit", "Rows of a page.", {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}),
        _query("after", "Where a page begins: from the link of the page before.", {"type": "string"}),
    ]


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def _row(name: str, description: str) -> dict[str, Any]:
    etag = {"ETag": {"description": "Stands for this state of the row.", "schema": {"type": "string"}}}
    return {"description": description, "headers": etag, "content": _json(_ref(name))}


def _nothing() -> dict[str, Any]:
    return {"description": "Done, and there is no row to show."}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{quote(name, safe='.')}"}
