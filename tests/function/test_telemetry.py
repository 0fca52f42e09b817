"""The log tells how a delivery ended and nothing of what was in it."""

import json
import re

import pytest

from tests.function.receiver import Desk
from tests.function.senders import NOW, SECRETS, SIGNED, delivery, payment_body, sign_standard

PRIVATE = ["ada@example.com", "4242424242424242", "Lovelace", "PSP1", "tx-1", "pi_1", "sq_1", "203.0.113.7", "order-1"]


@pytest.mark.parametrize("provider", SIGNED)
def test_nothing_secret_or_personal_is_logged(desk: Desk, provider: str, capsys: pytest.CaptureFixture[str]) -> None:
    body, headers = delivery(provider)
    desk.post(provider, body, headers)
    desk.post(provider, body + b" ", headers)
    personal = payment_body(email="ada@example.com", card="4242424242424242", name="Lovelace", amount="Lovelace")
    desk.post("standard", personal, sign_standard(personal))
    written = "".join(desk.lines) + "".join(capsys.readouterr())
    secrets = [secret for known in SECRETS.values() for secret in known]
    signatures = [part for value in headers.values() for part in re.split(r"[,=]", value) if len(part) > 20]
    assert not [word for word in PRIVATE + secrets + signatures if word in written]


def test_a_delivery_is_one_line_of_json(desk: Desk) -> None:
    desk.post("standard", *delivery("standard"))
    (line,) = desk.log
    assert (line["level"], line["status"], line["Provider"], line["door"]) == ("INFO", 200, "standard", "http")
    assert line["requestId"] == "request-1"
    assert desk.table.plain("tx-1")["bodyHash"].startswith(line["reference"])


def test_the_trace_id_is_the_invocations(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-6b0497ca-3849d78901cadb441725070b;Parent=x;Sampled=1")
    desk.post("standard", *delivery("standard"))
    assert desk.log[0]["traceId"] == "1-6b0497ca-3849d78901cadb441725070b"


def test_metrics_are_in_the_embedded_format(desk: Desk) -> None:
    desk.post("standard", *delivery("standard"))
    (line,) = desk.log
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
        ("nobody", b"{}", "UnknownProvider"),
        ("paypal", b"{}", "UnsupportedScheme"),
    ],
)
def test_a_refusal_is_counted(desk: Desk, provider: str, body: bytes, metric: str) -> None:
    desk.post(provider, body, {})
    assert (desk.log[0][metric], desk.log[0]["level"] in {"WARN", "ERROR"}) == (1, True)


def test_a_providers_name_from_the_path_is_not_logged(desk: Desk) -> None:
    desk.post("ada@example.com", b"{}", {})
    assert desk.log[0]["Provider"] == "unknown"


def test_a_bug_shows_its_place_and_not_its_text(desk: Desk) -> None:
    class Broken:
        def call(self, *_: object) -> dict[str, object]:
            raise RuntimeError("4242424242424242")

    desk.app = desk.app._replace(ledger=type(desk.app.ledger)(Broken(), "transactions"))
    assert desk.post("standard", *delivery("standard")) == (500, {"error": "internal"})
    assert re.fullmatch(r"RuntimeError in call:\d+", desk.log[0]["detail"])
    assert "4242" not in json.dumps(desk.log)
    assert desk.log[0]["InternalError"] == 1
