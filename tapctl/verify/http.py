"""HTTP requests without redirects, and the checks in `[[verify.http]]`."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import IO

from tapctl.errors import ConfigError
from tapctl.settings.verify_section import HttpProbe, secret_value
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.deployed_stack import DeployedStack

_LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")

TIMEOUT = 15.0
"""Seconds to wait for a response."""

_MAX_BODY = 1_000_000
"""Bytes of a response's body that are read."""

Route = Callable[[str], tuple[str, dict[str, str]]]
"""Takes a URL from an output and returns the URL to request instead, and headers to add: the sandbox rewrites URLs."""


def direct(url: str) -> tuple[str, dict[str, str]]:
    """The route of a URL that is requested as it is."""
    return url, {}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to send."""

    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Response:
    """A response; without one, `status` is 0 and `text` is the reason."""

    status: int
    text: str

    def __str__(self) -> str:
        """`returned 500: BODY` or `failed: REASON`, with at most 200 characters of either."""
        outcome = f"returned {self.status}" if self.status else "failed"
        text = " ".join(self.text[:200].split())
        return f"{outcome}: {text}" if text else outcome


def check_http(probe: HttpProbe, stack: DeployedStack, route: Route) -> Iterator[Check]:
    """`[[verify.http]]`: one request, whose response must be the expected one."""
    path = f"/{probe.path}" if probe.path and probe.path[0] not in "/?" else probe.path
    subject = f"http {probe.output or probe.url}{path}"
    address = probe.url or stack.outputs.get(probe.output or "")
    if address is None:
        message = f"the stack has no output {probe.output}, which [[verify.http]] names"
        yield Check(subject, CheckStatus.FAILED, message, permanent=True)
        return
    try:
        headers = {name: secret_value(value, f"header {name}") for name, value in probe.headers.items()}
    except ConfigError as error:
        yield Check(subject, CheckStatus.FAILED, error.message, error.hint, permanent=True)
        return
    url = f"{address.rstrip('/')}{path}" if path else address
    response = send(HttpRequest(url, headers=headers, method=probe.method), route, probe.timeout)
    if probe.accepts(response.status, response.text):
        yield Check(subject, CheckStatus.PROVED, f"{probe.method} returned {response.status}")
    else:
        message = f"{probe.method} {url} {response}; expected {probe.wanted}"
        yield Check(subject, CheckStatus.FAILED, message)


def send(request: HttpRequest, route: Route, timeout: float = TIMEOUT) -> Response:
    """Send a request. A redirect is the response, since its status is part of what is checked."""
    try:
        url, headers = _loopback(*route(request.url))
        prepared = urllib.request.Request(  # noqa: S310 - a URL from the stack's outputs or the configuration
            url, request.body, {**request.headers, **headers}, method=request.method
        )
        with _opener(url).open(prepared, timeout=timeout) as response:
            return Response(response.status, _text(response))
    except urllib.error.HTTPError as error:
        with error:
            return Response(error.code, _text(error))
    except (OSError, HTTPException, ValueError) as error:
        return Response(0, str(getattr(error, "reason", error)))


def _loopback(url: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Emulators return names below 127.0.0.1, which DNS does not resolve: they become a Host header."""
    parts = urllib.parse.urlsplit(url)
    if not (parts.hostname or "").endswith(".127.0.0.1"):
        return url, headers
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"127.0.0.1{port}").geturl(), {"host": parts.netloc, **headers}


def _text(response: IO[bytes]) -> str:
    return response.read(_MAX_BODY).decode(errors="replace")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """No further request."""


def _opener(url: str) -> urllib.request.OpenerDirector:
    """An opener that bypasses the proxies of the environment for loopback addresses."""
    local = urllib.parse.urlsplit(url).hostname in _LOOPBACK_HOSTS
    return urllib.request.build_opener(_NoRedirects, *([urllib.request.ProxyHandler({})] if local else []))
