"""Nested stacks: read with their parent, and their resources checked as `Stack/Resource`."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tapctl.aws.session import Aws
from tapctl.errors import AwsError
from tapctl.settings.settings import Settings
from tapctl.verify.check import Check
from tapctl.verify.deployed_stack import DeployedStack, read
from tapctl.verify.verify import verify
from tests.support.deployed_stacks import stubbed
from tests.support.golden import Golden

NESTED = "AWS::CloudFormation::Stack"
TOPIC = {"Type": "AWS::SNS::Topic"}
PASSED = {"Type": NESTED, "Properties": {"TemplateURL": "https://x", "Parameters": {"Size": 5, "Secret": "hush"}}}
ROOT: dict[str, Any] = {
    "Resources": {"Data": PASSED, "Own": TOPIC},
    "Outputs": {"Table": {"Value": {"Fn::GetAtt": ["Data", "Outputs.Table"]}}},
}
DATA: dict[str, Any] = {
    "Parameters": {"Size": {"Type": "Number"}, "Secret": {"Type": "String", "NoEcho": True}},
    "Resources": {"Topic": TOPIC, "Deeper": {"Type": NESTED, "Properties": {"TemplateURL": "https://y"}}},
    "Outputs": {"Table": {"Value": "orders"}},
}
DEEPER: dict[str, Any] = {"Resources": {"Topic": TOPIC, "Bucket": {"Type": "AWS::S3::Bucket"}}}


def arn(name: str) -> str:
    return f"arn:aws:cloudformation:us-east-1:123456789012:stack/{name}/1"


class Account:
    """CloudFormation and SNS, which answer by the stack or topic that they are asked for."""

    def __init__(self, aws: Aws, stacks: Mapping[str, Mapping[str, Any]]) -> None:
        self.stacks, self.topics, self.calls = stacks, set[str](), list[str]()
        self.statuses: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.parameters: dict[str, dict[str, str]] = {"data": {"Size": "5", "Secret": "****"}}
        for operation in ("DescribeStacks", "GetTemplate", "ListStackResources"):
            hook = f"before-call.cloudformation.{operation}"
            aws.client("cloudformation").meta.events.register_first(hook, self._cloudformation)
        aws.client("sns").meta.events.register_first("before-call.sns.GetTopicAttributes", self._topic)

    def _cloudformation(self, model: Any, params: Mapping[str, Any], **_: object) -> Any:
        asked = str(params["body"]["StackName"])
        name = asked.split("/")[1] if "/" in asked else asked
        self.calls.append(f"{model.name} {name}")
        if code := self.refused.get(f"{model.name} {name}"):
            return AWSResponse("", 400, HTTPHeaders(), None), {"Error": {"Code": code, "Message": "no"}}
        if name not in self.stacks:
            error = {"Code": "ValidationError", "Message": f"Stack with id {asked} does not exist"}
            return AWSResponse("", 400, HTTPHeaders(), None), {"Error": error}
        body = self.stacks[name]
        answers = {"DescribeStacks": self._stack, "GetTemplate": self._template, "ListStackResources": self._resources}
        return AWSResponse("", 200, HTTPHeaders(), None), answers[model.name](name, body)

    def _stack(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        pairs = self.parameters.get(name, {}).items()
        outputs = [{"OutputKey": key, "OutputValue": "orders"} for key in body.get("Outputs", {})]
        stack = {"StackId": arn(name), "StackName": name, "CreationTime": 0, "Outputs": outputs}
        stack["Parameters"] = [{"ParameterKey": key, "ParameterValue": value} for key, value in pairs]
        return {"Stacks": [{**stack, "StackStatus": self.statuses.get(name, "UPDATE_COMPLETE")}]}

    def _template(self, _: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"TemplateBody": json.dumps(body)}

    def _resources(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        entries = [
            {
                "LogicalResourceId": logical_id,
                "ResourceType": resource["Type"],
                "ResourceStatus": "CREATE_COMPLETE",
                "LastUpdatedTimestamp": 0,
                "PhysicalResourceId": arn(logical_id.lower())
                if resource["Type"] == NESTED
                else f"arn:aws:sns:x:1:{name}-{logical_id}",
            }
            for logical_id, resource in body["Resources"].items()
        ]
        return {"StackResourceSummaries": entries}

    def _topic(self, params: Mapping[str, Any], **_: object) -> Any:
        topic = str(params["body"]["TopicArn"])
        self.topics.add(topic.rpartition(":")[2])
        return AWSResponse("", 200, HTTPHeaders(), None), {"Attributes": {"TopicArn": topic}}


@pytest.fixture
def account() -> Any:
    with stubbed() as (aws, _):
        yield aws, Account(aws, {"shop": ROOT, "data": DATA, "deeper": DEEPER})


Fake = tuple[Aws, Account]


def checks(fake: Fake) -> list[Check]:
    return list(verify(fake[0], Settings("-", stack_name="shop"), lambda url: (url, {})).checks)


def lines(of: list[Check]) -> list[str]:
    return [f"{check.status.value}: {check.subject}: {check.message}" for check in of]


def test_the_resources_of_nested_stacks_are_checked_by_their_path(account: Fake, golden: Golden) -> None:
    found = checks(account)

    assert account[1].topics == {"shop-Own", "data-Topic", "deeper-Topic"}
    assert {check.subject for check in found} >= {"Data", "Own", "Data/Topic", "Data/Deeper", "Data/Deeper/Topic"}
    assert "failed" not in {check.status.value for check in found}
    golden(lines(found))


def test_each_stack_of_the_tree_is_read_once(account: Fake) -> None:
    checks(account)

    operations = ("DescribeStacks", "GetTemplate", "ListStackResources")
    stacks = ("shop", "data", "deeper")
    assert sorted(account[1].calls) == sorted(f"{operation} {name}" for operation in operations for name in stacks)


def test_the_outputs_of_a_nested_stack_are_values_of_its_parent(account: Fake) -> None:
    stack = read(account[0], "shop")

    nested = stack.nested["Data"]
    assert isinstance(nested, DeployedStack)
    assert (nested.prefix, nested.outputs) == ("Data/", {"Table": "orders"})
    assert stack.resolver.value({"Fn::GetAtt": ["Data", "Outputs.Table"]}, ()) == "orders"


@pytest.mark.parametrize("operation", ["DescribeStacks", "GetTemplate", "ListStackResources"])
@pytest.mark.parametrize("code", ["AccessDenied", "InternalFailure"])
def test_a_nested_stack_that_cannot_be_read_is_not_checked(operation: str, code: str, account: Fake) -> None:
    account[1].refused[f"{operation} data"] = code

    (nested,) = (check for check in checks(account) if check.subject.startswith("Data"))

    assert (nested.subject, nested.status.value) == ("Data", "not checked")
    assert account[1].topics == {"shop-Own"}


def test_expired_credentials_raise(account: Fake) -> None:
    account[1].refused["DescribeStacks data"] = "ExpiredToken"

    with pytest.raises(AwsError):
        checks(account)


def test_a_template_that_is_none_is_not_checked(account: Fake) -> None:
    account[1].stacks = {**account[1].stacks, "data": {**DATA, "Resources": {}}}

    (nested,) = (check for check in checks(account) if check.subject.startswith("Data"))

    assert nested.status.value == "not checked"


@pytest.mark.parametrize("status", ["DELETE_COMPLETE", None])
def test_a_nested_stack_that_is_gone_fails(status: str | None, account: Fake, golden: Golden) -> None:
    if status:
        account[1].statuses["data"] = status
    else:
        account[1].stacks = {"shop": ROOT}

    found = [check for check in checks(account) if check.subject.startswith("Data")]

    assert [check.status.value for check in found] == ["failed"]
    golden(lines(found))


def test_a_nested_stack_whose_creation_failed_has_no_other_check(account: Fake, golden: Golden) -> None:
    account[1].statuses["deeper"] = "ROLLBACK_COMPLETE"

    found = [check for check in checks(account) if check.subject.startswith("Data/Deeper")]

    assert [check.status.value for check in found] == ["failed"]
    golden(lines(found))


def test_other_parameters_than_the_parents_fail_without_their_values(account: Fake, golden: Golden) -> None:
    account[1].parameters["data"] = {"Size": "6", "Secret": "****"}

    (failed,) = (check for check in checks(account) if check.status.value == "failed")

    assert "6" not in failed.message
    golden(lines([failed]))
