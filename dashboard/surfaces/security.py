"""What every answer of the web server carries: headers and cookie flags that Panel leaves out.

One Tornado transform sees all answers, those of Bokeh, of Panel's login and of our own routes, so that no
route can be forgotten. Tornado adds the cookies after its transforms: they are flagged as they are added.
"""

from __future__ import annotations

import re

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "frame-ancestors 'self'; object-src 'none'; base-uri 'self'",
}


class SecureAnswers(OutputTransform):
    """Adds the headers, and `HttpOnly`, `SameSite` and on https `Secure` to cookies."""

    secure = False

    def __init__(self, request: HTTPServerRequest) -> None:
        self._is_https = request.protocol == "https"

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Tornado calls this once per answer."""
        for name, value in HEADERS.items():
            if name not in headers:
                headers[name] = value
        return status_code, FlaggedHeaders(headers, is_secure=self.secure or self._is_https), chunk


class FlaggedHeaders(HTTPHeaders):
    """Headers that give each cookie the flags it lacks, also those that are added later."""

    def __init__(self, headers: HTTPHeaders, *, is_secure: bool) -> None:
        super().__init__()
        self._is_secure = is_secure
        for name, value in headers.get_all():
            self.add(name, value)

    def add(self, name: str, value: str, **options: bool) -> None:
        """Add a header; Tornado's own sets and copies come here, too."""
        super().add(name, self._flagged(value) if name.lower() == "set-cookie" else value, **options)

    def _flagged(self, cookie: str) -> str:
        flags = ["SameSite=Lax", *(["Secure"] if self._is_secure else [])]
        if not cookie.startswith("_xsrf="):  # the page's own script has to read this one
            flags.append("HttpOnly")
        for flag in flags:
            if not re.search(rf";\s*{flag.partition('=')[0]}\b", cookie, re.IGNORECASE):
                cookie += f"; {flag}"
        return cookie


class SecureAnswersOverTLS(SecureAnswers):
    """The same behind a proxy that ends TLS: cookies are always `Secure`."""

    secure = True
