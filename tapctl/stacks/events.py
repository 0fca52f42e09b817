"""The events of one stack, read newest first, back to where the operation that is followed began.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tapctl.aws.session import Aws
from tapctl.resource_types import STACK
from tapctl.stacks.status import state

PAGE = 100
"""Events of others that are looked through for one of ours; what is older is history, and never walked."""

_CANCELLED = re.compile(r"Resource (creation|update|deletion|import) cancell?ed", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One stack event; `within` is the way down to its nested stack, as in `Network/`."""

    id: str
    time: str
    logical_id: str
    type: str
    status: str
    reason: str
    physical_id: str
    stack_id: str = ""
    token: str = ""
    detail: str = ""
    within: str = ""
    service_token: str = ""
    """Of a custom resource: the ARN of what makes it."""

    @property
    def name(self) -> str:
        return f"{self.within}{self.logical_id}"

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED")

    @property
    def cancelled(self) -> bool:
        """Whether it failed only because something else did; a reason may also quote a name that has the word."""
        return _CANCELLED.match(self.reason) is not None

    @property
    def running(self) -> bool:
        return self.status.endswith("_IN_PROGRESS")

    @property
    def own(self) -> bool:
        """Whether it is of the stack itself, and not of a resource in it."""
        return self.type == STACK and self.physical_id == self.stack_id

    @property
    def ends(self) -> bool:
        """Whether it is the last of an operation on its stack."""
        return self.own and state(self.status).end is not None


@dataclass(slots=True)
class Feed:
    """New events of one operation on one stack.

    Its beginning is the oldest event with `token`; without one, of a nested stack what is not older than `since`,
    of any other what came after the operation before. From there on everything up to the stack's own end belongs to
    it, whatever its token: CloudFormation runs one operation at a time on a stack, and a cancellation brings a
    token of its own.
    """

    aws: Aws
    stack_id: str
    token: str | None = None
    since: str = ""
    within: str = ""
    awake: bool = True
    """Whether more is to come."""
    called: bool = True
    """Whether the stack that it is nested in says that it is at work."""
    pages: int = 0
    """How many the last read took."""
    retried: bool = False
    """Whether AWS had to be asked again for one of them."""
    begun: bool = False
    newest: str = ""
    """Id of the newest event at the last read, ours or not."""
    _known: set[str] = field(default_factory=set)

    def new(self) -> list[StackEvent]:
        """What was not read before, oldest first. Raises what botocore does; nothing is lost by that."""
        self.pages, self.retried, newer = 0, False, list[StackEvent]()
        met = set[str]()  # a later page may repeat the end of the one before
        for event in self._newest_first():
            if event.id in self._known or self._of_an_earlier_operation(event, newer):
                break
            if event.id not in met:
                met.add(event.id)
                newer.append(event)
        if not self.begun and self.token is not None and all(event.token != self.token for event in newer):
            return []
        self.begun = self.begun or bool(newer)
        self._known |= met
        return newer[::-1]

    def adopt(self) -> None:
        """Take the operation that is under way, or was the last, for the one that is meant."""
        self.token = None

    def _of_an_earlier_operation(self, event: StackEvent, newer: Sequence[StackEvent]) -> bool:
        if self.begun:
            return False
        if self.since:
            return event.time < self.since
        if self.token is None:
            after = any(each.own for each in newer)
            return after and (event.ends or (event.own and event.status == "REVIEW_IN_PROGRESS"))
        return event.token != self.token and (len(newer) >= PAGE or any(each.token == self.token for each in newer))

    def _newest_first(self) -> Iterator[StackEvent]:
        client, page = self.aws.client("cloudformation"), dict[str, Any]()
        while not self.pages or "NextToken" in page:
            again = {"NextToken": page["NextToken"]} if page else {}
            page = client.describe_stack_events(StackName=self.stack_id, **again)
            if not self.pages and page["StackEvents"]:
                self.newest = page["StackEvents"][0]["EventId"]
            self.pages += 1
            self.retried = self.retried or page.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
            for entry in page["StackEvents"]:
                yield replace(event_of(entry), within=self.within)


def event_of(entry: dict[str, Any]) -> StackEvent:
    """An event as DescribeStackEvents gives it."""
    return StackEvent(
        id=entry["EventId"],
        time=str(entry.get("Timestamp", "")),
        logical_id=entry["LogicalResourceId"],
        type=entry["ResourceType"],
        status=entry["ResourceStatus"],
        reason=entry.get("ResourceStatusReason", ""),
        physical_id=entry.get("PhysicalResourceId", ""),
        stack_id=entry["StackId"],
        token=entry.get("ClientRequestToken", ""),
        detail=entry.get("DetailedStatus", ""),
        service_token=_service_token(entry.get("ResourceProperties", "")),
    )


def _service_token(properties: str) -> str:
    """All that is kept of a resource's properties: the rest may be secret."""
    try:
        return str(json.loads(properties).get("ServiceToken", ""))
    except (ValueError, AttributeError):
        return ""
