"""AWS's refusals, and the failures to reach AWS, as `AwsError`; no other module catches what botocore raises.

Code outside of this package calls AWS inside `aws_call` and catches `AwsError`, whose `code` is AWS's error code:

    try:
        with aws_call(f"reading stack {name}"):
            stacks = client.describe_stacks(StackName=name)["Stacks"]
    except AwsError as error:
        if error.code != "ValidationError":
            raise
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from tapctl.aws.answers import ForeignAnswer, forget_answer, printable, received_words
from tapctl.errors import AwsError, NoCredentials, UnreadableAnswer, UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.unknown import Unknown

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RefusalKind:
    """One kind of refusal: its error codes, the message, in which `{}` is AWS's own, and the next step."""

    codes: frozenset[str]
    message: str
    hint: Hint
    prefixes: tuple[str, ...] = ()
    """How AWS's message begins where the error code is shared with another kind."""

    def matches(self, code: str, message: str) -> bool:
        return code in self.codes or message.startswith(self.prefixes)


WRONG_CLOCK = RefusalKind(
    frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"}),
    "the clock of this machine is wrong: {}",
    advise(JudgementAdvice.SET_CLOCK),
    ("Signature expired", "Signature not yet current"),
)
EXPIRED = RefusalKind(
    frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"}),
    "the AWS credentials have expired",
    advise(JudgementAdvice.SIGN_IN_AGAIN),
)
INVALID_KEYS = RefusalKind(
    frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure"}),
    "AWS does not accept the credentials",
    advise(JudgementAdvice.CHECK_CREDENTIALS),
)
DENIED = RefusalKind(
    frozenset(
        {
            "AccessDenied",
            "AccessDeniedException",
            "AuthorizationError",
            "AuthorizationErrorException",
            "ForbiddenException",
            "NotAuthorized",
            "UnauthorizedAccess",
            "UnauthorizedException",
            "UnauthorizedOperation",
        }
    ),
    "access denied: {}",
    advise(JudgementAdvice.ALLOW_NAMED_ACTION),
)
THROTTLED = RefusalKind(
    frozenset(
        {
            "BandwidthLimitExceeded",
            "EC2ThrottledException",
            "PriorRequestNotComplete",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
        }
    ),
    "AWS throttled the request",
    advise(UsageAdvice.RUN_AGAIN_IN_A_MOMENT),
)
NO_TRUSTED_ACCESS = RefusalKind(
    frozenset(),
    "{}",
    advise(JudgementAdvice.ACTIVATE_ORGANIZATIONS_ACCESS),
    ("You must enable organizations access",),
)
NO_ADMINISTRATOR = RefusalKind(
    frozenset(),
    "{}",
    advise(JudgementAdvice.USE_MANAGEMENT_ACCOUNT),
    ("You must be the management account or delegated admin", "Account used is not a delegated administrator"),
)
REFUSALS = (WRONG_CLOCK, EXPIRED, INVALID_KEYS, DENIED, THROTTLED, NO_TRUSTED_ACCESS, NO_ADMINISTRATOR)
"""The kinds of refusal with a message of their own, the first match wins; any other keeps AWS's message."""

_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError")
_NO_SESSION = ("TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError")
_NO_ANSWER = (
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "ProxyConnectionError",
    "ReadTimeoutError",
    "SSLError",
)


_CHECK_NETWORK = advise(JudgementAdvice.CHECK_NETWORK)


@contextmanager
def aws_call(action: str) -> Iterator[None]:
    """Raise what botocore raises as `AwsError`, or `UsageError` without a Region; `action` begins the message.

    Read the values of an answer inside of it: where they are missing, the answer is not AWS's.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    forget_answer()
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise to_aws_error(error, action) from None
    except (ForeignAnswer, ResponseParserError, AttributeError, LookupError, TypeError, ValueError) as error:
        if (words := received_words()) is None:
            raise
        raise _unreadable(action, f"the answer does not come from AWS: {words}") from error


def _unreadable(action: str, reason: str) -> UnreadableAnswer:
    return UnreadableAnswer(f"{action}: {reason}", _CHECK_NETWORK, aws_message=reason)


def read_or_unknown(permission: str, read: Callable[[], T]) -> T | Unknown:
    """The result of `read`, or Unknown with the IAM action that was refused, or with what answered instead of AWS.

    Raises `AwsError` where the credentials are at fault or nothing answers.
    """
    try:
        with aws_call(permission):
            return read()
    except UnreadableAnswer as error:
        return Unknown(f"{permission}: {error.aws_message}", error.hint)
    except AwsError as error:
        if not error.code or error.code in EXPIRED.codes | INVALID_KEYS.codes:
            raise
        if error.code in DENIED.codes:
            return Unknown(f"{permission} was denied", advise(JudgementAdvice.ALLOW_ACTION, permission))
        if error.code in THROTTLED.codes:
            return Unknown(f"{permission} was throttled", THROTTLED.hint)
        return Unknown(f"{permission} failed: {error.aws_message}")


def is_permanent(error: AwsError) -> bool:
    """Whether the same request will be refused again: a denial, or unusable credentials."""
    return isinstance(error, NoCredentials) or error.code in DENIED.codes | EXPIRED.codes | INVALID_KEYS.codes


def is_throttled(error: AwsError) -> bool:
    return error.code in THROTTLED.codes


def to_aws_error(error: Any, action: str) -> AwsError | UsageError:
    """A botocore exception as ours."""
    if not getattr(error, "response", None):  # botocore's errors of a connection have it, empty
        return _no_answer(error, action)
    code, message = error_code(error), error_message(error) or f"error {error_code(error)} without a message"
    refusal = next((refusal for refusal in REFUSALS if refusal.matches(code, message)), None)
    text, hint = (refusal.message.format(message), refusal.hint) if refusal else (message, None)
    return AwsError(f"{action}: {text}", hint, code=code, aws_message=message)


def error_code(error: Any) -> str:
    """AWS's error code in botocore's `ClientError`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def error_message(error: Any) -> str:
    """AWS's message in botocore's `ClientError`."""
    return printable(" ".join(str(error.response.get("Error", {}).get("Message") or "").split()))


def _no_answer(error: Exception, action: str) -> AwsError | UsageError:
    """Why no request was sent or no answer came; botocore's exceptions by their names, since they load slowly."""
    match type(error).__name__:
        case name if name in _NO_CREDENTIALS:
            return NoCredentials(
                f"{action}: no usable AWS credentials were found", advise(JudgementAdvice.CONFIGURE_CREDENTIALS)
            )
        case name if name in _NO_SESSION:
            return NoCredentials(f"{action}: the SSO session has expired", EXPIRED.hint)
        case "NoRegionError":
            return UsageError("no AWS Region is set", advise(JudgementAdvice.SET_REGION))
        case "InvalidRegionError":
            return UsageError(f"{action}: {str(error).rstrip('.')}", advise(JudgementAdvice.USE_REGION))
        case "ConnectionClosedError":
            return _unreadable(action, "the connection was closed before an answer arrived")
        case name:
            silent = name in _NO_ANSWER
            return AwsError(f"{action}: {'no answer: ' if silent else ''}{error}", _CHECK_NETWORK if silent else None)
