"""The two requests that the emulator answers outside of AWS's APIs."""

from http.client import HTTPConnection, HTTPException

from tapctl.errors import TapctlError


def answers(port: int, *, patience: float) -> bool:
    """Whether a sandbox serves on the port."""
    try:
        return _request("GET", port, "/_ministack/health", patience) == 200
    except (OSError, HTTPException):
        return False


def forget_everything(port: int) -> None:
    """Drop every resource, in memory and on disk."""
    try:
        status = _request("POST", port, "/_ministack/reset", 30)
    except (OSError, HTTPException) as error:
        raise TapctlError(
            f"the sandbox did not reset: {error}", "tapctl sandbox stop && tapctl sandbox reset"
        ) from None
    if status != 200:
        raise TapctlError(f"the sandbox did not reset: status {status}", "tapctl sandbox stop && tapctl sandbox reset")


def _request(method: str, port: int, path: str, patience: float) -> int:
    # http.client, because urllib would go through the proxies of the environment.
    connection = HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request(method, path, headers={"Connection": "close"})
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()
