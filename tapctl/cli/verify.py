"""`tapctl verify`: check a deployed stack against its template."""

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
        float, typer.Option("--retry", metavar="SECONDS", min=0, help="Retry failed checks for this long.")
    ] = 0,
    drift: Annotated[bool, typer.Option("--drift", help="Also run CloudFormation's drift detection.")] = False,
    format: o.FindingsFormatOption = o.FindingsFormat.TEXT,  # noqa: A002 - the option's name
    output: o.Output = None,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Check a stack's outputs and resources against its template, and the expectations in `[verify]`.

    Exits with 8 when a check fails.
    """
    from tapctl.report import verify as report
    from tapctl.state.journal import proved
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
    window = replace(verify.AFTER_DEPLOY, seconds=retry)
    result = verify.verify(aws, settings, route_for(settings), retry=window, drift=drift, progress=terminal.talk)
    if not result.failed:
        proved(result.stack_id)
    if format.value not in ("text", "json"):
        result = replace(result, template=_local_template(settings.template))
    terminal.result(report.RENDERERS[format.value](result, terminal.surface(output)), output)
    raise typer.Exit(ExitCode.NOT_VERIFIED if result.failed else ExitCode.OK)


def _local_template(template: str) -> Template | None:
    """The template file, if it can be read: it only provides the line numbers of the report."""
    from tapctl.template.load import load

    with suppress(TemplateError):
        return load(template) if template else None
    return None
