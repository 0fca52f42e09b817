"""The template deployed on the emulator: HTTP for every provider, the queue lane, a teardown that leaves nothing."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from .emulator import Emulator
from .senders import (
    PAYMENT,
    SECRETS,
    SQUARE_URL,
    adyen_body,
    adyen_item,
    delivery,
    payment_body,
    sign_generic,
    sign_github,
    sign_square,
    sign_standard,
    sign_stripe,
    square_body,
    stripe_body,
)

pytestmark = pytest.mark.xdist_group("webhook-emulator")
ROOT = Path(__file__).parents[2]


def packaged() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted((ROOT / "function").rglob("*.py")):
            archive.write(path, path.relative_to(ROOT / "function").as_posix())
    return buffer.getvalue()


class Stack:
    """A deployed stack and what it tells of itself."""

    def __init__(self, emulator: Emulator, suffix: str, **parameters: str) -> None:
        self.emulator, self.suffix, self.name = emulator, suffix, f"webhooks-{suffix}"
        self.cloudformation = emulator.client("cloudformation")
        template = json.loads((ROOT / "stack" / "TapStack.json").read_text())
        code = {"S3Bucket": f"artifacts-{suffix}", "S3Key": "function.zip"}
        template["Resources"]["WebhookProcessorFunction"]["Properties"]["Code"] = code
        storage = emulator.client("s3")
        storage.create_bucket(Bucket=code["S3Bucket"])
        storage.put_object(Bucket=code["S3Bucket"], Key=code["S3Key"], Body=packaged())
        secrets = {
            "EnvironmentSuffix": suffix,
            "WebhookSecrets": json.dumps(SECRETS),
            "SquareNotificationUrl": SQUARE_URL,
        }
        self.cloudformation.create_stack(
            StackName=self.name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in (secrets | parameters).items()],
        )
        self.cloudformation.get_waiter("stack_create_complete").wait(StackName=self.name, WaiterConfig={"Delay": 1})

    @property
    def outputs(self) -> dict[str, str]:
        (stack,) = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}

    def rows(self) -> dict[str, dict[str, Any]]:
        return self.emulator.rows(self.outputs["DynamoDBTableName"])

    def post(self, provider: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
        api = self.outputs["WebhookEndpoint"].partition("//")[2].partition(".")[0]
        url = f"{self.emulator.url}/_aws/execute-api/{api}/$default/webhooks/{provider}"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=self.name)
        self.cloudformation.get_waiter("stack_delete_complete").wait(StackName=self.name, WaiterConfig={"Delay": 1})


@pytest.fixture(scope="module")
def stack(emulator: Emulator) -> Iterator[Stack]:
    deployed = Stack(emulator, "plain")
    yield deployed
    deployed.delete()


def now() -> int:
    return int(time.time())


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
    assert stack.rows()[key]["currency"] == "EUR"


def signed(provider: str) -> tuple[bytes, dict[str, str]]:
    body = payment_body(transactionId=f"tx-{provider}")
    match provider:
        case "stripe":
            return (body := stripe_body()), sign_stripe(body, at=now())
        case "standard":
            return body, sign_standard(body, at=now())
        case "github":
            return body, sign_github(body)
        case "generic":
            return body, sign_generic(body, at=now())
        case "square":
            return (body := square_body()), sign_square(body)
    return adyen_body(adyen_item()), {}


def test_an_unsupported_provider_is_told_so(stack: Stack) -> None:
    assert stack.post("paypal", b"{}", {})[0] == 501
    assert stack.post("nobody", b"{}", {})[0] == 404


def test_a_direct_invocation_is_stored(stack: Stack) -> None:
    client = stack.emulator.client("lambda")
    payload = json.dumps({**PAYMENT, "transactionId": "tx-direct", "provider": "stripe"}).encode()
    answer = client.invoke(FunctionName=stack.outputs["LambdaFunctionName"], Payload=payload)
    assert json.load(answer["Payload"])["statusCode"] == 200
    assert stack.rows()["tx-direct"]["amount"] == "10.5"


def test_the_log_is_json_with_the_invocations_ids(stack: Stack) -> None:
    stack.post("nobody", b"{}", {})
    events = stack.emulator.client("logs").filter_log_events(logGroupName="/aws/lambda/webhook-processor-plain")[
        "events"
    ]
    lines = [json.loads(one["message"]) for one in events if one["message"].startswith("{")]
    assert lines
    assert all(line["requestId"] and line["traceId"] for line in lines)
    assert {line["FunctionName"] for line in lines} == {"webhook-processor-plain"}


def test_the_queue_lane_stores_and_keeps_what_failed(emulator: Emulator) -> None:
    stack = Stack(emulator, "queued", QueuedProvider="standard")
    mend_maximum_concurrency(emulator)
    queues = emulator.client("sqs")
    url = queues.get_queue_url(QueueName="webhook-queue-queued")["QueueUrl"]
    body, headers = signed("standard")
    attributes = {"provider": "standard", "requestTimeEpoch": str(now() * 1000), **headers}
    good = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    queues.send_message(QueueUrl=url, MessageBody=body.decode(), MessageAttributes=good)
    queues.send_message(QueueUrl=url, MessageBody=body.decode() + " ", MessageAttributes=good)
    deadline = time.monotonic() + 20
    while "tx-standard" not in stack.rows() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert stack.rows()["tx-standard"]["amount"] == "10.5"
    assert messages(queues, url) == 1
    stack.delete()
    assert not queues.list_queues(QueueNamePrefix="webhook-").get("QueueUrls")


def mend_maximum_concurrency(emulator: Emulator) -> None:
    """Say it as a number: the emulator keeps a parameter's text and its poller stumbles over it, AWS converts it."""
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
