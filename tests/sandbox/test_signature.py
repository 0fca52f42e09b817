"""Signatures that AWS's documentation and botocore make, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tapctl.sandbox.signature import (
    CHANGED,
    EXPIRED,
    INCOMPLETE,
    INVALID_KEY,
    MISMATCH,
    MISSING,
    SKEWED,
    Denial,
    ReceivedRequest,
    credential,
    denial,
)

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
THEN = datetime(2013, 5, 24, tzinfo=UTC)
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
CHUNKS = [
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
]
SIGNED = "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length"
SIGNED += ";x-amz-storage-class"


def chunked(byte: bytes = b"a", signature: str = SEED) -> ReceivedRequest:
    """The example of https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html."""
    parts = [b"%x;chunk-signature=%s\r\n%s\r\n" % (size, sign.encode(), byte * size) for size, sign in CHUNKS]
    scope = f"{KEY}/20130524/us-east-1/s3/aws4_request"
    headers = {
        "host": "s3.amazonaws.com",
        "x-amz-date": "20130524T000000Z",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope},SignedHeaders={SIGNED},Signature={signature}",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        "content-length": "66824",
    }
    return ReceivedRequest("PUT", "/examplebucket/chunkObject.txt", (), headers, b"".join(parts))


def judged(request: ReceivedRequest, now: datetime = THEN, secret: str | None = SECRET) -> Denial | None:
    return denial(request, lambda key, _: secret if key == KEY else None, now)


def test_the_chunks_of_the_documentation_are_signed() -> None:
    assert judged(chunked()) is None
    assert credential(chunked()) == (KEY, "us-east-1", "s3")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(chunked(b"b"), CHANGED, id="another chunk"),
        pytest.param(replace(chunked(), body=b""), CHANGED, id="no chunk"),
        pytest.param(replace(chunked(), body=chunked().body[:66000]), CHANGED, id="the last chunk is missing"),
        pytest.param(chunked(signature="0" * 64), MISMATCH, id="another signature"),
        pytest.param(replace(chunked(), method="POST"), MISMATCH, id="another method"),
        pytest.param(replace(chunked(), path="/examplebucket/other"), MISMATCH, id="another path"),
        pytest.param(replace(chunked(), query=(("acl", ""),)), MISMATCH, id="another query"),
        pytest.param(replace(chunked(), headers={}), MISSING, id="no signature"),
        pytest.param(replace(chunked(), headers={"authorization": "AWS k:s"}), INCOMPLETE, id="version 2"),
        pytest.param(replace(chunked(), headers={"authorization": "AWS4-HMAC-SHA256 x"}), INCOMPLETE, id="no parts"),
    ],
)
def test_an_unsigned_request_is_refused(request_: ReceivedRequest, expected: Denial) -> None:
    assert judged(request_) == expected


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_request_of_another_time_is_refused(minutes: int) -> None:
    assert judged(chunked(), THEN + timedelta(minutes=minutes)) == SKEWED


def test_an_unknown_key_is_refused() -> None:
    assert judged(chunked(), secret=None) == INVALID_KEY


def by_botocore(auth: type[Any], path: str, body: bytes = b"", method: str = "POST") -> ReceivedRequest:
    made: Any = AWSRequest(method, f"http://127.0.0.1:1{path}", data=body, headers={"x-spaced": " a   b "})
    auth(Credentials(KEY, SECRET, "token"), "lambda", "us-east-1").add_auth(made)
    prepared = made.prepare()
    raw, _, query = prepared.url.removeprefix("http://127.0.0.1:1").partition("?")
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in prepared.headers.items()
    }
    pairs = tuple(parse_qsl(query, keep_blank_values=True))
    return ReceivedRequest(method, raw, pairs, {"host": "127.0.0.1:1", **headers}, prepared.body or b"")


@pytest.mark.parametrize("auth", [SigV4Auth, SigV4QueryAuth])
@pytest.mark.parametrize(
    "path", ["/", "/2015-03-31/functions/arn%3Aaws%3Alambda/x", "/a//b/../c/?z=1&a=%20b%2B&a=&empty=", "/ü%20?q=%C3%BC"]
)
def test_a_request_signed_by_botocore_is_accepted(auth: type[Any], path: str) -> None:
    request = by_botocore(auth, path, b"{}")

    assert judged(request, datetime.now(UTC)) is None
    assert judged(replace(request, body=b"{ }"), datetime.now(UTC)) == MISMATCH


def test_a_presigned_request_expires() -> None:
    request = by_botocore(SigV4QueryAuth, "/", method="GET")

    assert judged(request, datetime.now(UTC) + timedelta(hours=2)) == EXPIRED
