"""Passwords: hashed by argon2, and not to be guessed at any speed.

Hashing is meant to be dear (64 MiB, tens of milliseconds), so it happens beside the event loop and few at a time: who
floods the login page waits for others who do, and nobody else does.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from dashboard.errors import SettingsError

SHORTEST, LONGEST = 8, 1024
AT_ONCE = 2
"""Passwords that are hashed at the same time."""
WINDOW = 300.0
"""Seconds for which a failed attempt counts."""
REMEMBERED = 10_000
"""Callers and guessers of whom something is remembered; the oldest are forgotten first."""


class Passwords:
    """Makes and compares hashes."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._nobody = ""
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one that was kept; it takes as long where none is."""
        if len(password) > LONGEST:
            return False
        if kept is None and not self._nobody:
            self._nobody = await self.hash("nobody's")
        async with self._turn:
            return await asyncio.to_thread(self._verify, kept or self._nobody, password) and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was made as one would not make it today."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


def hash_of(password: str) -> str:
    """The hash to keep of a new password.

    Raises
    ------
    SettingsError
        It is too short, or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise SettingsError(f"A password has {SHORTEST} to {LONGEST} characters.", "Choose another one.")
    return PasswordHasher().hash(password)


class Throttle:
    """Counts failed attempts under several names at once: a login, an address, both together.

    Parameters
    ----------
    clock
        What tells the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, names: Iterable[tuple[str, int]]) -> float:
        """Seconds until somebody may try again; `names` with the failures that each may have in a window."""
        now, longest = self._clock(), 0.0
        for name, most in names:
            failed = self._failed.get(name)
            while failed and failed[0] <= now - WINDOW:
                failed.popleft()
            if failed and len(failed) >= most:
                longest = max(longest, failed[-most] + WINDOW - now)
        return longest

    def fail(self, names: Iterable[tuple[str, int]]) -> None:
        """Count an attempt, before it is known how it ends: many at once count, too."""
        for name, most in names:
            failed = self._failed.setdefault(name, deque(maxlen=most))
            failed.append(self._clock())
            self._failed.move_to_end(name)
        while len(self._failed) > REMEMBERED:
            self._failed.popitem(last=False)

    def forgive(self, names: Iterable[tuple[str, int]]) -> None:
        """Take back the last attempt under these names: it did not fail."""
        for name, _ in names:
            if failed := self._failed.get(name):
                failed.pop()
