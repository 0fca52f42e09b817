"""`tapctl preflight`: check whether templates fit their accounts."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeVar

import typer

from tapctl.cli.command import Only
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
    ExplainOptions,
    FindingsFormat,
    FindingsOptions,
    FleetOptions,
    LintOptions,
    PreflightProbeOptions,
    SnapshotOptions,
)
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions, argument, option

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tapctl.account.reader import AccountReader
    from tapctl.concurrency.result import Preflight
    from tapctl.concurrency.verdict import Weakening
    from tapctl.report.formats import Judged, Printer, VerdictPrinter
    from tapctl.settings.settings import Settings
    from tapctl.settings.trusted import Trusted
    from tapctl.template.lint import Linting

T = TypeVar("T")
R = TypeVar("R", bound="Judged")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """Which templates and environments are checked."""

    panel: ClassVar = "Account"

    templates: tuple[str, ...] = argument("TEMPLATE", default=())
    envs: tuple[str, ...] = option(
        "--env",
        "-e",
        metavar="NAME",
        help="Environment: section [env.NAME] of tapctl.toml (repeatable); `*` is all of them.",
        default=(),
    )

    @property
    def are_several(self) -> bool:
        """Whether they may be more than one template for one environment."""
        return len(self.templates) > 1 or len(self.envs) > 1 or "*" in self.envs or any(map(is_pattern, self.templates))


def is_pattern(name: str) -> bool:
    """Whether it is a pattern for several files; an existing file of that name is no pattern."""
    return any(sign in name for sign in "*?[") and not os.path.lexists(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustOptions:
    """Where settings are trusted from, and which findings count."""

    panel: ClassVar = "Gate"

    base: str | None = option(
        "--base",
        metavar="REF",
        help="Read the settings that could weaken the verdict from this commit, such as origin/main.",
    )
    policy: Path | None = option(
        "--policy", metavar="FILE", help="Read these settings from a tapctl.toml that the change cannot edit."
    )
    baseline: Path | None = option(
        "--baseline", metavar="FILE", help="Count only findings that are not in this preflight, saved as JSON."
    )
    max_age: str | None = option(
        "--max-age", metavar="DURATION", help="Treat an older snapshot as unknown, for example 12h or 7d."
    )

    def trusted(self, config: Path | None, lint: LintOptions) -> Trusted | None:
        """Where settings come from that could weaken the verdict. Raises `UsageError` where it cannot be read."""
        if self.base is None and self.policy is None:
            return None
        if lint.trusted:
            message = "`--allow-cfnlintrc-code` would run code of the change under test"
            raise UsageError(message, advise(UsageAdvice.LEAVE_OUT_OR_BASE))
        from tapctl.settings.trusted import Trusted

        return Trusted.read(self.base, self.policy, config)

    def content(self, file: Path | None, trusted: Trusted | None) -> bytes | None:
        """The trusted content of a file; None if the file is read from the disk, or there is none."""
        return trusted.content(file) if trusted and file else None

    def applied(self, settings: Settings) -> Settings:
        """The settings with these options."""
        from tapctl.settings.findings import span

        return replace(settings, max_age=span(self.max_age)) if self.max_age else settings

    def counted(self, result: Preflight, trusted: Trusted | None) -> Preflight:
        """The result without the findings of the baseline. Raises `ConfigError` for a baseline of something else."""
        if self.baseline is None:
            return result
        from tapctl.workflows.excuses import read_baseline

        return read_baseline(self.baseline, self.content(self.baseline, trusted)).applied(result)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """Whether an environment of the sandbox may be judged."""

    panel: ClassVar = "Account"

    sandbox: bool | None = option(
        "--sandbox/--no-sandbox", help="Permit, not choose, an `--env` with `sandbox = true` (default: not in CI)."
    )

    def check(self, settings: Settings) -> None:
        """Raise `UsageError` for an environment of the sandbox that is not allowed."""
        allowed = not os.environ.get("CI") if self.sandbox is None else self.sandbox
        if settings.sandbox and not allowed:
            env, hint = settings.env or "[defaults]", advise(UsageAdvice.CHOOSE_ENVIRONMENT_OR_SANDBOX)
            raise UsageError(f"the environment {env} is the sandbox, which says nothing about a real account", hint)


def preflight(
    template: Annotated[TemplateOptions, Only("template", "parameters", "parameters_file", "lookups")],
    targets: TargetOptions,
    account: Annotated[AccountOptions, Only("region", "profile", "stack_name", "config")],
    fleet: FleetOptions,
    snapshot: SnapshotOptions,
    gate: GateOptions,
    judgement: JudgementOptions,
    probe: PreflightProbeOptions,
    lint: LintOptions,
    trust: TrustOptions,
    output: FindingsOptions,
    more: ExplainOptions,
) -> None:
    """Check whether the template fits the account, and what would make it fit; changes nothing.

    Exits with 0 if it fits, 3 if it exceeds a limit, 4 if that is uncertain or unknown, 2 if cfn-lint finds errors.
    Several templates or environments are one report; those of one account and Region have to fit together.
    """
    options = (template, account, fleet, snapshot, gate, judgement, probe, lint, trust, output, more)
    run = Run(Terminal.of(output), destinations(output), *options)
    several = targets.are_several and fleet.targets is None
    raise typer.Exit(run.several(targets) if several else run.one(targets))


@dataclass(frozen=True, slots=True)
class Run:
    """One preflight with the options of all its targets."""

    terminal: Terminal
    places: tuple[Destination, ...]
    template: TemplateOptions
    account: AccountOptions
    fleet: FleetOptions
    snapshot: SnapshotOptions
    gate: GateOptions
    judgement: JudgementOptions
    probe: PreflightProbeOptions
    lint: LintOptions
    trust: TrustOptions
    output: FindingsOptions
    more: ExplainOptions

    def one(self, targets: TargetOptions) -> ExitCode:
        """Check one template for one environment or a fleet, or the stacks of one CDK app."""
        lint, terminal, is_fleet = self.lint, self.terminal, self.fleet.targets is not None
        if is_fleet:
            from tapctl.cli.open_fleet import refuse_what_needs_one

            needing_one = {
                "--probe-floor": self.probe.probe_floor,
                "--baseline": self.trust.baseline,
                "--explain": self.more.explain,
            }
            refuse_what_needs_one(needing_one, several=targets.are_several)
        # cfn-lint starts in its own process, during the imports below.
        linter = nullcontext() if lint.no_lint else _cfn_lint(trusted=lint.trusted)
        with credentials_optional(permits_sandbox=bool(self.gate.sandbox)), linter as linting:
            trusted = self.trust.trusted(self.account.config, lint)
            settings = self.settings(targets.envs[0] if targets.envs else None, targets.templates, trusted)
            if not is_fleet and _has_several_stacks(settings.template):
                return self.several(targets)
            loaded = load_built(settings, terminal)
            if linting:
                linting.configuration = trusted.linter_in_force[0] if trusted else None
                linting.begin(loaded.source, settings.region)
            if is_fleet:
                from tapctl.cli.open_fleet import judge
                from tapctl.report import fleet

                given = (self.fleet, self.account, self.snapshot, self.judgement)
                return self.finished(*judge(loaded, settings, linting, terminal, *given), fleet)
            from tapctl.workflows import preflight as workflow

            reader, settings = self.opened(settings)
            if self.probe.probe_floor:
                settings = probe_floor(reader, settings, terminal, yes=self.probe.yes)
            result = workflow.preflight(loaded, reader, settings, linting)
            if any(place.is_report for place in self.places):
                result = workflow.identified(result, reader)
        from tapctl.report import preflight as report

        return self.finished(self.trust.counted(result, trusted), settings, report)

    def settings(self, env: str | None, templates: tuple[str, ...], trusted: Trusted | None) -> Settings:
        """The settings of one target. Raises `UsageError` for the sandbox where it is not allowed."""
        from tapctl.settings.settings import read

        template = replace(self.template, argument=templates[0] if templates else None)
        account = replace(self.account, env=env)
        settings = read(
            account, template=template, judgement=self.judgement, missing_secrets_unknown=True, trusted=trusted
        )
        if trusted:
            settings = replace(settings, weakenings=(*settings.weakenings, *self._own_weakenings()))
        if self.snapshot.snapshot or settings.snapshot:
            return replace(self.trust.applied(settings), snapshot=self.snapshot.snapshot or settings.snapshot)
        self.gate.check(settings)
        return self.trust.applied(settings)

    def _own_weakenings(self) -> list[Weakening]:
        """The options of this run that can weaken a verdict."""
        from tapctl.concurrency.verdict import Weakening

        given: dict[str, object] = {
            "--advisory": self.output.advisory,
            "--allow-uncertain": self.judgement.allow_uncertain,
            "--no-lint": self.lint.no_lint,
            "--sandbox": self.gate.sandbox,
            "--baseline": self.trust.baseline,
            "--min-unreserved": self.judgement.min_unreserved,
        }
        values = {name: value for name, value in given.items() if value is not None and value is not False}
        shown = {name: None if value is True else str(value) for name, value in values.items()}
        return [Weakening(name, value, "the command line") for name, value in shown.items()]

    def opened(self, settings: Settings) -> tuple[AccountReader, Settings]:
        """The account of a target, or its snapshot."""
        file = settings.snapshot
        return open_account(settings, self.terminal, file, self.trust.content(file, settings.trusted))

    def finished(self, result: R, settings: Settings, report: VerdictPrinter[R]) -> ExitCode:
        """Print the result in the formats that are asked for, by the renderers of its report."""
        self._print(result, report)
        self._explain(result)
        if all(place.file for place in self.places):
            self.terminal.message(report.sentence(result).plain)
        code = verdict_code(result.verdict, allow_uncertain=settings.allow_uncertain)
        return self._reported(ExitCode.USAGE if result.lint_errors else code)

    def _explain(self, result: Judged) -> None:
        """Print the sum of the verdict; beside a document for other tools it is talk, and goes to stderr."""
        from tapctl.concurrency.result import Preflight

        if self.more.explain and isinstance(result, Preflight):
            from tapctl.report.explain import explained

            (self.terminal.result if Destination() in self.places else self.terminal.show)(explained(result))

    def _print(self, result: T, report: Printer[T]) -> None:
        renderers, places = report.RENDERERS, self.places
        if self.output.quiet and places == (Destination(),):
            renderers = {**renderers, FindingsFormat.TEXT.value: report.verdict_line}
        texts = {place: renderers[place.format.value](result, self.terminal.options(place.file)) for place in places}
        print_findings(texts, self.terminal)

    def _reported(self, code: ExitCode) -> ExitCode:
        """The exit code: 0 for a verdict that is only reported."""
        if not self.output.advisory or code is ExitCode.OK:
            return code
        self.terminal.message(f"advisory: exit code {int(code)} without `--advisory`")
        return ExitCode.OK

    def several(self, targets: TargetOptions) -> ExitCode:
        """Check each template for each environment, those of one account and Region together."""
        self._refuse_what_needs_one(targets)
        from tapctl.report import targets as report
        from tapctl.workflows import targets as workflow

        trusted = self.trust.trusted(self.account.config, self.lint)
        names = workflow.environments(targets.envs, self.account.config, trusted)
        chosen = workflow.targets(targets.templates, names, lambda env, files: self.settings(env, files, trusted))
        judged = workflow.judge_together(
            chosen,
            lambda target: load_built(target.settings, self.terminal),
            lambda target: self.opened(target.settings),
            lints=not self.lint.no_lint,
        )
        self._print(judged, report)
        if all(place.file for place in self.places):
            self.terminal.message(report.sentence(judged))
        code = workflow.worst_code(judged)
        # An error is no verdict, which an advisory run would only report.
        failed = any(isinstance(target.outcome, TapctlError) for target in judged)
        return code if failed else self._reported(code)

    def _refuse_what_needs_one(self, targets: TargetOptions) -> None:
        given = {
            "-": "-" in (*targets.templates, self.template.template),
            "--template": self.template.template and targets.templates,
            "--stack-name": self.account.stack_name,
            "--probe-floor": self.probe.probe_floor,
            "--baseline": self.trust.baseline,
            "--explain": self.more.explain,
        }
        if name := next((name for name, value in given.items() if value), None):
            raise UsageError(f"`{name}` applies to one target, but several are given", advise(UsageAdvice.RUN_FOR_EACH))


def _has_several_stacks(template: str) -> bool:
    """Whether it is the folder of a CDK app with more than one stack."""
    if template == "-" or not os.path.isdir(template):  # noqa: PTH112 - Path.is_dir raises errors
        return False
    from tapctl.template.cloud_assembly import MANIFEST, stacks

    return (Path(template) / MANIFEST).exists() and len(stacks(Path(template))) > 1


def _cfn_lint(*, trusted: bool) -> AbstractContextManager[Linting]:
    from tapctl.template import lint

    return lint.boot(trusted=trusted)
