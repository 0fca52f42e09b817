"""The emulator's two requests outside of AWS's APIs: health and reset."""

from http.client import HTTPConnection, HTTPException

from tapctl.errors import TapctlError


def is_healthy(port: int, *, timeout: float) -> bool:
    """Whether a sandbox answers on the port within `timeout` seconds."""
    try:
        return _request("GET", port, "/_ministack/health", timeout) == 200
    except (OSError, HTTPException):
        return False


def reset(port: int) -> None:
    """Delete every resource of every account, in memory and on disk. Raises `TapctlError`."""
    hint = "`tapctl sandbox stop && tapctl sandbox reset` deletes them while no sandbox runs"
    try:
        status = _request("POST", port, "/_ministack/reset", 30)
    except (OSError, HTTPException) as error:
        raise TapctlError(f"cannot reset the sandbox: {error}", hint) from None
    if status != 200:
        raise TapctlError(f"cannot reset the sandbox: HTTP status {status}", hint)


def _request(method: str, port: int, path: str, timeout: float) -> int:
    # http.client, because urllib would go through the proxies of the environment.
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, headers={"Connection": "close"})
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()
