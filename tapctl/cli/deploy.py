"""`tapctl deploy`: preflight, remedy, package, change set, execute, verify."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from tapctl.cli import deploy_options as d
from tapctl.cli import options as o
from tapctl.cli.context import one_template, open_aws, probed, route_for, settings_from, stack_name_of
from tapctl.cli.reporter import Reporter
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, Interrupted, NotVerified, TapctlError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from tapctl.verify.verify import Verification
    from tapctl.workflows.deploy import DeployResult
    from tapctl.workflows.deployer import Deployer
    from tapctl.workflows.plan import Planned

CHANGES = 2
"""The exit code of `--plan --detailed-exitcode` where something would change, as terraform has it."""


def deploy(
    template: o.TemplateArgument = None,
    template_option: o.TemplateOption = None,
    env: o.Env = None,
    parameter: o.Parameter = None,
    parameters_file: o.ParametersFile = None,
    resolve: o.Resolve = None,
    region: o.Region = None,
    profile: o.Profile = None,
    stack_name: o.StackName = None,
    min_unreserved: o.MinUnreserved = None,
    remedy: o.RemedyOption = None,
    probe_floor: o.ProbeFloor = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before executing.")] = False,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Leave the verification out.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Give up waiting.")] = 3600,
    no_lint: o.NoLint = False,
    allow_uncertain: o.AllowUncertain = False,
    recover: d.Recover = False,
    leave: d.Leave = None,
    no_wait: d.NoWait = False,
    plan: d.Plan = False,
    detailed_exitcode: d.DetailedExitcode = False,
    fail_on_warnings: d.FailOnWarnings = False,
    import_existing: d.ImportExisting = False,
    disable_rollback: d.DisableRollback = False,
    express: d.Express = False,
    revert_drift: d.RevertDrift = False,
    role_arn: d.RoleArn = None,
    tag: d.Tag = None,
    notification_arn: d.NotificationArn = None,
    termination_protection: d.TerminationProtection = None,
    capability: d.CapabilityOption = None,
    format: o.FormatOption = o.Format.TEXT,  # noqa: A002 - the option's name
    output: o.Output = None,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Deploy the stack once it fits, through a change set, and verify what came out.

    Where a reservation does not fit, it is lowered or dropped first, unless the environment or `--remedy fail`
    says otherwise. Exits with 6 when CloudFormation rolled back, 7 when the stack is stuck, 8 when it is
    deployed but not verified.
    """
    from tapctl.account.live import LiveAccount
    from tapctl.cli.progress import Progress
    from tapctl.report import deploy as report
    from tapctl.stacks.options import Options
    from tapctl.template import lint
    from tapctl.template.load import load
    from tapctl.template.parameters import Parameters, bind
    from tapctl.workflows.deploy import deploy as deploy_workflow
    from tapctl.workflows.deployer import Deployer
    from tapctl.workflows.plan import plan as plan_of

    terminal = Terminal(quiet, verbose)
    if detailed_exitcode and not plan:
        raise UsageError("--detailed-exitcode is for --plan", "give both, or neither")
    if plan:
        _refuse({"--no-wait": no_wait, "--recover": recover, "--leave": leave})
    settings = settings_from(
        template=one_template(template, template_option),
        env=env,
        parameter=parameter,
        parameters_file=parameters_file,
        resolve=resolve,
        region=region,
        profile=profile,
        stack_name=stack_name,
        min_unreserved=min_unreserved,
        remedy=remedy,
        config=config,
        role_arn=role_arn,
        tag=tag,
        notification_arn=notification_arn,
        termination_protection=termination_protection,
        capability=capability,
    )
    options = Options(
        import_existing=import_existing,
        disable_rollback=disable_rollback,
        express=express,
        revert_drift=revert_drift,
        fail_on_warnings=fail_on_warnings,
    )
    options.check(settings)
    settings = replace(settings, stack_name=stack_name_of(settings))
    loaded = load(settings.template)
    bind(loaded, Parameters(settings.parameters, configured=settings.configured))
    if not yes and not plan and not terminal.interactive:
        raise UsageError("there is no terminal to ask on", "`--yes` deploys without asking")
    aws, settings = open_aws(settings, terminal)
    if probe_floor:
        settings = probed(LiveAccount(aws), settings, terminal, yes=yes)
    progress = Progress(terminal, format is o.Format.TEXT)
    reporter = Reporter(progress, yes, plan, recover=recover, leave=frozenset(leave or ()))
    deployer = Deployer(aws, settings, reporter, timeout, options=options, waits=not no_wait, proves=not no_verify)
    try:
        with progress, nullcontext() if no_lint else lint.start(loaded.source, settings.region) as linting:
            if plan:
                planned = plan_of(loaded, deployer, reporter, linting, allow_uncertain=allow_uncertain)
                raise typer.Exit(_told(planned, reporter, deployer.name, output, detailed=detailed_exitcode))
            done = deploy_workflow(loaded, deployer, reporter, linting, allow_uncertain=allow_uncertain)
    except (TapctlError, KeyboardInterrupt) as error:
        told = error if isinstance(error, TapctlError) else Interrupted("interrupted")
        reporter.document(report.failure_json(deployer.name, reporter.story, told), output)
        raise
    if done is None or done.outcome.only:
        raise typer.Exit(_declined(done, deployer.name, reporter, output))
    raise typer.Exit(_ended(done, deployer, reporter, output))


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
