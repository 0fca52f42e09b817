"""`tapctl demand`: the reserved and provisioned concurrency that a template asks for."""

import typer

from tapctl.cli import options as o
from tapctl.cli.context import one_template, settings_from
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode


def demand(
    template: o.TemplateArgument = None,
    template_option: o.TemplateOption = None,
    env: o.Env = None,
    parameter: o.Parameter = None,
    parameters_file: o.ParametersFile = None,
    resolve: o.Resolve = None,
    region: o.Region = None,
    stack_name: o.StackName = None,
    allow_uncertain: o.AllowUncertain = False,
    format: o.FormatOption = o.Format.TEXT,  # noqa: A002 - the option's name
    output: o.Output = None,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Print the reserved and provisioned concurrency that the template asks for; needs no AWS.

    Exits with 0, or with 4 when a value is unknown from the template and its parameters alone.
    """
    from tapctl.concurrency.read_demand import read_demand
    from tapctl.report import demand as report
    from tapctl.template.load import load
    from tapctl.workflows.read_inputs import stack_tree_for

    terminal = Terminal(quiet, verbose)
    settings = settings_from(
        template=one_template(template, template_option),
        env=env,
        parameter=parameter,
        parameters_file=parameters_file,
        resolve=resolve,
        region=region,
        stack_name=stack_name,
        config=config,
        judges=True,
    )
    result = read_demand(stack_tree_for(load(settings.template), settings))
    terminal.result(report.RENDERERS[format.value](result, terminal.surface(output)), output)
    raise typer.Exit(ExitCode.UNCERTAIN if result.unknowns and not allow_uncertain else ExitCode.OK)
