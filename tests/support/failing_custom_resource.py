"""A custom resource whose requests can be made to fail, which brings a stack into every stuck status."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from tapctl.aws.session import Aws

PROVIDER = """
import json, os, time, urllib.request

def handle(event, context):
    name = event["LogicalResourceId"]
    time.sleep(float(os.environ.get("PAUSE", "0")))
    fails = name + ":" + event["RequestType"] in os.environ.get("FAILS", "").split()
    answer = {
        "Status": "FAILED" if fails else "SUCCESS",
        "Reason": name + " was set to fail",
        "PhysicalResourceId": event.get("PhysicalResourceId") or "physical-" + name,
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request)
"""


@dataclass(frozen=True)
class FailingFunction:
    """The function behind custom resources, which fails the requests that it is set to fail."""

    aws: Aws
    arn: str

    def fail(self, *requests: str, pause: float = 0) -> None:
        """Fail these requests, each as `LogicalId:Delete`, and take `pause` seconds for every response."""
        variables = {"FAILS": " ".join(requests), "PAUSE": str(pause)}
        self.aws.client("lambda").update_function_configuration(
            FunctionName=self.arn, Environment={"Variables": variables}
        )

    def resource(self, value: str = "1", **attributes: Any) -> dict[str, Any]:
        """A custom resource of the function."""
        return {"Type": "Custom::Failing", "Properties": {"ServiceToken": self.arn, "Value": value}, **attributes}


def failing_function(aws: Aws) -> FailingFunction:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("index.py", PROVIDER)
    made = aws.client("lambda").create_function(
        FunctionName="failing",
        Runtime="python3.12",
        Handler="index.handle",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": packed.getvalue()},
        Timeout=30,
    )
    return FailingFunction(aws, made["FunctionArn"])
