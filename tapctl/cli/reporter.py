"""The user interface of `deploy`, `destroy` and `watch` on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Self

from tapctl.hints import Hint
from tapctl.report.deploy import Transcript
from tapctl.report.live_display import LiveDisplay

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from tapctl.aws.stacks import StackEvent
    from tapctl.cli.terminal import Terminal
    from tapctl.concurrency.result import Preflight
    from tapctl.report.finding import Report
    from tapctl.stacks.change_set import ChangeSet
    from tapctl.workflows.destroy import Deletion


@dataclass(kw_only=True, frozen=True, slots=True)
class Reporter:
    """The `DeployUI` of a terminal: prints results on stdout, progress and questions on stderr.

    As a context manager, it leaves the final state of the progress on the terminal however the block ends.
    """

    terminal: Terminal
    text: bool
    """Whether the result is text; otherwise it is one JSON document at the end, and each event is a JSON line."""
    output: Path | None = None
    """The file that gets the document."""
    _: KW_ONLY
    annotates: bool = False
    """Whether the text ends with annotations for GitHub Actions."""
    yes: bool = False
    """Whether an option confirms the changes."""
    plan: bool = False
    """Whether the changes are the result rather than progress."""
    recover: bool = False
    """Whether an option consents to repair or delete a failed stack, ..."""
    leave: frozenset[str] = frozenset()
    """... and to leave these resources behind."""
    transcript: Transcript = field(default_factory=Transcript)
    _display: LiveDisplay = field(default_factory=LiveDisplay)

    def result(self, text: str) -> None:
        """Print a part of a text result."""
        if self.text:
            self.terminal.result(text)

    def document(self, text: str) -> None:
        """Print or write the JSON document, if JSON or a file is requested."""
        if not self.text or self.output:
            self.terminal.result(text, self.output)

    def annotate(self, report: Report) -> None:
        """Print the report as annotations, if they are requested."""
        from tapctl.report.formats import FORMATS, as_data

        if self.annotates:
            self.terminal.result(FORMATS["github"](as_data(report)), annotates=True)

    def step(self, text: str, hint: Hint | None = None) -> None:
        self.terminal.message(text, hint)

    def verdict(self, result: Preflight) -> None:
        from tapctl.concurrency.verdict import Verdict
        from tapctl.report.preflight import as_text, verdict_line

        self.transcript.preflight = result
        options = self.terminal.options()
        # What does not fit is explained all the same: the error that follows refers to it.
        is_brief = self.terminal.quiet and result.verdict is Verdict.FITS
        self.result(verdict_line(result, options) if is_brief else as_text(result, options, deploying=True))
        for name, remedy in result.plan.changes.items():
            effect = "dropped" if remedy.value is None else f"lowered to {remedy.value}"
            verb = "would be" if result.needs_consent else "is"
            self.step(f"remedy: the reservation of {name}, {remedy.requested} in the template, {verb} {effect}")

    def changes(self, change_set: ChangeSet) -> None:
        from tapctl.report import plan_changes
        from tapctl.stacks.changes import walk

        self.transcript.shown = change_set
        if self.plan:
            self.result(plan_changes.text(change_set, self.terminal.options()))
        else:
            self.terminal.show(plan_changes.text(change_set, self.terminal.stderr_options))
        self._expect(name for name, _ in walk(change_set.changes))

    def event(self, event: StackEvent) -> None:
        from tapctl.report import events

        self.transcript.event(event)
        if not self.text:
            self.terminal.show(events.as_json_line(event))
        elif self.terminal.live:
            self._display.event(event)
        elif not events.repeats(event):
            self.terminal.message(events.line(event))

    def confirm(self, stack_name: str) -> bool:
        shown = self.transcript.shown
        part = f", {shown.part}" if shown and shown.part else ""
        return self.yes or self._ask(f"Deploy these changes to {stack_name}{part}?")

    def confirm_deletion(self, deletion: Deletion) -> bool:
        """Show the resources that are deleted, and ask whether to delete them."""
        from tapctl.report import destroy

        self.terminal.show(destroy.deletion(deletion, self.terminal.stderr_options))
        self._expect(resource.logical_id for resource in deletion.resources)
        return self.yes or self._ask(f"Delete stack {deletion.stack_name} and the resources above?")

    def allow_remedy(self, action: str) -> bool:
        return self._ask(f"{action[:1].upper()}{action[1:]}?")

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        consented = self.recover and self.leave.issuperset(leaving)
        return consented or self._ask(f"{question}: {', '.join(leaving)}?" if leaving else f"{question}?")

    def cancel(self, stack_name: str) -> bool:
        return self._ask(f"Cancel the update of {stack_name} and roll it back?")

    def close(self) -> None:
        """End the live display; another event starts a new one."""
        self._display.close()

    def _expect(self, names: Iterable[str]) -> None:
        self._display.planned = tuple(names)

    def _ask(self, question: str) -> bool:
        self.close()
        return self.terminal.confirm(question)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
