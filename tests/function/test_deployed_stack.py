"""The template deployed on the emulator: HTTP for every provider, the queue lane, a teardown that leaves nothing."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.function.deployed import Stack, now, signed
from tests.function.emulator import Emulator, running
from tests.function.senders import PAYMENT, SECRETS, delivery

pytestmark = pytest.mark.xdist_group("webhook-emulator")


@pytest.fixture(scope="module")
def stack(emulator: Emulator) -> Iterator[Stack]:
    deployed = Stack(emulator, "plain")
    yield deployed
    deployed.delete()


def test_every_output_has_a_value(stack: Stack) -> None:
    outputs = stack.outputs
    assert outputs["LambdaFunctionArn"].endswith(":function:webhook-processor-plain")
    assert outputs["LambdaFunctionName"] == "webhook-processor-plain"
    assert outputs["DynamoDBTableName"] == "webhook-transactions-plain"
    assert len(outputs["KMSKeyId"]) == 36
    assert outputs["WebhookEndpoint"].endswith("/webhooks")


@pytest.mark.parametrize(
    ("provider", "key"),
    [
        ("stripe", "pi_1"),
        ("standard", "tx-standard"),
        ("adyen", "PSP1"),
        ("square", "sq_1"),
        ("github", "tx-github"),
        ("generic", "tx-generic"),
    ],
)
def test_every_provider_is_answered_over_http(stack: Stack, provider: str, key: str) -> None:
    body, headers = signed(provider)
    assert stack.post(provider, body, headers) == (200, {"result": "applied", "transactionId": key})
    assert stack.post(provider, body, headers)[1]["result"] == "duplicate"
    assert stack.post(provider, body.replace(b"EUR", b"USD").replace(b"eur", b"usd"), headers)[0] == 401
    assert stack.rows()[f"{provider}#{key}"]["currency"] == "EUR"


def test_an_unsupported_provider_is_refused_as_such(stack: Stack) -> None:
    assert stack.post("paypal", b"{}", {})[0] == 501
    assert stack.post("unknown", b"{}", {})[0] == 404


def test_a_direct_invocation_is_stored(stack: Stack) -> None:
    client = stack.emulator.client("lambda")
    payload = json.dumps({**PAYMENT, "transactionId": "tx-direct", "provider": "stripe"}).encode()
    answer = client.invoke(FunctionName=stack.outputs["LambdaFunctionName"], Payload=payload)
    assert json.load(answer["Payload"])["statusCode"] == 200
    assert stack.rows()["tx-direct"]["amount"] == "10.5"


def test_the_log_is_json_with_the_invocations_ids(stack: Stack) -> None:
    stack.post("unknown", b"{}", {})
    events = stack.emulator.client("logs").filter_log_events(logGroupName="/aws/lambda/webhook-processor-plain")[
        "events"
    ]
    lines = [json.loads(one["message"]) for one in events if one["message"].startswith("{")]
    assert lines
    assert all(line["requestId"] and line["traceId"] for line in lines)
    assert {line["FunctionName"] for line in lines} == {"webhook-processor-plain"}


def test_the_queue_lane_stores_and_keeps_what_failed(emulator: Emulator) -> None:
    stack = Stack(emulator, "queued", QueuedProvider="standard")
    set_maximum_concurrency(emulator)
    queues = emulator.client("sqs")
    url = queues.get_queue_url(QueueName="webhook-queue-queued")["QueueUrl"]
    body, headers = signed("standard")
    attributes = {"provider": "standard", "requestTimeEpoch": str(now() * 1000), **headers}
    good = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    queues.send_message(QueueUrl=url, MessageBody=body.decode(), MessageAttributes=good)
    queues.send_message(QueueUrl=url, MessageBody=body.decode() + " ", MessageAttributes=good)
    deadline = time.monotonic() + 20
    while "standard#tx-standard" not in stack.rows() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert stack.rows()["standard#tx-standard"]["amount"] == "10.5"
    assert messages(queues, url) == 1
    stack.delete()
    assert not queues.list_queues(QueueNamePrefix="webhook-").get("QueueUrls")


def set_maximum_concurrency(emulator: Emulator) -> None:
    """Set it as a number: the emulator keeps the parameter's text, on which its poller fails; AWS converts it."""
    client = emulator.client("lambda")
    (mapping,) = client.list_event_source_mappings(FunctionName="webhook-processor-queued")["EventSourceMappings"]
    maximum = int(mapping["ScalingConfig"]["MaximumConcurrency"])
    client.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": maximum})


def messages(queues: Any, url: str) -> int:
    """Count what is in the queue once the stored record has left it."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found: dict[str, str] = {}
    for _ in range(50):
        found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        if sum(int(found[name]) for name in names) < 2:
            break
        time.sleep(0.1)
    return sum(int(found[name]) for name in names)


@pytest.mark.sandbox
def test_the_roles_rights_suffice_and_are_needed() -> None:
    with running(AUTH="true", AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test") as strict:
        vault = strict.client("secretsmanager")
        arn = vault.create_secret(Name="webhooks", SecretString=json.dumps(SECRETS))["ARN"]
        stack = Stack(strict, "strict", WebhookSecretArn=arn, WebhookSecrets="{}")
        assert stack.post("standard", *signed("standard"))[0] == 200
        rights = {"RoleName": "webhook-lambda-role-strict", "PolicyName": "DynamoDBWritePolicy"}
        strict.client("iam").delete_role_policy(**rights)
        assert stack.post("generic", *signed("generic")) == (503, {"error": "storage unavailable"})
        assert "generic#tx-generic" not in stack.rows()


def test_without_secrets_only_a_direct_invocation_is_accepted(emulator: Emulator) -> None:
    stack = Stack(emulator, "bare", WebhookSecrets="{}")
    assert stack.post("standard", *signed("standard")) == (500, {"error": "misconfigured"})
    answer = emulator.client("lambda").invoke(FunctionName="webhook-processor-bare", Payload=json.dumps(PAYMENT))
    assert json.load(answer["Payload"])["statusCode"] == 200
    stack.delete()


def test_a_teardown_leaves_nothing(emulator: Emulator) -> None:
    deployed = Stack(emulator, "gone", AlarmTopicArn="arn:aws:sns:us-east-1:000000000000:alarms")
    deployed.post("standard", *delivery("standard"))
    deployed.delete()
    left = {
        "tables": emulator.client("dynamodb").list_tables()["TableNames"],
        "functions": [one["FunctionName"] for one in emulator.client("lambda").list_functions()["Functions"]],
        "roles": [one["RoleName"] for one in emulator.client("iam").list_roles()["Roles"]],
        "log groups": [one["logGroupName"] for one in emulator.client("logs").describe_log_groups()["logGroups"]],
        "aliases": [one["AliasName"] for one in emulator.client("kms").list_aliases()["Aliases"]],
        "APIs": [one["Name"] for one in emulator.client("apigatewayv2").get_apis()["Items"]],
        "alarms": [one["AlarmName"] for one in emulator.client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "exports": [one["Name"] for one in emulator.client("cloudformation").list_exports()["Exports"]],
    }
    assert {kind: [name for name in names if "gone" in name] for kind, names in left.items()} == {
        kind: [] for kind in left
    }
