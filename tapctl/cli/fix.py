"""`tapctl fix`: the remedy as an edit of the source files."""

from enum import Enum
from typing import Annotated

import typer

from tapctl.cli import options as o
from tapctl.cli.context import credentials_optional, one_template, open_account, settings_from, verdict_code
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, UsageError


class Scanner(Enum):
    """A policy scanner that requires a reservation of every function."""

    CHECKOV = "checkov"
    CFN_NAG = "cfn_nag"
    CDK_NAG = "cdk_nag"


Suppress = Annotated[
    list[Scanner] | None,
    typer.Option(
        "--suppress",
        metavar=f"<{'|'.join(scanner.value for scanner in Scanner)}>",
        help="Suppress the scanner's rule for a function that loses its reservation (repeatable).",
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
    write: Annotated[bool, typer.Option("--write/--diff", help="Edit the files, or only print the diff.")] = False,
    suppress: Suppress = None,
    allow_uncertain: o.AllowUncertain = False,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Print the remedy as a diff of the source files; `--write` applies it.

    Exits with 0 when nothing is left to fix, otherwise with the verdict's code.
    """
    from tapctl.report.hints import worded_all
    from tapctl.source_fix.file_edit import write as write_files
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
        raise UsageError("`fix` cannot edit a template read from standard input", "name the template file")
    with credentials_optional():
        reader, settings = open_account(settings, terminal, snapshot)
        result = judge(load(settings.template), reader, settings)
    left = verdict_code(result.verdict, allow_uncertain=allow_uncertain)
    if not result.plan.changes:
        message, hints = ("nothing to fix: it fits", ()) if left is ExitCode.OK else workflow.why_no_edit(result)
        terminal.talk(message)
        if hints:
            terminal.talk(f"hint: {worded_all(hints)}")
        raise typer.Exit(left)
    done = workflow.fix(result, [scanner.value for scanner in suppress or ()])
    if write:
        write_files(done.edits)
    section = f"env.{env}.parameters" if env and not (parameter or parameters_file) else ""
    instead = () if write else workflow.by_parameter(result, section)
    for line in (*done.lines, *instead, *(f"changed {edit.file}" for edit in done.edits if write)):
        terminal.talk(line)
    terminal.result("".join(edit.diff() for edit in done.edits))
    fixed = write and workflow.others_fit(result)
    raise typer.Exit(ExitCode.OK if fixed else left)
