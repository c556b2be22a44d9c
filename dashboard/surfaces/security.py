"""What every answer of the web server carries: headers and cookie flags that Panel leaves out.

One Tornado transform sees all answers, those of Bokeh, of Panel's login and of our own routes, so that no
route can be forgotten.
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
        cookies = headers.get_list("Set-Cookie")
        if cookies:
            del headers["Set-Cookie"]
            for cookie in cookies:
                headers.add("Set-Cookie", self._flagged(cookie))
        return status_code, headers, chunk

    def _flagged(self, cookie: str) -> str:
        flags = ["SameSite=Lax", *(["Secure"] if self.secure or self._is_https else [])]
        if not cookie.startswith("_xsrf="):  # the page's own script has to read this one
            flags.append("HttpOnly")
        for flag in flags:
            if not re.search(rf";\s*{flag.partition('=')[0]}\b", cookie, re.IGNORECASE):
                cookie += f"; {flag}"
        return cookie


class SecureAnswersOverTLS(SecureAnswers):
    """The same behind a proxy that ends TLS: cookies are always `Secure`."""

    secure = True
