"""A stack operation as it happens: the events of a stack and its nested ones, until the stack's own last event."""

import shlex
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from tapctl.aws.cloudformation import describe_change_set, describe_stack, stack_missing
from tapctl.aws.errors import is_permanent, is_throttled
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackEvent, end_of_operation, stack_name
from tapctl.errors import AwsError, BusyError
from tapctl.hints import advise, with_step
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import ABSENT, stack_status
from tapctl.stacks.events import EventFeed, EventTree
from tapctl.stacks.polling import INTERVAL, SHARED, Budget, jittered

READS_BEFORE_FIRST = 15
"""Reads without an event of the operation, before its first, after which the stack's status is read."""

READS_WITHOUT_NEWS = 60
"""The same between events: resources that take minutes have none in between."""

STATUS_READS = 3
"""How often the status must show an end that the events do not: one answer may be stale."""


def stack_flags(aws: Aws, name: str) -> str:
    """The options with which another command works on the same stack, with a blank before each."""
    options = {"stack-name": name, **aws.target.settings}
    return "".join(f" --{option} {shlex.quote(value)}" for option, value in options.items())


@dataclass(slots=True)
class _Silence:
    """The state of a root stack whose events show nothing new."""

    reads: int = 0
    """Reads since the last new event."""
    ends: int = 0
    """How often in a row the status showed an end that the events do not."""
    missing: bool = False
    """Whether the last read of the events was refused because there is no such stack."""
    first: str | None = None
    """The newest event at the first read."""

    def is_suspicious(self, root: EventFeed) -> bool:
        """Whether it is time to read the stack's status; at once where events are not recognised, or have expired."""
        unrecognised = not root.begun and (root.tokenless or root.token is None) and self.reads <= STATUS_READS
        interval = READS_WITHOUT_NEWS if root.begun else READS_BEFORE_FIRST
        return self.missing or (self.reads > 0 and (unrecognised or self.reads % interval == 0))

    @property
    def is_long(self) -> bool:
        """Whether an operation that has begun would have had its first event by now."""
        return self.reads >= STATUS_READS * READS_BEFORE_FIRST


@dataclass(slots=True)
class Follower:
    """Follows the operation that was begun with a ClientRequestToken, or without a token the running one.

    After an interrupt, `follow` may be called again and continues. What it yielded is in `seen`.
    """

    aws: Aws
    stack_id: str
    token: str | None
    timeout: float
    """In seconds."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    budget: Budget = field(default_factory=lambda: SHARED)
    redact: Callable[[str], str] = str
    """Removes secrets from a reason."""
    change_set: str = ""
    """The id of the change set that is executed; its ExecutionStatus shows an end that no event shows."""
    deletes: bool = False
    """Whether the operation deletes the stack, so that a stack that is gone is its end."""
    seen: list[StackEvent] = field(default_factory=list)
    _tree: EventTree = field(init=False)
    _pending: deque[StackEvent] = field(default_factory=deque)
    _silence: _Silence = field(default_factory=_Silence)

    def __post_init__(self) -> None:
        self._tree = EventTree(EventFeed(self.aws, self.stack_id, self.token))

    @property
    def name(self) -> str:
        return stack_name(self.stack_id)

    def follow(self) -> Iterator[StackEvent]:
        """New events, oldest first, until the stack's own last one.

        A read that fails is repeated at the next tick. Raises `BusyError` when the timeout is over or no event of the
        operation ever appears, `AwsError` when reads keep failing for good, or the stack is gone without a trace.
        """
        started = self.clock()
        while True:
            ticked = self.clock()
            self._pending.extend(self._tick())
            while self._pending:
                event = self._pending.popleft()
                self.seen.append(event)
                yield event
                if event.ends and event.stack_id == self.stack_id:
                    return
            self._pause(ticked + jittered(INTERVAL * self.budget.backoff), started + self.timeout)

    def _tick(self) -> list[StackEvent]:
        """The new events of the root stack and of the nested stacks whose turn it is, the root's end last."""
        root = self._tree.root
        new = _up_to_the_end(self._read(root))
        self._silence.reads = 0 if new else self._silence.reads + 1
        if self._silence.is_suspicious(root):
            new = self._read_status()
        end = new[-1:] if new and new[-1].ends else []
        events = new[: len(new) - len(end)]
        for feed in self._tree.in_turn():
            # The root's end is the signal, so the root is read every tick; the others share what the budget leaves.
            if not end and not self.budget.take_if_free(self.clock()):
                break
            events += self._read(feed)
        return sorted(events, key=lambda event: event.time) + end

    def _read(self, feed: EventFeed) -> list[StackEvent]:
        is_root = feed is self._tree.root
        self._silence.missing = self._silence.missing and not is_root
        try:
            new = [replace(event, reason=self.redact(event.reason)) for event in feed.new()]
        except AwsError as error:
            self._silence.missing = self._silence.missing or (is_root and stack_missing(error))
            if is_throttled(error):
                self.budget.throttled()
            if is_permanent(error):
                self._give_up(feed, error)
            return []
        for _ in range(feed.pages - 1):
            self.budget.take(self.clock())
        self.budget.throttled() if feed.retried else self.budget.succeeded()
        if self._silence.first is None:
            self._silence.first = feed.newest
        self._tree.add(feed, new)
        return new

    def _give_up(self, feed: EventFeed, error: AwsError) -> None:
        """Stop reading a nested stack that may not be read. Raises `AwsError` for the root, which must be read."""
        if feed is not self._tree.root:
            feed.active = False
            return
        own = (event.status for event in reversed(self.seen) if event.own and event.stack_id == self.stack_id)
        last = next((f" (last status: {status})" for status in own), "")
        raise AwsError(
            f"{error.message}; CloudFormation continues with stack {self.name}{last}",
            with_step(error.hint, advise(DeployAdvice.THEN_FOLLOW, stack_flags(self.aws, self.name))),
            code=error.code,
            aws_message=error.aws_message,
        )

    def _read_status(self) -> list[StackEvent]:
        """Read the stack's status while no event appears.

        Where no event has our token, the running operation is ours: a stack has one at a time. One that ended is ours
        if there are events since the first read, or if it is known to be over. An end that only the status shows is
        returned as an event.
        """
        root, silence = self._tree.root, self._silence
        try:
            stack = describe_stack(self.aws, self.stack_id)
        except AwsError:
            return []  # the events, which are read at every tick, show whether reads fail for good
        if stack.status == ABSENT:
            stack = replace(stack, name=self.name, id=self.stack_id, status="DELETE_COMPLETE")
        ended = stack_status(stack.status).end is not None
        over = ended and not root.begun and self._is_over(stack.status)
        adopted = root.token is None
        if not root.begun and (not ended or over or root.newest != silence.first):
            root.adopt()
        silence.ends = silence.ends + 1 if ended else 0
        if silence.ends >= STATUS_READS and (root.begun or (over and adopted)):
            end = end_of_operation(stack)
            return [replace(end, reason=self.redact(end.reason))]
        if silence.ends >= STATUS_READS and (silence.missing or silence.is_long):
            raise self._without_a_trace(stack.status)
        return []

    def _is_over(self, status: str) -> bool:
        """Whether an operation without any event of ours is known to have ended with this status of the stack.

        Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html
        """
        if self.token is None:
            return not self._silence.missing  # whatever operation was the last one, it has ended
        if self.deletes or not self.change_set:
            return self.deletes and status == "DELETE_COMPLETE"
        try:
            page = describe_change_set(self.aws, self.change_set, self.stack_id, values=False)
        except AwsError as error:
            # It may be deleted with its execution, but not before that, as the status may be a stale answer.
            return error.code.startswith("ChangeSetNotFound") and self._silence.reads >= READS_BEFORE_FIRST
        return page.execution_status in ("EXECUTE_COMPLETE", "EXECUTE_FAILED")

    def _without_a_trace(self, status: str) -> AwsError | BusyError:
        if self._silence.missing:
            return AwsError(f"stack {self.name} does not exist any more", advise(DeployAdvice.CREATE_AGAIN))
        return BusyError(
            f"stack {self.name} is {status}, and no event of the operation has appeared",
            advise(DeployAdvice.FOLLOW_LATER, stack_flags(self.aws, self.name)),
        )

    def _pause(self, until: float, deadline: float) -> None:
        """Sleep to the next tick, or to the deadline."""
        now = self.clock()
        if now >= deadline:
            raise BusyError(
                f"the operation on stack {self.name} is still running after {self.timeout:.0f} s;"
                " CloudFormation continues it",
                advise(DeployAdvice.FOLLOW_OR_WAIT, stack_flags(self.aws, self.name)),
            )
        self.sleep(max(0.0, min(until, deadline) - now))
        if owed := self.budget.take(self.clock()):
            self.sleep(owed)


def _up_to_the_end(events: list[StackEvent]) -> list[StackEvent]:
    end = next((number for number, event in enumerate(events, 1) if event.ends), len(events))
    return events[:end]
