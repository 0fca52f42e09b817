"""`tapctl fix`: the remedy as an edit of the source file."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, ClassVar

import typer

from tapctl.cli.command import Only
from tapctl.cli.context import credentials_optional, open_account, verdict_code
from tapctl.cli.options import OutputOptions, SnapshotOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions, option


class Scanner(Enum):
    """A policy scanner that requires a reservation for every function."""

    CHECKOV = "checkov"
    CFN_NAG = "cfn_nag"
    CDK_NAG = "cdk_nag"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixOptions:
    """How the source is edited."""

    panel: ClassVar = "Fix"

    write: bool = option("--write/--diff", help="Edit the file, or only show the diff.", default=False)
    suppress: tuple[Scanner, ...] = option(
        "--suppress",
        metavar=f"<{'|'.join(scanner.value for scanner in Scanner)}>",
        help="Suppress the scanner's finding for a function that loses its reservation (repeatable).",
        default=(),
    )


def fix(
    template: TemplateOptions,
    account: AccountOptions,
    snapshot: SnapshotOptions,
    judgement: JudgementOptions,
    edit: FixOptions,
    output: Annotated[OutputOptions, Only("quiet", "verbose")],
) -> None:
    """Print the remedy as a diff of the source files; `--write` applies it.

    Exits with 0 if nothing is left to fix, else with the exit code of the verdict.
    """
    from tapctl.report.hints import worded, worded_all
    from tapctl.settings.settings import read
    from tapctl.source_fix.file_edit import write as write_files
    from tapctl.template.load import STDIN, load
    from tapctl.workflows import fix as workflow
    from tapctl.workflows.preflight import judge

    terminal = Terminal.of(output)
    settings = read(account, template=template, judgement=judgement, missing_secrets_unknown=True)
    loaded = load(settings.template)
    if loaded.file == STDIN:
        raise UsageError("`fix` cannot edit a template read from a pipe", advise(JudgementAdvice.NAME_TEMPLATE_FILE))
    with credentials_optional():
        reader, settings = open_account(settings, terminal, snapshot.snapshot or settings.snapshot)
        result = judge(loaded, reader, settings)
    left = verdict_code(result.verdict, allow_uncertain=settings.allow_uncertain)
    if not result.plan.changes:
        message, hints = ("nothing to fix: it fits", ()) if left is ExitCode.OK else workflow.why_no_edit(result)
        terminal.message(message)
        if hints:
            terminal.message(f"hint: {worded_all(hints)}")
        raise typer.Exit(left)
    done = workflow.fix(result, [scanner.value for scanner in edit.suppress])
    if edit.write:
        write_files(done.edits)
    on_command_line = template.parameters or template.parameters_file
    section = f"env.{account.env}.parameters" if account.env and not on_command_line else ""
    first = () if edit.write else workflow.by_parameter_first(result, section)
    instead = () if edit.write else workflow.by_parameter(result, section)
    changed = [f"changed {file.file}" for file in done.edits if edit.write]
    for line in (*map(worded, first), *done.lines, *map(worded, instead), *changed):
        terminal.message(line)
    terminal.result("".join(file.diff() for file in done.edits))
    fixed = edit.write and workflow.others_fit(result)
    raise typer.Exit(ExitCode.OK if fixed else left)
