"""The webhook that verify sends: signed, routed, and found again or not."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.config import FromEnvironment, WebhookProbe
from tapctl.errors import ConfigError
from tapctl.verify.check import Check
from tapctl.verify.run import verify
from tapctl.verify.subject import read
from tapctl.verify.webhook import Delivery, check_webhook, send, signed

from .conftest import Stage
from .subjects import deployed, found, stubbed

pytestmark = pytest.mark.xdist_group("verify webhook")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PROBE = WebhookProbe(endpoint="Url", table="Table", path="/{id}", body={"id": "{id}"}, key={"id": "{id}"})


def test_a_delivery_is_signed_as_the_published_example_is() -> None:
    delivery = signed("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', SECRET, 1614265330)

    assert delivery.headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert delivery.headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert delivery.headers["webhook-timestamp"] == "1614265330"


@pytest.mark.parametrize("secret", ["whsec_q", "secret€"])
def test_a_secret_that_cannot_sign_is_a_mistake_of_the_configuration_and_is_not_shown(secret: str) -> None:
    with pytest.raises(ConfigError, match=r"the signing secret of \[verify\.webhook\] is not base64") as raised:
        signed("id", b"", secret, 0)

    assert secret not in raised.value.message
    assert raised.value.hint == "Standard Webhooks writes it as whsec_…"


@contextmanager
def serving(status: int, body: bytes = b"") -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """A server that answers every POST alike, and what it got."""
    got: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(length)))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """A server that says this, whatever it is asked, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join()
        listener.close()


def test_what_is_sent_is_the_body_that_was_signed() -> None:
    delivery = signed("id-1", b'{"a": 1}', SECRET, 5)
    with serving(204) as (url, got):
        assert send(f"{url}/path?q=1", {"x-route": "here"}, delivery) == (204, "")

    ((path, headers, body),) = got
    assert (path, body) == ("/path?q=1", b'{"a": 1}')
    assert headers["x-route"] == "here"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-signature"] == delivery.headers["webhook-signature"]


def test_an_error_is_its_status_and_its_words() -> None:
    with serving(503, b"busy") as (url, _):
        assert send(url, {}, Delivery(b"", {})) == (503, "busy")


def test_the_proxies_of_the_environment_do_not_stand_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(200) as (url, _):
        assert send(url, {}, Delivery(b"", {}))[0] == 200


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1:9/", id="nobody listens"),
        pytest.param("not-a-url", id="no URL"),
        pytest.param("http://exa mple/", id="a broken URL"),
        pytest.param("http://127.0.0.1:9/ü", id="a URL that is not ASCII"),
        pytest.param("wss://127.0.0.1:9/", id="another protocol"),
    ],
)
def test_what_cannot_be_reached_is_status_0_and_a_reason(url: str) -> None:
    status, reason = send(url, {}, Delivery(b"", {}))

    assert status == 0
    assert reason


@pytest.mark.parametrize(
    "answer", [pytest.param(b"", id="nothing"), pytest.param(b"go away\r\n\r\n", id="what is not HTTP")]
)
def test_an_answer_that_is_none_is_status_0(answer: bytes) -> None:
    with saying(answer) as url:
        status, reason = send(url, {}, Delivery(b"{}", {}))

    assert (status, bool(reason)) == (0, True)


def test_an_output_that_the_stack_lacks_has_failed() -> None:
    with stubbed("dynamodb") as (aws, _):
        checks = check_webhook(PROBE, deployed({}, outputs={"Url": "http://x"}), aws, SECRET, lambda url: (url, {}))
        assert found(list(checks)) == [("failed", "[verify.webhook] names output Table, which the stack lacks")]


def test_without_a_secret_nothing_is_sent_and_nothing_proved() -> None:
    stack = deployed({}, outputs={"Url": "http://127.0.0.1:9", "Table": "t"})
    with stubbed("dynamodb") as (aws, _):
        ((status, message),) = found(list(check_webhook(PROBE, stack, aws, None, lambda url: (url, {}))))

    assert status == "not checked"
    assert message == "no signing secret of provider standard is known here"


def sent_to(url: str, answers: list[dict[str, Any] | str], patience: float = 0) -> list[tuple[str, str]]:
    """The checks of a webhook that is delivered here, while the table answers so."""
    stack = deployed({}, outputs={"Url": url, "Table": "t"})
    with stubbed("dynamodb") as (aws, stubs):
        for answer in answers:
            if isinstance(answer, str):
                stubs["dynamodb"].add_client_error("get_item", answer, "no", 400)
            else:
                stubs["dynamodb"].add_response("get_item", answer)
        return found(list(check_webhook(PROBE, stack, aws, SECRET, lambda where: (where, {}), patience=patience)))


def test_the_row_is_looked_for_by_the_id_that_was_sent() -> None:
    with serving(202) as (url, got):
        checks = sent_to(url, [{}, {"Item": {"id": {"S": "x"}}}], patience=5)

    ((path, headers, body),) = got
    assert json.loads(body)["id"] == headers["webhook-id"] == path.removeprefix("/")
    assert checks == [("proved", "a signed event was answered 202"), ("proved", "the event was found in table t")]


def test_a_row_that_does_not_come_has_failed() -> None:
    with serving(200) as (url, _):
        checks = sent_to(url, [{}])

    assert checks == [("proved", "a signed event was answered 200"), ("failed", "the event is not in table t")]


def test_a_table_that_may_not_be_read_is_not_checked() -> None:
    with serving(200) as (url, _):
        checks = sent_to(url, ["AccessDeniedException"])

    assert checks[1] == ("not checked", "table t: dynamodb:GetItem was denied")


@pytest.mark.parametrize("status", [301, 400, 401, 429, 500])
def test_whatever_is_not_2xx_has_failed(status: int) -> None:
    with serving(status, b"because") as (url, _):
        ((verdict, message),) = sent_to(url, [])

    assert verdict == "failed"
    assert f"answered {status}: because" in message


def live(stage: Stage, probe: WebhookProbe, secret: str | None, patience: float = 5) -> list[Check]:
    stack = read(stage.aws, "tapstack-local")
    return list(
        check_webhook(probe, stack, stage.aws, secret, lambda url: sandbox.route(stage.running, url), patience=patience)
    )


def probe_of(stage: Stage) -> tuple[WebhookProbe, str]:
    probe = stage.settings.verify.webhook
    assert probe is not None
    return probe, json.loads(stage.settings.parameters["WebhookSecrets"])["standard"][0]


def test_the_deployed_endpoint_takes_the_event_and_keeps_it(stage: Stage) -> None:
    probe, secret = probe_of(stage)

    assert [each.status.value for each in live(stage, probe, secret)] == ["proved", "proved"]


def test_a_wrong_secret_is_refused_by_the_deployed_endpoint_and_shown_by_nobody(stage: Stage) -> None:
    probe, secret = probe_of(stage)

    (check,) = live(stage, probe, SECRET)

    assert check.status.value == "failed"
    assert "answered 401" in check.message
    assert SECRET not in check.message
    assert secret not in check.message


def test_a_row_that_is_not_where_the_configuration_says_has_failed(stage: Stage) -> None:
    probe, secret = probe_of(stage)

    checks = live(stage, probe.model_copy(update={"key": {"transactionId": "somewhere else"}}), secret, 0)

    assert found(checks)[-1] == ("failed", "the event is not in table webhook-transactions-local")


def test_a_key_that_the_table_does_not_have_is_not_checked(stage: Stage) -> None:
    probe, secret = probe_of(stage)

    checks = live(stage, probe.model_copy(update={"key": {"wrong": "{id}"}}), secret)

    assert checks[-1].status.value == "not checked"
    assert "dynamodb:GetItem failed" in checks[-1].message


@pytest.mark.parametrize(
    ("secrets", "problem"),
    [
        pytest.param("[]", "is no JSON object with a list of secrets for standard", id="a list"),
        pytest.param("{}", "is no JSON object with a list of secrets for standard", id="without the provider"),
        pytest.param('{"standard": []}', "is no JSON object with a list of secrets for standard", id="an empty list"),
        pytest.param("whsec_x", "is no JSON object with a list of secrets for standard", id="no JSON"),
        pytest.param('{"standard": ["x"]}', "is not base64", id="no secret"),
    ],
)
def test_secrets_of_another_form_are_a_mistake_and_are_not_shown(secrets: str, problem: str, stage: Stage) -> None:
    settings = replace(stage.settings, parameters={**stage.settings.parameters, "WebhookSecrets": secrets})

    with pytest.raises(ConfigError, match=problem):
        verify(stage.aws, settings, lambda url: sandbox.route(stage.running, url))


def test_a_secret_may_stand_in_the_environment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    probe, secret = probe_of(stage)
    own = probe.model_copy(update={"secret": FromEnvironment(env="PROBE_SECRET")})
    settings = replace(stage.settings, verify=stage.settings.verify.model_copy(update={"webhook": own}))
    with pytest.raises(ConfigError, match=r"is to be read from \$PROBE_SECRET, which is not set"):
        verify(stage.aws, settings, lambda url: sandbox.route(stage.running, url))

    monkeypatch.setenv("PROBE_SECRET", secret)

    assert verify(stage.aws, settings, lambda url: sandbox.route(stage.running, url)).failed == []


def test_a_function_that_fails_and_a_table_that_is_gone_are_seen(stage: Stage) -> None:
    probe, secret = probe_of(stage)
    stage.client("dynamodb").delete_table(TableName="webhook-transactions-local")

    (check,) = live(stage, probe, secret)

    assert check.status.value == "failed"
    assert "answered 5" in check.message
    assert check.hint == "read the function's log"
    answer = stage.command("verify", "--env", "local")
    assert answer.returncode == 8, answer.stderr
    assert "there is no webhook-transactions-local any more" in " ".join(answer.stdout.split())
