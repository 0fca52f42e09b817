"""A very small AWS on the loopback interface, for what the sandbox never says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

XML = '<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{1}</{0}Response>'
IDENTITY = XML.format(
    "GetCallerIdentity",
    "<GetCallerIdentityResult><Arn>arn:aws:iam::222222222222:user/me</Arn><UserId>U</UserId>"
    "<Account>222222222222</Account></GetCallerIdentityResult>",
)


def refusal(code: str, words: str) -> str:
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>{words}</Message></Error></ErrorResponse>"


@contextmanager
def answering(status: int, body: str, code: str = "") -> Iterator[str]:
    """Serve this answer to every request; the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(status)
            self.send_header("content-type", "text/xml")
            if code:
                self.send_header("x-amzn-errortype", code)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET
        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
