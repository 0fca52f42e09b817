"""`tapctl account`: what can this account bear?"""

import typer

from tapctl.cli import options as o
from tapctl.cli.common import open_account, settings_from
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode


def account(
    template_option: o.TemplateOption = None,
    parameter: o.Parameter = None,
    parameters_file: o.ParametersFile = None,
    env: o.Env = None,
    region: o.Region = None,
    profile: o.Profile = None,
    stack_name: o.StackName = None,
    min_unreserved: o.MinUnreserved = None,
    snapshot: o.Snapshot = None,
    format: o.FormatOption = o.Format.TEXT,  # noqa: A002 - the option's name
    output: o.Output = None,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Show the account's limits and headroom; `--output` saves them for runs without credentials.

    With a template, what that refers to in the parameter store and in exports is saved with them.
    """
    from tapctl import preflight as workflow
    from tapctl.account import snapshot as saved
    from tapctl.gather import look_up
    from tapctl.report import account as report
    from tapctl.template.load import load

    terminal = Terminal(quiet, verbose)
    settings = settings_from(
        template=template_option,
        parameter=parameter,
        parameters_file=parameters_file,
        any_template=False,
        env=env,
        region=region,
        profile=profile,
        stack_name=stack_name,
        min_unreserved=min_unreserved,
        config=config,
    )
    reader, settings = open_account(settings, terminal, snapshot)
    result = workflow.survey(reader, settings)
    if settings.template:
        # What the template refers to in the parameter store and in exports belongs into its snapshot.
        _, _, result = look_up(load(settings.template), reader, settings, result)
    if output:
        terminal.result(saved.dumps(result), output)
        terminal.talk(f"saved the account to {output}; `tapctl preflight --snapshot {output}` judges by it")
    if not output or format is o.Format.TEXT:
        text = saved.dumps(result) if format is o.Format.JSON else report.text(result, settings, terminal.surface())
        terminal.result(text)
    raise typer.Exit(ExitCode.OK)
