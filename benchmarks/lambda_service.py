"""The two services that a measured handler talks to: Lambda's Runtime API, and a DynamoDB that takes everything."""

import contextlib
import queue
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parent.parent
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}"


def read_request(reader: BinaryIO) -> tuple[bytes, bytes]:
    """Return a request's first line and body; an empty line at the end of the connection."""
    first, length, chunked = reader.readline(), 0, False
    while (line := reader.readline().lower()) not in {b"\r\n", b""}:
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
        chunked |= line.startswith(b"transfer-encoding: chunked")
    if not chunked:
        return first, reader.read(length)
    body = b""
    while size := int(reader.readline(), 16):
        body += reader.read(size)
        reader.readline()
    reader.readline()
    return first, body


def prompt(connection: socket.socket) -> socket.socket:
    """Let no answer wait for a fuller packet."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class Store:
    """A DynamoDB that takes everything, in a separate process so that it does not share our interpreter's lock."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "benchmarks.lambda_service"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)  # this very file
        self.port = int(next(iter(self._process.stdout or ())))

    def close(self) -> None:
        """End the process that was started."""
        self._process.terminate()
        self._process.communicate()

    def exchange_times(self, rounds: int) -> list[float]:
        """Return what requests of the webhook handler's size cost here without any handler, in milliseconds."""
        request = b"POST / HTTP/1.1\r\nContent-Length: 2500\r\n\r\n" + b"x" * 2500
        times = []
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            prompt(connection)
            for _ in range(rounds):
                begun = time.perf_counter()
                connection.sendall(request)
                connection.recv(4096)
                times.append((time.perf_counter() - begun) * 1000)
        return times


def serve_store() -> None:
    """Say on which port, and take everything that comes there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)  # the parent reads it
        while True:
            connection, _ = listener.accept()
            with prompt(connection), connection.makefile("rb") as reader:
                while read_request(reader)[0]:
                    connection.sendall(ANSWER)


class Runtime:
    """The Lambda service's side of one execution environment: hands out events, takes answers, notes the times."""

    HEADERS = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:measured\r\n"
        "Lambda-Runtime-Deadline-Ms: {deadline}\r\nContent-Length: {length}\r\n\r\n"
    )

    def __init__(self) -> None:
        self.events: queue.Queue[bytes] = queue.Queue()
        self.asked: queue.Queue[float] = queue.Queue()
        self.answered: queue.Queue[tuple[float, bytes]] = queue.Queue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._handed_at = 0.0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._converse, args=(prompt(connection),), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as reader:
            while True:
                first, body = read_request(reader)
                if first.startswith(b"GET"):
                    self._hand_out(connection)
                elif first:
                    self.answered.put(((time.perf_counter() - self._handed_at) * 1000, body))
                    connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                else:
                    return

    def _hand_out(self, connection: socket.socket) -> None:
        self.asked.put(time.perf_counter())
        event = self.events.get()
        head = self.HEADERS.format(deadline=int(time.time() * 1000) + 30_000, length=len(event))
        self._handed_at = time.perf_counter()
        connection.sendall(head.encode() + event)


if __name__ == "__main__":
    serve_store()
