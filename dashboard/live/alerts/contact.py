"""The ways out: e-mail by the standard library, everything else by Apprise.

E-mail is sent from here because a message has to keep its Message-ID from one attempt to the next: it is what a mail
server or program tells a second copy by. The address is written as for Apprise,
``mailto://user:password@host:25?from=…&to=…`` (plain, as within a machine or a network), ``mailtos://`` for STARTTLS
on port 587, with ``mode=ssl`` for TLS from the first byte.

Nothing that is sent decides where it goes: that stands in the contact point, and in a person's own preference as its
``{to}``, which is quoted, so that an address cannot add anything to it.
"""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
import warnings
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from mimetypes import guess_type
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlsplit

from dashboard.errors import AlertError, DashboardError

from .rule import Severity, clean

if TYPE_CHECKING:
    from uuid import UUID

TIMEOUT = 20.0
_ADDRESS = re.compile(r"""[^\s@,;:<>()\[\]\\"\x00-\x1f]{1,64}@[\w.-]{1,200}""")
MAIL = ("mailto", "mailtos")
_TYPES = {"info": "info", "warning": "warning", "critical": "failure"}


class Refused(DashboardError):
    """A contact point does not take a message; `is_final` where another attempt would not help."""

    def __init__(self, message: str, *, is_final: bool) -> None:
        super().__init__(message)
        self.is_final = is_final


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Where and how an e-mail is sent."""

    host: str
    port: int
    user: str
    password: str
    mode: str
    sender: Address
    recipients: tuple[Address, ...]


def address_of(url: str, to: str) -> str:
    """A contact point's address with a person's own in it."""
    return url.replace("{to}", quote(to, safe=""))


def check_personal(url: str, to: str) -> None:
    """Make sure that a person's own address is one that fits into a contact point's.

    Raises
    ------
    AlertError
        It does not.
    """
    if "{to}" in url and is_mail(url) and not _ADDRESS.fullmatch(to):
        raise AlertError(f"{clean(to, 100)!r} is no address for e-mail.", "Write one, as name@example.org.")


def check(url: str) -> None:
    """Make sure that something can be sent to this address, as far as can be told without sending.

    Raises
    ------
    AlertError
        It is none, or needs a library that is not installed.
    """
    filled = address_of(url, "somebody@example.org" if is_mail(url) else "15555550100")
    if is_mail(url):
        mail(filled)
    else:
        _target(filled)


async def post(url: str, *, subject: str, body: str, batch: UUID, attached: tuple[str, bytes] | None) -> None:
    """Send an e-mail, with a file (name and content).

    Raises
    ------
    Refused
        It is not taken.
    AlertError
        This is no address for e-mail.
    """
    if not is_mail(url):
        raise AlertError("This is not an address for e-mail.", _FORM)
    await asyncio.to_thread(_post, mail(url), subject, body, batch, attached)


async def send(url: str, *, subject: str, body: str, severity: Severity, batch: UUID) -> None:
    """Send one message.

    Raises
    ------
    Refused
        It is not taken.
    """
    try:
        if is_mail(url):
            await asyncio.to_thread(_post, mail(url), subject, body, batch)
        else:
            await asyncio.to_thread(_hand_over, _target(url), subject, body, severity)
    except AlertError as error:
        raise Refused(str(error), is_final=True) from error


def mail(url: str) -> Mail:
    """What an e-mail's address says.

    Raises
    ------
    AlertError
        It cannot be read.
    """
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        to = next(
            (value for name, _, value in (one.partition("=") for one in parts.query.split("&")) if name == "to"), ""
        )
        host, user = options.get("smtp") or parts.hostname or "", unquote(parts.username or "")
        mode = options.get("mode", "starttls" if parts.scheme == "mailtos" else "insecure")
        port = parts.port or {"ssl": 465, "starttls": 587, "insecure": 25}[mode]
        sender = _address(options.get("from") or (user if "@" in user else f"{user or 'alerts'}@{parts.hostname}"))
        recipients = tuple(_address(unquote_plus(one)) for one in to.split(",") if one)
    except (ValueError, KeyError, IndexError, MessageError) as error:
        raise AlertError(f"This is not an address for e-mail: {clean(str(error), 100)}.", _FORM) from error
    if not host or not recipients:
        raise AlertError(f"This address for e-mail has no {'recipient' if host else 'host'}.", _FORM)
    return Mail(
        host=host, port=port, user=user, password=unquote(parts.password or ""), mode=mode, sender=sender,
        recipients=recipients,
    )  # fmt: skip


_FORM = "Write it as mailto://user:password@host:25?from=alerts@example.org&to={to}, with mailtos for STARTTLS."


def letter(mail: Mail, subject: str, body: str, batch: UUID) -> EmailMessage:
    """The e-mail; its Message-ID is the batch's."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = clean(subject, 200)
    message["From"] = mail.sender
    message["To"] = mail.recipients
    message["Date"] = localtime()
    message["Message-ID"] = f"<{batch}@{mail.sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    return message


def is_mail(url: str) -> bool:
    """Whether it is sent from here."""
    return url.partition("://")[0] in MAIL


def _address(text: str) -> Address:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is none")
    return Address(addr_spec=text)


def _post(mail: Mail, subject: str, body: str, batch: UUID, attached: tuple[str, bytes] | None = None) -> None:
    message = letter(mail, subject, body, batch)
    if attached is not None:
        name, content = attached
        kind = guess_type(name)[0] or "application/octet-stream"
        message.add_attachment(content, *kind.split("/"), filename=name)
    try:
        with _connected(mail) as server:
            if mail.user and mail.password:
                server.login(mail.user, mail.password)
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        said = next(iter(error.recipients.values()))[1]
        raise Refused(f"The mail server refuses the recipient: {_said(said)}", is_final=min(codes) >= 500) from error
    except smtplib.SMTPResponseException as error:
        is_final = error.smtp_code >= 500 and not isinstance(error, smtplib.SMTPConnectError)
        raise Refused(f"The mail server refuses: {_said(error.smtp_error)}", is_final=is_final) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Refused(f"The mail server cannot be reached: {_said(error)}", is_final=False) from error


def _connected(mail: Mail) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if mail.mode == "ssl":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT, context=context)
    server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT)
    if mail.mode == "starttls":
        server.starttls(context=context)
    return server


def _said(answer: object) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    return clean(text, 200) or "without a reason"


def _target(url: str) -> Any:
    """What Apprise makes of an address."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of what its services import, which they do as they are needed
            import apprise

            target = apprise.Apprise.instantiate(url, asset=apprise.AppriseAsset(secure_logging=True))
    except ImportError as error:
        raise AlertError(
            "Contact points other than e-mail need the library Apprise.", "pip install 'dashboard-live[notify]'."
        ) from error
    if target is None:
        scheme = clean(url.partition("://")[0], 30)
        raise AlertError(
            f"Apprise cannot send to this {scheme} address.", "Its services and their addresses are listed by Apprise."
        )
    return target


def _hand_over(target: Any, subject: str, body: str, severity: Severity) -> None:
    try:
        is_taken = target.notify(title=subject, body=body, notify_type=_TYPES[severity], body_format="text")
    except Exception as error:  # a plugin of a hundred
        raise Refused(f"{target.service_name} fails: {clean(str(error), 200)}", is_final=False) from error
    if not is_taken:
        raise Refused(f"{target.service_name} does not take it.", is_final=False)
