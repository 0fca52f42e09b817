"""The artifact bucket in S3, for answers that the sandbox does not give."""

import json
from typing import Any

import pytest

from tapctl.aws.s3 import Bucket, BucketForbidden
from tapctl.aws.session import Aws
from tapctl.errors import AwsError
from tests.support.queued_answers import REGION, stubbed

OWNER = "123456789012"
REQUEST = {"Bucket": "b", "ExpectedBucketOwner": OWNER}


def bucket(aws: Aws) -> Bucket:
    return Bucket(aws, "b", OWNER)


@pytest.mark.parametrize(
    ("answer", "region"), [({"BucketRegion": "us-west-2"}, "us-west-2"), ({}, REGION)], ids=["named", "not-named"]
)
def test_the_region_of_a_bucket(answer: dict[str, str], region: str) -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_response("head_bucket", answer, REQUEST)

        assert bucket(aws).region() == region


def test_a_bucket_that_does_not_exist_has_no_region() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", "404", "Not Found", 404)

        assert bucket(aws).region() is None


@pytest.mark.parametrize(
    ("code", "error"), [("403", BucketForbidden), ("AccessDenied", BucketForbidden), ("500", AwsError)]
)
def test_a_refused_look_at_a_bucket(code: str, error: type[AwsError]) -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", code, "no", int(code) if code.isdigit() else 403)

        with pytest.raises(AwsError) as raised:
            bucket(aws).region()

    assert type(raised.value) is error


@pytest.mark.parametrize("code", ["BucketAlreadyOwnedByYou", "OperationAborted"])
def test_another_process_may_be_creating_the_bucket(code: str) -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("create_bucket", code, "wait", 409)

        assert not bucket(aws).create()


def test_the_name_may_be_taken_by_another_account() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("create_bucket", "BucketAlreadyExists", "taken", 409)

        with pytest.raises(BucketForbidden):
            bucket(aws).create()


def test_a_bucket_that_cannot_be_protected_is_deleted() -> None:
    location = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_response("create_bucket", {}, {"Bucket": "b", **location})
        stubs["s3"].add_client_error("put_public_access_block", "AccessDenied", "no", 403)
        stubs["s3"].add_response("delete_bucket", {}, REQUEST)

        with pytest.raises(AwsError) as raised:
            bucket(aws).create()

    assert raised.value.code == "AccessDenied"


@pytest.mark.parametrize(("code", "protected"), [("NoSuchBucketPolicy", False), ("AccessDenied", True)])
def test_a_bucket_without_a_policy_is_not_protected(code: str, protected: bool) -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("get_bucket_policy", code, "no", 403)

        assert bucket(aws).is_protected() is protected


def test_every_request_names_the_expected_owner() -> None:
    asked: list[dict[str, Any]] = []
    with stubbed("s3") as (aws, stubs):
        aws.client("s3").meta.events.register("provide-client-params", lambda params, **_: asked.append(params))
        for operation in (
            "put_public_access_block",
            "put_bucket_encryption",
            "put_bucket_versioning",
            "put_bucket_lifecycle_configuration",
            "put_bucket_policy",
        ):
            stubs["s3"].add_response(operation, {})
        stubs["s3"].add_response("list_objects_v2", {"KeyCount": 0})

        bucket(aws).protect()
        assert not bucket(aws).has("key")

    assert {request["ExpectedBucketOwner"] for request in asked} == {OWNER}
    policy = next(request["Policy"] for request in asked if "Policy" in request)
    assert json.loads(policy)["Statement"][0]["Resource"] == ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]
