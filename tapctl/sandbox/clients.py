"""What an AWS client needs to talk to the sandbox instead of AWS."""

from typing import Protocol

REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105  # the emulator takes any key; nothing is kept secret with it


class SandboxEndpoint(Protocol):
    """The part of a Sandbox that a client sees."""

    @property
    def endpoint(self) -> str:
        """The base URL of every service."""

    @property
    def region(self) -> str:
        """The region that the sandbox plays."""


def client_options(sandbox: SandboxEndpoint) -> dict[str, str]:
    """Give the keyword arguments for `boto3.client` or `boto3.Session.client`."""
    return {
        "endpoint_url": sandbox.endpoint,
        "region_name": sandbox.region,
        "aws_access_key_id": ACCESS_KEY,
        "aws_secret_access_key": SECRET_KEY,
    }


def environment(sandbox: SandboxEndpoint) -> dict[str, str]:
    """Give the environment variables that point any AWS SDK or the AWS CLI at the sandbox."""
    return {
        "AWS_ENDPOINT_URL": sandbox.endpoint,
        "AWS_REGION": sandbox.region,
        "AWS_DEFAULT_REGION": sandbox.region,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "NO_PROXY": "127.0.0.1",
    }
