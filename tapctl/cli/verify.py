"""`tapctl verify`: check a deployed stack against its template."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from tapctl.cli.command import Only
from tapctl.cli.context import Destination, destinations, open_aws, print_findings, route_for, stack_name_of
from tapctl.cli.options import FindingsOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, TemplateError
from tapctl.settings.options import AccountOptions, TemplateOptions, option

if TYPE_CHECKING:
    from tapctl.template.model import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """How long and how thoroughly the stack is checked."""

    panel: ClassVar = "Verification"

    retry: float = option("--retry", metavar="SECONDS", min=0, help="Retry failed checks for this long.", default=0)
    drift: bool = option("--drift", help="Detect drift with CloudFormation as well.", default=False)


def verify(
    template: Annotated[TemplateOptions, Only("parameters", "parameters_file")],
    account: AccountOptions,
    checks: VerifyOptions,
    output: FindingsOptions,
) -> None:
    """Check a stack's outputs and resources against its template, and the expectations in `[verify]`.

    Exits with 8 when a check fails.
    """
    from tapctl.report import verify as report
    from tapctl.settings.settings import read
    from tapctl.state.journal import mark_verified
    from tapctl.verify import verify

    terminal, places = Terminal.of(output), destinations(output)
    settings = read(account, template=template, template_required=False, missing_secrets_unknown=True)
    settings = replace(settings, stack_name=stack_name_of(settings))
    aws, settings = open_aws(settings, terminal)
    window = replace(verify.AFTER_DEPLOY, seconds=checks.retry)
    result = verify.verify(
        aws, settings, route_for(settings), retry=window, drift=checks.drift, progress=terminal.message
    )
    if not result.failed:
        mark_verified(result.stack_id)
    if any(place.is_report for place in places):
        result = replace(result, template=_source(settings.template), env=settings.env)
    is_brief = output.quiet and places == (Destination(),)
    renderers = {**report.RENDERERS, "text": report.verdict_line} if is_brief else report.RENDERERS
    print_findings(
        {place: renderers[place.format.value](result, terminal.options(place.file)) for place in places}, terminal
    )
    raise typer.Exit(ExitCode.NOT_VERIFIED if result.failed and not output.advisory else ExitCode.OK)


def _source(template: str) -> Template | None:
    """The local template, for the lines of findings; None if it cannot be read, since verifying does not need it."""
    from tapctl.template.load import load

    with suppress(TemplateError):
        return load(template) if template else None
    return None
