"""The account, keys and endpoint with which AWS clients reach the sandbox."""

import os
import re
from typing import Protocol

from tapctl.errors import UsageError
from tapctl.sandbox.secret import Secret

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
ACCOUNT_VARIABLE = "TAPCTL_SANDBOX_ACCOUNT"
"""Names another account of the sandbox: each has its own resources and limits."""


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
        """The account whose resources the client sees; its id is the access key id."""

    @property
    def secret(self) -> Secret:
        """The secret that proves its owner."""


def account_id() -> str:
    """The account that commands use in the sandbox. Raises `UsageError` for an id that is not 12 digits."""
    chosen = os.environ.get(ACCOUNT_VARIABLE) or ACCOUNT_ID
    if not re.fullmatch("[0-9]{12}", chosen):
        raise UsageError(f"{ACCOUNT_VARIABLE} must be an account id of 12 digits, not {chosen}")
    return chosen


def client_options(sandbox: SandboxEndpoint) -> dict[str, str]:
    """The keyword arguments for `boto3.client` or `boto3.Session.client`."""
    return {
        "endpoint_url": sandbox.endpoint,
        "region_name": sandbox.region,
        "aws_access_key_id": sandbox.account_id,
        "aws_secret_access_key": sandbox.secret.key,
    }


def environment(sandbox: SandboxEndpoint) -> dict[str, str]:
    """The environment variables that point any AWS SDK or the AWS CLI at the sandbox."""
    return {
        "AWS_ENDPOINT_URL": sandbox.endpoint,
        "AWS_REGION": sandbox.region,
        "AWS_DEFAULT_REGION": sandbox.region,
        "AWS_ACCESS_KEY_ID": sandbox.account_id,
        "AWS_SECRET_ACCESS_KEY": sandbox.secret.key,
        "NO_PROXY": "127.0.0.1",
    }
