"""The loopback URL behind a URL of a stack's outputs, and the paths that the sandbox serves without a signature."""

import re
from urllib.parse import urlsplit, urlunsplit

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.sandbox.clients import SandboxEndpoint
from tapctl.sandbox.secret import Secret

_HOST = re.compile(
    r"(?P<scheme>https?|wss?)://(?P<id>[a-z0-9-]+)\.(?P<kind>execute-api|lambda-url)\.(?P<rest>[^/?#]*)", re.IGNORECASE
)
_PATHS = {
    "execute-api": ("/_aws/execute-api/", r"[a-z0-9-]+/.*"),
    "lambda-url": ("/_aws/lambda-url/", r"[a-z0-9-]+/.*"),
    "cfn-response": ("/_ministack/cfn-response/", r"[0-9a-f-]+"),
    "cfn-signal": ("/_ministack/cfn-signal/", r"[\w-]+"),
    "lambda-code": ("/_ministack/lambda-code/", r"\d{12}/[a-z0-9-]+/[^/]+"),
    "lambda-layers": ("/_ministack/lambda-layers/", r"\d{12}/[a-z0-9-]+/[^/]+/\d+/content"),
}
"""What is served without a signature: the emulator's path, and the form of what follows it."""


def route(sandbox: SandboxEndpoint, url: str) -> tuple[str, dict[str, str]]:
    """The loopback URL, and the headers to send with it, that reach the API or function behind `url`.

    By path instead of the Host header: every HTTP client can do that, and `/health` reaches the API
    instead of the emulator. Raises `UsageError` for a URL of another service.
    """
    if url.startswith(f"{sandbox.endpoint}/{sandbox.secret.path}/"):
        return url, {}
    there = served_url(sandbox.endpoint, sandbox.secret, url)
    if there is None:
        raise UsageError(f"the sandbox does not serve {url}", advise(UsageAdvice.USE_ADDRESS_OF_STACK))
    return there, {}


def served_url(endpoint: str, secret: Secret, url: str) -> str | None:
    """The URL in the sandbox for AWS's URL of a function or an API; None for any other text."""
    host = _HOST.match(url)
    if host is None:
        return None
    parts, base = urlsplit(url), urlsplit(endpoint)
    scheme = "ws" if host["scheme"].lower().startswith("ws") else base.scheme
    path = f"/{secret.path}/{host['kind'].lower()}/{host['id'].lower()}{parts.path}"
    return urlunsplit((scheme, base.netloc, path, parts.query, ""))


def emulator_path(secret: Secret, path: str) -> str | None:
    """The emulator's path behind one that is served without a signature; None for any other path."""
    _, token, kind, *rest = [*path.split("/", 3), "", ""][:4]
    if not secret.is_path(token) or kind not in _PATHS:
        return None
    prefix, form = _PATHS[kind]
    target = "/".join(rest)
    if kind in ("execute-api", "lambda-url") and "/" not in target:
        target += "/"
    return f"{prefix}{target}" if re.fullmatch(form, target, re.DOTALL) else None


def unsigned_url(endpoint: str, secret: Secret, url: str) -> str:
    """The URL that is served without a signature, for one that the emulator made for the same purpose."""
    parts = urlsplit(url)
    for kind, (prefix, _) in _PATHS.items():
        if parts.path.startswith(prefix):
            return f"{endpoint}/{secret.path}/{kind}/{parts.path.removeprefix(prefix)}"
    return url
