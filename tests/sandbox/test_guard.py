"""Requests to the sandbox with and without its secret, as AWS's clients and others send them."""

import io
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tapctl import sandbox
from tapctl.sandbox import http
from tapctl.sandbox.secret import Secret
from tests.support.sandbox_clients import Aws, function

pytestmark = pytest.mark.sandbox
KEY = "a folder/ü + & (1).txt"
WHO = """
import boto3, json, os
def handle(event, context):
    caller = boto3.client("sts").get_caller_identity()
    return {"account": caller["Account"], "secret": os.environ["AWS_SECRET_ACCESS_KEY"],
            "token": os.environ["AWS_SESSION_TOKEN"]}
"""
Answer = tuple[int, dict[str, str], bytes]


def request(aws: Aws, method: str, path: str, headers: Mapping[str, str] = {}, body: bytes = b"") -> Answer:
    """Send exactly these headers, beside Host and the length of the body."""
    connection = HTTPConnection("127.0.0.1", aws.sandbox.port, timeout=20)
    connection.request(method, path, body=body, headers=dict(headers))
    answer = connection.getresponse()
    got = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return got


def client(aws: Aws, service: str, **options: Any) -> Any:
    new: Any = boto3.client
    return new(service, **{**sandbox.client_options(aws.sandbox), **options})


@pytest.fixture(scope="module")
def bucket(aws: Aws) -> str:
    name = f"guarded-{aws.sandbox.account_id}"
    aws.s3.create_bucket(Bucket=name)
    aws.s3.put_object(Bucket=name, Key=KEY, Body=b"hello")
    return name


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        pytest.param("GET", "/", {}, id="root"),
        pytest.param("GET", "/_ministack/health", {}, id="health"),
        pytest.param("POST", "/_ministack/reset", {}, id="reset"),
        pytest.param("POST", "/_ministack/config", {}, id="configuration"),
        pytest.param("GET", "/_tapctl/served/000000000000", {}, id="what is served"),
        pytest.param("GET", "/_aws/lambda-url/x/", {}, id="a function URL of the emulator"),
        pytest.param("GET", f"/{'0' * 32}/lambda-url/x/", {}, id="a guessed path"),
        pytest.param("GET", "//lambda-url/x/", {}, id="an empty path"),
        pytest.param("POST", "/", {"x-amz-target": "DynamoDB_20120810.ListTables"}, id="JSON"),
        pytest.param("POST", "/", {"content-type": "text/plain"}, id="a form of a page"),
        pytest.param("GET", "/2015-03-31/functions/", {"authorization": "Bearer x"}, id="another scheme"),
        pytest.param("GET", "/", {"authorization": "tapctl x"}, id="a forged control request"),
        pytest.param("POST", "/_ministack/reset", {"authorization": "tapctl x"}, id="a forged reset"),
        pytest.param("GET", "/bucket/key?AWSAccessKeyId=000000000000&Signature=x&Expires=9999999999", {}, id="V2"),
    ],
)
def test_a_request_without_the_secret_is_refused(aws: Aws, method: str, path: str, headers: Mapping[str, str]) -> None:
    status, answered, _ = request(aws, method, path, headers)

    assert status == 403
    assert not [name for name in answered if name.startswith("access-control-")]


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1.evil.example.com:{port}", "x.127.0.0.1:{port}", ""])
def test_a_foreign_host_is_refused_even_with_the_secret(aws: Aws, host: str) -> None:
    headers = {"host": host.format(port=aws.sandbox.port)}

    assert request(aws, "GET", "/", signed(aws, "GET", "/", headers))[0] == 403
    assert request(aws, "GET", f"/{aws.sandbox.secret.path}/lambda-url/x/", headers)[0] == 403


def test_a_forwarded_port_is_no_foreign_host(aws: Aws) -> None:
    assert request(aws, "GET", "/", signed(aws, "GET", "/", {"host": "localhost:1"}))[0] == 200


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://localhost:3000", "http://127.0.0.1:1"])
def test_a_page_of_another_origin_is_refused_even_with_the_secret(aws: Aws, origin: str) -> None:
    preflight = {"origin": origin, "access-control-request-method": "POST"}

    status, _, _ = request(aws, "GET", "/", signed(aws, "GET", "/", {"origin": origin}))
    refused, answered, _ = request(aws, "OPTIONS", "/", preflight)

    assert (status, refused) == (403, 403)
    assert "access-control-allow-origin" not in answered


def test_an_answer_allows_no_page_to_read_it(aws: Aws) -> None:
    status, answered, _ = request(aws, "GET", "/", signed(aws, "GET", "/", {}))

    assert status == 200
    assert not [name for name in answered if name.startswith("access-control-")]


def signed(
    aws: Aws, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", secret: str | None = None
) -> dict[str, str]:
    """The headers of a request that is signed for S3."""
    made = AWSRequest(method, f"{aws.sandbox.endpoint}{path}", headers=dict(headers), data=body)
    credentials = Credentials(aws.sandbox.account_id, secret or aws.sandbox.secret.key)
    S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(made)
    return dict(made.headers.items())


@pytest.mark.parametrize("service", ["sts", "s3", "lambda", "dynamodb", "sqs", "cloudformation", "ssm"])
@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param({"aws_secret_access_key": "test"}, "SignatureDoesNotMatch", id="another secret"),
        pytest.param({"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"}, "InvalidClientTokenId", id="an unknown key"),
        pytest.param({"aws_session_token": "forged"}, "InvalidClientTokenId", id="a forged token"),
    ],
)
def test_a_client_without_the_secret_gets_an_error_as_of_aws(
    aws: Aws, service: str, options: dict[str, str], code: str
) -> None:
    calls = {"sts": "get_caller_identity", "s3": "list_buckets", "lambda": "list_functions", "sqs": "list_queues"}
    calls |= {"dynamodb": "list_tables", "cloudformation": "list_stacks", "ssm": "describe_parameters"}

    with pytest.raises(ClientError) as refused:
        getattr(client(aws, service, **options), calls[service])()

    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_changed_body_is_refused(aws: Aws, bucket: str) -> None:
    path, body = f"/{bucket}/changed", b"what was signed"
    headers = signed(aws, "PUT", path, {}, body)

    assert request(aws, "PUT", path, headers, b"what was not   ")[0] == 403
    assert request(aws, "PUT", path, headers, body)[0] == 200


def test_a_changed_body_of_a_json_api_is_refused(aws: Aws) -> None:
    made = AWSRequest("POST", f"{aws.sandbox.endpoint}/", headers={"x-amz-target": "DynamoDB_20120810.ListTables"})
    made.data = b"{}"
    SigV4Auth(Credentials(aws.sandbox.account_id, aws.sandbox.secret.key), "dynamodb", "us-east-1").add_auth(made)
    headers = dict(made.headers.items())

    assert request(aws, "POST", "/", headers, b"{ }")[0] == 403
    assert request(aws, "POST", "/", headers, b"{}")[0] == 200


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls_read_and_write_until_they_are_changed(aws: Aws, bucket: str, version: str) -> None:
    s3 = client(aws, "s3", config=Config(signature_version=version))
    get = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": KEY})
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "new"})
    expired = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": KEY}, ExpiresIn=-1)

    assert fetch(get) == (200, b"hello")
    assert fetch(put, b"written")[0] == 200
    assert aws.s3.get_object(Bucket=bucket, Key="new")["Body"].read() == b"written"
    assert fetch(get.replace("hello", "").replace("/a%20", "/b%20"))[0] == 403
    assert fetch(expired)[0] == 403


def fetch(url: str, body: bytes | None = None) -> tuple[int, bytes]:
    """GET, or PUT with a body."""
    made = urllib.request.Request(url, data=body, method="GET" if body is None else "PUT")
    if body is not None:
        made.add_unredirected_header("Content-Type", "")  # urllib's own would have to be signed
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(made) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_large_objects_and_parts_are_accepted(aws: Aws, bucket: str) -> None:
    aws.s3.upload_fileobj(io.BytesIO(b"a" * 9_000_000), bucket, "large")

    assert aws.s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == 9_000_000


@pytest.mark.parametrize("payload", ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_a_payload_that_s3_clients_leave_unsigned_is_accepted(aws: Aws, bucket: str, payload: str) -> None:
    path, headers = f"/{bucket}/unsigned", {"x-amz-content-sha256": payload}
    made = AWSRequest("PUT", f"{aws.sandbox.endpoint}{path}", headers=headers)
    credentials = Credentials(aws.sandbox.account_id, aws.sandbox.secret.key)
    auth = S3SigV4Auth(credentials, "s3", "us-east-1")
    made.context["client_config"] = Config(s3={"payload_signing_enabled": False})
    made.context["payload_signing_enabled"] = False
    auth.payload = lambda _: payload  # type: ignore[method-assign,assignment]
    auth.add_auth(made)
    body = b"5\r\nhello\r\n0\r\n\r\n" if payload.startswith("STREAMING") else b"hello"

    assert request(aws, "PUT", path, dict(made.headers.items()), body)[0] == 200


def test_an_assumed_role_and_a_user_sign_with_what_was_issued_to_them(aws: Aws) -> None:
    role = f"arn:aws:iam::{aws.sandbox.account_id}:role/deployer"
    issued = aws.sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    options = {"aws_access_key_id": issued["AccessKeyId"], "aws_secret_access_key": issued["SecretAccessKey"]}

    caller = client(aws, "sts", **options, aws_session_token=issued["SessionToken"]).get_caller_identity()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client(aws, "sts", **options).get_caller_identity()
    aws.iam.create_user(UserName="u")
    key = aws.iam.create_access_key(UserName="u")["AccessKey"]
    user = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    assert caller["Arn"].endswith(":assumed-role/deployer/session")
    assert client(aws, "sts", **user).get_caller_identity()
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(aws, "sts", **{**user, "aws_secret_access_key": "other"}).get_caller_identity()


def test_a_function_signs_with_a_session_of_its_account_and_never_sees_the_secret(aws: Aws) -> None:
    aws.create("who", {"Fn": function(f"who-{aws.sandbox.account_id}", WHO)})

    payload = aws.client("lambda").invoke(FunctionName=f"who-{aws.sandbox.account_id}")["Payload"].read()
    answer = json.loads(payload)

    assert answer["account"] == aws.sandbox.account_id
    assert answer["secret"] != aws.sandbox.secret.key
    other = {"aws_secret_access_key": answer["secret"], "aws_session_token": answer["token"]}
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client(aws, "sts", **other, aws_access_key_id="999999999999").get_caller_identity()


def test_only_its_own_secret_finds_a_sandbox(aws: Aws) -> None:
    assert http.is_healthy(aws.sandbox.port, aws.sandbox.secret, timeout=20)
    assert not http.is_healthy(aws.sandbox.port, Secret("0" * 40), timeout=20)
