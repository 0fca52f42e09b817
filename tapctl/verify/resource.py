"""One resource of a live stack, and how an API is asked about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws.session import Aws, error_code, readable
from tapctl.verify.check import Check, CheckStatus

_GONE = {
    "ResourceNotFoundException",
    "NotFoundException",
    "NoSuchEntity",
    "NotFound",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
}
"""What the services call a resource that is not there."""

_ACTIONS = {"apigatewayv2": "apigateway:GET"}
"""Services whose IAM actions are not named like their operations."""


class Gone(Exception):
    """What was asked for does not exist."""

    def __init__(self, thing: str) -> None:
        super().__init__(f"there is no {thing} any more")


@dataclass(frozen=True, slots=True)
class LiveResource:
    """One resource: what the template says of it, and where to ask. `id` is the physical one."""

    aws: Aws
    logical_id: str
    id: str
    properties: Mapping[str, Any]
    hidden: frozenset[str] = frozenset()
    """Properties that this account does not keep: the sandbox drops some."""

    def ask(self, service: str, operation: str, thing: str, **arguments: Any) -> Any:
        """The answer, or Unknown with the permission that is missing. Raises `Gone` where there is no such thing."""
        from botocore import xform_name
        from botocore.exceptions import ClientError

        def attempt() -> Any:
            try:
                return getattr(self.aws.client(service), xform_name(operation))(**arguments)
            except ClientError as error:
                if error_code(error) in _GONE:
                    raise Gone(thing) from None
                raise

        return readable(_ACTIONS.get(service, f"{service}:{operation}"), attempt)

    def check(self, holds: bool, proved: str, broken: str, *, detail: bool = True) -> Check:
        """A property of the template that holds, or not."""
        status = CheckStatus.PROVED if holds else CheckStatus.FAILED
        return Check(self.logical_id, status, proved if holds else broken, detail=detail)


def unknown_value(live: LiveResource, what: str) -> Check:
    return Check(live.logical_id, CheckStatus.NOT_CHECKED, f"{what}: the template's value is known only to AWS")
