"""Deletes what experiments created, also after a killed run: only stacks with the name and the tag of a run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.aws.cloudformation import describe_stack, describe_stacks
from tapctl.aws.errors import DENIED, aws_call, is_permanent
from tapctl.aws.session import Caller
from tapctl.aws.stacks import StackDescription
from tapctl.errors import AwsError, TapctlError
from tapctl.evidence.bound import FIRST_PAUSE, LONGEST_PAUSE, Bound, send
from tapctl.evidence.experiment import PREFIX, SETS, TAG, ApiCall
from tapctl.evidence.journal import ExperimentJournal
from tapctl.resource_types import ABSENT, failed, stack_status

NO_SET = ("StackSetNotFoundException", "InvalidAction")
"""There is no set of this name, or the engine knows no stack sets."""

RUNNING = ("RUNNING", "QUEUED", "STOPPING")
"""The statuses of an operation on a stack set that has not ended."""

DELETE_CALLS, DELETE_SECONDS = 100, 900
"""The bound of each deletion, beside that of the experiments."""


def delete(aws: Caller, stack: str, run: str, bound: Bound) -> None:
    """Delete a stack that this run made, and wait until AWS has none of this name. Raises `TapctlError`.

    A stack set of its name goes first: its operations need the roles in the stack.
    """
    if stack.removeprefix(f"{PREFIX}{run}-").startswith(SETS):
        _delete_set(aws, stack, run, bound)
    pause, deleting = FIRST_PAUSE, False
    while True:
        bound.take()
        live = describe_stack(aws, stack)
        if live.status in (ABSENT, "DELETE_COMPLETE"):
            return
        if live.tags.get(TAG) != run:
            raise TapctlError(f"stack {stack} does not have the tag of run {run}, so it is left alone")
        if live.status == "DELETE_FAILED" and deleting:
            raise TapctlError(f"{live.status}: {live.status_reason}".rstrip(": "))
        if not stack_status(live.status).running and not deleting:
            bound.take()
            send(aws, ApiCall("cloudformation", "DeleteStack", _deletion(live)), {})
            deleting = True
        bound.pause(pause)
        pause = min(LONGEST_PAUSE, pause * 1.5)


def _delete_set(aws: Caller, name: str, run: str, bound: Bound) -> None:
    """Delete the stack instances of a set, then the set; what still runs is waited for."""
    named = {"StackSetName": name}
    try:
        bound.take()
        found = send(aws, ApiCall("cloudformation", "DescribeStackSet", named), {})["StackSet"]
    except AwsError as error:
        if error.code in NO_SET:
            return
        raise
    if {"Key": TAG, "Value": run} not in found.get("Tags", ()):
        raise TapctlError(f"stack set {name} does not have the tag of run {run}, so it is left alone")
    while cells := _send(aws, "ListStackInstances", named, bound)["Summaries"]:
        places = {f"{key}s": sorted({cell[key] for cell in cells}) for key in ("Account", "Region")}
        deletion = _send_once_free(aws, "DeleteStackInstances", {**named, **places, "RetainStacks": False}, bound)
        if _final_status(aws, {**named, "OperationId": deletion["OperationId"]}, bound) != "SUCCEEDED":
            raise TapctlError(f"the deletion of the stack instances of {name} failed")
    _send_once_free(aws, "DeleteStackSet", named, bound)


def _send(aws: Caller, operation: str, parameters: Mapping[str, Any], bound: Bound) -> dict[str, Any]:
    bound.take()
    return send(aws, ApiCall("cloudformation", operation, parameters), {})


def _send_once_free(aws: Caller, operation: str, parameters: Mapping[str, Any], bound: Bound) -> dict[str, Any]:
    """The answer, once no other operation on the set is running."""
    while True:
        try:
            return _send(aws, operation, parameters, bound)
        except AwsError as error:
            if error.code != "OperationInProgressException":
                raise
        bound.pause(LONGEST_PAUSE)


def _final_status(aws: Caller, operation: Mapping[str, Any], bound: Bound) -> str:
    """The status in which an operation on a set ends."""
    while True:
        found = _send(aws, "DescribeStackSetOperation", operation, bound)["StackSetOperation"]
        if found["Status"] not in RUNNING:
            return str(found["Status"])
        bound.pause(LONGEST_PAUSE)


def _deletion(stack: StackDescription) -> dict[str, Any]:
    """The request; what failed in EXPRESS mode takes no other."""
    is_express = stack.express and failed(stack.status)
    return {"StackName": stack.id, **({"DeploymentConfig": {"Mode": "EXPRESS"}} if is_express else {})}


def run_of(stack: str) -> str:
    """The run in the name of a stack."""
    return stack.removeprefix(PREFIX).partition("-")[0]


def listed(aws: Caller) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The stacks of experiments, of any run and machine, and the functions, that the account has in the Region."""
    stacks = describe_stacks(aws)
    with aws_call("lambda:ListFunctions"):
        functions = [
            function["FunctionName"] for page in aws.pages("lambda", "ListFunctions") for function in page["Functions"]
        ]
    tagged = [stack.name for stack in stacks if stack.status != "DELETE_COMPLETE" and TAG in stack.tags]
    return (
        tuple(name for name in tagged if name.startswith(PREFIX)),
        tuple(name for name in functions if name.startswith(PREFIX)),
    )


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was deleted, what could not be, and what the account lists afterwards."""

    deleted: tuple[str, ...]
    failed: tuple[str, ...]
    stacks: tuple[str, ...]
    functions: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.failed or self.stacks or self.functions)


def clean(
    aws: Caller, journal: ExperimentJournal, bound: Bound, *, others: bool, step: Callable[[str], None]
) -> Cleaned:
    """Delete what the runs of this machine left, with `others` what every run left, and list what there is."""
    names = dict.fromkeys((*journal.stacks(), *(listed(aws)[0] if others else ())))
    deleted, failed = [], []
    for name in names:
        step(f"deleting {name}")
        try:
            delete(aws, name, run_of(name), bound.another(DELETE_CALLS, DELETE_SECONDS))
        except AwsError as error:
            if is_permanent(error) and error.code not in DENIED.codes:
                raise
            failed.append(f"{name}: {error.message}")
        except TapctlError as error:
            failed.append(f"{name}: {error.message}")
        else:
            journal.remove(name)
            deleted.append(name)
    stacks, functions = listed(aws)
    return Cleaned(tuple(deleted), tuple(failed), stacks, functions)
