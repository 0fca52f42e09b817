"""The bucket that artifacts go to: private, encrypted, versioned, reached over TLS only, and ours."""

import json
import re
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

from tapctl.aws.session import Aws, error_code, error_message, explained
from tapctl.errors import AwsError, UsageError

_RACES = 10
"""How often, a second apart, making the bucket is tried while another deploy is making it."""

_UNFINISHED = {
    "ID": "unfinished-uploads",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
"""What a killed deploy leaves of a large upload goes; nothing else does."""


@dataclass(slots=True)
class ArtifactStore:
    """One bucket of one account; objects are named by their content, so each is uploaded once.

    No object expires in it: a rollback of CloudFormation needs that of the deploy before.
    """

    aws: Aws
    chosen: str | None = None
    known_account: str = ""
    """The account's id, which is asked for when it is needed and not given."""
    sleep: Callable[[float], None] = time.sleep

    @property
    def account_id(self) -> str:
        if not self.known_account:
            with explained("asking whose credentials these are"):
                self.known_account = str(self.aws.client("sts").get_caller_identity()["Account"])
        return self.known_account

    @property
    def bucket(self) -> str:
        """The configured bucket, or the one that tapctl keeps in this account and Region."""
        return self.chosen or f"tapctl-artifacts-{self.account_id}-{self.aws.region}"

    def put(self, key: str, write: Callable[[BinaryIO], None]) -> int | None:
        """Make sure that the object is there; gives the bytes that were uploaded, None where it was there already.

        What is uploaded is made in a temporary file, and only where it is needed.
        """
        s3 = self.aws.client("s3")
        with explained(f"uploading to s3://{self.bucket}"):
            # A listing, because a HEAD that missed is cached and would be believed after the upload.
            listed = s3.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1, ExpectedBucketOwner=self.account_id)
            if listed.get("KeyCount"):
                return None
            with tempfile.TemporaryFile() as file:
                write(file)
                size = file.seek(0, 2)
                file.seek(0)
                s3.upload_fileobj(file, self.bucket, key, ExtraArgs={"ExpectedBucketOwner": self.account_id})
            return size

    def url(self, key: str) -> str:
        """The address of an object, as CloudFormation's TemplateURL takes it; by path, which the sandbox reads too."""
        region = self.aws.region
        return f"https://s3.{region}.{_partition(region)['dnsSuffix']}/{self.bucket}/{key}"

    def ensure(self) -> bool:
        """Make the bucket on first use; tells whether it did.

        Raises `UsageError` when the bucket is another account's or in another Region, or a configured one does
        not exist.
        """
        for _ in range(_RACES):
            if self._is_there():
                return False
            if self.chosen:
                hint = "make it, or leave `artifact_bucket` out"
                raise UsageError(f"there is no artifact bucket {self.chosen}", hint)
            if self._make():
                return True
            self.sleep(1)
        raise AwsError(f"the artifact bucket {self.bucket} is being made by another deploy", "run it again in a moment")

    def _is_there(self) -> bool:
        """Look at the bucket; what a killed deploy left half made is finished."""
        from botocore.exceptions import ClientError

        s3 = self.aws.client("s3")
        try:
            found = s3.head_bucket(Bucket=self.bucket, ExpectedBucketOwner=self.account_id)
        except ClientError as error:
            if error_code(error) in ("404", "NoSuchBucket"):
                return False
            raise self._refused(error) from None
        if (place := found.get("BucketRegion", self.aws.region)) != self.aws.region:
            raise UsageError(
                f"the artifact bucket {self.bucket} is in {place}; Lambda reads code in its own Region only",
                f"name one in {self.aws.region} with `artifact_bucket` in tapctl.toml",
            )
        if not self.chosen:
            self._finish()
        return True

    def _finish(self) -> None:
        """The policy is the last thing that a new bucket is given: where it lacks, the others may lack, too."""
        from botocore.exceptions import ClientError

        try:
            self.aws.client("s3").get_bucket_policy(Bucket=self.bucket, ExpectedBucketOwner=self.account_id)
        except ClientError as error:
            # Who may upload need not be allowed to read the policy.
            if error_code(error) == "NoSuchBucketPolicy":
                with explained(f"protecting the artifact bucket {self.bucket}"):
                    self._protect()

    def _make(self) -> bool:
        """Make the bucket; False where another deploy is at it. Nothing half made stays."""
        from botocore.exceptions import ClientError

        with explained(f"making the artifact bucket {self.bucket}"):
            try:
                self._create()
            except ClientError as error:
                if error_code(error) in ("BucketAlreadyOwnedByYou", "OperationAborted"):
                    return False
                if error_code(error) == "BucketAlreadyExists":
                    raise self._not_ours() from None
                raise
            try:
                self._protect()
            except BaseException:
                with suppress(ClientError):  # what went wrong first is what counts
                    self.aws.client("s3").delete_bucket(Bucket=self.bucket, ExpectedBucketOwner=self.account_id)
                raise
        return True

    def _refused(self, error: Exception) -> AwsError | UsageError:
        if error_code(error) in ("403", "AccessDenied"):
            return self._not_ours()
        return AwsError(f"looking for the artifact bucket {self.bucket}: {error_message(error)}")

    def _not_ours(self) -> UsageError:
        return UsageError(
            f"the artifact bucket {self.bucket} is not yours to use, or belongs to another account",
            "name one of your own with `artifact_bucket` in tapctl.toml",
        )

    def _create(self) -> None:
        region = self.aws.region
        # us-east-1 is the one Region that must not be named.
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.aws.client("s3").create_bucket(Bucket=self.bucket, **place)

    def _protect(self) -> None:
        s3, owner = self.aws.client("s3"), self.account_id
        s3.put_public_access_block(
            Bucket=self.bucket,
            ExpectedBucketOwner=owner,
            PublicAccessBlockConfiguration=dict.fromkeys(
                ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
            ),
        )
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(
            Bucket=self.bucket, ExpectedBucketOwner=owner, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )
        s3.put_bucket_versioning(
            Bucket=self.bucket, ExpectedBucketOwner=owner, VersioningConfiguration={"Status": "Enabled"}
        )
        s3.put_bucket_lifecycle_configuration(
            Bucket=self.bucket, ExpectedBucketOwner=owner, LifecycleConfiguration={"Rules": [_UNFINISHED]}
        )
        s3.put_bucket_policy(Bucket=self.bucket, ExpectedBucketOwner=owner, Policy=json.dumps(self._policy()))

    def _policy(self) -> dict[str, object]:
        arn = f"arn:{_partition(self.aws.region)['name']}:s3:::{self.bucket}"
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


@cache
def _partition(region: str) -> dict[str, str]:
    """`name` and `dnsSuffix` of the part of AWS that a Region belongs to, such as China or GovCloud."""
    from botocore.loaders import Loader

    partitions = Loader().load_data("partitions")["partitions"]
    found = next((each for each in partitions if re.match(each["regionRegex"], region)), partitions[0])
    return dict(found["outputs"])
