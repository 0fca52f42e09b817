import json
import time
from urllib.request import Request, urlopen

import pytest

from tests.support.sandbox_clients import Aws

TEMPLATE = {
    "Resources": {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": 20},
        },
    }
}


@pytest.mark.parametrize(("signal", "status"), [("SUCCESS", "CREATE_COMPLETE"), ("FAILURE", "ROLLBACK_COMPLETE")])
def test_a_wait_condition_takes_a_signal_at_the_url_of_its_handle(aws: Aws, signal: str, status: str) -> None:
    aws.cloudformation.create_stack(StackName=signal, TemplateBody=json.dumps(TEMPLATE))
    deadline = time.monotonic() + 10
    while not (handle := physical_id(aws, signal)):
        assert time.monotonic() < deadline
        time.sleep(0.02)

    body = json.dumps({"Status": signal, "UniqueId": "1", "Reason": "r", "Data": "d"}).encode()
    with urlopen(Request(handle, body, {"Content-Type": ""}, method="PUT"), timeout=5) as answer:
        assert answer.status == 200

    assert aws.settled(signal) == status


def physical_id(aws: Aws, stack: str) -> str:
    """The URL of the handle when the condition waits for it."""
    events = aws.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    if not any(event["LogicalResourceId"] == "Wait" for event in events):
        return ""
    return str(next(event["PhysicalResourceId"] for event in events if event["LogicalResourceId"] == "Handle"))
