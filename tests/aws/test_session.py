"""How tapctl reaches AWS, and what it makes of AWS's refusals."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ProxyConnectionError,
    TokenRetrievalError,
)

from tapctl.aws.session import Aws, Target, explained, readable
from tapctl.errors import AwsError, TapctlError, UsageError
from tapctl.unknown import Unknown
from tests.support.shared_sandbox import account_id

pytestmark = pytest.mark.xdist_group("deploy aws")


def test_the_sandbox_is_reached_whatever_the_surroundings_say(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("no configuration at all\n")
    monkeypatch.setenv("AWS_PROFILE", "gone")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    again = Aws(aws.target)

    assert again.region == "us-east-1"
    assert again.client("sts").get_caller_identity()["Account"] == account_id()
    assert again.client("s3").list_buckets()["Buckets"] is not None


@pytest.mark.parametrize(
    ("target", "environment", "region"),
    [
        pytest.param("ca-central-1", {"AWS_REGION": "eu-west-1"}, "ca-central-1", id="the setting comes first"),
        pytest.param(
            None, {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "sa-east-1"}, "eu-west-1", id="then AWS_REGION"
        ),
        pytest.param(None, {"AWS_DEFAULT_REGION": "sa-east-1"}, "sa-east-1", id="then AWS_DEFAULT_REGION"),
        pytest.param(None, {"AWS_REGION": "", "AWS_PROFILE": "me"}, "eu-north-1", id="then the profile"),
    ],
)
def test_the_region_comes_from_where_the_aws_cli_takes_it(
    target: str | None, environment: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text("[profile me]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert Aws(Target(target)).region == region


def refusal(code: str, status: int = 400, words: str = "its own words") -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": words}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetThing")


def failing(error: Exception) -> Callable[[], Any]:
    def read() -> Any:
        raise error

    return read


REFUSALS = [
    pytest.param(refusal("ExpiredToken"), 1, "the AWS credentials have expired", id="expired"),
    pytest.param(refusal("InvalidClientTokenId"), 1, "AWS does not accept the credentials", id="unknown keys"),
    pytest.param(
        refusal(
            "SignatureDoesNotMatch", 403, "Signature expired: 20261124T120000Z is now earlier than 20261124T130000Z"
        ),
        1,
        "the clock of this machine is wrong: Signature expired",
        id="a clock that is behind",
    ),
    pytest.param(
        refusal("InvalidSignatureException", 403, "Signature not yet current: 20261124T140000Z is still later than"),
        1,
        "the clock of this machine is wrong: Signature not yet current",
        id="a clock that is ahead",
    ),
    pytest.param(refusal("RequestTimeTooSkewed", 403), 1, "the clock of this machine is wrong", id="a clock for S3"),
    pytest.param(refusal("AccessDenied"), 1, "access denied: its own words", id="denied"),
    pytest.param(refusal("Throttling"), 1, "AWS throttled the request", id="throttled"),
    pytest.param(refusal("ValidationError"), 1, "its own words", id="refused"),
    pytest.param(NoCredentialsError(), 1, "no usable AWS credentials were found", id="no credentials"),
    pytest.param(
        TokenRetrievalError(provider="sso", error_msg="expired"), 1, "the SSO session has expired", id="an SSO session"
    ),
    pytest.param(NoRegionError(), 2, "no AWS Region is set", id="no region"),
    pytest.param(InvalidRegionError(region_name="us east"), 2, "'us east' doesn't match", id="a region that is none"),
    pytest.param(EndpointConnectionError(endpoint_url="https://x"), 1, "no answer: ", id="nobody there"),
    pytest.param(ConnectTimeoutError(endpoint_url="https://x"), 1, "no answer: ", id="nobody there in time"),
    pytest.param(ProxyConnectionError(proxy_url="http://x"), 1, "no answer: ", id="a proxy that is not there"),
]


@pytest.mark.parametrize(("error", "code", "words"), REFUSALS)
def test_whatever_botocore_raises_is_one_line_and_an_exit_code(error: Exception, code: int, words: str) -> None:
    with pytest.raises(TapctlError) as raised, explained("looking at a thing"):
        raise error

    assert raised.value.exit_code == code
    assert words in raised.value.message
    assert "\n" not in raised.value.message


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        pytest.param("AccessDeniedException", "thing:GetThing was denied", id="denied"),
        pytest.param("UnauthorizedOperation", "thing:GetThing was denied", id="denied by EC2"),
        pytest.param("ThrottlingException", "thing:GetThing was throttled", id="throttled"),
        pytest.param("InternalError", "thing:GetThing failed: its own words", id="out of order"),
    ],
)
def test_a_read_that_was_refused_is_unknown_and_names_the_permission(code: str, reason: str) -> None:
    found = readable("thing:GetThing", failing(refusal(code)))

    assert isinstance(found, Unknown)
    assert found.reason == reason


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(refusal("ExpiredTokenException"), id="expired"),
        pytest.param(refusal("UnrecognizedClientException"), id="unknown keys"),
        pytest.param(NoCredentialsError(), id="none"),
    ],
)
def test_credentials_at_fault_are_never_an_unknown(error: Exception) -> None:
    with pytest.raises(AwsError):
        readable("thing:GetThing", failing(error))


def test_an_address_that_is_none_is_a_mistake_of_the_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")

    with pytest.raises(UsageError, match="cannot reach AWS: Invalid endpoint: nonsense"):
        Aws(Target("us-east-1")).client("sts")


def test_each_client_is_made_once(aws: Aws) -> None:
    assert aws.client("sts") is aws.client("sts")
    assert aws.client("sts", "eu-west-1") is not aws.client("sts")


@pytest.mark.parametrize(
    ("target", "flags"),
    [
        (Target(), ""),
        (Target("eu-west-1", "shop"), " --region eu-west-1 --profile shop"),
        (Target("eu-west-1", env="prod"), " --env prod --region eu-west-1"),
        (Target("us-east-1", endpoint="http://127.0.0.1:1", keys=("a", "b"), env="local"), " --env local"),
    ],
)
def test_the_options_that_lead_another_command_to_the_same_place(target: Target, flags: str) -> None:
    assert target.flags == flags
