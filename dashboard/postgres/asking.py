"""A connection for questions that are asked now and then: opened by the first, opened anew after it broke."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dashboard.errors import ConnectionLost
from dashboard.postgres.connection import Connection, connect

T = TypeVar("T")


class Asking:
    """Asks one question after the other, each with the same patience.

    Parameters
    ----------
    dsn, name
        Where, and under which name PostgreSQL knows the connection.
    patience
        Seconds for a question, opening the connection included.
    """

    def __init__(self, dsn: str, name: str, *, patience: float) -> None:
        self.dsn = dsn
        self.name = name
        self.patience = patience
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def ask(self, question: Callable[[Connection], Awaitable[T]]) -> T:
        """Put a question.

        Raises
        ------
        ConnectError, ConnectionLost
            The database cannot be reached, or does not answer in time.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(self.patience):
                    return await question(await self._open())
            except TimeoutError as error:
                self.drop()
                raise ConnectionLost(
                    f"The database did not answer within {self.patience:g} s.", "See whether it is overloaded."
                ) from error
            except BaseException:
                self.drop()
                raise

    async def close(self) -> None:
        """Close the connection; the next question opens another."""
        async with self._turn:
            connection, self._connection = self._connection, None
            if connection is not None and not connection.is_closed():
                await connection.close(timeout=self.patience)

    async def _open(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(
                self.dsn, name=self.name, timeout=self.patience, statement_timeout=self.patience
            )
        return self._connection

    def drop(self) -> None:
        """Close the connection at once."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
