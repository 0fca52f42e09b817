"""The access control of the server: requests of the owner and to URLs of stacks pass, all others get 403.

Host, Origin       the sandbox's own address only; a page of another site or a name that leads here is refused
/PATH/KIND/...     function URLs and APIs, unsigned; PATH is derived from the secret, so that none can guess it
tapctl's header    health, reset, and what stacks serve
a signature        every AWS API, made with the secret or with credentials that the sandbox issued
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qsl, quote
from uuid import uuid4
from xml.sax.saxutils import escape

from tapctl.sandbox import signature
from tapctl.sandbox.http import HEALTH, RESET, SERVED
from tapctl.sandbox.route import emulator_path
from tapctl.sandbox.secret import Secret
from tapctl.sandbox.signature import Denial, ReceivedRequest, SecretOf

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

NAMES = ("127.0.0.1", "localhost")
"""What Host may name; the port may be another one, of a tunnel or a forwarded port."""


class _ClientLeftError(Exception):
    """The client closed the connection before its whole body arrived."""


class Guard:
    """An ASGI application in front of the emulator's.

    `secret_of` knows the credentials that the emulator issued, `entered` is called with the access key id, Region and
    service of each proved request, `served` lists what the stacks of an account serve.
    """

    def __init__(
        self,
        inner: Application,
        secret: Secret,
        port: int,
        *,
        secret_of: SecretOf,
        entered: Callable[[str, str, str], None],
        served: Callable[[str], Sequence[Mapping[str, str]]],
    ) -> None:
        self._inner, self._secret = inner, secret
        self._origins = {f"http://{name}:{port}" for name in NAMES}
        self._secret_of, self._entered, self._served = secret_of, entered, served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it with 403."""
        if scope["type"] not in ("http", "websocket"):
            await self._inner(scope, receive, send)
            return
        request = _request(scope)
        if (denied := self._foreign_host(request)) is not None:
            await _refuse(scope, request, denied, send)
        elif target := emulator_path(self._secret, scope["path"]):
            raw = emulator_path(self._secret, request.path) or quote(target)
            await self._inner({**scope, "path": target, "raw_path": raw.encode()}, receive, send)
        elif (denied := self._foreign_origin(request)) is not None:
            await _refuse(scope, request, denied, send)
        elif request.path in (HEALTH, RESET) or request.path.startswith(SERVED):
            await self._control(scope, request, receive, send)
        else:
            await self._signed(scope, request, receive, send)

    def _foreign_host(self, request: ReceivedRequest) -> Denial | None:
        host = request.headers.get("host", "")
        if host.lower().partition(":")[0] in NAMES:
            return None
        return Denial("AccessDenied", f"The sandbox does not answer to the host name {host or '(none)'}")

    def _foreign_origin(self, request: ReceivedRequest) -> Denial | None:
        origin = request.headers.get("origin")
        if origin is None or origin.lower() in self._origins:
            return None
        return Denial("AccessDenied", f"The sandbox does not answer to pages of {origin}")

    async def _control(self, scope: Scope, request: ReceivedRequest, receive: Receive, send: Send) -> None:
        wanted = self._secret.control(request.method, request.path)
        given = request.headers.get("authorization", "")
        if not compare_digest(wanted.encode(), given.encode()):
            await _refuse(scope, request, signature.MISMATCH if given else signature.MISSING, send)
        elif request.path.startswith(SERVED):
            listed = self._served(request.path.rpartition("/")[2])
            await _answer(send, 200, "application/json", json.dumps(list(listed)))
        else:
            await self._inner(scope, receive, send)

    async def _signed(self, scope: Scope, request: ReceivedRequest, receive: Receive, send: Send) -> None:
        named = signature.credential(request)
        if named is not None and scope["type"] == "http":
            try:
                request = replace(request, body=await _body(receive))
            except _ClientLeftError:
                return
            receive = _replayed(request.body, receive)
        denied = signature.denial(request, self._secret_of, datetime.now(UTC))
        if named is None or denied is not None:
            await _refuse(scope, request, denied or signature.MISSING, send)
            return
        self._entered(*named)
        await self._inner(scope, receive, _without_cors(send))


def _request(scope: Scope) -> ReceivedRequest:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("utf-8", "replace")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return ReceivedRequest(scope.get("method", "GET"), path.decode("latin-1").partition("?")[0], tuple(query), headers)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientLeftError
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the whole body first."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _without_cors(send: Send) -> Send:
    """A `send` without the emulator's headers that would let every page read AWS's answers."""

    async def filtered(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [header for header in message["headers"] if not header[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": headers}
        await send(message)

    return filtered


async def _refuse(scope: Scope, request: ReceivedRequest, denied: Denial, send: Send) -> None:
    """Answer 403 in the form that the client's protocol expects."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the server answers 403
        return
    named = signature.credential(request)
    code, message = escape(denied.code), escape(denied.message)
    if named and named[2] == "s3":
        text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{uuid4()}</RequestId></Error>"
        await _answer(send, 403, "application/xml", text)
    elif request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        text = f"<ErrorResponse>{error}<RequestId>{uuid4()}</RequestId></ErrorResponse>"
        await _answer(send, 403, "text/xml", text)
    else:
        text = json.dumps({"__type": denied.code, "message": denied.message})
        await _answer(send, 403, "application/json", text, (b"x-amzn-errortype", denied.code.encode()))


async def _answer(send: Send, status: int, kind: str, text: str, *headers: tuple[bytes, bytes]) -> None:
    body = text.encode(errors="replace")
    length = (b"content-length", str(len(body)).encode())
    fields = [(b"content-type", kind.encode()), length, *headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
