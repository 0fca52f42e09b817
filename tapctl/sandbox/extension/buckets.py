"""Buckets as on AWS: one that holds something is not deleted, and the CDK's bootstrap bucket and version exist."""

from collections.abc import Mapping
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.failure import refused_by

BUCKET = "AWS::S3::Bucket"
QUALIFIER = "hnb659fds"
"""The CDK's default. Source: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html"""
VERSION = "21"
"""Of the bootstrap template; the CDK asks for at least 6."""
BOOTSTRAPPED_SERVICES = frozenset({"cloudformation", "s3", "ssm"})


def install() -> None:
    """Wrap the deletion of buckets."""
    original = patches.handler(BUCKET, "delete")

    def delete(physical_id: str, props: Mapping[str, Any]) -> None:
        bucket = patches.BUCKETS.get().get(physical_id) or {}
        versions = any(name == physical_id for name, _ in patches.OBJECT_VERSIONS.get())
        if bucket.get("objects") or versions:
            raise refused_by("S3", "The bucket you tried to delete is not empty", 409, "GeneralServiceException")
        original(physical_id, props)

    patches.replace_handlers(BUCKET, delete=delete)


def bootstrap(access_key: str, region: str, service: str) -> None:
    """Make what `cdk bootstrap` leaves in the account and Region of a request, if it is not there."""
    if service not in BOOTSTRAPPED_SERVICES or not region:
        return
    patches.SET_ACCOUNT.get()(access_key)
    patches.SET_REGION.get()(region)
    name = f"/cdk-bootstrap/{QUALIFIER}/version"
    if name in patches.PARAMETERS.get():
        return
    patches.PUT_PARAMETER.get()({"Name": name, "Type": "String", "Value": VERSION})
    account = patches.REQUEST_ACCOUNT.get()()
    patches.CREATE_BUCKET.get()(f"cdk-{QUALIFIER}-assets-{account}-{region}", b"")
