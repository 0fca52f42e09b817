import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from tests.support.sandbox_clients import ROLE
from tests.support.stack_sets import OTHER_REGION, REGION, Fleet


def template(bucket: str) -> dict[str, Any]:
    """A function whose code is in a bucket."""
    properties = {
        "FunctionName": "fn",
        "Runtime": "python3.11",
        "Handler": "index.handle",
        "Role": ROLE,
        "Code": {"S3Bucket": bucket, "S3Key": "code.zip"},
    }
    return {"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": properties}}}


def bucket_with_code(fleet: Fleet, region: str = REGION) -> str:
    """A bucket of the administrator with the code of a function."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handle(event, context): return 'ran'")
    name = f"code-{fleet.admin}-{region}"
    client = fleet.client("s3", region=region)
    where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client.create_bucket(Bucket=name, **where)
    client.put_object(Bucket=name, Key="code.zip", Body=packed.getvalue())
    return name


def allow(fleet: Fleet, bucket: str, **who: Any) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*", **who}
    fleet.client("s3").put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )


def reason(fleet: Fleet, account: str, region: str = REGION) -> str:
    """Why the function cannot be created in a cell; empty if it is."""
    operation = fleet.begin("create_stack_instances", Accounts=[account], Regions=[region])
    fleet.wait(operation)
    return str(fleet.results(operation)[f"{account}/{region}"].get("StatusReason", ""))


def test_code_in_a_bucket_that_lets_the_account_read_it_runs_there(fleet: Fleet) -> None:
    account = fleet.accounts[0]
    bucket = bucket_with_code(fleet)
    allow(fleet, bucket, Principal={"AWS": account})
    fleet.create_set(template(bucket))

    assert reason(fleet, account) == ""

    answer = fleet.client("lambda", account).invoke(FunctionName="fn")
    assert answer["Payload"].read() == b'"ran"'


def test_code_in_a_bucket_of_another_account_is_denied_unless_its_policy_says_otherwise(fleet: Fleet) -> None:
    account, other = fleet.accounts[:2]
    bucket = bucket_with_code(fleet)
    allow(fleet, bucket, Principal={"AWS": other})
    fleet.create_set(template(bucket))

    assert "S3 Error Code: AccessDenied" in reason(fleet, account)
    assert fleet.client("lambda", account).list_functions()["Functions"] == []
    assert reason(fleet, fleet.admin) == ""


def test_a_policy_may_let_a_whole_organization_read(fleet: Fleet) -> None:
    organization = fleet.client("organizations").describe_organization()["Organization"]["Id"]
    member = fleet.join(fleet.unit("a"))
    bucket = bucket_with_code(fleet)
    condition = {"StringEquals": {"aws:PrincipalOrgID": organization}}
    allow(fleet, bucket, Principal="*", Condition=condition)
    fleet.create_set(template(bucket))

    assert reason(fleet, member) == ""
    assert "AccessDenied" in reason(fleet, fleet.accounts[0])
    # An account that looks at Organizations itself stays the member that it is.
    fleet.client("organizations", member).list_roots()
    fleet.run("delete_stack_instances", Accounts=[member])
    assert reason(fleet, member) == ""


def test_the_bucket_is_in_the_region_of_the_function(fleet: Fleet) -> None:
    account = fleet.accounts[0]
    bucket = bucket_with_code(fleet)
    allow(fleet, bucket, Principal={"AWS": account})
    fleet.create_set(template(bucket))

    assert "PermanentRedirect" in reason(fleet, account, OTHER_REGION)


def test_a_layer_is_read_from_its_bucket(fleet: Fleet) -> None:
    content = {"S3Bucket": bucket_with_code(fleet), "S3Key": "code.zip"}
    layer = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"LayerName": "shared", "Content": content}}
    fleet.create_set({"Resources": {"Layer": layer}})

    assert reason(fleet, fleet.admin) == ""
    assert [listed["LayerName"] for listed in fleet.client("lambda").list_layers()["Layers"]] == ["shared"]

    client = fleet.client("lambda", region=OTHER_REGION)
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="PermanentRedirect"):
        client.publish_layer_version(LayerName="shared", Content=content)


@pytest.mark.parametrize("allowed", [True, False])
def test_an_update_reads_new_code_as_well(fleet: Fleet, allowed: bool) -> None:
    account = fleet.accounts[0]
    bucket = bucket_with_code(fleet)
    allow(fleet, bucket, Principal={"AWS": account})
    inline = template(bucket)
    inline["Resources"]["Fn"]["Properties"]["Code"] = {"ZipFile": "def handle(event, context): return 'old'"}
    fleet.create_set(inline)
    assert reason(fleet, account) == ""
    if not allowed:
        fleet.client("s3").delete_bucket_policy(Bucket=bucket)

    updated = fleet.run("update_stack_set", TemplateBody=json.dumps(template(bucket)))

    assert set(updated.values()) == {"SUCCEEDED" if allowed else "FAILED"}
    answer = fleet.client("lambda", account).invoke(FunctionName="fn")
    assert answer["Payload"].read() == (b'"ran"' if allowed else b'"old"')
