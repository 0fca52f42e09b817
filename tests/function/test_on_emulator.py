"""The real handler over HTTP against a real DynamoDB emulator: conditions, concurrency, crashes and outages."""

import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.function.emulator import Emulator
from tests.function.environments import Function, lines, numbered, over_new_table
from tests.function.senders import SECRETS, b64, delivery, http_event, mac, payment_body, sign_standard

pytestmark = pytest.mark.xdist_group("webhook-emulator")


@pytest.fixture
def function(emulator: Emulator) -> Iterator[Function]:
    with over_new_table(emulator) as started:
        yield started


def test_an_event_is_stored_known_and_ordered(function: Function) -> None:
    second, first = numbered(1), numbered(0)
    answers = function.run([second, second, first, first])
    assert [body["result"] for _, body in answers] == ["applied", "duplicate", "stale", "duplicate"]
    row = function.rows()["standard#tx-0"]
    assert (row["amount"], row["status"], row["eventId"]) == ("1", "succeeded", "e1")


@pytest.mark.parametrize("provider", ["adyen", "square", "github"])
def test_a_provider_without_a_time_is_stored(function: Function, provider: str) -> None:
    event = http_event(provider, *delivery(provider))
    assert [body["result"] for _, body in function.run([event, event])] == ["applied", "duplicate"]
    assert len(function.rows()) == 2


def test_a_known_id_with_other_content_stays_as_it_was(function: Function) -> None:
    body = payment_body(transactionId="tx-0", amount=99)
    other = http_event("standard", body, sign_standard(body, event_id="e0", at=int(time.time())))
    answers = function.run([numbered(0), other])
    assert [answer["result"] for _, answer in answers] == ["applied", "duplicate"]
    assert function.rows()["standard#tx-0"]["amount"] == "0"


@pytest.mark.parametrize("amount", ["0.1", "-3.20", "9" * 38, "1e125", "1E-130", "123456789012345678901234567890.12"])
def test_money_comes_back_as_it_went_in(function: Function, amount: str) -> None:
    event = {"transactionId": "tx-9", "amount": amount, "currency": "EUR", "status": "paid"}
    assert function.run([event])[0][0] == 200
    stored = function.emulator.client("dynamodb").get_item(
        TableName=function.table, Key={"transactionId": {"S": "tx-9"}}
    )["Item"]["amount"]["N"]
    assert float(stored) == float(amount)
    if "e" not in amount.lower():
        assert stored.rstrip("0").rstrip(".") == amount.rstrip("0").rstrip(".")


def test_parallel_deliveries_apply_each_event_once_and_end_in_the_newest_state(function: Function) -> None:
    chosen = random.Random(7)
    numbers = [*range(60), *chosen.choices(range(60), k=240)]
    chosen.shuffle(numbers)
    answers = function.run([numbered(number) for number in numbers], threads=16)
    assert {status for status, _ in answers} == {200}
    firsts = Counter(
        number for number, (_, body) in zip(numbers, answers, strict=True) if body["result"] != "duplicate"
    )
    assert firsts == dict.fromkeys(range(60), 1)
    rows = function.rows()
    assert {rows[f"standard#tx-{index}"]["amount"] for index in range(6)} == {"9"}
    assert len(rows) == 66


def test_a_killed_function_leaves_nothing_that_a_redelivery_does_not_repair(function: Function) -> None:
    events = [numbered(number) for number in range(40)]
    process = function.start(threads=4)
    assert process.stdin
    assert process.stdout
    process.stdin.write(lines(events))
    process.stdin.close()
    answered = [json.loads(process.stdout.readline()) for _ in range(5)]
    process.kill()
    process.wait(60)
    process.stdout.close()
    assert {answer["statusCode"] for answer in answered} == {200}
    assert function.rows()  # what was acknowledged is stored
    answers = function.run(events)
    assert {status for status, _ in answers} == {200}
    assert {body["result"] for _, body in answers[:5]} == {"duplicate"}
    rows = function.rows()
    assert {rows[f"standard#tx-{index}"]["amount"] for index in range(4)} == {"9"}
    assert len(rows) == 44


def test_the_generic_scheme_is_configured_by_variables(function: Function) -> None:
    function.environment |= {"GENERIC_SIGNATURE_HEADER": "X-Shop-Hmac", "GENERIC_SIGNATURE_ENCODING": "base64"}
    body = payment_body()
    signature = b64(mac(SECRETS["generic"][0].encode(), body))
    assert function.run([http_event("generic", body, {"x-shop-hmac": signature})])[0][0] == 200
    function.environment["GENERIC_TIMESTAMP_HEADER"] = "X-Shop-Time"
    assert function.run([http_event("generic", body, {"x-shop-hmac": signature})])[0][0] == 401


def test_the_default_region_serves_where_there_is_no_other(function: Function) -> None:
    function.environment["AWS_DEFAULT_REGION"] = function.environment.pop("AWS_REGION")
    assert function.run([numbered(0)])[0][0] == 200


def test_an_unreachable_table_acknowledges_nothing(function: Function) -> None:
    function.environment["AWS_ENDPOINT_URL_DYNAMODB"] = "http://127.0.0.1:9"
    answers = function.run([http_event(provider, *delivery(provider)) for provider in ("adyen", "square")])
    assert answers == [(503, {"error": "storage unavailable"})] * 2


def test_a_missing_table_acknowledges_nothing(function: Function) -> None:
    function.environment["DYNAMODB_TABLE_NAME"] = "no-such-table"
    assert function.run([numbered(0)]) == [(503, {"error": "storage unavailable"})]


def test_secrets_come_from_secrets_manager(function: Function) -> None:
    vault = function.emulator.client("secretsmanager")
    arn = vault.create_secret(Name=f"webhooks-{uuid.uuid4().hex[:8]}", SecretString=json.dumps(SECRETS))["ARN"]
    del function.environment["WEBHOOK_SECRETS"]
    function.environment["WEBHOOK_SECRET_ARN"] = arn
    assert function.run([numbered(0)])[0][0] == 200
    function.environment["WEBHOOK_SECRET_ARN"] = arn + "x"
    assert function.run([numbered(1)])[0] == (500, {"error": "misconfigured"})
