"""The account, keys and endpoint with which AWS clients reach the sandbox."""

import os
import re
from typing import Protocol

from tapctl.errors import UsageError

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
ACCOUNT_VARIABLE = "TAPCTL_SANDBOX_ACCOUNT"
"""Names another account of the sandbox: each has its own resources and limits."""
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105  # the emulator accepts any key


class SandboxEndpoint(Protocol):
    """The part of a Sandbox that a client needs."""

    @property
    def endpoint(self) -> str:
        """The base URL of every service."""

    @property
    def region(self) -> str:
        """The Region of the sandbox."""

    @property
    def account_id(self) -> str:
        """The account whose resources the client sees."""


def account_id() -> str:
    """The account that commands use in the sandbox. Raises `UsageError` for an id that is not 12 digits."""
    chosen = os.environ.get(ACCOUNT_VARIABLE) or ACCOUNT_ID
    if not re.fullmatch("[0-9]{12}", chosen):
        raise UsageError(f"{ACCOUNT_VARIABLE} must be an account id of 12 digits, not {chosen}")
    return chosen


def keys(account: str) -> tuple[str, str]:
    """The access key id and secret key of an account; the emulator takes a key id of 12 digits as the account."""
    return ACCESS_KEY if account == ACCOUNT_ID else account, SECRET_KEY


def client_options(sandbox: SandboxEndpoint) -> dict[str, str]:
    """The keyword arguments for `boto3.client` or `boto3.Session.client`."""
    key, secret = keys(sandbox.account_id)
    return {
        "endpoint_url": sandbox.endpoint,
        "region_name": sandbox.region,
        "aws_access_key_id": key,
        "aws_secret_access_key": secret,
    }


def environment(sandbox: SandboxEndpoint) -> dict[str, str]:
    """The environment variables that point any AWS SDK or the AWS CLI at the sandbox."""
    key, secret = keys(sandbox.account_id)
    return {
        "AWS_ENDPOINT_URL": sandbox.endpoint,
        "AWS_REGION": sandbox.region,
        "AWS_DEFAULT_REGION": sandbox.region,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "NO_PROXY": "127.0.0.1",
    }
