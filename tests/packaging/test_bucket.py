import json
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

import pytest
from botocore.stub import ANY

from tapctl.aws.session import Aws
from tapctl.errors import AwsError, UsageError
from tapctl.packaging.bucket import _UNFINISHED, ArtifactStore
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


def ours(aws: Aws) -> ArtifactStore:
    return ArtifactStore(aws, known_account="123456789012", sleep=lambda _: None)


def content(file: BinaryIO) -> None:
    file.write(b"content")


@pytest.fixture(scope="module")
def store(aws: Aws) -> ArtifactStore:
    return ArtifactStore(aws, known_account=account_id())


def test_the_bucket_is_made_once_and_is_private_encrypted_versioned_and_tls_only(
    store: ArtifactStore, aws: Aws
) -> None:
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


def test_two_deploys_at_once_may_upload_the_same(store: ArtifactStore) -> None:
    store.ensure()

    with ThreadPoolExecutor(8) as pool:
        uploaded = list(pool.map(lambda _: store.put("same.zip", content), range(8)))

    assert len(b"content") in uploaded
    assert store.put("same.zip", content) is None


def test_a_chosen_bucket_is_used_and_never_made(aws: Aws) -> None:
    chosen = ArtifactStore(aws, "ours", account_id())
    with pytest.raises(UsageError, match="there is no artifact bucket ours"):
        chosen.ensure()

    aws.client("s3").create_bucket(Bucket="ours")

    assert not chosen.ensure()
    assert chosen.put("a.zip", content)


def test_a_bucket_of_somebody_else_is_refused() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", "403", "Forbidden", 403, expected_params=HEAD)

        with pytest.raises(UsageError, match="belongs to another account") as raised:
            ours(aws).ensure()

    assert raised.value.hint == "name one of your own with `artifact_bucket` in tapctl.toml"


def test_every_request_names_the_owner_that_it_expects() -> None:
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
            ("put_bucket_lifecycle_configuration", {"LifecycleConfiguration": {"Rules": [_UNFINISHED]}}),
            ("put_bucket_policy", {"Policy": json.dumps(ours(aws)._policy())}),
        ):
            stub.add_response(operation, {}, {**HEAD, **more})
        stub.add_response("list_objects_v2", {"KeyCount": 0}, {**HEAD, "Prefix": "a.zip", "MaxKeys": 1})
        stub.add_response("put_object", {}, {**HEAD, "Key": "a.zip", "Body": ANY, "ChecksumAlgorithm": ANY})

        store = ours(aws)
        assert store.ensure()
        assert store.put("a.zip", content)


def test_a_bucket_that_could_not_be_protected_does_not_stay() -> None:
    with stubbed("s3") as (aws, stubs):
        stub = stubs["s3"]
        stub.add_client_error("head_bucket", "404", "Not Found", 404)
        stub.add_response("create_bucket", {})
        stub.add_client_error("put_public_access_block", "AccessDenied", "no s3:PutBucketPublicAccessBlock", 403)
        stub.add_response("delete_bucket", {}, HEAD)

        with pytest.raises(AwsError, match=r"making the artifact bucket .*: access denied: no s3:PutBucketPublicAcc"):
            ours(aws).ensure()


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
def test_elsewhere_than_in_the_first_region_the_place_is_named(region: str, partition: str, url: str) -> None:
    name = f"tapctl-artifacts-123456789012-{region}"
    with stubbed("s3", region=region) as (aws, stubs):
        store = ours(aws)
        stub = stubs["s3"]
        stub.add_client_error("head_bucket", "404", "Not Found", 404)
        place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        stub.add_response("create_bucket", {}, {"Bucket": name, **place})
        for operation in SETTINGS:
            stub.add_response(operation, {})
        stub.add_response("put_bucket_policy", {})

        assert store.ensure()

        assert store.url("a.template") == f"https://{url}/{name}/a.template"
        assert f"arn:{partition}:s3:::{name}" in json.dumps(store._policy())


def test_an_answer_that_says_nothing_about_the_bucket_is_a_failure_and_makes_none() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", "500", "Internal", 500)

        with pytest.raises(AwsError, match=f"looking for the artifact bucket {NAME}: Internal"):
            ours(aws).ensure()


def test_a_bucket_that_another_deploy_makes_at_the_same_time_is_used() -> None:
    with stubbed("s3") as (aws, stubs):
        stub = stubs["s3"]
        stub.add_client_error("head_bucket", "404", "Not Found", 404)
        stub.add_client_error("create_bucket", "OperationAborted", "A conflicting operation is in progress", 409)
        stub.add_client_error("head_bucket", "404", "Not Found", 404)
        stub.add_client_error("create_bucket", "BucketAlreadyOwnedByYou", "yours", 409)
        stub.add_response("head_bucket", {}, HEAD)
        stub.add_response("get_bucket_policy", {"Policy": "{}"}, HEAD)

        assert not ours(aws).ensure()


def test_a_bucket_that_is_forever_being_made_ends_in_a_line() -> None:
    with stubbed("s3") as (aws, stubs):
        for _ in range(10):
            stubs["s3"].add_client_error("head_bucket", "404", "Not Found", 404)
            stubs["s3"].add_client_error("create_bucket", "OperationAborted", "A conflicting operation", 409)

        with pytest.raises(AwsError, match="is being made by another deploy"):
            ours(aws).ensure()


def test_a_name_that_another_account_took_is_refused() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", "404", "Not Found", 404)
        stubs["s3"].add_client_error("create_bucket", "BucketAlreadyExists", "taken", 409)

        with pytest.raises(UsageError, match="belongs to another account"):
            ours(aws).ensure()


def test_a_bucket_that_a_killed_deploy_left_unprotected_is_protected() -> None:
    with stubbed("s3") as (aws, stubs):
        stub = stubs["s3"]
        stub.add_response("head_bucket", {}, HEAD)
        stub.add_client_error("get_bucket_policy", "NoSuchBucketPolicy", "none", 404)
        for operation in SETTINGS:
            stub.add_response(operation, {})
        stub.add_response("put_bucket_policy", {})

        assert not ours(aws).ensure()


def test_a_policy_that_may_not_be_read_is_no_reason_to_stop() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_response("head_bucket", {}, HEAD)
        stubs["s3"].add_client_error("get_bucket_policy", "AccessDenied", "no s3:GetBucketPolicy", 403)

        assert not ours(aws).ensure()


def test_a_bucket_in_another_region_is_refused_before_lambda_refuses_it() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_response("head_bucket", {"BucketRegion": "eu-west-1"})

        with pytest.raises(
            UsageError, match="bucket code is in eu-west-1; Lambda reads code in its own Region"
        ) as raised:
            ArtifactStore(aws, "code", "123456789012").ensure()

    assert raised.value.hint == "name one in us-east-1 with `artifact_bucket` in tapctl.toml"
