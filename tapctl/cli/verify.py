"""`tapctl verify`: is what was deployed alive, and what its template says?"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from tapctl.cli import options as o
from tapctl.cli.context import open_aws, route_for, settings_from, stack_name_of
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, TemplateError

if TYPE_CHECKING:
    from tapctl.template.model import Template


def verify(
    env: o.Env = None,
    parameter: o.Parameter = None,
    parameters_file: o.ParametersFile = None,
    region: o.Region = None,
    profile: o.Profile = None,
    stack_name: o.StackName = None,
    retry: Annotated[
        float, typer.Option("--retry", metavar="SECONDS", min=0, help="Ask again for what failed, until then.")
    ] = 0,
    drift: Annotated[bool, typer.Option("--drift", help="Have CloudFormation detect drift, too.")] = False,
    format: o.FindingsFormatOption = o.FindingsFormat.TEXT,  # noqa: A002 - the option's name
    output: o.Output = None,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Check every output and the resources behind them, and what `[verify]` expects.

    Exits with 8 when something is not what the running template says.
    """
    from tapctl.report import verify as report
    from tapctl.state.journal import mark_verified
    from tapctl.verify import verify

    terminal = Terminal(quiet, verbose)
    settings = settings_from(
        any_template=False,
        env=env,
        parameter=parameter,
        parameters_file=parameters_file,
        region=region,
        profile=profile,
        stack_name=stack_name,
        config=config,
    )
    settings = replace(settings, stack_name=stack_name_of(settings))
    aws, settings = open_aws(settings, terminal)
    patience = replace(verify.AFTER_DEPLOY, seconds=retry)
    result = verify.verify(aws, settings, route_for(settings), patience=patience, drift=drift, tell=terminal.talk)
    if not result.failed:
        proved(result.stack_id)
    if format.value not in ("text", "json"):
        result = replace(result, template=_written(settings.template))
    terminal.result(report.RENDERERS[format.value](result, terminal.surface(output)), output)
    raise typer.Exit(ExitCode.NOT_VERIFIED if result.failed else ExitCode.OK)


def _written(template: str) -> Template | None:
    """The template as it is written here, which only says where things stand: verifying does not need it."""
    from tapctl.template.load import load

    with suppress(TemplateError):
        return load(template) if template else None
    return None
