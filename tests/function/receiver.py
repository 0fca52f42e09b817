"""The function with fakes put into its ports: post something, look at the answer, the rows and the log."""

import json
from collections.abc import Mapping
from typing import Any

import handlers
from deliveries import Senders
from ingest import App
from keyring import Keyring
from store.ledger import Ledger

from tests.function.fake_table import FakeTable
from tests.function.senders import NOW, SECRETS, SQUARE_URL, http_event


class Context:
    """The context object of an invocation."""

    aws_request_id = "request-1"

    def __init__(self, seconds: float = 30) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


class Receiver:
    """A receiver over an in-memory table."""

    def __init__(self, secrets: Mapping[str, Any] | str | None = None, url: str = SQUARE_URL, **generic: str) -> None:
        self.table = FakeTable()
        self.lines: list[str] = []
        self.now = float(NOW)
        document = secrets if isinstance(secrets, str) else json.dumps(secrets or SECRETS)
        self.app = App(
            keyring=Keyring(lambda: document),
            ledger=Ledger(self.table, "transactions"),
            clock=lambda: self.now,
            emit=self.lines.append,
            senders=Senders(url, **generic),
            function_name="webhook-processor-test",
        )

    def invoke(self, event: object, context: object = None) -> Any:
        """Invoke the function with an event of any shape."""
        return handlers.answer(event, context or Context(), lambda: self.app)

    def post(self, provider: str, body: bytes | str | None, headers: Mapping[str, Any], **kind: Any) -> tuple[int, Any]:
        """Post a delivery and return status and body."""
        answer = self.invoke(http_event(provider, body, headers, **kind))
        return answer["statusCode"], json.loads(answer["body"])

    @property
    def applied(self) -> list[str]:
        """The transactions in the table."""
        return sorted(key for key in self.table.rows if not key.startswith("evt#"))

    @property
    def log(self) -> list[dict[str, Any]]:
        """The log lines, read back."""
        return [json.loads(line) for line in self.lines]
