"""`tapctl preflight`: check whether a template fits an account."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import typer

from tapctl.cli.context import (
    Destination,
    credentials_optional,
    destinations,
    load_built,
    open_account,
    print_findings,
    probe_floor,
    verdict_code,
)
from tapctl.cli.options import FindingsFormat, FindingsOptions, LintOptions, ProbeOptions, SnapshotOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, UsageError
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions, option

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tapctl.concurrency.result import Preflight
    from tapctl.settings.settings import Settings
    from tapctl.template.lint import Linting


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightProbeOptions(ProbeOptions):
    """The probe with the consent to it."""

    yes: bool = option("--yes", "-y", help="Do not ask before `--probe-floor`.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """Whether the account may be the sandbox, which enforces no limit of a real one."""

    panel: ClassVar = "Account"

    sandbox: bool | None = option(
        "--sandbox/--no-sandbox", help="Allow an environment of the sandbox (default: unless CI is set)."
    )

    def check(self, settings: Settings) -> None:
        """Raise `UsageError` for an environment of the sandbox that is not allowed."""
        allowed = not os.environ.get("CI") if self.sandbox is None else self.sandbox
        if settings.sandbox and not allowed:
            message = f"the environment {settings.env} is the sandbox, whose answer holds for no account"
            raise UsageError(message, "choose another `--env`, or pass `--sandbox` to judge against it all the same")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOptions:
    """How much is said about the verdict."""

    panel: ClassVar = "Output"

    explain: bool = option(
        "--explain", help="Show the sum behind the verdict, with the evidence for the minimum.", default=False
    )


def preflight(
    template: TemplateOptions,
    account: AccountOptions,
    snapshot: SnapshotOptions,
    gate: GateOptions,
    judgement: JudgementOptions,
    probe: PreflightProbeOptions,
    lint: LintOptions,
    output: FindingsOptions,
    more: ExplainOptions,
) -> None:
    """Check whether the template fits the account, and what would make it fit; changes nothing.

    Exits with 0 if it fits, 3 if it exceeds a limit, 4 if that is uncertain or unknown, 2 if cfn-lint finds errors.
    """
    terminal, places = Terminal.of(output), destinations(output)
    # cfn-lint starts in its own process, during the imports below.
    with credentials_optional(), nullcontext() if lint.no_lint else _cfn_lint(trusted=lint.trusted) as linting:
        from tapctl.settings.settings import read

        settings = read(account, template=template, judgement=judgement, missing_secrets_unknown=True)
        if snapshot.snapshot is None:
            gate.check(settings)
        loaded = load_built(settings, terminal)
        if linting:
            linting.begin(loaded.source, settings.region)
        from tapctl.workflows import preflight as workflow

        reader, settings = open_account(settings, terminal, snapshot.snapshot)
        if probe.probe_floor:
            settings = probe_floor(reader, settings, terminal, yes=probe.yes)
        result = workflow.preflight(loaded, reader, settings, linting)
        if any(place.is_report for place in places):
            result = workflow.identified(result, reader)
    from tapctl.report import preflight as report

    renderers = report.RENDERERS
    if output.quiet and places == (Destination(),):
        renderers = {**renderers, FindingsFormat.TEXT.value: report.verdict_line}
    print_findings(
        {place: renderers[place.format.value](result, terminal.options(place.file)) for place in places}, terminal
    )
    if more.explain:
        _explain(result, terminal, talk=Destination() not in places)
    if all(place.file for place in places):
        terminal.message(report.sentence(result).plain)
    code = verdict_code(result.verdict, allow_uncertain=settings.allow_uncertain)
    raise typer.Exit(ExitCode.OK if output.advisory else ExitCode.USAGE if result.lint_errors else code)


def _explain(result: Preflight, terminal: Terminal, *, talk: bool) -> None:
    """Print the sum of the verdict; beside a document for other tools it is talk, and goes to stderr."""
    from tapctl.report.explain import explained

    (terminal.show if talk else terminal.result)(explained(result))


def _cfn_lint(*, trusted: bool) -> AbstractContextManager[Linting]:
    from tapctl.template import lint

    return lint.boot(trusted=trusted)
