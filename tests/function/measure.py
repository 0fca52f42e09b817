"""Measures the handler under the real Lambda runtime client, against an empty handler in the same run.

    python -m pip install awslambdaric
    python -m tests.function.measure

Init is from the start of the process to its first request for work; an invocation is from handing out the event to the
posted answer. The store is a stub that answers at once, so what is left is the function's own time. Absolute figures
hold for this machine only; the ratios carry over. The folder is compiled first, as a package for Lambda should be.
"""

import argparse
import compileall
import contextlib
import json
import multiprocessing
import os
import py_compile
import queue
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from .senders import SECRETS, http_event, payment_body, sign_standard

FUNCTION = Path(__file__).parents[2] / "function"
EMPTY = 'def handler(event, context):\n    return {"statusCode": 200}\n'
WARM = 500


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
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class Store:
    """A DynamoDB that takes everything, in a process of its own so that it does not share our interpreter's lock."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}"

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._process = multiprocessing.get_context("fork").Process(target=self._serve, daemon=True)
        self._process.start()

    def close(self) -> None:
        self._process.terminate()
        self._process.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with prompt(connection), connection.makefile("rb") as reader:
                while read_request(reader)[0]:
                    connection.sendall(self.ANSWER)


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


def event(number: int) -> bytes:
    body = payment_body(transactionId=f"tx-{number}", padding="x" * 1800)  # about 2 kB, as Stripe's are
    headers = sign_standard(body, event_id=f"e{number}", at=int(time.time()))
    return json.dumps(http_event("standard", body, headers)).encode()


def environment(runtime: Runtime, store: Store) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.port}",
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{store.port}",
        "AWS_LAMBDA_FUNCTION_NAME": "measured",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "DYNAMODB_TABLE_NAME": "transactions",
        "WEBHOOK_SECRETS": json.dumps(SECRETS),
        "_HANDLER": "index.handler",
    }


def one_environment(python: str, folder: Path, warm: int) -> tuple[float, float, list[float]]:
    """Start one execution environment; return its init, its first invocation and the warm ones in milliseconds."""
    runtime, store = Runtime(), Store()
    started = time.perf_counter()
    command = [python, "-m", "awslambdaric", "index.handler"]
    process = subprocess.Popen(command, cwd=folder, env=environment(runtime, store), stdout=subprocess.DEVNULL)
    try:
        init = runtime.asked.get(timeout=20) - started
        invocations = []
        for number in range(warm + 1):
            runtime.events.put(event(number))
            milliseconds, body = runtime.answered.get(timeout=20)
            assert json.loads(body)["statusCode"] == 200, body
            invocations.append(milliseconds)
    finally:
        process.kill()
        process.wait()
        runtime.close()
        store.close()
    return init * 1000, invocations[0], invocations[1:]


def store_time(rounds: int = WARM) -> list[float]:
    """Return what one request of the handler's size costs at the stub alone, in milliseconds."""
    store = Store()
    request = b"POST / HTTP/1.1\r\nContent-Length: 2500\r\n\r\n" + b"x" * 2500
    times = []
    with socket.create_connection(("127.0.0.1", store.port)) as connection:
        prompt(connection)
        for _ in range(rounds):
            begun = time.perf_counter()
            connection.sendall(request)
            connection.recv(4096)
            times.append((time.perf_counter() - begun) * 1000)
    store.close()
    return times


def prepared(into: Path) -> dict[str, Path]:
    empty, ours = into / "empty", into / "ours"
    empty.mkdir()
    (empty / "index.py").write_text(EMPTY)
    shutil.copytree(FUNCTION, ours, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in (empty, ours):
        compileall.compile_dir(folder, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    return {"empty handler": empty, "webhook handler": ours}


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def measure(python: str, colds: int) -> dict[str, dict[str, float]]:
    """Take turns, so that a busy moment of the machine hits both."""
    runs: dict[str, list[Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        folders = prepared(Path(folder))
        for _ in range(colds):
            for name, path in folders.items():
                runs.setdefault(name, []).append(one_environment(python, path, WARM // colds))
    table = {}
    for name, measured in runs.items():
        warm = [value for _, _, values in measured for value in values]
        table[name] = {
            "init p50": statistics.median(init for init, _, _ in measured),
            "first p50": statistics.median(first for _, first, _ in measured),
            "warm p50": statistics.median(warm),
            "warm p99": percentile(warm, 0.99),
        }
    return table


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has awslambdaric")
    parser.add_argument("--colds", type=int, default=15, help="execution environments started of each kind")
    arguments = parser.parse_args()
    table = measure(arguments.python, arguments.colds)
    store = store_time()
    empty, ours = table["empty handler"], table["webhook handler"]
    say("| ms | " + " | ".join(empty) + " |\n|---|" + "---|" * len(empty))
    for name, row in table.items():
        say(f"| {name} | " + " | ".join(f"{value:.2f}" for value in row.values()) + " |")
    say(f"| the stub store alone | | | {statistics.median(store):.2f} | {percentile(store, 0.99):.2f} |")
    say(f"\ninit ratio {ours['init p50'] / empty['init p50']:.2f} (target 2.0)")
    above = ours["warm p99"] - percentile(store, 0.99)
    own = above - empty["warm p99"]
    say(f"warm p99 is {above:.2f} ms above the store's own time (target 1), {own:.2f} ms above the empty handler's too")


if __name__ == "__main__":
    main()
