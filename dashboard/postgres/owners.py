"""Who uses one embedded server: a list of processes in its folder, changed under a file lock.

A process that was killed cannot sign off, so an owner is a pid *and* the time that process began, and every
reader drops those that are gone. The lock is advisory and held by an open file: it ends with its process.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

HAS_PROC = Path("/proc/self/stat").exists()


class Owner(NamedTuple):
    """One user of the server; `mark` tells two users in the same process apart."""

    pid: int
    began: str
    mark: str

    @classmethod
    def here(cls, mark: str) -> Owner:
        """Return the owner that stands for the calling process."""
        return cls(os.getpid(), began(os.getpid()) or "", mark)

    @property
    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        return began(self.pid) == self.began


def began(pid: int) -> str | None:
    """When a process began, in the system's own words; None when there is no such process."""
    if HAS_PROC:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    listed = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip() or None


class Owners:
    """The list kept in `folder`; use it inside `locked()`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "owners.json"
        self._lock = folder / "lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock; waits while another process starts or stops the server."""
        with open(self._lock, "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def alive(self) -> list[Owner]:
        """Return the owners that still run."""
        with suppress(FileNotFoundError, ValueError, TypeError):
            owners = [Owner(*entry) for entry in json.loads(self._file.read_text(encoding="utf-8"))]
            return [owner for owner in owners if owner.is_alive]
        return []

    def add(self, owner: Owner) -> None:
        """Sign on."""
        self._write([*self.alive(), owner])

    def remove(self, owner: Owner) -> bool:
        """Sign off; return whether nobody is left."""
        left = [other for other in self.alive() if other != owner]
        self._write(left)
        return not left

    def _write(self, owners: list[Owner]) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(owners), encoding="utf-8")
        fresh.replace(self._file)
