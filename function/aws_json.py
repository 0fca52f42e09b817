"""Calls to one AWS service that speaks JSON, over one kept-alive connection per thread; no SDK on the cold path."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import SplitResult

from sigv4 import Credentials, Scope, signed_headers

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
        """Tell whether the service is there and only busy with others."""
        return self.code in _CONTENDED or any(reason.get("Code") in _CONTENDED for reason in self.reasons)


class Dialect(NamedTuple):
    """How a service wants to be addressed."""

    service: str
    target: str
    version: str
    endpoint_name: str


DYNAMODB = Dialect("dynamodb", "DynamoDB_20120810", "1.0", "DYNAMODB")
SECRETS_MANAGER = Dialect("secretsmanager", "secretsmanager", "1.1", "SECRETS_MANAGER")


class AwsJson:
    """One service at one endpoint."""

    def __init__(
        self, dialect: Dialect, endpoint: SplitResult, region: str, credentials: Callable[[], Credentials]
    ) -> None:
        self._dialect = dialect
        self._endpoint = endpoint
        self._scope = Scope(region, dialect.service)
        self._credentials = credentials
        self._tls = ssl.create_default_context() if endpoint.scheme == "https" else None
        self._local = threading.local()

    def connect(self, timeout: float) -> None:
        """Open the connection ahead of the first call."""
        try:
            self._connection(timeout).connect()
        except (OSError, http.client.HTTPException):
            self.close()

    def call(self, operation: str, request: Mapping[str, object], timeout: float) -> dict[str, object]:
        """Send one request and return its answer; a connection that went stale while idle is opened again once."""
        body = json.dumps(request).encode("ascii")
        reused = self._idle() is not None
        try:
            status, answer = self._exchange(operation, body, timeout)
        except ConnectionError:
            if not reused:
                raise WireError("Unreachable", passing=True) from None
            status, answer = self._again(operation, body, timeout)
        except (OSError, http.client.HTTPException):
            raise WireError("Unreachable", passing=True) from None
        return _read(status, answer)

    def _again(self, operation: str, body: bytes, timeout: float) -> tuple[int, bytes]:
        try:
            return self._exchange(operation, body, timeout)
        except (OSError, http.client.HTTPException):
            raise WireError("Unreachable", passing=True) from None

    def _exchange(self, operation: str, body: bytes, timeout: float) -> tuple[int, bytes]:
        try:
            connection = self._connection(timeout)
            connection.request("POST", self._path, body, self._headers(operation, body))
            response = connection.getresponse()
            return response.status, response.read()
        except BaseException:
            self.close()
            raise

    @property
    def _path(self) -> str:
        return self._endpoint.path or "/"

    def _headers(self, operation: str, body: bytes) -> dict[str, str]:
        headers = {
            "host": self._endpoint.netloc.rpartition("@")[2],
            "content-type": f"application/x-amz-json-{self._dialect.version}",
            "x-amz-target": f"{self._dialect.target}.{operation}",
        }
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        return signed_headers(
            headers, self._path, body, moment=moment, credentials=self._credentials(), scope=self._scope
        )

    def _idle(self) -> http.client.HTTPConnection | None:
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        return found if found is not None and found.sock is not None else None

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        connection = self._idle()
        if connection is not None:
            connection.sock.settimeout(timeout)
            return connection
        host, port = self._endpoint.hostname or "", self._endpoint.port
        if self._tls is not None:
            connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=self._tls)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=timeout)
        self._local.connection = connection
        return connection

    def close(self) -> None:
        """Close this thread's connection; the next call opens another."""
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.connection = None


def _read(status: int, answer: bytes) -> dict[str, object]:
    """Return the answer, or raise what the service says is wrong."""
    try:
        document = json.loads(answer or b"{}")
    except ValueError:
        raise WireError("Garbled", passing=True) from None
    if not isinstance(document, dict):
        raise WireError("Garbled", passing=True)
    if status == http.HTTPStatus.OK:
        return document
    code = str(document.get("__type", "")).rpartition("#")[2] or f"Http{status}"
    reasons = document.get("CancellationReasons")
    raise WireError(
        code,
        reasons=[one for one in reasons if isinstance(one, dict)] if isinstance(reasons, list) else (),
        item=document.get("Item"),
        passing=status >= http.HTTPStatus.INTERNAL_SERVER_ERROR,
    )
