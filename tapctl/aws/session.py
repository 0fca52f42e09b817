"""How tapctl reaches AWS: one session, its clients, and AWS's refusals in our words."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from tapctl.errors import AwsError, NoCredentials, UsageError
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    import boto3

T = TypeVar("T")

GLOBAL_SERVICES = ("iam",)
"""Services that are one for all Regions; their quotas are asked for in us-east-1."""

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess", "NotAuthorized"}
_THROTTLED = {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_SKEWED = {"RequestTimeTooSkewed", "RequestInTheFuture"}
_SKEW = ("Signature expired", "Signature not yet current")
"""How services begin that say no more than SignatureDoesNotMatch or InvalidSignatureException by their code."""
_REFUSED_KEYS = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure"}
_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError")
_NO_SESSION = ("TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go: a profile and Region, or an endpoint with keys of its own (the sandbox)."""

    region: str | None = None
    profile: str | None = None
    endpoint: str | None = None
    keys: tuple[str, str] | None = None
    env: str | None = None
    """The environment of tapctl.toml that says so."""
    environments: tuple[str, ...] = ()
    """Those that could say so, where none was chosen."""

    @property
    def flags(self) -> str:
        """The options that lead another command to the same place, each after a blank."""
        given = {"--env": self.env, "--region": None if self.is_sandbox else self.region, "--profile": self.profile}
        return "".join(f" {flag} {value}" for flag, value in given.items() if value)

    @property
    def is_sandbox(self) -> bool:
        return self.keys is not None


@dataclass(slots=True)
class Aws:
    """Clients by service name, each made once; boto3 is imported with the first."""

    target: Target
    trace: Callable[[str], None] | None = None
    """Told of every call, by its IAM action's name."""
    _session: boto3.Session | None = None
    _clients: dict[tuple[str, str | None], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def region(self) -> str:
        """The Region in force. Raises `UsageError` when there is none."""
        region = self.session.region_name
        if not region:
            others = "".join(f", or `--env {each}`" for each in self.target.environments)
            hint = f"give `--region`, set AWS_REGION, or `region` in tapctl.toml{others}"
            raise UsageError("no AWS Region is set", hint)
        return str(region)

    @property
    def session(self) -> boto3.Session:
        if self._session is None:
            self._session = self._new_session()
        return self._session

    def client(self, service: str, region: str | None = None) -> Any:
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                self._clients[key] = self._new_client(service, region or self.region)
            return self._clients[key]

    def _new_session(self) -> boto3.Session:
        import boto3
        from botocore.exceptions import BotoCoreError, ProfileNotFound

        key, secret = self.target.keys or (None, None)
        try:
            return boto3.Session(
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                # botocore itself reads only AWS_DEFAULT_REGION; the AWS CLI and the other SDKs read this one first.
                region_name=self.target.region or os.environ.get("AWS_REGION") or None,
                profile_name=self.target.profile,
                botocore_session=_secluded() if self.target.is_sandbox else None,
            )
        except ProfileNotFound as error:
            raise UsageError(str(error), "`aws configure list-profiles` names those that there are") from None
        except BotoCoreError as error:
            raise UsageError(f"AWS's own configuration: {error}", "mend the file, or set AWS_CONFIG_FILE") from None

    def _new_client(self, service: str, region: str) -> Any:
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        # Eight standard retries outlast the throttling that CloudFormation's shared rate limits bring about.
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 8},
            connect_timeout=10,
            read_timeout=60,
            user_agent_extra="tapctl",
            max_pool_connections=32,
            # None lets botocore ask the environment; the sandbox is not reached through anybody's proxy.
            proxies={} if self.target.is_sandbox else None,
        )
        try:
            client = self.session.client(service, region_name=region, endpoint_url=self.target.endpoint, config=config)
        except BotoCoreError:
            raise
        except ValueError as error:
            raise UsageError(f"cannot reach AWS: {error}", "look at AWS_ENDPOINT_URL") from None
        if trace := self.trace:
            client.meta.events.register("before-call", lambda model, **_: trace(f"calling {service}:{model.name}"))
        return client


def _secluded() -> Any:
    """A botocore session that neither AWS_PROFILE nor the user's AWS files have a say in."""
    from botocore.session import Session

    nowhere = (None, None, os.devnull, None)
    return Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": nowhere,
            "credentials_file": nowhere,
        }
    )


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what botocore raises into one line for the person who has to act on it."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise in_our_words(error, doing) from None


def in_our_words(error: Exception, doing: str) -> AwsError | UsageError:
    """What botocore raised, in one line for the person who has to act on it."""
    return _refusal(error, doing) if hasattr(error, "response") else _no_answer(error, doing)


def lasting(error: Exception) -> bool:
    """Whether asking again would be answered in the same way: a denial, or credentials that are no good any more."""
    if hasattr(error, "response"):
        return error_code(error) in _DENIED | _EXPIRED | _REFUSED_KEYS
    return type(error).__name__ in _NO_CREDENTIALS + _NO_SESSION


def throttled(error: Exception) -> bool:
    return hasattr(error, "response") and error_code(error) in _THROTTLED


def readable(permission: str, read: Callable[[], T]) -> T | Unknown:
    """What `read` gives, or Unknown with the IAM action that is missing; credentials at fault still raise."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return read()
    except ClientError as error:
        code = error_code(error)
        if code in _EXPIRED or code in _REFUSED_KEYS:
            raise _refusal(error, permission) from None
        if code in _DENIED:
            return Unknown(f"{permission} was denied", f"allow the action {permission}")
        if code in _THROTTLED:
            return Unknown(f"{permission} was throttled", "run it again in a moment")
        return Unknown(f"{permission} failed: {error_message(error)}")
    except BotoCoreError as error:
        raise _no_answer(error, permission) from None


def knows(client: Any, operation: str, parameter: str | None = None) -> bool:
    """Whether this version of botocore has the operation, and the parameter of it."""
    model = client.meta.service_model
    if operation not in model.operation_names:
        return False
    return parameter is None or parameter in model.operation_model(operation).input_shape.members


def error_code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def error_message(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Message", error)).strip()


def _refusal(error: Any, doing: str) -> AwsError:
    said, hint = _said(error_code(error), error_message(error))
    return AwsError(f"{doing}: {said}", hint, code=error_code(error))


def _said(code: str, message: str) -> tuple[str, str | None]:
    """A refusal in words, and the next step."""
    if code in _SKEWED or any(words in message for words in _SKEW):
        return f"the clock of this machine is wrong: {message}", "set it, for example `timedatectl set-ntp true`"
    if code in _EXPIRED:
        return "the AWS credentials have expired", "renew them, for example with `aws sso login`"
    if code in _REFUSED_KEYS:
        return "AWS does not accept the credentials", "`aws sts get-caller-identity` tests them"
    if code in _DENIED:
        return f"access denied: {message}", "ask for the action that the message names"
    if code in _THROTTLED:
        return "AWS throttled the request", "run it again in a moment"
    return message, None


def _no_answer(error: Exception, doing: str) -> AwsError | UsageError:
    match type(error).__name__:
        case name if name in _NO_CREDENTIALS:
            hint = "`aws configure`, `aws sso login` or `--profile NAME`"
            return NoCredentials(f"{doing}: no usable AWS credentials were found", hint)
        case name if name in _NO_SESSION:
            return AwsError(f"{doing}: the SSO session has expired", "`aws sso login`")
        case "NoRegionError":
            return UsageError("no AWS Region is set", "give `--region`, set AWS_REGION, or `region` in tapctl.toml")
        case "InvalidRegionError":
            return UsageError(f"{doing}: {str(error).rstrip('.')}", "`us-east-1`, for example, is a Region")
        case (
            "EndpointConnectionError"
            | "ConnectTimeoutError"
            | "ReadTimeoutError"
            | "ConnectionClosedError"
            | "ProxyConnectionError"
            | "SSLError"
        ):
            return AwsError(f"{doing}: no answer: {error}", "check the network, the Region and AWS_ENDPOINT_URL")
        case _:
            return AwsError(f"{doing}: {error}")
