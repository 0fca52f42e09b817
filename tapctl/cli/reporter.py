"""What a deploy tells the terminal on its way, and asks on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tapctl.cli.terminal import Terminal
from tapctl.report.deploy import Story

if TYPE_CHECKING:
    from pathlib import Path

    from tapctl.cli.progress import Progress
    from tapctl.concurrency.result import Preflight
    from tapctl.stacks.change_set import ChangeSet
    from tapctl.aws.stacks import StackEvent


@dataclass(frozen=True, slots=True)
class Reporter:
    """Tells the terminal what goes on, and asks on it."""

    progress: Progress
    yes: bool
    plan: bool = False
    """Whether the changes are what is asked for, rather than talk on the way."""
    recover: bool = False
    leave: frozenset[str] = frozenset()
    story: Story = field(default_factory=Story)

    @property
    def terminal(self) -> Terminal:
        return self.progress.terminal

    @property
    def text(self) -> bool:
        return self.progress.text

    def result(self, text: str) -> None:
        """Part of the result, where that is text; JSON comes as one document at the end."""
        if self.text:
            self.terminal.result(text)

    def document(self, text: str, output: Path | None) -> None:
        """The one document, where JSON or a file is asked for."""
        if not self.text or output:
            self.terminal.result(text, output)

    def verdict(self, result: Preflight) -> None:
        self.story.verdicts.append(result)
        from tapctl.report.preflight import as_text

        self.result(as_text(result, self.terminal.surface(), deploying=True))
        for name, remedy in result.plan.changes.items():
            done = "dropped" if remedy.value is None else f"lowered to {remedy.value}"
            asked = f"the reservation of {name}, {remedy.requested} in the template"
            self.terminal.talk(f"remedy: {asked}, is {done} in this deploy")

    def step(self, text: str) -> None:
        self.terminal.talk(text)

    def changes(self, found: ChangeSet) -> None:
        from tapctl.report import plan_changes
        from tapctl.stacks.changes import walk

        self.story.shown = found
        show, surface = (
            (self.result, self.terminal.surface()) if self.plan else (self.terminal.show, self.terminal.aside)
        )
        show(plan_changes.text(found, surface))
        self.progress.expect(name for name, _ in walk(found.changes))

    def event(self, event: StackEvent) -> None:
        self.story.event(event)
        self.progress.event(event)

    def cancel(self, stack_name: str) -> bool:
        return self.progress.cancel(stack_name)

    def confirm(self, stack_name: str) -> bool:
        part = self.story.shown.part if self.story.shown else ""
        return self.yes or self.terminal.asks(f"Deploy these changes to {stack_name}{f', {part}' if part else ''}?")

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        agreed = self.recover and self.leave.issuperset(leaving)
        return agreed or self.progress.allowed(question, leaving)
