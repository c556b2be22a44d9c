"""Writes that wait for the database, on disk: what was shown as done must not be lost with the process.

One SQLite file per process and database, which that process alone has open: SQLite's own lock says so, and is gone
when the process is, however it ended. The next process that opens the folder takes over what it finds there. A write
that is taken over twice, because a process died in between, is still done once: its key decides.

Every write is on the disk when `put` returns (WAL, ``synchronous=FULL``). Taking one out again need not be: who finds
it once more finds its key in the database too.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from dashboard.errors import QueueFull

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS waiting (
        place INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, at REAL NOT NULL, content TEXT NOT NULL, problem TEXT)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One write on disk; `problem`: why PostgreSQL did not want it, None while it waits."""

    key: UUID
    at: float
    content: str
    problem: str | None


class Outbox:
    """What waits for one database.

    Parameters
    ----------
    folder
        Of all waiting writes of this machine's processes.
    database
        Its public address, without a password.
    most
        Writes that may wait at a time.
    """

    def __init__(self, folder: Path, database: str, *, most: int) -> None:
        self.folder = self.path(folder, database)
        self.most = most
        self.count = 0
        self._is_together = False
        self._path: Path | None = None
        self._store: sqlite3.Connection | None = None

    @staticmethod
    def path(folder: Path, database: str) -> Path:
        """The folder in which writes wait for a database; it is there while any do."""
        return folder / "writes" / hashlib.sha256(database.encode()).hexdigest()[:16]

    def __len__(self) -> int:
        """How many wait, or were refused and not seen to."""
        return self.count

    def restore(self) -> list[Kept]:
        """What earlier processes left, in order; from now on it is this one's."""
        if not self.folder.is_dir():
            return []
        for path in sorted(self.folder.glob("*.sqlite3")):
            if path == self._path:
                continue
            left = _opened(path)
            if left is None:
                continue
            rows = left.execute("SELECT key, at, content, problem FROM waiting ORDER BY place").fetchall()
            if rows:
                self._insert(rows)
            left.close()
            _remove(path)
        return list(self.all())

    def put(self, key: UUID, at: float, content: str) -> None:
        """Keep a write, behind all others; one that is here already stays where it is.

        Raises
        ------
        QueueFull
            As many wait as may.
        """
        if self.count >= self.most:
            raise QueueFull(
                f"The database is away and {self.count:,} writes wait for it; this one was not taken.",
                "Try again when it is back.",
            )
        self._insert([(str(key), at, content, None)])

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is put in the block is on the disk when the block ends, in one go: a disk's patience is for a few."""
        self._is_together = True
        try:
            with self._opened():
                yield
        finally:
            self._is_together = False

    def _insert(self, rows: list[tuple[str, float, str, str | None]]) -> None:
        store = self._opened()
        with nullcontext() if self._is_together else store:
            put = "INSERT OR IGNORE INTO waiting (key, at, content, problem) VALUES (?, ?, ?, ?)"
            self.count += store.executemany(put, rows).rowcount

    def take(self, keys: list[UUID]) -> None:
        """These are done."""
        if self._store is not None and keys:
            with self._store:
                gone = self._store.executemany("DELETE FROM waiting WHERE key = ?", [(str(key),) for key in keys])
            self.count -= gone.rowcount

    def refuse(self, key: UUID, problem: str) -> None:
        """PostgreSQL does not want this one; it stays until somebody has seen to it."""
        if self._store is not None:
            with self._store:
                self._store.execute("UPDATE waiting SET problem = ? WHERE key = ?", (problem, str(key)))

    def all(self) -> Iterator[Kept]:
        """What is kept, in order."""
        if self._store is not None:
            for key, at, content, problem in self._store.execute(
                "SELECT key, at, content, problem FROM waiting ORDER BY place"
            ).fetchall():
                yield Kept(key=UUID(key), at=at, content=content, problem=problem)

    def close(self) -> None:
        """Let another process have it; without anything in it the file goes."""
        store, self._store = self._store, None
        if store is not None and self._path is not None:
            store.close()
            if self.count == 0:
                _remove(self._path)
        self._path, self.count = None, 0

    def _opened(self) -> sqlite3.Connection:
        if self._store is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            number = 0
            while self._store is None:
                self._path = self.folder / f"{number}.sqlite3"
                self._store = _opened(self._path)
                number += 1
            self.count = self._store.execute("SELECT count(*) FROM waiting").fetchone()[0]
        return self._store


def _opened(path: Path) -> sqlite3.Connection | None:
    """The file, for this process alone; None where another has it."""
    store = sqlite3.connect(path, timeout=0, isolation_level="IMMEDIATE")
    try:
        store.execute("PRAGMA locking_mode = EXCLUSIVE")
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("PRAGMA synchronous = FULL")
        store.execute(_SCHEMA)
        with store:
            store.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError:  # locked by another, or not a database any more
        store.close()
        return None
    return store


def _remove(path: Path) -> None:
    for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        name.unlink(missing_ok=True)
    with suppress(OSError):
        path.parent.rmdir()
