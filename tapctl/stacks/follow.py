"""A stack operation as it happens: one read a tick and stack, nested ones too, until the stack's own last event."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tapctl.aws.session import Aws, in_our_words, lasting, throttled
from tapctl.errors import AwsError, BusyError
from tapctl.hints import with_step
from tapctl.resource_types import STACK
from tapctl.stacks.events import Feed, StackEvent
from tapctl.stacks.polling import INTERVAL, SHARED, Budget, jittered
from tapctl.stacks.status import state

__all__ = ["Follower", "StackEvent", "place", "watch_command"]

UNHEARD = 15
"""Ticks without an event of ours, before the first, after which the stack itself is asked how it is."""

SILENCE = 60
"""The same between events: resources that take minutes say nothing in between."""

CHECKS_BY_TYPE = 3
"""How often a stack must say that it has ended, while its events do not, to be believed: a status may be stale."""


def place(aws: Aws, stack_name: str) -> str:
    """The options that lead another command to the same stack, each after a blank."""
    return "".join(f" --{name} {value}" for name, value in {"stack-name": stack_name, **aws.target.settings}.items())


def watch_command(aws: Aws, stack_name: str) -> str:
    """The command that goes on following, from the same place."""
    return f"`tapctl watch{place(aws, stack_name)}`"


@dataclass(slots=True)
class Follower:
    """Follows the operation that a ClientRequestToken began, or without one the operation that is under way.

    `follow` may be called again after an interrupt, and goes on where it was. What was told is in `seen`.
    """

    aws: Aws
    stack_id: str
    token: str | None
    timeout: float
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    budget: Budget = field(default_factory=lambda: SHARED)
    conceal: Callable[[str], str] = str
    """Gives a reason without what must not be shown of it."""
    seen: list[StackEvent] = field(default_factory=list)
    _feeds: dict[str, Feed] = field(default_factory=dict)
    _untold: deque[StackEvent] = field(default_factory=deque)
    _since: dict[str, str] = field(default_factory=dict)
    """When each nested stack was first heard of."""
    _first: str | None = None
    """The newest event at the first read."""
    _silent: int = 0
    _ends: int = 0
    _missing: bool = False
    """Whether the last read of the root was answered that there is no such stack."""

    @property
    def name(self) -> str:
        return self.stack_id.split("/")[1]

    def follow(self) -> Iterator[StackEvent]:
        """New events, oldest first, until the stack's own terminal one, which comes last.

        A read that failed is read again at the next tick: it says nothing about the stack. Raises `BusyError` when
        the time is up or nothing of the operation is ever seen, `AwsError` when nothing can be read any more, or the
        stack is gone without a trace.
        """
        started, root = self.clock(), self._root()
        while True:
            ticked = self.clock()
            self._untold.extend(self._tick(root))
            while self._untold:
                event = self._untold.popleft()
                self.seen.append(event)
                yield event
                if event.ends and self._of_root(event):
                    return
            self._pause(ticked + jittered(INTERVAL * self.budget.strain), started + self.timeout)

    def _of_root(self, event: StackEvent) -> bool:
        return event.own and event.stack_id == self.stack_id

    def _root(self) -> Feed:
        return self._feeds.setdefault(self.stack_id, Feed(self.aws, self.stack_id, self.token))

    def _tick(self, root: Feed) -> list[StackEvent]:
        """The root stack's news and those of the nested stacks whose turn it is, the root's end last."""
        new = _up_to_the_end(self._read(root))
        self._silent = 0 if new else self._silent + 1
        if self._missing or (self._silent and self._silent % (SILENCE if root.begun else UNHEARD) == 0):
            new = self._look(root)
        end = new[-1:] if new and new[-1].ends else []
        told = new[: len(new) - len(end)]
        for feed in [feed for feed in self._feeds.values() if feed is not root and feed.awake]:
            # The root's end is the signal, so the root is read every tick; the others share what the budget leaves.
            if not end and not self.budget.spare(self.clock()):
                break
            self._feeds[feed.stack_id] = self._feeds.pop(feed.stack_id)  # the next turn is another's
            told += self._read(feed)
        return sorted(told, key=lambda event: event.time) + end

    def _read(self, feed: Feed) -> list[StackEvent]:
        from botocore.exceptions import BotoCoreError, ClientError

        root = feed.stack_id == self.stack_id
        self._missing = self._missing and not root
        try:
            new = [replace(event, reason=self.conceal(event.reason)) for event in feed.new()]
        except (BotoCoreError, ClientError) as error:
            self._missing = self._missing or (root and "does not exist" in str(error))
            if throttled(error):
                self.budget.throttled()
            if lasting(error):
                self._give_up(feed, error)
            return []
        for _ in range(feed.pages - 1):
            self.budget.take(self.clock())
        self.budget.throttled() if feed.retried else self.budget.answered()
        if self._first is None:
            self._first = feed.newest
        for event in new:
            self._notice(event)
        ended, untouched = bool(new) and new[-1].ends, not feed.begun and not feed.called
        if not root and (ended or untouched):
            feed.awake = False
        return new

    def _notice(self, event: StackEvent) -> None:
        """Follow a nested stack from its first event with an id on; the very first has none."""
        if event.type != STACK or event.own:
            return
        since = self._since.setdefault(event.name, event.time)
        if not event.physical_id.startswith("arn:"):
            return
        feed = self._feeds.setdefault(
            event.physical_id, Feed(self.aws, event.physical_id, since=since, within=f"{event.name}/")
        )
        feed.called = event.running
        feed.awake = feed.awake or event.running

    def _give_up(self, feed: Feed, error: Exception) -> None:
        """Leave a nested stack that may not be read to itself; without the root nothing can be told."""
        if feed.stack_id != self.stack_id:
            feed.awake = False
            return
        found = in_our_words(error, f"reading the events of stack {self.name}")
        last = next((f", last seen in {each.status}" for each in reversed(self.seen) if self._of_root(each)), "")
        raise AwsError(
            f"{found.message}; CloudFormation goes on by itself{last}",
            with_step(found.hint, f"then {watch_command(self.aws, self.name)} goes on from here"),
        )

    def _look(self, root: Feed) -> list[StackEvent]:
        """What the stack says of itself while its events say nothing.

        Where none of them has our token, the operation under way is ours: a stack has one at a time. One that ended
        is ours only if it has news since the first read. An end that only the status knows is told as an event.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            found = self.aws.client("cloudformation").describe_stacks(StackName=self.stack_id)["Stacks"][0]
        except (BotoCoreError, ClientError) as error:
            if "does not exist" not in str(error):
                return []  # the events, which are read at every tick, say whether nothing can be read any more
            found = {"StackId": self.stack_id, "StackName": self.name, "StackStatus": "DELETE_COMPLETE"}
        ended = state(found["StackStatus"]).end is not None
        if not root.begun and (not ended or root.newest != self._first):
            root.adopt()
        self._ends = self._ends + 1 if ended else 0
        if self._ends < CHECKS_BY_TYPE:
            return []
        if root.begun:
            end = _own_event(found)
            return [replace(end, reason=self.conceal(end.reason))]
        if self._missing:
            raise AwsError(f"stack {self.name} is gone", "`tapctl deploy` makes it anew")
        raise BusyError(
            f"stack {self.name} is {found['StackStatus']} and shows nothing of what it was asked to do",
            f"{watch_command(self.aws, self.name)} shows whether it begins later",
        )

    def _pause(self, until: float, deadline: float) -> None:
        """Sleep to the next tick, or to the end of the time that was given."""
        now = self.clock()
        if now >= deadline:
            raise BusyError(
                f"the operation on stack {self.name} still runs after {self.timeout:.0f} s;"
                " CloudFormation goes on by itself",
                f"{watch_command(self.aws, self.name)} follows it to its end; `--timeout` gives it longer",
            )
        self.sleep(max(0.0, min(until, deadline) - now))
        if owed := self.budget.take(self.clock()):
            self.sleep(owed)


def _up_to_the_end(events: list[StackEvent]) -> list[StackEvent]:
    end = next((number for number, event in enumerate(events, 1) if event.ends), len(events))
    return events[:end]


def _own_event(found: dict[str, Any]) -> StackEvent:
    """The end of an operation, from DescribeStacks."""
    stack_id, status = found["StackId"], found["StackStatus"]
    reason = found.get("StackStatusReason", "")
    return StackEvent(f"{stack_id}/{status}", "", found["StackName"], STACK, status, reason, stack_id, stack_id)
