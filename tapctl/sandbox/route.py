"""The loopback URL behind a URL of a stack's outputs."""

import re
from urllib.parse import urlsplit, urlunsplit

from tapctl.errors import UsageError
from tapctl.sandbox.clients import SandboxEndpoint

_HOST = re.compile(r"(?P<id>[a-z0-9-]+)\.(?P<service>execute-api|lambda-url)\.", re.IGNORECASE)


def route(sandbox: SandboxEndpoint, url: str) -> tuple[str, dict[str, str]]:
    """The loopback URL, and the headers to send with it, that reach the API or function behind `url`.

    By path instead of the Host header: every HTTP client can do that, and `/health` reaches the API
    instead of the emulator. Raises `UsageError` for a URL of another service.
    """
    parts = urlsplit(url)
    host = _HOST.match(parts.netloc)
    if not host:
        raise UsageError(
            f"the sandbox does not serve {url}", "it serves the execute-api and lambda-url addresses of its stacks"
        )
    path = f"/_aws/{host['service'].lower()}/{host['id'].lower()}{parts.path or '/'}"
    endpoint = urlsplit(sandbox.endpoint)
    return urlunsplit((endpoint.scheme, endpoint.netloc, path, parts.query, "")), {}
