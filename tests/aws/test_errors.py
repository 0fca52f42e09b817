"""AWS's refusals and failed connections as errors with a code, a message and a next step."""

from collections.abc import Callable
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

from tapctl.aws.errors import REFUSALS, aws_call, is_permanent, is_throttled, read_or_unknown
from tapctl.errors import AwsError, ExitCode, NoCredentials, TapctlError, UsageError
from tapctl.unknown import Unknown
from tests.support.golden import Golden


def refusal(code: str, status: int = 400, message: str = "its own words") -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetThing")


def failing(error: Exception) -> Callable[[], Any]:
    def read() -> Any:
        raise error

    return read


def raised_for(error: Exception) -> TapctlError:
    with pytest.raises(TapctlError) as raised, aws_call("looking at a thing"):
        raise error
    return raised.value


BEHIND = refusal(
    "SignatureDoesNotMatch", 403, "Signature expired: 20261124T120000Z is now earlier than 20261124T130000Z"
)
AHEAD = refusal("InvalidSignatureException", 403, "Signature not yet current: 20261124T140000Z is still later than")


@pytest.mark.parametrize(
    ("error", "permanent", "throttled"),
    [
        pytest.param(refusal("ExpiredToken"), True, False, id="expired"),
        pytest.param(refusal("InvalidClientTokenId"), True, False, id="unknown-keys"),
        pytest.param(BEHIND, True, False, id="clock-behind"),
        pytest.param(AHEAD, False, False, id="clock-ahead"),
        pytest.param(refusal("RequestTimeTooSkewed", 403), False, False, id="clock-by-code"),
        pytest.param(refusal("AccessDenied"), True, False, id="denied"),
        pytest.param(refusal("Throttling"), False, True, id="throttled"),
        pytest.param(refusal("ValidationError"), False, False, id="refused"),
        pytest.param(
            refusal("ValidationError", message="You must enable organizations access to operate a stack set"),
            False,
            False,
            id="no-trusted-access",
        ),
        pytest.param(
            refusal("ValidationError", message="Account used is not a delegated administrator"),
            False,
            False,
            id="no-administrator",
        ),
    ],
)
def test_a_refusal_keeps_its_code_and_message(
    error: ClientError, permanent: bool, throttled: bool, golden: Golden
) -> None:
    ours = raised_for(error)

    assert isinstance(ours, AwsError)
    assert ours.exit_code is ExitCode.FAILURE
    assert (ours.code, ours.aws_message) == (error.response["Error"]["Code"], error.response["Error"]["Message"])
    assert (is_permanent(ours), is_throttled(ours)) == (permanent, throttled)
    assert "\n" not in ours.message
    golden(ours)


@pytest.mark.parametrize(
    ("error", "kind", "permanent"),
    [
        pytest.param(NoCredentialsError(), NoCredentials, True, id="no-credentials"),
        pytest.param(TokenRetrievalError(provider="sso", error_msg="expired"), NoCredentials, True, id="sso-session"),
        pytest.param(NoRegionError(), UsageError, False, id="no-region"),
        pytest.param(InvalidRegionError(region_name="us east"), UsageError, False, id="invalid-region"),
        pytest.param(EndpointConnectionError(endpoint_url="https://x"), AwsError, False, id="no-server"),
        pytest.param(ConnectTimeoutError(endpoint_url="https://x"), AwsError, False, id="connect-timeout"),
        pytest.param(ProxyConnectionError(proxy_url="http://x"), AwsError, False, id="no-proxy"),
    ],
)
def test_a_request_without_an_answer_has_no_code(
    error: Exception, kind: type[TapctlError], permanent: bool, golden: Golden
) -> None:
    ours = raised_for(error)

    assert type(ours) is kind
    if isinstance(ours, AwsError):
        assert (ours.code, ours.aws_message, is_permanent(ours)) == ("", "", permanent)
    assert "\n" not in ours.message
    golden(ours)


def test_our_own_errors_pass_through() -> None:
    ours = AwsError("refused", code="Code")

    with pytest.raises(AwsError) as raised, aws_call("looking at a thing"):
        raise ours
    assert raised.value is ours


def test_no_code_is_in_two_kinds_of_refusal() -> None:
    codes = [code for kind in REFUSALS for code in kind.codes]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "UnauthorizedOperation", "ThrottlingException", "InternalError"]
)
def test_a_refused_read_is_unknown_and_names_the_permission(code: str, golden: Golden) -> None:
    value = read_or_unknown("thing:GetThing", failing(refusal(code)))

    assert isinstance(value, Unknown)
    assert value.reason.startswith("thing:GetThing ")
    assert value.judged
    golden([value.reason, value.resolution or "no hint"])


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(refusal("ExpiredTokenException"), id="expired"),
        pytest.param(refusal("UnrecognizedClientException"), id="unknown-keys"),
        pytest.param(NoCredentialsError(), id="none"),
    ],
)
def test_a_read_with_unusable_credentials_raises(error: Exception) -> None:
    with pytest.raises(AwsError):
        read_or_unknown("thing:GetThing", failing(error))
