"""A page of another origin in a real browser, which tries every way that a page has to call the sandbox."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.sandbox_clients import Aws, function

pytestmark = [pytest.mark.sandbox, pytest.mark.install]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PAGE = """<!doctype html><meta charset="utf-8"><body><script>
const sandbox = "SANDBOX", served = "SERVED", results = {};
async function attempt(name, url, options) {
  try {
    const answer = await fetch(url, options);
    results[name] = [answer.type, answer.status, answer.type === "opaque" ? "" : await answer.text()];
  } catch (error) { results[name] = ["error", 0, ""]; }
}
const create = "Action=CreateStack&StackName=evil&TemplateBody=" + encodeURIComponent(
  JSON.stringify({Resources: {Q: {Type: "AWS::SQS::Queue"}}}));
const signed = {"authorization": "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/cloudformation/"
  + "aws4_request, SignedHeaders=host, Signature=" + "0".repeat(64)};
const form = {"content-type": "application/x-www-form-urlencoded"};
(async () => {
  await attempt("read", sandbox + "/");
  await attempt("blind read", sandbox + "/", {mode: "no-cors"});
  await attempt("post", sandbox + "/", {method: "POST", body: create, headers: form});
  await attempt("blind post", sandbox + "/", {method: "POST", body: create, headers: form, mode: "no-cors"});
  await attempt("forged signature", sandbox + "/", {method: "POST", body: create, headers: {...form, ...signed}});
  await attempt("put", sandbox + "/bucket", {method: "PUT"});
  await attempt("reset", sandbox + "/_ministack/reset", {method: "POST", mode: "no-cors"});
  await attempt("response", sandbox + "/_ministack/cfn-response/x", {method: "PUT", body: "{}"});
  await attempt("function", sandbox + "/_aws/lambda-url/FUNCTION/", {mode: "no-cors"});
  await attempt("guessed path", sandbox + "/" + "0".repeat(32) + "/lambda-url/FUNCTION/", {mode: "no-cors"});
  await attempt("other name", sandbox.replace("127.0.0.1", "localhost") + "/", {});
  await attempt("served", served);
  await fetch("/results", {method: "POST", body: JSON.stringify(results)});
})();
</script></body>"""


class Site(ThreadingHTTPServer):
    """A page of another origin, and what it reports."""

    def __init__(self, page: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.page, self.results, self.reported = page, "", threading.Event()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Site)
        self._answer(self.server.page.encode())

    def do_POST(self) -> None:
        assert isinstance(self.server, Site)
        self.server.results = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.reported.set()
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def site(page: str) -> Iterator[Site]:
    server = Site(page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def visit(server: Site, profile: Path) -> dict[str, tuple[str, int, str]]:
    """Open the page in a browser and return what its attempts gave: response type, status and text."""
    assert BROWSER is not None
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}")
    url = f"http://127.0.0.1:{server.server_port}/"
    browser = subprocess.Popen(
        [BROWSER, *flags, "--remote-debugging-port=0", url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert server.reported.wait(120), "the page reported nothing"
    finally:
        browser.terminate()
        browser.wait()
    return {name: tuple(result) for name, result in json.loads(server.results).items()}


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here")
def test_a_page_of_another_site_reaches_what_a_stack_serves_and_nothing_else(aws: Aws, tmp_path: Path) -> None:
    answering = "def handle(event, context): return {'statusCode': 200, 'body': 'served'}"
    arn = {"Fn::GetAtt": ["Fn", "Arn"]}
    cors = {"AllowOrigins": ["*"]}
    resources = {
        "Fn": function("page", answering),
        "Url": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": arn, "AuthType": "NONE", "Cors": cors}},
    }
    aws.create("page", resources, outputs={"Url": {"Value": {"Fn::GetAtt": ["Url", "FunctionUrl"]}}})
    served = aws.outputs("page")["Url"]
    page = PAGE.replace("SANDBOX", aws.sandbox.endpoint).replace("SERVED", served)

    with site(page.replace("FUNCTION", served.rstrip("/").rpartition("/")[2])) as server:
        results = visit(server, tmp_path / "profile")

    assert results.pop("served") == ("cors", 200, "served")
    assert {name: text for name, (_, _, text) in results.items() if text} == {}
    assert {kind for kind, _, _ in results.values()} <= {"error", "opaque"}
    stacks = [stack["StackName"] for stack in aws.cloudformation.describe_stacks()["Stacks"]]
    assert stacks == ["page"]
    assert aws.functions() == ["page"]
