"""A local AWS on a free port, in a separate process, for the tests that need real DynamoDB conditions."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3


@dataclass(frozen=True)
class Emulator:
    """Where it listens, and clients for it."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which the function finds it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def client(self, service: str) -> Any:
        new_client: Any = boto3.client  # the stubs know each service by its literal name
        return new_client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def rows(self, table: str) -> dict[str, dict[str, Any]]:
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=table)
        plain = [{k: next(iter(v.values())) for k, v in row.items()} for page in pages for row in page["Items"]]
        return {row["transactionId"]: row for row in plain}


@contextmanager
def running(**more: str) -> Iterator[Emulator]:
    """Start one, with these settings beside the usual ones."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAMBDA_"))}
    settings = {"BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    quiet = {"LOG_LEVEL": "ERROR", "PERSIST_STATE": "0", "LAMBDA_ACCOUNT_CONCURRENCY": "1000"}
    process = subprocess.Popen([sys.executable, "-m", "ministack"], env={**kept, **settings, **quiet, **more})
    try:
        wait_for(f"http://127.0.0.1:{port}/_ministack/health", process)
        yield Emulator(port)
    finally:
        process.terminate()
        process.wait(60)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the emulator ended while starting"
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the emulator did not start")
