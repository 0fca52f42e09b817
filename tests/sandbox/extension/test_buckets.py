import json
from typing import Any

import pytest

from tests.support.golden import Golden
from tests.support.sandbox_clients import Aws, without_ids

pytestmark = pytest.mark.sandbox


def bucket(aws: Aws, name: str, **more: Any) -> Any:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": f"{name}-{aws.sandbox.account_id}", **more}}


def test_a_bucket_that_holds_something_is_not_deleted(aws: Aws, golden: Golden) -> None:
    resources = {"B": bucket(aws, "full")}
    name = resources["B"]["Properties"]["BucketName"]
    aws.create("full", resources)
    aws.s3.put_object(Bucket=name, Key="k", Body=b"x")

    aws.cloudformation.delete_stack(StackName="full")

    assert aws.settled("full") == "DELETE_FAILED"
    assert aws.s3.get_object(Bucket=name, Key="k")["Body"].read() == b"x"
    events = aws.cloudformation.describe_stack_events(StackName="full")["StackEvents"]
    (reason,) = (
        event["ResourceStatusReason"]
        for event in events
        if event["ResourceStatus"] == "DELETE_FAILED" and event["LogicalResourceId"] == "B"
    )
    golden(without_ids(reason))
    aws.s3.delete_object(Bucket=name, Key="k")
    aws.delete("full")


def test_a_bucket_that_holds_only_old_versions_is_not_deleted(aws: Aws) -> None:
    resources = {"B": bucket(aws, "versions", VersioningConfiguration={"Status": "Enabled"})}
    name = resources["B"]["Properties"]["BucketName"]
    aws.create("versions", resources)
    aws.s3.put_object(Bucket=name, Key="k", Body=b"x")
    aws.s3.delete_object(Bucket=name, Key="k")

    aws.cloudformation.delete_stack(StackName="versions")

    assert aws.settled("versions") == "DELETE_FAILED"


def test_a_bucket_that_is_there_is_imported_and_else_a_conflict(aws: Aws) -> None:
    resources = {"B": {**bucket(aws, "there"), "DeletionPolicy": "Retain"}}
    name = resources["B"]["Properties"]["BucketName"]
    aws.s3.create_bucket(Bucket=name)

    assert aws.create("conflict", resources) == "ROLLBACK_COMPLETE"
    assert changed(aws, "imported", {"Resources": resources}) == "CREATE_COMPLETE"
    (held,) = aws.cloudformation.list_stack_resources(StackName="imported")["StackResourceSummaries"]
    assert held["PhysicalResourceId"] == name
    # What one change set imports is a conflict for the next stack.
    assert aws.create("second", resources) == "ROLLBACK_COMPLETE"


def changed(aws: Aws, stack: str, template: Any) -> str:
    """The status of a new stack that imports what is there."""
    request = {"StackName": stack, "ChangeSetName": "c"}
    aws.cloudformation.create_change_set(
        **request, ChangeSetType="CREATE", TemplateBody=json.dumps(template), ImportExistingResources=True
    )
    aws.cloudformation.get_waiter("change_set_create_complete").wait(**request, WaiterConfig={"Delay": 1})
    aws.cloudformation.execute_change_set(**request)
    return aws.settled(stack)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_every_account_and_region_is_bootstrapped_for_the_cdk(aws: Aws, region: str) -> None:
    name = f"cdk-hnb659fds-assets-{aws.sandbox.account_id}-{region}"
    parameter = aws.in_region(region, "ssm").get_parameter(Name="/cdk-bootstrap/hnb659fds/version")

    assert int(parameter["Parameter"]["Value"]) >= 6
    assert aws.in_region(region, "s3").head_bucket(Bucket=name)["BucketRegion"] == region
    aws.in_region(region, "s3").put_object(Bucket=name, Key="asset.zip", Body=b"zip")


def test_a_stack_that_reads_the_bootstrap_version_is_created(aws: Aws) -> None:
    version = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}
    resources = {"Q": {"Type": "AWS::SQS::Queue"}}

    assert aws.create("cdk", resources, sections={"Parameters": {"BootstrapVersion": version}}) == "CREATE_COMPLETE"
