"""Resource types, property names and stack statuses of CloudFormation that more than one module uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

CUSTOM_RESOURCE = "AWS::CloudFormation::CustomResource"
CUSTOM_RESOURCES = ("Custom::", CUSTOM_RESOURCE)
"""How the types of custom resources begin."""

STACK = "AWS::CloudFormation::Stack"
"""A nested stack, and any stack in its own events."""

STACK_SET = "AWS::CloudFormation::StackSet"
PROVISIONED_PRODUCT = "AWS::ServiceCatalog::CloudFormationProvisionedProduct"
"""A stack of a template that Service Catalog has, made while the resource is created."""

FUNCTION = "AWS::Lambda::Function"
ALIAS = "AWS::Lambda::Alias"
VERSION = "AWS::Lambda::Version"
PUBLISHED = (ALIAS, VERSION)
"""The types that take provisioned concurrency."""

EVENT_SOURCE_MAPPING = "AWS::Lambda::EventSourceMapping"
SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"

SERVERLESS_PREFIX = "AWS::Serverless::"
SERVERLESS_FUNCTION = "AWS::Serverless::Function"
SERVERLESS_APPLICATION = "AWS::Serverless::Application"

RESERVED_CONCURRENCY = "ReservedConcurrentExecutions"
PROVISIONED_CONCURRENCY = "ProvisionedConcurrencyConfig"
CAPACITY_PROVIDER = "CapacityProviderConfig"
"""The property that moves a function to managed instances, off the account's concurrency."""


# ---------------------------------------------------------------------------------------------------------------------
# Statuses of stacks and resources
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
# ---------------------------------------------------------------------------------------------------------------------

ABSENT = "(absent)"
"""The status of a stack that does not exist."""


class OperationEnd(Enum):
    """How an operation on a stack ended."""

    SUCCESS = "success"
    ROLLED_BACK = "rolled back"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class StackStatus:
    """One status of a stack; `end` is how the operation ended that left it, None while one runs or before the first."""

    name: str
    meaning: str
    end: OperationEnd | None = None

    @property
    def exists(self) -> bool:
        """Whether the stack has, or may have, resources."""
        return self.name not in (ABSENT, "DELETE_COMPLETE", "REVIEW_IN_PROGRESS")

    @property
    def running(self) -> bool:
        """Whether CloudFormation is working on the stack; while a change set is reviewed, it is not."""
        return in_progress(self.name) and self.name != "REVIEW_IN_PROGRESS"

    @property
    def failed(self) -> bool:
        """Whether the last operation failed, or is being rolled back."""
        return "ROLLBACK" in self.name or failed(self.name)


_OK, _BACK, _STUCK = OperationEnd.SUCCESS, OperationEnd.ROLLED_BACK, OperationEnd.STUCK

STACK_STATUSES: Mapping[str, StackStatus] = {
    status.name: status
    for status in (
        StackStatus(ABSENT, "the stack does not exist"),
        StackStatus("CREATE_IN_PROGRESS", "it is being created"),
        StackStatus("CREATE_COMPLETE", "it was created", _OK),
        StackStatus("CREATE_FAILED", "its creation failed and was not rolled back", _STUCK),
        StackStatus("REVIEW_IN_PROGRESS", "its change set was not executed"),
        StackStatus("ROLLBACK_IN_PROGRESS", "its creation is being rolled back"),
        StackStatus("ROLLBACK_COMPLETE", "its creation failed and was rolled back", _BACK),
        StackStatus("ROLLBACK_FAILED", "its creation failed and could not be rolled back", _STUCK),
        StackStatus("UPDATE_IN_PROGRESS", "it is being updated"),
        StackStatus("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "old resources are being deleted"),
        StackStatus("UPDATE_COMPLETE", "it was updated", _OK),
        StackStatus("UPDATE_FAILED", "its update failed and was not rolled back", _STUCK),
        StackStatus("UPDATE_ROLLBACK_IN_PROGRESS", "its update is being rolled back"),
        StackStatus("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "new resources are being deleted"),
        StackStatus("UPDATE_ROLLBACK_COMPLETE", "its last update failed and was rolled back", _BACK),
        StackStatus("UPDATE_ROLLBACK_FAILED", "its update failed and could not be rolled back", _STUCK),
        StackStatus("DELETE_IN_PROGRESS", "it is being deleted"),
        StackStatus("DELETE_COMPLETE", "it was deleted", _BACK),
        StackStatus("DELETE_FAILED", "its deletion failed", _STUCK),
        StackStatus("IMPORT_IN_PROGRESS", "resources are being imported"),
        StackStatus("IMPORT_COMPLETE", "resources were imported", _OK),
        StackStatus("IMPORT_ROLLBACK_IN_PROGRESS", "its import is being rolled back"),
        StackStatus("IMPORT_ROLLBACK_COMPLETE", "its last import failed and was rolled back", _BACK),
        StackStatus("IMPORT_ROLLBACK_FAILED", "its import failed and could not be rolled back", _STUCK),
    )
}


def stack_status(name: str) -> StackStatus:
    """The facts of a status; of one that AWS adds later, what its name says."""
    return STACK_STATUSES.get(name) or StackStatus(name, f"tapctl does not know the status {name}")


def in_progress(status: str) -> bool:
    """Whether a stack or resource is in a status such as CREATE_IN_PROGRESS."""
    return status.endswith("_IN_PROGRESS")


def failed(status: str) -> bool:
    """Whether a stack or resource is in a status such as CREATE_FAILED."""
    return status.endswith("_FAILED")
