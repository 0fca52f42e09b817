"""The function's connection over urllib3, which Lambda's runtime has: for the comparison in `benchmarks.webhook`."""

from typing import TYPE_CHECKING, NamedTuple

import urllib3

if TYPE_CHECKING:
    import ssl


class Address(NamedTuple):
    """Where a service listens."""

    tls: bool
    host: str
    port: int
    authority: str
    path: str


def parse_address(url: str) -> Address:
    """Read `http(s)://host[:port][/path]`."""
    parsed = urllib3.util.parse_url(url)
    tls = parsed.scheme == "https"
    port = parsed.port or (443 if tls else 80)
    return Address(tls, parsed.host or "", port, parsed.netloc or "", parsed.path or "/")


class HttpConnection:
    """One kept connection."""

    def __init__(self, address: Address, timeout: float, tls: "ssl.SSLContext | None") -> None:
        kind = urllib3.HTTPSConnectionPool if address.tls else urllib3.HTTPConnectionPool
        more = {"ssl_context": tls} if tls else {}
        self._pool = kind(address.host, address.port, timeout=timeout, maxsize=1, retries=False, **more)
        self.reusable = True

    def close(self) -> None:
        """Close the connection."""
        self.reusable = False
        self._pool.close()

    def post(self, path: str, headers: dict[str, str], body: bytes, timeout: float) -> tuple[int, bytes]:
        """Send a request and return the status and body of its answer."""
        try:
            answer = self._pool.urlopen("POST", path, body, headers, timeout=timeout, retries=False)
        except urllib3.exceptions.HTTPError as error:
            raise ConnectionError(str(error)) from error
        return answer.status, answer.data
