"""Small servers for one test each."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

Got = list[tuple[str, str, dict[str, str], bytes]]
"""Method, path, headers in lower case and body of every request."""


@dataclass(frozen=True)
class Reply:
    """What is answered; `delay` in seconds."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0


@contextmanager
def serving(*replies: Reply, seen: Callable[[], object] = lambda: None) -> Iterator[tuple[str, Got]]:
    """A server that answers with each of these in turn, and then always with the last; and what it got.

    `seen` is called before each answer.
    """
    got: Got = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            reply = replies[min(len(got), len(replies) - 1)]
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            got.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            seen()
            time.sleep(reply.delay)
            self.send_response(reply.status)
            for name, value in {"content-length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body.encode())

        do_GET = do_POST = do_PUT = answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                """Whoever asked did not wait."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """A server that says this, whatever it is asked, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()
