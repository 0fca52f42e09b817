"""A custom resource that fails when it is told to, which brings a stack of the sandbox into every stuck state."""

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
    failed = name + ":" + event["RequestType"] in os.environ.get("FAILS", "").split()
    answer = {
        "Status": "FAILED" if failed else "SUCCESS",
        "Reason": name + " is in no mood for that",
        "PhysicalResourceId": event.get("PhysicalResourceId") or "physical-" + name,
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request)
"""


@dataclass(frozen=True)
class Mood:
    """The function behind custom resources, and what it refuses at the moment."""

    aws: Aws
    arn: str

    def refuse(self, *requests: str, pause: float = 0) -> None:
        """Refuse these, each as `LogicalId:Delete`, and take `pause` seconds for every answer."""
        variables = {"FAILS": " ".join(requests), "PAUSE": str(pause)}
        self.aws.client("lambda").update_function_configuration(
            FunctionName=self.arn, Environment={"Variables": variables}
        )

    def resource(self, value: str = "1", **more: Any) -> dict[str, Any]:
        return {"Type": "Custom::Moody", "Properties": {"ServiceToken": self.arn, "Value": value}, **more}


def mood(aws: Aws) -> Mood:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("index.py", PROVIDER)
    made = aws.client("lambda").create_function(
        FunctionName="moody",
        Runtime="python3.12",
        Handler="index.handle",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": packed.getvalue()},
        Timeout=30,
    )
    return Mood(aws, made["FunctionArn"])
