"""The whole suite: everything on the embedded server, and the engine again on every other PostgreSQL found.

Arguments are passed on to pytest: `python -m tests -x -k capture`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dashboard.postgres.programs import Programs

HERE = Path(__file__).parent
ENGINE = ("integration", "property")


def run(folders: tuple[str, ...], environment: dict[str, str], arguments: list[str]) -> int:
    """Run the tests of some folders, on two processes, and return pytest's exit code."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", *arguments]
    command += [str(HERE / folder) for folder in folders]
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
        codes.append(run(ENGINE, {"DASHBOARD_PG_BIN": folder, "DASHBOARD_TEST_PG_BIN": folder}, sys.argv[1:]))
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main())
