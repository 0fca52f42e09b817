"""`tapctl destroy`: delete a stack, after showing the resources and the data that are deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tapctl.cli.context import open_aws, require_terminal, stack_name_of
from tapctl.cli.options import OutputOptions, TimeoutOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import TapctlError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.options import AccountOptions, option


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyOptions(TimeoutOptions):
    """Consent to the deletion."""

    yes: bool = option("--yes", "-y", help="Do not ask.", default=False)
    leave: tuple[str, ...] = option(
        "--leave", metavar="ID", help="Resource to retain if it cannot be deleted (repeatable).", default=()
    )


def destroy(account: AccountOptions, operation: DestroyOptions, output: OutputOptions) -> None:
    """Delete the stack, after showing which resources and which data are deleted.

    Refuses a protected environment, a stack with termination protection, and one with an export that another stack
    imports. Empties no bucket or table: resources that cannot be deleted are listed with the reason. Exits with 7 then,
    and with 5 if the timeout passed.
    """
    from tapctl.cli.reporter import Reporter
    from tapctl.report import destroy as report
    from tapctl.settings.settings import read
    from tapctl.stacks.operation import Operator
    from tapctl.workflows.destroy import destroy as destroy_workflow

    terminal = Terminal.of(output)
    settings = read(account, template_required=False, missing_secrets_unknown=True)
    name = stack_name_of(settings)
    if not operation.yes:
        require_terminal(terminal, advise(UsageAdvice.PASS_YES))
    aws, settings = open_aws(replace(settings, stack_name=name), terminal)
    yes, leave = operation.yes, frozenset(operation.leave)
    ui = Reporter(terminal=terminal, text=output.text, output=output.output, yes=yes, recover=yes, leave=leave)
    with ui as reporter:
        operator = Operator(aws, name, reporter, operation.timeout)
        try:
            result = destroy_workflow(operator, settings, reporter.confirm_deletion)
        except TapctlError as error:
            reporter.document(report.failure_json(name, error))
            raise
    terminal.result(report.as_text(name, result) if output.text else report.as_json(name, result), output.output)
