"""The reference template deployed on the local AWS, and fresh deliveries to post to it."""

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.function.emulator import Emulator
from tests.function.senders import (
    SECRETS,
    SQUARE_URL,
    adyen_body,
    adyen_item,
    payment_body,
    sign_generic,
    sign_github,
    sign_square,
    sign_standard,
    sign_stripe,
    square_body,
    stripe_body,
)

ROOT = Path(__file__).parents[2]


def packaged() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted((ROOT / "function").rglob("*.py")):
            archive.write(path, path.relative_to(ROOT / "function").as_posix())
    return buffer.getvalue()


class Stack:
    """A deployed stack and its outputs."""

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


def now() -> int:
    return int(time.time())


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
