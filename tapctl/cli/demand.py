"""`tapctl demand`: which concurrency does this template ask for?"""

from typing import Annotated

import typer

from tapctl.cli.command import Only
from tapctl.cli.options import OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions


def demand(
    template: TemplateOptions,
    account: Annotated[AccountOptions, Only("env", "region", "stack_name", "config")],
    judgement: Annotated[JudgementOptions, Only("allow_uncertain")],
    output: OutputOptions,
) -> None:
    """Show the reserved and provisioned concurrency that the template demands; needs no AWS.

    Exits with 0, or with 4 if the template and the parameters leave a value open.
    """
    from tapctl.concurrency.read_demand import read_demand
    from tapctl.report import demand as report
    from tapctl.settings.settings import read
    from tapctl.template.load import load
    from tapctl.workflows.read_inputs import stack_tree_for

    terminal = Terminal.of(output)
    settings = read(account, template=template, missing_secrets_unknown=True)
    result = read_demand(stack_tree_for(load(settings.template), settings))
    terminal.result(report.RENDERERS[output.format.value](result, terminal.surface(output.output)), output.output)
    raise typer.Exit(ExitCode.UNCERTAIN if result.unknowns and not judgement.allow_uncertain else ExitCode.OK)
