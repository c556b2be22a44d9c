"""The files around the package agree with each other and name no registry's host."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("anaconda", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("jsdelivr", "net"),
        ("unpkg", "com"),
        ("ghcr", "io"),
        ("docker", "io"),
        ("debian", "org"),
    )
]
OPTIONS = ["--index" + "-url", "--extra-index" + "-url", "--find" + "-links", "--trusted" + "-host"]
TEXT = {".py", ".sql", ".md", ".toml", ".txt", ".yml", ".yaml", ".js", ".css", ".cfg", ".ipynb", ".conf", ""}
FOLDERS = ("dashboard", "tests", "benchmarks", "data", "docs", "notebooks", ".ci")


def bare(requirement: str) -> str:
    """Return a requirement without marker and spaces: 'panel>=1.9.4'."""
    return requirement.partition(";")[0].replace(" ", "").lower()


def own_files() -> Iterator[Path]:
    yield from (path for path in ROOT.iterdir() if path.is_file())
    for folder in FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*") if path.is_file())


def test_environment_file_is_in_step_with_the_project() -> None:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = {bare(entry) for entry in entries if isinstance(entry, str)} - {"pip"}
    pip = {bare(entry) for part in entries if isinstance(part, dict) for entry in part["pip"]} - {"--no-deps."}
    wanted = {bare(entry) for entry in PROJECT["dependencies"]} | {"python" + PROJECT["requires-python"]}
    assert conda | pip == wanted


def test_every_requirement_is_pinned_once_in_the_constraints() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines if "==" in line]
    assert len(pinned) == len(set(pinned))
    groups = PROJECT["optional-dependencies"].values()
    needed = [*PROJECT["dependencies"], *(one for group in groups for one in group)]
    names = {re.split(r"[\[<>=;\s]", one)[0].lower() for one in needed} - {"dashboard-live"}
    assert names <= set(pinned)


def test_no_file_names_the_host_of_a_registry() -> None:
    for path in own_files():
        if path.suffix in TEXT:
            text = path.read_text(encoding="utf-8", errors="replace")
            named = [word for word in [*HOSTS, *OPTIONS] if word in text]
            assert not named, f"{path.relative_to(ROOT)} names {named}"


def test_every_directory_of_python_files_is_a_package_that_gets_installed() -> None:
    for path in (ROOT / "dashboard").rglob("*.py"):
        assert (path.parent / "__init__.py").exists(), f"{path.parent} has no __init__.py"
