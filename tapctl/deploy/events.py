"""A stack operation as it happens: one read a tick, until the stack's own last event."""

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tapctl.aws import Aws, error_code
from tapctl.deploy.stack_state import state
from tapctl.errors import BusyError

STACK = "AWS::CloudFormation::Stack"

_CANCELLED = re.compile(r"Resource (creation|update|deletion|import) cancell?ed", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Event:
    """One stack event."""

    id: str
    time: str
    logical_id: str
    type: str
    status: str
    reason: str
    physical_id: str

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED")

    @property
    def cancelled(self) -> bool:
        """Whether it failed only because something else did; a reason may also quote a name that has the word."""
        return _CANCELLED.match(self.reason) is not None


@dataclass(slots=True)
class Follower:
    """Follows the operation that a ClientRequestToken began.

    Sources: DescribeStackEvents answers newest first and marks every event of an operation with its token,
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
    """

    aws: Aws
    stack_id: str
    token: str
    timeout: float
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    seen: list[Event] = field(default_factory=list)

    def follow(self) -> Iterator[Event]:
        """New events, oldest first, until the stack's own terminal one.

        A read that failed is read again at the next tick: it says nothing about the stack.
        Raises `BusyError` when the time is up.
        """
        started, known = self.clock(), set[str]()
        while True:
            for event in reversed(self._new(known)):
                known.add(event.id)
                self.seen.append(event)
                yield event
                if event.physical_id == self.stack_id and event.type == STACK and state(event.status).end:
                    return
            waited = self.clock() - started
            if waited > self.timeout:
                raise BusyError(
                    f"the operation still runs after {self.timeout:.0f} s; CloudFormation goes on by itself",
                    "run the same command again when it is over, or give a longer `--timeout`",
                )
            self.sleep(_interval(waited) * random.uniform(0.9, 1.1))  # noqa: S311 - spreads readers, hides nothing

    def _new(self, known: set[str]) -> list[Event]:
        """Events of our operation that were not seen yet, newest first; later pages only while all are new."""
        from botocore.exceptions import BotoCoreError, ClientError

        client, page = self.aws.client("cloudformation"), dict[str, Any]()
        found: dict[str, Event] = {}  # by id, because a later page may repeat the end of the one before
        while True:
            try:
                again = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
                page = client.describe_stack_events(StackName=self.stack_id, **again)
            except ClientError as error:
                if error_code(error) in ("ExpiredToken", "AccessDenied", "InvalidClientTokenId"):
                    raise
                return []
            except BotoCoreError:
                return []
            for entry in page["StackEvents"]:
                event = _event(entry)
                if event.id in known or entry.get("ClientRequestToken") != self.token:
                    return list(found.values())
                found[event.id] = event
            if "NextToken" not in page:
                return list(found.values())


def _interval(waited: float) -> float:
    """Seconds to the next read: quick at first, slower for what takes long, never so slow that the end comes 2 s late.

    What comes late is one interval, a tenth of it, and the reads themselves.
    """
    return 1 if waited < 60 else 1.5


def _event(entry: dict[str, Any]) -> Event:
    return Event(
        entry["EventId"],
        str(entry.get("Timestamp", "")),
        entry["LogicalResourceId"],
        entry["ResourceType"],
        entry["ResourceStatus"],
        entry.get("ResourceStatusReason", ""),
        entry.get("PhysicalResourceId", ""),
    )
