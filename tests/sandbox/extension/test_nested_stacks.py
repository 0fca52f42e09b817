import json
from typing import Any

import pytest

from tests.support.sandbox_clients import Aws, function

pytestmark = pytest.mark.sandbox

RETAINED = {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"}
EXCEPT_ON_CREATE = {"Type": "AWS::SQS::Queue", "DeletionPolicy": "RetainExceptOnCreate"}
DELETED = {"Type": "AWS::SQS::Queue"}
KEPT_AND_NOT = {"Kept": RETAINED, "New": EXCEPT_ON_CREATE, "Gone": DELETED}


def resource(aws: Aws, name: str, resources: dict[str, Any]) -> dict[str, Any]:
    """A nested stack whose queues have the name of their logical id behind this one."""
    named = {
        logical_id: {**entry, "Properties": {"QueueName": f"{name}-{logical_id}"}}
        if entry["Type"] == "AWS::SQS::Queue"
        else entry
        for logical_id, entry in resources.items()
    }
    bucket = f"nested-{name}-{aws.sandbox.account_id}"
    aws.s3.create_bucket(Bucket=bucket)
    aws.s3.put_object(Bucket=bucket, Key="t.json", Body=json.dumps({"Resources": named}).encode())
    return {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": f"{aws.sandbox.endpoint}/{bucket}/t.json"},
    }


def queues(aws: Aws, name: str) -> set[str]:
    urls = aws.sqs.list_queues(QueueNamePrefix=f"{name}-").get("QueueUrls", [])
    return {url.rpartition("-")[2] for url in urls}


def events(aws: Aws, stack: str) -> list[tuple[str, str, str]]:
    """Logical id, status and physical id of each event, the oldest first."""
    found = aws.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return [(e["LogicalResourceId"], e["ResourceStatus"], e.get("PhysicalResourceId", "")) for e in reversed(found)]


def reasons(aws: Aws, stack: str) -> str:
    found = aws.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return "\n".join(event.get("ResourceStatusReason", "") for event in found)


def test_a_nested_stack_that_fails_shows_why_and_is_rolled_back(aws: Aws) -> None:
    bad = {**function("failing", ReservedConcurrentExecutions=-1), "DependsOn": [*KEPT_AND_NOT]}
    nested = resource(aws, "failing", {**KEPT_AND_NOT, "Bad": bad})

    assert aws.create("failing", {"N": nested}) == "ROLLBACK_COMPLETE"

    child = next(physical_id for name, _, physical_id in events(aws, "failing") if name == "N" and physical_id)
    inner = [(name, status) for name, status, _ in events(aws, child)]
    assert ("Bad", "CREATE_FAILED") in inner
    assert [name for name, status in inner if status == "DELETE_SKIPPED"] == ["Kept"]
    assert inner[-1][1] == "DELETE_COMPLETE"
    assert queues(aws, "failing") == {"Kept"}
    assert f"Embedded stack {child} was not successfully created: " in reasons(aws, "failing")


def test_without_rollback_it_keeps_what_it_has(aws: Aws) -> None:
    bad = {**function("kept", ReservedConcurrentExecutions=-1), "DependsOn": "Gone"}
    body = json.dumps({"Resources": {"N": resource(aws, "kept", {"Gone": DELETED, "Bad": bad})}})
    aws.cloudformation.create_stack(StackName="kept", TemplateBody=body, DisableRollback=True)

    assert aws.settled("kept") == "CREATE_FAILED"
    assert queues(aws, "kept") == {"Gone"}


def test_a_deleted_nested_stack_retains_what_its_template_retains(aws: Aws) -> None:
    assert aws.create("leaving", {"N": resource(aws, "leaving", KEPT_AND_NOT)}) == "CREATE_COMPLETE"
    assert queues(aws, "leaving") == {"Kept", "New", "Gone"}

    aws.delete("leaving")

    assert queues(aws, "leaving") == {"Kept", "New"}


def test_an_update_keeps_the_attributes_of_what_it_does_not_change(aws: Aws) -> None:
    nested, bucket = resource(aws, "changing", {}), f"nested-changing-{aws.sandbox.account_id}"

    def inner(stage: str) -> dict[str, Any]:
        """A nested stack of a function that stays as it is, and a parameter with its ARN."""
        properties = {"Name": "of-nested", "Type": "String", "Value": {"Fn::Sub": f"${{Fn.Arn}} {stage}"}}
        resources = {"Fn": function("changing"), "P": {"Type": "AWS::SSM::Parameter", "Properties": properties}}
        aws.s3.put_object(Bucket=bucket, Key=stage, Body=json.dumps({"Resources": resources}).encode())
        return {**nested, "Properties": {"TemplateURL": f"{aws.sandbox.endpoint}/{bucket}/{stage}"}}

    assert aws.create("changing", {"N": inner("one")}) == "CREATE_COMPLETE"
    assert aws.update("changing", {"N": inner("two")}) == "UPDATE_COMPLETE"
    value = aws.ssm.get_parameter(Name="of-nested")["Parameter"]["Value"]
    assert value.startswith("arn:aws:lambda:")
    assert value.endswith(":changing two")
