"""AWS Signature Version 4 for one small JSON request: pure, and equal to botocore's signer.

botocore's own would load botocore: `aws.client` has what that costs at a cold start and at each invocation.
"""

import hmac
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

_ALGORITHM = "AWS4-HMAC-SHA256"


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
    """Return the headers of a POST with date, token and authorization added; `moment` is `YYYYMMDDTHHMMSSZ`."""
    sent = {name.lower(): value for name, value in headers.items()}
    sent["x-amz-date"] = moment
    if credentials.token:
        sent["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(sent))
    lines = "".join(f"{name}:{' '.join(sent[name].split())}\n" for name in sorted(sent))
    request = f"POST\n{path}\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
    day = moment[:8]
    stamp = f"{day}/{scope.region}/{scope.service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{moment}\n{stamp}\n{sha256(request.encode('utf-8')).hexdigest()}"
    key = _signing_key(credentials.secret_key, day, scope)
    signature = hmac.digest(key, to_sign.encode("utf-8"), "sha256").hex()
    sent["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{stamp}, SignedHeaders={names}, Signature={signature}"
    )
    return sent


@lru_cache(maxsize=4)
def _signing_key(secret_key: str, day: str, scope: CredentialScope) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (day, scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode("utf-8"), "sha256")
    return key
