"""Functions of a stack and of its nested stack, invoked in the sandbox."""

import json
from typing import Any

import pytest

from tapctl.aws.session import Aws
from tapctl.settings.settings import Settings
from tapctl.settings.verify_section import InvokeProbe, VerifyConfig
from tapctl.verify.verify import Verification, verify
from tests.support.golden import Golden

pytestmark = pytest.mark.xdist_group("verify invoke")

CODE = """
def answer(event, context):
    if event.get("fails"):
        raise KeyError(event["fails"])
    return {"statusCode": 200, "body": '{"seen": "%s"}' % event.get("name")}
"""
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Runtime": "python3.12",
        "Handler": "index.answer",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": CODE},
    },
}
NESTED: dict[str, Any] = {"Resources": {"Fn": FUNCTION}}


@pytest.fixture(scope="module")
def stack(aws: Aws) -> Aws:
    aws.client("s3").create_bucket(Bucket="nested-invoke")
    aws.client("s3").put_object(Bucket="nested-invoke", Key="nested.json", Body=json.dumps(NESTED))
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": f"{aws.target.endpoint}/nested-invoke/nested.json"},
    }
    body = json.dumps({"Resources": {"Fn": FUNCTION, "Inner": nested}})
    client = aws.client("cloudformation")
    client.create_stack(StackName="invoked", TemplateBody=body)
    client.get_waiter("stack_create_complete").wait(StackName="invoked", WaiterConfig={"Delay": 0.1})
    return aws


def verified(aws: Aws, *probes: InvokeProbe) -> Verification:
    return verify(aws, Settings("-", stack_name="invoked", verify=VerifyConfig(invoke=probes)), lambda url: (url, {}))


def test_functions_are_invoked_and_their_nested_stack_is_followed(stack: Aws, golden: Golden) -> None:
    seen = {"statusCode": 200, "body": {"seen": "hush"}}
    probes = (
        InvokeProbe(function="Fn", payload={"name": "hush"}, expect=seen),
        InvokeProbe(function="Inner/Fn", payload={"name": "other"}, expect=seen),
        InvokeProbe(function="Fn", asynchronous=True, payload={"fails": "hush"}),
    )

    result = verified(stack, *probes)

    assert "hush" not in str(result.checks)
    assert {"Inner", "Inner/Fn"} <= {check.subject for check in result.checks}
    invoked = [check for check in result.checks if check.subject.startswith("invoke")]
    golden([f"{check.status.value}: {check.subject}: {check.message}" for check in invoked])
