"""A proxy on the loopback interface between tapctl and the sandbox, which may intercept calls."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tapctl.sandbox import pidfile
from tapctl.sandbox.paths import sandbox_paths

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}


@dataclass(frozen=True)
class Call:
    """A request on its way to the sandbox."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def operation(self) -> str:
        """The operation of APIs that name it in the body or in a header; else the method and the path."""
        named = re.match(rb"(?:.*&)?Action=(\w+)", self.body) if self.method == "POST" else None
        if named:
            return named[1].decode()
        target = self.headers.get("X-Amz-Target", "")
        return target.rpartition(".")[2] or f"{self.method} {urlsplit(self.path).path}"

    @property
    def is_json(self) -> bool:
        """Whether it speaks JSON, as Lambda and the APIs with a target do, and not XML."""
        return "X-Amz-Target" in self.headers or re.match(r"/20\d\d-", self.path) is not None


@dataclass(frozen=True)
class Reply:
    """An answer on its way back; `sent` bytes of the body go out before the connection is cut, None is all of it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    sent: int | None = None

    def cut(self, sent: int) -> "Reply":
        return replace(self, sent=sent)


Forward = Callable[[Call], Reply]
Interceptor = Callable[[Call, Forward], Reply | None]
"""Stands in the way: forwards the call, or not, and gives a reply, or None to hang up."""


@contextmanager
def between(interceptor: Interceptor) -> Iterator[None]:
    """Route every command of this state folder through the interceptor: the pid file names the proxy's port."""
    place = sandbox_paths().pid_file
    found = pidfile.read(place)
    assert found is not None
    with proxy(found.port, interceptor) as port:
        pidfile.write(place, replace(found, port=port))
        try:
            yield
        finally:
            pidfile.write(place, found)


@contextmanager
def proxy(port: int, interceptor: Interceptor) -> Iterator[int]:
    """Serve what another port of the loopback interface serves; the port."""

    def forward(call: Call) -> Reply:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request(call.method, call.path, call.body, dict(call.headers))
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:  # the client was killed
                self.close_connection = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = Call(self.command, self.path, dict(self.headers.items()), body)
            reply = forward(call) if self.path == "/_ministack/health" else interceptor(call, forward)
            if reply is None:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body[: reply.sent])
            self.close_connection = self.close_connection or reply.sent is not None

        do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
