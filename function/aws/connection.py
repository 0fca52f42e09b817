"""HTTP/1.1 for one kind of exchange: a POST answered with a length or in chunks, over a connection that is kept.

`http.client` does more and loads the whole `email` package for it: two thirds of this function's start-up time.
"""

import socket
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    import ssl

_MAX_LINE = 65_536
_MAX_HEADERS = 100
_MAX_ANSWER = 8 * 1024 * 1024


class BrokenAnswerError(ConnectionError):
    """The connection ended or talked nonsense in the middle of an answer."""


class Address(NamedTuple):
    """Where a service listens."""

    tls: bool
    host: str
    port: int
    authority: str
    path: str


def parse_address(url: str) -> Address:
    """Read `http(s)://host[:port][/path]`."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    host, colon, port = authority.rpartition(":")
    if scheme not in {"http", "https"} or not authority:
        raise ValueError("not an http or https URL")
    default = 443 if scheme == "https" else 80
    if not colon or port.endswith("]"):  # no port, or an IPv6 address without one
        host, port = authority, str(default)
    return Address(scheme == "https", host.strip("[]"), int(port), authority, slash + path.rstrip("/") or "/")


class HttpConnection:
    """One kept connection."""

    def __init__(self, address: Address, timeout: float, tls: "ssl.SSLContext | None") -> None:
        self._socket = socket.create_connection((address.host, address.port), timeout)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname=address.host)
            self._reader: BinaryIO = self._socket.makefile("rb")
        except BaseException:
            self._socket.close()
            raise
        self.reusable = True

    def close(self) -> None:
        """Give the connection up."""
        self.reusable = False
        self._reader.close()
        self._socket.close()

    def post(self, path: str, headers: dict[str, str], body: bytes, timeout: float) -> tuple[int, bytes]:
        """Send a request and return the answer's status and body."""
        self._socket.settimeout(timeout)
        self.reusable = False  # until the answer has been read to its end
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        head = "\r\n".join([*lines, f"content-length: {len(body)}", "", ""])
        self._socket.sendall(head.encode("ascii") + body)
        status, fields = self._head()
        answer = self._body(fields)
        self.reusable = fields.get("connection", "").lower() != "close"
        return status, answer

    def _head(self) -> tuple[int, dict[str, str]]:
        version, _, rest = self._line().partition(" ")
        if version != "HTTP/1.1" or not rest[:3].isdigit():
            raise BrokenAnswerError("no HTTP/1.1 answer")
        fields: dict[str, str] = {}
        while line := self._line():
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
            if len(fields) > _MAX_HEADERS:
                raise BrokenAnswerError("too many headers")
        return int(rest[:3]), fields

    def _body(self, fields: dict[str, str]) -> bytes:
        if fields.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks()
        length = fields.get("content-length", "")
        if not length.isdigit() or int(length) > _MAX_ANSWER:
            raise BrokenAnswerError("no usable length")
        return self._exactly(int(length))

    def _chunks(self) -> bytes:
        body = b""
        while size := self._chunk_size():
            body += self._exactly(size)
            self._line()
            if len(body) > _MAX_ANSWER:
                raise BrokenAnswerError("answer too long")
        while self._line():  # trailers
            pass
        return body

    def _chunk_size(self) -> int:
        try:
            return int(self._line().partition(";")[0], 16)
        except ValueError:
            raise BrokenAnswerError("no chunk size") from None

    def _exactly(self, size: int) -> bytes:
        data = self._reader.read(size)
        if len(data) < size:
            raise BrokenAnswerError("the answer ended early")
        return data

    def _line(self) -> str:
        line = self._reader.readline(_MAX_LINE)
        if not line.endswith(b"\n"):
            raise BrokenAnswerError("the answer ended early")
        return line.rstrip(b"\r\n").decode("latin-1")
