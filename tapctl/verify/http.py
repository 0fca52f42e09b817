"""One HTTP request, and what came back."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import IO

from tapctl.verify.emulated import LOOPBACK

TIMEOUT = 15.0
"""Seconds for one answer."""

Route = Callable[[str], tuple[str, dict[str, str]]]
"""Where a URL of an output is really served, and the headers that it takes."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is sent."""

    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; status 0 and the reason where nothing did."""

    status: int
    text: str

    def __str__(self) -> str:
        said = " ".join(self.text[:200].split())
        return f"{self.status or 'not'}{f': {said}' if said else ''}"


def send(request: HttpRequest, route: Route, timeout: float = TIMEOUT) -> Response:
    """Send it and follow no redirection: the status is part of what is proved."""
    try:
        url, headers = _reachable(*route(request.url))
        prepared = urllib.request.Request(  # noqa: S310 - a URL of the stack's own outputs or of its configuration
            url, request.body, {**request.headers, **headers}, method=request.method
        )
        with _opener(url).open(prepared, timeout=timeout) as response:
            return Response(response.status, _text(response))
    except urllib.error.HTTPError as error:
        with error:
            return Response(error.code, _text(error))
    except (OSError, HTTPException, ValueError) as error:
        return Response(0, str(getattr(error, "reason", error)))


def _reachable(url: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Names below a loopback address, such as emulators give out, are served there by their Host header."""
    parts = urllib.parse.urlsplit(url)
    if not (parts.hostname or "").endswith(".127.0.0.1"):
        return url, headers
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"127.0.0.1{port}").geturl(), {"host": parts.netloc, **headers}


_LONGEST = 1_000_000
"""Bytes of an answer that are read."""


def _text(response: IO[bytes]) -> str:
    return response.read(_LONGEST).decode(errors="replace")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing."""

    def redirect_request(self, *_: object) -> None:
        """No request is made of a redirection, so that it is the answer."""


def _opener(url: str) -> urllib.request.OpenerDirector:
    """The proxies of the environment lead to no address of this machine."""
    local = urllib.parse.urlsplit(url).hostname in LOOPBACK
    return urllib.request.build_opener(_Stay, *([urllib.request.ProxyHandler({})] if local else []))
