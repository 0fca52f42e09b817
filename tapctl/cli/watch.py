"""`tapctl watch`: follow the running operation of a stack to its end."""

from __future__ import annotations

from dataclasses import replace

from tapctl.cli.context import open_aws, stack_name_of
from tapctl.cli.options import OutputOptions, TimeoutOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import TapctlError
from tapctl.settings.options import AccountOptions


def watch(account: AccountOptions, operation: TimeoutOptions, output: OutputOptions) -> None:
    """Follow the running operation of a stack to its end; another client may have started it.

    Exits with 0 if it succeeded or nothing is running, 6 if CloudFormation rolled back, 7 if the stack is stuck, 5 if
    the timeout passed.
    """
    from tapctl.cli.reporter import Reporter
    from tapctl.report import events
    from tapctl.settings.settings import read
    from tapctl.workflows.watch import watch as watch_workflow

    terminal = Terminal.of(output)
    settings = read(account, template_required=False, missing_secrets_unknown=True)
    name = stack_name_of(settings)
    aws, settings = open_aws(replace(settings, stack_name=name), terminal)
    with Reporter(terminal=terminal, text=output.text, output=output.output) as reporter:
        try:
            result = watch_workflow(aws, name, reporter, operation.timeout)
        except TapctlError as error:
            reporter.document(events.failure_json(name, error))
            raise
    terminal.result(events.RENDERERS[output.format.value](result), output.output)
