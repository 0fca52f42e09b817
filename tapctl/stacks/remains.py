"""Resources that an operation leaves in the account outside of the stack.

A resource stays by its DeletionPolicy (an event DELETE_SKIPPED), or because it could not be deleted (DELETE_FAILED).
The next create of a resource with the same name fails on it, unless a change set imports it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tapctl.aws.cloudformation import get_template
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackDescription, StackEvent, StackResource
from tapctl.errors import TapctlError
from tapctl.resource_types import STACK, OperationEnd, stack_status
from tapctl.template.parse import parse

RETAINING = ("Retain", "RetainExceptOnCreate")
"""The DeletionPolicies with which a resource outlasts the deletion of its stack."""


def undeletable(events: Sequence[StackEvent]) -> list[StackEvent]:
    """The last events of resources that could not be deleted; an update succeeds all the same."""
    return _with_last_status(events, "DELETE_FAILED")


def retained(events: Sequence[StackEvent]) -> list[StackEvent]:
    """The last events of resources that a rollback took out of the stack and left in the account."""
    rolled_back = bool(events) and "ROLLBACK" in events[-1].status
    return _with_last_status(events, "DELETE_SKIPPED") if rolled_back else []


def left_in_account(events: Sequence[StackEvent]) -> list[StackEvent]:
    """Everything that a finished operation left in the account outside of the stack."""
    stuck = bool(events) and stack_status(events[-1].status).end is OperationEnd.STUCK
    return [*retained(events), *(() if stuck else undeletable(events))]


def _with_last_status(events: Sequence[StackEvent], status: str) -> list[StackEvent]:
    last = {event.name: event for event in events if event.type != STACK}
    return [event for event in last.values() if event.status == status]


def described(item: StackEvent | StackResource) -> str:
    """`T (AWS::DynamoDB::Table orders)`."""
    name = item.name if isinstance(item, StackEvent) else item.logical_id
    return f"{name} ({item.type}{f' {item.physical_id}' if item.physical_id else ''})"


def deployed_template(aws: Aws, stack: StackDescription) -> Mapping[str, Any]:
    """The stack's template; empty for a stack whose change set was not executed."""
    body = get_template(aws, stack.id)
    template = parse(body, stack.name).value if isinstance(body, str) else body
    return template if isinstance(template, Mapping) else {}


def deletion_policies(template: Mapping[str, Any]) -> dict[str, str]:
    """The DeletionPolicy of each resource that has one."""
    entries = template.get("Resources", {})
    return {name: str(entry["DeletionPolicy"]) for name, entry in entries.items() if "DeletionPolicy" in entry}


def outlasting(aws: Aws, stack: StackDescription) -> frozenset[str]:
    """The resources that a deletion of the stack leaves in the account, as far as its template can be read."""
    try:
        policies = deletion_policies(deployed_template(aws, stack))
    except TapctlError:
        return frozenset()
    return frozenset(name for name, policy in policies.items() if policy in RETAINING)
