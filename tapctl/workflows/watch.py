"""The workflow behind `tapctl watch`: the running operation of a stack, followed to its end."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackEvent
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import ABSENT, OperationEnd, stack_status
from tapctl.stacks.follow import Follower
from tapctl.stacks.operation import follow_operation, operation_error
from tapctl.stacks.stack import find_stack
from tapctl.stacks.ui import DeployUI


@dataclass(frozen=True, slots=True)
class WatchResult:
    """The stack's last status, and whether an operation was followed to it."""

    stack_name: str
    stack_id: str
    status: str
    followed: bool


def watch(
    aws: Aws, name: str, ui: DeployUI, timeout: float, sleep: Callable[[float], None] = time.sleep
) -> WatchResult:
    """Follow the running operation. Raises `UsageError` without such a stack, and the error of a failed operation."""
    stack = find_stack(aws, name)
    if stack.status == ABSENT:
        raise UsageError(f"stack {name} does not exist in {aws.region}", advise(DeployAdvice.CREATE_WITH_DEPLOY))
    status = stack_status(stack.status)
    if not status.running:
        return WatchResult(name, stack.id, stack.status, followed=False)
    ui.step(f"stack {name} is {stack.status}: {status.meaning}")
    events = follow_operation(Follower(aws, stack.id, None, timeout, sleep), ui)
    if not succeeded(events):
        raise operation_error(aws, name, events)
    return WatchResult(name, stack.id, events[-1].status, followed=True)


def succeeded(events: Sequence[StackEvent]) -> bool:
    """Whether the operation did what was requested; a requested deletion ends with the stack deleted."""
    status = events[-1].status
    requested = next(event.status for event in events if event.own)
    deleted = (requested, status) == ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")
    return deleted or stack_status(status).end is OperationEnd.SUCCESS
