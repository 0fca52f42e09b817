"""The log has the outcome of a delivery and nothing of its content."""

import json
import re

import pytest

from tests.function.receiver import Receiver
from tests.function.senders import NOW, SECRETS, SIGNED, delivery, payment_body, sign_standard

PRIVATE = ["ada@example.com", "4242424242424242", "Lovelace", "PSP1", "tx-1", "pi_1", "sq_1", "203.0.113.7", "order-1"]


@pytest.mark.parametrize("provider", SIGNED)
def test_nothing_secret_or_personal_is_logged(
    receiver: Receiver, provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body, headers = delivery(provider)
    receiver.post(provider, body, headers)
    receiver.post(provider, body + b" ", headers)
    personal = payment_body(email="ada@example.com", card="4242424242424242", name="Lovelace", amount="Lovelace")
    receiver.post("standard", personal, sign_standard(personal))
    written = "".join(receiver.lines) + "".join(capsys.readouterr())
    secrets = [secret for known in SECRETS.values() for secret in known]
    signatures = [part for value in headers.values() for part in re.split(r"[,=]", value) if len(part) > 20]
    assert not [word for word in PRIVATE + secrets + signatures if word in written]


def test_a_delivery_is_one_line_of_json(receiver: Receiver) -> None:
    receiver.post("standard", *delivery("standard"))
    (line,) = receiver.log
    assert (line["level"], line["status"], line["Provider"], line["handler"]) == ("INFO", 200, "standard", "http")
    assert line["requestId"] == "request-1"
    assert receiver.table.plain("standard#tx-1")["bodyHash"].startswith(line["reference"])


def test_the_trace_id_is_the_invocations(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-6b0497ca-3849d78901cadb441725070b;Parent=x;Sampled=1")
    receiver.post("standard", *delivery("standard"))
    assert receiver.log[0]["traceId"] == "1-6b0497ca-3849d78901cadb441725070b"


def test_metrics_are_in_the_embedded_format(receiver: Receiver) -> None:
    receiver.post("standard", *delivery("standard"))
    (line,) = receiver.log
    assert line["_aws"]["Timestamp"] == NOW * 1000
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "WebhookProcessor"
    for names in directive["Dimensions"]:
        assert all(isinstance(line[name], str) and line[name] for name in names)
    for metric in directive["Metrics"]:
        assert isinstance(line[metric["Name"]], int | float)
    assert line["Applied"] == 1


@pytest.mark.parametrize(
    ("provider", "body", "metric"),
    [
        ("standard", b"{}", "SignatureRejected"),
        ("unknown", b"{}", "UnknownProvider"),
        ("paypal", b"{}", "UnsupportedScheme"),
    ],
)
def test_a_refusal_is_counted(receiver: Receiver, provider: str, body: bytes, metric: str) -> None:
    receiver.post(provider, body, {})
    assert (receiver.log[0][metric], receiver.log[0]["level"] in {"WARN", "ERROR"}) == (1, True)


def test_a_providers_name_from_the_path_is_not_logged(receiver: Receiver) -> None:
    receiver.post("ada@example.com", b"{}", {})
    assert receiver.log[0]["Provider"] == "unknown"


def test_a_bug_shows_its_place_and_not_its_text(receiver: Receiver) -> None:
    class Broken:
        def call(self, *_: object) -> dict[str, object]:
            raise RuntimeError("4242424242424242")

    receiver.app = receiver.app._replace(ledger=type(receiver.app.ledger)(Broken(), "transactions"))
    assert receiver.post("standard", *delivery("standard")) == (500, {"error": "internal"})
    assert re.fullmatch(r"RuntimeError in call:\d+", receiver.log[0]["detail"])
    assert "4242" not in json.dumps(receiver.log)
    assert receiver.log[0]["InternalError"] == 1
