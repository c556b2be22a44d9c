"""Imports point only towards the database, and each library enters in one room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "dashboard"
ROOMS = ("base", "sql", "postgres", "live", "views", "apps", "surfaces", "face")
FIRST_ROOM = {
    "asyncpg": "postgres",
    "pandas": "live",
    "sqlglot": "live",
    "bokeh": "views",
    "holoviews": "views",
    "hvplot": "views",
    "panel": "views",
    "panel_material_ui": "views",
    "param": "views",
    "prometheus_client": "apps",
    "tornado": "views",
    "tsdownsample": "views",
    "cyclopts": "surfaces",
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(module: str) -> str:
    """Return the room of a module, given as `dashboard.postgres.log`."""
    parts = module.split(".")
    if len(parts) == 1 or parts[1] == "__main__":
        return "face"
    return parts[1] if parts[1] in ROOMS else "base"


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(path: Path) -> Iterator[str]:
    """Yield the full names of the modules that a file imports, lazily imported ones included."""
    name = name_of(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            if base == "dashboard" or node.module is None:
                for alias in node.names:  # `from dashboard import settings` names a module or the face
                    deeper = f"{base}.{alias.name}"
                    is_module = (PACKAGE.parent / deeper.replace(".", "/")).with_suffix(".py").exists()
                    is_package = (PACKAGE.parent / deeper.replace(".", "/")).is_dir()
                    yield deeper if is_module or is_package else base
            else:
                yield base


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_towards_the_database(path: Path) -> None:
    own = ROOMS.index(room_of(name_of(path)))
    for target in imported_by(path):
        if target.split(".")[0] == "dashboard":
            assert ROOMS.index(room_of(target)) <= own, f"{name_of(path)} imports {target}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    own = room_of(name_of(path))
    for target in imported_by(path):
        library = target.split(".")[0]
        if first := FIRST_ROOM.get(library):
            assert ROOMS.index(own) >= ROOMS.index(first), f"{name_of(path)} imports {library}"
        if library == "asyncpg":
            assert own == "postgres", f"{name_of(path)} imports asyncpg"


def test_apps_never_import_each_other() -> None:
    apps = {folder.name for folder in (PACKAGE / "apps").iterdir() if (folder / "__init__.py").exists()}
    for path in (PACKAGE / "apps").rglob("*.py"):
        own = path.relative_to(PACKAGE / "apps").parts[0]
        if own in apps:
            for target in imported_by(path):
                parts = target.split(".")
                if parts[:2] == ["dashboard", "apps"] and len(parts) > 2:
                    assert parts[2] == own or parts[2] not in apps, f"{name_of(path)} imports {target}"
