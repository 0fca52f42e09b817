"""`tapctl preflight`: check whether a template fits an account."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

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
from tapctl.cli.options import (
    FindingsFormat,
    FindingsOptions,
    LintOptions,
    ProbeOptions,
    SnapshotOptions,
    TargetsOptions,
)
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, UsageError
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions, option

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

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


def preflight(
    template: TemplateOptions,
    account: AccountOptions,
    targets: TargetsOptions,
    snapshot: SnapshotOptions,
    gate: GateOptions,
    judgement: JudgementOptions,
    probe: PreflightProbeOptions,
    lint: LintOptions,
    output: FindingsOptions,
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
        if targets.targets is not None:
            if probe.probe_floor:
                raise UsageError(
                    "`--probe-floor` asks one account, and `--targets` names many", "leave one of them out"
                )
            from tapctl.cli.fleet import open_fleet
            from tapctl.report import fleet as fleet_report
            from tapctl.workflows.fleet import judge_fleet

            fleet = open_fleet(targets.targets, account, settings, terminal, snapshot.snapshot)
            _print(fleet_report, judge_fleet(loaded, fleet, settings, linting), output, settings)
        from tapctl.workflows import preflight as workflow

        reader, settings = open_account(settings, terminal, snapshot.snapshot)
        if probe.probe_floor:
            settings = probe_floor(reader, settings, terminal, yes=probe.yes)
        result = workflow.preflight(loaded, reader, settings, linting)
        if any(place.is_report for place in places):
            result = workflow.identified(result, reader)
    from tapctl.report import preflight as report

    _print(report, result, output, settings)


def _cfn_lint(*, trusted: bool) -> AbstractContextManager[Linting]:
    from tapctl.template import lint

    return lint.boot(trusted=trusted)


def _print(report: Any, result: Any, output: FindingsOptions, settings: Settings) -> NoReturn:
    """Print a result by the renderers of its report, and exit with the code of its verdict."""
    terminal, places = Terminal.of(output), destinations(output)
    renderers = report.RENDERERS
    if output.quiet and places == (Destination(),):
        renderers = {**renderers, FindingsFormat.TEXT.value: report.verdict_line}
    print_findings(
        {place: renderers[place.format.value](result, terminal.options(place.file)) for place in places}, terminal
    )
    if all(place.file for place in places):
        terminal.message(report.sentence(result).plain)
    code = verdict_code(result.verdict, allow_uncertain=settings.allow_uncertain)
    raise typer.Exit(ExitCode.OK if output.advisory else ExitCode.USAGE if result.lint_errors else code)
