"""Buckets as on AWS: one that holds something is not deleted, one that a change set imports is no conflict.

The CDK's bootstrap bucket and version exist.
"""

from collections.abc import Awaitable, Mapping
from contextvars import ContextVar
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.failure import refused_by

BUCKET = "AWS::S3::Bucket"
QUALIFIER = "hnb659fds"
"""The CDK's default. Source: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html"""
VERSION = "21"
"""Of the bootstrap template; the CDK asks for at least 6."""
BOOTSTRAPPED_SERVICES = frozenset({"cloudformation", "s3", "ssm"})

_IMPORTED: ContextVar[frozenset[str]] = ContextVar("imported", default=frozenset())
"""The names of what the change set imports that this task executes."""


def install() -> None:
    """Wrap the deletion of buckets, and the check whether the name of a new one is in use."""
    original = patches.handler(BUCKET, "delete")

    def delete(physical_id: str, props: Mapping[str, Any]) -> None:
        bucket = patches.BUCKETS.get().get(physical_id) or {}
        versions = any(name == physical_id for name, _ in patches.OBJECT_VERSIONS.get())
        if bucket.get("objects") or versions:
            raise refused_by("S3", "The bucket you tried to delete is not empty", 409, "GeneralServiceException")
        original(physical_id, props)

    patches.replace_handlers(BUCKET, delete=delete)
    _import_buckets()


def _import_buckets() -> None:
    """Let a change set import a bucket, whose name the emulator finds in use."""
    deploy, conflict_of = patches.DEPLOY_CHANGE_SET.get(), patches.BUCKET_CONFLICT.get()

    async def deployed(*arguments: Any, imports: Mapping[str, Any] | None = None, **more: Any) -> None:
        _IMPORTED.set(frozenset(name for names in (imports or {}).values() for name in names.values()))
        done: Awaitable[None] = deploy(*arguments, imports=imports, **more)
        await done

    def conflict(name: str) -> str | None:
        message: str | None = None if name in _IMPORTED.get() else conflict_of(name)
        return message

    patches.DEPLOY_CHANGE_SET.put(deployed)
    patches.BUCKET_CONFLICT.put(conflict)


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
