"""A `DeployUI` in memory: answers as a test wishes, and records everything that it is shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tapctl.aws.stacks import StackEvent
from tapctl.concurrency.result import Preflight
from tapctl.hints import Hint
from tapctl.report.hints import worded
from tapctl.stacks.change_set import ChangeSet


@dataclass
class FakeUI:
    """Confirms and consents by its fields."""

    confirms: bool | type[BaseException] = True
    """The answer to `confirm`, or what it raises."""
    allows: bool = False
    allows_remedy: bool | type[BaseException] = False
    """The answer to `allow_remedy`, or what it raises."""
    leave: set[str] | None = None
    """What may be left behind; None allows everything."""
    cancels: bool = False
    before_execution: Callable[[], object] | None = None
    """Called once, before the first confirmation."""
    steps: list[str] = field(default_factory=list)
    results: list[Preflight] = field(default_factory=list)
    change_sets: list[ChangeSet] = field(default_factory=list)
    events: list[StackEvent] = field(default_factory=list)
    consents: list[tuple[str, list[str]]] = field(default_factory=list)
    """The questions of `allow`, with what would be left behind."""
    remedies: list[str] = field(default_factory=list)
    """The questions of `allow_remedy`."""
    cancellations: int = 0
    """How often `cancel` was asked."""

    @property
    def verdicts(self) -> list[str]:
        return [result.verdict.value for result in self.results]

    @property
    def text(self) -> str:
        return "\n".join(self.steps)

    def step(self, text: str, hint: Hint | None = None) -> None:
        self.steps.append(f"{text}; {worded(hint)}" if hint else text)

    def verdict(self, result: Preflight) -> None:
        self.results.append(result)

    def changes(self, change_set: ChangeSet) -> None:
        self.change_sets.append(change_set)

    def event(self, event: StackEvent) -> None:
        self.events.append(event)

    def confirm(self, stack_name: str) -> bool:
        if self.before_execution:
            action, self.before_execution = self.before_execution, None
            action()
        if isinstance(self.confirms, bool):
            return self.confirms
        raise self.confirms

    def allow_remedy(self, action: str) -> bool:
        self.remedies.append(action)
        if isinstance(self.allows_remedy, bool):
            return self.allows_remedy
        raise self.allows_remedy

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        self.consents.append((question, list(leaving)))
        return self.allows and (self.leave is None or self.leave.issuperset(leaving))

    def cancel(self, stack_name: str) -> bool:
        self.cancellations += 1
        return self.cancels
