"""The function's signature by botocore, which Lambda's runtime has: for the comparison in `benchmarks.webhook`."""

from typing import NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Keys


class Credentials(NamedTuple):
    """The execution role's temporary keys."""

    access_key: str
    secret_key: str
    token: str = ""


class CredentialScope(NamedTuple):
    """Which Region and service a signature is for."""

    region: str
    service: str


def signed_headers(
    headers: dict[str, str], path: str, body: bytes, *, moment: str, credentials: Credentials, scope: CredentialScope
) -> dict[str, str]:
    """Return the headers of a POST with date, token and authorization added; botocore reads the clock itself."""
    del moment
    request = AWSRequest("POST", f"https://{headers['host']}{path}", headers, body)
    keys = Keys(credentials.access_key, credentials.secret_key, credentials.token or None)
    SigV4Auth(keys, scope.service, scope.region).add_auth(request)
    return dict(request.headers.items())
