"""The user interface of `deploy`, `destroy` and `watch` on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tapctl.cli.terminal import Terminal
from tapctl.report.deploy import Story

if TYPE_CHECKING:
    from pathlib import Path

    from tapctl.aws.stacks import StackEvent
    from tapctl.cli.progress import Progress
    from tapctl.concurrency.result import Preflight
    from tapctl.stacks.change_set import ChangeSet


@dataclass(frozen=True, slots=True)
class Reporter:
    """The `DeployUI` of a terminal: prints results on stdout, progress and questions on stderr."""

    progress: Progress
    yes: bool = False
    """Whether the changes are confirmed by an option."""
    plan: bool = False
    """Whether the changes are the result rather than progress."""
    recover: bool = False
    """Whether an option consents to repair or delete a failed stack, ..."""
    leave: frozenset[str] = frozenset()
    """... and to leave these resources behind."""
    story: Story = field(default_factory=Story)

    @property
    def terminal(self) -> Terminal:
        return self.progress.terminal

    @property
    def text(self) -> bool:
        return self.progress.text

    def result(self, text: str) -> None:
        """Print a part of a text result; a JSON result is one document at the end."""
        if self.text:
            self.terminal.result(text)

    def document(self, text: str, output: Path | None) -> None:
        """Print or write the document, where JSON or a file is requested."""
        if not self.text or output:
            self.terminal.result(text, output)

    def step(self, text: str) -> None:
        self.terminal.talk(text)

    def verdict(self, result: Preflight) -> None:
        from tapctl.report.preflight import as_text

        self.story.verdicts.append(result)
        self.result(as_text(result, self.terminal.surface(), deploying=True))
        for name, remedy in result.plan.changes.items():
            effect = "dropped" if remedy.value is None else f"lowered to {remedy.value}"
            self.step(f"remedy: the reservation of {name}, {remedy.requested} in the template, is {effect}")

    def changes(self, change_set: ChangeSet) -> None:
        from tapctl.report import plan_changes
        from tapctl.stacks.changes import walk

        self.story.shown = change_set
        if self.plan:
            self.result(plan_changes.text(change_set, self.terminal.surface()))
        else:
            self.terminal.show(plan_changes.text(change_set, self.terminal.aside))
        self.progress.expect(name for name, _ in walk(change_set.changes))

    def event(self, event: StackEvent) -> None:
        self.story.event(event)
        self.progress.event(event)

    def confirm(self, stack_name: str) -> bool:
        part = self.story.shown.part if self.story.shown else ""
        return self.yes or self._ask(f"Deploy these changes to {stack_name}{f', {part}' if part else ''}?")

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        consented = self.recover and self.leave.issuperset(leaving)
        return consented or self._ask(f"{question}: {', '.join(leaving)}?" if leaving else f"{question}?")

    def cancel(self, stack_name: str) -> bool:
        return self._ask(f"Cancel the update of {stack_name} and roll it back?")

    def _ask(self, question: str) -> bool:
        self.progress.close()
        return self.terminal.asks(question)
