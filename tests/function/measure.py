"""Measures the handler under the real Lambda runtime client, against an empty handler in the same run.

    python -m pip install awslambdaric
    python tests/function/measure.py

Init is from the start of the process to its first request for work; an invocation is from handing out the event to the
posted answer. The store is a stub that answers at once, so what is left is the function's own time. Absolute figures
hold for this machine only; the ratios carry over. The folder is compiled first, as a package for Lambda should be.
"""

import argparse
import compileall
import json
import os
import py_compile
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from function.senders import SECRETS, http_event, payment_body, sign_standard

FUNCTION = Path(__file__).parents[2] / "function"
EMPTY = 'def handler(event, context):\n    return {"statusCode": 200}\n'
WARM = 500


class Quiet(BaseHTTPRequestHandler):
    """A keep-alive handler that logs nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def read(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Store(Quiet):
    """A DynamoDB that takes everything."""

    def do_POST(self) -> None:
        self.read()
        self.answer(200, b"{}")


@dataclass
class Runtime:
    """What the Lambda service knows of one execution environment."""

    events: "queue.Queue[bytes]" = field(default_factory=queue.Queue)
    asked: "queue.Queue[float]" = field(default_factory=queue.Queue)
    answered: "queue.Queue[tuple[float, bytes]]" = field(default_factory=queue.Queue)
    handed_at: float = 0.0

    def handler(self) -> type[Quiet]:
        runtime = self

        class RuntimeApi(Quiet):
            def do_GET(self) -> None:
                runtime.asked.put(time.perf_counter())
                event = runtime.events.get()
                runtime.handed_at = time.perf_counter()
                identity = "arn:aws:lambda:us-east-1:000000000000:function:measured"
                self.answer(
                    200,
                    event,
                    Lambda_Runtime_Aws_Request_Id="8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                    Lambda_Runtime_Deadline_Ms=str(int(time.time() * 1000) + 30_000),
                    Lambda_Runtime_Invoked_Function_Arn=identity,
                    Content_Type="application/json",
                )

            def do_POST(self) -> None:
                body = self.read()
                runtime.answered.put((time.perf_counter(), body))
                self.answer(202)

        return RuntimeApi


class Server(ThreadingHTTPServer):
    """A server that does not mind a killed client."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


def serve(handler: type[Quiet]) -> Server:
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def event(number: int) -> bytes:
    body = payment_body(transactionId=f"tx-{number}", padding="x" * 1800)  # about 2 kB, as Stripe's are
    headers = sign_standard(body, event_id=f"e{number}", at=int(time.time()))
    return json.dumps(http_event("standard", body, headers)).encode()


def environment(runtime: Server, store: Server) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime.server_address[1]}",
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{store.server_address[1]}",
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
    runtime = Runtime()
    api, store = serve(runtime.handler()), serve(Store)
    started = time.perf_counter()
    command = [python, "-m", "awslambdaric", "index.handler"]
    process = subprocess.Popen(command, cwd=folder, env=environment(api, store), stdout=subprocess.DEVNULL)
    try:
        init = runtime.asked.get(timeout=20) - started
        invocations = []
        for number in range(warm + 1):
            runtime.events.put(event(number))
            at, body = runtime.answered.get(timeout=20)
            assert json.loads(body)["statusCode"] == 200, body
            invocations.append((at - runtime.handed_at) * 1000)
    finally:
        process.kill()
        process.wait()
        api.shutdown()
        store.shutdown()
        api.server_close()
        store.server_close()
    return init * 1000, invocations[0], invocations[1:]


def store_time(rounds: int = WARM) -> list[float]:
    """Return what one request to the stub costs from a plain client, in milliseconds."""
    import http.client

    server = serve(Store)
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1])
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        connection.request("POST", "/", b"x" * 1500)
        connection.getresponse().read()
        times.append((time.perf_counter() - begun) * 1000)
    connection.close()
    server.shutdown()
    server.server_close()
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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has awslambdaric")
    parser.add_argument("--colds", type=int, default=15, help="execution environments started of each kind")
    arguments = parser.parse_args()
    table = measure(arguments.python, arguments.colds)
    store = store_time()
    empty, ours = table["empty handler"], table["webhook handler"]
    print("| ms | " + " | ".join(empty) + " |\n|---|" + "---|" * len(empty))
    for name, row in table.items():
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in row.values()) + " |")
    print(f"| the stub store alone | | | {statistics.median(store):.2f} | {percentile(store, 0.99):.2f} |")
    print(f"\ninit ratio {ours['init p50'] / empty['init p50']:.2f} (target 2.0)")
    above = ours["warm p99"] - empty["warm p99"] - percentile(store, 0.99)
    print(f"warm p99 above the empty handler and the store's own time: {above:.2f} ms (target 1)")


if __name__ == "__main__":
    main()
