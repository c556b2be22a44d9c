"""A mail server of the tests' own: speaks SMTP to whoever sends, and keeps what it is given."""

from __future__ import annotations

import asyncio
from email import message_from_bytes
from email.message import Message
from email.policy import default
from types import TracebackType

LARGEST = 32 * 2**20


class Mailbox:
    """A mail server on a free port; use it with `async with`.

    Attributes
    ----------
    letters
        What was delivered, in order.
    refusal
        What is answered to a letter instead of taking it.
    gate
        A letter is taken, and answered, no sooner than this is set.
    """

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.recipients: list[list[str]] = []
        self.refusal: bytes | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.port = 0

    @property
    def url(self) -> str:
        """The contact point that sends here."""
        return f"mailto://127.0.0.1:{self.port}?from=alerts@example.org&to={{to}}"

    @property
    def subjects(self) -> list[str]:
        """Subjects of what was delivered."""
        return [str(letter["Subject"]) for letter in self.letters]

    def text(self, place: int) -> str:
        """What a letter says."""
        return str(self.letters[place].get_payload())

    def text_to(self, recipient: str) -> str:
        """What all letters to somebody say."""
        to = (place for place, recipients in enumerate(self.recipients) if recipient in recipients)
        return "\n".join(map(self.text, to))

    async def __aenter__(self) -> Mailbox:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=LARGEST)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.set()
        self._server.close()
        await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to: list[str] = []
        writer.write(b"220 here\r\n")
        try:
            while line := await reader.readline():
                word = line.strip().upper()
                if word.startswith(b"RCPT TO:"):
                    to.append(line[8:].strip().strip(b"<>").decode())
                if word == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await self._take(await reader.readuntil(b"\r\n.\r\n"), to, writer)
                elif word == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 yes\r\n")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever sent has ended
        finally:
            writer.close()

    async def _take(self, content: bytes, to: list[str], writer: asyncio.StreamWriter) -> None:
        if self.refusal is not None:
            writer.write(self.refusal + b"\r\n")
            return
        self.letters.append(message_from_bytes(content[:-5], policy=default))  # type: ignore[arg-type]  # typeshed's stub knows the old policy
        self.recipients.append(list(to))
        await self.gate.wait()
        writer.write(b"250 taken\r\n")
