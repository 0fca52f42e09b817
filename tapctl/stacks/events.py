"""The new events of one stack, read back to the beginning of the operation that is followed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tapctl.aws.cloudformation import describe_stack_events
from tapctl.aws.session import Aws
from tapctl.aws.stacks import StackEvent

PAGE = 100
"""Events of other operations among which one of ours is searched for; older ones are history and not read."""


@dataclass(slots=True)
class EventFeed:
    """New events of one operation on one stack.

    The operation begins at the oldest event with `token`; without a token, in a nested stack at the first event since
    `since`, in any other after the end of the operation before. Everything from there up to the stack's last event
    belongs to it, whatever its token: CloudFormation runs one operation at a time on a stack, and a cancellation has
    a token of its own.
    """

    aws: Aws
    stack_id: str
    token: str | None = None
    since: str = ""
    within: str = ""
    active: bool = True
    """Whether more events are to come."""
    parent_running: bool = True
    """Whether the resource of this nested stack, in the stack around it, is in progress."""
    pages: int = 0
    """How many pages the last read took."""
    retried: bool = False
    """Whether AWS had to be asked again for one of them."""
    begun: bool = False
    newest: str = ""
    """Id of the newest event at the last read, of whatever operation."""
    tokenless: bool = False
    """Whether that event has no token, as events of other emulators, which match none."""
    _known: set[str] = field(default_factory=set)

    def new(self) -> list[StackEvent]:
        """Events that were not read before, oldest first. After an `AwsError` nothing is lost."""
        self.pages, self.retried, newer = 0, False, list[StackEvent]()
        read = set[str]()  # a later page may repeat the end of the one before
        for event in self._newest_first():
            if event.id in self._known or self._of_an_earlier_operation(event, newer):
                break
            if event.id not in read:
                read.add(event.id)
                newer.append(event)
        if not self.begun and self.token is not None and all(event.token != self.token for event in newer):
            return []
        self.begun = self.begun or bool(newer)
        self._known |= read
        return newer[::-1]

    def adopt(self) -> None:
        """Follow the running or last operation, whatever its token."""
        self.token = None

    def _of_an_earlier_operation(self, event: StackEvent, newer: Sequence[StackEvent]) -> bool:
        if self.begun:
            return False
        if self.since:
            return event.time < self.since
        if self.token is None:
            after = any(later.own for later in newer)
            return after and (event.ends or (event.own and event.status == "REVIEW_IN_PROGRESS"))
        return event.token != self.token and (len(newer) >= PAGE or any(later.token == self.token for later in newer))

    def _newest_first(self) -> Iterator[StackEvent]:
        next_token = None
        while not self.pages or next_token:
            page = describe_stack_events(self.aws, self.stack_id, next_token)
            if not self.pages and page.events:
                self.newest, self.tokenless = page.events[0].id, not page.events[0].token
            self.pages += 1
            self.retried = self.retried or page.retried
            next_token = page.next_token
            for event in page.events:
                yield replace(event, within=self.within)


@dataclass(slots=True)
class EventTree:
    """The feeds of a root stack and of the nested stacks that its events name, down to the last."""

    root: EventFeed
    nested: dict[str, EventFeed] = field(default_factory=dict)
    """By stack id; the one that was read longest ago comes first."""
    _first_seen: dict[str, str] = field(default_factory=dict)
    """The time of each nested stack's first event, by its name in the tree."""

    def in_turn(self) -> Iterator[EventFeed]:
        """Each nested stack that is not finished, in turn; a yielded one goes to the end of the queue."""
        for feed in [feed for feed in self.nested.values() if feed.active]:
            yield feed
            self.nested[feed.stack_id] = self.nested.pop(feed.stack_id)

    def add(self, feed: EventFeed, events: Sequence[StackEvent]) -> None:
        """Note the nested stacks that new events name, and whether this one is over."""
        for event in events:
            self._discover(event)
        ended, unchanged = bool(events) and events[-1].ends, not feed.begun and not feed.parent_running
        if feed is not self.root and (ended or unchanged):
            feed.active = False

    def _discover(self, event: StackEvent) -> None:
        """Follow a nested stack from its first event with a physical id on; its very first event has none."""
        if not event.nested_stack:
            return
        since = self._first_seen.setdefault(event.name, event.time)
        if not event.physical_id.startswith("arn:"):
            return
        new = EventFeed(self.root.aws, event.physical_id, since=since, within=f"{event.name}/")
        feed = self.nested.setdefault(event.physical_id, new)
        feed.parent_running = event.running
        feed.active = feed.active or event.running
