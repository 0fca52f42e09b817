"""Runs experiments and deletes what they created.

The name of a stack is in the journal before the stack is made, and leaves it when AWS no longer lists the stack.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tapctl.account.floor_cache import floor_in_error
from tapctl.aws.errors import DENIED, is_permanent, is_throttled
from tapctl.aws.session import Caller
from tapctl.concurrency.judge import floor
from tapctl.errors import AwsError, TapctlError
from tapctl.evidence.bound import FIRST_PAUSE, LONGEST_PAUSE, Bound, Stopped, send
from tapctl.evidence.deletion import DELETE_CALLS, DELETE_SECONDS, delete
from tapctl.evidence.experiment import PREFIX, ApiCall, Experiment, Observation, Seen, Takes, filled
from tapctl.evidence.journal import ExperimentJournal
from tapctl.evidence.record import ExperimentResult
from tapctl.hints import Hint, advise
from tapctl.hints.usage import UsageAdvice

LONGEST_WAIT = 900
"""Seconds for which one answer is waited for."""

SETTINGS = ApiCall("lambda", "GetAccountSettings")

_PAIRS = {
    "cn-": ("cn-north-1", "cn-northwest-1"),
    "us-gov-": ("us-gov-west-1", "us-gov-east-1"),
    "": ("us-east-1", "us-west-2"),
}
"""Two Regions that every account of a partition has, by how its Regions begin."""


def other_region(region: str) -> str:
    """Another Region of the same partition."""
    first, second = next(pair for prefix, pair in _PAIRS.items() if region.startswith(prefix))
    return second if region == first else first


@dataclass(slots=True)
class ExperimentRunner:
    """Runs experiments one after the other, each in a stack that is gone before the next one starts."""

    aws: Caller
    run: str
    journal: ExperimentJournal
    bound: Bound
    headroom: int
    """The most executions that an experiment may hold."""
    billed: bool
    """Whether what AWS bills may be made."""
    step: Callable[[str], None]
    _minimum: int | None = None
    left: list[str] = field(default_factory=list)
    """What could not be deleted, each with the reason."""

    def results(self, experiments: Sequence[Experiment]) -> Iterator[ExperimentResult]:
        """Raises `AwsError` where the credentials are at fault, once what was made is deleted as far as possible."""
        for experiment in experiments:
            self.step(f"{experiment.id}: {experiment.question}")
            yield self._result(experiment)

    def _result(self, experiment: Experiment) -> ExperimentResult:
        if experiment.billed and not self.billed:
            return ExperimentResult(experiment, reason=f"costs {experiment.cost}", hint=advise(UsageAdvice.PASS_BILLED))
        try:
            start = self._start()
            reason, hint = self._too_much(experiment, start)
            if reason:
                return ExperimentResult(experiment, start, reason=reason, hint=hint)
            seen = self._seen(experiment, start)
        except Stopped as error:
            return ExperimentResult(experiment, reason=error.message)
        reading = experiment.reads(seen)
        if experiment.id == "lambda-minimum":
            self._minimum = floor_in_error(seen.observations["above-limit"].message)
        return ExperimentResult(experiment, seen, reading)

    def _start(self) -> Seen:
        """The account's numbers before an experiment."""
        answer, _ = self._ask(SETTINGS, {})
        limit, unreserved = (
            int(answer["AccountLimit"][name]) for name in ("ConcurrentExecutions", "UnreservedConcurrentExecutions")
        )
        minimum = floor(limit).safe if self._minimum is None else self._minimum
        return Seen(limit, unreserved, minimum, {})

    def _too_much(self, experiment: Experiment, start: Seen) -> tuple[str, Hint | None]:
        """Why the experiment cannot run within the account's headroom and the user's bounds; "" if it can."""
        if experiment.takes is Takes.NOTHING:
            return "", None
        if experiment.takes is Takes.ALL and self._minimum is None and not floor(start.limit).known:
            return "needs the minimum of this account", advise(UsageAdvice.RUN_WITH_LAMBDA_MINIMUM)
        needed = 1 if experiment.takes is Takes.ONE else start.headroom
        if start.headroom == 0 and experiment.id != "lambda-zero":
            return f"no headroom: {start.unreserved} are unreserved, and {start.minimum} have to stay", None
        if needed > self.headroom:
            return f"takes {needed} executions for a moment", advise(UsageAdvice.PASS_HEADROOM, needed)
        return "", None

    def _seen(self, experiment: Experiment, start: Seen) -> Seen:
        stack = f"{PREFIX}{self.run}-{experiment.id}"
        values: dict[str, Any] = {
            "stack": stack,
            "run": self.run,
            "limit": start.limit,
            "above": start.limit + 1,
            "unreserved": start.unreserved,
            "headroom": start.headroom,
            "account": self.journal.account_id,
            "region": self.journal.region,
            "other_region": other_region(self.journal.region),
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
            self.step(f"deleting {stack} first; another Ctrl-C leaves it in the account")
            self._delete(stack)
            raise

    def _delete(self, stack: str) -> None:
        try:
            delete(self.aws, stack, self.run, self.bound.another(DELETE_CALLS, DELETE_SECONDS))
        except TapctlError as error:
            self.left.append(f"{stack}: {error.message}")
        else:
            self.journal.remove(stack)

    def _make(self, calls: Sequence[ApiCall], values: dict[str, Any], observations: dict[str, Observation]) -> None:
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
                raise Stopped(f"{call.action}: {json.dumps(observed.answer, default=str)}")
            values |= {name: jmespath.search(path, answer) for name, path in call.save.items()}

    def _ask(self, call: ApiCall, values: Mapping[str, Any]) -> tuple[dict[str, Any], Observation]:
        """The answer and what is kept of it, once `until` holds. Raises `Stopped` for a refusal that is no answer."""
        import jmespath

        begin, pause = self.bound.now(), FIRST_PAUSE
        until = filled(call.until, values)
        while True:
            self.bound.take()
            try:
                answer = send(self.aws, call, values)
            except AwsError as error:
                return {}, _refusal(call, error)
            if not until or jmespath.search(str(until), answer):
                kept = jmespath.search(call.keep, answer) if call.observe or call.require else None
                return answer, Observation(call.action, kept, seconds=round(self.bound.now() - begin, 1))
            if self.bound.now() - begin > LONGEST_WAIT:
                raise Stopped(f"{call.action}: not over after {LONGEST_WAIT} s")
            self.bound.pause(pause)
            pause = min(LONGEST_PAUSE, pause * 1.5)


def _refusal(call: ApiCall, error: AwsError) -> Observation:
    """The refusal as an answer. Raises what ends the run, or `Stopped` where the experiment cannot continue."""
    if error.code in DENIED.codes:
        raise Stopped(f"{call.action} is denied") from None
    if is_permanent(error):
        raise error
    if is_throttled(error):
        raise Stopped(f"{call.action} is throttled") from None
    if not call.may_fail or not error.code or error.code.isdecimal():  # a number is the status of a bare answer
        raise Stopped(error.message) from None
    return Observation(call.action, code=error.code, message=error.aws_message)
