"""`tapctl destroy`: a stack deleted, after showing what goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tapctl.cli.context import open_aws, stack_name_of
from tapctl.cli.options import OutputOptions, TimeoutOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import TapctlError, UsageError
from tapctl.settings.options import AccountOptions, option

if TYPE_CHECKING:
    from tapctl.cli.progress import Progress
    from tapctl.stacks.follow import StackEvent
    from tapctl.workflows.destroy import Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyOptions(TimeoutOptions):
    """What is deleted without a question."""

    yes: bool = option("--yes", "-y", help="Do not ask.", default=False)
    leave: tuple[str, ...] = option(
        "--leave", metavar="ID", help="Resource to retain if it cannot be deleted (repeatable).", default=()
    )


def destroy(account: AccountOptions, operation: DestroyOptions, output: OutputOptions) -> None:
    """Delete the stack, after showing which resources and which data are deleted.

    Refuses a protected environment and a stack with termination protection. Empties no bucket or table: resources that
    cannot be deleted are listed with the reason. Exits with 7 then, and with 5 if the timeout passed.
    """
    from tapctl.cli.progress import Progress
    from tapctl.report import destroy
    from tapctl.settings.settings import read
    from tapctl.stacks.operation import Operator
    from tapctl.workflows.destroy import destroy as run

    terminal = Terminal.of(output)
    settings = read(account, template_required=False)
    name = stack_name_of(settings)
    if not operation.yes and not terminal.interactive:
        raise UsageError("there is no terminal to ask on", "`--yes` destroys without asking")
    aws, settings = open_aws(replace(settings, stack_name=name), terminal)
    text = output.text
    with Progress(terminal, text) as progress:
        reporter = _Reporter(progress, operation.yes, frozenset(operation.leave))
        try:
            result = run(Operator(aws, name, reporter, operation.timeout), settings, reporter.agreed)
        except TapctlError as error:
            if not text or output.output:
                terminal.result(destroy.failure_json(name, error), output.output)
            raise
    terminal.result(destroy.as_text(name, result) if text else destroy.as_json(name, result), output.output)


@dataclass(frozen=True, slots=True)
class _Reporter:
    """Tells the terminal what goes on, and asks on it."""

    progress: Progress
    yes: bool
    leave: frozenset[str]

    def step(self, text: str) -> None:
        self.progress.step(text)

    def event(self, event: StackEvent) -> None:
        self.progress.event(event)

    def cancel(self, stack_name: str) -> bool:
        return self.progress.cancel(stack_name)

    def agreed(self, fate: Fate) -> bool:
        """Whether all of this may go."""
        from tapctl.report import destroy

        terminal = self.progress.terminal
        terminal.show(destroy.fate(fate, terminal.aside))
        self.progress.expect(each.logical_id for each in fate.resources)
        return self.yes or terminal.asks(f"Destroy stack {fate.stack_name}, and all that is deleted with it?")

    def allow(self, question: str, leaving: Sequence[str] = ()) -> bool:
        agreed = self.yes and self.leave.issuperset(leaving)
        return agreed or self.progress.allowed(question, leaving)
