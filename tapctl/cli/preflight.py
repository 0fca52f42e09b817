"""`tapctl preflight`: checks whether a template fits the account."""

from contextlib import nullcontext

import typer

from tapctl.cli import options as o
from tapctl.cli.context import credentials_optional, one_template, open_account, probed, settings_from, verdict_code
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode


def preflight(
    template: o.TemplateArgument = None,
    template_option: o.TemplateOption = None,
    env: o.Env = None,
    parameter: o.Parameter = None,
    parameters_file: o.ParametersFile = None,
    resolve: o.Resolve = None,
    region: o.Region = None,
    profile: o.Profile = None,
    stack_name: o.StackName = None,
    min_unreserved: o.MinUnreserved = None,
    remedy: o.RemedyOption = None,
    probe_floor: o.ProbeFloor = False,
    yes: o.Yes = False,
    snapshot: o.Snapshot = None,
    no_lint: o.NoLint = False,
    allow_uncertain: o.AllowUncertain = False,
    format: o.FindingsFormatOption = o.FindingsFormat.TEXT,  # noqa: A002 - the option's name
    output: o.Output = None,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Check whether the template fits the account, and what would make it fit; changes nothing.

    Exits with 0 when it fits, 3 when it exceeds a limit, 4 when that is uncertain or unknown, 2 when
    cfn-lint finds errors.
    """
    from tapctl.template import lint

    terminal = Terminal(quiet, verbose)
    with credentials_optional(), nullcontext() if no_lint else lint.boot() as linting:
        settings = settings_from(
            template=one_template(template, template_option),
            env=env,
            parameter=parameter,
            parameters_file=parameters_file,
            resolve=resolve,
            region=region,
            profile=profile,
            stack_name=stack_name,
            min_unreserved=min_unreserved,
            remedy=remedy,
            config=config,
            judges=True,
        )
        from tapctl.template.load import load

        loaded = load(settings.template)
        if linting:
            linting.begin(loaded.source, settings.region)
        from tapctl.workflows import preflight as workflow

        reader, settings = open_account(settings, terminal, snapshot)
        if probe_floor:
            settings = probed(reader, settings, terminal, yes=yes)
        result = workflow.preflight(loaded, reader, settings, linting)
    from tapctl.report import preflight as report

    terminal.result(report.RENDERERS[format.value](result, terminal.surface(output)), output)
    if output:
        terminal.talk(report.sentence(result).plain)
    code = ExitCode.USAGE if result.lint_errors else verdict_code(result.verdict, allow_uncertain=allow_uncertain)
    raise typer.Exit(code)
