"""The artifact bucket of an account and Region: created on first use, protected, and read by CloudFormation and Lambda.

No object in it expires, since a rollback needs the artifacts of the previous deploy.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from tapctl.aws import lookups
from tapctl.aws.s3 import Bucket, BucketForbidden
from tapctl.aws.session import Aws, partition
from tapctl.errors import AwsError, UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice

_ATTEMPTS = 10
"""How often `ensure` looks for a bucket that another deploy is creating, at intervals of one second."""


_ACCOUNT = "${AWS::AccountId}"


def bucket_name(account_id: str, region: str) -> str:
    """The name of tapctl's own bucket."""
    return f"tapctl-artifacts-{account_id}-{region}"


@contextmanager
def _usable(bucket: Bucket) -> Iterator[None]:
    """Raises `UsageError` where the credentials may not use the bucket."""
    try:
        yield
    except BucketForbidden:
        raise UsageError(
            f"artifact bucket {bucket.name} belongs to another account, or these credentials may not use it",
            advise(DeployAdvice.SET_BUCKET_OF_ACCOUNT),
        ) from None


@dataclass(slots=True)
class ArtifactStore:
    """The bucket for artifacts; an object's key comes from its content, so each is uploaded once.

    `configured` is the bucket that tapctl.toml names, which is never created. `known_account` is the account id; where
    it is empty, STS is asked for it on first use.
    """

    aws: Aws
    configured: str | None = None
    known_account: str = ""
    sleep: Callable[[float], None] = time.sleep

    @property
    def account_id(self) -> str:
        if not self.known_account:
            self.known_account = lookups.account_id(self.aws)
        return self.known_account

    @property
    def bucket(self) -> str:
        """The name of the bucket: the configured one, or tapctl's own in this account and Region."""
        return self.configured or bucket_name(self.account_id, self.aws.region)

    def url(self, key: str) -> str:
        """An object's URL for `TemplateURL`, path-style because the sandbox reads it too."""
        region = self.aws.region
        return f"https://s3.{region}.{partition(region).dns_suffix}/{self.bucket}/{key}"

    def placed(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The body of a packaged template, which names the bucket as CloudFormation takes it."""
        return body

    def filled(self, text: str) -> str:
        """A name with the CDK's placeholders, such as `${AWS::Region}`, filled in."""
        region = self.aws.region
        text = text.replace("${AWS::Partition}", partition(region).name).replace("${AWS::Region}", region)
        return text.replace(_ACCOUNT, self.account_id) if _ACCOUNT in text else text

    def put(self, key: str, write: Callable[[BinaryIO], None], bucket_name: str = "") -> int | None:
        """Upload what `write` writes, unless the object exists; returns the size in bytes, None where it exists.

        `bucket_name` is another bucket of the account.
        """
        bucket = self._bucket(bucket_name)
        if bucket.has(key):
            return None
        with tempfile.TemporaryFile() as file:
            write(file)
            size = file.seek(0, 2)
            file.seek(0)
            bucket.upload(key, file)
        return size

    def has(self, places: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], bool]:
        """Whether there is an object at each place, a bucket and a key; nothing is created or changed.

        An empty bucket is this store's. Raises as `ensure` and `require` do.
        """
        names = {name for name, _ in places}
        for name in sorted(names - {""}):
            self.require(name)
        found = names - {""} | ({""} if "" in names and self._exists(self._bucket()) else set())
        looked = [place for place in places if place[0] in found]
        with ThreadPoolExecutor(4, "look") as pool:
            there = dict(zip(looked, pool.map(lambda place: self._bucket(place[0]).has(place[1]), looked), strict=True))
        return dict.fromkeys(places, False) | there

    def _exists(self, bucket: Bucket) -> bool:
        """Whether the bucket exists. Raises `UsageError` for one that a deploy could not use."""
        with _usable(bucket):
            region = bucket.region()
        if region not in (None, self.aws.region):
            raise UsageError(
                f"artifact bucket {bucket.name} is in {region}; Lambda reads code only from a bucket in its own Region",
                advise(DeployAdvice.SET_BUCKET_IN_REGION, self.aws.region),
            )
        if region is None and self.configured:
            hint = advise(DeployAdvice.CREATE_BUCKET)
            raise UsageError(f"artifact bucket {bucket.name} does not exist", hint)
        return region is not None

    def ensure(self) -> bool:
        """Create the bucket where it does not exist; returns whether it did.

        Raises `UsageError` for a bucket of another account or Region, and for a configured one that does not exist.
        """
        bucket = self._bucket()
        with _usable(bucket):
            for _ in range(_ATTEMPTS):
                if self._exists(bucket):
                    # One that an interrupted deploy created may lack its protection.
                    if not self.configured and not bucket.is_protected():
                        bucket.protect()
                    return False
                if bucket.create():
                    return True
                self.sleep(1)
        raise AwsError(
            f"another deploy is still creating artifact bucket {bucket.name}", advise(UsageAdvice.RUN_AGAIN_IN_A_MOMENT)
        )

    def grant(self, accounts: Sequence[str], organization: str) -> None:
        """Let other accounts read what is in the bucket."""
        self._bucket().grant(accounts, organization)

    def require(self, name: str) -> None:
        """Raise `UsageError` for a bucket of the CDK's bootstrap that does not exist or belongs to another account."""
        hint = advise(DeployAdvice.BOOTSTRAP_CDK)
        try:
            region = Bucket(self.aws, name, self.account_id).region()
        except BucketForbidden:
            whose = "belongs to another account, or these credentials may not use it"
            raise UsageError(f"bucket {name}, which the CDK's assets name, {whose}", hint) from None
        if region is None:
            raise UsageError(f"bucket {name}, which the CDK's assets name, does not exist", hint)

    def _bucket(self, name: str = "") -> Bucket:
        return Bucket(self.aws, name or self.bucket, self.account_id)
