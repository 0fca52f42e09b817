"""`tapctl preflight`: does this template fit this account?"""

from contextlib import nullcontext
from dataclasses import dataclass

import typer

from tapctl.cli.context import credentials_optional, open_account, probed, verdict_code
from tapctl.cli.options import FindingsOptions, LintOptions, ProbeOptions, SnapshotOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions, option


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightProbeOptions(ProbeOptions):
    """With the consent to the probe."""

    yes: bool = option("--yes", "-y", help="Do not ask before `--probe-floor`.", default=False)


def preflight(
    template: TemplateOptions,
    account: AccountOptions,
    snapshot: SnapshotOptions,
    judgement: JudgementOptions,
    probe: PreflightProbeOptions,
    lint: LintOptions,
    output: FindingsOptions,
) -> None:
    """Check whether the template fits the account, and what would make it fit; changes nothing.

    Exits with 0 if it fits, 3 if it exceeds a limit, 4 if that is uncertain or unknown, 2 if cfn-lint finds errors.
    """
    from tapctl.template import lint as cfn_lint

    terminal = Terminal.of(output)
    with credentials_optional(), nullcontext() if lint.no_lint else cfn_lint.boot() as linting:
        from tapctl.settings import settings as config

        settings = config.read(account, template=template, judgement=judgement, missing_secrets_unknown=True)
        from tapctl.template.load import load

        loaded = load(settings.template)
        if linting:
            linting.begin(loaded.source, settings.region)
        from tapctl.workflows import preflight as workflow

        reader, settings = open_account(settings, terminal, snapshot.snapshot)
        if probe.probe_floor:
            settings = probed(reader, settings, terminal, yes=probe.yes)
        result = workflow.preflight(loaded, reader, settings, linting)
    from tapctl.report import preflight as report

    terminal.result(report.RENDERERS[output.format.value](result, terminal.surface(output.output)), output.output)
    if output.output:
        terminal.talk(report.sentence(result).plain)
    uncertain = judgement.allow_uncertain
    raise typer.Exit(ExitCode.USAGE if result.lint_errors else verdict_code(result.verdict, allow_uncertain=uncertain))
