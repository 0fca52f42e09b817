import json
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

import pytest
from botocore.stub import ANY

from tapctl.aws.s3 import ABORT_INCOMPLETE_UPLOADS, Bucket
from tapctl.aws.session import Aws
from tapctl.errors import AwsError, UsageError
from tapctl.packaging.bucket import ArtifactStore
from tests.support.golden import Golden
from tests.support.shared_sandbox import account_id
from tests.support.stubbed_stacks import stubbed

pytestmark = pytest.mark.xdist_group("deploy artifacts")

NAME = "tapctl-artifacts-123456789012-us-east-1"
HEAD = {"Bucket": NAME, "ExpectedBucketOwner": "123456789012"}

SETTINGS = (
    "put_public_access_block",
    "put_bucket_encryption",
    "put_bucket_versioning",
    "put_bucket_lifecycle_configuration",
)
"""The order in which a new bucket is protected, the policy being the last."""


def store_of(aws: Aws) -> ArtifactStore:
    return ArtifactStore(aws, known_account="123456789012", sleep=lambda _: None)


def content(file: BinaryIO) -> None:
    file.write(b"content")


@pytest.fixture(scope="module")
def store(aws: Aws) -> ArtifactStore:
    return ArtifactStore(aws, known_account=account_id())


def test_the_bucket_is_created_once_private_encrypted_versioned_and_tls_only(store: ArtifactStore, aws: Aws) -> None:
    assert store.ensure()
    assert not store.ensure()

    s3, bucket = aws.client("s3"), f"tapctl-artifacts-{account_id()}-us-east-1"
    assert store.bucket == bucket
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert "Expiration" not in rule
    assert "NoncurrentVersionExpiration" not in rule
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_an_object_is_uploaded_once(store: ArtifactStore, aws: Aws) -> None:
    store.ensure()

    assert store.put("once.zip", content) == len(b"content")
    assert store.put("once.zip", content) is None

    found = aws.client("s3").list_object_versions(Bucket=store.bucket, Prefix="once.zip")
    assert len(found["Versions"]) == 1
    assert aws.client("s3").get_object(Bucket=store.bucket, Key="once.zip")["Body"].read() == b"content"


def test_concurrent_deploys_may_upload_the_same_object(store: ArtifactStore) -> None:
    store.ensure()

    with ThreadPoolExecutor(8) as pool:
        uploaded = list(pool.map(lambda _: store.put("same.zip", content), range(8)))

    assert len(b"content") in uploaded
    assert store.put("same.zip", content) is None


def test_a_configured_bucket_is_used_and_never_created(aws: Aws, golden: Golden) -> None:
    configured = ArtifactStore(aws, "ours", account_id())
    with pytest.raises(UsageError) as raised:
        configured.ensure()
    golden(raised.value)

    aws.client("s3").create_bucket(Bucket="ours")

    assert not configured.ensure()
    assert configured.put("a.zip", content)


def test_a_bucket_of_another_account_is_refused(golden: Golden) -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", "403", "Forbidden", 403, expected_params=HEAD)

        with pytest.raises(UsageError) as raised:
            store_of(aws).ensure()

    golden(raised.value)


def test_every_request_names_the_expected_owner() -> None:
    with stubbed("s3") as (aws, stubs):
        stub = stubs["s3"]
        stub.add_client_error("head_bucket", "404", "Not Found", 404, expected_params=HEAD)
        stub.add_response("create_bucket", {}, {"Bucket": NAME})
        for operation, more in (
            (
                "put_public_access_block",
                {
                    "PublicAccessBlockConfiguration": {
                        "BlockPublicAcls": True,
                        "IgnorePublicAcls": True,
                        "BlockPublicPolicy": True,
                        "RestrictPublicBuckets": True,
                    }
                },
            ),
            (
                "put_bucket_encryption",
                {
                    "ServerSideEncryptionConfiguration": {
                        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                    }
                },
            ),
            ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
            ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [ABORT_INCOMPLETE_UPLOADS]}}),
            ("put_bucket_policy", {"Policy": json.dumps(Bucket(aws, NAME, "123456789012").tls_only_policy())}),
        ):
            stub.add_response(operation, {}, {**HEAD, **more})
        stub.add_response("list_objects_v2", {"KeyCount": 0}, {**HEAD, "Prefix": "a.zip", "MaxKeys": 1})
        stub.add_response("put_object", {}, {**HEAD, "Key": "a.zip", "Body": ANY, "ChecksumAlgorithm": ANY})

        store = store_of(aws)
        assert store.ensure()
        assert store.put("a.zip", content)


def test_a_bucket_that_cannot_be_protected_is_deleted(golden: Golden) -> None:
    with stubbed("s3") as (aws, stubs):
        stub = stubs["s3"]
        stub.add_client_error("head_bucket", "404", "Not Found", 404)
        stub.add_response("create_bucket", {})
        stub.add_client_error("put_public_access_block", "AccessDenied", "no s3:PutBucketPublicAccessBlock", 403)
        stub.add_response("delete_bucket", {}, HEAD)

        with pytest.raises(AwsError) as raised:
            store_of(aws).ensure()

    assert raised.value.code == "AccessDenied"
    golden(raised.value)


@pytest.mark.parametrize(
    ("region", "partition", "url"),
    [
        pytest.param("eu-west-1", "aws", "s3.eu-west-1.amazonaws.com", id="in Europe"),
        pytest.param("cn-north-1", "aws-cn", "s3.cn-north-1.amazonaws.com.cn", id="in China"),
        pytest.param(
            "eusc-de-east-1", "aws-eusc", "s3.eusc-de-east-1.amazonaws.eu", id="in the European Sovereign Cloud"
        ),
        pytest.param("us-gov-west-1", "aws-us-gov", "s3.us-gov-west-1.amazonaws.com", id="in GovCloud"),
    ],
)
def test_outside_us_east_1_the_bucket_has_a_location_constraint(region: str, partition: str, url: str) -> None:
    name = f"tapctl-artifacts-123456789012-{region}"
    with stubbed("s3", region=region) as (aws, stubs):
        store = store_of(aws)
        stub = stubs["s3"]
        stub.add_client_error("head_bucket", "404", "Not Found", 404)
        place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        stub.add_response("create_bucket", {}, {"Bucket": name, **place})
        for operation in SETTINGS:
            stub.add_response(operation, {})
        stub.add_response("put_bucket_policy", {})

        assert store.ensure()

        assert store.url("a.template") == f"https://{url}/{name}/a.template"
        assert f"arn:{partition}:s3:::{name}" in json.dumps(Bucket(aws, name, "123456789012").tls_only_policy())


def test_a_failed_look_up_creates_no_bucket(golden: Golden) -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", "500", "Internal", 500)

        with pytest.raises(AwsError) as raised:
            store_of(aws).ensure()

    golden(raised.value)


def test_a_bucket_that_another_deploy_creates_is_used() -> None:
    with stubbed("s3") as (aws, stubs):
        stub = stubs["s3"]
        stub.add_client_error("head_bucket", "404", "Not Found", 404)
        stub.add_client_error("create_bucket", "OperationAborted", "A conflicting operation is in progress", 409)
        stub.add_client_error("head_bucket", "404", "Not Found", 404)
        stub.add_client_error("create_bucket", "BucketAlreadyOwnedByYou", "yours", 409)
        stub.add_response("head_bucket", {}, HEAD)
        stub.add_response("get_bucket_policy", {"Policy": "{}"}, HEAD)

        assert not store_of(aws).ensure()


def test_a_bucket_that_another_deploy_keeps_creating_is_an_error(golden: Golden) -> None:
    with stubbed("s3") as (aws, stubs):
        for _ in range(10):
            stubs["s3"].add_client_error("head_bucket", "404", "Not Found", 404)
            stubs["s3"].add_client_error("create_bucket", "OperationAborted", "A conflicting operation", 409)

        with pytest.raises(AwsError) as raised:
            store_of(aws).ensure()

    golden(raised.value)


def test_a_name_that_another_account_uses_is_refused() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", "404", "Not Found", 404)
        stubs["s3"].add_client_error("create_bucket", "BucketAlreadyExists", "taken", 409)

        with pytest.raises(UsageError, match=NAME):
            store_of(aws).ensure()


def test_a_bucket_that_an_interrupted_deploy_left_unprotected_is_protected() -> None:
    with stubbed("s3") as (aws, stubs):
        stub = stubs["s3"]
        stub.add_response("head_bucket", {}, HEAD)
        stub.add_client_error("get_bucket_policy", "NoSuchBucketPolicy", "none", 404)
        for operation in SETTINGS:
            stub.add_response(operation, {})
        stub.add_response("put_bucket_policy", {})

        assert not store_of(aws).ensure()


def test_a_bucket_whose_policy_may_not_be_read_is_used() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_response("head_bucket", {}, HEAD)
        stubs["s3"].add_client_error("get_bucket_policy", "AccessDenied", "no s3:GetBucketPolicy", 403)

        assert not store_of(aws).ensure()


def test_a_bucket_in_another_region_is_refused(golden: Golden) -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_response("head_bucket", {"BucketRegion": "eu-west-1"})

        with pytest.raises(UsageError) as raised:
            ArtifactStore(aws, "code", "123456789012").ensure()

    golden(raised.value)
