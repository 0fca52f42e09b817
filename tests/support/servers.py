"""HTTP servers on the loopback interface, each for one test."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

ReceivedRequests = list[tuple[str, str, dict[str, str], bytes]]
"""Method, path, lower-case headers and body of each request."""


@dataclass(frozen=True)
class Reply:
    """A response; it is sent after `delay` seconds."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0


@contextmanager
def http_server(
    *replies: Reply, on_request: Callable[[], object] = lambda: None
) -> Iterator[tuple[str, ReceivedRequests]]:
    """The URL of a server that sends the replies in turn, then the last one again, and the requests it received.

    `on_request` is called before each reply.
    """
    received: ReceivedRequests = []

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            response = replies[min(len(received), len(replies) - 1)]
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            received.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            on_request()
            time.sleep(response.delay)
            self.send_response(response.status)
            for name, value in {"content-length": str(len(response.body)), **response.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body.encode())

        do_GET = do_POST = do_PUT = reply

        def log_message(self, *_: object) -> None:
            """No log."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                """The client closed the connection, as tests of timeouts do."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def resetting_server() -> Iterator[tuple[str, list[bytes]]]:
    """The URL of a server that reads each request and resets its connection, and the requests it received."""
    listener, received = socket.create_server(("127.0.0.1", 0)), list[bytes]()
    reset = struct.pack("ii", 1, 0)

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                if not (request := connection.recv(65536)):
                    return
                received.append(request)  # before the client can know that the connection is reset

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
    finally:
        socket.create_connection(listener.getsockname()).close()  # sends nothing, which ends the thread
        thread.join()
        listener.close()


@contextmanager
def raw_server(response: bytes) -> Iterator[str]:
    """The URL of a server that sends these bytes to its first client and closes the connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(response)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()
