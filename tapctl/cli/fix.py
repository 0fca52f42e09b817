"""`tapctl fix`: the remedy as a change of the source file."""

from typing import Annotated

import typer

from tapctl.cli import options as o
from tapctl.cli.common import one_template, open_account, settings_from, verdict_code
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode


def fix(
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
    snapshot: o.Snapshot = None,
    write: Annotated[bool, typer.Option("--write/--diff", help="Change the file, or only show the change.")] = False,
    allow_uncertain: o.AllowUncertain = False,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Show the remedy as a diff of the source file; `--write` applies it.

    Exits with 0 when nothing is left to be fixed, otherwise with the verdict's code.
    """
    from tapctl import fix as workflow
    from tapctl.preflight import judge
    from tapctl.template.load import load

    terminal = Terminal(quiet, verbose)
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
    )
    reader, settings = open_account(settings, terminal, snapshot)
    result = judge(load(settings.template), reader, settings)
    left = verdict_code(result.verdict, allow_uncertain=allow_uncertain)
    if not result.plan.changes:
        said = (
            "nothing to fix: it fits"
            if left is ExitCode.OK
            else f"{result.concurrency.reason}: no edit would mend that"
        )
        terminal.talk(said)
        raise typer.Exit(left)
    changed = workflow.edits(result)
    for edit in changed:
        if write:
            edit.write()
            terminal.talk(f"changed {edit.file}")
        terminal.result(edit.diff())
    mended = write and not workflow.others(result)
    raise typer.Exit(ExitCode.OK if mended else left)
