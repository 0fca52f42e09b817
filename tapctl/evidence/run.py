"""Runs experiments and takes away what they made, also what a killed run left.

The name of a stack is in the journal before the stack is made, and leaves it when AWS no longer lists the stack.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tapctl.account.floor_cache import floor_in_error
from tapctl.aws.cloudformation import stack_missing
from tapctl.aws.errors import DENIED, aws_call, is_permanent, is_throttled
from tapctl.concurrency.judge import floor
from tapctl.errors import AwsError, TapctlError
from tapctl.evidence.experiment import PREFIX, TAG, Call, Experiment, Observation, Seen, Takes, filled
from tapctl.evidence.journal import Journal
from tapctl.evidence.record import Result

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
LONGEST_WAIT = 900
"""Seconds for which one answer is waited for."""

DELETE_CALLS, DELETE_SECONDS = 100, 900
"""The bound of each deletion, beside that of the experiments."""

SETTINGS = Call("lambda", "GetAccountSettings")


class Caller(Protocol):
    """The part of `Aws` that experiments use."""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of an operation."""

    def pages(self, service: str, operation: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every page of the answer."""


class _Stopped(TapctlError):
    """The experiment cannot go on; its message is the reason."""


@dataclass(slots=True)
class Bound:
    """How many calls are made, and until when."""

    calls: int
    seconds: float
    pause: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    _end: float = 0

    def __post_init__(self) -> None:
        self._end = self.now() + self.seconds

    def take(self) -> None:
        """Count one call. Raises `_Stopped` beyond the bound."""
        if self.calls <= 0:
            raise _Stopped("the bound on calls is reached")
        if self.now() >= self._end:
            raise _Stopped(f"the bound of {self.seconds:.0f} s is reached")
        self.calls -= 1

    def another(self, calls: int, seconds: float) -> "Bound":
        """A bound of its own with the same clock."""
        return Bound(calls, seconds, self.pause, self.now)


@dataclass(slots=True)
class Runner:
    """Runs experiments one after the other, each in a stack that is gone before the next one starts."""

    aws: Caller
    run: str
    journal: Journal
    bound: Bound
    headroom: int
    """The most executions that an experiment may hold."""
    billed: bool
    """Whether what AWS bills may be made."""
    step: Callable[[str], None]
    _minimum: int | None = None
    left: list[str] = field(default_factory=list)
    """What could not be deleted, each with the reason."""

    def results(self, experiments: Sequence[Experiment]) -> Iterator[Result]:
        """Raises `AwsError` where the credentials are at fault, once what was made is deleted as far as possible."""
        for experiment in experiments:
            self.step(f"{experiment.id}: {experiment.question}")
            yield self._result(experiment)

    def _result(self, experiment: Experiment) -> Result:
        if experiment.billed and not self.billed:
            return Result(experiment, reason=f"costs {experiment.cost}; `--billed` allows it")
        try:
            start = self._start()
            if reason := self._too_much(experiment, start):
                return Result(experiment, start, reason=reason)
            seen = self._seen(experiment, start)
        except _Stopped as error:
            return Result(experiment, reason=error.message)
        reading = experiment.reads(seen)
        if experiment.id == "lambda-minimum":
            self._minimum = floor_in_error(seen.observations["above-limit"].message)
        return Result(experiment, seen, reading)

    def _start(self) -> Seen:
        """The account's numbers before an experiment."""
        answer, _ = self._ask(SETTINGS, {})
        limit, unreserved = (
            int(answer["AccountLimit"][name]) for name in ("ConcurrentExecutions", "UnreservedConcurrentExecutions")
        )
        minimum = floor(limit).safe if self._minimum is None else self._minimum
        return Seen(limit, unreserved, minimum, {})

    def _too_much(self, experiment: Experiment, start: Seen) -> str:
        """Why the account or the user does not give what the experiment takes; "" if they do."""
        if experiment.takes is Takes.NOTHING:
            return ""
        if experiment.takes is Takes.ALL and self._minimum is None and not floor(start.limit).known:
            return "needs the minimum of this account: run it with lambda-minimum"
        needed = 1 if experiment.takes is Takes.ONE else start.headroom
        if start.headroom == 0 and experiment.id != "lambda-zero":
            return f"no headroom: {start.unreserved} are unreserved, and {start.minimum} have to stay"
        if needed > self.headroom:
            return f"takes {needed} executions for a moment; `--headroom {needed}` allows it"
        return ""

    def _seen(self, experiment: Experiment, start: Seen) -> Seen:
        stack = f"{PREFIX}{self.run}-{experiment.id}"
        values: dict[str, Any] = {
            "stack": stack,
            "run": self.run,
            "limit": start.limit,
            "above": start.limit + 1,
            "unreserved": start.unreserved,
            "headroom": start.headroom,
        }
        observations: dict[str, Observation] = {}
        if not experiment.has_stack:
            self._make(experiment.calls, values, observations)
            return replace(start, observations=observations)
        self.journal.add(stack)
        try:
            self._make(experiment.calls, values, observations)
        finally:
            self._take_away(stack)
        return replace(start, observations=observations)

    def _take_away(self, stack: str) -> None:
        """Delete the stack; the first Ctrl-C ends the run once it is gone, the next one leaves it to `clean`."""
        try:
            self._delete(stack)
        except KeyboardInterrupt:
            self.step(f"deleting {stack} first; another Ctrl-C leaves it to `tapctl evidence clean`")
            self._delete(stack)
            raise

    def _delete(self, stack: str) -> None:
        try:
            delete(self.aws, stack, self.run, self.bound.another(DELETE_CALLS, DELETE_SECONDS))
        except TapctlError as error:
            self.left.append(f"{stack}: {error.message}")
        else:
            self.journal.remove(stack)

    def _make(self, calls: Sequence[Call], values: dict[str, Any], observations: dict[str, Observation]) -> None:
        import jmespath

        for call in calls:
            answer, observed = self._ask(call, values)
            if call.observe:
                observations[call.observe] = observed
            if observed.refused:
                continue
            if call.undo:
                self._ask(call.undo, values)
            if call.require and not jmespath.search(call.require, answer):
                raise _Stopped(f"{call.action}: {json.dumps(observed.answer, default=str)}")
            values |= {name: jmespath.search(path, answer) for name, path in call.save.items()}

    def _ask(self, call: Call, values: Mapping[str, Any]) -> tuple[dict[str, Any], Observation]:
        """The answer and what is kept of it, once `until` holds. Raises `_Stopped` for a refusal that is no answer."""
        import jmespath

        begin, pause = self.bound.now(), FIRST_PAUSE
        until = filled(call.until, values)
        while True:
            self.bound.take()
            try:
                answer = asked(self.aws, call, values)
            except AwsError as error:
                return {}, _refusal(call, error)
            if not until or jmespath.search(str(until), answer):
                kept = jmespath.search(call.keep, answer) if call.observe or call.require else None
                return answer, Observation(call.action, kept, seconds=round(self.bound.now() - begin, 1))
            if self.bound.now() - begin > LONGEST_WAIT:
                raise _Stopped(f"{call.action}: not over after {LONGEST_WAIT} s")
            self.bound.pause(pause)
            pause = min(LONGEST_PAUSE, pause * 1.5)


def _refusal(call: Call, error: AwsError) -> Observation:
    """The refusal as an answer. Raises what ends the run, or `_Stopped` where the experiment cannot go on."""
    if error.code in DENIED.codes:
        raise _Stopped(f"{call.action} is denied") from None
    if is_permanent(error):
        raise error
    if is_throttled(error):
        raise _Stopped(f"{call.action} is throttled") from None
    if not call.may_fail or not error.code or error.code.isdecimal():  # a number is the status of a bare answer
        raise _Stopped(error.message) from None
    return Observation(call.action, code=error.code, message=error.aws_message)


def asked(aws: Caller, call: Call, values: Mapping[str, Any]) -> dict[str, Any]:
    """Make one call, a template as JSON text."""
    parameters = filled(call.parameters, values)
    if "TemplateBody" in parameters:
        parameters["TemplateBody"] = json.dumps(parameters["TemplateBody"])
    with aws_call(call.action):
        return aws.call(call.service, call.operation, **parameters)


def delete(aws: Caller, stack: str, run: str, bound: Bound) -> None:
    """Delete a stack that this run made, and wait until AWS has none of this name. Raises `TapctlError`."""
    described = Call("cloudformation", "DescribeStacks", {"StackName": stack})
    pause, deleting = FIRST_PAUSE, False
    while True:
        bound.take()
        try:
            found = asked(aws, described, {})["Stacks"]
        except AwsError as error:
            if stack_missing(error):
                return
            raise
        if not found or found[0]["StackStatus"] == "DELETE_COMPLETE":
            return
        if run not in _runs(found[0]):
            raise TapctlError(f"stack {stack} has not the tag of run {run}, so it is left alone")
        status = found[0]["StackStatus"]
        if status == "DELETE_FAILED" and deleting:
            raise TapctlError(f"{status}: {found[0].get('StackStatusReason', '')}".rstrip(": "))
        is_busy = status.endswith("IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
        if not is_busy and not deleting:
            bound.take()
            asked(aws, Call("cloudformation", "DeleteStack", _deletion(found[0])), {})
            deleting = True
        bound.pause(pause)
        pause = min(LONGEST_PAUSE, pause * 1.5)


def _deletion(stack: Mapping[str, Any]) -> dict[str, Any]:
    """The request; what failed in EXPRESS mode takes no other."""
    is_express = stack.get("DeploymentConfig", {}).get("Mode") == "EXPRESS" and "FAILED" in stack["StackStatus"]
    return {"StackName": stack["StackId"], **({"DeploymentConfig": {"Mode": "EXPRESS"}} if is_express else {})}


def _runs(stack: Mapping[str, Any]) -> set[str]:
    return {tag["Value"] for tag in stack.get("Tags", ()) if tag["Key"] == TAG}


def run_of(stack: str) -> str:
    """The run in the name of a stack."""
    return stack.removeprefix(PREFIX).partition("-")[0]


def listed(aws: Caller) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The stacks of experiments, of any run and machine, and the functions, that the account has in the Region."""
    with aws_call("cloudformation:DescribeStacks"):
        stacks = [stack for page in aws.pages("cloudformation", "DescribeStacks") for stack in page["Stacks"]]
    with aws_call("lambda:ListFunctions"):
        functions = [
            each["FunctionName"] for page in aws.pages("lambda", "ListFunctions") for each in page["Functions"]
        ]
    ours = (stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE" and _runs(stack))
    return (
        tuple(name for name in ours if name.startswith(PREFIX)),
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


def clean(aws: Caller, journal: Journal, bound: Bound, *, others: bool, step: Callable[[str], None]) -> Cleaned:
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
