"""The installed package works outside the checkout, with all that is not Python in it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with what is installed, and return it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(folder.glob("dashboard_live-*.whl"))


def test_wheel_holds_every_file_of_the_package_and_the_sample_rows(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    own = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "dashboard").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    samples = {
        f"dashboard/_data/{path.relative_to(ROOT / 'data').as_posix()}"
        for path in (ROOT / "data").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert own | samples <= packed
    assert not [name for name in packed if name.startswith(("tests/", "benchmarks/"))]


def test_unpacked_wheel_runs_far_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "import dashboard, dashboard.sample, dashboard.apps, dashboard.sql, dashboard.surfaces.cli as cli\n"
        "print(dashboard.__file__); print(dashboard.sample.folder()); dashboard.sql.load('schema')\n"
        "dashboard.Tile, dashboard.Chart, dashboard.Table, dashboard.Feed\n"
        "assert cli.code_of(['settings']) == 0"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd="/",
        env=os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    package, samples, *_ = run.stdout.splitlines()
    assert package.startswith(str(tmp_path))
    assert samples.startswith(str(tmp_path))
