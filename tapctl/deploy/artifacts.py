"""The bucket that artifacts go to: private, encrypted, versioned, reached over TLS only, and ours."""

import json
from dataclasses import dataclass

from tapctl.aws import Aws, error_code, error_message, explained
from tapctl.errors import AwsError, UsageError


@dataclass(slots=True)
class ArtifactStore:
    """One bucket of one account; objects are named by their content, so each is uploaded once."""

    aws: Aws
    account_id: str
    chosen: str | None = None

    @property
    def bucket(self) -> str:
        """The configured bucket, or the one that tapctl keeps in this account and Region."""
        return self.chosen or f"tapctl-artifacts-{self.account_id}-{self.aws.region}"

    def put(self, key: str, data: bytes) -> bool:
        """Make sure that the object is there; tells whether it had to be uploaded."""
        s3 = self.aws.client("s3")
        with explained(f"uploading to s3://{self.bucket}"):
            # A listing, because a HEAD that missed is cached and would be believed after the upload.
            listed = s3.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1, ExpectedBucketOwner=self.account_id)
            if listed.get("KeyCount"):
                return False
            s3.put_object(Bucket=self.bucket, Key=key, Body=data, ExpectedBucketOwner=self.account_id)
            return True

    def url(self, key: str) -> str:
        """The address of an object, as CloudFormation's TemplateURL takes it; by path, which the sandbox reads too."""
        region = self.aws.region
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return f"https://s3.{region}.{suffix}/{self.bucket}/{key}"

    def ensure(self) -> bool:
        """Make the bucket on first use; tells whether it did.

        Raises `UsageError` when the bucket is another account's, or a configured one does not exist.
        """
        from botocore.exceptions import ClientError

        try:
            self.aws.client("s3").head_bucket(Bucket=self.bucket, ExpectedBucketOwner=self.account_id)
        except ClientError as error:
            if error_code(error) not in ("404", "NoSuchBucket"):
                raise self._refused(error) from None
        else:
            return False
        if self.chosen:
            raise UsageError(f"there is no artifact bucket {self.chosen}", "make it, or leave `artifact_bucket` out")
        with explained(f"making the artifact bucket {self.bucket}"):
            self._create()
            try:
                self._protect()
            except BaseException:
                # The next deploy would find a bucket that is there, and take it for a protected one.
                self.aws.client("s3").delete_bucket(Bucket=self.bucket, ExpectedBucketOwner=self.account_id)
                raise
        return True

    def _refused(self, error: Exception) -> AwsError | UsageError:
        if error_code(error) in ("403", "AccessDenied"):
            return UsageError(
                f"the artifact bucket {self.bucket} is not yours to use, or belongs to another account",
                "name one of your own with `artifact_bucket` in tapctl.toml",
            )
        return AwsError(f"looking for the artifact bucket {self.bucket}: {error_message(error)}")

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
        s3.put_bucket_policy(Bucket=self.bucket, ExpectedBucketOwner=owner, Policy=json.dumps(self._policy()))

    def _policy(self) -> dict[str, object]:
        partition = "aws-cn" if self.aws.region.startswith("cn-") else "aws"
        partition = "aws-us-gov" if self.aws.region.startswith("us-gov-") else partition
        arn = f"arn:{partition}:s3:::{self.bucket}"
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
