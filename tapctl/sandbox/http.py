"""tapctl's requests to its own server, outside of AWS's APIs: health, reset, and what stacks serve."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from tapctl.errors import TapctlError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.sandbox.secret import Secret

HEALTH, RESET, SERVED = "/_ministack/health", "/_ministack/reset", "/_tapctl/served"


@dataclass(frozen=True, slots=True)
class Served:
    """A function URL or an API: what it is, such as `function orders`, and the URL that answers without a signature."""

    name: str
    url: str


def is_healthy(port: int, secret: Secret, *, timeout: float) -> bool:
    """Whether the sandbox with this secret answers on the port within `timeout` seconds."""
    try:
        return _request("GET", port, HEALTH, secret, timeout)[0] == 200
    except (OSError, HTTPException):
        return False


def reset(port: int, secret: Secret) -> None:
    """Delete every resource of every account, in memory and on disk. Raises `TapctlError`."""
    hint = advise(UsageAdvice.RESET_STOPPED_SANDBOX)
    try:
        status, _ = _request("POST", port, RESET, secret, 30)
    except (OSError, HTTPException) as error:
        raise TapctlError(f"cannot reset the sandbox: {error}", hint) from None
    if status != 200:
        raise TapctlError(f"cannot reset the sandbox: HTTP status {status}", hint)


def served(port: int, secret: Secret, account: str) -> tuple[Served, ...]:
    """The URLs that the stacks of an account serve; none if the server does not answer."""
    try:
        status, body = _request("GET", port, f"{SERVED}/{account}", secret, 5)
    except (OSError, HTTPException):
        return ()
    return tuple(Served(**entry) for entry in json.loads(body)) if status == 200 else ()


def _request(method: str, port: int, path: str, secret: Secret, timeout: float) -> tuple[int, bytes]:
    # http.client, because urllib would go through the proxies of the environment.
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, headers={"Connection": "close", "Authorization": secret.control(method, path)})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
