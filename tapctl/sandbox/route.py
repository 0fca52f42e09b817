"""Where a URL from a stack's outputs is served in the sandbox."""

import re
from urllib.parse import urlsplit, urlunsplit

from tapctl.errors import UsageError
from tapctl.sandbox.clients import SandboxEndpoint

_HOST = re.compile(r"(?P<id>[a-z0-9-]+)\.(?P<service>execute-api|lambda-url)\.", re.IGNORECASE)


def route(sandbox: SandboxEndpoint, url: str) -> tuple[str, dict[str, str]]:
    """Find the loopback URL, and the headers to send with it, that reach the API or function behind `url`.

    By path, not by Host header: any HTTP client can do that, and `/health` reaches the API
    instead of the emulator.
    """
    parts = urlsplit(url)
    found = _HOST.match(parts.netloc)
    if not found:
        raise UsageError(f"the sandbox serves no {url}", "it serves execute-api and lambda-url addresses of its stacks")
    path = f"/_aws/{found['service'].lower()}/{found['id'].lower()}{parts.path or '/'}"
    here = urlsplit(sandbox.endpoint)
    return urlunsplit((here.scheme, here.netloc, path, parts.query, "")), {}
