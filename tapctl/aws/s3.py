"""A bucket for deployment artifacts in S3; every request names the account that must own it."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from tapctl.aws.errors import aws_call
from tapctl.aws.session import Aws, partition
from tapctl.errors import AwsError

ABORT_INCOMPLETE_UPLOADS = {
    "ID": "unfinished-uploads",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
"""The lifecycle rule that removes the parts of interrupted uploads; no object expires."""

_BLOCK_PUBLIC_ACCESS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_READERS = "TapctlFleetRead"
"""The statement of a bucket policy that lets the accounts of a fleet read."""
_NOT_FOUND = ("404", "NoSuchBucket")
_FORBIDDEN = ("403", "AccessDenied")
_BEING_CREATED = ("BucketAlreadyOwnedByYou", "OperationAborted")


class BucketForbidden(AwsError):
    """The bucket belongs to another account, or these credentials may not use it."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket by its name, with the account id of its expected owner."""

    aws: Aws
    name: str
    owner: str

    @property
    def _s3(self) -> Any:
        return self.aws.client("s3")

    @property
    def _request(self) -> dict[str, str]:
        return {"Bucket": self.name, "ExpectedBucketOwner": self.owner}

    def region(self) -> str | None:
        """The bucket's Region; None where there is no such bucket. Raises `BucketForbidden`."""
        try:
            with aws_call(f"looking for bucket {self.name}"):
                response = self._s3.head_bucket(**self._request)
        except AwsError as error:
            if error.code in _NOT_FOUND:
                return None
            if error.code in _FORBIDDEN:
                raise BucketForbidden(error.message, error.hint, code=error.code) from None
            raise
        return str(response.get("BucketRegion", self.aws.region))

    def create(self) -> bool:
        """Create and protect the bucket; False where another process creates it. Raises `BucketForbidden`.

        A bucket that cannot be protected is deleted again.
        """
        try:
            with aws_call(f"creating bucket {self.name}"):
                self._s3.create_bucket(Bucket=self.name, **_location(self.aws.region))
        except AwsError as error:
            if error.code in _BEING_CREATED:
                return False
            if error.code == "BucketAlreadyExists":
                raise BucketForbidden(error.message, error.hint, code=error.code) from None
            raise
        try:
            self.protect()
        except BaseException:
            with suppress(AwsError), aws_call(f"deleting bucket {self.name}"):
                self._s3.delete_bucket(**self._request)
            raise
        return True

    def is_protected(self) -> bool:
        """Whether the bucket has a policy, which `protect` sets last; True where the policy may not be read."""
        try:
            with aws_call(f"reading the policy of bucket {self.name}"):
                self._s3.get_bucket_policy(**self._request)
        except AwsError as error:
            if not error.code:
                raise
            return error.code != "NoSuchBucketPolicy"
        return True

    def protect(self) -> None:
        """Make the bucket private, encrypted and versioned, and deny requests without TLS."""
        s3, request = self._s3, self._request
        encryption = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        with aws_call(f"protecting bucket {self.name}"):
            s3.put_public_access_block(
                **request, PublicAccessBlockConfiguration=dict.fromkeys(_BLOCK_PUBLIC_ACCESS, True)
            )
            s3.put_bucket_encryption(**request, ServerSideEncryptionConfiguration={"Rules": [encryption]})
            s3.put_bucket_versioning(**request, VersioningConfiguration={"Status": "Enabled"})
            s3.put_bucket_lifecycle_configuration(
                **request, LifecycleConfiguration={"Rules": [ABORT_INCOMPLETE_UPLOADS]}
            )
            s3.put_bucket_policy(**request, Policy=json.dumps(self.tls_only_policy()))

    def tls_only_policy(self) -> dict[str, object]:
        """The bucket policy, which denies requests without TLS."""
        arn = f"arn:{partition(self.aws.region).name}:s3:::{self.name}"
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }

    def grant(self, accounts: Sequence[str], organization: str) -> None:
        """Let other accounts read its objects: those of an organization, else the named ones; other grants stay."""
        arn = f"arn:{partition(self.aws.region).name}:s3:::{self.name}/*"
        with aws_call(f"reading the policy of bucket {self.name}"):
            policy = json.loads(self._s3.get_bucket_policy(**self._request)["Policy"])
        sid = f"{_READERS}Organization" if organization else _READERS
        before: Any = next((statement for statement in policy["Statement"] if statement.get("Sid") == sid), {})
        readers: dict[str, object] = (
            {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization}}}
            if organization
            else {"Principal": {"AWS": self._roots(accounts, before)}}
        )
        statement = {"Sid": sid, "Effect": "Allow", "Action": "s3:GetObject", "Resource": arn, **readers}
        if statement == before:
            return
        kept = [statement for statement in policy["Statement"] if statement is not before]
        with aws_call(f"letting other accounts read bucket {self.name}"):
            changed = json.dumps({**policy, "Statement": [*kept, statement]})
            self._s3.put_bucket_policy(**self._request, Policy=changed)

    def _roots(self, accounts: Sequence[str], before: Mapping[str, Any]) -> list[str]:
        """The accounts as principals, beside those that another fleet has brought into the statement."""
        others = before.get("Principal", {}).get("AWS", [])
        own = [f"arn:{partition(self.aws.region).name}:iam::{account}:root" for account in accounts]
        return sorted({*own, *([others] if isinstance(others, str) else others)})

    def has(self, key: str) -> bool:
        """Whether an object has this key, by ListObjectsV2: a negative HeadObject response is cached for a while."""
        with aws_call(f"listing s3://{self.name}"):
            return bool(self._s3.list_objects_v2(**self._request, Prefix=key, MaxKeys=1).get("KeyCount"))

    def upload(self, key: str, file: BinaryIO) -> None:
        """Upload an object, a large one in parts."""
        with aws_call(f"uploading to s3://{self.name}"):
            self._s3.upload_fileobj(file, self.name, key, ExtraArgs={"ExpectedBucketOwner": self.owner})


def _location(region: str) -> dict[str, dict[str, str]]:
    # CreateBucket rejects us-east-1 as a LocationConstraint.
    return {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
