"""`tapctl fix`: the remedy as a change of the source file."""

from enum import Enum
from typing import Annotated

import typer

from tapctl.cli import options as o
from tapctl.cli.context import credentials_optional, one_template, open_account, settings_from, verdict_code
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, UsageError


class Scanner(Enum):
    """A policy scanner that demands a reservation of every function."""

    CHECKOV = "checkov"
    CFN_NAG = "cfn_nag"
    CDK_NAG = "cdk_nag"


Suppress = Annotated[
    list[Scanner] | None,
    typer.Option(
        "--suppress",
        metavar=f"<{'|'.join(each.value for each in Scanner)}>",
        help="Excuse a function that loses its setting from a scanner; may be given again.",
    ),
]


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
    suppress: Suppress = None,
    allow_uncertain: o.AllowUncertain = False,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Show the remedy as a diff of the source file; `--write` applies it.

    Exits with 0 when nothing is left to be fixed, otherwise with the verdict's code.
    """
    from tapctl.source_fix.file_edit import write as put
    from tapctl.template.load import load
    from tapctl.workflows import fix as workflow
    from tapctl.workflows.preflight import judge

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
        judges=True,
    )
    if settings.template == "-":
        raise UsageError("standard input cannot be fixed", "name the template file")
    with credentials_optional():
        reader, settings = open_account(settings, terminal, snapshot)
        result = judge(load(settings.template), reader, settings)
    left = verdict_code(result.verdict, allow_uncertain=allow_uncertain)
    if not result.plan.changes:
        terminal.talk("nothing to fix: it fits" if left is ExitCode.OK else workflow.why_none(result))
        raise typer.Exit(left)
    done = workflow.fix(result, [each.value for each in suppress or ()])
    if write:
        put(done.edits)
    section = f"env.{env}.parameters" if env and not (parameter or parameters_file) else ""
    instead = () if write else workflow.by_parameter(result, section)
    for line in (*done.said, *instead, *(f"changed {edit.file}" for edit in done.edits if write)):
        terminal.talk(line)
    terminal.result("".join(edit.diff() for edit in done.edits))
    mended = write and not workflow.others(result)
    raise typer.Exit(ExitCode.OK if mended else left)
