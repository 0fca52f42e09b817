"""What an operation has done so far, resource by resource: the model behind the live display."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tapctl.aws.stacks import StackEvent
from tapctl.resource_types import CUSTOM_RESOURCE, FUNCTION, STACK, failed, in_progress, is_custom_resource

AWAITED: Mapping[str, str] = {
    "AWS::ACM::Certificate": "its validation",
    "AWS::AutoScaling::AutoScalingGroup": "its instances",
    CUSTOM_RESOURCE: "its function's answer",
    STACK: "its own resources",
    "AWS::CloudFormation::WaitCondition": "its signals",
    "AWS::CloudFront::Distribution": "its edge locations",
    "AWS::DynamoDB::Table": "the table to be active",
    "AWS::ECS::Service": "its tasks to be steady",
    FUNCTION: "the function to be active",
    "AWS::RDS::DBCluster": "the cluster to be available",
    "AWS::RDS::DBInstance": "the database to be available",
}
"""What a resource at work waits for, where its type says it."""

_INITIATED = "Resource creation Initiated"


@dataclass(slots=True)
class ProgressRow:
    """One resource; times are CloudFormation's, in seconds."""

    name: str
    type: str
    status: str = ""
    began: float = 0.0
    ended: float | None = None
    note: str = ""
    why: str = ""
    """Why it failed, which its later statuses do not say any more."""
    failed: str = ""
    """The status in which it did."""

    @property
    def depth(self) -> int:
        return self.name.count("/")

    @property
    def label(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def running(self) -> bool:
        return in_progress(self.status)

    @property
    def told(self) -> str:
        """Its status; of one that failed what becomes of it, whose statuses tell of the undoing alone."""
        if not self.failed or self.failed == "DELETE_FAILED" or failed(self.status):
            return self.status
        return "failed, undoing" if self.running else "failed, undone"


@dataclass(slots=True)
class Board:
    """Rows by name in the order in which they were first heard of, and the stack itself."""

    planned: tuple[str, ...] = ()
    """What the change set is going to touch."""
    stack: ProgressRow = field(default_factory=lambda: ProgressRow("", STACK))
    rows: dict[str, ProgressRow] = field(default_factory=dict)
    ended: bool = False
    _now: float = 0.0
    _heard: float = 0.0

    def hear(self, event: StackEvent, at: float) -> None:
        """Take an event in; `at` is when, by a clock of this machine that only moves on."""
        moment = _seconds(event.time) or self.now(at)
        if moment > self._now:
            self._now, self._heard = moment, at
        if event.own and event.within:
            return  # the row in the stack around it says the same
        if event.own:
            self.stack.name, self.ended = event.logical_id, event.ends
        row = self.stack if event.own else self.rows.setdefault(event.name, ProgressRow(event.name, event.type))
        if event.running and not (row.running and row.status == event.status):
            row.began = row.began if event.own and row.began else moment
        row.began = row.began or moment
        row.status, row.note = event.status, _note(event)
        row.ended = None if event.running or (event.own and not event.ends) else moment
        if event.failed and not event.cancelled:
            row.why, row.failed = row.why or event.reason, row.failed or event.status
        elif (row.failed, event.status) == ("DELETE_FAILED", "DELETE_COMPLETE"):
            row.why = row.failed = ""  # CloudFormation tries a deletion again

    def now(self, at: float) -> float:
        """CloudFormation's time, reckoned from the newest event that it told."""
        return self._now + at - self._heard

    def elapsed(self, row: ProgressRow, at: float) -> float:
        return max(0.0, (self.now(at) if row.ended is None else row.ended) - row.began)

    def ordered(self) -> Iterator[ProgressRow]:
        """Every row, those of a nested stack below it."""
        return self._below("")

    def _below(self, prefix: str) -> Iterator[ProgressRow]:
        for row in self.rows.values():
            if row.name.startswith(prefix) and "/" not in row.name[len(prefix) :]:
                yield row
                yield from self._below(f"{row.name}/")

    @property
    def waiting(self) -> list[str]:
        """What the change set names and nothing was heard of yet."""
        return [name for name in self.planned if name not in self.rows]

    @property
    def count(self) -> str:
        done = sum(not row.running for row in self.rows.values())
        if not self.planned:
            return f"{done} done"
        return f"{done} of {len({*self.planned, *self.rows})} done"

    @property
    def failures(self) -> Iterable[ProgressRow]:
        return [row for row in self.ordered() if row.why]


def _note(event: StackEvent) -> str:
    """What a resource at work waits for; why one that failed did."""
    if not event.running:
        return event.reason if event.failed else ""
    if event.detail == "CONFIGURATION_COMPLETE":
        return "configured, to be stable"
    if event.reason and event.reason != _INITIATED:
        return event.reason
    kind = CUSTOM_RESOURCE if is_custom_resource(event.type) else event.type
    return AWAITED.get(kind, "AWS to finish it" if event.physical_id else "AWS to begin")


def _seconds(time: str) -> float:
    """Of an event's time; 0 for an event that has none."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return 0.0
