"""`tapctl account`: what can this account bear?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from tapctl.cli import options as o
from tapctl.cli.context import agreed, open_account, probed, settings_from
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader


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
    probe_floor: o.ProbeFloor = False,
    request_increase: Annotated[
        int | None,
        typer.Option("--request-increase", metavar="N", min=1, help="Ask AWS for N concurrent executions."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before `--probe-floor` or `--request-increase`.")
    ] = False,
    format: o.FormatOption = o.Format.TEXT,  # noqa: A002 - the option's name
    output: o.Output = None,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Show the account's limits and headroom; `--output` saves them for runs without credentials.

    With a template, what that refers to in the parameter store and in exports is saved with them.
    """
    from tapctl.account import snapshot as saved
    from tapctl.report import account as report
    from tapctl.report.hints import worded
    from tapctl.template.load import load
    from tapctl.workflows import preflight as workflow
    from tapctl.workflows.read_inputs import resolve_lookups

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
    if request_increase:
        _request(reader, request_increase, terminal, yes=yes)
    if probe_floor:
        settings = probed(reader, settings, terminal, yes=yes)
    result = workflow.survey(reader, settings)
    if isinstance(reader, saved.SnapshotAccount):
        # A copy is no newer than what it is a copy of.
        result = replace(result, taken_at=reader.account.taken_at, lookups=reader.account.lookups)
    if settings.template:
        # What the template refers to in the parameter store and in exports belongs into its snapshot.
        _, _, result = resolve_lookups(load(settings.template), reader, settings, result)
    if output:
        terminal.result(saved.dumps(result, worded), output)
        terminal.talk(f"saved the account to {output}; `tapctl preflight --snapshot {output}` judges by it")
    if not output or format is o.Format.TEXT:
        text = (
            saved.dumps(result, worded)
            if format is o.Format.JSON
            else report.text(result, settings, terminal.surface())
        )
        terminal.result(text)
    raise typer.Exit(ExitCode.OK)


def _request(reader: AccountReader, value: int, terminal: Terminal, *, yes: bool) -> None:
    """Ask AWS for a higher quota, after asking here."""
    from tapctl.account import quota_increase
    from tapctl.account.live import LiveAccount

    if not isinstance(reader, LiveAccount):
        raise UsageError("--request-increase asks AWS, which a snapshot cannot answer for", "leave one of the two out")
    quota_increase.check(reader, value)
    agreed(f"Ask AWS for {value} concurrent executions in {reader.aws.region}?", terminal, yes=yes)
    terminal.talk(f"asked for {value} concurrent executions: request {quota_increase.request(reader, value)}")
