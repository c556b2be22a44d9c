"""The whole suite: everything on the embedded server, and the engine again on every other PostgreSQL found.

What fails beside others is run once more, alone: a browser or a fault that had too little of a small machine is told
apart from what is broken. Both runs are printed, and only the second decides.

Arguments are passed on to pytest: `python -m tests -x -k capture`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dashboard.postgres.programs import Programs

HERE = Path(__file__).parent
ENGINE = ("integration", "property")
SURFACES = (
    "test_broken_pages", "test_cli", "test_exploring", "test_in_a_cell", "test_notebooks", "test_reports", "test_rest",
    "test_site",
)  # fmt: skip
"""What PostgreSQL's version makes no difference to."""


def run(folders: tuple[str, ...], environment: dict[str, str], arguments: list[str]) -> int:
    """Run the tests of some folders, on two processes, and return pytest's exit code."""
    with TemporaryDirectory() as cache:
        arguments = ["-o", f"cache_dir={cache}", *arguments, *(str(HERE / folder) for folder in folders)]
        code = _pytest(["-n", "2", "--dist", "loadfile", *arguments], environment)
        if code != pytest.ExitCode.TESTS_FAILED:
            return code
        print("What failed, alone:", flush=True)
        return _pytest(["--last-failed", *arguments], environment)


def _pytest(arguments: list[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env=os.environ | environment, cwd=HERE.parent, check=False).returncode


def others(embedded: Programs) -> list[Programs]:
    """Return the installed PostgreSQL versions that differ from the embedded server's."""
    found = [Programs.at(folder) for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
    return [programs for programs in found if programs.major != embedded.major]


def main() -> int:
    """Run all; return 0 if every run passed."""
    embedded = Programs.find()
    print(f"All tests on PostgreSQL {embedded.version} ({embedded.bin})", flush=True)
    codes = [run(("",), {}, sys.argv[1:])]
    for programs in others(embedded):
        print(f"The engine on PostgreSQL {programs.version} ({programs.bin})", flush=True)
        folder = str(programs.bin)
        examples = os.environ.get("DASHBOARD_TEST_EXAMPLES", "4")
        environment = {
            "DASHBOARD_PG_BIN": folder, "DASHBOARD_TEST_PG_BIN": folder, "DASHBOARD_TEST_EXAMPLES": examples,
        }  # fmt: skip
        left = [f"--ignore={HERE / 'integration' / name}.py" for name in SURFACES]
        codes.append(run(ENGINE, environment, [*left, *sys.argv[1:]]))
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
