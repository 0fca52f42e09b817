"""The real handler in separate processes, as execution environments are, over one table of the local AWS."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.function.emulator import Emulator
from tests.function.senders import SECRETS, SQUARE_URL, http_event, payment_body, sign_standard

DRIVER = Path(__file__).with_name("driver.py")


class Function:
    """The handler in separate processes, over one table."""

    def __init__(self, emulator: Emulator, table: str) -> None:
        self.emulator, self.table = emulator, table
        self.environment = {
            **emulator.environment,
            "DYNAMODB_TABLE_NAME": table,
            "WEBHOOK_SECRETS": json.dumps(SECRETS),
            "SQUARE_NOTIFICATION_URL": SQUARE_URL,
            "PATH": os.environ["PATH"],
        }

    def start(self, threads: int = 1) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(DRIVER), str(threads)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, env=self.environment, **pipes)  # type: ignore[call-overload, no-any-return]

    def run(self, events: list[Any], threads: int = 1) -> list[tuple[int, Any]]:
        with self.start(threads) as process:
            out, _ = process.communicate(lines(events), timeout=300)
        answers = [json.loads(line) for line in out.splitlines()]
        return [(answer["statusCode"], json.loads(answer["body"])) for answer in answers]

    def rows(self) -> dict[str, dict[str, Any]]:
        return self.emulator.rows(self.table)


def lines(events: list[Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def numbered(number: int, *, per_transaction: int = 10) -> dict[str, Any]:
    """Return the delivery of event `number`; each transaction has several, one a second."""
    second = number % per_transaction
    stamp = f"2026-11-23T11:00:{second:02}Z"
    body = payment_body(transactionId=f"tx-{number // per_transaction}", amount=second, timestamp=stamp)
    return http_event("standard", body, sign_standard(body, event_id=f"e{number}", at=int(time.time())))


@contextmanager
def over_new_table(emulator: Emulator) -> Iterator[Function]:
    client, name = emulator.client("dynamodb"), f"transactions-{uuid.uuid4().hex[:8]}"
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "transactionId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "transactionId", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield Function(emulator, name)
    client.delete_table(TableName=name)
