"""`tapctl deploy`: preflight, remedy, package, change set, execute, verify."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer

from tapctl.cli.context import open_aws, probed, route_for, stack_name_of
from tapctl.cli.options import LintOptions, OutputOptions, ProbeOptions, TimeoutOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, Interrupted, NotVerified, TapctlError, UsageError
from tapctl.settings.options import AccountOptions, JudgementOptions, StackOptions, TemplateOptions, option
from tapctl.stacks.options import Options

if TYPE_CHECKING:
    from pathlib import Path

    from tapctl.cli.reporter import Reporter
    from tapctl.verify.verify import Verification
    from tapctl.workflows.deploy import DeployResult
    from tapctl.workflows.deployer import Deployer
    from tapctl.workflows.plan import Planned

CHANGES = 2
"""The exit code of `--plan --detailed-exitcode` where something would change, as terraform has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployOptions(TimeoutOptions):
    """How a deploy runs, and what it may do without a question."""

    yes: bool = option("--yes", "-y", help="Do not ask before executing.", default=False)
    no_verify: bool = option("--no-verify", help="Skip verification.", default=False)
    no_wait: bool = option(
        "--no-wait", help="Return once AWS has started; do not wait for an operation that is running.", default=False
    )
    recover: bool = option("--recover", help="Repair a stuck stack without asking.", default=False)
    leave: tuple[str, ...] = option(
        "--leave",
        metavar="ID",
        help="With --recover: resource that may be skipped or retained (repeatable).",
        default=(),
    )
    plan: bool = option("--plan", help="Show the changes, and stop.", default=False)
    detailed_exitcode: bool = option(
        "--detailed-exitcode", help="With --plan: 0 no change, 2 changes, 1 for wrong usage.", default=False
    )


def deploy(
    template: TemplateOptions,
    account: AccountOptions,
    judgement: JudgementOptions,
    probe: ProbeOptions,
    lint: LintOptions,
    run: DeployOptions,
    stack: StackOptions,
    options: Options,
    output: OutputOptions,
) -> None:
    """Deploy the stack if it fits, through a change set, and verify the result.

    A reservation that does not fit is lowered or dropped, unless the environment or `--remedy fail` forbids it. Exits
    with 6 if CloudFormation rolled back, 7 if the stack is stuck, 8 if it is deployed but not verified.
    """
    from tapctl.account.live import LiveAccount
    from tapctl.cli.progress import Progress
    from tapctl.cli.reporter import Reporter
    from tapctl.report import deploy as report
    from tapctl.settings.settings import read
    from tapctl.template import lint as cfn_lint
    from tapctl.template.load import load
    from tapctl.template.parameters import Parameters, bind
    from tapctl.workflows.deploy import deploy as deploy_workflow
    from tapctl.workflows.deployer import Deployer
    from tapctl.workflows.plan import plan as plan_of

    terminal = Terminal.of(output)
    if run.detailed_exitcode and not run.plan:
        raise UsageError("`--detailed-exitcode` needs `--plan`", "give both, or neither")
    if run.plan:
        _refuse({"--no-wait": run.no_wait, "--recover": run.recover, "--leave": run.leave})
    settings = read(account, template=template, judgement=judgement, stack=stack)
    options.check(settings)
    settings = replace(settings, stack_name=stack_name_of(settings))
    loaded = load(settings.template)
    bind(loaded, Parameters(settings.parameters, configured=settings.configured))
    if not run.yes and not run.plan and not terminal.interactive:
        raise UsageError("there is no terminal to ask on", "`--yes` deploys without asking")
    aws, settings = open_aws(settings, terminal)
    if probe.probe_floor:
        settings = probed(LiveAccount(aws), settings, terminal, yes=run.yes)
    progress = Progress(terminal, output.text)
    reporter = Reporter(progress, run.yes, run.plan, recover=run.recover, leave=frozenset(run.leave))
    deployer = Deployer(
        aws, settings, reporter, run.timeout, options=options, waits=not run.no_wait, proves=not run.no_verify
    )
    try:
        with progress, nullcontext() if lint.no_lint else cfn_lint.start(loaded.source, settings.region) as linting:
            if run.plan:
                planned = plan_of(loaded, deployer, reporter, linting, allow_uncertain=judgement.allow_uncertain)
                raise typer.Exit(_told(planned, reporter, deployer.name, output.output, detailed=run.detailed_exitcode))
            done = deploy_workflow(loaded, deployer, reporter, linting, allow_uncertain=judgement.allow_uncertain)
    except (TapctlError, KeyboardInterrupt) as error:
        told = error if isinstance(error, TapctlError) else Interrupted("interrupted")
        reporter.document(report.failure_json(deployer.name, reporter.story, told), output.output)
        raise
    if done is None or done.outcome.only:
        raise typer.Exit(_declined(done, deployer.name, reporter, output.output))
    raise typer.Exit(_ended(done, deployer, reporter, output.output))


def _refuse(given: Mapping[str, object]) -> None:
    """Refuse beside `--plan`, which executes nothing, what is about an execution. Raises `UsageError`."""
    if wrong := [option for option, value in given.items() if value]:
        raise UsageError(f"--plan executes nothing, so {wrong[0]} cannot be meant", "leave one of them out")


def _declined(done: DeployResult | None, stack_name: str, reporter: Reporter, output: Path | None) -> ExitCode:
    """Say what a no has left: nothing, or the first of two steps."""
    from tapctl.concurrency import two_step
    from tapctl.report import deploy as report
    from tapctl.report.hints import worded

    if done is None:
        reporter.step("nothing was deployed; the change set was removed")
        reporter.document(report.declined_json(stack_name, reporter.story), output)
    else:
        reporter.step(f"deployed is only {done.outcome.only}; the change set of step 2 was removed")
        reporter.step(f"hint: {worded(two_step.GOES_ON)}")
        reporter.document(report.as_json(done.preflight, done.outcome, None, declined=True), output)
    return ExitCode.OK


def _ended(done: DeployResult, deployer: Deployer, reporter: Reporter, output: Path | None) -> ExitCode:
    """Print how it ended, and prove it where something was changed, or was not proved yet; the exit code."""
    from tapctl.report import deploy as report
    from tapctl.report import verify
    from tapctl.stacks.follow import watch_command

    terminal, outcome = reporter.terminal, done.outcome
    reporter.result(report.outputs(outcome, terminal.surface()))
    verified = None
    try:
        if not outcome.followed:
            terminal.talk(f"CloudFormation goes on by itself; {watch_command(deployer.aws, deployer.name)} follows it")
        elif deployer.proves and (outcome.changed or done.unverified):
            if not outcome.changed:
                terminal.talk("nothing was changed, but the last deploy was not verified, so this one is")
            verified = _verified(deployer, terminal)
            reporter.result(verify.as_text(verified, terminal.surface()))
        elif deployer.proves:
            terminal.talk("nothing was changed, so nothing is verified; `tapctl verify` does that")
    except (NotVerified, Interrupted) as error:
        reporter.document(report.as_json(done.preflight, outcome, None, error), output)
        raise
    reporter.document(report.as_json(done.preflight, outcome, verified), output)
    return ExitCode.NOT_VERIFIED if verified and verified.failed else ExitCode.OK


def _verified(deployer: Deployer, terminal: Terminal) -> Verification:
    """What was looked at, and noted where all of it is right. Raises `NotVerified` or `Interrupted` otherwise."""
    from tapctl.stacks.follow import place
    from tapctl.state.journal import proved
    from tapctl.verify.verify import AFTER_DEPLOY, verify

    settings, name = deployer.settings, deployer.name
    try:
        found = verify(deployer.aws, settings, route_for(settings), retry=AFTER_DEPLOY, progress=terminal.talk)
    except TapctlError as error:
        raise NotVerified(f"stack {name} is deployed, but was not verified: {error.message}", error.hint) from None
    except KeyboardInterrupt:
        again = f"`tapctl verify{place(deployer.aws, name)}` looks again"
        raise Interrupted(f"interrupted; stack {name} is deployed, but was not verified", again) from None
    if not found.failed:
        proved(found.stack_id)
    return found


def _told(planned: Planned, reporter: Reporter, stack_name: str, output: Path | None, *, detailed: bool) -> int:
    """Print what would change; the exit code."""
    from tapctl.report import deploy as report

    if planned.found is None:
        reporter.result(f"stack {stack_name} is up to date: nothing would change")
    reporter.document(report.plan_json(stack_name, planned), output)
    return CHANGES if detailed and planned.found else ExitCode.OK
