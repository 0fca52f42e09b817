"""The wire to DynamoDB against a small server: one kept connection, opened again when it went stale."""

import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aws.client import DYNAMODB, AwsJson, WireError
from aws.connection import parse_address
from aws.sigv4 import Credentials

Respond = Callable[[BaseHTTPRequestHandler, bytes], None]


class Server:
    """What a server saw."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.requests: list[tuple[int, dict[str, str], bytes]] = []

    @contextmanager
    def client(self) -> Iterator[AwsJson]:
        client = AwsJson(DYNAMODB, f"http://127.0.0.1:{self.port}", "eu-west-1", lambda: Credentials("a", "b"))
        try:
            yield client
        finally:
            client.close()

    @property
    def connections(self) -> int:
        return len({peer for peer, _, _ in self.requests})


def answer(status: int, body: bytes, *, close: bool = False, say_so: bool = True) -> Respond:
    def respond(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        if close and say_so:
            handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = close

    return respond


def hang_up(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
    handler.close_connection = True


class Listener(ThreadingHTTPServer):
    """A server that does not mind a client that hangs up."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def serving(*responses: Respond, certificate: tuple[Path, Path] | None = None) -> Iterator[Server]:
    script = list(responses)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.requests.append((self.client_address[1], dict(self.headers), body))
            (script.pop(0) if len(script) > 1 else script[0])(self, body)

        def log_message(self, *_: object) -> None:
            pass

    listener = Listener(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
    server = Server(listener.server_address[1])
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


OK = answer(200, b'{"ok": true}')


def test_a_request_is_json_and_signed() -> None:
    with serving(OK) as server, server.client() as client:
        assert client.call("PutItem", {"a": "\u00e9"}, 2) == {"ok": True}
    _, headers, body = server.requests[0]
    assert json.loads(body) == {"a": "\u00e9"}
    assert headers["x-amz-target"] == "DynamoDB_20120810.PutItem"
    assert headers["host"] == f"127.0.0.1:{server.port}"
    assert "Credential=a/" in headers["authorization"]


def test_a_connection_is_kept() -> None:
    with serving(OK) as server, server.client() as client:
        client.connect(2)
        for _ in range(5):
            client.call("PutItem", {}, 2)
    assert server.connections == 1


def test_a_connection_that_went_stale_is_opened_again() -> None:
    with serving(answer(200, b"{}", close=True, say_so=False), OK) as server, server.client() as client:
        client.call("PutItem", {}, 2)
        assert client.call("PutItem", {}, 2) == {"ok": True}
    assert server.connections == 2


def test_a_server_that_closes_politely_is_met_again() -> None:
    with serving(answer(200, b"{}", close=True), OK) as server, server.client() as client:
        client.call("PutItem", {}, 2)
        assert client.call("PutItem", {}, 2) == {"ok": True}


def test_a_fresh_connection_that_breaks_is_unreachable() -> None:
    with (
        serving(hang_up) as server,
        server.client() as client,
        pytest.raises(WireError, match="Unreachable") as caught,
    ):
        client.call("PutItem", {}, 2)
    assert caught.value.passing
    assert len(server.requests) == 1


def test_a_stale_connection_is_tried_again_once_only() -> None:
    with serving(OK, hang_up) as server, server.client() as client:
        client.call("PutItem", {}, 2)
        with pytest.raises(WireError, match="Unreachable"):
            client.call("PutItem", {}, 2)
    assert len(server.requests) == 3


def test_silence_is_unreachable_after_the_timeout() -> None:
    release = threading.Event()
    with serving(lambda *_: (release.wait(5), None)[1]) as server, server.client() as client:
        with pytest.raises(WireError, match="Unreachable"):
            client.call("PutItem", {}, 0.05)
        release.set()


def test_a_refused_connection_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Server(port).client() as client:
        client.connect(1)
        with pytest.raises(WireError, match="Unreachable"):
            client.call("PutItem", {}, 1)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff"])
@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_that_is_no_json_object_is_garbled(status: int, body: bytes) -> None:
    with (
        serving(answer(status, body)) as server,
        server.client() as client,
        pytest.raises(WireError, match="Garbled") as caught,
    ):
        client.call("PutItem", {}, 2)
    assert caught.value.passing


@pytest.mark.parametrize(
    ("status", "body", "code", "passing", "contended"),
    [
        pytest.param(400, {"__type": "aws#ThrottlingException"}, "ThrottlingException", False, True, id="busy"),
        pytest.param(400, {"__type": "AccessDeniedException"}, "AccessDeniedException", False, False, id="denied"),
        pytest.param(500, {"__type": "x#InternalServerError"}, "InternalServerError", True, False, id="internal"),
        pytest.param(503, {}, "Http503", True, False, id="unnamed"),
        pytest.param(
            400,
            {"__type": "TransactionCanceledException", "CancellationReasons": [{"Code": "TransactionConflict"}, 7]},
            "TransactionCanceledException",
            False,
            True,
            id="conflict",
        ),
    ],
)
def test_an_error_says_what_can_be_done(
    *, status: int, body: dict[str, object], code: str, passing: bool, contended: bool
) -> None:
    reply = answer(status, json.dumps(body).encode())
    with serving(reply) as server, server.client() as client, pytest.raises(WireError) as caught:
        client.call("TransactWriteItems", {}, 2)
    assert (caught.value.code, caught.value.passing, caught.value.contended) == (code, passing, contended)


def raw(text: bytes) -> Respond:
    def respond(handler: BaseHTTPRequestHandler, _body: bytes) -> None:
        handler.wfile.write(text)
        handler.close_connection = True

    return respond


def test_an_answer_in_chunks_is_put_together() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = head + b'6;x=y\r\n{"ok":\r\n5\r\n true\r\n1\r\n}\r\n0\r\nT: x\r\n\r\n'
    with serving(raw(chunks)) as server, server.client() as client:
        assert client.call("PutItem", {}, 2) == {"ok": True}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", id="half-a-head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", id="half-a-body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", id="negative-length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}", id="endless-length"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n{}", id="no-length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="no-chunk-size"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"".join(b"h%d: x\r\n" % n for n in range(200)), id="endless-head"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", id="another-protocol"),
        pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="no-status"),
        pytest.param(b"x" * 100_000, id="endless-line"),
    ],
)
def test_a_broken_answer_is_unreachable(text: bytes) -> None:
    with serving(raw(text)) as server, server.client() as client, pytest.raises(WireError, match="Unreachable"):
        client.call("PutItem", {}, 2)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://dynamodb.us-east-1.amazonaws.com", (True, "dynamodb.us-east-1.amazonaws.com", 443, "/")),
        ("http://127.0.0.1:4566", (False, "127.0.0.1", 4566, "/")),
        ("http://localhost:4566/", (False, "localhost", 4566, "/")),
        ("http://localhost/aws/", (False, "localhost", 80, "/aws")),
        ("https://[::1]:8443", (True, "::1", 8443, "/")),
        ("https://[::1]", (True, "::1", 443, "/")),
    ],
)
def test_an_address_is_read(url: str, address: tuple[object, ...]) -> None:
    found = parse_address(url)
    assert (found.tls, found.host, found.port, found.path) == address


@pytest.mark.parametrize("url", ["", "localhost:4566", "ftp://localhost", "http://", "http://localhost:port"])
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|int"):
        parse_address(url)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost, and its key."""
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("needs openssl to make a certificate")
    made, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    wish = ["-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = [tool, "req", "-x509", *wish, "-keyout", str(key), "-out", str(made), "-days", "2"]
    subprocess.run(command, check=True, capture_output=True)
    return made, key


def over_tls(server: Server) -> AwsJson:
    return AwsJson(DYNAMODB, f"https://localhost:{server.port}", "eu-west-1", lambda: Credentials("a", "b"))


def test_a_known_certificate_is_trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with serving(OK, certificate=certificate) as server:
        client = over_tls(server)
        assert [client.call("PutItem", {}, 5) for _ in range(2)] == [{"ok": True}] * 2
        client.close()
    assert server.connections == 1


def test_an_unknown_certificate_gets_no_request(certificate: tuple[Path, Path]) -> None:
    with serving(OK, certificate=certificate) as server:
        client = over_tls(server)
        client.connect(5)
        with pytest.raises(WireError, match="Unreachable"):
            client.call("PutItem", {}, 5)
        client.close()
    assert not server.requests


def call_and_close(client: AwsJson) -> None:
    client.call("PutItem", {}, 2)
    client.close()


def test_threads_do_not_share_a_connection() -> None:
    with serving(OK) as server, server.client() as client:
        threads = [threading.Thread(target=call_and_close, args=(client,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.requests) == server.connections == 4
