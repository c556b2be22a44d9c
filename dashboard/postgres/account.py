"""The system account that the embedded server runs under.

PostgreSQL refuses to run as root, rightly. Where we are root (a container, mostly) the server runs as an
unprivileged account that exists already; none is created, and no folder that we did not make changes its
permissions. Everywhere else the account is our own and this module does nothing.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dashboard.errors import ServerError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user and its group; `switch` says whether processes have to be started under another identity."""

    name: str
    uid: int
    gid: int
    switch: bool

    @classmethod
    def for_server(cls) -> Account:
        """Return our own account, or for root an unprivileged one.

        Raises
        ------
        ServerError
            When we are root and there is no unprivileged account to use.
        """
        if os.geteuid() != 0:
            return cls(name="", uid=os.geteuid(), gid=os.getegid(), switch=False)
        for name in CANDIDATES:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(name=name, uid=entry.pw_uid, gid=entry.pw_gid, switch=True)
        raise ServerError(
            "PostgreSQL does not run as root, and there is no account 'postgres' or 'nobody' for it.",
            "Start dashboard as an ordinary user, or name a database by its DSN.",
        )

    def run(self, command: Sequence[str | Path], *, stdin: str | None = None, output: IO[str], timeout: float) -> int:
        """Run a command under this account and return its exit code; both outputs go to one open file.

        A file and never a pipe: the server started by `pg_ctl` would hold a pipe open for ever.
        """
        identity = (
            {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": "/"} if self.switch else {"cwd": "/"}
        )
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PG") and name != "LANGUAGE"
        } | {"LC_ALL": "C"}
        finished = subprocess.run(
            [str(part) for part in command],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            timeout=timeout,
            **identity,
        )
        return int(finished.returncode)

    def can_enter(self, folder: Path) -> bool:
        """Whether processes of this account can enter the folder; asked of the system, as ACLs count too."""
        if not self.switch:
            return os.access(folder, os.X_OK)
        with open(os.devnull, "w", encoding="utf-8") as nothing:
            return self.run(["/bin/sh", "-c", 'cd "$0"', folder], output=nothing, timeout=10) == 0

    def own(self, path: Path) -> None:
        """Give a path that we made to this account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)
