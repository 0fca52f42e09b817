"""Whether a request carries a signature made with a secret key that the sandbox knows.

That is version 4, or version 2 in a presigned URL of S3, which boto3 still makes.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
_SKEW = timedelta(minutes=15)
_LONGEST = 604800
"""Seconds that a presigned URL may hold at most."""
_UNSIGNED = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
_CHUNKED = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
_SUBRESOURCES = frozenset(
    (
        *("accelerate", "acl", "cors", "defaultObjectAcl", "delete", "lifecycle", "location", "logging"),
        *("notification", "partNumber", "policy", "replication", "requestPayment", "restore", "select", "select-type"),
        *("tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website"),
        *(f"response-{name}" for name in ("cache-control", "content-disposition", "content-encoding")),
        *(f"response-{name}" for name in ("content-language", "content-type", "expires")),
    )
)
"""The query parameters that S3 signs in version 2."""

Query = tuple[tuple[str, str], ...]
SecretOf = Callable[[str, str], str | None]
"""Takes an access key id and a session token, empty if there is none; returns the secret key, if the sandbox knows."""


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """An HTTP request as it arrived: the path still encoded, the query decoded, header names in lower case."""

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    body: bytes = b""

    def parameter(self, name: str) -> str:
        return next((value for key, value in self.query if key == name), "")

    @property
    def presigned(self) -> bool:
        return not self.headers.get("authorization") and bool(self.parameter("X-Amz-Signature"))


@dataclass(frozen=True, slots=True)
class Denial:
    """An error code of AWS and its message."""

    code: str
    message: str


MISSING = Denial("MissingAuthenticationToken", "Request is missing Authentication Token")
INVALID_KEY = Denial("InvalidClientTokenId", "The security token included in the request is invalid.")
INCOMPLETE = Denial("IncompleteSignature", "The request signature does not conform to AWS standards.")
MISMATCH = Denial(
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided."
    " Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
)
EXPIRED = Denial("AccessDenied", "Request has expired")
SKEWED = Denial("RequestTimeTooSkewed", "Signature expired, or the request's time differs too much from this clock's.")
CHANGED = Denial("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match the body.")


@dataclass(frozen=True, slots=True)
class Signature:
    """The parts of a version 4 signature: access key id, credential scope, signed header names and the signature."""

    access_key: str
    scope: tuple[str, str, str]
    signed: tuple[str, ...]
    value: str
    date: str

    @property
    def scope_text(self) -> str:
        return f"{'/'.join(self.scope)}/aws4_request"


def denial(request: ReceivedRequest, secret_of: SecretOf, now: datetime) -> Denial | None:
    """The reason to refuse a request; None if its signature is valid for a known secret key."""
    if request.parameter("Signature") and request.parameter("AWSAccessKeyId"):
        return _denial_of_version_2(request, secret_of, now)
    signature = _signature(request)
    if isinstance(signature, Denial):
        return signature
    if not _is_current(request, signature, now):
        return EXPIRED if request.presigned else SKEWED
    token = request.headers.get("x-amz-security-token") or request.parameter("X-Amz-Security-Token")
    secret = secret_of(signature.access_key, token)
    if secret is None:
        return INVALID_KEY
    key = _signing_key(secret, signature.scope)
    text = _text_to_sign(request, signature)
    if not hmac.compare_digest(_hexadecimal(key, text), signature.value):
        return MISMATCH
    return None if _is_body_signed(request, signature, key) else CHANGED


def credential(request: ReceivedRequest) -> tuple[str, str, str] | None:
    """The access key id, Region and service that a request names, proved or not."""
    if request.parameter("AWSAccessKeyId"):
        return request.parameter("AWSAccessKeyId"), "", "s3"
    signature = _signature(request)
    return None if isinstance(signature, Denial) else (signature.access_key, signature.scope[1], signature.scope[2])


def _signature(request: ReceivedRequest) -> Signature | Denial:
    if request.presigned:
        if request.parameter("X-Amz-Algorithm") != ALGORITHM:
            return INCOMPLETE
        fields = {name: request.parameter(f"X-Amz-{name}") for name in ("Credential", "SignedHeaders", "Signature")}
        date = request.parameter("X-Amz-Date")
    else:
        algorithm, _, rest = request.headers.get("authorization", "").partition(" ")
        if not algorithm:
            return MISSING
        if algorithm != ALGORITHM:
            return INCOMPLETE
        fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        date = request.headers.get("x-amz-date", "")
    scope = fields.get("Credential", "").split("/")
    signed = tuple(fields.get("SignedHeaders", "").lower().split(";"))
    whole = len(scope) == 5 and scope[4] == "aws4_request" and scope[1] == date[:8] and "host" in signed
    if not whole or not fields.get("Signature"):
        return INCOMPLETE
    return Signature(scope[0], (scope[1], scope[2], scope[3]), signed, fields["Signature"], date)


def _is_current(request: ReceivedRequest, signature: Signature, now: datetime) -> bool:
    try:
        signed_at = datetime.fromisoformat(signature.date)
        valid = timedelta(seconds=int(request.parameter("X-Amz-Expires"))) if request.presigned else _SKEW
    except ValueError:
        return False
    if signed_at.tzinfo is None:
        return False
    return signed_at - _SKEW <= now <= signed_at + min(valid, timedelta(seconds=_LONGEST))


def _text_to_sign(request: ReceivedRequest, signature: Signature) -> str:
    is_s3 = signature.scope[2] == "s3"
    path = request.path if is_s3 else quote(_normalized(request.path), safe="/-_.~")
    query = sorted((_encoded(name), _encoded(value)) for name, value in request.query if name != "X-Amz-Signature")
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signature.signed)
    canonical = "\n".join(
        [
            request.method,
            path,
            "&".join(f"{name}={value}" for name, value in query),
            headers,
            ";".join(signature.signed),
            _payload(request, is_s3=is_s3),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{signature.date}\n{signature.scope_text}\n{digest}"


def _payload(request: ReceivedRequest, *, is_s3: bool) -> str:
    """The payload's line of the canonical request: what the client named, or the hash of what arrived."""
    named = request.headers.get("x-amz-content-sha256") or request.parameter("X-Amz-Content-Sha256")
    if named:
        return named
    return _UNSIGNED[0] if request.presigned and is_s3 else hashlib.sha256(request.body).hexdigest()


def _is_body_signed(request: ReceivedRequest, signature: Signature, key: bytes) -> bool:
    """Whether the body is the one that the signed payload line names; S3 clients may leave it unsigned."""
    named = _payload(request, is_s3=signature.scope[2] == "s3")
    if named in _UNSIGNED:
        return True
    if named in _CHUNKED:
        return _are_chunks_signed(request, signature, key)
    return hmac.compare_digest(hashlib.sha256(request.body).hexdigest(), named)


def _are_chunks_signed(request: ReceivedRequest, signature: Signature, key: bytes) -> bool:
    """Each chunk of an aws-chunked body signs the one before it, and the first the request.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    body, previous, start = request.body, signature.value, 0
    empty = hashlib.sha256(b"").hexdigest()
    while (end := body.find(b"\r\n", start)) >= 0:
        header = re.fullmatch(rb"([0-9a-fA-F]+);chunk-signature=([0-9a-f]{64})", body[start:end])
        if header is None:
            return False
        size = int(header[1], 16)
        digest = hashlib.sha256(body[end + 2 : end + 2 + size]).hexdigest()
        text = "\n".join([f"{ALGORITHM}-PAYLOAD", signature.date, signature.scope_text, previous, empty, digest])
        previous = _hexadecimal(key, text)
        if not hmac.compare_digest(previous.encode(), header[2]):
            return False
        if size == 0:
            return True
        start = end + 2 + size + 2
    return False


def _denial_of_version_2(request: ReceivedRequest, secret_of: SecretOf, now: datetime) -> Denial | None:
    expires = request.parameter("Expires")
    if not expires.isdigit() or int(expires) < now.timestamp():
        return EXPIRED
    token = request.parameter("x-amz-security-token")
    secret = secret_of(request.parameter("AWSAccessKeyId"), token)
    if secret is None:
        return INVALID_KEY
    amazon = {name: value for name, value in request.headers.items() if name.startswith("x-amz-")}
    amazon |= {"x-amz-security-token": token} if token else {}
    resource = sorted((name, value) for name, value in request.query if name in _SUBRESOURCES)
    query = "&".join(f"{name}={value}" if value else name for name, value in resource)
    text = "\n".join(
        [
            request.method,
            request.headers.get("content-md5", ""),
            request.headers.get("content-type", ""),
            expires,
            *(f"{name}:{value.strip()}" for name, value in sorted(amazon.items())),
            f"{request.path}?{query}" if query else request.path,
        ]
    )
    expected = b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest())
    return None if hmac.compare_digest(expected, request.parameter("Signature").encode()) else MISMATCH


@lru_cache(maxsize=256)
def _signing_key(secret: str, scope: tuple[str, str, str]) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _hexadecimal(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def _normalized(path: str) -> str:
    """A path without dot segments and doubled slashes, as every service but S3 signs it."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    return "/" + "/".join(segments) + ("/" if segments and path.endswith("/") else "")
