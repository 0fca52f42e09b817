"""`tapctl destroy`: a stack deleted, after showing what goes with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tapctl.cli.context import open_aws, stack_name_of
from tapctl.cli.options import OutputOptions, TimeoutOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import TapctlError, UsageError
from tapctl.settings.options import AccountOptions, option

if TYPE_CHECKING:
    from tapctl.cli.reporter import Reporter
    from tapctl.workflows.destroy import Deletion


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
    from tapctl.cli.reporter import Reporter
    from tapctl.report import destroy
    from tapctl.settings.settings import read
    from tapctl.stacks.operation import Operator
    from tapctl.workflows.destroy import destroy as destroy_workflow

    terminal = Terminal.of(output)
    settings = read(account, template_required=False)
    name = stack_name_of(settings)
    if not operation.yes and not terminal.interactive:
        hint = "pass `--yes` to delete the stack without a question"
        raise UsageError("confirmation required, but stdin is not a terminal", hint)
    aws, settings = open_aws(replace(settings, stack_name=name), terminal)
    text = output.text
    with Progress(terminal, text) as progress:
        reporter = Reporter(progress, operation.yes, recover=operation.yes, leave=frozenset(operation.leave))
        try:
            operator = Operator(aws, name, reporter, operation.timeout)
            result = destroy_workflow(operator, settings, lambda deletion: _confirmed(deletion, reporter))
        except TapctlError as error:
            if not text or output.output:
                terminal.result(destroy.failure_json(name, error), output.output)
            raise
    terminal.result(destroy.as_text(name, result) if text else destroy.as_json(name, result), output.output)


def _confirmed(deletion: Deletion, reporter: Reporter) -> bool:
    """Show what is deleted, and ask."""
    from tapctl.report import destroy

    terminal = reporter.terminal
    terminal.show(destroy.deletion(deletion, terminal.aside))
    reporter.progress.expect(resource.logical_id for resource in deletion.resources)
    return reporter.yes or terminal.asks(f"Delete stack {deletion.stack_name} and the resources above?")
