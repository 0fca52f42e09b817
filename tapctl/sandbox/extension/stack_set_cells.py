"""The work of a stack set operation in one cell: create, update or delete a real stack."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from typing import Any
from uuid import uuid4

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record
from tapctl.sandbox.stack_set_rules import StackSetRules
from tapctl.sandbox.stack_sets import (
    DELETE,
    FAILED,
    INOPERABLE,
    OUTDATED,
    SUCCEEDED,
    CellOutcome,
    Instance,
    SandboxStackSet,
)

ADMINISTRATION_ROLE = "AWSCloudFormationStackSetAdministrationRole"
EXECUTION_ROLE = "AWSCloudFormationStackSetExecutionRole"
GATE = "AWSCloudFormationStackSetAccountGate"
LONGEST_NAME = 128
LARGEST_TEMPLATE = 1_000_000
"""Bytes of a template behind a URL."""
POLL = 0.01
GONE = ("", "DELETE_COMPLETE")
"""The statuses of a stack that is not there."""
FAILED_CREATES = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
COMPLETE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@dataclass(frozen=True, slots=True)
class Job:
    """The work on one cell; `made` is called with the id of a stack that is begun."""

    of: SandboxStackSet
    instance: Instance
    action: str
    retain: bool
    made: Callable[[str], None]

    @property
    def cell(self) -> str:
        return f"{self.instance.account}/{self.instance.region}"

    @property
    def stack(self) -> str:
        """The name of the stack, empty if there has been none."""
        return self.instance.stack_id.split("/")[1] if self.instance.stack_id else ""


class CellWorker:
    """Runs jobs. `injected` counts the failures that the rules ask for, by cell and reason."""

    def __init__(self) -> None:
        self.injected: Counter[str] = Counter()

    async def work(self, job: Job, current: Callable[[], StackSetRules]) -> CellOutcome:
        """Bring the stack of a cell to what the stack set says, or delete it, by the rules as they are by then."""
        began = time.monotonic()
        while (left := began + current().cell_seconds - time.monotonic()) > 0:
            await asyncio.sleep(min(left, POLL))
        rules = current()
        if reason := self._refusal(job, rules):
            return _failed(job, reason)
        gate, reason = await _gate(job)
        if gate == FAILED:
            return replace(_failed(job, reason), gate=gate, gate_reason=reason)
        return replace(await _act(job, rules), gate=gate, gate_reason=reason)

    def _refusal(self, job: Job, rules: StackSetRules) -> str:
        """Why the cell cannot be worked on at all; empty if it can."""
        if job.action == DELETE and job.retain:
            return ""
        account, region = job.instance.account, job.instance.region
        if rules.is_disabled(account, region):
            return f"Region {region} is not enabled in account {account}"
        if account in rules.without_role and job.of.model == "SELF_MANAGED":
            role = job.of.execution_role or EXECUTION_ROLE
            administration = job.of.administration_role.partition(":role/")[2] or ADMINISTRATION_ROLE
            return f"Account {account} should have '{role}' role with trust relationship to Role '{administration}'."
        failure = rules.fail.get(job.cell)
        key = f"{job.cell} {failure.reason}" if failure else ""
        if failure is None or (failure.times is not None and self.injected[key] >= failure.times):
            return ""
        self.injected[key] += 1
        return failure.reason


def _failed(job: Job, reason: str) -> CellOutcome:
    """A failure that leaves the stack as it is; only a failed deletion makes an instance inoperable."""
    inoperable = job.action == DELETE or job.instance.status == INOPERABLE
    return CellOutcome(FAILED, reason, job.instance.stack_id, INOPERABLE if inoperable else OUTDATED)


async def _gate(job: Job) -> tuple[str, str]:
    """The answer of the cell's account gate before an operation, and why."""
    with _scope(job):
        if GATE not in patches.FUNCTIONS.get():
            function = f"arn:aws:lambda:{job.instance.region}:{job.instance.account}:function:{GATE}"
            return "SKIPPED", f"Function not found: {function}"
        _, _, body = await patches.INVOKE.get()(GATE, {}, {})
    try:
        status = json.loads(body).get("Status")
    except (ValueError, AttributeError):
        status = None
    if status == SUCCEEDED:
        return SUCCEEDED, ""
    return FAILED, f"Account gate function returned with status of {status or FAILED}"


async def _act(job: Job, rules: StackSetRules) -> CellOutcome:
    if job.action == DELETE:
        return await _delete(job)
    if await _status(job, job.stack) in GONE:
        return await _create(job, rules)
    return await _update(job)


async def _create(job: Job, rules: StackSetRules) -> CellOutcome:
    prefix = f"StackSet-{job.of.name}"[: LONGEST_NAME - 37]
    name = f"{prefix}-{uuid4()}"
    nothing = rules.failed_create_leaves == "nothing"
    refused = _call(job, "CreateStack", name, OnFailure="DELETE" if nothing else "ROLLBACK")
    if refused:
        return CellOutcome(FAILED, refused)
    stack_id = _stack(job, name)["StackId"]
    job.made(stack_id)
    status = await _status(job, name, passing=FAILED_CREATES if nothing else ())
    if status in COMPLETE:
        return CellOutcome(SUCCEEDED, stack_id=stack_id)
    reason = _reason(job, stack_id)
    if status in GONE:
        return CellOutcome(FAILED, reason)
    inoperable = nothing or rules.failed_create_leaves == INOPERABLE
    return CellOutcome(FAILED, reason, stack_id, INOPERABLE if inoperable else OUTDATED)


async def _update(job: Job) -> CellOutcome:
    since = len(_events(job, job.instance.stack_id))
    refused = _call(job, "UpdateStack", job.stack)
    if refused and not refused.startswith("No updates are to be performed"):
        return _failed(job, refused)
    status = await _status(job, job.stack)
    if refused or status in COMPLETE:
        return CellOutcome(SUCCEEDED, stack_id=job.instance.stack_id)
    return _failed(job, _reason(job, job.instance.stack_id, since))


async def _delete(job: Job) -> CellOutcome:
    if job.retain or await _status(job, job.stack) in GONE:
        return CellOutcome(SUCCEEDED)
    since = len(_events(job, job.instance.stack_id))
    refused = _call(job, "DeleteStack", job.stack)
    if refused:
        return _failed(job, refused)
    await asyncio.sleep(POLL)  # the deletion begins in the loop's next round
    if await _status(job, job.stack) in GONE:
        return CellOutcome(SUCCEEDED)
    return _failed(job, _reason(job, job.instance.stack_id, since))


def _call(job: Job, action: str, name: str, **more: str) -> str:
    """Begin a stack operation; the message of a refusal, else empty."""
    params: Record = {"StackName": [name], **{key: [value] for key, value in more.items()}}
    if action != "DeleteStack":
        params |= _desired(job.of, job.instance)
    with _scope(job), _templates_of_any_size():
        status, _, body = patches.ACTIONS.get()[action](params)
    if status == 200:
        return ""
    message = re.search(rb"<Message>(.*?)</Message>", body, re.DOTALL)
    return unescape(message[1].decode()) if message else f"HTTP status {status}"


def _desired(of: SandboxStackSet, instance: Instance) -> Record:
    overrides = {name: value for name, value in instance.overrides.items() if name in of.parameters}
    params: Record = {"TemplateBody": [of.template]}
    for number, (name, value) in enumerate({**of.parameters, **overrides}.items(), 1):
        params[f"Parameters.member.{number}.ParameterKey"] = [name]
        params[f"Parameters.member.{number}.ParameterValue"] = [value]
    for number, capability in enumerate(of.capabilities, 1):
        params[f"Capabilities.member.{number}"] = [capability]
    for number, (name, value) in enumerate(of.tags.items(), 1):
        params[f"Tags.member.{number}.Key"] = [name]
        params[f"Tags.member.{number}.Value"] = [value]
    return params


@contextmanager
def _scope(job: Job) -> Iterator[None]:
    with patches.REQUEST_SCOPE.get()(job.instance.account, job.instance.region):
        yield


@contextmanager
def _templates_of_any_size() -> Iterator[None]:
    """A stack set's template may come from a URL, which the emulator would look for in the target's account."""
    usual = patches.LARGEST_BODY.get()
    patches.LARGEST_BODY.put(LARGEST_TEMPLATE)
    try:
        yield
    finally:
        patches.LARGEST_BODY.put(usual)


def _stack(job: Job, name: str) -> Mapping[str, Any]:
    with _scope(job):
        return patches.STACKS.get().get(name) or {}


async def _status(job: Job, name: str, passing: tuple[str, ...] = ()) -> str:
    """The status of a stack once it rests; `passing` are statuses that another follows."""
    while (status := str(_stack(job, name).get("StackStatus", ""))).endswith("_IN_PROGRESS") or status in passing:
        await asyncio.sleep(POLL)
    return status


def _events(job: Job, stack_id: str) -> list[Record]:
    with _scope(job):
        events: list[Record] = patches.STACK_EVENTS.get().get(stack_id) or []
        return events


def _reason(job: Job, stack_id: str, since: int = 0) -> str:
    """The first failure among a stack's events, in the form of StackSets."""
    for event in _events(job, stack_id)[since:]:
        if event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in event["ResourceStatusReason"]:
            return (
                f"ResourceLogicalId:{event['LogicalResourceId']}, ResourceType:{event['ResourceType']},"
                f" ResourceStatusReason:{event['ResourceStatusReason']}."
            )
    return "The stack operation failed."
