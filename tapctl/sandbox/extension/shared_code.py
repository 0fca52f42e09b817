"""Function code in a bucket of another account: read from there where the bucket's policy allows it.

The emulator looks for code in the buckets of the function's account alone, and knows an organization's management
account alone as its member.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.failure import refused_by_lambda
from tapctl.sandbox.rules import LambdaRefusal


def install() -> None:
    """Wrap the reads of code, and what the emulator knows of organizations in a policy's conditions."""
    fetch, region_of = patches.FETCH_CODE.get(), patches.CODE_REGION.get()

    def fetched(bucket: str, key: str, version_id: str | None = None) -> bytes | None:
        if not _may_read(bucket, key):
            return None
        with patches.REQUEST_SCOPE.get()(_owner(bucket), patches.REQUEST_REGION.get()()):
            code: bytes | None = fetch(bucket, key, version_id)
            return code

    def other_region(bucket: str, layer: bool = False) -> str | None:
        with patches.REQUEST_SCOPE.get()(_owner(bucket), patches.REQUEST_REGION.get()()):
            message: str | None = region_of(bucket, layer)
            return message

    patches.FETCH_CODE.put(fetched)
    patches.CODE_REGION.put(other_region)
    patches.PRINCIPAL_ORGANIZATION.put(_organization)


def refuse_unreadable(code: Mapping[str, Any]) -> None:
    """Refuse code in a bucket of another account that this account may not read."""
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if bucket and key and not _may_read(bucket, key):
        text = (
            "Your access has been denied by S3, please make sure your request credentials have permission to"
            f" GetObject for {bucket}/{key}. S3 Error Code: AccessDenied. S3 Error Message: Access Denied"
        )
        raise refused_by_lambda(LambdaRefusal(text, "AccessDeniedException", 403), "AccessDenied")


def _owner(bucket: str) -> str:
    account: str = patches.REQUEST_ACCOUNT.get()()
    if bucket in patches.BUCKETS.get():
        return account
    return patches.BUCKET_OWNER.get()(bucket) or account


def _may_read(bucket: str, key: str) -> bool:
    account, owner = patches.REQUEST_ACCOUNT.get()(), _owner(bucket)
    if owner == account:
        return True
    with _over_tls():
        return bool(patches.FOREIGN_READ.get()(owner, bucket, key, "GET", {}, account))


@contextmanager
def _over_tls() -> Iterator[None]:
    """Lambda reads code over TLS, which the emulator's own requests do not use."""
    usual = patches.POLICY_CONTEXT.get()
    patches.POLICY_CONTEXT.put(partial(usual, secure_transport=True))
    try:
        yield
    finally:
        patches.POLICY_CONTEXT.put(usual)


def _organization(account: str) -> str | None:
    """The id of the organization that an account is a member of."""
    owners = (owner for owner, member in patches.ORGANIZATION_ACCOUNTS.get().to_dict() if member == account)
    found = [patches.ORGANIZATIONS.get().to_dict().get((owner, "self")) for owner in owners]
    # An account that called Organizations itself has one of its own in the emulator: the other's membership counts.
    found.sort(key=lambda organization: organization is not None and organization["MasterAccountId"] == account)
    return str(found[0]["Id"]) if found and found[0] else None
