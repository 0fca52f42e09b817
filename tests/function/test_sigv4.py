"""Our request signature is the one that botocore makes."""

import pytest
from aws.sigv4 import Credentials, CredentialScope, signed_headers
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from tests.function.examples import bounded

MOMENT = "20261123T120000Z"


class Signer(SigV4Auth):
    """botocore's signer at a fixed time."""

    def add_auth(self, request: AWSRequest) -> None:
        request.context["timestamp"] = MOMENT
        self._modify_request_before_signing(request)  # type: ignore[attr-defined]
        to_sign = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(  # type: ignore[attr-defined]
            request, self.signature(to_sign, request)
        )


def by_botocore(
    url: str, headers: dict[str, str], body: bytes, credentials: Credentials, scope: CredentialScope
) -> str:
    request = AWSRequest("POST", url, {**headers, "X-Amz-Date": MOMENT}, body)
    keys = BotoCredentials(credentials.access_key, credentials.secret_key, credentials.token or None)
    Signer(keys, scope.service, scope.region).add_auth(request)
    return str(request.headers["Authorization"])


def headers_for(host: str) -> dict[str, str]:
    return {
        "host": host,
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.TransactWriteItems",
    }


@pytest.mark.parametrize("path", ["/", "/prefix"])
@pytest.mark.parametrize("host", ["dynamodb.us-east-1.amazonaws.com", "127.0.0.1:4566"])
@pytest.mark.parametrize("token", [pytest.param("", id="lasting-keys"), pytest.param("FwoG/x+y==", id="session-token")])
def test_the_signature_equals_botocores(path: str, host: str, token: str) -> None:
    credentials, scope = Credentials("AKIDEXAMPLE", "secret/+key", token), CredentialScope("us-east-1", "dynamodb")
    ours = signed_headers(headers_for(host), path, b"{}", moment=MOMENT, credentials=credentials, scope=scope)
    expected = by_botocore(f"https://{host}{path}", headers_for(host), b"{}", credentials, scope)
    assert ours["authorization"] == expected
    assert ours.get("x-amz-security-token", "") == token


_WORDS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/+=-", min_size=1, max_size=60)


@bounded
@given(body=st.binary(max_size=200), access_key=_WORDS, secret_key=_WORDS, token=_WORDS, region=_WORDS)
def test_any_request_is_signed_as_botocore_does(
    body: bytes, access_key: str, secret_key: str, token: str, region: str
) -> None:
    credentials, scope = Credentials(access_key, secret_key, token), CredentialScope(region, "dynamodb")
    headers = headers_for("127.0.0.1:4566")
    ours = signed_headers(headers, "/", body, moment=MOMENT, credentials=credentials, scope=scope)
    assert ours["authorization"] == by_botocore("http://127.0.0.1:4566/", headers, body, credentials, scope)
