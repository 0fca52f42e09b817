"""Calls to one AWS service that speaks JSON, over one kept-alive connection per thread.

Why not urllib3 and botocore's signer, which Lambda's runtime has: with them the function's init takes 5.5 times that of
an empty handler instead of 1.8 times (the budget is 2.5), and a warm invocation 1.3 ms instead of 0.6 ms
(`python -m benchmarks.webhook`, measured on 2026-11-30). Take them where a cold start matters less than a client that
others maintain: `benchmarks/handlers/libraries` has the two files to replace.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from aws.connection import HttpConnection, parse_address
from aws.sigv4 import Credentials, CredentialScope, signed_headers

if TYPE_CHECKING:
    import ssl

_OK = 200
_SERVER_ERROR = 500
_CONTENDED = frozenset(
    {
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


class WireError(Exception):
    """A call that was refused or not answered."""

    def __init__(
        self,
        code: str,
        *,
        reasons: Sequence[Mapping[str, object]] = (),
        item: object = None,
        passing: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.reasons = reasons
        self.item = item
        self.passing = passing

    @property
    def contended(self) -> bool:
        """Whether the service answers but is busy with other requests."""
        return self.code in _CONTENDED or any(reason.get("Code") in _CONTENDED for reason in self.reasons)


class Dialect(NamedTuple):
    """The protocol constants of one service."""

    service: str
    target: str
    version: str
    endpoint_name: str


DYNAMODB = Dialect("dynamodb", "DynamoDB_20120810", "1.0", "DYNAMODB")
SECRETS_MANAGER = Dialect("secretsmanager", "secretsmanager", "1.1", "SECRETS_MANAGER")


class AwsJson:
    """One service at one endpoint."""

    def __init__(self, dialect: Dialect, endpoint: str, region: str, credentials: Callable[[], Credentials]) -> None:
        self._dialect = dialect
        self._address = parse_address(endpoint)
        self._scope = CredentialScope(region, dialect.service)
        self._credentials = credentials
        self._tls = _tls_context() if self._address.tls else None
        self._local = threading.local()

    def connect(self, timeout: float) -> None:
        """Open the connection ahead of the first call; a failure surfaces with the first call."""
        try:
            self._open(timeout)
        except OSError:
            self.close()

    def call(self, operation: str, request: Mapping[str, object], timeout: float) -> dict[str, object]:
        """Send one request and return its answer; a connection that went stale while idle is opened again once."""
        body = json.dumps(request).encode("ascii")
        try:
            status, answer = self._exchange(operation, body, timeout)
        except OSError:
            raise WireError("Unreachable", passing=True) from None
        return _read(status, answer)

    def close(self) -> None:
        """Close this thread's connection; the next call opens another."""
        kept: HttpConnection | None = getattr(self._local, "connection", None)
        if kept is not None:
            kept.close()
        self._local.connection = None

    def _exchange(self, operation: str, body: bytes, timeout: float) -> tuple[int, bytes]:
        kept: HttpConnection | None = getattr(self._local, "connection", None)
        if kept is not None:
            with suppress(ConnectionError):
                return self._post(kept, operation, body, timeout)
        return self._post(self._open(timeout), operation, body, timeout)

    def _post(self, connection: HttpConnection, operation: str, body: bytes, timeout: float) -> tuple[int, bytes]:
        try:
            return connection.post(self._address.path, self._headers(operation, body), body, timeout)
        finally:
            if not connection.reusable:
                self.close()

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        headers = {
            "host": self._address.authority,
            "content-type": f"application/x-amz-json-{self._dialect.version}",
            "x-amz-target": f"{self._dialect.target}.{operation}",
        }
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        return signed_headers(
            headers, self._address.path, body, moment=moment, credentials=self._credentials(), scope=self._scope
        )

    def _open(self, timeout: float) -> HttpConnection:
        connection = HttpConnection(self._address, timeout, self._tls)
        self._local.connection = connection
        return connection


def _tls_context() -> "ssl.SSLContext":
    import ssl

    return ssl.create_default_context()


def _read(status: int, answer: bytes) -> dict[str, object]:
    """Return the answer. Raises `WireError` with the code of the service."""
    try:
        document = json.loads(answer or b"{}")
    except ValueError:
        raise WireError("Garbled", passing=True) from None
    if not isinstance(document, dict):
        raise WireError("Garbled", passing=True)
    if status == _OK:
        return document
    code = str(document.get("__type", "")).rpartition("#")[2] or f"Http{status}"
    reasons = document.get("CancellationReasons")
    raise WireError(
        code,
        reasons=[reason for reason in reasons if isinstance(reason, dict)] if isinstance(reasons, list) else (),
        item=document.get("Item"),
        passing=status >= _SERVER_ERROR,
    )
